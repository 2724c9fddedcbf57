package insight_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
)

func TestStanding(t *testing.T) {
	eight := []float64{50, 62, 64, 66, 68, 70, 72, 74}
	for _, test := range []struct {
		name          string
		number        float64
		earlier       []float64
		want          insight.Verdict
		lower, higher int
	}{
		{"in the middle", 67, eight, insight.AsUsual, 4, 4},
		{"the lowest by far", 40, eight, insight.LessThanUsual, 0, 8},
		{"the second lowest", 55, eight, insight.LessThanUsual, 1, 7},
		{"the highest by far", 90, eight, insight.MoreThanUsual, 8, 0},
		{"beyond all, and hardly another", 252.6, []float64{252, 252, 252, 252, 252}, insight.AsUsual, 5, 0},
		{"one where there never was one", 1, []float64{0, 0, 0, 0, 0}, insight.MoreThanUsual, 5, 0},
		{"one as in one of a few", 1, []float64{0, 0, 0, 0, 1}, insight.AsUsual, 4, 0},
		{"none where there never was one", 0, []float64{0, 0, 0, 0, 0}, insight.AsUsual, 0, 0},
		{"far off, and too few to say", 9, []float64{70, 71, 72, 73}, insight.TooFewToSay, 0, 4},
		{"the first of all", 9, nil, insight.TooFewToSay, 0, 0},
	} {
		got := insight.Stand(test.number, test.earlier)
		if got.Verdict != test.want || got.Lower != test.lower || got.Higher != test.higher || got.Earlier != len(test.earlier) {
			t.Errorf("%s: %+v; want %s with %d lower and %d higher", test.name, got, test.want, test.lower, test.higher)
		}
	}
}

// TestStandingIsCounted holds the verdict against counting: whatever is called less
// than usual has at most a tenth of the earlier numbers below it, and one that is
// usual though it is far from the median has more on either side, or is one of the
// tenth itself. Neither the order nor the number of the earlier ones matters.
func TestStandingIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		earlier := rapid.SliceOfN(rapid.Float64Range(0, 100), insight.StandingLeast, 40).Draw(t, "earlier")
		number := rapid.Float64Range(-10, 110).Draw(t, "number")
		got := insight.Stand(number, earlier)
		lower, higher := 0, 0
		for _, n := range earlier {
			if n < number {
				lower++
			}
			if n > number {
				higher++
			}
		}
		tenth := float64(len(earlier)-1) / 10 // What lies below P10 when it is counted from the lowest.
		far := got.Median-number >= 0.1*got.Median
		switch {
		case got.Lower != lower || got.Higher != higher:
			t.Fatalf("%d lower and %d higher, counted %d and %d", got.Lower, got.Higher, lower, higher)
		case got.Verdict == insight.LessThanUsual && (float64(lower) > tenth+1 || !far):
			t.Fatalf("%v is less than usual, with %d of %d below it", number, lower, len(earlier))
		case got.Verdict != insight.LessThanUsual && far && lower == 0 && float64(higher) == float64(len(earlier)):
			t.Fatalf("%v is %s, though all %d are above it", number, got.Verdict, len(earlier))
		}
		mirrored := make([]float64, len(earlier))
		for i, n := range earlier {
			mirrored[i] = -n
		}
		opposite := map[insight.Verdict]insight.Verdict{
			insight.AsUsual: insight.AsUsual, insight.LessThanUsual: insight.MoreThanUsual, insight.MoreThanUsual: insight.LessThanUsual,
		}
		if mirror := insight.Stand(-number, mirrored); mirror.Verdict != opposite[got.Verdict] || mirror.Lower != higher || mirror.Higher != lower {
			t.Fatalf("%v is %+v, and its mirror %+v", number, got, mirror)
		}
		slices.Reverse(earlier)
		if again := insight.Stand(number, earlier); again != got {
			t.Fatalf("%+v, and in another order %+v", got, again)
		}
	})
}
