package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

func testItemSummaries(t *testing.T, s Store) {
	const n = 9_000
	l := newLine(t, s, "a", 2)
	b := l.batch(numbers(n)...)
	var stored []plant.Observation
	commit := func(b *store.Batch) {
		l.commit(t, b)
		stored = append(stored, b.Observations...)
	}
	for i := range b.Observations {
		o := &b.Observations[i]
		o.Time = 10 * o.Sequence
		o.Value.Number = math.Sin(float64(i) / 100)
		if i > n/2 && i%50 == 0 {
			o.Value = plant.Value{} // unknown now and then
		}
		if i%900 == 0 {
			o.Item = l.items[1].ID
		}
	}
	commit(b)
	// Late ones, in between and at equal times, behind a gap.
	late := l.batch(numbers(100)...)
	late.Gaps = []plant.Gap{{From: late.Expect, To: late.Expect + 9, Reason: plant.GapOverrun}}
	late.Next += 10
	for i := range late.Observations {
		late.Observations[i].Sequence += 10
		late.Observations[i].Time = int64(i) * 777
	}
	commit(late)
	for _, q := range []summaryQuery{
		{from: math.MinInt64, to: math.MaxInt64, columns: 1, room: 4},
		{from: 0, to: 20 * n, columns: 10, room: 40},
		{from: 500, to: 5 * n, columns: 3, room: 12},
		{from: 500, to: 5 * n, columns: 3, room: n},
		{from: 0, to: 11 * n, columns: 1000, room: 4000},
		{from: 777, to: 778, columns: 10, room: 0},
		{from: 100, to: 100, columns: 10, room: 0},
		{from: 100, to: 0, columns: 10, room: 0},
	} {
		for _, it := range []plant.ItemID{l.items[0].ID, l.items[1].ID, 9_999} {
			q.item = it
			q.check(t, s, stored, late.Gaps)
		}
	}
	for _, err := range s.ItemSummaries(t.Context(), l.items[0].ID, 0, 10*n, 10, 40) {
		if err != nil {
			t.Errorf("the first summary: %v", err)
		}
		break
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.ItemSummaries(ended, l.items[0].ID, 0, 10*n, 10, 40) {
		if err == nil {
			t.Error("no error with a context that has ended")
		}
	}
}

// summaryQuery is what ItemSummaries is asked.
type summaryQuery struct {
	item          plant.ItemID
	from, to      int64
	columns, room int
}

// check holds what a store answers to the contract. gaps are those of the ledger,
// of one run.
func (q summaryQuery) check(t tester, s Store, stored []plant.Observation, gaps []plant.Gap) {
	t.Helper()
	want := ofItems(stored, []plant.ItemID{q.item}, q.from, q.to, true)
	numbers, n := 0, 0
	for _, o := range want {
		if o.Time >= q.from && o.Alarm == nil && o.Value.Kind == plant.Number {
			numbers++
		}
	}
	for sum, err := range s.ItemSummaries(t.Context(), q.item, q.from, q.to, q.columns, q.room) {
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if sum.Count < 1 || sum.Count > len(want)-n {
			t.Fatalf("%+v: a summary of %d where %d observations are left", q, sum.Count, len(want)-n)
		}
		of := want[n : n+sum.Count]
		if fault := q.fault(sum, of, gaps, numbers); fault != "" {
			t.Fatalf("%+v: summary of observations %d to %d: %s", q, n, n+sum.Count-1, fault)
		}
		n += sum.Count
	}
	if n != len(want) {
		t.Errorf("%+v: summaries of %d observations, want %d", q, n, len(want))
	}
}

// fault says what is wrong with a summary of observations of a range that has so
// many numbers; it is empty where nothing is.
func (q summaryQuery) fault(sum plant.Summary, of []plant.Observation, gaps []plant.Gap, numbers int) string {
	want := plant.Single(of[0])
	if len(of) > 1 {
		low, high := 0, 0
		for i, o := range of {
			if o.Value.Number < of[low].Value.Number {
				low = i
			}
			if o.Value.Number > of[high].Value.Number {
				high = i
			}
		}
		want = plant.Summary{
			Count: len(of), First: of[0], Last: of[len(of)-1],
			Low: of[low], LowAt: low, High: of[high], HighAt: high,
		}
	}
	if diff := cmp.Diff(want, sum, sameBits); diff != "" {
		return "(-want +got):\n" + diff
	}
	if len(of) == 1 {
		return ""
	}
	if numbers <= q.room {
		return fmt.Sprintf("there is room for all %d numbers", numbers)
	}
	width := (uint64(q.to)-uint64(q.from)-1)/uint64(q.columns) + 1
	first := (uint64(of[0].Time) - uint64(q.from)) / width
	for _, o := range of {
		switch {
		case o.Alarm != nil || o.Value.Kind != plant.Number:
			return fmt.Sprintf("%+v is no number", o)
		case o.Time < q.from || (uint64(o.Time)-uint64(q.from))/width != first:
			return "it reaches out of a column"
		case o.Run != of[0].Run:
			return "it is of two runs"
		case slices.ContainsFunc(gaps, func(g plant.Gap) bool {
			return g.Run == o.Run && (g.From > of[0].Sequence) != (g.From > o.Sequence)
		}):
			return "a gap lies in it"
		}
	}
	return ""
}
