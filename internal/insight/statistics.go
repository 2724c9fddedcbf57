package insight

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/factorydash/factorydash/internal/plant"
)

// MaxValues is how many different texts a Tally tells apart: the time of those
// that come later is told together.
const MaxValues = 1000

// Statistics is what is to be said of the observations of one data item over a
// range. Times are in microseconds.
type Statistics struct {
	// Known is for how long the value was known, Unknown for how long it was not:
	// together they are the range.
	Known, Unknown int64
	// Numbers is set where all that was known are numbers, as samples are and the
	// texts of some events.
	Numbers *Numbers
	// Values are the texts by how long each held, the longest first; for a
	// condition they are its levels. Others is the time of those beyond MaxValues.
	Values []ValueTime
	Others int64
	// Changes counts how often a text became another one within the range; what
	// was unknown in between makes no change.
	Changes int
}

// ValueTime is for how long a text held, in microseconds, and how often it was
// observed within the range.
type ValueTime struct {
	Value string
	Time  int64
	Count int
}

// Numbers is what is to be said of numbers. All but Count and MeanOverTime are
// of the observations within the range, each of which counts the same, and have
// no meaning where Count is 0.
type Numbers struct {
	Count              int
	Min, Max           float64
	MeanOfObservations float64
	// StandardDeviation is of the observations as they are, not as a sample of more.
	StandardDeviation float64
	// P5, P50 and P95 are the smallest numbers that so many percent are not above:
	// exactly, or where ExactPercentiles is false, since there were too many to keep,
	// as near as quantiles tells them.
	P5, P50, P95     float64
	ExactPercentiles bool
	// MeanOverTime lets each number count for as long as it held, the one from before
	// the range too; nil where none held for any time.
	MeanOverTime *float64
}

// Tally gathers the statistics of one data item over a range from its
// observations, in bounded memory. A value holds until the next observation, as
// agents tell of changes only. Make one with NewTally; it is not safe for
// concurrent use.
type Tally struct {
	from, to int64
	// now is what holds, since when, brought into the range.
	now   plant.Value
	since int64
	// before is the last text that was known.
	before plant.Value

	known, unknown, others int64
	changes                int
	values                 map[string]*ValueTime
	numbers                Numbers
	squares                float64 // the sum of the squares of differences from the mean
	quantiles              quantiles
	area, width            float64 // the sum of numbers times how long they held, and of the latter
	worded, numeric        bool    // whether anything known was no number, or one
}

// NewTally makes a Tally for from ≤ time < to, in microseconds.
func NewTally(from, to int64) *Tally {
	return &Tally{from: from, to: max(from, to), since: from, values: make(map[string]*ValueTime)}
}

// Add takes an observation, in order of time. The last one before the range says
// what held when it began; those at its end or behind are of no account.
func (t *Tally) Add(o plant.Observation) {
	if o.Time >= t.to {
		return
	}
	value := meaning(o)
	t.hold(min(max(o.Time, t.since), t.to))
	t.now = value
	if value.Kind == plant.Unknown {
		return
	}
	within := o.Time >= t.from
	if within && t.before.Kind != plant.Unknown && t.before != value && value.Kind != plant.Number {
		t.changes++
	}
	t.before = value
	if number, ok := numberOf(value); ok {
		t.numeric = true
		if within {
			t.count(number)
		}
	} else {
		t.worded = true
	}
	if within && value.Kind != plant.Number {
		if v := t.text(value.Text); v != nil {
			v.Count++
		}
	}
}

// hold lets what holds now do so up to a moment.
func (t *Tally) hold(until int64) {
	took := until - t.since
	t.since = until
	if t.now.Kind == plant.Unknown {
		t.unknown += took
		return
	}
	t.known += took
	if number, ok := numberOf(t.now); ok {
		t.area += number * float64(took)
		t.width += float64(took)
	}
	if t.now.Kind == plant.Number {
		return
	}
	if v := t.text(t.now.Text); v != nil {
		v.Time += took
	} else {
		t.others += took
	}
}

// text gives the entry of a text, nil where there are too many.
func (t *Tally) text(text string) *ValueTime {
	v := t.values[text]
	if v == nil && len(t.values) < MaxValues {
		v = &ValueTime{Value: text}
		t.values[text] = v
	}
	return v
}

// count takes a number that was observed within the range (Welford's method).
func (t *Tally) count(x float64) {
	n := &t.numbers
	n.Count++
	if n.Count == 1 {
		n.Min, n.Max = x, x
	}
	n.Min, n.Max = min(n.Min, x), max(n.Max, x)
	d := x - n.MeanOfObservations
	n.MeanOfObservations += d / float64(n.Count)
	t.squares += d * (x - n.MeanOfObservations)
	t.quantiles.add(x)
}

// Statistics gives what has come together; what held last does so to the end of
// the range.
func (t *Tally) Statistics() Statistics {
	t.hold(t.to)
	s := Statistics{Known: t.known, Unknown: t.unknown, Others: t.others, Changes: t.changes}
	for _, v := range t.values {
		s.Values = append(s.Values, *v)
	}
	slices.SortFunc(s.Values, func(a, b ValueTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	if t.worded || !t.numeric {
		return s
	}
	n := t.numbers
	if n.Count > 0 {
		n.StandardDeviation = math.Sqrt(t.squares / float64(n.Count))
		n.P5, n.P50, n.P95 = t.quantiles.at(.05), t.quantiles.at(.5), t.quantiles.at(.95)
		n.ExactPercentiles = len(t.quantiles.levels) == 1
	}
	if t.width > 0 {
		mean := t.area / t.width
		n.MeanOverTime = &mean
	}
	s.Numbers = &n
	return s
}

// numberOf gives a value as a number, where it is one or a text that reads as
// one.
func numberOf(v plant.Value) (float64, bool) {
	switch v.Kind {
	case plant.Number:
		return v.Number, true
	case plant.Text:
		f, err := strconv.ParseFloat(v.Text, 64)
		return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	default:
		return 0, false
	}
}
