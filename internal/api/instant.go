package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Instant is a timestamp of an observation. It is written in UTC with all six
// digits of its microseconds, so that instants sort as texts too.
type Instant struct{ time.Time }

// instantOf is a timestamp of an agent, which may be any. It is brought into the
// years 0 to 9999, which is what RFC 3339 can write.
func instantOf(micros int64) Instant { return Instant{timeOf(micros)} }

// MarshalJSON gives the instant as a string.
func (t Instant) MarshalJSON() ([]byte, error) {
	return append(appendInstant([]byte{'"'}, t.UnixMicro()), '"'), nil
}

// Schema says what an instant is in OpenAPI.
func (Instant) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// appendInstant appends a timestamp as an Instant has it, such as
// 2026-01-31T08:00:00.000000Z. It stands in each observation, and time's own
// formatting takes as long as all else of one.
func appendInstant(b []byte, micros int64) []byte {
	// Counted from the year 0, of which no timestamp that can be written is before.
	t := uint64(min(max(micros, earliest), latest) - earliest)
	const second, day = 1_000_000, 86_400
	seconds := t / second
	year, month, date := civil(seconds / day)
	seconds %= day
	b = appendDigits(b, year, 4)
	b = appendDigits(append(b, '-'), month, 2)
	b = appendDigits(append(b, '-'), date, 2)
	b = appendDigits(append(b, 'T'), seconds/3600, 2)
	b = appendDigits(append(b, ':'), seconds/60%60, 2)
	b = appendDigits(append(b, ':'), seconds%60, 2)
	b = appendDigits(append(b, '.'), t%second, 6)
	return append(b, 'Z')
}

// civil gives the date of a day counted from 1 January of the year 0 in the
// Gregorian calendar. Years are taken to begin in March, so that a leap day ends
// one.
func civil(day uint64) (year, month, date uint64) {
	const (
		era         = 146_097 // days of 400 years
		beforeMarch = 60      // days of January and February of the year 0
	)
	day += era - beforeMarch // from 1 March 400 years earlier
	ofEra := day % era
	yearOfEra := (ofEra - ofEra/1_460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	fromMarch := (5*ofYear + 2) / 153
	date = ofYear - (153*fromMarch+2)/5 + 1
	year = 400*(day/era) + yearOfEra - 400
	if month = fromMarch + 3; month > 12 {
		month, year = month-12, year+1
	}
	return year, month, date
}

// appendDigits appends n with as many digits.
func appendDigits(b []byte, n uint64, digits int) []byte {
	b = append(b, "000000"[:digits]...)
	for i := len(b) - 1; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}
