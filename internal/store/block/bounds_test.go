package block_test

import (
	"math"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// Bounds of observations of any time hold them, and are not much wider.
func TestBounds(t *testing.T) {
	const hour = int64(time.Hour / time.Microsecond)
	for _, at := range []int64{0, 1, hour - 1, hour, -1, -hour, -hour - 1, math.MinInt64, math.MaxInt64} {
		b := block.BoundsOf([]plant.Observation{{Sequence: 1, Time: at}})
		if b.MinTime > at || b.MaxTime < at || at-b.MinTime >= hour || b.MaxTime-at >= hour {
			t.Errorf("time %d has the bounds %d and %d", at, b.MinTime, b.MaxTime)
		}
	}
}
