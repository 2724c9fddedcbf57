package insight

import (
	"cmp"
	"math"
	"slices"
)

// quantileRoom is how many numbers a level of quantiles holds: as many are told
// exactly. It is even.
const quantileRoom = 1 << 17

// quantiles tells percentiles of any number of numbers in little memory: 1 MB for
// each doubling beyond quantileRoom. It keeps all numbers until they have no
// room; then they are sorted and every second one goes on to the next level, where
// it stands for two, and so on. Going on shifts the rank of a number by no more
// than what one number of the level stands for, so that with n numbers in l levels
// beyond the first no rank is wrong by more than l/quantileRoom of n: of 100
// million numbers, by no more than 0.01 %.
type quantiles struct {
	levels [][]float64
	// odd says for each level which half goes on next.
	odd []bool
}

// add takes a number.
func (q *quantiles) add(x float64) { q.push(0, x) }

func (q *quantiles) push(level int, x float64) {
	if level == len(q.levels) {
		q.levels, q.odd = append(q.levels, nil), append(q.odd, false)
	}
	q.levels[level] = append(q.levels[level], x)
	if len(q.levels[level]) < quantileRoom {
		return
	}
	full := q.levels[level]
	slices.Sort(full)
	first := 0
	if q.odd[level] {
		first = 1
	}
	q.odd[level] = !q.odd[level]
	for i := first; i < len(full); i += 2 {
		q.push(level+1, full[i])
	}
	q.levels[level] = full[:0]
}

// at gives the smallest number that at least the share p of all numbers (0 < p ≤
// 1) are not above; 0 where there are none.
func (q *quantiles) at(p float64) float64 {
	type weighed struct {
		x      float64
		weight int
	}
	var all []weighed
	total := 0
	for level, xs := range q.levels {
		for _, x := range xs {
			all = append(all, weighed{x, 1 << level})
		}
		total += len(xs) << level
	}
	slices.SortFunc(all, func(a, b weighed) int { return cmp.Compare(a.x, b.x) })
	rank := max(1, int(math.Ceil(p*float64(total))))
	for _, w := range all {
		if rank -= w.weight; rank <= 0 {
			return w.x
		}
	}
	return 0
}
