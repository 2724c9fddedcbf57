package api

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// locator reads what one answer takes of the gap ledger: the gaps of runs, with the
// times between which observations are missing, and the baselines. What it reads is
// bounded, and problem says what was left out. It may be used by several goroutines.
type locator struct {
	reader store.Reader
	// from is where the range of the answer begins, for one in which it does not
	// matter when exactly a gap was that had been noticed before that.
	from int64

	mu sync.Mutex
	// known are the gaps that were looked up, by run and first number.
	known map[gapPosition]located
	runs  map[plant.RunID]*runGaps
	// rough is set where there are more than MaxGapTimes gaps, cut where a run has more
	// than MaxGaps, untold where its baselines say more than MaxBaselines.
	rough, cut, untold bool
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

// runGaps are the gaps of a run that begin at from or behind it and before to.
type runGaps struct {
	from, to int64
	list     []located
}

// newLocator makes one for an answer about a range; math.MinInt64 for one that needs
// the times of all gaps.
func newLocator(reader store.Reader, from int64) *locator {
	return &locator{reader: reader, from: from, known: make(map[gapPosition]located), runs: make(map[plant.RunID]*runGaps)}
}

// gaps gives the gaps of a run that begin at a number or behind it, in order: all up to
// another number, last, and those behind it up to the first that began at a time or
// later. What was lost behind that was lost later still, unless the agent's clock was
// put back.
func (l *locator) gaps(ctx context.Context, run plant.RunID, from, last, until int64) ([]located, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.runs[run]
	if found == nil || found.from > from {
		found = &runGaps{from: from, to: from}
		l.runs[run] = found
	}
	if err := l.readOn(ctx, run, found, last, until); err != nil {
		return nil, err
	}
	at, _ := slices.BinarySearchFunc(found.list, from, func(g located, from int64) int { return cmp.Compare(g.From, from) })
	return slices.Clip(found.list[at:]), nil
}

// readOn reads more gaps of a run, unless they are known as far as they are wanted.
func (l *locator) readOn(ctx context.Context, run plant.RunID, found *runGaps, last, until int64) error {
	done := func() bool {
		n := len(found.list)
		return n > 0 && found.list[n-1].From > last && found.list[n-1].Begin >= until
	}
	if found.to == math.MaxInt64 || done() {
		return nil
	}
	for g, err := range l.reader.Gaps(ctx, run, found.to) {
		if err != nil {
			return err
		}
		if len(found.list) == MaxGaps {
			l.cut = true
			break
		}
		of, err := l.look(ctx, g)
		if err != nil {
			return err
		}
		found.list, found.to = append(found.list, of), g.From+1
		if done() {
			return nil
		}
	}
	found.to = math.MaxInt64
	return nil
}

// locate finds the times of a gap.
func (l *locator) locate(ctx context.Context, g plant.Gap) (located, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.look(ctx, g)
}

func (l *locator) look(ctx context.Context, g plant.Gap) (located, error) {
	at := gapPosition{g.Run, g.From}
	if known, ok := l.known[at]; ok {
		return known, nil
	}
	noticed := g.Noticed.UnixMicro()
	found := located{Gap: g, Begin: noticed, End: noticed}
	switch {
	case noticed < l.from:
		return found, nil
	case len(l.known) == MaxGapTimes:
		l.rough = true
		return found, nil
	}
	before, stored, err := observationAt(ctx, l.reader, g.Run, g.From-1)
	if err != nil {
		return found, err
	}
	if found.End = math.MaxInt64; g.To != plant.OpenEnd {
		behind, ok, err := firstObservation(ctx, l.reader, g.Run, g.To+1)
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
	l.known[at] = found
	return found, nil
}

// baselines yields the baselines of a run in order of their place.
func (l *locator) baselines(ctx context.Context, run plant.RunID) iter.Seq2[plant.Baseline, error] {
	return func(yield func(plant.Baseline, error) bool) {
		read := 0
		for b, err := range l.reader.Baselines(ctx, run) {
			if read += len(b.Observations); read > MaxBaselines {
				l.mu.Lock()
				l.untold = true
				l.mu.Unlock()
				return
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// problem says for people what was left out; nothing where nothing was.
func (l *locator) problem() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	if l.rough {
		list = append(list, "there are more gaps than the "+strconv.Itoa(MaxGapTimes)+" whose times are looked up: the others stand where they were noticed")
	}
	if l.cut {
		list = append(list, "a run of the agent has more gaps than the "+strconv.Itoa(MaxGaps)+" that are read: those behind them are left out")
	}
	if l.untold {
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
