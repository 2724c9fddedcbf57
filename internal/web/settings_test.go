package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	shopfile "github.com/factorydash/factorydash/internal/shop"
)

func TestShiftsAreDrawnAsTheyWillBe(t *testing.T) {
	// Clocks go back on the Sunday.
	s := newPlant(t, func() time.Time { return time.Date(2026, 10, 23, 10, 0, 0, 0, time.UTC) })
	server := s.serve(t)
	_, text := page(t, server, "/settings/shifts")
	if got := words(section(t, text, `<tr data-date="2026-10-25"`, "</tr>")); !strings.HasPrefix(got, "Sun 2026-10-25 Clocks go back: 25 h") {
		t.Errorf("the day on which clocks go back: %q", got)
	}
	if got := words(section(t, text, `<tr data-date="2026-10-26"`, "</tr>")); strings.Contains(got, "Clocks") {
		t.Errorf("the day after: %q", got)
	}
	for _, want := range []string{"Night", "22:00–06:00", "17:00–17:15, 19:30–20:00", "Christmas Day", "Works outing"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	_, asCSV := page(t, server, "/settings/shifts.csv")
	// From 22:00 to 06:00 over the change of clocks: nine hours of work.
	for _, want := range []string{"2026-10-23,Night,2026-10-23T20:00:00Z,2026-10-24T04:00:00Z,28800,false,", "2026-10-24,Late,"} {
		if !strings.Contains(asCSV, want) {
			t.Errorf("the CSV lacks %q:\n%s", want, asCSV)
		}
	}
}

// What is wrong with the newest file is told with its place, and what is in force
// stays on the page.
func TestSettingsTellOfAWrongFile(t *testing.T) {
	s := newPlant(t, inLateShift)
	s.said.File, s.said.Read = "/etc/factorydash/shop.json", inLateShift().Add(-time.Hour)
	s.said.Problem, s.said.Found = "shop file: zone: \"Berlin\" is no time zone\nareas[1]: \"A\" is given twice", inLateShift()
	server := s.serve(t)
	for _, path := range []string{"/settings", "/settings/shifts", "/settings/machines"} {
		_, text := page(t, server, path)
		got := words(section(t, text, `<div class="notice" role="alert" id="file-problems">`, "</div>"))
		if want := `The newest shop file is wrong , found 17:20:00; the one read 16:20:00 stays in force. zone: "Berlin" is no time zone areas[1]: "A" is given twice`; got != want {
			t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(want, got))
		}
		if !strings.Contains(text, "<code>/etc/factorydash/shop.json</code>, read 16:20:00") {
			t.Errorf("%s does not say where it has it from", path)
		}
	}
}

func TestMachineSettings(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	_, text := page(t, server, "/settings/machines")
	if got := words(section(t, text, `<tr data-machine="vmc-04"`, "</tr>")); got != "VMC-04 vmc-04 · hall-a Milling 7 min 30 s 1 not set 5 min 100 1 min 30 s Setup any" {
		t.Errorf("a machine of which something is said: %q", got)
	}
	if got := words(section(t, text, `<tr data-machine="edm-1"`, "</tr>")); got != "EDM-1 edm-1 · hall-c — not set 1 not set 5 min 100 1 min Setup any" {
		t.Errorf("a machine of which nothing is said: %q", got)
	}
	if got := words(section(t, text, `id="missing">`, "</p>")); !strings.Contains(got, "vmc-77") || strings.Contains(got, "vmc-01,") {
		t.Errorf("machines that no agent has: %q", got)
	}
	if !strings.Contains(text, "state rules version 2") {
		t.Error("the version of the rules is not told")
	}
}

// Without a shop file the pages say how to write one.
func TestSettingsWithoutAFile(t *testing.T) {
	s := newShop(inLateShift)
	s.said = shopfile.None(time.UTC)
	server := s.serve(t)
	for path, want := range map[string]string{
		"/settings": "No shop file is named", "/settings/shifts": "No shifts are set", "/settings/machines": "No shop file is named",
	} {
		if _, text := page(t, server, path); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}
