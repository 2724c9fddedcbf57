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
	// gaps are the gaps of the holes, and ends the times of the first observations
	// behind them; that of the hole where there is none.
	gaps []plant.Gap
	ends []int64
}

// track reads what items of one agent said at from ≤ time < to, and before that
// from lead on and the last of each. Invalid where the range has more than
// MaxTracked observations of them.
func (s *Service) track(ctx context.Context, agent *agent, items []*item, from, to int64) (track, error) {
	var t track
	if len(items) == 0 {
		return t, nil
	}
	wanted := make(map[plant.ItemID]bool, len(items))
	for _, it := range items {
		wanted[it.ID] = true
	}
	runs := make(map[plant.RunID]int64) // with the first number that is told of
	for o, err := range s.reader.ItemObservations(ctx, slices.Collect(maps.Keys(wanted)), from, to, true) {
		if err != nil {
			return t, err
		}
		if len(t.observations) == MaxTracked {
			return t, plant.Errorf(plant.Invalid, "from: the range has more than %d changes; ask for a shorter one", MaxTracked)
		}
		t.observations = append(t.observations, o)
		if first, ok := runs[o.Run]; !ok || o.Sequence < first {
			runs[o.Run] = o.Sequence
		}
	}
	if newest := agent.run; newest.ID != 0 && newest.Began.UnixMicro() < to {
		if _, ok := runs[newest.ID]; !ok {
			runs[newest.ID] = newest.First
		}
	}
	known := t.observations
	for _, run := range slices.Sorted(maps.Keys(runs)) {
		if err := s.trackHoles(ctx, &t, run, runs[run], from, to); err != nil {
			return t, err
		}
		if err := s.trackBaselines(ctx, &t, run, wanted, known, to); err != nil {
			return t, err
		}
	}
	slices.SortStableFunc(t.observations, func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
	})
	return t, nil
}

// trackHoles adds the gaps of a run behind a number, those that began before to.
func (s *Service) trackHoles(ctx context.Context, t *track, run plant.RunID, first, from, to int64) error {
	b := breaker{reader: s.reader, first: from}
	if err := b.load(ctx, run, first); err != nil {
		return err
	}
	for _, g := range b.gaps {
		at, err := b.timeBefore(ctx, g)
		if err != nil {
			return err
		}
		if at >= to {
			continue
		}
		end := at
		if len(t.gaps) < MaxGapTimes && g.To != plant.OpenEnd {
			o, ok, err := firstObservation(ctx, s.reader, run, g.To+1)
			if err != nil {
				return err
			}
			if ok {
				end = max(at, o.Time)
			}
		}
		t.holes = append(t.holes, insight.Hole{Run: run, Sequence: g.From, Time: at})
		t.gaps, t.ends = append(t.gaps, g), append(t.ends, end)
	}
	return nil
}

// trackBaselines adds what the baselines of a run tell of the wanted items, unless
// something that is known was observed in the run before their place and is told
// of: then they tell what was so meanwhile.
func (s *Service) trackBaselines(ctx context.Context, t *track, run plant.RunID, wanted map[plant.ItemID]bool, known []plant.Observation, to int64) error {
	early := make(map[plant.ItemID]int64) // the first number of each item
	for _, o := range known {
		if n, ok := early[o.Item]; o.Run == run && (!ok || o.Sequence < n) {
			early[o.Item] = o.Sequence
		}
	}
	read := 0
	for base, err := range s.reader.Baselines(ctx, run) {
		if err != nil {
			return err
		}
		if read += len(base.Observations); read > MaxBaselines {
			return nil
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
