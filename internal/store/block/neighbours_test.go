package block_test

import (
	"math"
	"slices"
	"testing"

	"github.com/factorydash/factorydash/internal/store/block"
)

// A wild timestamp does not make a store look at all that lies between it and the
// others.
func TestAround(t *testing.T) {
	const span, now = block.MergeSpan, 1_700_000_000_000_000
	for _, test := range []struct {
		name        string
		added, want []block.Period
	}{
		{"one", []block.Period{{1, now, now + 5}}, []block.Period{{1, now - span, now + 5 + span}}},
		{"neighbours", []block.Period{{1, now + span, now + 2*span}, {1, now, now}}, []block.Period{{1, now - span, now + 3*span}}},
		{"a wild timestamp", []block.Period{{1, 0, now}, {1, now, now + 9}}, []block.Period{{1, -span, span}, {1, now - span, now + 9 + span}}},
		{
			"the ends of what a number holds",
			[]block.Period{{1, math.MinInt64, math.MaxInt64}},
			[]block.Period{{1, math.MinInt64, math.MinInt64 + span}, {1, math.MaxInt64 - span, math.MaxInt64}},
		},
	} {
		if got := block.Around(test.added); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
