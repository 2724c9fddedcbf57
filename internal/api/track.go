package api

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// track is what some data items of a machine said over a range, as the functions
// of insight take it: observations in order of run and sequence, with what
// baselines tell among them, and the gaps of the ledger between them.
type track struct {
	observations []plant.Observation
	holes        []insight.Hole
	// gaps are the gaps of the holes.
	gaps []located
}

// span is the first and the last number of a run that is told of.
type span struct{ first, last int64 }

// track reads what items of one agent said at from ≤ time < to, and before that
// from lead on and the last of each. Invalid where the range has more than
// MaxTracked observations of them.
func (s *Service) track(ctx context.Context, l *locator, agent *agent, items []*item, from, to int64) (track, error) {
	var t track
	if len(items) == 0 {
		return t, nil
	}
	wanted := make(map[plant.ItemID]bool, len(items))
	for _, it := range items {
		wanted[it.ID] = true
	}
	runs := make(map[plant.RunID]span)
	for o, err := range s.reader.ItemObservations(ctx, slices.Collect(maps.Keys(wanted)), from, to, true) {
		if err != nil {
			return t, err
		}
		if len(t.observations) == MaxTracked {
			return t, plant.Errorf(plant.Invalid, "from: the range has more than %d changes; ask for a shorter one", MaxTracked)
		}
		t.observations = append(t.observations, o)
		said, ok := runs[o.Run]
		if !ok {
			said.first = o.Sequence
		}
		runs[o.Run] = span{min(said.first, o.Sequence), max(said.last, o.Sequence)}
	}
	if newest := agent.run; newest.ID != 0 && newest.Began.UnixMicro() < to {
		if _, ok := runs[newest.ID]; !ok {
			runs[newest.ID] = span{first: newest.First}
		}
	}
	known := t.observations
	for _, run := range slices.Sorted(maps.Keys(runs)) {
		if err := t.addGaps(ctx, l, run, runs[run], to); err != nil {
			return t, err
		}
		if err := t.addBaselines(ctx, l, run, wanted, known, to); err != nil {
			return t, err
		}
	}
	slices.SortStableFunc(t.observations, func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
	})
	return t, nil
}

// addGaps adds the gaps of a run behind its first number that is told of, those that
// began before to.
func (t *track) addGaps(ctx context.Context, l *locator, run plant.RunID, said span, to int64) error {
	gaps, err := l.gaps(ctx, run, said.first, said.last, to)
	for _, g := range gaps {
		if g.Begin >= to {
			continue
		}
		t.holes = append(t.holes, insight.Hole{Run: run, Sequence: g.From, Time: g.Begin, Restart: g.To == plant.OpenEnd})
		t.gaps = append(t.gaps, g)
	}
	return err
}

// addBaselines adds what the baselines of a run tell of the wanted items, unless
// something that is known was observed in the run before their place and is told
// of: then they tell what was so meanwhile.
func (t *track) addBaselines(ctx context.Context, l *locator, run plant.RunID, wanted map[plant.ItemID]bool, known []plant.Observation, to int64) error {
	early := make(map[plant.ItemID]int64) // the first number of each item
	for _, o := range known {
		if n, ok := early[o.Item]; o.Run == run && (!ok || o.Sequence < n) {
			early[o.Item] = o.Sequence
		}
	}
	for base, err := range l.baselines(ctx, run) {
		if err != nil {
			return err
		}
		hole, found := t.holeBefore(run, base.At)
		for _, o := range base.Observations {
			first, ok := early[o.Item]
			if !wanted[o.Item] || o.Time >= to || ok && first < base.At && !found {
				continue
			}
			o.Run, o.Sequence = run, base.At-1
			if found {
				o.Time = max(o.Time, hole.Time)
			}
			t.observations = append(t.observations, o)
		}
	}
	return nil
}

// holeBefore gives the last hole of a run before a number.
func (t *track) holeBefore(run plant.RunID, at int64) (insight.Hole, bool) {
	for _, h := range slices.Backward(t.holes) {
		if h.Run == run && h.Sequence < at {
			return h, true
		}
	}
	return insight.Hole{}, false
}

// of gives the observations of one item.
func (t *track) of(it *item) []plant.Observation {
	if it == nil {
		return nil
	}
	var all []plant.Observation
	for _, o := range t.observations {
		if o.Item == it.ID {
			all = append(all, o)
		}
	}
	return all
}

// ofAll gives the observations of several items.
func (t *track) ofAll(items ...*item) []plant.Observation {
	var all []plant.Observation
	for _, o := range t.observations {
		if slices.ContainsFunc(items, func(it *item) bool { return it != nil && it.ID == o.Item }) {
			all = append(all, o)
		}
	}
	return all
}
