package insight_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// all yields summaries as a store does.
func all(summaries []plant.Summary) iter.Seq2[plant.Summary, error] {
	return func(yield func(plant.Summary, error) bool) {
		for _, s := range summaries {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// summarize puts numbers together as a store may: more says whether the next
// observation shall be put to those before it, where it may be.
func summarize(in []plant.Observation, to int64, columns int, more func() bool) []plant.Summary {
	numbers := 0
	for _, o := range in {
		if o.Value.Kind == plant.Number && o.Time >= 0 && o.Time < to {
			numbers++
		}
	}
	var all []plant.Summary
	for i, o := range in {
		joins := numbers > insight.Room(columns) && i > 0 && o.Value.Kind == plant.Number && in[i-1].Value.Kind == plant.Number &&
			in[i-1].Time >= 0 && o.Time < to && columnOf(in[i-1].Time, to, columns) == columnOf(o.Time, to, columns)
		if !joins || !more() {
			all = append(all, plant.Single(o))
			continue
		}
		s := &all[len(all)-1]
		if s.Count == 1 {
			s.Low, s.High = s.First, s.First
		}
		if o.Value.Number < s.Low.Value.Number {
			s.Low, s.LowAt = o, s.Count
		}
		if o.Value.Number > s.High.Value.Number {
			s.High, s.HighAt = o, s.Count
		}
		s.Last = o
		s.Count++
	}
	return all
}

// Summaries give what their observations give one by one.
func TestDownsampleOfSummaries(t *testing.T) {
	together := 0
	rapid.Check(t, func(t *rapid.T) {
		in, to, columns := draw(t, 60, numbers, func(t *rapid.T, time int64) plant.Observation {
			if rapid.IntRange(0, 9).Draw(t, "text") == 0 {
				return texts(t, time)
			}
			return numbers(t, time)
		})
		// What is known before the range, and a gap there.
		before := rapid.SampledFrom([][]plant.Observation{nil, {number(-7, 3)}, {unknown(-7)}, {unknown(-7), unknown(-2)}, {number(-7, 3), unknown(-2)}}).Draw(t, "before")
		in = numbered(append(append([]plant.Observation(nil), before...), in...)...)
		summaries := summarize(in, to, columns, func() bool { return rapid.IntRange(0, 3).Draw(t, "more") > 0 })
		if len(summaries) < len(in) {
			together++
		}
		got, err := insight.Downsample(all(summaries), 0, to, columns)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(downsample(t, in, 0, to, columns), got); diff != "" {
			t.Fatalf("points of the observations one by one and of %d summaries (-one by one +summaries):\n%s", len(summaries), diff)
		}
	})
	if together == 0 {
		t.Error("no draw had anything to put together")
	}
}

// noise is n observations, one a microsecond, of which every ten thousandth is
// unknown.
func noise(n int) []plant.Observation {
	random := rand.New(rand.NewPCG(1, 2))
	in := make([]plant.Observation, n)
	for i := range in {
		in[i] = number(int64(i), random.NormFloat64())
		if i%10_000 == 0 {
			in[i] = unknown(int64(i))
		}
	}
	return in
}

// BenchmarkDownsample thins observations that are read one by one.
func BenchmarkDownsample(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkDownsample(b, n, singles(noise(n))) })
	}
}

// BenchmarkDownsampleSummaries thins the same, where as many as half a column are
// put together, as those of a block are.
func BenchmarkDownsampleSummaries(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			most, taken := n/benchmarkColumns/2, 0
			benchmarkDownsample(b, n, all(summarize(noise(n), int64(n), benchmarkColumns, func() bool {
				taken++
				return taken%most != 0
			})))
		})
	}
}

// benchmarkColumns is how wide the charts of the benchmarks are.
const benchmarkColumns = 250

func benchmarkDownsample(b *testing.B, n int, summaries iter.Seq2[plant.Summary, error]) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := insight.Downsample(summaries, 0, int64(n), benchmarkColumns); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "obs/s")
}
