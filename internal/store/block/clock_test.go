package block_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// lines are n observations of a run as an adapter says them: each line has one time
// and so many observations, of as many items. Item 9 says something now and then.
func lines(run plant.RunID, n, each int) []plant.Observation {
	observations := make([]plant.Observation, n)
	for i := range observations {
		line := int64(i / each)
		o := plant.Observation{Run: run, Item: plant.ItemID(1 + i%each), Sequence: int64(i + 1), Time: line*1_100_000 + line*line%977}
		if i%500 == 0 {
			o.Item = 9
		}
		o.Value = plant.Value{Kind: plant.Number, Number: float64(i % 7)}
		observations[i] = o
	}
	return observations
}

// Blocks leave their times to clocks where many observations have the same.
func TestClocks(t *testing.T) {
	split := func(all []plant.Observation) []block.Block {
		blocks, _, err := block.NewSplitter().Split(all[0].Run, all, 1)
		if err != nil {
			t.Fatal(err)
		}
		return blocks
	}
	build := func(all []plant.Observation) []block.Block { return build(t, all) }
	holed := slices.DeleteFunc(lines(1, 20_000, 3), func(o plant.Observation) bool { return o.Sequence%1000 == 7 })
	twice := lines(1, 20_000, 3)
	twice = slices.Insert(twice, 50, plant.Observation{Run: 1, Item: 9, Sequence: 20, Time: 1})
	tests := []struct {
		name string
		cut  func([]plant.Observation) []block.Block
		all  []plant.Observation
		// clocks and left are how many clocks there are, and blocks that need them.
		clocks, left int
	}{
		{"a batch", split, lines(1, 20_000, 3), 5, 21},
		{"rows", build, lines(1, 20_000, 3), 5, 21},
		{"rows of two runs", build, slices.Concat(lines(1, 9_000, 3), lines(2, 9_000, 3)), 6, 18},
		{"a batch in which each time is its own", split, lines(1, 20_000, 1), 0, 0},
		{"rows that have each time for themselves", build, lines(1, 20_000, 1), 0, 0},
		{"a batch of many items that say little", split, lines(1, 20_000, 100), 0, 0},
		{"a batch with holes", split, holed, 0, 0},
		{"rows, one of which came late", build, twice, 0, 0},
	}
	for _, test := range tests {
		all := test.cut(test.all)
		blocks, clocks := block.Part(all)
		left := 0
		for _, b := range blocks {
			if block.LeavesTimes(b) {
				left++
			}
		}
		if len(clocks) != test.clocks || left != test.left {
			t.Errorf("%s: %d clocks for %d of %d blocks, want %d for %d", test.name, len(clocks), left, len(blocks), test.clocks, test.left)
		}
		if diff := cmp.Diff(byLine(test.all), decodeLines(t, all), exactly); diff != "" {
			t.Errorf("%s: observations (-given +decoded):\n%.2000s", test.name, diff)
		}
	}
}

// Whatever byte of a clock is changed, it and the blocks that need it are damaged.
func TestChangedClock(t *testing.T) {
	blocks, clocks := block.Part(build(t, lines(1, 5_000, 3)))
	decoder := block.NewDecoder()
	var damaged *block.DamagedError
	damage := func(what string, change func(c *block.Block)) {
		changed := slices.Clone(clocks)
		changed[0].Data = slices.Clone(changed[0].Data)
		change(&changed[0])
		if _, err := decoder.DecodeClock(changed[0], nil); !errors.As(err, &damaged) {
			t.Errorf("%s of a clock: %v", what, err)
		}
		var told block.Clocks
		told.Set(changed)
		var columns block.Columns
		if err := decoder.Decode(blocks[0], &told, &columns); !errors.As(err, &damaged) || columns.Len() != 0 {
			t.Errorf("a block beside a changed %s of a clock: %v", what, err)
		}
	}
	for i := range clocks[0].Data {
		damage("byte", func(c *block.Block) { c.Data[i] ^= 1 })
	}
	damage("length", func(c *block.Block) { c.Data = c.Data[:3] })
	damage("count", func(c *block.Block) { c.Count++ })
	damage("first sequence number", func(c *block.Block) { c.FirstSequence-- })
	damage("last sequence number", func(c *block.Block) { c.LastSequence++ })
	damage("run", func(c *block.Block) { c.Run++ })
	damage("kind", func(c *block.Block) { *c = blocks[0] })
}

// Merging keeps what clocks say, and what they do not.
func TestMergeByClocks(t *testing.T) {
	all := lines(1, 6_000, 3)
	var blocks []block.Block
	for part := range slices.Chunk(all, 600) {
		blocks = append(blocks, build(t, part)...)
	}
	blocks, clocks := block.Part(blocks)
	slices.SortStableFunc(blocks, func(a, b block.Block) int { return int(a.Item - b.Item) })
	var told block.Clocks
	told.Set(clocks)
	merged, _ := mergeAll(t, block.NewMerger(), blocks, &told)
	if diff := cmp.Diff(byLine(all), decodeLines(t, slices.Concat(merged, clocks)), exactly); diff != "" {
		t.Errorf("observations (-before +after):\n%.2000s", diff)
	}
	if len(merged) >= len(blocks)/2 || !slices.ContainsFunc(merged, block.LeavesTimes) {
		t.Errorf("%d blocks became %d, none of which leaves its times to clocks", len(blocks), len(merged))
	}
}

// Clocks may lie within others: commits and sealing write them apart.
func TestClocksThatOverlap(t *testing.T) {
	all := lines(1, 20_000, 3)
	blocks := build(t, all)
	for _, within := range [][2]int{{90, 900}, {4_300, 5_000}, {7_000, 9_500}, {12_000, 12_400}} {
		_, clocks := block.Part(build(t, all[within[0]:within[1]]))
		if len(clocks) == 0 {
			t.Fatalf("no clock of observations %d", within)
		}
		blocks = append(blocks, clocks...)
	}
	if diff := cmp.Diff(byLine(all), decodeLines(t, blocks), exactly); diff != "" {
		t.Errorf("observations (-given +decoded):\n%.2000s", diff)
	}
}
