package block_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// shares is how that mill spreads 1,000 observations over its busiest items; the
// 50 others share the rest.
var shares = []int{452, 88, 70, 55, 53, 52, 39, 38, 34, 25, 24, 15, 11, 9, 4}

// generated makes n observations about as those of the recording: nearly all
// samples with few digits, 2.5 % text, 0.5 % unknown, and 0.4 % conditions that
// say no more than their level.
func generated(n int) []plant.Observation {
	random := rand.New(rand.NewPCG(1, 2))
	observations := make([]plant.Observation, n)
	normal := &plant.Alarm{Level: plant.LevelNormal}
	time := int64(1_462_165_200_000_000)
	for i := range observations {
		o := &observations[i]
		time += random.Int64N(200_000)
		o.Run, o.Sequence, o.Time, o.Item = 1, int64(i+1), time, plant.ItemID(len(shares)+1+random.IntN(50))
		p := random.IntN(1000)
		for item, share := range shares {
			if p -= share; p < 0 {
				o.Item = plant.ItemID(item + 1)
				break
			}
		}
		switch p := random.IntN(1000); {
		case p < 4:
			o.Alarm = normal
		case p < 9:
		case p < 34:
			o.Value = plant.Value{Kind: plant.Text, Text: "G01 X" + strconv.Itoa(random.IntN(1000))}
		case p < 500:
			o.Value = plant.Value{Kind: plant.Number, Number: float64(random.IntN(300))}
		default:
			o.Value = plant.Value{Kind: plant.Number, Number: float64(random.IntN(10_000_000)) / 10_000}
		}
	}
	return observations
}

// benched gives what the benchmarks work on.
func benched(b *testing.B) []plant.Observation {
	all := storetest.Recorded(b)
	if all == nil {
		b.Log("the recordings of the NIST test bed are missing, set FACTORYDASH_NIST to their folder: this is generated data")
		all = generated(700_000)
	}
	return all
}

// parts gives observations as they come into full blocks.
func parts(observations []plant.Observation) [][]plant.Observation {
	var all [][]plant.Observation
	for _, l := range byLine(observations) {
		all = slices.AppendSeq(all, slices.Chunk(l, block.MaxObservations))
	}
	return all
}

// report tells how fast observations went, and what they took.
func report(b *testing.B, observations, bytes int) {
	b.ReportMetric(float64(observations)/b.Elapsed().Seconds()/1e6, "Mobservations/s")
	if bytes > 0 {
		b.ReportMetric(float64(bytes)/float64(observations), "bytes/observation")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkEncode encodes all observations into full blocks, and the clocks that
// these need. An op is all of that.
func BenchmarkEncode(b *testing.B) {
	all := benched(b)
	blocks := parts(all)
	encoder := block.NewEncoder()
	observations, bytes := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		encoded, err := block.EncodeAll(encoder, all, blocks)
		if err != nil {
			b.Fatal(err)
		}
		observations += len(all)
		for _, e := range encoded {
			bytes += len(e.Data) + len(e.Summary)
		}
	}
	report(b, observations, bytes)
}

// BenchmarkDecode decodes them into columns, each clock once. An op is all of that.
func BenchmarkDecode(b *testing.B) {
	all := benched(b)
	encoded, err := block.EncodeAll(block.NewEncoder(), all, parts(all))
	if err != nil {
		b.Fatal(err)
	}
	blocks, clocks := block.Part(encoded)
	decoder := block.NewDecoder()
	var (
		columns block.Columns
		told    block.Clocks
	)
	observations := 0
	b.ReportAllocs()
	for b.Loop() {
		told.Set(nil) // so that none is decoded
		told.Set(clocks)
		for i := range blocks {
			if err := decoder.Decode(blocks[i], &told, &columns); err != nil {
				b.Fatal(err)
			}
			observations += columns.Len()
		}
	}
	report(b, observations, 0)
}

// BenchmarkCopy copies the same observations in memory, which is what encoding and
// decoding are measured against.
func BenchmarkCopy(b *testing.B) {
	all := parts(benched(b))
	into := make([]plant.Observation, block.MaxObservations)
	observations := 0
	for n := 0; b.Loop(); n++ {
		observations += copy(into, all[n%len(all)])
	}
	report(b, observations, 0)
}

// BenchmarkBuilder puts observations as they were captured through a builder. An
// op is an observation.
func BenchmarkBuilder(b *testing.B) {
	all := benched(b)
	bytes := 0
	builder := block.NewBuilder(func(b block.Block) error {
		bytes += len(b.Data) + len(b.Summary)
		return nil
	})
	b.ReportAllocs()
	n := 0
	for ; b.Loop(); n++ {
		o := all[n%len(all)]
		o.Sequence += int64(n / len(all) * len(all))
		if err := builder.Add(o); err != nil {
			b.Fatal(err)
		}
	}
	if err := builder.Flush(); err != nil {
		b.Fatal(err)
	}
	report(b, n, bytes)
}

// BenchmarkSplitter splits batches of 50,000 observations, as catching up commits
// them. An op is a batch.
func BenchmarkSplitter(b *testing.B) {
	all := slices.Collect(slices.Chunk(benched(b), 50_000))
	splitter := block.NewSplitter()
	observations, bytes := 0, 0
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		batch := all[n%len(all)]
		blocks, _, err := splitter.Split(1, batch, 100)
		if err != nil {
			b.Fatal(err)
		}
		observations += len(batch)
		for _, b := range blocks {
			bytes += len(b.Data) + len(b.Summary)
		}
	}
	report(b, observations, bytes)
}

// TestRecording encodes the recording, and what is decoded is all of it.
func TestRecording(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes a recording of 677,878 observations: not in -short")
	}
	all := storetest.Recorded(t)
	if all == nil {
		t.Skip("the recordings of the NIST test bed are missing: set FACTORYDASH_NIST to their folder")
	}
	blocks := build(t, all)
	got := decodeLines(t, blocks)
	bytes := 0
	for _, b := range blocks {
		bytes += len(b.Data) + len(b.Summary)
	}
	for l, want := range byLine(all) {
		if diff := diff(want, got[l]); diff != "" {
			t.Errorf("%v (-want +got): %.2000s", l, diff)
		}
	}
	if each := float64(bytes) / float64(len(all)); math.IsNaN(each) || each > 3.5 {
		t.Errorf("%.2f bytes per observation, in %d blocks", each, len(blocks))
	}
}
