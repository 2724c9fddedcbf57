package block

import (
	"math"

	"github.com/factorydash/factorydash/internal/plant"
)

// Bounds are where the rows of a run lie in a partition, for when its table is missing.
type Bounds struct{ FirstSequence, LastSequence, MinTime, MaxTime int64 }

const (
	// sequenceStep and timeStep are how wide bounds are drawn, so that few commits
	// change them: one in 65,536 observations of a run, and one an hour.
	sequenceStep = 1 << 16
	timeStep     = 3_600_000_000
)

// BoundsOf gives the bounds of observations in order of sequence, drawn wide. There is
// one observation at least.
func BoundsOf(observations []plant.Observation) Bounds {
	first, last := &observations[0], &observations[len(observations)-1]
	b := Bounds{first.Sequence, last.Sequence | (sequenceStep - 1), first.Time, first.Time}
	for i := range observations {
		b.MinTime, b.MaxTime = min(b.MinTime, observations[i].Time), max(b.MaxTime, observations[i].Time)
	}
	b.MinTime, b.MaxTime = hour(b.MinTime), hour(b.MaxTime)
	b.MaxTime += min(timeStep-1, math.MaxInt64-b.MaxTime)
	return b
}

// hour is the beginning of the hour of a time.
func hour(time int64) int64 {
	past := (time%timeStep + timeStep) % timeStep
	if time < math.MinInt64+past {
		return math.MinInt64
	}
	return time - past
}

// Cover reports whether other bounds lie within.
func (b Bounds) Cover(o Bounds) bool {
	return b.FirstSequence <= o.FirstSequence && b.LastSequence >= o.LastSequence && b.MinTime <= o.MinTime && b.MaxTime >= o.MaxTime
}

// Join gives the bounds of both.
func (b Bounds) Join(o Bounds) Bounds {
	return Bounds{
		min(b.FirstSequence, o.FirstSequence), max(b.LastSequence, o.LastSequence),
		min(b.MinTime, o.MinTime), max(b.MaxTime, o.MaxTime),
	}
}
