package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// made is a production of two machines: one with a target and no quality that is
// measured, one that counts nothing and is not scheduled.
func made() api.Production {
	running := api.Figure{ID: "running-share-scheduled", Label: "Running share (scheduled)", Numerator: 5400, Denominator: 7200, Unit: "s", Coverage: 0.8, Doubtful: true, Value: ptr(0.75)}
	performance := api.Figure{ID: "performance", Label: "Performance", Numerator: 4500, Denominator: 5400, Unit: "s", Coverage: 0.8, Doubtful: true, Value: ptr(0.8333)}
	none := api.Figure{ID: "running-share-scheduled", Label: "Running share (scheduled)", Unit: "s", Note: "not scheduled"}
	program := api.ProgramProduction{ProgramCycle: api.ProgramCycle{Program: ptr("O2201"), Cycles: 9, Whole: 8, MedianSeconds: ptr(252.0), P10Seconds: ptr(240.0), P90Seconds: ptr(300.0), IdealSeconds: ptr(240.0), Parts: ptr(9.0), RunningSeconds: 2268}}
	shift := api.ShiftProduction{ID: "2026-11-23.Early", Name: "Early", From: noon.Add(-6 * time.Hour), To: noon, Parts: ptr(38.0), Target: ptr(45.0), RunningShare: running}
	return api.Production{
		Scheduled: true, Parts: ptr(38.0), Figures: []api.Figure{running, performance},
		Machines: []api.MachineProduction{
			{
				Machine: "vmc-01", Name: "VMC-01", Parts: ptr(38.0), Target: ptr(45.0), Glitches: 1, Programs: []api.ProgramProduction{program}, Shifts: []api.ShiftProduction{shift}, Coverage: 0.8,
				Figures: []api.Figure{running, performance, {ID: "a-x-p", Label: "A × P", Value: ptr(0.62), Coverage: 0.8, Doubtful: true}},
			},
			{Machine: "edm-1", Name: "EDM-1", PartsProblem: "This agent offers no PART_COUNT.", Figures: []api.Figure{none}},
		},
	}
}

func TestProductionPage(t *testing.T) {
	s := newShop(atNoon)
	s.production = made()
	server := s.serve(t)
	_, html := page(t, server, "/production")
	text := words(html)
	for _, want := range []string{
		"38 / 45", "1× jumped, not counted", "~75 %", "1 h 30 min of 2 h 00 min", "coverage 80 %", "definition running-share-scheduled",
		"~62 %", "A × P", "This agent offers no PART_COUNT.", "— not scheduled", "O2201 4:12 min (4:00 min – 5:00 min) / 4:00 min",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(section(t, html, `<tbody>`, `</tbody>`), "OEE") {
		t.Error("without a quality that is measured there is an OEE")
	}
	_, csv := page(t, server, "/production.csv")
	if !strings.Contains(csv, "vmc-01,VMC-01,") || !strings.Contains(csv, ",O2201,9,8,252,240,300,240,9,2268,") || !strings.Contains(csv, "no PART_COUNT") {
		t.Errorf("as CSV it is %s", csv)
	}
	if status, body := page(t, server, "/production.json"); status != http.StatusOK || !strings.Contains(body, `"a-x-p"`) {
		t.Errorf("as JSON it is %d: %s", status, body)
	}
}

func TestMachineAtAMoment(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	_, html := page(t, server, "/m/edm-1?at=2026-11-23T09:30:00Z")
	text := words(html)
	for _, want := range []string{"As of 09:30:00, Mon 23 Nov", "Not known", "Agent hall-c"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if want := "2026-11-23T09:30:00Z"; s.at.UTC().Format(time.RFC3339) != want {
		t.Errorf("asked for %s, want %s", s.at, want)
	}
}

func TestWhyPage(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	_, html := page(t, server, "/m/vmc-01/why?at=2026-11-23T09:30:00Z")
	for _, want := range []string{"Why is VMC-01 in this state?", "Execution", "decides", "4711", "holds and decides", "Version 2 of the rules"} {
		if !strings.Contains(words(html), want) {
			t.Errorf("no %q in %s", want, words(html))
		}
	}
	if _, csv := page(t, server, "/m/vmc-01/why.csv"); !strings.Contains(csv, "true,exec,execution,EXECUTION") {
		t.Errorf("as CSV it is %s", csv)
	}
}
