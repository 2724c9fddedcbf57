package web_test

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	shopfile "github.com/factorydash/factorydash/internal/shop"
)

// noon is when the tests of what the server draws take place.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

var tags = regexp.MustCompile(`<template[\s\S]*?</template>|<symbol[\s\S]*?</symbol>|<[a-z]+[^>]*\shidden[^>]*>[^<]*|<[^>]*>`)

// unescape is html.UnescapeString, for functions that call a page html.
func unescape(s string) string { return html.UnescapeString(s) }

// words gives the text of a page without its tags and what is hidden.
func words(html string) string {
	return strings.Join(strings.Fields(unescape(tags.ReplaceAllString(html, " "))), " ")
}

// section cuts the element with an id or a class out of a page, up to the next
// end of such an element.
func section(t *testing.T, html, start, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(html, start)
	if !ok {
		t.Fatalf("the page has no %s", start)
	}
	body, _, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("the page has no %s after %s", end, start)
	}
	return start + body
}

func TestFloorShowsEachState(t *testing.T) {
	status, html := page(t, newShop(atNoon).serve(t), "/floor")
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	for slug, want := range map[string]string{
		"vmc-01":      "VMC-01 Haas VF-4 Running 1 h 04 min Program O2201 BRACKET Counter 38 Mode Automatic Ran —",
		"vmc-02":      "VMC-02 Haas VF-4 Running 12 min Program O2207 FLANGE Counter 112 Mode Automatic Ran — Warning 207 Lubricant level low",
		"vmc-04":      "VMC-04 DMG MORI CMX 1100 Alarm 27 min Program O1180 Counter 21 Mode Automatic Ran — Fault 1010 Spindle temperature high Warning 52 Coolant concentration out of range",
		"lathe-2":     "LATHE-2 Mazak QTN-200 Stopped 12 min Program O1234 Counter 55 Mode Automatic Ran —",
		"mill-turn-1": "MILL-TURN-1 Mazak Integrex i-200 Running 8 min Program O7001 SHAFT Counter 9 Mode Automatic Ran — P1 Active O7001 SHAFT P2 Ready O7002 SUB",
		"grinder-1":   "GRINDER-1 Studer S33 Setup 35 min clock 95 s behind Program none Counter 0 Mode Manual Ran —",
		"robot-cell":  "ROBOT-CELL KUKA KR 60 Idle over 9 h 00 min clock 95 s behind Program — Counter 1204 Mode Automatic Ran —",
		"saw-1":       "SAW-1 Offline 2 h 04 min clock 95 s behind Program — Counter — Mode — Ran —",
		"edm-1":       "EDM-1 Sodick AQ35L No link 4 min last known: Running 11:55:53 Program — Counter — Mode — Ran —",
	} {
		card := section(t, html, `<article class="machine" data-slug="`+slug+`"`, "</article>")
		if diff := cmp.Diff(want, words(card)); diff != "" {
			t.Errorf("card of %s (-want +got):\n%s", slug, diff)
		}
	}
	// The glyph goes with the word: colour is never alone.
	if card := section(t, html, `data-slug="vmc-04"`, "</article>"); !strings.Contains(card, `href="#glyph-alarm"`) {
		t.Error("the card of a machine in alarm has no glyph")
	}
}

func TestFloorCountsAndAttention(t *testing.T) {
	_, html := page(t, newShop(atNoon).serve(t), "/floor")
	counts := words(section(t, html, `<ul id="counts">`, "</ul>"))
	if want := "3 Running 1 Idle 1 Setup 1 Stopped 1 Alarm 1 Offline 1 No link"; counts != want {
		t.Errorf("counts: %q, want %q", counts, want)
	}
	got := words(section(t, html, `<ul id="attention-list">`, "</ul>"))
	want := "Alarm VMC-04 Why? 27 min since 11:33:00 1010 Spindle temperature high · O1180 " +
		"Stopped LATHE-2 Why? 12 min since 11:48:00 Optional stop · O1234 " +
		"No link Agent hall-c 4 min since 11:56:00 dial tcp 10.0.4.13:5000: connection refused 1 machine unknown next try in 26 s"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attention (-want +got):\n%s", diff)
	}
}

func TestAttentionIsSortedByGravityThenAge(t *testing.T) {
	s := newShop(atNoon)
	s.agents = nil
	s.machines = nil
	for _, m := range []struct {
		slug, state string
		ago         time.Duration
	}{
		{"young-alarm", "alarm", time.Minute},
		{"gone", "no-link", time.Hour},
		{"old-stop", "stopped", 3 * time.Hour},
		{"old-alarm", "alarm", time.Hour},
		{"fine", "running", time.Hour},
		{"young-stop", "stopped", time.Minute},
	} {
		s.machines = append(s.machines, api.MachineDetail{Machine: api.Machine{Slug: m.slug, Name: m.slug, Agent: "a", State: m.state, Word: m.state, Since: ptr(noon.Add(-m.ago))}})
	}
	// A fault that does not stop a machine needs somebody too, a warning does not.
	for slug, level := range map[string]plant.Level{"fine-but-faulty": plant.LevelFault, "fine-but-warned": plant.LevelWarning} {
		s.machines = append(s.machines, api.MachineDetail{Machine: api.Machine{
			Slug: slug, Name: slug, Agent: "a", State: "idle", Word: "Idle", Since: ptr(noon.Add(-time.Hour)),
			Conditions: []api.Condition{{Type: "SYSTEM", Level: level.String(), NativeCode: "EX1710", Text: "COOLANT PUMP PRESSURE", Since: noon.Add(-time.Minute)}},
		}})
	}
	_, html := page(t, s.serve(t), "/floor")
	list := section(t, html, `<ul id="attention-list">`, "</ul>")
	var got []string
	for _, m := range regexp.MustCompile(`href="/m/([^"]*)"`).FindAllStringSubmatch(list, -1) {
		if strings.HasSuffix(m[1], "/why") {
			continue
		}
		got = append(got, m[1])
	}
	if diff := cmp.Diff([]string{"old-alarm", "young-alarm", "old-stop", "young-stop", "fine-but-faulty", "gone"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if !strings.Contains(list, "Idle, fault") || !strings.Contains(list, "EX1710 COOLANT PUMP PRESSURE") {
		t.Errorf("the fault is not told: %s", list)
	}
}

func TestFloorFilter(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", []string{"vmc-01", "vmc-02", "vmc-04", "lathe-2", "mill-turn-1", "grinder-1", "robot-cell", "saw-1", "edm-1"}},
		{"?q=vmc", []string{"vmc-01", "vmc-02", "vmc-04"}},
		{"?q=haas+o2207", []string{"vmc-02"}},
		{"?state=alarm", []string{"vmc-04"}},
		{"?state=running&q=MAZAK", []string{"mill-turn-1"}},
		{"?q=nothing+of+the+kind", nil},
	} {
		_, html := page(t, server, "/floor"+c.query)
		var got []string
		for _, m := range regexp.MustCompile(`<article class="machine" data-slug="([^"]+)" data-state="[^"]*">`).FindAllStringSubmatch(html, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
		if shown := !strings.Contains(html, `id="no-match" hidden`); shown != (c.want == nil) {
			t.Errorf("%s: that nothing matches is said: %t", c.query, shown)
		}
	}
}

func TestFloorWithoutMuch(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*shop)
		status int
		want   string
	}{
		{"no agents", func(s *shop) { s.agents, s.machines = nil, nil }, 200, "No agents yet"},
		{"no machines", func(s *shop) { s.machines = nil }, 200, "No machines yet"},
		{"agents not known", func(s *shop) { s.agentsErr = errors.New("the disk is full") }, 200, "The state of the agents could not be read"},
		{"machines not known", func(s *shop) { s.machinesErr = errors.New("the disk is full") }, 500, "Something went wrong"},
		{"store away", func(s *shop) { s.machinesErr = plant.Errorf(plant.Unavailable, "The store is away.") }, 503, "The store is away."},
	} {
		s := newShop(atNoon)
		c.change(s)
		status, html := page(t, s.serve(t), "/floor")
		if status != c.status || !strings.Contains(words(html), c.want) {
			t.Errorf("%s: status %d, want %d with %q, got %s", c.name, status, c.status, c.want, words(html))
		}
		if strings.Contains(html, "the disk is full") {
			t.Errorf("%s: the page shows an internal error", c.name)
		}
	}
}

func TestFloorGroupsMachinesByArea(t *testing.T) {
	s := newShop(atNoon)
	for slug, area := range map[string]string{"vmc-01": "Turning", "edm-1": "Milling", "saw-1": "Milling"} {
		s.edit(slug, func(m *api.MachineDetail) { m.Area = area })
	}
	s.said = shopfile.None(time.UTC)
	s.said.Areas = []string{"Milling", "Turning"}
	_, html := page(t, s.serve(t), "/floor")
	var got []string
	for _, m := range regexp.MustCompile(`<section class="group" data-key="([^"]*)"|<article class="machine" data-slug="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		got = append(got, m[1]+m[2])
	}
	want := []string{
		"area Milling", "saw-1", "edm-1", "area Turning", "vmc-01",
		"agent hall-a", "vmc-02", "vmc-04", "lathe-2", "mill-turn-1", "agent hall-b", "grinder-1", "robot-cell",
	}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Errorf("areas (-want +got):\n%s", diff)
	}
}

func TestFloorOfThePast(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	_, html := page(t, server, "/floor?at=2026-11-23T09:30:00Z")
	if !s.at.Equal(noon.Add(-150 * time.Minute)) {
		t.Fatalf("asked for %s", s.at)
	}
	text := words(html)
	for _, want := range []string{"Needed attention", "1 Not known", "EDM-1 Not known"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if status, html := page(t, server, "/floor?view=tiles"); status != http.StatusBadRequest || !strings.Contains(words(html), "use cards, compact, table or areas") {
		t.Errorf("a view that there is not: status %d", status)
	}
}

// TestZoneOfTheReader checks that all times are in the zone that a reader has
// chosen, and in the plant's where it is none.
func TestZoneOfTheReader(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for cookie, want := range map[string][2]string{
		"": {"since 11:33:00", "UTC"}, "Asia/Tokyo": {"since 20:33:00", "Asia/Tokyo (UTC+09:00)"},
		"No/Where": {"since 11:33:00", "UTC"}, "../etc/passwd": {"since 11:33:00", "UTC"},
	} {
		request, err := http.NewRequest(http.MethodGet, server.URL+"/floor", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if cookie != "" {
			request.AddCookie(&http.Cookie{Name: "factorydash-zone", Value: cookie})
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		html, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if text := words(string(html)); !strings.Contains(text, want[0]) || !strings.Contains(text, "Times in "+want[1]) {
			t.Errorf("zone %q: no %q", cookie, want)
		}
	}
}

// TestFourDensitiesShowTheSame checks that each view has the same machines in the
// same order, from the same data, that the choice stands in the address and needs
// no request, and that no view is wider than its screen.
func TestFourDensitiesShowTheSame(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor?q=vmc")
	b.live()
	eval[bool](b, `(document.querySelector("#q").value = "", document.querySelector("#q").dispatchEvent(new Event("input")))`)
	cards := `[...document.querySelectorAll(".machine")].filter(m => m.checkVisibility()).map(m => m.dataset.slug + " " + m.dataset.state).join("\n")`
	want := eval[string](b, cards)
	eval[bool](b, `window.kept = true`)
	for _, view := range []string{"compact", "table", "areas", "cards"} {
		eval[bool](b, `document.querySelector("#views [data-view=`+view+`]").click() ?? true`)
		search := "?view=" + view
		if view == "cards" {
			search = ""
		}
		b.await(`location.search === "` + search + `"`)
		if got := eval[string](b, cards); got != want {
			t.Errorf("%s shows\n%s\ninstead of\n%s", view, got, want)
		}
		for _, width := range []int64{1280, 360} {
			if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 800)); err != nil {
				t.Fatal(err)
			}
			if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s: %d px wider than a screen of %d: %s", view, over, width, eval[string](b, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.tagName + "." + e.className + e.getBoundingClientRect().right).slice(0, 6).join(" ")`))
			}
		}
		b.picture("floor-" + view)
		m := s.edit("vmc-01", func(m *api.MachineDetail) { m.Parts = ptr(*m.Parts + 1) })
		s.send("machines", []api.Machine{m.Machine})
		b.await(`document.querySelector('[data-slug="vmc-01"] [data-slot="parts"]').textContent === "` + strconv.Itoa(int(*m.Parts)) + `"`)
	}
	if !eval[bool](b, `Boolean(window.kept)`) {
		t.Error("changing the view loaded the page anew")
	}
	b.open(server.URL + "/floor?view=areas")
	b.await(`document.querySelector("#floor").dataset.view === "areas" && document.querySelector("#views [aria-current]").dataset.view === "areas"`)
}

// TestPartsAgainstTarget checks the cards of machines with a target: what was made in
// the shift, of how many, and by how many it is ahead or behind.
func TestPartsAgainstTarget(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	parts := func(slug string) string {
		return `(document.querySelector('[data-slug="` + slug + `"] .aim')?.innerText ?? "").split(/\s+/).join(" ")`
	}
	b.await(`document.querySelectorAll(".aim").length === 2`)
	if got := eval[string](b, parts("vmc-01")); got != "38 / 45 −2" {
		t.Errorf("the card says %q", got)
	}
	if got := eval[string](b, parts("edm-1")); got != "— / 30 not known" {
		t.Errorf("where it is not known the card says %q", got)
	}
	if got := eval[string](b, parts("vmc-02")); got != "" {
		t.Errorf("without a target the card says %q", got)
	}
	if got, want := eval[string](b, `document.querySelector('[data-slug="vmc-01"] .aim').title`), "38 made in shift Late since 15:20, of 45; 40 should be made by now"; got != want {
		t.Errorf("the title is %q, want %q", got, want)
	}
}

// TestNormalCardsHaveNoSaturatedColour checks the computed colours of machines that
// run, idle or are not known: none stands out, as those of an alarm do. Lanes are
// left out: they tell of what was.
func TestNormalCardsHaveNoSaturatedColour(t *testing.T) {
	server := newShop(time.Now).serve(t)
	for _, theme := range []string{"light", "dark"} {
		b := newTab(t, server.URL, 1280, 800)
		b.open(server.URL + "/floor")
		b.live()
		b.theme(theme)
		strong := `(state => [...document.querySelectorAll(".machine[data-state=" + state + "]")].flatMap(m => [m, ...m.querySelectorAll("h3, .state, dl *")]).flatMap(e => {
			const s = getComputedStyle(e);
			return [s.color, s.backgroundColor, s.borderTopColor, s.boxShadow].flatMap(v => [...v.matchAll(/rgba?\(([^)]*)\)/g)].map(m => m[1].split(",").map(Number)))
				.filter(([r, g, b, a]) => a !== 0 && Math.max(r, g, b) - Math.min(r, g, b) > 90);
		}).length)(%q)`
		for _, state := range []string{"running", "idle", "offline", "no-link"} {
			if n := eval[int](b, fmt.Sprintf(strong, state)); n > 0 {
				t.Errorf("%s: %d colours of a machine that is %s are saturated", theme, n, state)
			}
		}
		if n := eval[int](b, fmt.Sprintf(strong, "alarm")); n == 0 {
			t.Errorf("%s: an alarm does not stand out", theme)
		}
	}
}
