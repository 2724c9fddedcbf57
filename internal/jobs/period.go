package jobs

import (
	"fmt"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Period says when a periodic job runs: once in each period. Periods follow each
// other without a pause; their starts lie Length apart and are the same in every
// process, as they are counted from the first midnight of 1970 UTC, moved by
// Offset. The zero Period is that of a job that runs only when it is asked to.
type Period struct {
	// Length is that of a period: whole seconds, at least one.
	Length time.Duration
	// Offset moves the starts: whole seconds, less than Length.
	Offset time.Duration
}

const day = 24 * time.Hour

// Every gives periods that begin at multiples of a length, counted from midnight
// UTC where a day is a multiple of it.
func Every(length time.Duration) Period { return Period{Length: length} }

// Hourly gives periods that begin at a minute of each hour, 0 to 59.
func Hourly(minute int) Period {
	return Period{Length: time.Hour, Offset: time.Duration(minute) * time.Minute}
}

// Daily gives periods that begin at a time of each day, in UTC.
func Daily(hour, minute int) Period {
	return Period{Length: day, Offset: time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute}
}

// IsZero reports whether there are no periods.
func (p Period) IsZero() bool { return p == Period{} }

// Start gives the beginning of the period that t lies in, in UTC.
func (p Period) Start(t time.Time) time.Time {
	length, offset := int64(p.Length/time.Second), int64(p.Offset/time.Second)
	into := (t.Unix() - offset) % length
	if into < 0 {
		into += length
	}
	return time.Unix(t.Unix()-into, 0).UTC()
}

// Next gives the beginning of the first period after t, in UTC.
func (p Period) Next(t time.Time) time.Time { return p.Start(t).Add(p.Length) }

// String gives the period in words.
func (p Period) String() string {
	minutes := int(p.Offset / time.Minute)
	switch {
	case p.IsZero():
		return "on demand"
	case p.Length == time.Hour && p.Offset%time.Minute == 0:
		return fmt.Sprintf("hourly at :%02d", minutes)
	case p.Length == day && p.Offset%time.Minute == 0:
		return fmt.Sprintf("daily at %02d:%02d UTC", minutes/60, minutes%60)
	case p.Offset == 0:
		return "every " + short(p.Length)
	default:
		return "every " + short(p.Length) + ", " + short(p.Offset) + " after"
	}
}

// short gives a duration without the zeros at its end: 5m and not 5m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// stamp names a period among those of the same job by its start.
func (p Period) stamp(start time.Time) string {
	if p.Length%time.Minute == 0 && p.Offset%time.Minute == 0 {
		return start.UTC().Format("2006-01-02T15:04")
	}
	return start.UTC().Format("2006-01-02T15:04:05")
}

// validate reports what is wrong with the period.
func (p Period) validate() error {
	switch {
	case p.Length < time.Second || p.Length%time.Second != 0:
		return plant.Errorf(plant.Invalid, "a period of %v: it must be whole seconds, at least one", p.Length)
	case p.Offset < 0 || p.Offset >= p.Length || p.Offset%time.Second != 0:
		return plant.Errorf(plant.Invalid, "an offset of %v: it must be whole seconds within the period of %v", p.Offset, p.Length)
	}
	return nil
}
