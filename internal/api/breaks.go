package api

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// breaks finds the breaks of agents' runs. It may be used by several goroutines.
type breaks struct {
	locator *locator
	runs    map[plant.AgentID][]plant.Run // by number
}

func newBreaks(s *Service) *breaks {
	b := &breaks{locator: newLocator(s.reader, math.MinInt64), runs: make(map[plant.AgentID][]plant.Run)}
	for _, run := range s.inventory.Load().runs {
		b.runs[run.Agent] = append(b.runs[run.Agent], run)
	}
	for _, runs := range b.runs {
		slices.SortFunc(runs, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
	}
	return b
}

// between gives the breaks among a machine's changes over a range: from the first
// change on, where that is before the range, since what broke off before says nothing
// any more, to the first break behind the last change that began at the end of the
// range or later.
func (b *breaks) between(ctx context.Context, a *agent, changes []plant.StateChange, from, end int64) ([]insight.Break, error) {
	var list []insight.Break
	var front, last plant.StateChange
	if n := len(changes); n > 0 {
		last = changes[n-1]
		if changes[0].Time < from {
			front = changes[0]
		}
	}
	runs := b.runs[a.ID]
	for i, run := range runs {
		if run.ID < front.Run {
			continue
		}
		number, through := int64(0), int64(0)
		if run.ID == front.Run {
			number = front.Sequence
		}
		switch {
		case run.ID == last.Run:
			through = last.Sequence
		case run.ID < last.Run:
			through = math.MaxInt64
		}
		gaps, err := b.locator.gaps(ctx, run.ID, number, through, end)
		if err != nil {
			return nil, err
		}
		if n := len(gaps); i+1 < len(runs) && (n == 0 || gaps[n-1].To != plant.OpenEnd) {
			left, err := b.locator.locate(ctx, leftBehind(run, runs[i+1]))
			if err != nil {
				return nil, err
			}
			gaps = append(gaps, left)
		}
		for _, g := range gaps {
			list = append(list, newBreak(g))
		}
		if n := len(list); run.ID >= last.Run && n > 0 && list[n-1].Begin >= end {
			break
		}
	}
	return list, nil
}

// problem says for people what of an agent's gaps was left out.
func (b *breaks) problem(a *agent) string {
	return b.locator.leftOut(func(id plant.RunID) bool {
		return slices.ContainsFunc(b.runs[a.ID], func(run plant.Run) bool { return run.ID == id })
	}).problem()
}

// leftBehind is the gap at the end of a run that another one followed: what was known
// ends with it.
func leftBehind(run, next plant.Run) plant.Gap {
	return plant.Gap{Run: run.ID, From: run.Next, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: next.Began}
}

func newBreak(g located) insight.Break {
	b := insight.Break{Run: g.Run, From: g.From, To: g.To, Begin: g.Begin, End: g.End, Reason: insight.ReasonGap}
	if g.To == plant.OpenEnd {
		b.Reason, b.End = insight.ReasonRestart, math.MaxInt64
	}
	return b
}
