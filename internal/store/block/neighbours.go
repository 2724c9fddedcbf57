package block

import (
	"cmp"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// Period is some time of an item: From up to but not including To.
type Period struct {
	Item     plant.ItemID
	From, To int64
}

// Around gives the periods in which blocks lie that may be worth merging with new
// ones, of which the periods are given: as far as MergeSpan from where one of these
// begins or ends. What lies between is not looked at: one wild timestamp would make
// that all there is.
func Around(added []Period) []Period {
	near := make([]Period, 0, 2*len(added))
	for _, p := range added {
		for _, at := range [...]int64{p.From, p.To} {
			n := Period{p.Item, at - MergeSpan, at + MergeSpan}
			if n.From > at { // at the ends of what a number holds
				n.From = math.MinInt64
			}
			if n.To < at {
				n.To = math.MaxInt64
			}
			near = append(near, n)
		}
	}
	slices.SortFunc(near, func(a, b Period) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.From, b.From))
	})
	var joined []Period
	for _, n := range near {
		if last := len(joined) - 1; last >= 0 && n.Item == joined[last].Item && n.From <= joined[last].To {
			joined[last].To = max(joined[last].To, n.To)
		} else {
			joined = append(joined, n)
		}
	}
	return joined
}
