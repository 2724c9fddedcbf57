package sqlite_test

import (
	"math"
	"slices"
	"testing"

	"github.com/factorydash/factorydash/internal/store/block"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// TestMergeLooksNearby: a wild timestamp does not make Merge look at all that lies
// between it and the others.
func TestMergeLooksNearby(t *testing.T) {
	const span, now = block.MergeSpan, 1_700_000_000_000_000
	for _, test := range []struct {
		name        string
		added, want [][2]int64
	}{
		{"one", [][2]int64{{now, now + 5}}, [][2]int64{{now - span, now + 5 + span}}},
		{"neighbours", [][2]int64{{now + span, now + 2*span}, {now, now}}, [][2]int64{{now - span, now + 3*span}}},
		{"a wild timestamp", [][2]int64{{0, now}, {now, now + 9}}, [][2]int64{{-span, span}, {now - span, now + 9 + span}}},
		{
			"the ends of what a number holds",
			[][2]int64{{math.MinInt64, math.MaxInt64}},
			[][2]int64{{math.MinInt64, math.MinInt64 + span}, {math.MaxInt64 - span, math.MaxInt64}},
		},
	} {
		if got := sqlite.Around(test.added...); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
