package storetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

func testItemObservations(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLine(t, s, "a", 2)
	b := l.batch(numbers(9)...)
	// Sequence:             1   2   3   4   5   6   7   8   9
	for i, time := range []int64{10, 20, 30, 30, 25, 30, 50, -5, 40} {
		b.Observations[i].Time = time
	}
	b.Observations[6].Item = l.items[1].ID
	l.commit(t, b)
	item := l.items[0].ID
	for _, test := range []struct {
		name     string
		from, to int64
		before   bool
		want     []int64
	}{
		{"all in order of time, then sequence", math.MinInt64, math.MaxInt64, false, []int64{8, 1, 2, 5, 3, 4, 6, 9}},
		{"from is within, to is not", 20, 30, false, []int64{2, 5}},
		{"the last before in front", 30, 40, true, []int64{5, 3, 4, 6}},
		{"the last before, of several at one time", 31, 35, true, []int64{6}},
		{"none before", -5, 11, true, []int64{8, 1}},
		{"nothing", 41, 60, false, nil},
		{"nothing but the last before", 41, 60, true, []int64{9}},
		{"empty range", 30, 30, false, nil},
		{"range upside down", 30, 10, false, nil},
	} {
		got := all(t, s.ItemObservations(ctx, []plant.ItemID{item}, test.from, test.to, test.before))
		equal(t, test.name, sequences(got), test.want)
	}
	equal(t, "the other item", sequences(all(t, s.ItemObservations(ctx, []plant.ItemID{l.items[1].ID}, 0, 100, true))), []int64{7})
	equal(t, "unknown item", all(t, s.ItemObservations(ctx, []plant.ItemID{999}, 0, 100, true)), nil)
}

// testItemPages reads more than a store may hold at once, most of it at one
// time.
func testItemPages(t *testing.T, s Store) {
	const n = 12_000
	l := newLine(t, s, "a", 1)
	b := l.batch(numbers(n)...)
	for i := range b.Observations {
		b.Observations[i].Time = int64(i) / 7_000
	}
	l.commit(t, b)
	if got := all(t, s.ItemObservations(t.Context(), []plant.ItemID{l.items[0].ID}, 0, 9, true)); !slices.Equal(got, b.Observations) {
		t.Errorf("%d observations, want %d, in order", len(got), n)
	}
	equal(t, "of one time", len(all(t, s.ItemObservations(t.Context(), []plant.ItemID{l.items[0].ID}, 1, 2, true))), n-7_000+1)
}

func testItemOverRuns(t *testing.T, s Store) {
	l := newLine(t, s, "a", 1)
	var want []plant.Observation
	for instance := range uint64(3) {
		b := l.batch(numbers(2)...)
		l.commit(t, b)
		want = append(want, b.Observations...)
		l.start(t, 100-instance)
	}
	// The times 1 and 2 in each run.
	want = []plant.Observation{want[0], want[2], want[4], want[1], want[3], want[5]}
	equal(t, "observations", all(t, s.ItemObservations(t.Context(), []plant.ItemID{l.items[0].ID}, 0, 9, true)), want)
}

func testObservations(t *testing.T, s Store) {
	ctx := t.Context()
	const n = 11_000
	l := newLine(t, s, "a", 3)
	equal(t, "observations of a run without any", l.observations(t), nil)
	b := l.batch(numbers(n)...)
	for i := range b.Observations {
		b.Observations[i].Item = l.items[i%3].ID
		b.Observations[i].Time = int64(n - i)
	}
	b.Next += 5
	b.Gaps = []plant.Gap{{From: n + 1, To: n + 5, Reason: plant.GapOverrun}}
	l.commit(t, b)
	late := l.batch(numbers(2)...)
	l.commit(t, late)
	want := slices.Concat(b.Observations, late.Observations)
	if got := l.observations(t); !slices.Equal(got, want) {
		t.Errorf("all: %d observations, want %d", len(got), len(want))
	}
	for _, from := range []int64{math.MinInt64, 0, 1, 2, 4_999, 5_000, 5_001, 10_999, n, n + 1, n + 5, n + 6, n + 7, n + 8, math.MaxInt64} {
		var rest []plant.Observation
		for i, o := range want {
			if o.Sequence >= from {
				rest = want[i:]
				break
			}
		}
		got := all(t, s.Observations(ctx, l.run.ID, from))
		if !slices.Equal(got, rest) {
			t.Errorf("from %d on: %d observations, want %d", from, len(got), len(rest))
		}
	}
	equal(t, "unknown run", all(t, s.Observations(ctx, 999, 0)), nil)
}

func testInterleaved(t *testing.T, s Store) {
	busy, quiet := newLine(t, s, "busy", 1), newLine(t, s, "quiet", 1)
	var want []int64
	for range 20 {
		busy.commit(t, busy.batch(numbers(997)...))
		want = append(want, quiet.run.Next)
		quiet.commit(t, quiet.batch(numbers(1)...))
	}
	equal(t, "quiet run", sequences(quiet.observations(t)), want)
	equal(t, "quiet run from 7", sequences(all(t, s.Observations(t.Context(), quiet.run.ID, 7))), want[6:])
	got := sequences(all(t, s.Observations(t.Context(), busy.run.ID, 5_000)))
	if len(got) != 20*997-4_999 || got[0] != 5_000 || got[len(got)-1] != 20*997 {
		t.Errorf("busy run from 5000: %d observations from %d", len(got), got[0])
	}
}

// testEarlyStop stops reading many times: what a store holds for a read must be
// free again.
func testEarlyStop(t *testing.T, s Store) {
	l := newLine(t, s, "a", 1)
	l.commit(t, l.batch(numbers(6_000)...))
	for range 10 {
		n := 0
		for o, err := range s.Observations(t.Context(), l.run.ID, 0) {
			if n++; err != nil || o.Sequence != int64(n) {
				t.Fatalf("observation %d: %+v, %v", n, o, err)
			}
			if n == 3 {
				break
			}
		}
		for _, err := range s.ItemObservations(t.Context(), []plant.ItemID{l.items[0].ID}, 0, math.MaxInt64, true) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	l.commit(t, l.batch(numbers(1)...))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range s.Observations(ctx, l.run.ID, 0) {
		cancel()
		n++
		last = err
	}
	if !errors.Is(last, context.Canceled) || n > 6_000 {
		t.Errorf("reading with a context that ends: %v after %d observations", last, n)
	}
}

// testWriteWhileReading commits from within a read of the same run.
func testWriteWhileReading(t *testing.T, s Store) {
	l := newLine(t, s, "a", 1)
	l.commit(t, l.batch(numbers(100)...))
	n := 0
	for o, err := range s.Observations(t.Context(), l.run.ID, 0) {
		if n++; err != nil || o.Sequence != int64(n) {
			t.Fatalf("observation %d: %+v, %v", n, o, err)
		}
		if n <= 50 {
			l.commit(t, l.batch(numbers(1)...))
			l.stored(t)
		}
	}
	if n < 100 || n > 150 {
		t.Errorf("read %d observations, want the 100 that were there and at most 50 more", n)
	}
}

// testLongRows reads a run whose rows have long texts: what a view gives of them at
// once is bounded, and the run is read whole.
func testLongRows(t *testing.T, s Store) {
	const n, size = 12, 1 << 20
	l := newLine(t, s, "a", 1)
	var want []plant.Observation
	for i := range n {
		b := l.batch(plant.Value{Kind: plant.Text, Text: strings.Repeat(string(rune('a'+i)), size)})
		l.commit(t, b)
		want = append(want, b.Observations...)
	}
	err := s.(block.Source).View(t.Context(), func(v block.View) error {
		rows, more, err := v.RowsBySequence(t.Context(), l.run.ID, 1, n+1)
		if len(rows) == 0 || len(rows) > n/2 || !more {
			t.Errorf("%d rows of %d bytes at once, and others: %t", len(rows), size, more)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "observations", l.observations(t), want)
}
