package collect

import (
	"cmp"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// sortBySequence puts observations into order of sequence, then item. It reports
// whether each number from the lowest to the highest is there once, as in nearly
// every document: then it takes linear time, since each observation has its place
// by its number.
func sortBySequence(list []plant.Observation) (gapless bool) {
	if place(list) {
		return true
	}
	slices.SortFunc(list, bySequence)
	return false
}

// place moves each observation to the place that its number gives it. It reports
// false, and leaves them in any order, where that is not one for each.
func place(list []plant.Observation) bool {
	if len(list) == 0 {
		return true
	}
	first, last := list[0].Sequence, list[0].Sequence
	for i := range list {
		first, last = min(first, list[i].Sequence), max(last, list[i].Sequence)
	}
	if last-first != int64(len(list)-1) {
		return false
	}
	for i := range list {
		for list[i].Sequence != first+int64(i) {
			at := list[i].Sequence - first
			if list[at].Sequence == list[i].Sequence {
				return false
			}
			list[i], list[at] = list[at], list[i]
		}
	}
	return true
}

func bySequence(a, b plant.Observation) int {
	return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Item, b.Item))
}
