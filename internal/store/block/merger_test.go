package block_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

func metas(blocks []block.Block) []block.Meta {
	all := make([]block.Meta, len(blocks))
	for i, b := range blocks {
		all[i] = b.Meta
	}
	return all
}

// mergeAll puts blocks together as long as there are any to put together, and
// gives how many observations it wrote.
func mergeAll(t rapid.TB, m *block.Merger, blocks []block.Block, clocks *block.Clocks) (merged []block.Block, written int) {
	for changed := true; changed; {
		changed = false
		for _, g := range block.Mergeable(metas(blocks)) {
			at := slices.IndexFunc(blocks, func(b block.Block) bool {
				return b.Run == g[0].Run && b.Item == g[0].Item && b.FirstSequence == g[0].FirstSequence
			})
			group := blocks[at : at+len(g)]
			if diff := cmp.Diff(g, metas(group), exactly); diff != "" {
				t.Fatalf("a group is not of neighbours (-got +want):\n%.1000s", diff)
			}
			checkGroup(t, group)
			fewer, err := m.Merge(group, clocks)
			if err != nil || len(fewer) >= len(group) {
				t.Fatalf("%d blocks became %d: %v", len(group), len(fewer), err)
			}
			if fewer == nil { // long texts
				continue
			}
			changed = true
			for _, b := range fewer {
				written += b.Count
			}
			blocks = slices.Replace(slices.Clone(blocks), at, at+len(g), fewer...)
		}
	}
	return blocks, written
}

// checkGroup checks that a group is as it should be.
func checkGroup(t rapid.TB, group []block.Block) {
	count, largest, widest := 0, 0, uint64(block.MergeSpan)
	low, high := group[0].MinTime, group[0].MaxTime
	for i, b := range group {
		if i > 0 && (b.Run != group[0].Run || b.Item != group[0].Item || b.FirstSequence <= group[i-1].LastSequence) {
			t.Fatalf("%+v is in a group with %+v", b.Meta, group[i-1].Meta)
		}
		count, largest = count+b.Count, max(largest, b.Count)
		low, high = min(low, b.MinTime), max(high, b.MaxTime)
		widest = max(widest, uint64(b.MaxTime-b.MinTime))
	}
	if len(group) < 2 || count > block.MaxObservations || count < 2*largest || uint64(high-low) > widest {
		t.Fatalf("a group of %d blocks, %d observations, the largest %d, over %d µs", len(group), count, largest, high-low)
	}
}

func TestMergeKeepsAll(t *testing.T) {
	merger := block.NewMerger()
	rapid.Check(t, func(t *rapid.T) {
		var blocks []block.Block
		var all []plant.Observation
		encoder := block.NewEncoder()
		for run := range plant.RunID(rapid.IntRange(1, 2).Draw(t, "runs")) {
			nextTime, says, next := drawTimes(t), drawSays(t), int64(1)
			size := rapid.IntRange(1, rapid.SampledFrom([]int{1, 10, 300}).Draw(t, "largest block"))
			for range rapid.IntRange(1, 20).Draw(t, "blocks") {
				var part []plant.Observation
				for range size.Draw(t, "size") {
					o := says()
					o.Run, o.Item, o.Sequence, o.Time = run, 5, next, nextTime()
					next += 1 + next%3
					part = append(part, o)
				}
				b, err := encoder.Encode(part)
				if err != nil {
					t.Fatal(err)
				}
				blocks, all = append(blocks, b), append(all, part...)
			}
		}
		merged, _ := mergeAll(t, merger, blocks, nil)
		if diff := cmp.Diff(byLine(all), decodeLines(t, merged), exactly); diff != "" {
			t.Errorf("observations (-before +after):\n%.3000s", diff)
		}
	})
}

// However small the blocks that come, an observation is written again no more than
// ten times, and few blocks remain.
func TestMergeWritesLittle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	merger := block.NewMerger()
	var blocks []block.Block
	next, written := int64(1), 0
	for next < 20_000 {
		var part []plant.Observation
		for range 1 + random.IntN(12) {
			part = append(part, plant.Observation{Run: 1, Item: 1, Sequence: next, Time: next * 1_000_000})
			next++
		}
		blocks = append(blocks, encode(t, part))
		if random.IntN(4) == 0 {
			var n int
			blocks, n = mergeAll(t, merger, blocks, nil)
			written += n
		}
	}
	if times := float64(written) / float64(next); times > 10 {
		t.Errorf("each observation was written again %.1f times", times)
	}
	if n := len(blocks); n > 60 {
		t.Errorf("%d blocks are left of %d observations", n, next)
	}
}

// meta is a block of an item at hours.
func meta(item plant.ItemID, sequence int64, count int, from, to int64) block.Meta {
	const hour = 3_600_000_000
	return block.Meta{
		Run: 1, Item: item, Count: count, FirstSequence: sequence, LastSequence: sequence + int64(count) - 1,
		MinTime: from * hour, MaxTime: to * hour,
	}
}

func TestMergeable(t *testing.T) {
	wide := meta(1, 100, 4, -100_000, 1_000_000)
	tests := []struct {
		name   string
		blocks []block.Meta
		// groups is how many blocks each group has.
		groups []int
	}{
		{"none", nil, nil},
		{"one", []block.Meta{meta(1, 1, 1, 0, 1)}, nil},
		{"two", []block.Meta{meta(1, 1, 1, 0, 1), meta(1, 2, 1, 1, 2)}, []int{2}},
		{"another item", []block.Meta{meta(1, 1, 1, 0, 1), meta(2, 2, 1, 1, 2), meta(2, 3, 1, 2, 3)}, []int{2}},
		{"overlapping", []block.Meta{meta(1, 1, 5, 0, 1), meta(1, 5, 5, 1, 2)}, nil},
		{"too many", []block.Meta{meta(1, 1, 600, 0, 1), meta(1, 700, 600, 1, 2)}, nil},
		{"as many as can be", []block.Meta{meta(1, 1, 512, 0, 1), meta(1, 700, 512, 1, 2)}, []int{2}},
		{"little beside much", []block.Meta{meta(1, 1, 1000, 0, 1), meta(1, 2000, 6, 1, 2), meta(1, 3000, 6, 1, 2)}, []int{2}},
		{"much beside little", []block.Meta{meta(1, 1, 6, 0, 1), meta(1, 8, 6, 1, 2), meta(1, 3000, 1000, 1, 2)}, []int{2}},
		{"a day", []block.Meta{meta(1, 1, 1, 0, 1), meta(1, 2, 1, 23, 24)}, []int{2}},
		{"more than a day", []block.Meta{meta(1, 1, 1, 0, 1), meta(1, 2, 1, 23, 25), meta(1, 3, 1, 26, 30)}, []int{2}},
		{"within one that is wide", []block.Meta{wide, meta(1, 200, 4, 500, 600)}, []int{2}},
		{"beyond one that is wide", []block.Meta{wide, meta(1, 200, 4, 500, 1_000_001)}, nil},
	}
	for _, test := range tests {
		var groups []int
		for _, g := range block.Mergeable(test.blocks) {
			groups = append(groups, len(g))
		}
		if !slices.Equal(groups, test.groups) {
			t.Errorf("%s: groups of %v, want %v", test.name, groups, test.groups)
		}
	}
}

// Long texts are left as they are: what came of them would be as many blocks.
func TestMergeOfLongTexts(t *testing.T) {
	long := func(sequence int64, length int) block.Block {
		return encode(t, []plant.Observation{{Item: 1, Sequence: sequence, Value: plant.Value{
			Kind: plant.Text, Text: strings.Repeat(string(rune('a'+sequence)), length),
		}}})
	}
	merger := block.NewMerger()
	merged, err := merger.Merge([]block.Block{long(1, 2<<20), long(2, 2<<20)}, nil)
	if err != nil || merged != nil {
		t.Errorf("two texts of 2 MiB became %d blocks: %v", len(merged), err)
	}
	group := []block.Block{long(1, 600_000), long(2, 600_000), long(3, 600_000), long(4, 10)}
	merged, err = merger.Merge(group, nil)
	if err != nil || len(merged) != 2 {
		t.Fatalf("texts of 1.8 MB became %d blocks: %v", len(merged), err)
	}
	if diff := cmp.Diff(decodeLines(t, group), decodeLines(t, merged)); diff != "" {
		t.Errorf("observations (-before +after):\n%.1000s", diff)
	}
}

func TestMergeOfDamaged(t *testing.T) {
	good, bad := encode(t, numbersAt(1, 2)), encode(t, numbersAt(1, 2))
	bad.ID = 8
	bad.Data[len(bad.Data)-1] ^= 1
	var damaged *block.DamagedError
	if _, err := block.NewMerger().Merge([]block.Block{good, bad}, nil); !errors.As(err, &damaged) || damaged.Block.ID != 8 {
		t.Errorf("error %v does not name the damaged block", err)
	}
}
