package api_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/api"
)

// Instants are written as time writes them, from the first to the last that can
// be.
func TestInstant(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, at time.Time) {
		got, err := api.Instant{Time: at}.MarshalJSON()
		if want := at.UTC().Format(`"2006-01-02T15:04:05.000000Z"`); err != nil || string(got) != want {
			t.Fatalf("%s, %v; want %s", got, err, want)
		}
	}
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	check(t, first)
	check(t, last)
	for day := first; day.Year() <= 400; day = day.AddDate(0, 0, 1) {
		check(t, day)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, time.UnixMicro(rapid.Int64Range(first.UnixMicro(), last.UnixMicro()).Draw(t, "time")))
	})
}
