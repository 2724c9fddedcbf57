package collect

import (
	"fmt"
	"slices"
	"sort"

	"github.com/factorydash/factorydash/internal/plant"
)

// maxWaiting is how many observations of documents that overlap may wait for what
// comes before them.
const maxWaiting = 1 << 20

// waiting are observations out of documents that are read in the order of their
// first numbers, for as long as a further document may have one that comes before
// them. Each number is there once.
type waiting struct {
	// whole are those out of documents without a hole between their first and last
	// number, sparse those out of the others: answers to a current or to a request
	// with a filter.
	whole, sparse []plant.Observation
}

// add takes in the observations of a document. Two documents without holes that
// differ on a number are not of one run.
func (w *waiting) add(p *page) error {
	into, list := &w.whole, p.observations
	if !p.gapless {
		into = &w.sparse
		list = slices.CompactFunc(list, func(a, b plant.Observation) bool { return a.Sequence == b.Sequence })
	}
	merged, differs := union(*into, list)
	if differs > 0 && p.gapless {
		return plant.Errorf(plant.Invalid, "it has other content for sequence %d than a document before it: documents of two runs of the agent with the same instanceId are imported as two agents", differs)
	}
	*into = merged
	if n := len(w.whole) + len(w.sparse); n > maxWaiting {
		return fmt.Errorf("%d observations of documents that overlap wait for what comes before them: at most %d may", n, maxWaiting)
	}
	return nil
}

// before takes out the observations before a number. Where several documents have
// one, that out of one without holes counts: a current gives a data set as a whole
// and not its change. whole is set where all are out of such.
func (w *waiting) before(limit int64) (list []plant.Observation, whole bool) {
	list, w.whole = split(w.whole, limit)
	sparse, rest := split(w.sparse, limit)
	w.sparse = rest
	merged, _ := union(list, sparse)
	return merged, len(sparse) == 0
}

// split gives the observations of a list before a number, in memory of their own,
// and the rest.
func split(list []plant.Observation, limit int64) (before, rest []plant.Observation) {
	i := sort.Search(len(list), func(i int) bool { return list[i].Sequence >= limit })
	if i == len(list) {
		return list, nil
	}
	return slices.Clone(list[:i]), list[i:]
}

// union gives the observations of two lists, each of which has a number once, in
// order of sequence, from a where both have it. differs is the first number on which they
// differ, 0 where there is none.
func union(a, b []plant.Observation) (all []plant.Observation, differs int64) {
	if len(a) == 0 {
		return b, 0
	}
	if len(b) == 0 {
		return a, 0
	}
	all = make([]plant.Observation, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].Sequence < b[0].Sequence:
			all, a = append(all, a[0]), a[1:]
		case a[0].Sequence > b[0].Sequence:
			all, b = append(all, b[0]), b[1:]
		default:
			if differs == 0 && !same(&a[0], &b[0]) {
				differs = a[0].Sequence
			}
			b = b[1:]
		}
	}
	return append(append(all, a...), b...), differs
}

// same reports whether two observations say the same.
func same(a, b *plant.Observation) bool {
	if a.Item != b.Item || a.Time != b.Time || a.Value != b.Value || a.Extra != b.Extra {
		return false
	}
	if a.Alarm == nil || b.Alarm == nil {
		return a.Alarm == b.Alarm
	}
	return *a.Alarm == *b.Alarm
}
