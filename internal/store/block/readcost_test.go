package block_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// numbersOf gives n numbers of an item of run 1, with the sequence numbers from
// first on, each step after the one before.
func numbersOf(item plant.ItemID, n int, first, step int64) []plant.Observation {
	observations := make([]plant.Observation, n)
	for i := range observations {
		sequence := first + int64(i)*step
		observations[i] = plant.Observation{
			Item: item, Run: 1, Sequence: sequence, Time: 10 * sequence,
			Value: plant.Value{Kind: plant.Number, Number: float64(i * i % 101)},
		}
	}
	return observations
}

// TestFewAreCheap reads the first observation of many.
func TestFewAreCheap(t *testing.T) {
	m := newMemory()
	m.seal(t, numbersOf(1, 200_000, 1, 1), block.MaxObservations)
	m.rows = numbersOf(1, 1_000, 200_001, 1)
	for o, err := range block.ItemObservations(t.Context(), m, []plant.ItemID{1}, 0, math.MaxInt64, false) {
		if err != nil || o.Sequence != 1 {
			t.Errorf("first observation %+v, %v", o, err)
		}
		break
	}
	l := block.StandardLimits()
	if m.views != 1 || m.read != 1 || m.listed > l.FirstListed || m.rowsRead > l.FirstRows {
		t.Errorf("for one observation of an item: %d views, %d blocks listed, %d read, %d rows", m.views, m.listed, m.read, m.rowsRead)
	}
	m.views, m.read, m.rowsRead = 0, 0, 0
	for o, err := range block.RunObservations(t.Context(), m, 1, 77_777) {
		if err != nil || o.Sequence != 77_777 {
			t.Errorf("observation 77777: %+v, %v", o, err)
		}
		break
	}
	if m.views != 1 || m.read != 1 || m.rowsRead != 0 {
		t.Errorf("for one observation of a run: %d views, %d blocks read, %d rows", m.views, m.read, m.rowsRead)
	}
}

// TestBlocksAreReadOnce reads many items, which takes many pages.
func TestBlocksAreReadOnce(t *testing.T) {
	const items, each = 60, 3_000
	m := newMemory()
	var all []plant.ItemID
	for it := range items {
		all = append(all, plant.ItemID(it+1))
		m.seal(t, numbersOf(plant.ItemID(it+1), each, int64(it)+1, items), 500+it)
	}
	count := 0
	for _, err := range block.ItemObservations(t.Context(), m, all, 0, math.MaxInt64, false) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != items*each || m.read != len(m.blocks) || m.listed != len(m.blocks) {
		t.Errorf("%d observations of items from %d blocks, which were listed %d and read %d times", count, len(m.blocks), m.listed, m.read)
	}
	if most := items*each/block.StandardLimits().MaxPage + 5; m.views > most {
		t.Errorf("%d views for the items, want %d at most", m.views, most)
	}
	m.read, count = 0, 0
	for o, err := range block.RunObservations(t.Context(), m, 1, 0) {
		if count++; err != nil || o.Sequence != int64(count) {
			t.Fatalf("observation %d of the run: %+v, %v", count, o, err)
		}
	}
	if count != items*each || m.read != len(m.blocks) {
		t.Errorf("%d observations of the run from %d blocks, which were read %d times", count, len(m.blocks), m.read)
	}
}

// TestChartReadsEdges draws a chart of blocks most of which lie within a column.
func TestChartReadsEdges(t *testing.T) {
	const n, columns = 40_000, 10
	m := newMemory()
	all := numbersOf(1, n, 1, 1)
	m.seal(t, all, 1000) // 4 blocks for each column
	tests := []struct {
		name string
		// change changes the store.
		change func()
		from   int64
		room   int
		// read and given are how many blocks are read and how many summaries given.
		read, given int
	}{
		{"blocks within columns", func() {}, 10, 40, 0, 40},
		// The edges of columns lie within blocks, and the first one is cut.
		{"blocks over edges", func() {}, 5_005, 40, 10, 50},
		{"room for all", func() {}, 10, n, 40, n},
		{"a gap in a block", func() {
			m.gaps = []plant.Gap{{Run: 1, From: 2_500, To: 2_500}}
		}, 10, 40, 1, 39 + 1000},
		{"a row within a block", func() {
			m.rows = []plant.Observation{{Item: 1, Run: 2, Sequence: 1, Time: 55_555}}
		}, 10, 40, 2, 38 + 2000 + 1},
		// Nothing comes between the observations of the one in the middle.
		{"a block over three others", func() {
			m.seal(t, []plant.Observation{{Item: 1, Run: 3, Sequence: 1, Time: 75_555}, {Item: 1, Run: 3, Sequence: 9, Time: 93_333}}, 2)
		}, 10, 40, 6, 36 + 4000 + 1 + 2},
	}
	for _, test := range tests {
		test.change()
		m.read = 0
		count, given := 0, 0
		for s, err := range block.ItemSummaries(t.Context(), m, 1, test.from, test.from+10*n, columns, test.room) {
			if err != nil {
				t.Fatal(err)
			}
			count += s.Count
			given++
		}
		if m.read != test.read || given != test.given {
			t.Errorf("%s: %d blocks read for %d summaries of %d observations, want %d and %d", test.name, m.read, given, count, test.read, test.given)
		}
	}
}

// TestWildTimes reads blocks all of which overlap, as of an agent whose clock runs
// wild: they do not fit into memory together.
func TestWildTimes(t *testing.T) {
	const blocks, size = 150, 200
	random := rand.New(rand.NewPCG(1, 2))
	m := newMemory()
	all := numbersOf(1, blocks*size, 1, 1)
	for i := range all {
		all[i].Time = random.Int64N(1 << 40)
	}
	m.seal(t, all, size)
	l := block.StandardLimits()
	l.MaxDecoded, l.FirstPage, l.MaxPage = 100_000, 100, 2_000
	most := 0
	count, err := l.Held(t.Context(), m, []plant.ItemID{1}, 0, math.MaxInt64, func(bytes int) { most = max(most, bytes) })
	if err != nil || count != len(all) {
		t.Errorf("%d observations, %v", count, err)
	}
	if one := 50 * size; most > l.MaxDecoded+one {
		t.Errorf("%d bytes of decoded blocks held, want %d and one block at most", most, l.MaxDecoded)
	}
	got := read(t, l.ItemObservations(t.Context(), m, []plant.ItemID{1}, 0, math.MaxInt64, false))
	same(t, "observations", got, itemObservations(all, []plant.ItemID{1}, 0, math.MaxInt64, false))
}

// TestLongTexts reads texts that are long together: a page ends after so many
// bytes of them.
func TestLongTexts(t *testing.T) {
	const n, size = 400, 100_000
	texts := numbersOf(1, n, 1, 1)
	for i := range texts {
		texts[i].Value = plant.Value{Kind: plant.Text, Text: strings.Repeat("x", size-8) + fmt.Sprintf("%08d", i)}
	}
	pages := n*size/block.StandardLimits().MaxText + 12
	for _, sealed := range []int{0, n / 2, n} {
		m := newMemory()
		m.seal(t, texts[:sealed], 100)
		m.rows = texts[sealed:]
		same(t, "observations of the item", read(t, block.ItemObservations(t.Context(), m, []plant.ItemID{1}, 0, math.MaxInt64, false)), texts)
		items := m.views
		same(t, "observations of the run", read(t, block.RunObservations(t.Context(), m, 1, 0)), texts)
		if run := m.views - items; items < n*size/(8<<20) || items > pages || run < n*size/(8<<20) || run > 8*pages {
			t.Errorf("%d of %d texts sealed: %d views for the item and %d for the run", sealed, n, items, run)
		}
	}
}

// TestShortTextHoldsNoLongOnes keeps a short text of each of many blocks that have
// long ones.
func TestShortTextHoldsNoLongOnes(t *testing.T) {
	const blocks, long = 64, 1 << 20
	m := newMemory()
	for i := range blocks {
		first := int64(10*i + 1)
		m.seal(t, []plant.Observation{
			{Item: 1, Run: 1, Sequence: first, Alarm: &plant.Alarm{Level: plant.LevelFault, Text: fmt.Sprint(i)}, Extra: "{}"},
			{Item: 1, Run: 1, Sequence: first + 1, Time: 1, Value: plant.Value{Kind: plant.Text, Text: strings.Repeat("x", long)}},
		}, 2)
	}
	before := heap()
	short := read(t, block.ItemObservations(t.Context(), m, []plant.ItemID{1}, 0, 1, false))
	taken := heap() - before
	if len(short) != blocks || taken > blocks*long/4 {
		t.Errorf("%d short texts hold %d bytes", len(short), taken)
	}
	runtime.KeepAlive(short)
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
