package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The form with a day leads to the address of the range that was chosen, with the
// page's other parameters kept.
func TestRangeOfAFormGetsItsOwnAddress(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	client := *server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for path, want := range map[string]string{
		"/timeline?date=2026-11-23&of=shift.Late&q=vmc": "/timeline?q=vmc&range=shift%3A2026-11-23.Late",
		"/timeline?date=2026-11-23&of=day&range=8h":     "/timeline?range=day%3A2026-11-23",
		"/timeline?date=2026-11-23&of=week&from=x":      "/timeline?range=week%3A2026-11-23",
	} {
		answer, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%s: status %d, to %q; want %q", path, answer.StatusCode, got, want)
		}
	}
}

// Whatever range is asked for, the picker's own links lead to the ranges that they
// name, and its arrows there and back.
func TestRangePickerLinks(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	label := func(path string) string {
		t.Helper()
		_, text := page(t, server, path)
		return words(section(t, text, `<summary id="range-label">`, "</summary>"))
	}
	link := func(path, pattern string) string {
		t.Helper()
		_, text := page(t, server, path)
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%s: no link %s", path, pattern)
		}
		return "/timeline" + html.UnescapeString(m[1])
	}
	const previous, next = `aria-label="Previous [^>]* href="([^"]*)"`, `aria-label="Next [^>]* href="([^"]*)"`
	for _, test := range []struct{ path, label, previous string }{
		{"/timeline?range=shift:current", "Range: Late · Wed 2026-11-25 14:00–22:00", "Range: Early · Wed 2026-11-25 06:00–14:00"},
		{"/timeline?range=shift:prev", "Range: Early · Wed 2026-11-25 06:00–14:00", "Range: Night · Tue 2026-11-24 22:00–06:00"},
		{"/timeline?range=day:2026-10-26", "Range: Mon 2026-10-26", "Range: Sun 2026-10-25"},
		{"/timeline?range=week:2026-11-18", "Range: Week 47 · Mon 2026-11-16 – Sun 2026-11-22", "Range: Week 46 · Mon 2026-11-09 – Sun 2026-11-15"},
		{"/timeline?range=1h", "Range: Last 1 h", "Range: Wed 2026-11-25 15:20–16:20"},
		{"/timeline?from=2026-11-25+06:00&to=2026-11-25+07:30", "Range: Wed 2026-11-25 06:00–07:30", "Range: Wed 2026-11-25 04:30–06:00"},
	} {
		if got := label(test.path); got != test.label {
			t.Errorf("%s is called %q, want %q", test.path, got, test.label)
		}
		before := link(test.path, previous)
		if got := label(before); got != test.previous {
			t.Errorf("%s: before it is %q, want %q", test.path, got, test.previous)
		}
		if strings.HasPrefix(test.label, "Range: Last") {
			continue // Forward from there is the range as it was, with its own times.
		}
		if got := label(link(before, next)); got != test.label {
			t.Errorf("%s: there and back is %q", test.path, got)
		}
	}
	// 25 October has 25 hours, and the shift over midnight belongs to the day before.
	s.set(func() { s.asked = nil })
	page(t, server, "/timeline?range=day:2026-10-25")
	page(t, server, "/timeline?range=shift:2026-11-24.Night")
	for i, want := range []struct {
		begin  string
		length time.Duration
	}{{"2026-10-24T22:00:00Z", 25 * time.Hour}, {"2026-11-24T21:00:00Z", 8 * time.Hour}} {
		if q := s.asked[i]; q.From.UTC().Format(time.RFC3339) != want.begin || q.To.Sub(q.From) != want.length {
			t.Errorf("asked for %s from %s; want %s from %s", q.To.Sub(q.From), q.From.UTC(), want.length, want.begin)
		}
	}
}

// Without a calendar nothing is said of shifts.
func TestRangePickerWithoutShifts(t *testing.T) {
	_, text := page(t, newShop(inLateShift).serve(t), "/timeline")
	if strings.Contains(text, "Current shift") || !strings.Contains(text, "Last 8 h") {
		t.Error("the picker speaks of shifts, or does not show the last 8 h")
	}
	if !strings.Contains(text, "No shifts are set, so shares are of the whole time (calendar)") {
		t.Error("the page does not say that its shares are of the whole time")
	}
}
