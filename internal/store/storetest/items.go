package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

// testSeveralItems reads several items together, of two agents and two runs.
func testSeveralItems(t *testing.T, s Store) {
	a, b := newLine(t, s, "a", 3), newLine(t, s, "b", 1)
	var stored []plant.Observation
	commit := func(l *line, times ...int64) {
		t.Helper()
		batch := l.batch(numbers(len(times))...)
		for i := range times {
			batch.Observations[i].Time = times[i]
			batch.Observations[i].Item = l.items[i%len(l.items)].ID
		}
		l.commit(t, batch)
		stored = append(stored, batch.Observations...)
	}
	commit(a, 10, 10, 10, 30, 20, 10, 25, 40, 40)
	commit(b, 10, 35, 20)
	a.start(t, 2)
	commit(a, 20, 20, 5, 40, 10, 50)

	none := plant.ItemID(99_999)
	everything := []plant.ItemID{a.items[0].ID, a.items[1].ID, a.items[2].ID, b.items[0].ID}
	some := []plant.ItemID{b.items[0].ID, none, a.items[2].ID, a.items[0].ID, a.items[2].ID, b.items[0].ID}
	for _, items := range [][]plant.ItemID{everything, everything[:1], everything[1:3], some, {none}, {none, everything[3]}, nil} {
		for _, from := range []int64{math.MinInt64, 0, 5, 10, 11, 20, 25, 40, 41, 51, math.MaxInt64} {
			for _, to := range []int64{math.MinInt64, 10, 20, 25, 26, 41, math.MaxInt64} {
				for _, before := range []bool{false, true} {
					what := fmt.Sprintf("items %v, %d to %d, before %t", items, from, to, before)
					equal(t, what, all(t, s.ItemObservations(t.Context(), items, from, to, before)), ofItems(stored, items, from, to, before))
				}
			}
		}
	}
}

// testSeveralItemsInPages reads more of several items than a store may hold at
// once, with many of one time.
func testSeveralItemsInPages(t *testing.T, s Store) {
	const n, items = 30_000, 7
	l := newLine(t, s, "a", items)
	b := l.batch(numbers(n)...)
	var ids []plant.ItemID
	for _, it := range l.items {
		ids = append(ids, it.ID)
	}
	for i := range b.Observations {
		b.Observations[i].Item = ids[i%items]
		b.Observations[i].Time = int64(i) / 1_000 * 10
	}
	l.commit(t, b)
	for _, test := range []struct {
		from, to int64
		items    []plant.ItemID
	}{{0, math.MaxInt64, ids}, {100, 200, ids}, {7, 290, ids[2:5]}} {
		got := all(t, s.ItemObservations(t.Context(), test.items, test.from, test.to, true))
		if want := ofItems(b.Observations, test.items, test.from, test.to, true); !slices.Equal(got, want) {
			t.Errorf("items %v, %d to %d: %d observations, want %d, in order", test.items, test.from, test.to, len(got), len(want))
		}
	}
}

// testCommittedTogether reads several items while they are committed to: what
// was committed together is read together, and nothing is left out before it.
func testCommittedTogether(t *testing.T, s Store) {
	const items, commits, each = 3, 60, 20
	l := newLine(t, s, "a", items)
	var ids []plant.ItemID
	for _, it := range l.items {
		ids = append(ids, it.ID)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var reading sync.WaitGroup
	defer reading.Wait()
	for _, read := range []func() error{
		func() error { return readTogether(ctx, s, ids) },
		func() error { return knownTogether(ctx, s, ids) },
	} {
		reading.Go(func() {
			for ctx.Err() == nil {
				if err := read(); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
					return
				}
			}
		})
	}
	for range commits {
		b := l.batch(numbers(items * each)...)
		for i := range b.Observations {
			// One of each item at each time.
			b.Observations[i].Item = ids[i%items]
			b.Observations[i].Time = (b.Observations[i].Sequence - 1) / items
		}
		l.commit(t, b)
	}
	cancel()
	reading.Wait()
	if err := readTogether(t.Context(), s, ids); err != nil {
		t.Error(err)
	}
}

// readTogether reads the observations of items, all of which have one at each
// time from 0 on.
func readTogether(ctx context.Context, s Store, items []plant.ItemID) error {
	n := 0
	for o, err := range s.ItemObservations(ctx, items, 0, math.MaxInt64, true) {
		if err != nil {
			return err
		}
		if want := int64(n / len(items)); o.Time != want || o.Item != items[n%len(items)] {
			return fmt.Errorf("observation %d is of item %d and time %d, want item %d and time %d", n, o.Item, o.Time, items[n%len(items)], want)
		}
		n++
	}
	if n%len(items) != 0 {
		return fmt.Errorf("%d observations of %d items: some of a commit are missing", n, len(items))
	}
	return nil
}

// knownTogether reads what was known of such items at the end of all times.
func knownTogether(ctx context.Context, s Store, items []plant.ItemID) error {
	var known []plant.Observation
	for o, err := range s.ItemObservations(ctx, items, math.MaxInt64, math.MaxInt64, true) {
		if err != nil {
			return err
		}
		known = append(known, o)
	}
	if len(known) == 0 {
		return nil
	}
	for _, o := range known {
		if len(known) != len(items) || o.Time != known[0].Time {
			return fmt.Errorf("known together: %+v", known)
		}
	}
	return nil
}

// ofItems is what ItemObservations is to give of observations.
func ofItems(stored []plant.Observation, items []plant.ItemID, from, to int64, before bool) []plant.Observation {
	inTime := func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
	}
	ordered := slices.SortedFunc(slices.Values(stored), inTime)
	last := make(map[plant.ItemID]plant.Observation)
	var within []plant.Observation
	for _, o := range ordered {
		switch {
		case !slices.Contains(items, o.Item):
		case o.Time < from:
			last[o.Item] = o
		case o.Time < to:
			within = append(within, o)
		}
	}
	if !before {
		return within
	}
	var found []plant.Observation
	for _, o := range last {
		found = append(found, o)
	}
	slices.SortFunc(found, inTime)
	return append(found, within...)
}

// ofRun is what Observations is to give of observations.
func ofRun(stored []plant.Observation, run plant.RunID, sequence int64) []plant.Observation {
	var found []plant.Observation
	for _, o := range stored {
		if o.Run == run && o.Sequence >= sequence {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b plant.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return found
}
