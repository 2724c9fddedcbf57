package web_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
)

func TestMachineShowsEachKindOfValue(t *testing.T) {
	_, html := page(t, newShop(atNoon).serve(t), "/m/vmc-01")
	for id, want := range map[string]string{
		"101": "Availability avail AVAILABLE 9 h 00 min",
		"103": "Position, actual Xabs 123.457 mm 1 s",
		"105": "Temperature Xtemp — Unavailable 3 min",
		"106": "Position Xtravel Normal 5 h 00 min",
		"107": "Rotary velocity, actual Srpm 8000 rev/min 2 s",
		"109": "Temperature Stemp_cond Fault 27 min",
		"116": "Path feedrate override, programmed Fovr 0 % 1 h 00 min",
		"117": "Path position, actual path_pos X 10.5 Y −20.25 Z 300 mm 1 s",
		"118": "Variable vars #100 1.5 #101 ON #102 — 20 min",
		"119": "Work offset offsets X Y Z G54 10.1 20.2 −3 G55 0 0 1 h 00 min",
		"120": "Acceleration vib 3 values, last 0.35 mm/s² 1 min",
		"121": "Concentration conc never observed",
	} {
		// A row of a data set's own table ends a row too: the last cell ends it.
		row := section(t, html, `<tr data-item="`+id+`"`, `<td class="act">`)
		if diff := cmp.Diff(want, words(row)); diff != "" {
			t.Errorf("data item %s (-want +got):\n%s", id, diff)
		}
	}
	var groups []string
	for _, m := range regexp.MustCompile(`<h3>([^<]*)</h3>\s*<table>`).FindAllStringSubmatch(html, -1) {
		groups = append(groups, m[1])
	}
	want := []string{"Machine", "Axes base › Linear X", "Axes base › Rotary C", "Controller", "Controller › Path path1", "Systems › Coolant"}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestMachineHead(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for slug, want := range map[string][]string{
		"vmc-04":      {"Alarm 27 min since 11:33:00", "Why: fault on the controller (rule 3)", "Streaming", "Fault 1010 Spindle temperature high Temperature · Axes base › Rotary C 27 min"},
		"edm-1":       {"No link 4 min", "Last known: Running 11:55:53", "connection refused", "next try in 26 s"},
		"mill-turn-1": {"P1 Active O7001 SHAFT P2 Ready O7002 SUB"},
	} {
		_, html := page(t, server, "/m/"+slug)
		for _, w := range want {
			if !strings.Contains(words(html), w) {
				t.Errorf("%s: no %q in %s", slug, w, words(html))
			}
		}
	}
}

// Where execution was a word that stops, the stop and its why say which.
func TestMachineSaysWhatExecutionSaid(t *testing.T) {
	server := newShop(atNoon).serve(t)
	_, html := page(t, server, "/m/lathe-2")
	rows := strings.Split(section(t, html, `id="stops"`, "</table>"), "<tr")[2:] // Behind what stands before the head, and the head.
	for _, row := range rows {
		if !strings.Contains(words(row), "executing (rule 5): Feed hold") {
			t.Errorf("a stop does not say what execution said: %s", words(row))
		}
	}
	if len(rows) != 3 {
		t.Errorf("%d stops, want 3", len(rows))
	}
	if _, html := page(t, server, "/m/lathe-2/why"); !strings.Contains(words(html), "Execution said Feed hold .") {
		t.Errorf("why it stopped does not say what execution said: %s", words(html))
	}
}

// Runs that reach over the range say what of their parts is of the range.
func TestMachineCyclesSayThePartsOfTheRange(t *testing.T) {
	s := newShop(atNoon)
	s.cycles = someCycles(atNoon())
	if _, html := page(t, s.serve(t), "/m/vmc-01"); !strings.Contains(words(html), "8, of which 7 in this range") {
		t.Errorf("the cycles do not say which parts are of the range: %s", words(html))
	}
}

func TestMachineCharts(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for _, c := range []struct {
		name, query string
		want        []string
		says        string
	}{
		{"default", "", []string{"108", "115", "107", "105"}, ""},
		{"chosen", "?s=104,112&range=8h", []string{"104", "112"}, ""},
		{"none", "?s=", nil, "No signal chosen."},
		{"twice the same", "?s=104,104", []string{"104"}, ""},
		{"not of this machine", "?s=104,999,105", []string{"104", "105"}, `s=&#34;999&#34; is not a data item of this machine`},
		{"no line", "?s=118", nil, "can be drawn as a line"},
		{"too many", "?s=103,104,105,107,108,112,113", []string{"103", "104", "105", "107", "108", "112"}, "Only the first 6 charts are shown."},
	} {
		status, html := page(t, server, "/m/vmc-01"+c.query)
		if status != http.StatusOK {
			t.Errorf("%s: status %d", c.name, status)
		}
		var got []string
		for _, m := range regexp.MustCompile(`data-chart="(\d+)"`).FindAllStringSubmatch(section(t, html, `id="charts"`, "<template"), -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if !strings.Contains(html, c.says) {
			t.Errorf("%s: the page does not say %q", c.name, c.says)
		}
	}
}

func TestMachineRefusals(t *testing.T) {
	server := newShop(atNoon).serve(t)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/m/nobody":                 {http.StatusNotFound, "nobody"},
		"/m/vmc-01?range=fortnight": {http.StatusBadRequest, "use 30s, 5m, 1h, 8h"},
	} {
		status, html := page(t, server, path)
		if status != want.status || !strings.Contains(words(html), want.says) {
			t.Errorf("%s: status %d: %s", path, status, words(html))
		}
	}
	// What the address shows to be wrong is refused before anything is read.
	s := newShop(atNoon)
	if status, _ := page(t, s.serve(t), "/m/vmc-01?why=zz"); status != http.StatusBadRequest || s.work.Machine != "" || len(s.asked) > 0 {
		t.Errorf("status %d, after the cycles of %q and %d timelines were read", status, s.work.Machine, len(s.asked))
	}
}

func TestMachineWithoutItems(t *testing.T) {
	s := newShop(atNoon)
	s.edit("vmc-01", func(m *api.MachineDetail) { m.Items = nil })
	_, html := page(t, s.serve(t), "/m/vmc-01")
	if !strings.Contains(words(html), "its model names no data items") {
		t.Errorf("the page does not say that there are no data items: %s", words(html))
	}
}

// hostile is what a hostile agent calls things.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`

// poison puts hostile text wherever an agent's text goes.
func poison(s *shop) {
	s.edit("vmc-04", func(m *api.MachineDetail) {
		m.Name, m.Manufacturer, m.Model, m.Serial, m.Rule, m.Program = hostile, hostile, hostile, hostile, hostile, ptr(hostile)
		m.Mode, m.Execution, m.LinkError = ptr(hostile), ptr(hostile), hostile
		m.Paths = []api.Path{{Name: hostile, Program: ptr(hostile)}}
		m.Conditions = []api.Condition{{Type: hostile, Component: hostile, Level: "Fault", NativeCode: hostile, Text: hostile, Since: noon}}
		for i := range m.Items {
			item := &m.Items[i]
			item.Name, item.Type, item.SubType, item.Units, item.Component = hostile, hostile, hostile, hostile, hostile
			switch item.Representation {
			case "DATA_SET":
				set, _ := json.Marshal(map[string]any{hostile: hostile})
				item.Value = json.RawMessage(set)
			case "TABLE":
				set, _ := json.Marshal(map[string]any{hostile: map[string]any{hostile: hostile}})
				item.Value = json.RawMessage(set)
			default:
				item.Value = hostile
			}
		}
	})
	s.agents[2].Error, s.agents[2].AgentVersion, s.agents[2].URL = hostile, hostile, hostile
	s.gaps[0].Detail = hostile
	q := s.system.Queue
	s.system.Crew.Workers[0].Name, s.system.Crew.Workers[0].Version, s.system.Crew.Unheld[0] = hostile, hostile, hostile
	q.Leader.Name, q.Jobs[0].Last.By, q.Jobs[0].Last.Error, q.Running[0].ID, q.Running[0].By = hostile, hostile, hostile, hostile, hostile
	q.Failed[0].ID, q.Failed[0].Reason, s.system.Store.Faults[0].Detail = hostile, hostile, hostile
	s.system.Missing["size"] = hostile
}

func TestHostileTextIsOnlyText(t *testing.T) {
	s := newPlant(t, atNoon)
	poison(s)
	server := s.serve(t)
	for _, path := range []string{"/floor", "/floor?q=" + hostile, "/floor?state=" + hostile, "/m/vmc-04", "/m/vmc-04?s=" + hostile, "/m/vmc-04/why", "/handover", "/handover?machine=vmc-04", "/andon/all", "/timeline?view=table", "/alarms", "/production", "/explore?items=301", "/settings/machines", "/agents", "/agents/hall-c", "/agents/hall-b", "/system", "/" + hostile} {
		_, html := page(t, server, strings.ReplaceAll(path, " ", "%20"))
		for _, bad := range []string{"<script>", "<img", "onerror=alert(2)>"} {
			if strings.Contains(html, bad) {
				t.Errorf("%s lets %s through", path, bad)
			}
		}
	}
}
