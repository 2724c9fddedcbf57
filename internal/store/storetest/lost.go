package storetest

import (
	"iter"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Partitioned is a store whose rows lie in partitions.
type Partitioned struct {
	UpkeepStore
	// Next has what is committed from then on lie in another partition.
	Next func()
	// Lose drops the table of the partition with a place, from 1 on, by hand.
	Lose func(place int)
}

// RunLost loses a partition: that is told, reads that need it end with Damaged, and
// all else goes on, before and after the others are sealed.
func RunLost(t *testing.T, s Partitioned) {
	const hour, each = 3_600_000_000, 10
	a, b := newLine(t, s, "a", 1), newLine(t, s, "b", 1)
	begins := func(place int) int64 { return int64(3*place) * hour }
	// Between the second and the third are more numbers than anybody would take to
	// be lost with the second.
	far := int64(200_000)
	for place := range 3 {
		if place == 2 {
			a.commit(t, &store.Batch{Run: a.run.ID, Expect: 2*each + 1, Next: far, Gaps: []plant.Gap{{From: 2*each + 1, To: far - 1, Reason: plant.GapOverrun}}})
			b.commit(t, b.batch(numbers(each)...))
		}
		batch := a.batch(numbers(each)...)
		for i := range batch.Observations {
			batch.Observations[i].Time = begins(place) + int64(i)
		}
		a.commit(t, batch)
		s.Next()
	}
	s.Lose(2)
	items := []plant.ItemID{a.items[0].ID}
	check := func() {
		t.Helper()
		ctx := t.Context()
		for name, reads := range map[string]struct {
			needs, other iter.Seq2[plant.Observation, error]
		}{
			"the run":      {s.Observations(ctx, a.run.ID, 1), s.Observations(ctx, a.run.ID, far-each)},
			"the time":     {s.ItemObservations(ctx, items, 0, begins(2), false), s.ItemObservations(ctx, items, begins(2), begins(2)+each, false)},
			"the one time": {s.ItemObservations(ctx, items, begins(1), begins(1)+1, false), s.ItemObservations(ctx, items, 0, each, false)},
			"the last":     {s.ItemObservations(ctx, items, begins(2), begins(2), true), s.ItemObservations(ctx, items, begins(2)+1, begins(2)+each, true)},
			"the end":      {s.Observations(ctx, a.run.ID, 2*each-1), s.Observations(ctx, b.run.ID, 1)},
		} {
			var last error
			for _, err := range reads.needs {
				last = err
			}
			refused(t, name+" where rows are lost", last, plant.Damaged)
			if n := len(all(t, reads.other)); n != each {
				t.Errorf("%s: %d observations where none is lost, want %d", name, n, each)
			}
		}
	}
	check()
	told := func(f store.Fault) bool {
		return strings.HasPrefix(f.What, "partition ") && strings.Contains(f.Detail, "missing")
	}
	for name, faults := range map[string][]store.Fault{"faults": s.Faults(), "what Verify finds": all(t, s.Verify(t.Context()))} {
		n := 0
		for _, f := range faults {
			if told(f) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: %+v, want one of the partition", name, faults)
		}
	}
	if sealed := sealAll(t, s); sealed.Observations != 3*each {
		t.Errorf("sealed %+v, want what is left", sealed)
	}
	check()
	batch := a.batch(numbers(each)...)
	for i := range batch.Observations {
		batch.Observations[i].Time = begins(9) + int64(i)
	}
	a.commit(t, batch)
	equal(t, "what is committed behind it", len(all(t, s.ItemObservations(t.Context(), items, begins(9), begins(10), false))), each)
}
