package transfer

import (
	"context"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const (
	// batchObservations is how many observations are committed at once, and
	// batchText how many bytes of text they may have: enough for blocks of most
	// items.
	batchObservations = 100_000
	batchText         = 32 << 20
	// batchStates is how many state changes are committed at once.
	batchStates = 10_000

	beginning = math.MinInt64
	end       = math.MaxInt64
)

// pair is a run of the source and what it is in the target.
type pair struct {
	source, target plant.Run
	agent          plant.AgentID
}

// run copies a run that follows another one. Where ended is true the target has
// a newer one already.
func (c *copier) run(ctx context.Context, p *pair, before pair, names *names, known *knowledge, ended bool) error {
	if p.target.ID == 0 {
		if err := c.start(ctx, p, before); err != nil {
			return err
		}
	}
	t := &p.target
	switch {
	case t.InstanceID != p.source.InstanceID || t.Epoch != p.source.Epoch || t.First != p.source.First,
		t.Next > p.source.Next, ended && t.Next != p.source.Next:
		return plant.Errorf(plant.Conflict, "the target has instance %d from %d to %d in its place: it is not a copy", t.InstanceID, t.First, t.Next)
	}
	c.summary.Present += t.Stored
	c.opts.Progress(c.summary.Present + c.summary.Observations)
	if ended {
		return nil
	}
	if err := c.observations(ctx, p, names); err != nil {
		return err
	}
	if err := c.compare(ctx, p); err != nil {
		return err
	}
	return c.knowledge(ctx, p, known)
}

// compare holds the target's ledger against the source's. What retention deletes
// of either counts as stored in both.
func (c *copier) compare(ctx context.Context, p *pair) error {
	run, err := c.to.LastRun(ctx, p.agent)
	if err != nil {
		return err
	}
	if run.Next != p.source.Next || run.Stored != p.source.Stored {
		return plant.Errorf(plant.Damaged, "the copy has %d observations up to %d, and the ledger of the source has %d up to %d: 'factorydash verify-store' of the source says more",
			run.Stored, run.Next, p.source.Stored, p.source.Next)
	}
	return nil
}

// start begins the run in the target, with the gaps that it begins with and the
// open end of the run before.
func (c *copier) start(ctx context.Context, p *pair, before pair) error {
	var gaps []plant.Gap
	next := p.source.First
	for g, err := range c.from.Gaps(ctx, p.source.ID, next) {
		if err != nil {
			return err
		}
		if g.From != next || g.To == plant.OpenEnd || g.From >= p.source.Next {
			break
		}
		g.Run, next = 0, g.To+1
		gaps = append(gaps, g)
	}
	if before.source.ID != 0 {
		for g, err := range c.from.Gaps(ctx, before.source.ID, before.source.Next) {
			if err != nil {
				return err
			}
			if g.To == plant.OpenEnd {
				g.Run = before.target.ID
				gaps = append(gaps, g)
			}
		}
	}
	run, err := c.to.StartRun(ctx, before.target.ID, plant.Run{
		Agent: p.agent, InstanceID: p.source.InstanceID, First: p.source.First, Began: p.source.Began,
	}, gaps)
	p.target = run
	return err
}

// walk calls f with each observation and each gap (o is nil) of a run from a
// number on, in order of sequence, until the run's cursor.
func (c *copier) walk(ctx context.Context, run plant.Run, from int64, f func(o *plant.Observation, first int64) error) error {
	gaps, err := c.gaps(ctx, run, from)
	if err != nil {
		return err
	}
	pass := func(before int64) error {
		for len(gaps) > 0 && gaps[0].From < before {
			if err := f(nil, gaps[0].From); err != nil {
				return err
			}
			gaps = gaps[1:]
		}
		return nil
	}
	for o, err := range c.from.Observations(ctx, run.ID, from) {
		if err == nil && o.Sequence >= run.Next {
			break
		}
		if err == nil {
			err = pass(o.Sequence)
		}
		if err == nil {
			err = f(&o, o.Sequence)
		}
		if err != nil {
			return err
		}
	}
	return pass(run.Next)
}

// gaps gives the gaps of known length of a run from a number on.
func (c *copier) gaps(ctx context.Context, run plant.Run, from int64) ([]plant.Gap, error) {
	var gaps []plant.Gap
	for g, err := range c.from.Gaps(ctx, run.ID, from) {
		if err != nil {
			return nil, err
		}
		if g.To != plant.OpenEnd && g.From < run.Next {
			gaps = append(gaps, g)
		}
	}
	return gaps, nil
}

// observations copies the observations, gaps and baselines of a run from the
// target's cursor on.
func (c *copier) observations(ctx context.Context, p *pair, names *names) error {
	w := &writer{copier: c, pair: p}
	for b, err := range c.from.Baselines(ctx, p.source.ID) {
		if err != nil {
			return err
		}
		if b.At >= p.target.Next {
			w.baselines = append(w.baselines, b)
		}
	}
	for i := range w.baselines {
		for j := range w.baselines[i].Observations {
			o := &w.baselines[i].Observations[j]
			o.Item, o.Run = names.items[o.Item], 0
		}
	}
	gaps, err := c.gaps(ctx, p.source, p.target.Next)
	if err != nil {
		return err
	}
	byFrom := make(map[int64]plant.Gap, len(gaps))
	for _, g := range gaps {
		g.Run = 0
		byFrom[g.From] = g
	}
	w.begin()
	err = c.walk(ctx, p.source, p.target.Next, func(o *plant.Observation, first int64) error {
		if o == nil {
			return w.gap(ctx, byFrom[first])
		}
		o.Item, o.Run = names.items[o.Item], 0
		o.ToValidText() // Blocks that were written before stores asked for it may have other text.
		return w.observe(ctx, *o)
	})
	if err != nil {
		return err
	}
	return w.finish(ctx)
}

// knowledge copies what is known now and the state changes of a run.
func (c *copier) knowledge(ctx context.Context, p *pair, known *knowledge) error {
	if known == nil {
		return nil
	}
	b := &store.Batch{Run: p.target.ID, Expect: p.target.Next, Next: p.target.Next, Latest: known.latest}
	for {
		n := min(len(known.states), batchStates)
		b.States, known.states = known.states[:n], known.states[n:]
		if err := c.commit(ctx, b); err != nil {
			return err
		}
		if len(known.states) == 0 {
			return nil
		}
		b.Latest, b.Err = nil, nil
	}
}

func (c *copier) commit(ctx context.Context, b *store.Batch) error {
	if err := c.to.Commit(ctx, []*store.Batch{b}); err != nil {
		return err
	}
	return b.Err
}

// writer gathers the batches of a run.
type writer struct {
	*copier
	*pair
	batch *store.Batch
	text  int
	// freed is how many numbers the source did not have.
	freed int64
	// baselines are those that are still to come.
	baselines []plant.Baseline
}

func (w *writer) begin() {
	w.batch = &store.Batch{Run: w.target.ID, Expect: w.target.Next, Next: w.target.Next, Received: w.source.Began}
	w.text = 0
}

// observe adds an observation.
func (w *writer) observe(ctx context.Context, o plant.Observation) error {
	if err := w.reach(ctx, o.Sequence); err != nil {
		return err
	}
	w.batch.Observations = append(w.batch.Observations, o)
	w.batch.Next = o.Sequence + 1
	w.text += o.TextBytes()
	if len(w.batch.Observations) < batchObservations && w.text < batchText {
		return nil
	}
	return w.flush(ctx)
}

// gap adds a gap.
func (w *writer) gap(ctx context.Context, g plant.Gap) error {
	if err := w.reach(ctx, g.From); err != nil {
		return err
	}
	w.batch.Gaps = append(w.batch.Gaps, g)
	w.batch.Next = g.To + 1
	return nil
}

// reach brings the batch up to a number: those that the source has neither as
// observations nor as gaps are freed. On the way it commits the baselines, each a
// batch of its own.
func (w *writer) reach(ctx context.Context, to int64) error {
	for len(w.baselines) > 0 && w.baselines[0].At <= to {
		w.free(w.baselines[0].At)
		if err := w.flush(ctx); err != nil {
			return err
		}
		w.batch.Baseline = w.baselines[0].Observations
		w.baselines = w.baselines[1:]
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.free(to)
	return nil
}

func (w *writer) free(to int64) {
	if to > w.batch.Next {
		w.batch.Freed += to - w.batch.Next
		w.batch.Next = to
	}
}

// flush commits what was gathered and begins anew.
func (w *writer) flush(ctx context.Context) error {
	b := w.batch
	if b.Next == b.Expect && len(b.Baseline) == 0 {
		return nil
	}
	if err := w.checkFreed(ctx); err != nil {
		return err
	}
	if err := w.commit(ctx, b); err != nil {
		return err
	}
	w.target.Next = b.Next
	w.summary.Observations += int64(len(b.Observations))
	w.opts.Progress(w.summary.Present + w.summary.Observations)
	w.begin()
	return nil
}

// checkFreed reports, as Damaged, where the source lacks more than retention has
// deleted of it until now.
func (w *writer) checkFreed(ctx context.Context) error {
	w.freed += w.batch.Freed
	if w.freed <= w.source.Freed {
		return nil
	}
	runs, err := w.from.Runs(ctx)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if run.ID == w.source.ID {
			w.source.Freed = run.Freed
		}
	}
	if w.freed > w.source.Freed {
		return plant.Errorf(plant.Damaged, "the source lacks %d of the numbers up to %d, and retention has deleted %d: 'factorydash verify-store' of the source says more",
			w.freed, w.batch.Next-1, w.source.Freed)
	}
	return nil
}

// finish commits what is left.
func (w *writer) finish(ctx context.Context) error {
	if err := w.reach(ctx, w.source.Next); err != nil {
		return err
	}
	return w.flush(ctx)
}
