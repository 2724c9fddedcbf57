package store

import (
	"cmp"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// Check reports what is wrong with a batch by itself, as Invalid. Every store
// calls it before it looks at what it holds.
func (b *Batch) Check() error {
	if err := checkRuns(b); err != nil {
		return err
	}
	next, err := Account(b.Expect, b.Observations, b.Gaps, b.Freed)
	if err != nil {
		return err
	}
	if next != b.Next {
		return plant.Errorf(plant.Invalid, "batch of run %d from %d: it accounts for the sequence numbers before %d and not for those before its next, %d", b.Run, b.Expect, next, b.Next)
	}
	if err := checkBaseline(b); err != nil {
		return err
	}
	for i := range b.Observations {
		if err := checkValue(&b.Observations[i]); err != nil {
			return err
		}
	}
	for i := range b.Latest {
		if err := checkLatest(&b.Latest[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkRuns refuses what names another run than the batch's.
func checkRuns(b *Batch) error {
	check := func(what string, sequence int64, run plant.RunID) error {
		if run == 0 || run == b.Run {
			return nil
		}
		return plant.Errorf(plant.Invalid, "%s at sequence %d is of run %d and not of the batch's run %d", what, sequence, run, b.Run)
	}
	for i := range b.Baseline {
		if err := check("baseline", b.Baseline[i].Sequence, b.Baseline[i].Run); err != nil {
			return err
		}
	}
	for i := range b.Observations {
		if err := check("observation", b.Observations[i].Sequence, b.Observations[i].Run); err != nil {
			return err
		}
	}
	for i := range b.Gaps {
		if err := check("gap", b.Gaps[i].From, b.Gaps[i].Run); err != nil {
			return err
		}
	}
	for i := range b.Latest {
		if err := check("latest", b.Latest[i].Sequence, b.Latest[i].Run); err != nil {
			return err
		}
	}
	for i := range b.States {
		if err := check("state", b.States[i].Sequence, b.States[i].Run); err != nil {
			return err
		}
	}
	return nil
}

// checkBaseline refuses what a baseline at the batch's next number cannot hold.
func checkBaseline(b *Batch) error {
	if len(b.Baseline) > 0 && len(b.Observations) > 0 {
		return plant.Errorf(plant.Invalid, "baseline at %d: the batch has observations too: they belong into one of their own", b.Next)
	}
	last := int64(1)
	for i := range b.Baseline {
		o := &b.Baseline[i]
		if o.Sequence < last || o.Sequence >= b.Next {
			return plant.Errorf(plant.Invalid, "baseline at %d: an observation with sequence %d stands where %d to %d is due", b.Next, o.Sequence, last, b.Next-1)
		}
		last = o.Sequence
		if err := checkValue(o); err != nil {
			return err
		}
	}
	return nil
}

// Account goes through the sequence numbers from first on, each of which is to
// be in the observations once or in one of the gaps, but for as many as freed, and
// gives the first number behind them all. Invalid where another one is missing, or
// one is there twice.
func Account(first int64, observations []plant.Observation, gaps []plant.Gap, freed int64) (next int64, err error) {
	if first < 1 {
		return 0, plant.Errorf(plant.Invalid, "sequence %d: the first sequence number is 1 or more", first)
	}
	if freed < 0 {
		return 0, plant.Errorf(plant.Invalid, "%d numbers that were freed: it is 0 or more", freed)
	}
	gaps = slices.SortedFunc(slices.Values(gaps), func(a, b plant.Gap) int { return cmp.Compare(a.From, b.From) })
	next = first
	// reach takes the numbers before at to be freed, as far as there are any.
	reach := func(at int64) bool {
		if at < next || at-next > freed {
			return false
		}
		freed -= at - next
		next = at
		return true
	}
	pass := func(before int64) error {
		for len(gaps) > 0 && gaps[0].From < before {
			g := gaps[0]
			if !reach(g.From) {
				return plant.Errorf(plant.Invalid, "gap %v stands where %d is due", g, next)
			}
			if g.To < g.From || g.To == math.MaxInt64 {
				return plant.Errorf(plant.Invalid, "gap %v: it ends at its beginning or later, and before 2^63−1", g)
			}
			next, gaps = g.To+1, gaps[1:]
		}
		return nil
	}
	for i := range observations {
		sequence := observations[i].Sequence
		if err := pass(sequence); err != nil {
			return 0, err
		}
		if sequence == math.MaxInt64 || !reach(sequence) {
			return 0, plant.Errorf(plant.Invalid, "observation with sequence %d stands where %d is due", sequence, next)
		}
		next++
	}
	if err := pass(math.MaxInt64); err != nil {
		return 0, err
	}
	if len(gaps) > 0 || freed > math.MaxInt64-next {
		return 0, plant.Errorf(plant.Invalid, "sequence numbers end before 2^63−1")
	}
	return next + freed, nil
}

// SplitGaps tells the gaps that StartRun is given: those of the new run, and the
// open end of the run before it, one gap at most. Invalid where one is neither.
func SplitGaps(before plant.RunID, gaps []plant.Gap) (own, end []plant.Gap, err error) {
	for _, g := range gaps {
		switch {
		case g.Run == 0:
			own = append(own, g)
		case g.Run == before && g.To == plant.OpenEnd && end == nil:
			end = append(end, g)
		default:
			return nil, nil, plant.Errorf(plant.Invalid, "gap %v of run %d: a gap is of the new run (0), or it is the one open end of the run before (%d)", g, g.Run, before)
		}
	}
	return own, end, nil
}

func checkLatest(l *plant.Latest) error {
	for _, active := range l.Active {
		if active.Alarm != nil && !active.Alarm.ValidText() {
			return plant.Errorf(plant.Invalid, "latest of item %d: the text of an active alarm is not UTF-8", l.Item)
		}
	}
	return checkValue(&l.Observation)
}

// checkValue refuses numbers that are none: the file would keep them as
// unknown. And text beyond the value that is not UTF-8: a row would keep it
// changed, and a block as it is.
func checkValue(o *plant.Observation) error {
	if n := o.Value.Number; o.Value.Kind == plant.Number && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return plant.Errorf(plant.Invalid, "observation with sequence %d: %v is no finite number; keep it as text", o.Sequence, n)
	}
	if !o.ValidText() {
		return plant.Errorf(plant.Invalid, "observation with sequence %d: the text of its alarm or its extra is not UTF-8", o.Sequence)
	}
	if o.Value.Kind > plant.Set {
		return plant.Errorf(plant.Invalid, "observation with sequence %d: there is no kind of value %d", o.Sequence, o.Value.Kind)
	}
	return nil
}
