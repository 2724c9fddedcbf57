package insight

import (
	"math"
	"slices"
)

// Standing is how a number stands beside those that it was in earlier, like stretches
// of time.
type Standing struct {
	Verdict Verdict
	// Earlier is how many numbers there are to compare with; of these Lower are below
	// the number and Higher above it.
	Earlier, Lower, Higher int
	// P10, Median and P90 are quantiles of the earlier numbers; not set where there
	// are none.
	P10, Median, P90 float64
}

// Verdict says in a word whether a number is usual.
type Verdict string

// The verdicts.
const (
	// AsUsual: it lies from P10 to P90, or nearer to the median than StandingMargin, or
	// more than one in ten of the earlier numbers are the same.
	AsUsual Verdict = "usual"
	// LessThanUsual and MoreThanUsual: it lies below or above that.
	LessThanUsual Verdict = "less"
	MoreThanUsual Verdict = "more"
	// TooFewToSay: there are less than StandingLeast numbers to compare with.
	TooFewToSay Verdict = "too-few"
)

const (
	// StandingLeast is with how many earlier numbers one is compared at least.
	StandingLeast = 5
	// StandingMargin is by which part of the median a number must differ from it to be
	// called unusual: where all earlier ones are nearly the same, little is no news.
	StandingMargin = 0.1
)

// Stand compares a number with earlier ones. Of a machine that works as it always did,
// about one number in four is less than usual where there are 5 earlier ones, one in
// eight where there are 30, and as many are more; how many earlier ones were lower and
// higher says how rare it is.
func Stand(number float64, earlier []float64) Standing {
	s := Standing{Verdict: TooFewToSay, Earlier: len(earlier)}
	if len(earlier) == 0 {
		return s
	}
	sorted := slices.Sorted(slices.Values(earlier))
	s.P10, s.Median, s.P90 = Quantile(sorted, 0.1), Quantile(sorted, 0.5), Quantile(sorted, 0.9)
	for _, n := range sorted {
		switch {
		case n < number:
			s.Lower++
		case n > number:
			s.Higher++
		}
	}
	if s.Earlier < StandingLeast {
		return s
	}
	s.Verdict = AsUsual
	same := s.Earlier - s.Lower - s.Higher
	if 10*same <= s.Earlier && math.Abs(number-s.Median) >= StandingMargin*math.Abs(s.Median) {
		switch {
		case number < s.P10:
			s.Verdict = LessThanUsual
		case number > s.P90:
			s.Verdict = MoreThanUsual
		}
	}
	return s
}
