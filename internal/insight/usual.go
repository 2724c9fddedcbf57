package insight

import (
	"cmp"
	"slices"
)

// Usual gathers for how long a number was what, and tells which numbers are usual of
// it: each counts for as long as it held, as agents tell of changes only. The zero
// value is ready; it is not safe for concurrent use, and holds what it was given.
type Usual struct {
	held  []held
	total int64
}

// held is a number with for how long it held, in microseconds.
type held struct {
	number float64
	time   int64
}

// Add takes a number that held for so many microseconds; one that held for none
// counts nothing.
func (u *Usual) Add(number float64, time int64) {
	if time > 0 {
		u.held, u.total = append(u.held, held{number, time}), u.total+time
	}
}

// Held is for how long any number held, in microseconds.
func (u *Usual) Held() int64 { return u.total }

// At gives the smallest number that was not passed for at least the share p of the
// time (0 < p ≤ 1); 0 where none held.
func (u *Usual) At(p float64) float64 {
	slices.SortFunc(u.held, func(a, b held) int { return cmp.Compare(a.number, b.number) })
	below := int64(0)
	for _, h := range u.held {
		if below += h.time; float64(below) >= p*float64(u.total) {
			return h.number
		}
	}
	return 0
}
