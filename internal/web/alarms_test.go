package web_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// newAlarmShop makes a shop with alarms of each kind at a moment.
func newAlarmShop(now func() time.Time) *shop {
	s := newShop(now)
	old := raised(now(), "7.1.1.1", "vmc-04", "Warning", "52", "Coolant concentration out of range", 30*time.Hour, 0)
	lost := raised(now(), "7.1.3.1", "vmc-02", "Warning", "207", "207 Lubricant level low", 3*time.Hour, 20*time.Minute)
	lost.ClearedBy = insight.ByGap
	short := raised(now(), "7.1.4.1", "lathe-2", "Fault", "9", "<b>Chuck</b> open", 2*time.Hour, 1500*time.Millisecond)
	short.UsualSeconds, short.Program = ptr(600.0), ptr("O1234")
	s.book.alarms = []api.AlarmEntry{
		raised(now(), "7.1.5.1", "vmc-04", "Fault", "1010", "Spindle temperature high", 27*time.Minute, 0), short, lost, old,
	}
	return s
}

func TestAlarmsPage(t *testing.T) {
	s := newAlarmShop(atNoon)
	s.book.alarms[3].Doubt, s.book.unknown = "the agent hall-c is away", []string{"hall-c"}
	server := s.serve(t)
	status, html := page(t, server, "/alarms?range=8h")
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	active := words(section(t, html, `<section class="panel" id="active"`, "</section>"))
	for _, want := range []string{
		"Active now 1 ", "Agent hall-c is away for 4 min : whether alarms of its 1 machine are active is not known.",
		"Fault 27 min VMC-04 11:33:00 1010 Spindle temperature high System, Controller c", "Not known last Warning 1 d 6 h ago VMC-04 2026-11-22 06:00:00",
	} {
		if !strings.Contains(active, want) {
			t.Errorf("the active alarms do not say %q: %s", want, active)
		}
	}
	history := words(section(t, html, `<div id="history-list"`, "</table>"))
	for _, want := range []string{
		"10:00:00 Fault LATHE-2 1.5 s 10 min 1 9 <b>Chuck</b> open", "Running O1234",
		"09:00:00 Warning VMC-02 at least 20 min its end lies in a gap of the recording — 1 207 Lubricant level low",
	} {
		if !strings.Contains(history, want) {
			t.Errorf("the history does not say %q: %s", want, history)
		}
	}
	for _, want := range []string{
		`href="/m/vmc-04?at=2026-11-23T11%3A33%3A00Z"`, `href="/alarms/7.1.4.1"`, `title="2026-11-23 10:00:00 UTC"`, "&lt;b&gt;Chuck",
		`href="/alarms.csv?range=8h"`, `data-count="2"`, `<b class="num" id="bell-count">2</b>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// Whatever the page cannot have, it says so and shows the rest.
func TestAlarmsPageStates(t *testing.T) {
	for _, test := range []struct {
		name, path string
		change     func(*shop)
		status     int
		want       string
	}{
		{"empty", "/alarms", func(s *shop) { s.book.alarms = nil }, 200, "No alarm is active. History 0"},
		{"empty range", "/alarms", func(s *shop) { s.book.alarms = nil }, 200, "No alarm was active in this range."},
		{"filtered", "/alarms?q=nothing", func(*shop) {}, 200, "No alarm of this range matches the filter."},
		{"filtered active", "/alarms?q=nothing", func(*shop) {}, 200, "No active alarm matches the filter."},
		{"too much", "/alarms?range=7d", func(s *shop) { s.book.historyErr = plant.Errorf(plant.Invalid, "from: narrow the range") }, 400, "from: narrow the range"},
		{"still active", "/alarms?range=7d", func(s *shop) { s.book.historyErr = plant.Errorf(plant.Invalid, "from: narrow the range") }, 400, "Fault 27 min VMC-04"},
		{"no history", "/alarms", func(s *shop) { s.book.historyErr = errors.New("disk") }, 200, "The alarms of the range could not be read; the log says why."},
		{"no agents", "/alarms", func(s *shop) { s.agentsErr = errors.New("disk") }, 200, "The state of the agents could not be read"},
		{"bad level", "/alarms?level=bad", func(*shop) {}, 400, "level: use fault or warning"},
		{"bad range", "/alarms?range=bad", func(*shop) {}, 400, "bad"},
		{"away", "/alarms", func(s *shop) { s.book.alarms, s.book.unknown = nil, []string{"hall-c"} }, 200, "No alarm of the machines that are in reach is active."},
		{"no alarm", "/alarms/1.2.3.4", func(*shop) {}, 404, "There is no alarm"},
		{"none at all", "/alarms", func(s *shop) { s.machinesErr = errors.New("disk") }, 500, "The server could not draw this page."},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newAlarmShop(atNoon)
			test.change(s)
			status, html := page(t, s.serve(t), test.path)
			if status != test.status || !strings.Contains(words(html), test.want) {
				t.Errorf("status %d, want %d with %q: %s", status, test.status, test.want, words(html))
			}
		})
	}
}

// The page, its CSV and its JSON tell the same.
func TestAlarmsInThreeForms(t *testing.T) {
	s := newAlarmShop(atNoon)
	server := s.serve(t)
	const query = "?level=fault&range=8h"
	_, html := page(t, server, "/alarms"+query)
	_, text := page(t, server, "/alarms.csv"+query)
	_, body := page(t, server, "/alarms.json"+query)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var decoded struct{ Active, History api.Alarms }
	if err := json.Unmarshal([]byte(body), &decoded); err != nil {
		t.Fatal(err)
	}
	var onPage, inCSV, inJSON []string
	list := section(t, html, `<div id="history-list"`, "</table>")
	for _, row := range strings.Split(list, `<tr data-alarm="`)[1:] {
		id, _, _ := strings.Cut(row, `"`)
		_, raised, _ := strings.Cut(row, `datetime="`)
		raised, _, _ = strings.Cut(raised, `"`)
		onPage = append(onPage, id+" "+raised)
	}
	for _, record := range records[1:] {
		inCSV = append(inCSV, record[0]+" "+record[13])
	}
	for _, e := range decoded.History.Items {
		inJSON = append(inJSON, e.ID+" "+e.Raised.Format(time.RFC3339Nano))
	}
	want := []string{"7.1.5.1 2026-11-23T11:33:00Z", "7.1.4.1 2026-11-23T10:00:00Z"}
	for form, got := range map[string][]string{"page": onPage, "CSV": inCSV, "JSON": inJSON} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
	if len(decoded.Active.Items) != 1 {
		t.Errorf("%d active in JSON, want the fault", len(decoded.Active.Items))
	}
}

func TestAlarmPage(t *testing.T) {
	_, html := page(t, newAlarmShop(atNoon).serve(t), "/alarms/7.1.5.1")
	around := words(section(t, html, `<section class="panel" id="around"`, "</section>"))
	want := "before 10:33:00 State Running executing (rule 5) −2 min 11:31:00 Program O1 0 s 11:33:00 State Alarm active fault (rule 3) 0 s 11:33:00 Alarm raised Fault 1010 Spindle temperature high"
	if !strings.Contains(around, want) {
		t.Errorf("around the alarm: %s\nwant %s", around, want)
	}
	if href := "/m/vmc-04?from=2026-11-23T11%3A23%3A00Z&amp;to=2026-11-23T11%3A43%3A00Z"; !strings.Contains(html, href) {
		t.Errorf("no link to what the machine did, %s", href)
	}
	if spindle := "Axes base › Rotary C just before Rotary velocity, actual 8000 rev/min · Load 71.25 % · Charts around the alarm"; !strings.Contains(around, spindle) {
		t.Errorf("around the alarm: %s\nwant %s", around, spindle)
	}
	if charts := "&amp;s=307%2C308&amp;to="; !strings.Contains(html, charts) {
		t.Errorf("no link to the charts of the spindle, %s: %s", charts, section(t, html, "data-spindles", "</dl>"))
	}
	if earlier := words(section(t, html, `<section class="panel" id="earlier"`, "</section>")); !strings.Contains(earlier, "The times before 2") {
		t.Errorf("earlier: %s", earlier)
	}
}

// What an agent whose clock is wrong says of when is marked wherever alarms stand; the
// list of a moment of the past does not know it.
func TestAlarmsMarkAWrongClock(t *testing.T) {
	s := newAlarmShop(atNoon)
	s.book.alarms[0].Agent = "hall-b"
	server := s.serve(t)
	for path, want := range map[string][]string{
		"/alarms?range=8h":                         {"VMC-04 11:33:00 clock 95 s behind 1010", "11:33:00 clock 95 s behind Fault VMC-04", "10:00:00 Fault LATHE-2"},
		"/alarms/7.1.5.1":                          {"Raised 11:33:00 clock 95 s behind State"},
		"/alarms/7.1.4.1":                          {"Raised 10:00:00 Cleared"},
		"/alarms?range=8h&at=2026-11-23T11:50:00Z": {"VMC-04 11:33:00 1010"},
	} {
		_, html := page(t, server, path)
		for _, w := range want {
			if !strings.Contains(words(html), w) {
				t.Errorf("%s does not say %q: %s", path, w, words(html))
			}
		}
	}
	s.set(func() { s.agentsErr = errors.New("disk") })
	if _, html := page(t, server, "/alarms/7.1.5.1"); !strings.Contains(words(html), "Whether the agent's clock is wrong could not be read.") {
		t.Errorf("without agents the alarm says %s", words(html))
	}
}

func TestAlarmHealthPage(t *testing.T) {
	s := newAlarmShop(atNoon)
	actor := api.AlarmConduct{Last: s.book.alarms[0], Count: 6, Share: .6, Chatter: 4, Fleeting: 3}
	s.book.health = api.AlarmHealth{
		WindowSeconds: 600, Target: 1, Flood: 10, Alarms: 2,
		All:       api.AlarmRate{Total: 10, Coverage: .85, PerWindow: 3.333, Peak: 8, PeakAt: ptr(noon.Add(-time.Hour)), Windows: 3, Over: 1, Counts: []int{8, 1, 1}},
		Machines:  []api.AlarmRate{{Machine: "vmc-04", Name: "VMC-04", Coverage: 1, Total: 10, PerWindow: 3.333, Peak: 8, Windows: 3, Over: 1}},
		BadActors: []api.AlarmConduct{actor}, Chattering: []api.AlarmConduct{actor}, Fleeting: []api.AlarmConduct{actor},
	}
	server := s.serve(t)
	_, html := page(t, server, "/alarms/health?range=8h")
	text := words(html)
	for _, want := range []string{
		"Raised 10 In 10 min on average ~ 3.33 over the target", "Data coverage 85 %", "Most in 10 min 8 from 11:00:00", "Times over the target 1 of 3",
		"VMC-04 10 3.33 8", "Bad actors 1", "1010 Spindle temperature high System, Controller c 6 60 %", "Stale 0 Active for more than 24 h at the end of the range. None.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q: %s", want, text)
		}
	}
	if n := strings.Count(html, "<rect x=") - strings.Count(section(t, html, `<svg class="sprite"`, "</svg>"), "<rect x="); n != 3 {
		t.Errorf("%d columns, want 3", n)
	}
	if _, text := page(t, server, "/alarms/health.csv"); !strings.Contains(text, "bad-actors,vmc-04,VMC-04,system,Fault,1010,,Spindle temperature high,6,0.6,3,4,0") {
		t.Errorf("CSV: %s", text)
	}
}

// TestAlarmsAtAMoment: what was active then is listed as it was then, without what came
// later, and of which machines it is not known is said.
func TestAlarmsAtAMoment(t *testing.T) {
	s := newAlarmShop(atNoon)
	rising := raised(noon, "7.1.6.1", "vmc-01", "Fault", "31", "Oil gone", 5*time.Hour, 4*time.Hour+30*time.Minute)
	rising.First = &api.AlarmStep{Time: rising.Raised, Level: "Warning", Text: "Oil low"}
	rising.Changes = []api.AlarmStep{{Time: noon.Add(-time.Hour), Level: "Fault", Text: "Oil gone"}}
	s.book.alarms = append(s.book.alarms, rising)
	server, then := s.serve(t), "/alarms?range=8h&at="+noon.Add(-2*time.Hour-50*time.Minute).Format(time.RFC3339)
	status, html := page(t, server, then)
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	active := words(section(t, html, `<section class="panel" id="active"`, "</section>"))
	for _, want := range []string{
		"Active then 3 ", "It is not known what EDM-1 was doing then, nor whether alarms were active there.",
		"Warning 1 d 3 h VMC-04", "Warning 2 h 10 min VMC-01 07:00:00 31 Oil low", "Warning 10 min VMC-02 09:00:00 207 Lubricant",
	} {
		if !strings.Contains(active, want) {
			t.Errorf("what was active does not say %q: %s", want, active)
		}
	}
	// The level of then is asked for, and not what the alarm became.
	for level, want := range map[string]string{"warning": "Active then 3 ", "fault": "Active then 0 "} {
		_, html := page(t, server, then+"&level="+level)
		if active := words(section(t, html, `<section class="panel" id="active"`, "</section>")); !strings.Contains(active, want) {
			t.Errorf("of the level %s: %s, want %q", level, active, want)
		}
	}
	history := words(section(t, html, `<div id="history-list"`, "</table>"))
	if strings.Contains(history, "Chuck") || !strings.Contains(history, "VMC-02 10 min still active") {
		t.Errorf("the history of then: %s", history)
	}
}
