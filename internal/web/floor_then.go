package web

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// then is the moment of the past that a page shows.
type then struct {
	// At is the moment in the zone of the page.
	At time.Time
	// Steps lead to moments around it; one that is still to come leads to now.
	Steps []thenStep
	// Back is the address of the page as it is now.
	Back string
	Now  time.Time
}

// thenStep leads to another moment.
type thenStep struct{ Word, Title, Href string }

// steps are how far the moment can be moved at once.
var steps = []struct {
	by          time.Duration
	word, title string
}{
	{-time.Hour, "‹‹", "1 hour earlier"},
	{-5 * time.Minute, "‹", "5 minutes earlier"},
	{5 * time.Minute, "›", "5 minutes later"},
	{time.Hour, "››", "1 hour later"},
}

// inputTime is the form of a moment in a field for date and time.
const inputTime = "2006-01-02T15:04:05"

// Input gives the moment for such a field.
func (t then) Input() string { return t.At.Format(inputTime) }

// parseThen reads a moment: RFC 3339, or a date and time in the zone of now. It
// gives nil for none, and Invalid for what is no moment or still to come.
func parseThen(text string, moment func(at string) string, now time.Time) (*then, error) {
	if text == "" {
		return nil, nil
	}
	at, ok := parseMoment(text, now.Location())
	if !ok {
		return nil, plant.Errorf(plant.Invalid, "at %q: use a moment such as %s or %s.", text, now.Add(-time.Hour).Format(time.RFC3339), now.Add(-time.Hour).Format("2006-01-02T15:04"))
	}
	if at.After(now) {
		return nil, plant.Errorf(plant.Invalid, "at %q: use a moment that has passed; it is %s now.", text, now.Format(time.RFC3339))
	}
	t := &then{At: at, Back: moment(""), Now: now}
	for _, step := range steps {
		to := at.Add(step.by)
		href := moment(to.Format(time.RFC3339))
		if to.After(now) {
			href = t.Back
		}
		t.Steps = append(t.Steps, thenStep{step.word, step.title, href})
	}
	return t, nil
}

func parseMoment(text string, zone *time.Location) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.In(zone), true
	}
	for _, form := range []string{inputTime, "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
