package postgres

import (
	"math"
	"sync/atomic"
)

// pace is how densely the rows of items that are read together lie in time: what
// the last read has met, since the next one is most likely of the same machine or
// of one like it. The zero pace is good.
type pace struct{ bits atomic.Uint64 }

const (
	// startPace is rows a microsecond before anything was read, and lowestPace what
	// it does not fall below: one in the whole of time.
	startPace  = 10.0 / 1e6
	lowestPace = 1 / (1 << 64)
	// paceSlack is how many times as long as the rows wanted should take a span is,
	// so that most often one is enough.
	paceSlack = 1.5
	// paceFall is how many times as long the next span is behind one without rows.
	paceFall = 8
)

func (p *pace) density() float64 {
	if d := math.Float64frombits(p.bits.Load()); d > 0 {
		return d
	}
	return startPace
}

// end gives where a span ends that begins at from and should have so many rows: at
// to at the latest.
func (p *pace) end(from, to int64, rows int) int64 {
	span := paceSlack * float64(rows) / p.density()
	if span >= float64(uint64(to)-uint64(from)) {
		return to
	}
	return int64(uint64(from) + uint64(max(span, 1))) // It may be longer than an int64 holds.
}

// note takes note that there are so many rows from one time to another.
func (p *pace) note(rows int, from, to int64) {
	density := p.density() / paceFall
	if rows > 0 {
		density = float64(rows) / max(float64(uint64(to)-uint64(from)), 1)
	}
	p.bits.Store(math.Float64bits(max(density, lowestPace)))
}
