package insight_test

import (
	"errors"
	"iter"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// singles yields a summary of each observation.
func singles(observations []plant.Observation) iter.Seq2[plant.Summary, error] {
	return func(yield func(plant.Summary, error) bool) {
		for _, o := range observations {
			if !yield(plant.Single(o), nil) {
				return
			}
		}
	}
}

func number(time int64, n float64) plant.Observation {
	return plant.Observation{Item: 1, Time: time, Value: plant.Value{Kind: plant.Number, Number: n}}
}

func text(time int64, s string) plant.Observation {
	return plant.Observation{Item: 1, Time: time, Value: plant.Value{Kind: plant.Text, Text: s}}
}

func unknown(time int64) plant.Observation { return plant.Observation{Item: 1, Time: time} }

func level(time int64, l plant.Level) plant.Observation {
	return plant.Observation{Item: 1, Time: time, Alarm: &plant.Alarm{Level: l}}
}

// numbered gives the observations their sequence numbers, which make each of
// them distinct.
func numbered(observations ...plant.Observation) []plant.Observation {
	for i := range observations {
		observations[i].Sequence = int64(i + 1)
	}
	return observations
}

func downsample(t interface{ Fatal(...any) }, in []plant.Observation, from, to int64, columns int) []plant.Observation {
	out, err := insight.Downsample(singles(in), from, to, columns)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sequences names observations by their sequence numbers.
func sequences(observations []plant.Observation) []int64 {
	var s []int64
	for _, o := range observations {
		s = append(s, o.Sequence)
	}
	return s
}

func TestDownsample(t *testing.T) {
	tests := []struct {
		name    string
		columns int
		in      []plant.Observation
		want    []int64
	}{
		{"nothing", 1, nil, nil},
		{"few are all kept", 1, numbered(text(0, "a"), text(1, "a"), unknown(2), unknown(3)), []int64{1, 2, 3, 4}},
		{
			"first, last, lowest, highest", 1,
			numbered(number(0, 5), number(1, 6), number(2, 1), number(3, 4), number(4, 9), number(5, 8), number(6, 7)),
			[]int64{1, 3, 5, 7},
		},
		{
			"of equal ones the first", 1,
			numbered(number(0, 5), number(1, 9), number(2, 1), number(3, 9), number(4, 1), number(5, 5)),
			[]int64{1, 2, 3, 6},
		},
		{
			"a gap within a column", 1,
			numbered(number(0, 1), number(1, 9), number(2, 5), unknown(3), number(4, 5), number(5, 2), number(6, 3)),
			[]int64{1, 2, 4, 5, 7},
		},
		{
			"the gaps before the lowest and before the last", 1,
			numbered(number(0, 5), unknown(1), number(2, 4), number(3, 1), unknown(4), number(5, 6), unknown(6), number(7, 4), number(8, 9), number(9, 5)),
			[]int64{1, 2, 3, 4, 7, 8, 9, 10},
		},
		{
			"a gap from column to column", 2,
			numbered(number(0, 1), number(1, 2), number(2, 3), unknown(4), unknown(5), unknown(12), number(15, 2), number(16, 3), number(17, 1), number(18, 2), number(19, 2)),
			[]int64{1, 3, 4, 7, 8, 9, 11},
		},
		{
			"texts that repeat go first", 1,
			numbered(text(0, "a"), text(1, "a"), text(2, "b"), text(3, "b"), text(4, "c"), text(5, "c")),
			[]int64{1, 3, 5},
		},
		{
			"conditions by level", 1,
			numbered(level(0, plant.LevelNormal), level(1, plant.LevelFault), level(2, plant.LevelFault), level(3, plant.LevelUnavailable), level(4, plant.LevelUnavailable), level(5, plant.LevelNormal)),
			[]int64{1, 2, 4, 6},
		},
		{
			"the last before the range stays", 1,
			numbered(number(-5, 100), number(0, 5), number(1, 6), number(2, 1), number(3, 4), number(4, 9), number(5, 8)),
			[]int64{1, 2, 4, 6, 7},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := downsample(t, test.in, 0, 20, test.columns)
			if diff := cmp.Diff(test.want, sequences(out)); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDownsampleGivesTheError(t *testing.T) {
	broken := errors.New("broken")
	_, err := insight.Downsample(func(yield func(plant.Summary, error) bool) {
		_ = yield(plant.Single(number(0, 1)), nil) && yield(plant.Summary{}, broken)
	}, 0, 10, 1)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestDownsampleOverAllTimes(t *testing.T) {
	in := numbered(number(math.MinInt64, 1), number(-1, 2), number(0, 3), number(1, 4), number(5, 5), number(math.MaxInt64-1, 6))
	out := downsample(t, in, math.MinInt64, math.MaxInt64, 1)
	if diff := cmp.Diff([]int64{1, 6}, sequences(out)); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
}

// What the observations of one data item may be.

func numbers(t *rapid.T, time int64) plant.Observation {
	return number(time, float64(rapid.IntRange(-5, 5).Draw(t, "n")))
}

func texts(t *rapid.T, time int64) plant.Observation {
	return text(time, rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "s"))
}

func levels(t *rapid.T, time int64) plant.Observation {
	return level(time, rapid.SampledFrom([]plant.Level{plant.LevelNormal, plant.LevelFault}).Draw(t, "l"))
}

// draw makes at least so many observations within a range, of one of the kinds or
// unknown.
func draw(t *rapid.T, least int, kinds ...func(t *rapid.T, time int64) plant.Observation) (in []plant.Observation, to int64, columns int) {
	to = int64(rapid.IntRange(1, 100).Draw(t, "to"))
	columns = rapid.IntRange(1, 6).Draw(t, "columns")
	known := rapid.SampledFrom(kinds).Draw(t, "kind")
	gaps := rapid.SampledFrom([]int{0, 2, 30}).Draw(t, "gaps in 100")
	times := rapid.SliceOfN(rapid.Int64Range(0, to-1), least, 120).Draw(t, "times")
	for i := range times { // In order, with equal ones.
		for j := i; j > 0 && times[j-1] > times[j]; j-- {
			times[j-1], times[j] = times[j], times[j-1]
		}
	}
	for _, at := range times {
		if rapid.IntRange(0, 99).Draw(t, "gap") < gaps {
			in = append(in, unknown(at))
		} else {
			in = append(in, known(t, at))
		}
	}
	return numbered(in...), to, columns
}

// columnOf is the pixel column of a time, worked out in another way.
func columnOf(time, to int64, columns int) int64 {
	width := int64(math.Ceil(float64(to) / float64(columns)))
	return time / width
}

func isUnknown(o plant.Observation) bool {
	return o.Alarm == nil && o.Value.Kind == plant.Unknown || o.Alarm != nil && o.Alarm.Level == plant.LevelUnavailable
}

func TestDownsampleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, to, columns := draw(t, 0, numbers, texts, levels)
		out := downsample(t, in, 0, to, columns)
		if len(out) > insight.MaxPoints(columns) {
			t.Fatalf("%d points, more than %d", len(out), insight.MaxPoints(columns))
		}
		kept := make(map[int64]bool)
		previous := int64(0)
		for _, o := range out {
			if o.Sequence <= previous {
				t.Fatalf("observation %d after %d", o.Sequence, previous)
			}
			previous = o.Sequence
			if diff := cmp.Diff(in[o.Sequence-1], o); diff != "" {
				t.Fatalf("not an observation that went in: %s", diff)
			}
			kept[o.Sequence] = true
		}
		if len(in) <= insight.Room(columns) && len(out) != len(in) {
			t.Fatalf("%d points of %d observations, which have room", len(out), len(in))
		}
		checkGaps(t, in, out, kept, to, columns)
		checkExtremes(t, in, out, to, columns)
	})
}

// checkGaps checks that points are joined where observations were and nowhere
// else, and that gaps that reach over columns stand with begin and end.
func checkGaps(t *rapid.T, in, out []plant.Observation, kept map[int64]bool, to int64, columns int) {
	for i := 1; i < len(out); i++ {
		p, q := out[i-1], out[i]
		between := in[p.Sequence : q.Sequence-1]
		for _, o := range between {
			if !isUnknown(p) && !isUnknown(q) && isUnknown(o) {
				t.Fatalf("points %d and %d are joined over the gap at %d", p.Sequence, q.Sequence, o.Sequence)
			}
			if isUnknown(p) && !isUnknown(q) && !isUnknown(o) {
				t.Fatalf("the gap at %d is drawn up to %d, beyond %d", p.Sequence, q.Sequence, o.Sequence)
			}
		}
	}
	for i, o := range in {
		if !isUnknown(o) || i > 0 && isUnknown(in[i-1]) {
			continue
		}
		for _, end := range in[i:] {
			if isUnknown(end) {
				continue
			}
			if columnOf(o.Time, to, columns) != columnOf(end.Time, to, columns) && (!kept[o.Sequence] || !kept[end.Sequence]) {
				t.Fatalf("the gap from %d to %d is not kept", o.Sequence, end.Sequence)
			}
			break
		}
	}
}

// checkExtremes checks the first, last, lowest and highest value of each column.
func checkExtremes(t *rapid.T, in, out []plant.Observation, to int64, columns int) {
	type extremes struct{ Low, High float64 }
	of := func(observations []plant.Observation) map[int64]extremes {
		m := make(map[int64]extremes)
		for _, o := range observations {
			if o.Value.Kind != plant.Number {
				continue
			}
			c := columnOf(o.Time, to, columns)
			e, ok := m[c]
			if !ok {
				e = extremes{o.Value.Number, o.Value.Number}
			}
			e.Low, e.High = min(e.Low, o.Value.Number), max(e.High, o.Value.Number)
			m[c] = e
		}
		return m
	}
	if diff := cmp.Diff(of(in), of(out)); diff != "" {
		t.Fatalf("lowest and highest of the columns (-all +kept):\n%s", diff)
	}
	repeats := make(map[int64]bool)
	for i := 1; i < len(in); i++ {
		same := cmp.Equal(in[i].Value, in[i-1].Value) && cmp.Equal(in[i].Alarm, in[i-1].Alarm)
		repeats[in[i].Sequence] = same && in[i].Value.Kind != plant.Number
	}
	ends := func(observations []plant.Observation) map[int64][2]int64 {
		m := make(map[int64][2]int64)
		for _, o := range observations {
			if repeats[o.Sequence] {
				continue
			}
			c := columnOf(o.Time, to, columns)
			first := o.Sequence
			if e, ok := m[c]; ok {
				first = e[0]
			}
			m[c] = [2]int64{first, o.Sequence}
		}
		return m
	}
	if diff := cmp.Diff(ends(in), ends(out)); diff != "" {
		t.Fatalf("first and last of the columns (-all +kept):\n%s", diff)
	}
}
