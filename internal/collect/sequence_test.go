package collect_test

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

// Observations are put into order whatever their numbers are: without a gap, as
// agents send them, with gaps, and with numbers that are there twice.
func TestSortBySequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(1, 1<<62).Draw(t, "first")
		n := rapid.IntRange(0, 50).Draw(t, "n")
		list := make([]plant.Observation, n)
		for i := range list {
			list[i] = plant.Observation{Sequence: first + int64(i), Item: plant.ItemID(i)}
		}
		for range rapid.IntRange(0, 2).Draw(t, "faults") {
			if n > 0 {
				list[rapid.IntRange(0, n-1).Draw(t, "at")].Sequence = first + rapid.Int64Range(0, 60).Draw(t, "number")
			}
		}
		list = rapid.Permutation(list).Draw(t, "list")
		want := slices.SortedFunc(slices.Values(list), func(a, b plant.Observation) int {
			return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Item, b.Item))
		})
		gapless := true
		for i := range want {
			gapless = gapless && want[i].Sequence == want[0].Sequence+int64(i)
		}
		if got := collect.SortBySequence(list); got != gapless {
			t.Errorf("gapless %v, want %v", got, gapless)
		}
		if diff := gocmp.Diff(want, list); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
