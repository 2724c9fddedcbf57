package web_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	shopfile "github.com/factorydash/factorydash/internal/shop"
)

// threeShifts is a plant with three shifts and two areas.
const threeShifts = `{"zone": "Europe/Berlin", "areas": ["Milling", "Other"],
	"patterns": [{"shifts": [
		{"name": "Early", "days": ["mon-sun"], "time": "06:00-14:00", "breaks": ["09:00-09:15", "12:00-12:30"]},
		{"name": "Late", "days": ["mon-sun"], "time": "14:00-22:00", "breaks": ["17:00-17:15", "19:30-20:00"]},
		{"name": "Night", "days": ["mon-fri"], "time": "22:00-06:00"}]}],
	"exceptions": {"2026-12-04": {"reason": "Works outing", "shifts": [{"name": "Early", "time": "06:00-12:00"}]}},
	"holidays": {"2026-12-25": "Christmas Day"},
	"machines": {"vmc-01": {"area": "Milling", "targets": {"Late": 45}}, "vmc-02": {"area": "Milling"}, "vmc-04": {"area": "Milling", "idealCycle": "7m30s", "rules": {"wait": "90s"}},
		"saw-1": {"area": "Other", "name": "Band saw"}, "vmc-77": {"area": "Milling"}}}`

// inLateShift is a Wednesday, 17:20 in the plant of threeShifts.
func inLateShift() time.Time { return time.Date(2026, 11, 25, 16, 20, 0, 0, time.UTC) }

// newPlant makes the shop one with shifts.
func newPlant(t *testing.T, now func() time.Time) *shop {
	t.Helper()
	said, err := shopfile.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(now)
	s.said = said
	return s
}

// The page, its CSV and its JSON have the same numbers, and the states of a machine
// with what is not known are the range exactly.
func TestTimelineSaysTheSameInEachForm(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	_, page1 := page(t, server, "/timeline?range=shift:current")
	_, asJSON := page(t, server, "/timeline.json?range=shift:current")
	_, asCSV := page(t, server, "/timeline.csv?range=shift:current")
	var data struct {
		From, To, Now time.Time
		Rows          []struct {
			Machine string
			Shares  struct {
				Total, Unknown int64
				States         map[string]int64
				Coverage       float64
			}
		}
		Shifts []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(asJSON), &data); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(asCSV)).ReadAll()
	if err != nil || len(rows) != 1+len(data.Rows) || len(data.Rows) != len(s.machines) {
		t.Fatalf("%d machines: %d rows of JSON, %d of CSV, %v", len(s.machines), len(data.Rows), len(rows)-1, err)
	}
	if len(data.Shifts) != 1 || data.Shifts[0].Name != "Late" {
		t.Errorf("the shifts are %v, want Late", data.Shifts)
	}
	for i, r := range data.Rows {
		line := make(map[string]string)
		for c, name := range rows[0] {
			line[name] = rows[i+1][c]
		}
		sum := r.Shares.Unknown
		for state, micros := range r.Shares.States {
			sum += micros
			if got := line[state+"_us"]; got != strconv.FormatInt(micros, 10) {
				t.Errorf("%s %s: %s µs as CSV, %d as JSON", r.Machine, state, got, micros)
			}
		}
		if want := data.Now.Sub(data.From).Microseconds(); sum != want || r.Shares.Total != want {
			t.Errorf("%s: the states sum to %d µs, the total is %d; the range until now has %d", r.Machine, sum, r.Shares.Total, want)
		}
		running, known := r.Shares.States["running"], r.Shares.Total-r.Shares.Unknown-r.Shares.States["no-link"]
		cell := regexp.MustCompile(`(?s)<tr data-machine="` + r.Machine + `".*?data-column="running" title="([^"]*)"`).FindStringSubmatch(page1)
		want := fmt.Sprintf("running-share: %s of the %s in which a state is known", exact(running), exact(known))
		if cell == nil || !strings.HasPrefix(html.UnescapeString(cell[1]), want) {
			t.Errorf("%s: the page says %q, want %q", r.Machine, cell, want)
		}
	}
}

// Where there are more shifts than can be seen, none are drawn, and none of the range
// counts as not scheduled.
func TestTimelineOfManyShifts(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	for path, want := range map[string]bool{"/timeline.json?range=7d": true, "/timeline.json?range=200d": false} {
		_, text := page(t, server, path)
		var data struct {
			Scheduled bool
			Shifts    []json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &data); err != nil || data.Scheduled != want || len(data.Shifts) > 0 != want {
			t.Errorf("%s: scheduled %v with %d shifts, %v", path, data.Scheduled, len(data.Shifts), err)
		}
	}
}

// exact writes microseconds that are whole seconds as the page does.
func exact(micros int64) string {
	s := micros / 1e6
	switch {
	case s >= 3600:
		return fmt.Sprintf("%d h %02d min %d s", s/3600, s/60%60, s%60)
	case s >= 60:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d s", s)
}

// The share of several machines is sum over sum, and no mean of their shares.
func TestTimelineTotalsAreSumOverSum(t *testing.T) {
	s := newShop(inLateShift)
	s.machines = s.machines[:2]
	s.history = func(machine int) []stretch {
		if machine == 0 { // Known for one hour, in which it ran.
			return []stretch{{state: "unknown", reason: "gap", lasts: 7 * time.Hour}, {state: "running", lasts: time.Hour}}
		}
		return []stretch{{state: "idle", lasts: 7 * time.Hour}, {state: "running", lasts: time.Hour}}
	}
	_, text := page(t, s.serve(t), "/timeline?range=8h")
	foot := section(t, text, "<tfoot>", "</tfoot>")
	// (1 h + 1 h) of (1 h + 8 h); the mean of 100 % and 13 % would be 56 %. Nine of
	// sixteen hours are known, which marks it.
	if got := words(foot); !strings.HasPrefix(got, "All 2 ~22 %") || !strings.HasSuffix(got, "44 % 56 %") {
		t.Errorf("both together: %q", got)
	}
	first := section(t, text, `<tr data-machine="vmc-01"`, "</tr>")
	if got := words(first); !strings.HasPrefix(got, "VMC-01 ~100 %") {
		t.Errorf("the one of which little is known: %q", got)
	}
}

func TestTimelineGroupsAndFilters(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	groups := func(path string) (names []string) {
		t.Helper()
		_, text := page(t, server, path)
		for _, m := range regexp.MustCompile(`(?:<tbody>\s*<tr class="together"><th scope="rowgroup">([^<]*)|<tr data-machine="([^"]*)" data-words="[^"]*">)`).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1]+m[2])
		}
		return names
	}
	for path, want := range map[string]string{
		"/timeline":                   "Milling vmc-01 vmc-02 vmc-04 Other saw-1 No area lathe-2 mill-turn-1 grinder-1 robot-cell edm-1",
		"/timeline?group=agent":       "Agent hall-a vmc-01 vmc-02 vmc-04 lathe-2 mill-turn-1 Agent hall-b grinder-1 robot-cell saw-1 Agent hall-c edm-1",
		"/timeline?group=none&q=VMC":  "vmc-01 vmc-02 vmc-04",
		"/timeline?group=none&q=band": "saw-1",
		"/timeline?q=milling":         "Milling vmc-01 vmc-02 vmc-04",
		"/timeline?q=nothing":         "",
	} {
		if diff := cmp.Diff(want, strings.Join(groups(path), " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if _, text := page(t, server, "/timeline?q=nothing"); !strings.Contains(text, `id="no-match">`) {
		t.Error("a filter that leaves nothing is not told of")
	}
}

func TestTimelineRefusesWhatItDoesNotUnderstand(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	for path, want := range map[string]string{
		"/timeline?range=8x":                     "range=8x is not a range: use 30s, 5m, 1h, 8h, 24h or 7d",
		"/timeline?from=yesterday":               "from=yesterday is not a time",
		"/timeline?range=shift:2026-11-25.Erly":  "there is no such shift",
		"/timeline?group=colour":                 "group=&#34;colour&#34; is not understood: use area, agent or none",
		"/timeline.json?columns=1000000":         `columns=\"1000000\": use a number from 0, for every interval, to 10000`,
		"/timeline?range=40d&view=table":         "columns=0: every interval is given for a range of at most 35 days",
		"/timeline?date=25.11.2026&of=day":       "is not a day: write it as 2026-11-23",
		"/timeline?date=2026-11-25&of=fortnight": "use one of them, such as of=day",
	} {
		if status, text := page(t, server, path); status != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s: status %d, want 400 with %q in\n%.600s", path, status, want, text)
		}
	}
}

// Intervals can be read as a table, without scripts, and all of them as CSV.
func TestTimelineAsATable(t *testing.T) {
	server := newPlant(t, inLateShift).serve(t)
	_, text := page(t, server, "/timeline?range=shift:current&view=table&q=vmc-02")
	rows := strings.Split(section(t, text, "<tbody>", "</tbody>"), "</tr>")
	var first []string
	for _, row := range rows[:3] {
		first = append(first, words(row))
	}
	if diff := cmp.Diff([]string{
		"VMC-02 Setup 2026-11-25 13:38:58 before the range 2026-11-25 14:03:58 25 min 0 s executing (rule 5)",
		"VMC-02 Running 2026-11-25 14:03:58 2026-11-25 14:53:58 50 min 0 s executing (rule 5)",
		"VMC-02 Alarm 2026-11-25 14:53:58 2026-11-25 14:54:00 2 s executing (rule 5)",
	}, first); diff != "" {
		t.Errorf("the first rows (-want +got):\n%s", diff)
	}
	for _, want := range []string{"Gap", "lost 1412 observations", "lasts"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	_, asCSV := page(t, server, "/timeline.csv?range=shift:current&view=table&q=vmc-02")
	lines, err := csv.NewReader(strings.NewReader(asCSV)).ReadAll()
	if err != nil || len(lines) != len(rows) { // A line of heads, and nothing behind the last row.
		t.Errorf("%d rows on the page, %d lines as CSV, %v", len(rows)-1, len(lines), err)
	}
}
