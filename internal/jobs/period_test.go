package jobs_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/jobs"
)

func TestPeriods(t *testing.T) {
	tests := []struct {
		period            jobs.Period
		text, start, next string
	}{
		{jobs.Every(10 * time.Second), "every 10s", "2026-11-25T10:07:20Z", "2026-11-25T10:07:30Z"},
		{jobs.Every(time.Minute), "every 1m", "2026-11-25T10:07:00Z", "2026-11-25T10:08:00Z"},
		{jobs.Hourly(7), "hourly at :07", "2026-11-25T10:07:00Z", "2026-11-25T11:07:00Z"},
		{jobs.Hourly(8), "hourly at :08", "2026-11-25T09:08:00Z", "2026-11-25T10:08:00Z"},
		{jobs.Daily(3, 10), "daily at 03:10 UTC", "2026-11-25T03:10:00Z", "2026-11-26T03:10:00Z"},
		{jobs.Daily(23, 59), "daily at 23:59 UTC", "2026-11-24T23:59:00Z", "2026-11-25T23:59:00Z"},
		{jobs.Period{Length: time.Minute, Offset: 5 * time.Second}, "every 1m, 5s after", "2026-11-25T10:07:05Z", "2026-11-25T10:08:05Z"},
	}
	now := time.Date(2026, 11, 25, 11, 7, 29, 999_999_999, time.FixedZone("", 3600))
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			if got := test.period.String(); got != test.text {
				t.Errorf("in words %q, want %q", got, test.text)
			}
			if got := test.period.Start(now).Format(time.RFC3339Nano); got != test.start {
				t.Errorf("start %s, want %s", got, test.start)
			}
			if got := test.period.Next(now).Format(time.RFC3339Nano); got != test.next {
				t.Errorf("next %s, want %s", got, test.next)
			}
		})
	}
}

// Each moment lies in one period, whose start is the same for all of them.
func TestPeriodsFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(1, 100_000).Draw(t, "length")
		p := jobs.Period{
			Length: time.Duration(length) * time.Second,
			Offset: time.Duration(rapid.Int64Range(0, length-1).Draw(t, "offset")) * time.Second,
		}
		at := time.Unix(rapid.Int64Range(-1e10, 1e11).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		start, next := p.Start(at), p.Next(at)
		if start.After(at) || !next.After(at) || next.Sub(start) != p.Length {
			t.Fatalf("%v lies from %v to %v", at, start, next)
		}
		if !p.Start(start).Equal(start) || !p.Start(next).Equal(next) || !p.Start(next.Add(-1)).Equal(start) {
			t.Fatalf("the period from %v to %v does not begin or end there", start, next)
		}
	})
}
