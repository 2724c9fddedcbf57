package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// then is the moment of the past that the pages show: the parameter at of their
// addresses.
type then struct {
	// At is the moment and Now the present, in the zone of the page.
	At, Now time.Time
	// Untold says what the page cannot tell of the moment, and why. It shows what is
	// now, whatever the moment, where current is set.
	Untold  string
	current bool
	// First is when what is stored begins, where the moment lies before all of it;
	// nil otherwise.
	First *time.Time
}

// asOf gives the site as it was at the moment that a request asks for, and as its
// reader has chosen: its clock stands at the moment. It is Invalid for what is no
// moment or still to come.
func (s *site) asOf(r *http.Request) (*site, error) {
	own := *s.forReader(r)
	past, err := parseThen(r.FormValue("at"), own.now())
	if past != nil {
		own.then, own.now = past, func() time.Time { return past.At }
	}
	return &own, err
}

// current gives the site as it is now, whatever moment a request asks for: untold
// says why its page knows no other.
func (s *site) current(r *http.Request, untold string) (*site, error) {
	own, err := s.asOf(r)
	if err == nil && own.then != nil {
		now := own.then.Now
		own.then.Untold, own.then.current, own.now = untold, true, func() time.Time { return now }
	}
	return own, err
}

// past reports whether pages show a moment of the past.
func (s *site) past() bool { return s.then != nil && !s.then.current }

// moment is the moment of the past that pages show; the zero time for now.
func (s *site) moment() time.Time {
	if s.past() {
		return s.now()
	}
	return time.Time{}
}

// in gives a request with the moment written as all links write it.
func (t *then) in(r *http.Request) *http.Request {
	if t == nil {
		return r
	}
	r = r.Clone(r.Context())
	q := r.URL.Query()
	q.Set("at", momentText(t.At))
	r.URL.RawQuery = q.Encode()
	return r
}

// momentText writes a moment for an address.
func momentText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Word gives the moment as the banner says it: the year only where it is another.
func (t then) Word() string {
	form := "15:04:05, Mon 2 Jan"
	if t.At.Year() != t.Now.Year() {
		form += " 2006"
	}
	return t.At.Format(form)
}

// parseThen reads a moment: RFC 3339, or a date and time in the zone of now. It
// gives nil for none, and Invalid for what is no moment or still to come.
func parseThen(text string, now time.Time) (*then, error) {
	if text == "" {
		return nil, nil
	}
	at, ok := parseMoment(text, now.Location())
	if !ok {
		return nil, plant.Errorf(plant.Invalid, "at %.40q: use a moment such as %s or %s.", text, now.Add(-time.Hour).Format(time.RFC3339), now.Add(-time.Hour).Format("2006-01-02 15:04"))
	}
	if at.After(now) {
		return nil, plant.Errorf(plant.Invalid, "at %.40q: use a moment that has passed; it is %s now.", text, now.Format(time.RFC3339))
	}
	return &then{At: at, Now: now}, nil
}

func parseMoment(text string, zone *time.Location) (time.Time, bool) {
	// The plus of an offset becomes a space where it was not escaped.
	if at, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1)); err == nil {
		return at.In(zone), true
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// travel is the control that leads through time: to a moment of the past, from
// there to those around it, and back to now.
type travel struct {
	// Then is the moment that is asked for; nil for now.
	Then *then
	// Steps lead to moments around it; one that is still to come leads to now.
	Steps []thenStep
	// Back is the address of the page as it is now, Path is without its parameters
	// and Kept are those but the moment.
	Back, Path string
	Kept       []param
	// Input is the moment as people type it, to the second.
	Input string
}

// thenStep leads to another moment, which is earlier or later as Way says; Key is
// what leads there on the keyboard.
type thenStep struct{ Word, Way, Title, Key, Href string }

// thenSteps are how far the moment can be moved at once.
var thenSteps = []struct {
	by                    time.Duration
	word, way, title, key string
}{
	{-time.Hour, "‹ 1 h", "earlier", "1 hour earlier", "B"},
	{-time.Minute, "‹ 1 min", "earlier", "1 minute earlier", "b"},
	{time.Minute, "1 min ›", "later", "1 minute later", "f"},
	{time.Hour, "1 h ›", "later", "1 hour later", "F"},
}

// travel makes the control of a page. What is stored is asked for its begin only
// where the page shows a moment of the past.
func (s *site) travel(r *http.Request) travel {
	t := travel{Then: s.then, Path: r.URL.Path, Input: inputText(s.now())}
	q := r.URL.Query()
	q.Del("at")
	for name, values := range q {
		for _, value := range values {
			t.Kept = append(t.Kept, param{name, value})
		}
	}
	slices.SortStableFunc(t.Kept, func(a, b param) int { return strings.Compare(a.Name, b.Name) })
	if s.then == nil {
		return t
	}
	at, now := s.then.At, s.then.Now
	t.Input = inputText(at)
	address := func(to time.Time) string {
		if q.Del("at"); !to.After(now) {
			q.Set("at", momentText(to))
		}
		u := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
		return u.String()
	}
	t.Back = address(now.Add(1))
	for _, step := range thenSteps {
		t.Steps = append(t.Steps, thenStep{step.word, step.way, step.title, step.key, address(at.Add(step.by))})
	}
	s.findFirst(r.Context(), t.Then)
	return t
}

// inputText writes a moment as people type it: on a clock of 24 hours, as all times
// of the pages are. Fields for date and time show what their browser is used to.
func inputText(t time.Time) string {
	return localText(t.Truncate(time.Second), t.Location())
}

// findFirst finds out whether the moment lies before all that is stored.
func (s *site) findFirst(ctx context.Context, t *then) {
	first, err := s.views.FirstAfter(ctx, t.At)
	if err != nil {
		s.log.ErrorContext(ctx, "moment without the begin of what is stored", "error", err)
		return
	}
	if !first.IsZero() {
		first = first.In(t.At.Location())
		t.First = &first
	}
}
