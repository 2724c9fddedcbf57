package api

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// runLedger is what the ledger and the baselines say of the runs in which some data
// items were observed: where what was known of an item does not go on by its
// observations.
type runLedger struct {
	locator   *locator
	inventory *inventory
	// items are those whose baselines are kept.
	items map[plant.ItemID]*item
	// turns are those of each agent, in order of run and number.
	turns map[plant.AgentID][]turn
}

// turn is an interruption of all data items of a run.
type turn struct {
	insight.Interruption
	// to is the last number that is missing, plant.OpenEnd where that is not known;
	// less than From where none is.
	to int64
	// said is what the baseline at the end says of each item; nil without one.
	said map[plant.ItemID][]plant.Observation
}

// load reads the runs in which something of said was observed, and those that were
// being read in the range of time by our own clock.
func (l *runLedger) load(ctx context.Context, said map[plant.ItemID][]plant.Observation, from, to int64) error {
	first := make(map[plant.RunID]int64)
	for _, observations := range said {
		for _, o := range observations {
			if n, ok := first[o.Run]; !ok || o.Sequence < n {
				first[o.Run] = o.Sequence
			}
		}
	}
	runs := make(map[plant.AgentID][]plant.Run)
	for _, run := range l.inventory.runs {
		runs[run.Agent] = append(runs[run.Agent], run)
	}
	agents := make(map[plant.AgentID]bool)
	for _, it := range l.items {
		agents[it.machine.Agent] = true
	}
	l.turns = make(map[plant.AgentID][]turn)
	for agent := range agents {
		of := runs[agent]
		slices.SortFunc(of, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
		for i, run := range of {
			began, ended := run.Began.UnixMicro(), int64(math.MaxInt64)
			var next *plant.Run
			if i+1 < len(of) {
				next = &of[i+1]
				ended = next.Began.UnixMicro()
			}
			number, observed := first[run.ID]
			switch {
			case began < to && ended > from:
				number = run.First // What only a baseline tells counts too.
			case !observed:
				continue
			}
			turns, err := l.ofRun(ctx, run, number, next)
			if err != nil {
				return err
			}
			l.turns[agent] = append(l.turns[agent], turns...)
		}
	}
	return nil
}

// ofRun reads the gaps and the baselines of a run from a number on. Where another run
// of its agent, next, followed, what was known ends with it.
func (l *runLedger) ofRun(ctx context.Context, run plant.Run, from int64, next *plant.Run) ([]turn, error) {
	gaps, err := l.locator.gaps(ctx, run.ID, from, math.MaxInt64, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	var turns []turn
	for _, g := range gaps {
		if n := len(turns); n > 0 && turns[n-1].to != plant.OpenEnd && turns[n-1].to+1 == g.From {
			turns[n-1].to, turns[n-1].Restart = g.To, g.To == plant.OpenEnd
			continue
		}
		turns = append(turns, newTurn(g))
	}
	turns, err = l.addBaselines(ctx, run, from, turns)
	if err != nil {
		return nil, err
	}
	if n := len(turns); next != nil && (n == 0 || !turns[n-1].Restart) {
		left, err := l.locator.locate(ctx, leftBehind(run, *next))
		if err != nil {
			return nil, err
		}
		turns = append(turns, newTurn(left))
	}
	return turns, nil
}

func newTurn(g located) turn {
	return turn{Interruption: insight.Interruption{Run: g.Run, From: g.From, Time: g.Begin, Restart: g.To == plant.OpenEnd}, to: g.To}
}

// addBaselines adds the baselines of a run to its turns: to the gap that one ends,
// or as a turn of its own.
func (l *runLedger) addBaselines(ctx context.Context, run plant.Run, from int64, turns []turn) ([]turn, error) {
	for b, err := range l.locator.baselines(ctx, run.ID) {
		if err != nil {
			return nil, err
		}
		if b.At < from {
			continue
		}
		said := make(map[plant.ItemID][]plant.Observation)
		at := int64(math.MinInt64)
		for _, o := range b.Observations {
			at = max(at, o.Time)
			if l.items[o.Item] != nil {
				said[o.Item] = append(said[o.Item], o)
			}
		}
		if i := slices.IndexFunc(turns, func(t turn) bool { return t.to == b.At-1 && t.From <= t.to }); i >= 0 {
			turns[i].said, turns[i].Baseline.At = said, b.At
			continue
		}
		turns = append(turns, turn{
			Interruption: insight.Interruption{Run: run.ID, From: b.At, Time: at, Baseline: plant.Baseline{At: b.At}},
			to:           b.At - 1, said: said,
		})
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.From, b.From) })
	return turns, nil
}

// interruptions gives those of a data item: a baseline that ends no gap and says
// nothing of it is none.
func (l *runLedger) interruptions(it *item) []insight.Interruption {
	var list []insight.Interruption
	for _, t := range l.turns[it.machine.Agent] {
		i := t.Interruption
		i.Baseline.Observations = t.said[it.ID]
		if t.to >= t.From || t.to == plant.OpenEnd || i.Baseline.Observations != nil {
			list = append(list, i)
		}
	}
	return list
}

// carries reports whether what was known in a run at one number was known at a later
// one still, but for what was said meanwhile: no gap between them is without a
// baseline.
func (l *runLedger) carries(agent plant.AgentID, run plant.RunID, from, to int64) bool {
	return !slices.ContainsFunc(l.turns[agent], func(t turn) bool {
		return t.Run == run && t.From > from && t.From <= to && t.said == nil
	})
}

// told gives what the last baseline of a run up to a number says of a data item that
// has one value.
func (l *runLedger) told(agent plant.AgentID, item plant.ItemID, run plant.RunID, number int64) (last plant.Observation, ok bool) {
	for _, t := range l.turns[agent] {
		if said := t.said[item]; t.Run == run && t.Baseline.At <= number && len(said) > 0 {
			last, ok = said[len(said)-1], true
		}
	}
	return last, ok
}
