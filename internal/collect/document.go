package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// errHole says that a document lacks numbers of its range. What lay before the
// hole is submitted; from there on the agent is to be asked again.
var errHole = errors.New("the agent left out sequence numbers")

// errTooLarge says that the observations of a document take more than
// Options.DocumentBytes.
var errTooLarge = errors.New("document takes too much memory: fewer observations are asked for at once")

// resyncError says that the agent's numbers are not those of the run that is
// being read.
type resyncError struct{ why string }

func (e *resyncError) Error() string { return e.why }

// ask is how a document was asked for, beyond the cursor.
type ask struct {
	count int
	// Where skipTo is set, the document was asked for from there, because the
	// numbers between the cursor and it could not be read; why says so.
	skipTo int64
	why    string
}

// page is a document that was read to its end.
type page struct {
	first, next int64
	received    time.Time
	// observations stand in order of sequence; gapless is set where each number
	// from that of the first to that of the last is there once.
	observations []plant.Observation
	gapless      bool
	// rejected are the observations that cannot be stored, and why.
	rejected map[int64]string
	bytes    int64
}

// kept is the first number that the agent holds of those that the page is to
// account for. Observations that are in the page it held then.
func (p *page) kept() int64 {
	kept := min(p.first, p.next)
	if len(p.observations) > 0 {
		kept = min(kept, p.observations[0].Sequence)
	}
	for sequence := range p.rejected {
		kept = min(kept, sequence)
	}
	return kept
}

// covers reports whether the page has each number from the given one up to its
// next, once, and no other.
func (p *page) covers(from int64) bool {
	n := int64(len(p.observations))
	return p.gapless && n > 0 && p.observations[0].Sequence == from && p.next == from+n
}

// span is a range of sequence numbers, both ends in it.
type span struct{ from, to int64 }

// document reads a document, accounts for every sequence number from the cursor
// to the document's next, and submits the result. It moves the cursor.
func (c *collector) document(ctx context.Context, r *mtconnect.StreamsReader, a ask) error {
	h, err := r.Header()
	if err != nil {
		return err
	}
	p := &page{received: c.opts.Now(), first: int64(min(h.FirstSequence, math.MaxInt64))}
	if err := c.belongs(h); err != nil {
		return err
	}
	c.metrics.documents.WithLabelValues(c.agent.Name).Inc()
	c.meter.header(h, p.received, h.NextSequence > h.LastSequence)
	if err := c.outbox.refused(); err != nil {
		return err
	}
	if err := c.modelChanged(ctx, h); err != nil {
		return err
	}
	if err := c.read(ctx, r, h, a, p); err != nil {
		return err
	}
	c.held, c.end = p.first, max(p.next, int64(min(h.LastSequence, math.MaxInt64-1))+1)
	before := c.run.Next
	if kept := p.kept(); kept > c.run.Next {
		if err := c.skip(ctx, kept); err != nil {
			c.release(p.bytes)
			return err
		}
	}
	batch, holes := c.account(p, a)
	if batch.Next == batch.Expect {
		c.release(p.bytes)
		if len(holes) == 0 && len(p.observations)+len(p.rejected) > 0 {
			return fmt.Errorf("the agent sends observations from %d on and says that its next sequence is that: none of them can be stored", p.next)
		}
	} else if err := c.store(ctx, batch, p.bytes); err != nil {
		return err
	}
	c.progress += c.run.Next - before
	if len(batch.Observations) > 0 {
		c.chases = 0
		if p.bytes < c.opts.DocumentBytes/growBelow { // what was too large lies behind
			c.pageSize = min(2*c.pageSize, c.fullPage)
		}
	}
	c.settleHoles(holes)
	if len(holes) > 0 {
		return errHole
	}
	// What was not stored may have changed what is known. While there is more to
	// read, that may be told yet.
	c.unsure = c.unsure || len(batch.Gaps) > 0
	if c.run.Next < c.end {
		return nil
	}
	return c.makeSure(ctx)
}

// belongs reports whether a header is of the run that is being read.
func (c *collector) belongs(h *mtconnect.Header) error {
	switch {
	case h.InstanceID != c.run.InstanceID:
		return &resyncError{fmt.Sprintf("the agent was restarted: instanceId %d became %d", c.run.InstanceID, h.InstanceID)}
	case h.NextSequence != 0 && h.NextSequence < uint64(c.run.Next):
		return &resyncError{fmt.Sprintf("the agent was restarted with the same instanceId: its next sequence is %d, and %d had been reached", h.NextSequence, c.run.Next)}
	case h.NextSequence >= math.MaxInt64:
		return fmt.Errorf("the agent's next sequence is %d: numbers up to 2^63−2 can be stored", h.NextSequence)
	}
	return nil
}

// read reads the observations of a document. It takes what they need from the
// budgets; on an error it has given it back.
func (c *collector) read(ctx context.Context, r *mtconnect.StreamsReader, h *mtconnect.Header, a ask, p *page) error {
	expected := min(max(int64(h.NextSequence)-c.run.Next, 0), int64(a.count))
	p.bytes = expected * observationBytes
	if err := c.reserve(ctx, p.bytes); err != nil {
		return err
	}
	p.observations = c.committer.pages.take(int(expected))
	taken, last, err := c.convertAll(ctx, r, p)
	c.grow(taken - p.bytes)
	p.bytes = taken
	if err != nil {
		c.release(p.bytes)
		return err
	}
	p.next = int64(h.NextSequence)
	if p.next == 0 {
		p.next = max(last+1, c.run.Next)
	}
	p.gapless = sortBySequence(p.observations)
	return nil
}

// convertAll converts the observations of a document. It gives what they take
// and the greatest sequence number.
func (c *collector) convertAll(ctx context.Context, r *mtconnect.StreamsReader, p *page) (bytes, last int64, err error) {
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			return bytes, last, nil
		}
		if err != nil {
			return bytes, last, err
		}
		if o.Sequence < uint64(c.run.Next) {
			c.metrics.repeated.WithLabelValues(c.agent.Name).Inc()
			continue
		}
		if o.Sequence >= math.MaxInt64 {
			return bytes, last, fmt.Errorf("the agent sent sequence %d: numbers up to 2^63−2 can be stored", o.Sequence)
		}
		last = max(last, int64(o.Sequence))
		if tellsOfModel(o) {
			c.stale = true
		}
		i, why, err := c.item(ctx, o)
		if err != nil {
			return bytes, last, err
		}
		if i == nil {
			if p.rejected == nil {
				p.rejected = make(map[int64]string)
			}
			p.rejected[int64(o.Sequence)] = why
			bytes += observationBytes
		} else {
			p.observations = append(p.observations, plant.Observation{Item: i.ID})
			converted := &p.observations[len(p.observations)-1]
			c.convert.observation(converted, o)
			bytes += size(converted)
		}
		if bytes > c.opts.DocumentBytes {
			return bytes, last, errTooLarge
		}
	}
}

// tellsOfModel reports whether an observation says that the agent's device model
// is another one now.
func tellsOfModel(o *mtconnect.Observation) bool {
	switch o.Element {
	case "DeviceAdded", "DeviceChanged", "DeviceRemoved":
		return !o.IsUnavailable()
	default:
		return false
	}
}

// account makes the batch of a document: each number from the cursor on is an
// observation or lies in a gap. It ends before the first number that is missing
// and has not been asked for twice; holes are all those of the document.
func (c *collector) account(p *page, a ask) (b *store.Batch, holes []span) {
	b = &store.Batch{Run: c.run.ID, Expect: c.run.Next, Next: c.run.Next, Received: p.received}
	if p.covers(c.run.Next) {
		b.Observations, b.Next = p.observations, p.next
		return b, nil
	}
	b.Observations = p.observations[:0]
	g := gapper{page: p, ask: a, run: c.run.ID, suspects: c.suspects, now: c.opts.Now()}
	at := c.run.Next // the next number to be accounted for
	for i, o := range p.observations {
		switch {
		case o.Sequence < at:
			c.repeats(p.observations[i-1], o)
			c.metrics.repeated.WithLabelValues(c.agent.Name).Inc()
			continue
		case o.Sequence >= p.next:
			continue
		case o.Sequence > at:
			holes = append(holes, g.pass(span{at, o.Sequence - 1}, true)...)
		}
		if len(holes) == 0 {
			b.Observations = append(b.Observations, o)
		}
		at = o.Sequence + 1
	}
	if at < p.next {
		holes = append(holes, g.pass(span{at, p.next - 1}, false)...)
		at = p.next
	}
	b.Gaps = g.gaps
	b.Next = at
	if len(holes) > 0 {
		b.Next = holes[0].from
	}
	return b, holes
}

// repeats is called for an observation with the number of the one before. Where it is
// another one it is lost, since a number has one observation: that is logged once in
// a run.
func (c *collector) repeats(kept, o plant.Observation) {
	if kept.Item == o.Item && kept.Time == o.Time || c.twice == c.run.ID {
		return
	}
	c.twice = c.run.ID
	items := c.catalog.items
	c.log.Warn("the agent gave one sequence number to different observations, of which one is kept",
		slog.Int64("sequence", o.Sequence), slog.String("kept", items[kept.Item].DataItemID), slog.String("dropped", items[o.Item].DataItemID))
}

// settleHoles remembers the holes that are to be asked for again, and forgets
// those that the cursor has passed.
func (c *collector) settleHoles(holes []span) {
	c.suspects = slices.DeleteFunc(c.suspects, func(s span) bool { return s.to < c.run.Next })
	if len(holes) > 0 {
		c.suspects = holes
	}
}

// gapper says why numbers are missing.
type gapper struct {
	page     *page
	ask      ask
	run      plant.RunID
	suspects []span
	now      time.Time
	gaps     []plant.Gap
	// open is true once there was a hole: gaps beyond it are found again later.
	open bool
}

// pass makes gaps of the numbers of s and gives what is left: the numbers that
// nothing explains yet. more says that the document has an observation behind s.
func (g *gapper) pass(s span, more bool) []span {
	for s.from <= s.to {
		to, reason, detail := g.explain(s, more)
		if reason == "" {
			g.open = true
			return []span{s}
		}
		g.add(s.from, to, reason, detail)
		s.from = to + 1
	}
	return nil
}

// explain says why the first numbers of s are missing, and up to which.
func (g *gapper) explain(s span, more bool) (to int64, reason plant.GapReason, detail string) {
	if s.from < g.page.first {
		return min(s.to, g.page.first-1), plant.GapOverrun, ""
	}
	if why, ok := g.page.rejected[s.from]; ok {
		return s.from, plant.GapRejected, why
	}
	if more && s.from < g.ask.skipTo {
		return min(s.to, g.ask.skipTo-1), plant.GapRejected, g.ask.why
	}
	for _, suspect := range g.suspects {
		if suspect.from <= s.from && s.from <= suspect.to {
			return min(s.to, suspect.to), plant.GapMissing, "asked for twice"
		}
	}
	return 0, "", ""
}

func (g *gapper) add(from, to int64, reason plant.GapReason, detail string) {
	if g.open {
		return
	}
	if n := len(g.gaps); n > 0 {
		last := &g.gaps[n-1]
		if last.To == from-1 && last.Reason == reason && last.Detail == detail {
			last.To = to
			return
		}
	}
	g.gaps = append(g.gaps, plant.Gap{Run: g.run, From: from, To: to, Reason: reason, Detail: detail, Noticed: g.now})
}

// item finds the data item that an observation is of. Where it cannot be had,
// it gives the reason.
func (c *collector) item(ctx context.Context, o *mtconnect.Observation) (i *item, why string, err error) {
	if i := c.catalog.item(o); i != nil {
		return i, "", nil
	}
	if o.DataItemID == "" {
		return nil, "the observation names no data item", nil
	}
	if err := c.reprobe(ctx, "an observation names a data item that is not in the device model"); err != nil {
		return nil, "", err
	}
	if i := c.catalog.item(o); i != nil {
		return i, "", nil
	}
	return c.unmapped(ctx, o)
}
