package collect

import (
	"math/rand/v2"
	"time"
)

// backoff gives the pauses between attempts: twice as long with every failure
// in a row, within least and most, less up to half at random, so that many
// agents that went away together are not asked together.
type backoff struct {
	least, most time.Duration
	pause       time.Duration
}

// next gives the pause after a failure.
func (b *backoff) next() time.Duration {
	b.pause = min(max(2*b.pause, b.least), b.most)
	return b.pause - rand.N(b.pause/2+1)
}

// reset makes the next pause the shortest again.
func (b *backoff) reset() { b.pause = 0 }
