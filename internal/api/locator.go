package api

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// locator reads what one answer takes of the gap ledger: the gaps of runs, with the
// times between which observations are missing, and the baselines. What it reads is
// bounded, and problem says what of a run was left out. It may be used by several
// goroutines: those that ask of one run look up the same gaps, so one does it while the
// others wait, and those that ask of different runs wait for nobody.
type locator struct {
	reader store.Reader
	// from is where the range of the answer begins, for one in which it does not
	// matter when exactly a gap was that had been noticed before that.
	from int64
	// looked counts the gaps that were looked up.
	looked atomic.Int64

	mu   sync.Mutex
	runs map[plant.RunID]*runGaps
}

// located is a gap with its times, in microseconds of the agent's timestamps.
type located struct {
	plant.Gap
	// Begin is the time of the last observation before it, and stored is false where
	// that is not stored: then it began no later. End is that of the first behind it,
	// math.MaxInt64 where there is none. Both are when it was noticed where they were
	// not looked up.
	Begin, End int64
	stored     bool
}

// runGaps is what was read of the gaps of a run.
type runGaps struct {
	locator *locator
	run     plant.RunID

	mu sync.Mutex
	// known are the gaps that were looked up, by their first number; list are those
	// that begin at from or behind it and before to.
	known    map[int64]located
	list     []located
	from, to int64
	// rough is set where there are more gaps than may be looked up, cut where there are
	// more than MaxGaps, untold where the baselines say more than MaxBaselines.
	rough, cut, untold bool
}

// newLocator makes one for an answer about a range; math.MinInt64 for one that needs
// the times of all gaps.
func newLocator(reader store.Reader, from int64) *locator {
	return &locator{reader: reader, from: from, runs: make(map[plant.RunID]*runGaps)}
}

// of gives what was read of a run.
func (l *locator) of(run plant.RunID) *runGaps {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.runs[run]
	if g == nil {
		g = &runGaps{locator: l, run: run, known: make(map[int64]located), from: math.MaxInt64}
		l.runs[run] = g
	}
	return g
}

// gaps gives the gaps of a run that begin at a number or behind it, in order: all up to
// another number, last, and those behind it up to the first that began at a time or
// later. What was lost behind that was lost later still, unless the agent's clock was
// put back.
func (l *locator) gaps(ctx context.Context, run plant.RunID, from, last, until int64) ([]located, error) {
	g := l.of(run)
	g.mu.Lock()
	defer g.mu.Unlock()
	if from < g.from {
		g.list, g.from, g.to = nil, from, from
	}
	if err := g.readOn(ctx, last, until); err != nil {
		return nil, err
	}
	at, _ := slices.BinarySearchFunc(g.list, from, func(g located, from int64) int { return cmp.Compare(g.From, from) })
	return slices.Clip(g.list[at:]), nil
}

// readOn reads more gaps, unless they are known as far as they are wanted.
func (g *runGaps) readOn(ctx context.Context, last, until int64) error {
	done := func() bool {
		n := len(g.list)
		return n > 0 && g.list[n-1].From > last && g.list[n-1].Begin >= until
	}
	if g.to == math.MaxInt64 || done() {
		return nil
	}
	for gap, err := range g.locator.reader.Gaps(ctx, g.run, g.to) {
		if err != nil {
			return err
		}
		if len(g.list) == MaxGaps {
			g.cut = true
			break
		}
		found, err := g.look(ctx, gap)
		if err != nil {
			return err
		}
		g.list, g.to = append(g.list, found), gap.From+1
		if done() {
			return nil
		}
	}
	g.to = math.MaxInt64
	return nil
}

// locate finds the times of a gap.
func (l *locator) locate(ctx context.Context, gap plant.Gap) (located, error) {
	g := l.of(gap.Run)
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.look(ctx, gap)
}

func (g *runGaps) look(ctx context.Context, gap plant.Gap) (located, error) {
	if known, ok := g.known[gap.From]; ok {
		return known, nil
	}
	noticed := gap.Noticed.UnixMicro()
	found := located{Gap: gap, Begin: noticed, End: noticed}
	switch {
	case noticed < g.locator.from:
		return found, nil
	case g.locator.looked.Add(1) > MaxGapTimes:
		g.rough = true
		return found, nil
	}
	before, stored, err := observationAt(ctx, g.locator.reader, gap.Run, gap.From-1)
	if err != nil {
		return found, err
	}
	if found.End = math.MaxInt64; gap.To != plant.OpenEnd {
		behind, ok, err := firstObservation(ctx, g.locator.reader, gap.Run, gap.To+1)
		if err != nil {
			return found, err
		}
		if ok {
			found.End = behind.Time
		}
	}
	if found.stored = stored; stored {
		found.Begin = before.Time
	} else {
		found.Begin = min(noticed, found.End)
	}
	g.known[gap.From] = found
	return found, nil
}

// baselines yields the baselines of a run in order of their place.
func (l *locator) baselines(ctx context.Context, run plant.RunID) iter.Seq2[plant.Baseline, error] {
	return func(yield func(plant.Baseline, error) bool) {
		read := 0
		for b, err := range l.reader.Baselines(ctx, run) {
			if read += len(b.Observations); read > MaxBaselines {
				g := l.of(run)
				g.mu.Lock()
				g.untold = true
				g.mu.Unlock()
				return
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// leftOut is what was left out of some runs.
type leftOut struct{ rough, cut, untold bool }

// leftOut gives what was left out of the runs that are wanted.
func (l *locator) leftOut(wanted func(plant.RunID) bool) (out leftOut) {
	l.mu.Lock()
	runs := slices.Collect(maps.Values(l.runs))
	l.mu.Unlock()
	for _, g := range runs {
		if !wanted(g.run) {
			continue
		}
		g.mu.Lock()
		out.rough, out.cut, out.untold = out.rough || g.rough, out.cut || g.cut, out.untold || g.untold
		g.mu.Unlock()
	}
	return out
}

// untold reports whether baselines said more than is read.
func (l *locator) untold() bool { return l.leftOut(anyRun).untold }

// problem says for people what was left out; nothing where nothing was.
func (l *locator) problem() string { return l.leftOut(anyRun).problem() }

func anyRun(plant.RunID) bool { return true }

func (o leftOut) problem() string {
	var list []string
	if o.rough {
		list = append(list, "there are more gaps than the "+strconv.Itoa(MaxGapTimes)+" whose times are looked up: the others stand where they were noticed")
	}
	if o.cut {
		list = append(list, "a run of the agent has more gaps than the "+strconv.Itoa(MaxGaps)+" that are read: those behind them are left out")
	}
	if o.untold {
		list = append(list, "baselines of the agent say more than the "+strconv.Itoa(MaxBaselines)+" observations that are read: what it knew behind some gaps is left out")
	}
	return strings.Join(list, "; ")
}

// observationAt gives the observation of a run with a number, and whether it is
// stored.
func observationAt(ctx context.Context, r store.Reader, run plant.RunID, number int64) (o plant.Observation, ok bool, err error) {
	o, ok, err = firstObservation(ctx, r, run, number)
	return o, ok && o.Sequence == number, err
}

// firstObservation gives the first observation of a run from a number on, and
// whether there is one.
func firstObservation(ctx context.Context, r store.Reader, run plant.RunID, from int64) (o plant.Observation, ok bool, err error) {
	for o, err := range r.Observations(ctx, run, from) {
		return o, err == nil, err
	}
	return o, false, nil
}

// firstGap gives the first gap of a run from a number on, and whether there is
// one.
func firstGap(ctx context.Context, r store.Reader, run plant.RunID, from int64) (g plant.Gap, ok bool, err error) {
	for g, err := range r.Gaps(ctx, run, from) {
		return g, err == nil, err
	}
	return g, false, nil
}
