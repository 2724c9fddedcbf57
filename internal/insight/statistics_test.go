package insight_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// tally gathers observations.
func tally(from, to int64, observations ...plant.Observation) insight.Statistics {
	t := insight.NewTally(from, to)
	for _, o := range observations {
		t.Add(o)
	}
	return t.Statistics()
}

// naive works the statistics of numbers out microsecond by microsecond and by
// sorting.
func naive(from, to int64, observations []plant.Observation) (n insight.Numbers, known int64) {
	var xs []float64
	var timeSum float64
	for at := from; at < to; at++ {
		i := slices.IndexFunc(observations, func(o plant.Observation) bool { return o.Time > at })
		if i < 0 {
			i = len(observations)
		}
		if i > 0 && observations[i-1].Value.Kind == plant.Number {
			known++
			timeSum += observations[i-1].Value.Number
		}
	}
	for _, o := range observations {
		if o.Time >= from && o.Time < to && o.Value.Kind == plant.Number {
			xs = append(xs, o.Value.Number)
		}
	}
	if known > 0 {
		mean := timeSum / float64(known)
		n.MeanOverTime = &mean
	}
	if n.Count = len(xs); n.Count == 0 {
		return n, known
	}
	for _, x := range xs {
		n.MeanOfObservations += x / float64(len(xs))
	}
	for _, x := range xs {
		n.StandardDeviation += (x - n.MeanOfObservations) * (x - n.MeanOfObservations)
	}
	n.StandardDeviation = math.Sqrt(n.StandardDeviation / float64(len(xs)))
	slices.Sort(xs)
	rank := func(p float64) float64 { return xs[max(1, int(math.Ceil(p*float64(len(xs)))))-1] }
	n.Min, n.Max, n.P5, n.P50, n.P95, n.ExactPercentiles = xs[0], xs[len(xs)-1], rank(.05), rank(.5), rank(.95), true
	return n, known
}

func TestStatisticsOfNumbersAreTheNaiveOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 20).Draw(t, "from")
		to := from + rapid.Int64Range(1, 60).Draw(t, "length")
		var observations []plant.Observation
		for _, at := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Int64Range(from-10, to+10), 0, 60).Draw(t, "times"))) {
			o := plant.Observation{Time: at}
			if rapid.IntRange(0, 4).Draw(t, "known") > 0 {
				o.Value = plant.Value{Kind: plant.Number, Number: float64(rapid.IntRange(-50, 50).Draw(t, "value")) / 4}
			}
			observations = append(observations, o)
		}
		got := tally(from, to, observations...)
		want, known := naive(from, to, observations)
		if got.Known != known || got.Known+got.Unknown != to-from {
			t.Errorf("known %d and unknown %d of %d, want %d known", got.Known, got.Unknown, to-from, known)
		}
		if got.Numbers == nil {
			if want.Count > 0 || known > 0 {
				t.Errorf("no numbers, want %+v", want)
			}
			return
		}
		if d := cmp.Diff(want, *got.Numbers, cmpopts.EquateApprox(1e-9, 1e-9)); d != "" {
			t.Error(d)
		}
	})
}

func TestStatisticsOfTexts(t *testing.T) {
	at := func(time int64, value string) plant.Observation {
		o := plant.Observation{Time: time}
		if value != "" {
			o.Value = plant.Value{Kind: plant.Text, Text: value}
		}
		return o
	}
	alarm := func(time int64, level plant.Level) plant.Observation {
		return plant.Observation{Time: time, Alarm: &plant.Alarm{Level: level}}
	}
	for name, c := range map[string]struct {
		said []plant.Observation
		want insight.Statistics
	}{
		"nothing": {nil, insight.Statistics{Unknown: 100}},
		"what held before, and what is said twice": {
			[]plant.Observation{at(50, "READY"), at(110, "ACTIVE"), at(120, "ACTIVE"), at(160, ""), at(170, "ACTIVE"), at(190, "READY"), at(250, "STOPPED")},
			insight.Statistics{Known: 90, Unknown: 10, Changes: 2, Values: []insight.ValueTime{{Value: "ACTIVE", Time: 70, Count: 3}, {Value: "READY", Time: 20, Count: 1}}},
		},
		"events that are numbers": {
			[]plant.Observation{at(100, "1"), at(150, "2.5")},
			insight.Statistics{
				Known: 100, Changes: 1, Values: []insight.ValueTime{{Value: "1", Time: 50, Count: 1}, {Value: "2.5", Time: 50, Count: 1}},
				Numbers: &insight.Numbers{Count: 2, Min: 1, Max: 2.5, MeanOfObservations: 1.75, StandardDeviation: .75, P5: 1, P50: 1, P95: 2.5, ExactPercentiles: true, MeanOverTime: new(1.75)},
			},
		},
		"levels": {
			[]plant.Observation{alarm(90, plant.LevelNormal), alarm(120, plant.LevelFault), alarm(130, plant.LevelUnavailable)},
			insight.Statistics{Known: 30, Unknown: 70, Changes: 1, Values: []insight.ValueTime{{Value: "Normal", Time: 20}, {Value: "Fault", Time: 10, Count: 1}}},
		},
	} {
		got := tally(100, 200, c.said...)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestStatisticsOfManyTextsAreBounded: what has no room is told together.
func TestStatisticsOfManyTextsAreBounded(t *testing.T) {
	tally := insight.NewTally(0, 5000)
	for i := range int64(5000) {
		tally.Add(plant.Observation{Time: i, Value: plant.Value{Kind: plant.Text, Text: fmt.Sprint("program ", i)}})
	}
	s := tally.Statistics()
	if len(s.Values) != insight.MaxValues || s.Others != 5000-insight.MaxValues || s.Known != 5000 {
		t.Errorf("%d values, %d µs of others, %d known", len(s.Values), s.Others, s.Known)
	}
}

// TestPercentilesOfManyNumbersAreClose: beyond what is kept, no rank is wrong by
// more than one in ten thousand.
func TestPercentilesOfManyNumbersAreClose(t *testing.T) {
	const n = 1_500_000
	for name, number := range map[string]func(i int) float64{
		"rising":  func(i int) float64 { return float64(i) },
		"falling": func(i int) float64 { return float64(n - 1 - i) },
		"mixed":   func(i int) float64 { return float64(i * 611_953 % n) },
	} {
		tally := insight.NewTally(0, n)
		for i := range n {
			tally.Add(plant.Observation{Time: int64(i), Value: plant.Value{Kind: plant.Number, Number: number(i)}})
		}
		got := tally.Statistics().Numbers
		if got.ExactPercentiles || got.Min != 0 || got.Max != n-1 {
			t.Errorf("%s: %+v", name, got)
		}
		for p, value := range map[float64]float64{.05: got.P5, .5: got.P50, .95: got.P95} {
			if off := math.Abs(value-p*n) / n; off > 1e-4 {
				t.Errorf("%s: %g of the numbers are up to %g: wrong by %g", name, p, value, off)
			}
		}
	}
}
