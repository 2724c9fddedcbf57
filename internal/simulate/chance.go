package simulate

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"
)

// chance is a stream of random numbers that belongs to one concern of one
// machine, so that nothing else can shift it.
type chance struct{ *rand.Rand }

// newChance makes the stream of a concern: equal for equal arguments.
func newChance(seed uint64, concern string) chance {
	h := sha256.Sum256([]byte(concern))
	return chance{rand.New(rand.NewPCG(seed, binary.BigEndian.Uint64(h[:])))}
}

// happens is true with probability p.
func (c chance) happens(p float64) bool { return c.Float64() < p }

// within is true with the probability that something that happens so many
// times a day happens within d.
func (c chance) within(d time.Duration, perDay float64) bool {
	return c.happens(1 - math.Exp(-perDay*d.Hours()/24))
}

// between is evenly spread over lo to hi.
func (c chance) between(lo, hi float64) float64 { return lo + (hi-lo)*c.Float64() }

// factor is log-normal around 1, kept within a quarter and four times.
func (c chance) factor(spread float64) float64 {
	return min(4, max(0.25, math.Exp(spread*c.NormFloat64())))
}

// about is a log-normal duration around a median.
func (c chance) about(median time.Duration, spread float64) time.Duration {
	return time.Duration(float64(median) * c.factor(spread)).Round(time.Millisecond)
}

// pick takes one of a list that is not empty.
func pick[T any](c chance, list []T) T { return list[c.IntN(len(list))] }
