package block_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// reads are the ways to read items 1 and 2, which are all of run 1; each gives
// how many observations came before the error.
var reads = map[string]func(ctx context.Context, m *memory) (int, error){
	"ItemObservations": func(ctx context.Context, m *memory) (int, error) {
		return count(block.ItemObservations(ctx, m, []plant.ItemID{1, 2}, 500, math.MaxInt64, true))
	},
	"RunObservations": func(ctx context.Context, m *memory) (int, error) {
		return count(block.RunObservations(ctx, m, 1, 0))
	},
	"ItemSummaries": func(ctx context.Context, m *memory) (int, error) {
		return count(block.ItemSummaries(ctx, m, 1, 500, 50_000, 3, 10))
	},
}

// count counts what comes before the first error, behind which nothing may come.
func count[T any](sequence iter.Seq2[T, error]) (n int, err error) {
	for _, e := range sequence {
		if err != nil {
			return n, fmt.Errorf("it goes on after %w", err)
		}
		if err = e; err == nil {
			n++
		}
	}
	return n, err
}

// twoItems is a store of two items of one run, most of it in blocks, some of which
// leave their times to a clock.
func twoItems(t *testing.T) *memory {
	m := newMemory()
	m.wind(numbersOf(1, 2_000, 2_001, 1))
	for item := range int64(2) {
		all := numbersOf(plant.ItemID(item+1), 3_000, item+1, 2)
		m.seal(t, all[:2_500], 300)
		m.rows = append(m.rows, all[2_500:]...)
	}
	return m
}

func TestViewFails(t *testing.T) {
	broken := errors.New("broken")
	for name, readAll := range reads {
		m := twoItems(t)
		if n, err := readAll(t.Context(), m); err != nil || n == 0 {
			t.Fatalf("%s: %d observations, %v", name, n, err)
		}
		used := maps.Clone(m.calls)
		for method, calls := range used {
			for nth := range calls {
				m.fail = func(called string) error {
					if called == method {
						if nth--; nth < 0 {
							return broken
						}
					}
					return nil
				}
				if _, err := readAll(t.Context(), m); !errors.Is(err, broken) {
					t.Errorf("%s with a %s that fails: %v", name, method, err)
				}
			}
		}
		if len(used) < 4 {
			t.Errorf("%s uses %v only", name, used)
		}
	}
}

func TestReadCanceled(t *testing.T) {
	for name, readAll := range reads {
		m := twoItems(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if n, err := readAll(ctx, m); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that has ended: %d observations, %v", name, n, err)
		}
		// In the middle of it.
		ctx, cancel = context.WithCancel(t.Context())
		m.fail = func(method string) error {
			if method == "Data" {
				cancel()
			}
			return nil
		}
		if _, err := readAll(ctx, m); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that ends: %v", name, err)
		}
		cancel()
	}
}

func TestDamagedBlock(t *testing.T) {
	for name, readAll := range reads {
		for what, damaged := range map[string]func(data []byte) []byte{
			"gone":    func([]byte) []byte { return nil },
			"empty":   func([]byte) []byte { return []byte{} },
			"changed": func(data []byte) []byte { data[len(data)/2] ^= 4; return data },
		} {
			m := twoItems(t)
			// The block that the beginning of the range lies in.
			i := slices.IndexFunc(m.blocks, func(b block.Meta) bool { return b.Item == 1 && b.MaxTime > 500 })
			id := m.blocks[i].ID
			m.data[id] = damaged(slices.Clone(m.data[id]))
			_, err := readAll(t.Context(), m)
			var of damage
			if plant.ErrorCode(err) != plant.Damaged || !errors.As(err, &of) || block.ID(of) != id {
				t.Errorf("%s with a block that is %s: %v", name, what, err)
			}
		}
	}
	// What does not need it can be read.
	m := twoItems(t)
	m.data[m.blocks[0].ID] = nil
	if n, err := count(block.ItemObservations(t.Context(), m, []plant.ItemID{2}, 0, math.MaxInt64, true)); n != 3_000 || err != nil {
		t.Errorf("another item: %d observations, %v", n, err)
	}
	last := m.blocks[0].MaxTime
	if _, err := count(block.ItemObservations(t.Context(), m, []plant.ItemID{1}, last+1, math.MaxInt64, false)); err != nil {
		t.Errorf("another range: %v", err)
	}
}

// A damaged clock is the damage of the blocks that need it, and of nothing else.
func TestDamagedClock(t *testing.T) {
	for what, damaged := range map[string]func(m *memory){
		"gone":         func(m *memory) { m.clocks = nil },
		"without data": func(m *memory) { m.data[m.clocks[0].ID] = nil },
		"changed":      func(m *memory) { m.data[m.clocks[0].ID][9] ^= 4 },
		"of others":    func(m *memory) { m.clocks[0].FirstSequence++ },
	} {
		m := twoItems(t)
		damaged(m)
		for name, readAll := range reads {
			if _, err := readAll(t.Context(), m); plant.ErrorCode(err) != plant.Damaged || !strings.Contains(err.Error(), "clock") {
				t.Errorf("%s with a clock that is %s: %v", name, what, err)
			}
		}
		for _, times := range [][2]int64{{0, 24_000}, {36_010, math.MaxInt64}} {
			if n, err := count(block.ItemObservations(t.Context(), m, []plant.ItemID{1}, times[0], times[1], false)); n == 0 || err != nil {
				t.Errorf("%d to %d beside a clock that is %s: %d observations, %v", times[0], times[1], what, n, err)
			}
		}
	}
}

// TestDamagedSummary reads a block the summary of which is wrong.
func TestDamagedSummary(t *testing.T) {
	m := twoItems(t)
	for i := range m.blocks {
		m.blocks[i].Summary = []byte{0xff}
	}
	for name, read := range map[string]func() (int, error){
		"chart": func() (int, error) {
			return count(block.ItemSummaries(t.Context(), m, 1, 0, math.MaxInt64, 1, 10))
		},
		"what was known": func() (int, error) {
			return count(block.ItemObservations(t.Context(), m, []plant.ItemID{1}, 49_000, 49_000, true))
		},
	} {
		if n, err := read(); n != 0 || plant.ErrorCode(err) != plant.Damaged {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// TestNoViewIsHeld stops at each observation and looks whether a view is open.
func TestNoViewIsHeld(t *testing.T) {
	m := twoItems(t)
	n := 0
	for _, err := range block.ItemObservations(t.Context(), m, []plant.ItemID{1, 2}, 0, math.MaxInt64, true) {
		if n++; err != nil || m.open {
			t.Fatalf("observation %d of items: a view is open %t, %v", n, m.open, err)
		}
	}
	for _, err := range block.RunObservations(t.Context(), m, 1, 0) {
		if n++; err != nil || m.open {
			t.Fatalf("observation %d of a run: a view is open %t, %v", n, m.open, err)
		}
	}
	for _, err := range block.ItemSummaries(t.Context(), m, 1, 0, 70_000, 10, 40) {
		if n++; err != nil || m.open {
			t.Fatalf("summary %d: a view is open %t, %v", n, m.open, err)
		}
	}
	if n < 12_000 {
		t.Errorf("%d read", n)
	}
}

// TestStopEarly stops behind each number of observations, and reads again.
func TestStopEarly(t *testing.T) {
	m := twoItems(t)
	items := block.ItemObservations(t.Context(), m, []plant.ItemID{1, 2}, 0, math.MaxInt64, true)
	run := block.RunObservations(t.Context(), m, 1, 0)
	sums := block.ItemSummaries(t.Context(), m, 1, 0, math.MaxInt64, 1, 10_000)
	for _, most := range []int{1, 2, 49, 50, 51, 449, 450, 451, 2_000} {
		if n, views := firstOf(items, most), m.views; n != most || firstOf(run, most) != most || firstOf(sums, most) != most || m.views == views {
			t.Errorf("stopped after %d: %d read", most, n)
		}
	}
}

// firstOf reads so many and stops.
func firstOf[T any](sequence iter.Seq2[T, error], most int) (n int) {
	for _, err := range sequence {
		if err != nil {
			return -1
		}
		if n++; n == most {
			break
		}
	}
	return n
}

// TestNothingToRead asks for what there is not.
func TestNothingToRead(t *testing.T) {
	m := twoItems(t)
	for name, sequence := range map[string]iter.Seq2[plant.Observation, error]{
		"no items":            block.ItemObservations(t.Context(), m, nil, 0, math.MaxInt64, true),
		"unknown items":       block.ItemObservations(t.Context(), m, []plant.ItemID{3, 3, 4}, 0, math.MaxInt64, true),
		"range upside down":   block.ItemObservations(t.Context(), m, []plant.ItemID{1}, 5_000, 10, false),
		"range of nothing":    block.ItemObservations(t.Context(), m, []plant.ItemID{1}, 5_000, 5_000, false),
		"unknown run":         block.RunObservations(t.Context(), m, 2, 0),
		"behind the last":     block.RunObservations(t.Context(), m, 1, 6_001),
		"behind all that may": block.RunObservations(t.Context(), m, 1, math.MaxInt64),
	} {
		if n, err := count(sequence); n != 0 || err != nil {
			t.Errorf("%s: %d observations, %v", name, n, err)
		}
	}
}
