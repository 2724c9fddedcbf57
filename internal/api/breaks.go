package api

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// breaks finds the breaks of agents' runs, each once for all of an agent's machines.
type breaks struct {
	service *Service
	runs    map[plant.AgentID][]plant.Run // by number
	found   map[plant.RunID]*runBreaks
	// times are the gaps that were looked up, by run and first number.
	times map[gapPosition]insight.Break
	// looks counts the gaps whose times were looked up; short is set where they were
	// too many.
	looks int
	short bool
}

// runBreaks are the breaks of a run that begin at a number or behind it.
type runBreaks struct {
	from int64
	list []insight.Break
}

func newBreaks(s *Service) *breaks {
	b := &breaks{service: s, runs: make(map[plant.AgentID][]plant.Run), found: make(map[plant.RunID]*runBreaks), times: make(map[gapPosition]insight.Break)}
	for _, run := range s.inventory.Load().runs {
		b.runs[run.Agent] = append(b.runs[run.Agent], run)
	}
	for _, runs := range b.runs {
		slices.SortFunc(runs, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
	}
	return b
}

// between gives the breaks from the first of a machine's changes on, where that is
// before the range: what broke off before says nothing any more. Otherwise they are
// all that the agent has.
func (b *breaks) between(ctx context.Context, a *agent, changes []plant.StateChange, from int64) ([]insight.Break, error) {
	var list []insight.Break
	front, place := plant.RunID(0), int64(0)
	if len(changes) > 0 && changes[0].Time < from {
		front, place = changes[0].Run, changes[0].Sequence
	}
	runs := b.runs[a.ID]
	for i, run := range runs {
		if run.ID < front {
			continue
		}
		number := int64(0)
		if run.ID == front {
			number = place
		}
		var next *plant.Run
		if i+1 < len(runs) {
			next = &runs[i+1]
		}
		of, err := b.of(ctx, run, number, next)
		if err != nil {
			return nil, err
		}
		at, _ := slices.BinarySearchFunc(of, number, func(b insight.Break, number int64) int { return cmp.Compare(b.From, number) })
		list = append(list, of[at:]...)
	}
	return list, nil
}

// of gives the breaks of a run from a number on. What was known ends with a run that
// another one, next, followed: when that began it is noticed.
func (b *breaks) of(ctx context.Context, run plant.Run, number int64, next *plant.Run) ([]insight.Break, error) {
	if known := b.found[run.ID]; known != nil && known.from <= number {
		return known.list, nil
	}
	var gaps []plant.Gap
	for g, err := range b.service.reader.Gaps(ctx, run.ID, number) {
		if err != nil {
			return nil, err
		}
		if len(gaps) == MaxGapWindow {
			b.short = true
			break
		}
		gaps = append(gaps, g)
	}
	if n := len(gaps); next != nil && (n == 0 || gaps[n-1].To != plant.OpenEnd) {
		gaps = append(gaps, plant.Gap{Run: run.ID, From: run.Next, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: next.Began})
	}
	list := make([]insight.Break, len(gaps))
	for i, g := range slices.Backward(gaps) {
		var err error
		if list[i], err = b.locate(ctx, g); err != nil {
			return nil, err
		}
	}
	b.found[run.ID] = &runBreaks{from: number, list: list}
	return list, nil
}

// locate finds the times of a gap: those of the observations before and behind it. A
// gap stands where it was noticed where these are not stored, and where
// MaxBreakTimes of them have been looked up.
func (b *breaks) locate(ctx context.Context, g plant.Gap) (insight.Break, error) {
	noticed := g.Noticed.UnixMicro()
	found := insight.Break{Run: g.Run, From: g.From, To: g.To, Begin: noticed, End: noticed, Reason: insight.ReasonGap}
	ends := g.To != plant.OpenEnd
	if !ends {
		found.Reason, found.End = insight.ReasonRestart, math.MaxInt64
	}
	if known, ok := b.times[gapPosition{g.Run, g.From}]; ok {
		return known, nil
	}
	if b.looks == MaxBreakTimes {
		b.short = true
		return found, nil
	}
	b.looks++
	if err := b.lookUp(ctx, &found, ends); err != nil {
		return found, err
	}
	b.times[gapPosition{g.Run, g.From}] = found
	return found, nil
}

// lookUp finds the times of the observations before and behind a break. Where the one
// before is not stored, the break was noticed no earlier than it ended.
func (b *breaks) lookUp(ctx context.Context, found *insight.Break, ends bool) error {
	before, stored, err := observationAt(ctx, b.service.reader, found.Run, found.From-1)
	if err != nil {
		return err
	}
	if stored {
		found.Begin = before.Time
	}
	if !ends {
		return nil
	}
	behind, ok, err := firstObservation(ctx, b.service.reader, found.Run, found.To+1)
	if found.End = math.MaxInt64; ok {
		found.End = behind.Time
	}
	if !stored {
		found.Begin = min(found.Begin, found.End)
	}
	return err
}
