package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pagesOfThePast are pages as of a moment, with what they say that they cannot tell
// of it.
var pagesOfThePast = map[string]string{
	"/floor?view=table":         "",
	"/andon/all":                "",
	"/m/vmc-04":                 "",
	"/m/vmc-04/why":             "",
	"/timeline?group=agent&q=v": "",
	"/production?range=8h":      "",
	"/handover":                 "",
	"/agents":                   "How the links stood, their lag, delay and skew are not.",
	"/agents/hall-a":            "how the agent told are not",
	"/alarms":                   "",
	"/alarms/health":            "",
	"/explore?items=1":          "",
	"/system":                   "How the installation stood is not kept.",
	"/settings":                 "what they were is not kept",
	"/settings/shifts":          "what they were is not kept",
	"/settings/machines":        "what they were is not kept",
	"/about":                    "the program that runs now",
}

// TestEveryPageAtAMoment checks what all pages have of a moment of the past: one
// reading of it, one banner, and links that stay in it.
func TestEveryPageAtAMoment(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	for path, untold := range pagesOfThePast {
		joint := "?"
		if strings.Contains(path, "?") {
			joint = "&"
		}
		for _, at := range []string{"2026-11-23T09:30:00Z", "2026-11-23T10:30:00%2B01:00", "2026-11-23T10:30:00+01:00", "2026-11-23T09:30", "2026-11-23+09:30:00"} {
			status, text := page(t, server, path+joint+"at="+at)
			if status != http.StatusOK {
				t.Fatalf("%s at %s: status %d", path, at, status)
			}
			banner := section(t, text, `<section class="then"`, "</section>")
			for _, want := range []string{"As of 09:30:00, Mon 23 Nov 2 h 30 min ago · back to now", untold} {
				if !strings.Contains(words(banner), want) {
					t.Errorf("%s at %s: no %q in %s", path, at, want, words(banner))
				}
			}
			// Not a field for date and time: browsers show those on a clock of their own.
			if !strings.Contains(banner, `name="at" value="2026-11-23 09:30"`) {
				t.Errorf("%s at %s: no field with the moment in %s", path, at, banner)
			}
			checkLinks(t, path, text)
			if !strings.Contains(banner, `data-key="n" href="`+html.EscapeString(path)+`"`) {
				t.Errorf("%s at %s: no way back to now in %s", path, at, banner)
			}
			if strings.Contains(text, `id="live"`) && untold == "" {
				t.Errorf("%s at %s: the page says that it is live", path, at)
			}
		}
		for at, want := range map[string]string{
			"2026-11-23T12:30:00Z": "use a moment that has passed; it is 2026-11-23T12:00:00Z now", "yesterday": `at "yesterday": use a moment such as 2026-11-23T11:00:00Z`,
		} {
			status, text := page(t, server, path+joint+"at="+at)
			if status != http.StatusBadRequest || !strings.Contains(words(text), want) {
				t.Errorf("%s at %s: status %d, want 400 with %q", path, at, status, want)
			}
		}
	}
}

// checkLinks checks that what leads from a page to others has the moment, and where
// the steps lead.
func checkLinks(t *testing.T, path, text string) {
	t.Helper()
	const moment = "2026-11-23T09:30:00Z"
	steps := map[string]string{
		"B": "2026-11-23T08:30:00Z", "b": "2026-11-23T09:29:00Z", "f": "2026-11-23T09:31:00Z", "F": "2026-11-23T10:30:00Z", "n": "",
	}
	for _, tag := range regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>`).FindAllStringSubmatch(text, -1) {
		u, err := url.Parse(html.UnescapeString(tag[1]))
		if err != nil {
			t.Errorf("%s: link %s: %v", path, tag[0], err)
			continue
		}
		if u.Host != "" || u.Path == "" && u.RawQuery == "" || strings.HasPrefix(u.Path, "/api/") || strings.HasPrefix(u.Path, "/assets/") {
			continue
		}
		at := u.Query().Get("at")
		if key := regexp.MustCompile(`data-key="(.)"`).FindStringSubmatch(tag[0]); key != nil {
			if at != steps[key[1]] {
				t.Errorf("%s: key %s leads to %q, want %q", path, key[1], at, steps[key[1]])
			}
		} else if strings.Contains(tag[0], " data-moment") {
			if at != "" {
				t.Errorf("%s: %s leads to %q, want now", path, tag[0], at)
			}
		} else if _, err := time.Parse(time.RFC3339, at); err != nil || at != moment && !strings.HasPrefix(u.Path, "/m/") {
			t.Errorf("%s: %s leads to the moment %q, want %s", path, tag[0], at, moment)
		}
	}
	for _, form := range regexp.MustCompile(`(?s)<form .*?</form>`).FindAllString(text, -1) {
		if n := strings.Count(form, `name="at"`); n != 1 && !strings.Contains(form, `method="dialog"`) {
			t.Errorf("%s: a form has %d moments, want 1: %s", path, n, form)
		}
	}
}

func TestAMomentBeforeTheFirst(t *testing.T) {
	s := newShop(atNoon)
	s.first = noon.Add(-time.Hour)
	server := s.serve(t)
	for at, before := range map[string]bool{"2026-11-23T09:30:00Z": true, "2026-11-23T11:30:00Z": false} {
		_, text := page(t, server, "/floor?at="+at)
		if got := strings.Contains(words(text), "Nothing is stored of that time: it begins 2026-11-23 11:00:00 UTC."); got != before {
			t.Errorf("at %s: says that nothing is stored: %t, want %t", at, got, before)
		}
	}
}

// TestRangesEndAtTheMoment checks that nothing is asked for from behind the moment
// that a page shows.
func TestRangesEndAtTheMoment(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	const at = "&at=2026-11-25T08:00:00Z"
	for query, want := range map[string]string{
		"range=shift:current": "Early · Wed 2026-11-25 06:00–14:00",
		"range=day:today":     "Wed 2026-11-25",
		"range=1h":            "Last 1 h",
		"from=2026-11-25T06:30:00Z&to=2026-11-25T10:00:00Z": "2026-11-25 07:30–09:00",
		// Who steps back through time comes to before the range that was chosen.
		"from=2026-11-25T09:00:00Z&to=2026-11-25T10:00:00Z": "2026-11-25 08:00–09:00",
		"range=shift:2026-11-25.Late":                       "Early · Wed 2026-11-25 06:00–14:00",
		"range=day:2026-11-26":                              "Wed 2026-11-25",
	} {
		status, text := page(t, server, "/timeline?"+query+at)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d", query, status)
		}
		picker := section(t, text, `<div class="range"`, "</summary>")
		if !strings.Contains(words(picker), want) || !strings.Contains(picker, `data-to="2026-11-25T08:00:00Z"`) || strings.Contains(picker, "data-live") {
			t.Errorf("%s: the picker is %s, want %s", query, picker, want)
		}
		if asked := s.asked[len(s.asked)-1]; asked.To.UTC().Format(time.RFC3339) != "2026-11-25T08:00:00Z" || !asked.At.Equal(asked.To) {
			t.Errorf("%s: asked for times up to %s as of %s", query, asked.To, asked.At)
		}
	}
	// A moment that is no whole second is the end of what a machine's page shows.
	page(t, server, "/m/vmc-01?at=2026-11-25T08:00:00.5Z")
	if want := "2026-11-25T08:00:00.5Z"; s.work.To.UTC().Format(time.RFC3339Nano) != want {
		t.Errorf("the machine's work is asked for up to %s, want %s", s.work.To, want)
	}
	if status, text := page(t, server, "/timeline.json?from=2026-11-25T09:00:00Z&to=2026-11-25T10:00:00Z"+at); status != http.StatusBadRequest || !strings.Contains(words(text), "at: the range begins at") {
		t.Errorf("a range behind the moment: status %d, %s", status, words(text))
	}
}

// TestAgentsAtAMoment checks that agents are told of as far as it was known then.
func TestAgentsAtAMoment(t *testing.T) {
	server := newShop(atNoon).serve(t)
	_, list := page(t, server, "/agents?at=2026-11-23T09:30:00Z")
	_, one := page(t, server, "/agents/hall-b?at=2026-11-23T09:30:00Z")
	for text, wants := range map[string][]string{
		words(section(t, list, "<main", "</main>")): {"hall-b http://user:xxxxx@10.0.4.12:5000/ 1763112233 08:30:00 1 2"},
		words(section(t, one, "<main", "</main>")): {
			"Instance 1763112233 Read since 08:30:00", "Gap ledger 2 ", "Restart: the agent restarted", "Rejected: they came", "The first version that is stored.",
		},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
		for _, later := range []string{"Overrun", "added device SAW-1", "Polling", "Obs/s"} {
			if strings.Contains(text, later) {
				t.Errorf("%q, which was not known then, is in %s", later, text)
			}
		}
	}
	for path, want := range map[string]string{"/agents.csv": "hall-b,http://user:xxxxx@10.0.4.12:5000/,1763112233,2026-11-23T08:30:00Z,1,2,0", "/agents/hall-b.json": `"gaps":[{"agent":"hall-b"`} {
		if _, text := page(t, server, path+"?at=2026-11-23T09:30:00Z"); !strings.Contains(text, want) {
			t.Errorf("%s: no %q in %s", path, want, text)
		}
	}
	if status, _ := page(t, server, "/agents/nobody?at=2026-11-23T09:30:00Z"); status != http.StatusNotFound {
		t.Errorf("an agent that there is not: status %d", status)
	}
}
