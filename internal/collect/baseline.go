package collect

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// longestResurvey is the longest pause before an agent that does not say what it
// knows is asked again.
const longestResurvey = 10 * time.Minute

// skip puts the numbers from the cursor up to but not including next, which the
// agent has dropped, into the ledger. What was known before is not carried over
// that gap: the agent is asked for what it knew at next.
func (c *collector) skip(ctx context.Context, next int64) error {
	base, err := c.survey(ctx, next)
	if err != nil {
		return err
	}
	now := c.opts.Now()
	return c.rebase(ctx, base, &store.Batch{
		Run: c.run.ID, Expect: c.run.Next, Next: next, Received: now,
		Gaps: []plant.Gap{{Run: c.run.ID, From: c.run.Next, To: next - 1, Reason: plant.GapOverrun, Noticed: now}},
	})
}

// makeSure compares what is known with what the agent knows, where that may not
// be the same and the agent was not asked a moment ago.
func (c *collector) makeSure(ctx context.Context) error {
	if !c.unsure || c.opts.Now().Before(c.resurvey) {
		return nil
	}
	if c.run.Next == 1 { // nothing comes before
		c.unsure = false
		return nil
	}
	base, err := c.survey(ctx, c.run.Next)
	if err != nil {
		return err
	}
	return c.rebase(ctx, base, &store.Batch{Run: c.run.ID, Expect: c.run.Next, Next: c.run.Next, Received: c.opts.Now()})
}

// survey asks the agent for what it knew just before the number at. Where it does
// not say, nothing comes of it and it is asked again later: reading goes on. The
// error is one that ends the session all the same.
func (c *collector) survey(ctx context.Context, at int64) ([]plant.Observation, error) {
	as := at - 1
	if as < c.held {
		as = at
	}
	base, all, err := []plant.Observation(nil), false, errRefused
	if as < c.end {
		base, all, err = c.current(ctx, uint64(as), at)
	}
	if refused(err) {
		base, all, err = c.current(ctx, 0, at)
	}
	var resync *resyncError
	switch {
	case err == nil:
		c.unsure, c.resurvey = !all, c.opts.Now().Add(c.opts.ReprobeInterval)
		c.surveys.reset()
		return base, nil
	case ctx.Err() != nil, isStore(err), errors.As(err, &resync):
		return nil, err
	}
	c.unsure, c.resurvey = true, c.opts.Now().Add(c.surveys.next())
	text := errorText(c.agent, err)
	c.log.Log(ctx, c.complaints.level(text), "the agent does not say what it knew before we listened", slog.String("error", text))
	return nil, nil
}

// errRefused stands for the answer of an agent that need not be asked.
var errRefused = errors.New("refused")

// refused reports whether an agent answered, and that it does not give what it
// was asked for.
func refused(err error) bool {
	var agent *mtconnect.AgentError
	var http *mtconnect.HTTPError
	return errors.Is(err, errRefused) || errors.As(err, &agent) || errors.As(err, &http)
}

// current asks for the state after the observation as, or now where that is 0,
// and gives what of it was so just before the number at, in order of sequence.
// all is false where a data set was changed at the number at or later: an agent
// tells its whole with its last change only, and what of it was so before cannot
// be told.
func (c *collector) current(ctx context.Context, as uint64, at int64) (base []plant.Observation, all bool, err error) {
	all = true
	err = c.client.Current(ctx, mtconnect.CurrentQuery{At: as}, func(r *mtconnect.StreamsReader) error {
		h, err := r.Header()
		if err != nil {
			return err
		}
		if err := c.belongs(h); err != nil {
			return err
		}
		bytes := int64(0)
		for {
			o, err := r.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if o.Sequence == 0 || o.Sequence >= uint64(at) {
				all = all && len(o.Entries) == 0
				continue
			}
			i, _, err := c.item(ctx, o)
			if err != nil {
				return err
			}
			if i == nil {
				continue
			}
			converted := c.convert.observation(i.ID, o)
			base = append(base, converted)
			if bytes += size(&converted); bytes > c.opts.DocumentBytes {
				return errTooLarge
			}
		}
	})
	slices.SortStableFunc(base, func(a, b plant.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return base, all, err
}

// rebase completes b, which is a gap or nothing, with the baseline at its end,
// and stores it.
func (c *collector) rebase(ctx context.Context, base []plant.Observation, b *store.Batch) error {
	b.Baseline, b.States = c.catalog.rebase(c.run.ID, b.Expect, b.Next, base)
	if b.Next == b.Expect && len(b.Baseline) == 0 {
		return nil
	}
	bytes := int64(0)
	for i := range b.Baseline {
		bytes += size(&b.Baseline[i])
	}
	c.grow(bytes)
	return c.store(ctx, b, bytes)
}

// rebase makes base, which the agent knew just before the number at, what is
// known: of every item where the numbers from up to at are lost, and otherwise of
// the items of which it says something else than what is known. It gives the
// baseline that says so, and the changes of the machines' states that it makes.
//
// The values tell when each came about, and not what was before them. So a
// machine that nothing was known of in this run has its state since the
// observation that decided it, if all values that are newer came out of the
// unknown. A state that changed is put at the observation that decided it as
// well, where that is new to us. Where it is not, as where an alarm ended within
// a gap, the change is put at the end of the gap: at the last number before at,
// and the time of the newest observation before it. No change goes back behind
// the one before it.
func (c *catalog) rebase(run plant.RunID, from, at int64, base []plant.Observation) ([]plant.Observation, []plant.StateChange) {
	taken, known := c.news(run, from, at, base)
	states := make(map[*device]plant.StateChange)
	before := make(map[*item]plant.Latest)
	for n := range known {
		i := c.items[known[n].Item]
		before[i], states[i.device] = i.latest, i.device.state
		if i.machine != nil && i.latest.Run != run {
			i.machine.Doubt(run, i.ID)
		}
		i.latest = plant.Latest{}
	}
	hidden := make(map[*device]bool)
	for _, o := range taken {
		if _, ok := c.apply(run, o); ok {
			i := c.items[o.Item]
			hidden[i.device] = before[i].Run == run && o.Sequence <= before[i].Sequence
		}
	}
	for n := range known {
		c.items[known[n].Item].latest = known[n]
	}
	var changes []plant.StateChange
	for _, d := range c.devices {
		was, ok := states[d]
		if !ok || d.state.State == was.State {
			if ok {
				d.state = was
			}
			continue
		}
		if was.Run == run {
			if n := len(base); n > 0 && (hidden[d] || d.state.Sequence <= was.Sequence) {
				d.state.Sequence, d.state.Time = at-1, base[n-1].Time
			}
			d.state.Time = max(d.state.Time, was.Time)
		}
		changes = append(changes, d.state)
	}
	return taken, changes
}

// news gives the observations of the baseline that rebase makes, in order of
// sequence, and what they make known of each item.
func (c *catalog) news(run plant.RunID, from, at int64, base []plant.Observation) (taken []plant.Observation, known []plant.Latest) {
	said := make(map[plant.ItemID]*plant.Latest)
	for _, o := range base {
		if said[o.Item] == nil {
			said[o.Item] = &plant.Latest{}
		}
		said[o.Item].Apply(run, o)
	}
	lost := from < at
	var last plant.Latest // the last observation before the gap
	for id, i := range c.items {
		if i.latest.Run == run && i.latest.Sequence > last.Sequence {
			last = i.latest
		}
		if l := said[id]; l == nil {
			continue
		} else if changed := l.Bridge(i.latest, at); changed || lost {
			known = append(known, *l)
		} else {
			delete(said, id)
		}
	}
	for _, o := range base {
		if said[o.Item] != nil {
			taken = append(taken, o)
		}
	}
	for id, i := range c.items {
		if !lost || i.latest.Run != run || said[id] != nil {
			continue
		}
		o := plant.Observation{Item: id, Sequence: from, Time: last.Time}
		if i.Category == plant.Condition {
			o.Alarm = &plant.Alarm{Level: plant.LevelUnavailable}
		}
		var l plant.Latest
		l.Apply(run, o)
		taken, known = append(taken, o), append(known, l)
	}
	slices.SortStableFunc(taken, func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Item, b.Item))
	})
	return taken, known
}
