package insight_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
)

func TestUsualCountsTimeAndNotObservations(t *testing.T) {
	var u insight.Usual
	for range 50 {
		u.Add(90, 1) // Many observations, for no time worth telling.
	}
	u.Add(10, 900)
	u.Add(70, 950)
	u.Add(500, 0)
	if low, middle, high := u.At(.1), u.At(.5), u.At(.95); low != 10 || middle != 70 || high != 70 {
		t.Errorf("10, 50 and 95 %% of the time: %v, %v, %v; want 10, 70, 70", low, middle, high)
	}
	if u.Held() != 1900 {
		t.Errorf("held for %d, want 1900", u.Held())
	}
	if none := new(insight.Usual); none.At(.5) != 0 {
		t.Error("nothing is usual, and a number is told")
	}
}

// TestUsualIsNotPassed: for at least the share of the time the number was no higher,
// and for less than that it was lower.
func TestUsualIsNotPassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type step struct{ Number, Time int }
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{rapid.IntRange(-5, 5).Draw(t, "number"), rapid.IntRange(1, 100).Draw(t, "time")}
		}), 1, 20).Draw(t, "steps")
		p := float64(rapid.IntRange(1, 100).Draw(t, "percent")) / 100
		var u insight.Usual
		for _, s := range steps {
			u.Add(float64(s.Number), int64(s.Time))
		}
		at, lower, upTo, all := u.At(p), 0, 0, 0
		for _, s := range steps {
			all += s.Time
			if float64(s.Number) < at {
				lower += s.Time
			}
			if float64(s.Number) <= at {
				upTo += s.Time
			}
		}
		if float64(upTo) < p*float64(all) || float64(lower) >= p*float64(all) {
			t.Fatalf("%v: lower for %d, up to it for %d, of %d, for the share %v", at, lower, upTo, all, p)
		}
	})
}
