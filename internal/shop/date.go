package shop

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Date is a day of the civil calendar, whatever the zone: the number of days
// since 1970-01-01.
type Date int

// The days that a plant may plan for.
const (
	firstYear = 1970
	lastYear  = 2199
)

// ParseDate reads a day written as 2026-11-23.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return 0, plant.Errorf(plant.Invalid, "%.40q is not a day: write it as 2026-11-23, in the years %d to %d", text, firstYear, lastYear)
	}
	return Date(t.Unix() / secondsPerDay), nil
}

// DateOf gives the day on which an instant falls in a zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date(floorDiv(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// String writes the day as 2026-11-23.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes the day as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Weekday is the day's place in the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Monday is the first day of the week with d in it.
func (d Date) Monday() Date { return d - Date((d.Weekday()+6)%7) }

// Week is the number of the week with d in it, as ISO 8601 counts.
func (d Date) Week() int {
	_, week := d.utc().ISOWeek()
	return week
}

// Begin is the instant at which the day begins in a zone.
func (d Date) Begin(zone *time.Location) time.Time { return d.at(0, zone) }

// in reports whether a zone has the day: one that crosses the date line leaves one
// out.
func (d Date) in(zone *time.Location) bool { return d.Begin(zone).Before((d + 1).Begin(zone)) }

// minute is a time of day on the wall's clock, in minutes since midnight; from
// minutesPerDay on it is one of the next day.
type minute int

const (
	minutesPerDay minute = 24 * 60
	secondsPerDay        = 24 * 60 * 60
	// farthestZone is further ahead of UTC than any zone is.
	farthestZone = 16 * 60 * 60
)

// at is the first instant at which the clock on the wall shows m on the day d, or
// has passed it. So a time that exists twice, when clocks are put back, means the
// first of the two, and one that does not exist, when they are put forward, means
// the moment at which they are: what is later by the clock is never earlier.
func (d Date) at(m minute, zone *time.Location) time.Time {
	wall := int64(d)*secondsPerDay + int64(m)*60
	t := time.Unix(wall-farthestZone, 0).In(zone)
	for {
		_, offset := t.Zone()
		candidate := time.Unix(max(wall-int64(offset), t.Unix()), 0).In(zone)
		_, end := t.ZoneBounds()
		if end.IsZero() || candidate.Before(end) {
			return candidate
		}
		t = end
	}
}

// utc is the day as the time package has it.
func (d Date) utc() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
