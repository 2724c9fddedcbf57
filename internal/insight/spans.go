package insight

import (
	"strconv"

	"github.com/factorydash/factorydash/internal/plant"
)

// Span is a stretch of time in which a data item had one value.
type Span struct {
	// Value is the value as text; Known is false where it was not known, and
	// Reason says why: "unavailable", "gap" or "restart".
	Value  string
	Known  bool
	Reason string
	// From and To bound it, in microseconds of the agent's timestamps: From ≤ time
	// < To. Open is true where it lasts as far as is known, up to the moment given.
	From, To int64
	Open     bool
	// Since is when it truly began, which may be before From; Until when it truly
	// ended, 0 while it lasts.
	Since, Until int64
	// Run and Sequence are those of the observation that began it.
	Run      plant.RunID
	Sequence int64
	// Count is 1, or how many spans this one stands for where each would be under
	// a column wide.
	Count int
}

// Spans gives the values of one data item over from ≤ time < to by its
// observations in order of run and sequence, and the holes in them in the same
// order. What is told last holds up to the moment heard; nothing is told of what
// was before the first observation. Times that run backwards count as standing
// still.
func Spans(observations []plant.Observation, holes []Hole, from, to, heard int64) []Span {
	var all []Span
	var run plant.RunID
	for o, hole := range broken(observations, holes) {
		s := Span{Since: o.Time, Open: true, Run: o.Run, Sequence: o.Sequence, Count: 1}
		s.Value, s.Known = valueText(o.Value)
		switch {
		case hole != nil:
			s.Reason = hole.reason()
		case !s.Known:
			s.Reason = "unavailable"
		}
		if n := len(all); n > 0 {
			last := &all[n-1]
			if last.Known == s.Known && last.Value == s.Value && (run == o.Run || !s.Known) {
				run = o.Run
				continue
			}
			s.Since = max(s.Since, last.Since)
			last.Until, last.Open = s.Since, false
		}
		all = append(all, s)
		run = o.Run
	}
	return clip(all, from, to, heard)
}

// clip cuts spans to the range.
func clip(all []Span, from, to, heard int64) []Span {
	end := min(to, heard)
	kept := all[:0]
	for _, s := range all {
		s.From, s.To = max(s.Since, from), s.Until
		if s.Open || s.To > end {
			s.To = end
		}
		if s.From < s.To {
			kept = append(kept, s)
		}
	}
	return kept
}

// Thin puts spans that would each be under a column wide together with their
// neighbours, so that a lane of columns columns over from ≤ time < to has no more
// than about two for each. Those that stand for several have no value, and Count
// says how many they are; where one of them is known, they are.
func Thin(spans []Span, from, to int64, columns int) []Span {
	if columns <= 0 || len(spans) <= columns {
		return spans
	}
	width := columnWidth(from, to, columns)
	var thin []Span
	small := func(s Span) bool { return uint64(s.To-s.From) < width }
	for _, s := range spans {
		n := len(thin)
		if n == 0 || !small(s) || !small(thin[n-1]) || columnOf(s.From, from, width) != columnOf(thin[n-1].From, from, width) || thin[n-1].To != s.From {
			thin = append(thin, s)
			continue
		}
		last := &thin[n-1]
		if last.Value != s.Value || last.Known != s.Known {
			last.Value = ""
		}
		last.Known = last.Known || s.Known
		last.To, last.Until, last.Open = s.To, s.Until, s.Open
		last.Count += s.Count
	}
	return thin
}

// valueText gives a value as text, and whether it is known.
func valueText(v plant.Value) (string, bool) {
	switch v.Kind {
	case plant.Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64), true
	case plant.Unknown:
		return "", false
	default:
		return v.Text, true
	}
}
