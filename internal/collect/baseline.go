package collect

import (
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

// survey is what an agent knew just before a sequence number.
type survey struct {
	// base are the observations that say it, in order of sequence.
	base []plant.Observation
	// time is that of the newest observation up to the number.
	time int64
	// partial is set where a data set was changed at the number or later: an agent
	// tells its whole with its last change only, and what of it was so before
	// cannot be told.
	partial bool
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
	known, err := c.survey(ctx, c.run.Next)
	if err != nil {
		return err
	}
	return c.rebase(ctx, known, &store.Batch{Run: c.run.ID, Expect: c.run.Next, Next: c.run.Next, Received: c.opts.Now()})
}

// survey asks the agent for what it knew just before the number at. Where it does
// not say, nothing comes of it and it is asked again later: reading goes on. The
// error is one that ends the session all the same.
func (c *collector) survey(ctx context.Context, at int64) (survey, error) {
	as := at - 1
	if as < c.held {
		as = at
	}
	known, err := survey{}, errRefused
	if as < c.end {
		known, err = c.current(ctx, uint64(as), at)
	}
	if refused(err) {
		known, err = c.current(ctx, 0, at)
	}
	var resync *resyncError
	switch {
	case err == nil:
		c.unsure, c.resurvey = known.partial, c.opts.Now().Add(c.opts.ReprobeInterval)
		c.surveys.reset()
		return known, nil
	case ctx.Err() != nil, isStore(err), errors.As(err, &resync):
		return survey{}, err
	}
	c.unsure, c.resurvey = true, c.opts.Now().Add(c.surveys.next())
	text := errorText(c.agent, err)
	c.log.Log(ctx, c.complaints.level(text), "the agent does not say what it knew before we listened", slog.String("error", text))
	return survey{}, nil
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
// and gives what it says of what was just before the number at.
func (c *collector) current(ctx context.Context, as uint64, at int64) (survey, error) {
	var (
		s             survey
		bytes, newest int64
	)
	err := c.client.Current(ctx, mtconnect.CurrentQuery{At: as}, func(r *mtconnect.StreamsReader) error {
		h, err := r.Header()
		if err != nil {
			return err
		}
		if err := c.belongs(h); err != nil {
			return err
		}
		for {
			o, err := r.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if o.Sequence <= uint64(at) && int64(o.Sequence) > newest {
				newest, s.time = int64(o.Sequence), o.Time
			}
			if o.Sequence == 0 || o.Sequence >= uint64(at) {
				s.partial = s.partial || len(o.Entries) > 0
				continue
			}
			i, _, err := c.item(ctx, o)
			if err != nil {
				return err
			}
			if i == nil {
				continue
			}
			converted := plant.Observation{Item: i.ID}
			c.convert.observation(&converted, o)
			s.base = append(s.base, converted)
			if bytes += size(&converted); bytes > c.opts.DocumentBytes {
				return errTooLarge
			}
		}
	})
	slices.SortStableFunc(s.base, bySequence)
	return s, err
}

// rebase makes s, which the agent knew just before the number at, what is known:
// of every item where the numbers from up to at are lost, and otherwise of the
// items of which it says something else than what is known. It gives the baseline
// that says so, and the changes of the machines' states that it makes.
//
// A value tells when it came about and not what was before it. So the state of a
// machine that nothing was known of in this run is taken to hold since the
// observation that decided it, as if all that was said later had been unknown
// until then. A state that is another one than before the gap holds since the
// observation that decided it as well, where we had not read that. Where we had,
// as where it is an alarm's end in the gap that made the change, the change gets
// the last number before at, and the time of the newest observation up to at. No
// change is put before the one that it follows.
func (c *catalog) rebase(run plant.RunID, from, at int64, s survey) ([]plant.Observation, []plant.StateChange) {
	taken, known := c.news(run, from, at, s.base)
	states := make(map[*device]plant.StateChange)
	before := make(map[plant.ItemID]plant.Latest)
	for n := range known {
		i := c.items[known[n].Item]
		before[i.ID], states[i.device] = i.latest, i.device.state
		if i.machine != nil && i.latest.Run != run {
			i.machine.Doubt(run, i.ID)
		}
		i.latest = plant.Latest{}
	}
	// led are the changes of each machine since its state began, and hidden those
	// machines whose state began with an observation that we had read.
	led := make(map[plant.DeviceID][]plant.StateChange)
	hidden := make(map[plant.DeviceID]bool)
	for n := range taken {
		o := &taken[n]
		change, ok := c.apply(run, c.items[o.Item], o)
		if !ok {
			continue
		}
		if begins(led[change.Device], change) {
			was := before[o.Item]
			hidden[change.Device] = was.Run == run && o.Sequence <= was.Sequence
			led[change.Device] = nil
		}
		led[change.Device] = append(led[change.Device], change)
	}
	for n := range known {
		c.items[known[n].Item].latest = known[n]
	}
	var changes []plant.StateChange
	for _, d := range c.devices {
		was, touched := states[d]
		if !touched {
			continue
		}
		made := rewritten(was, d.state, led[d.ID], run, hidden[d.ID], at, s.time)
		if d.state = was; len(made) > 0 {
			d.state = made[len(made)-1]
		}
		d.machine.Resume(d.state)
		changes = append(changes, made...)
	}
	return taken, changes
}

// begins reports whether a change begins a state behind the changes that led to it.
func begins(led []plant.StateChange, change plant.StateChange) bool {
	return len(led) == 0 || led[len(led)-1].State != change.State
}

// rewritten gives the changes that are written of a machine that was, and is now, in
// a state to which changes led: none where nothing is other than it was.
func rewritten(was, is plant.StateChange, led []plant.StateChange, run plant.RunID, hidden bool, at, newest int64) []plant.StateChange {
	if is.State == was.State && was.Run == run {
		if is.Rule == was.Rule {
			return nil
		}
		led = []plant.StateChange{is}
	}
	if was.Run == run && len(led) > 0 && (hidden || led[0].Sequence <= was.Sequence) {
		is.Sequence, is.Time = at-1, newest
		led = []plant.StateChange{is}
	}
	for i := range led {
		c := &led[i]
		if was.Run == run {
			c.Time = max(c.Time, was.Time)
		}
		if c.Since = led[0].Time; is.State == was.State && was.Run == run {
			c.Since = was.Since
		}
	}
	return led
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
	for id, l := range said {
		if changed := l.Bridge(c.items[id].latest, at); changed || lost {
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
	var last plant.Latest // the last observation before the gap
	for _, i := range c.items {
		if i.latest.Run == run && i.latest.Sequence > last.Sequence {
			last = i.latest
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
	slices.SortStableFunc(taken, bySequence)
	return taken, known
}
