package simulate

import (
	"slices"
	"time"
)

// agenda runs what is due in the order of time, and what is due at the same
// time in the order in which it was entered. Times are microseconds since
// 1970-01-01 UTC. It is not safe for concurrent use.
type agenda struct {
	now int64
	// due is sorted with the next entry last: it is short (a machine has about
	// a dozen entries), so inserting beats a heap.
	due []entry
}

type entry struct {
	at int64
	do func()
}

// after enters what is to be done when d has passed.
func (a *agenda) after(d time.Duration, do func()) {
	at := a.now + max(0, d.Microseconds())
	i, _ := slices.BinarySearchFunc(a.due, at, func(e entry, at int64) int {
		if e.at > at {
			return -1
		}
		return 1
	})
	a.due = slices.Insert(a.due, i, entry{at, do})
}

// every does something now and then each time d has passed.
func (a *agenda) every(d time.Duration, do func()) {
	do()
	a.after(d, func() { a.every(d, do) })
}

// run does everything that is due before the time to, and goes to that time.
func (a *agenda) run(to int64) {
	for len(a.due) > 0 {
		next := a.due[len(a.due)-1]
		if next.at >= to {
			break
		}
		a.due = a.due[:len(a.due)-1]
		a.now = next.at
		next.do()
	}
	a.now = max(a.now, to)
}
