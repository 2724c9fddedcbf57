package block_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// line is the observations of an item and a run.
type line struct {
	run  plant.RunID
	item plant.ItemID
}

func lineOf(o plant.Observation) line { return line{o.Run, o.Item} }

// drawStream draws observations of several items and runs, those of each in
// ascending order of sequence.
func drawStream(t *rapid.T, runs int) []plant.Observation {
	var stream []plant.Observation
	next := map[plant.RunID]int64{}
	says := drawSays(t)
	items := rapid.Int32Range(1, rapid.Int32Range(1, 300).Draw(t, "items"))
	busy := plant.ItemID(items.Draw(t, "busy item"))
	sharing := rapid.IntRange(1, 4).Draw(t, "observations of a time")
	for range rapid.IntRange(0, 3000).Draw(t, "observations") {
		o := plant.Observation{Item: busy}
		if len(stream)%3 > 0 {
			o = says()
			o.Item = plant.ItemID(items.Draw(t, "item"))
		}
		o.Run = plant.RunID(1 + len(stream)%runs)
		next[o.Run]++
		o.Sequence, o.Time = next[o.Run], int64(len(stream)/(runs*sharing))*1000
		stream = append(stream, o)
	}
	return stream
}

// byLine gives the observations of each line.
func byLine(observations []plant.Observation) map[line][]plant.Observation {
	lines := map[line][]plant.Observation{}
	for _, o := range observations {
		lines[lineOf(o)] = append(lines[lineOf(o)], o)
	}
	return lines
}

// decodeLines gives the observations of blocks, those of each line in the order
// of its blocks. Their clocks are among them.
func decodeLines(t rapid.TB, all []block.Block) map[line][]plant.Observation {
	t.Helper()
	lines := map[line][]plant.Observation{}
	blocks, clocks := block.Part(all)
	var (
		columns block.Columns
		told    block.Clocks
	)
	told.Set(clocks)
	decoder := block.NewDecoder()
	for _, b := range blocks {
		if err := decoder.Decode(b, &told, &columns); err != nil {
			t.Fatal(err)
		}
		l := line{b.Run, b.Item}
		lines[l] = append(lines[l], observationsOf(&columns)...)
	}
	return lines
}

// textBytes is how long the texts of observations are together.
func textBytes(observations []plant.Observation) int {
	n := 0
	for i := range observations {
		n += observations[i].TextBytes()
	}
	return n
}

// build puts a stream through a builder.
func build(t rapid.TB, stream []plant.Observation) []block.Block {
	var blocks []block.Block
	b := block.NewBuilder(func(b block.Block) error {
		blocks = append(blocks, b)
		return nil
	})
	for _, o := range stream {
		if err := b.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	return blocks
}

func TestBuilder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := drawStream(t, rapid.IntRange(1, 3).Draw(t, "runs"))
		blocks := build(t, stream)
		if diff := cmp.Diff(byLine(stream), decodeLines(t, blocks), exactly); diff != "" {
			t.Errorf("observations by line (-added +emitted):\n%.3000s", diff)
		}
		early := map[line]int{}
		blocks, clocks := block.Part(blocks)
		for _, b := range blocks {
			if b.Count < block.MaxObservations && textBytes(decode(t, b, clocks...)) < block.MaxTextBytes {
				early[line{b.Run, b.Item}]++
			}
		}
		for l, n := range early {
			if n > 1 {
				t.Errorf("%v: %d blocks ended before they were full", l, n)
			}
		}
	})
}

// A block ends where its texts are long; texts that repeat count once.
func TestBuilderCutsByTexts(t *testing.T) {
	var stream []plant.Observation
	for i := range int64(block.MaxObservations) {
		text := plant.Value{Kind: plant.Text, Text: strings.Repeat("x", 10_000) + fmt.Sprint(i)}
		same := plant.Value{Kind: plant.Text, Text: strings.Repeat("y", 1<<19)}
		stream = append(stream, plant.Observation{Item: 1, Sequence: 2*i + 1, Value: text}, plant.Observation{Item: 2, Sequence: 2*i + 2, Value: same})
	}
	blocks := build(t, stream)
	counts := map[plant.ItemID][]int{}
	for _, b := range blocks {
		counts[b.Item] = append(counts[b.Item], b.Count)
	}
	if n := counts[2]; len(n) != 1 {
		t.Errorf("blocks of an item that says the same again and again: %v observations", n)
	}
	for _, n := range counts[1][:len(counts[1])-1] {
		if n != 105 {
			t.Errorf("a block of %d texts of 10,000 bytes, want 105", n)
		}
	}
	if diff := cmp.Diff(byLine(stream), decodeLines(t, blocks)); diff != "" {
		t.Errorf("observations by line (-added +emitted):\n%.3000s", diff)
	}
}

// However many items there are, the memory has its bound, and the fullest make
// room.
func TestBuilderIsBounded(t *testing.T) {
	const items = 80_000
	sequences := map[plant.ItemID]int64{}
	var counts []int
	b := block.NewBuilder(func(b block.Block) error {
		if b.IsClock() {
			return nil
		}
		if last := sequences[b.Item]; b.FirstSequence <= last {
			t.Fatalf("item %d: a block from %d on after one up to %d", b.Item, b.FirstSequence, last)
		}
		sequences[b.Item] = b.LastSequence
		counts = append(counts, b.Count)
		return nil
	})
	most, added, emitted := 0, 0, 0
	add := func(item plant.ItemID, text string) {
		added++
		if err := b.Add(plant.Observation{Run: 1, Item: item, Sequence: int64(added), Value: plant.Value{Kind: plant.Text, Text: text}}); err != nil {
			t.Fatal(err)
		}
		most = max(most, block.HeldBytes(b))
	}
	for round := range 12 {
		for item := plant.ItemID(1); item <= items; item++ {
			add(item, "")
			if item%100 == 0 {
				for range 20 {
					add(item, fmt.Sprint(round))
				}
			}
		}
	}
	if most > block.MaxBuffered+1<<20 {
		t.Errorf("held %d bytes, at most %d may be", most, block.MaxBuffered)
	}
	if counts[0] <= 21 {
		t.Errorf("the first to make room had %d observations; there were fuller ones", counts[0])
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, n := range counts {
		emitted += n
	}
	if emitted != added || block.HeldBytes(b) != 0 {
		t.Errorf("%d added, %d emitted, %d bytes still held", added, emitted, block.HeldBytes(b))
	}
}

func TestBuilderErrors(t *testing.T) {
	stop := errors.New("stop")
	b := block.NewBuilder(func(block.Block) error { return stop })
	var err error
	for i := range int64(block.MaxObservations) {
		if err != nil {
			t.Fatalf("observation %d: %v", i, err)
		}
		err = b.Add(plant.Observation{Sequence: i + 1})
	}
	if !errors.Is(err, stop) {
		t.Errorf("error %v of a full block, want that of emit", err)
	}
	b = block.NewBuilder(func(block.Block) error { return nil })
	for range 2 {
		if err := b.Add(plant.Observation{Sequence: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err == nil {
		t.Error("a sequence number twice is no error")
	}
}

func TestSplitter(t *testing.T) {
	splitter := block.NewSplitter()
	rapid.Check(t, func(t *rapid.T) {
		batch := drawStream(t, 1)
		given := slices.Clone(batch)
		if rapid.Bool().Draw(t, "without run") {
			for i := range given {
				given[i].Run = 0
			}
		}
		least := rapid.IntRange(1, 2000).Draw(t, "least")
		blocks, rows, err := splitter.Split(1, given, least)
		if err != nil {
			t.Fatal(err)
		}
		var wantRows []plant.Observation
		wantLines := byLine(batch)
		for i, o := range batch {
			if len(wantLines[lineOf(o)]) < least {
				wantRows = append(wantRows, given[i])
			}
		}
		for l, all := range wantLines {
			if len(all) < least {
				delete(wantLines, l)
			}
		}
		if !cmp.Equal(wantRows, rows, exactly) && len(wantRows)+len(rows) > 0 {
			t.Errorf("rows (-want +got):\n%.3000s", cmp.Diff(wantRows, rows, exactly))
		}
		if diff := cmp.Diff(wantLines, decodeLines(t, blocks), exactly); diff != "" {
			t.Errorf("observations in blocks (-want +got):\n%.3000s", diff)
		}
		blocks, _ = block.Part(blocks)
		for _, b := range blocks {
			n := len(wantLines[line{1, b.Item}])
			if b.Count < min(n, block.MaxObservations)/2 && textBytes(wantLines[line{1, b.Item}]) < block.MaxTextBytes {
				t.Errorf("item %d: a block of %d observations of %d", b.Item, b.Count, n)
			}
		}
	})
}

// Many items do not slow it down or stay in memory.
func TestSplitterOfManyItems(t *testing.T) {
	splitter := block.NewSplitter()
	var batch []plant.Observation
	for i := range int64(200_000) {
		batch = append(batch, plant.Observation{Item: plant.ItemID(i/2*7919 + 1), Sequence: i + 1})
	}
	for _, least := range []int{3, 2} {
		blocks, rows, err := splitter.Split(9, batch, least)
		blocks, _ = block.Part(blocks)
		if err != nil || len(blocks)*2+len(rows) != len(batch) || len(blocks) > 0 && least > 2 {
			t.Errorf("at least %d: %d blocks, %d rows, %v", least, len(blocks), len(rows), err)
		}
	}
}
