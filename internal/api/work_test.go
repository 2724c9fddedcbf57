package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// worked commits three cycles of a mill: O1 twice, of which the second is
// interrupted, and O2, which lasts. Its clock stands an hour after start.
func worked(f *fake) {
	f.commit(nil, text(available, 0, "AVAILABLE"), text(mode, 0, "AUTOMATIC"), text(program, 0, "O1"), text(execution, 0, "READY"), text(parts, 0, "40"))
	for i := range 2 {
		d := time.Duration(10+10*i) * time.Minute
		f.commit(nil, text(execution, d, "ACTIVE"))
		if i == 1 {
			f.commit(nil, text(execution, d+time.Minute, "FEED_HOLD"), text(execution, d+3*time.Minute, "ACTIVE"))
		}
		f.commit(nil, text(execution, d+5*time.Minute, "READY"), text(parts, d+5*time.Minute, fmt.Sprint(41+i)))
	}
	f.commit(nil, text(program, 30*time.Minute, "O2"), text(execution, 31*time.Minute, "ACTIVE"), text(parts, 40*time.Minute, "0"), text(parts, 50*time.Minute, "2"))
}

// newMill makes the world of a mill that worked and is listened to.
func newMill(t *testing.T, change func(*fake)) *world {
	t.Helper()
	f := newFake()
	worked(f)
	if change != nil {
		change(f)
	}
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	return w
}

// window is the hour after start, as parameters.
const window = "?from=2026-01-31T08:00:00Z&to=2026-01-31T09:00:00Z"

func TestCyclesOfAMachine(t *testing.T) {
	w := newMill(t, nil)
	v := get[api.Cycles](t, w, "/api/v1/machines/mill/cycles"+window)
	type cycle struct {
		Program              string
		From                 string
		Running, Interrupted float64
		Whole, Open          bool
		Parts                float64
	}
	var got []cycle
	for _, c := range v.Cycles {
		got = append(got, cycle{*c.Program, c.From.Format("15:04"), c.RunningSeconds, c.InterruptedSeconds, c.Whole, c.Open, *c.Parts})
	}
	want := []cycle{
		{"O1", "08:10", 300, 0, true, false, 1},
		{"O1", "08:20", 180, 120, true, false, 1},
		{"O2", "08:31", 29 * 60, 0, false, true, 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cycles (-want +got):\n%s", diff)
	}
	if len(v.Runs) != 2 || *v.Runs[1].Program != "O1" || v.Runs[1].Whole != 2 || *v.Runs[1].MedianSeconds != 240 || *v.Runs[1].Parts != 2 || v.Runs[1].IdealSeconds != nil {
		t.Errorf("programs: %+v", v.Runs)
	}
	one := get[api.Cycles](t, w, "/api/v1/machines/mill/cycles"+window+"&program=O2")
	if len(one.Cycles) != 1 || *one.Cycles[0].Program != "O2" {
		t.Errorf("cycles of O2: %+v", one.Cycles)
	}
}

// A run that reaches over the begin of a range says which of its parts are of the range,
// so that cycles, lane and production have one count.
func TestPartsOfACycleOverTheBorder(t *testing.T) {
	w := newMill(t, nil)
	const late = "?from=2026-01-31T08:55:00Z&to=2026-01-31T09:00:00Z"
	v := get[api.Cycles](t, w, "/api/v1/machines/mill/cycles"+late)
	if len(v.Cycles) != 1 || *v.Cycles[0].Parts != 0 || *v.Cycles[0].AllParts != 2 || *v.Runs[0].Parts != 0 || *v.Runs[0].AllParts != 2 {
		t.Errorf("cycles: %+v, programs: %+v; want 0 parts of 2", v.Cycles, v.Runs)
	}
	if lane := get[api.Lane](t, w, "/api/v1/machines/mill/lane"+late); len(lane.Parts.Made) != 0 {
		t.Errorf("the lane has parts: %+v", lane.Parts.Made)
	}
	made := get[api.Production](t, w, "/api/v1/production"+late+"&machine=mill").Machines[0]
	if *made.Parts != 0 || *made.Programs[0].Parts != 0 {
		t.Errorf("production: %v parts, programs %+v", *made.Parts, made.Programs)
	}
}

func TestPartsOfAMachine(t *testing.T) {
	w := newMill(t, nil)
	v := get[api.Parts](t, w, "/api/v1/machines/mill/parts"+window)
	if v.Item != "count" || *v.Parts != 4 {
		t.Errorf("%s: %v parts, want count: 4", v.Item, *v.Parts)
	}
	var got []string
	for _, s := range v.Steps {
		got = append(got, fmt.Sprintf("%s %s %v", s.Time.Format("15:04"), s.Kind, s.Parts))
	}
	want := []string{"08:00 base 0", "08:15 made 1", "08:25 made 1", "08:40 reset 0", "08:50 made 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	// What is asked of parts of the range adds up to it.
	sum := 0.0
	for i := range 6 {
		from := start.Add(time.Duration(10*i) * time.Minute)
		sum += *get[api.Parts](t, w, fmt.Sprintf("/api/v1/machines/mill/parts?from=%s&to=%s", from.Format(time.RFC3339), from.Add(10*time.Minute).Format(time.RFC3339))).Parts
	}
	if sum != 4 {
		t.Errorf("the parts of six pieces of the range are %v, want 4", sum)
	}
}

func TestLaneOfAMachine(t *testing.T) {
	w := newMill(t, nil)
	v := get[api.Lane](t, w, "/api/v1/machines/mill/lane"+strings.Replace(window, "08:00:00", "08:12:00", 1))
	if len(v.Paths) != 1 || v.Paths[0].Name != "" {
		t.Fatalf("paths: %+v", v.Paths)
	}
	var got []string
	for _, s := range v.Paths[0].Program {
		got = append(got, fmt.Sprint(*s.Value, " ", (s.From-at(0))/60e6, "–", (s.To-at(0))/60e6, " since ", (s.Since-at(0))/60e6, " ", s.Open))
	}
	if diff := cmp.Diff([]string{"O1 12–30 since 0 false", "O2 30–60 since 30 true"}, got); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
	want := [][2]float64{{float64(at(15 * time.Minute)), 1}, {float64(at(25 * time.Minute)), 2}, {float64(at(50 * time.Minute)), 4}}
	if diff := cmp.Diff(want, v.Parts.Made); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if len(v.Parts.Marks) != 1 || v.Parts.Marks[0].Kind != "reset" {
		t.Errorf("marks: %+v", v.Parts.Marks)
	}
	if n := len(v.Paths[0].Cycles); n != 3 {
		t.Errorf("%d cycles, want 3", n)
	}
}

// TestWorkEndsAtAGap: what was known before a gap is not carried over it, and what
// was made meanwhile is not made up.
func TestWorkEndsAtAGap(t *testing.T) {
	w := newMill(t, func(f *fake) {
		run := &f.runs[0]
		f.gaps = append(f.gaps, plant.Gap{Run: 1, From: run.Next, To: run.Next + 119, Reason: plant.GapOverrun, Noticed: start.Add(55 * time.Minute)})
		run.Next += 120
		f.commit(nil, text(parts, 56*time.Minute, "12"), text(parts, 57*time.Minute, "13"))
	})
	v := get[api.Lane](t, w, "/api/v1/machines/mill/lane"+window)
	programs := v.Paths[0].Program
	if last := programs[len(programs)-1]; last.Value != nil || last.Reason != "gap" {
		t.Errorf("behind the gap the program is %+v", last)
	}
	if len(v.Gaps) != 1 || *v.Gaps[0].Lost != 120 || v.Gaps[0].From != at(50*time.Minute) || v.Gaps[0].To != at(56*time.Minute) {
		t.Errorf("gaps: %+v", v.Gaps)
	}
	if made := *get[api.Parts](t, w, "/api/v1/machines/mill/parts"+window).Parts; made != 5 {
		t.Errorf("%v parts, want the 4 before the gap and 1 behind it", made)
	}
	cycles := get[api.Cycles](t, w, "/api/v1/machines/mill/cycles"+window).Cycles
	if last := cycles[len(cycles)-1]; last.End != "unknown" || last.Whole || !last.To.Equal(start.Add(50*time.Minute)) {
		t.Errorf("the cycle before the gap is %+v", last)
	}
}

// TestWorkFromABaseline: what the agent knew before the first number that could be
// read is known.
func TestWorkFromABaseline(t *testing.T) {
	f := newFake()
	f.runs[0].First, f.runs[0].Next = 100, 100
	program := text(program, -time.Hour, "O7")
	program.Sequence = 5
	execution := text(execution, 0, "ACTIVE")
	count := text(parts, -time.Minute, "7")
	execution.Sequence, count.Sequence = 90, 80
	f.baselines = map[plant.RunID][]plant.Baseline{1: {{At: 100, Observations: []plant.Observation{program, count, execution}}}}
	f.commit(nil, text(parts, 10*time.Minute, "8"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	cycles := get[api.Cycles](t, w, "/api/v1/machines/mill/cycles"+window).Cycles
	if len(cycles) != 1 || *cycles[0].Program != "O7" || !cycles[0].Open || cycles[0].RunningSeconds != 3600 {
		t.Errorf("cycles: %+v", cycles)
	}
	if made := *get[api.Parts](t, w, "/api/v1/machines/mill/parts"+window).Parts; made != 1 {
		t.Errorf("%v parts, want 1", made)
	}
}

func TestWorkWithoutItsDataItems(t *testing.T) {
	f := newFake()
	f.items = slices.DeleteFunc(f.items, func(d plant.DataItem) bool { return d.Type == "PART_COUNT" || d.Type == "EXECUTION" })
	w := newWorld(t, f, live.Options{})
	if v := get[api.Parts](t, w, "/api/v1/machines/mill/parts"+window); v.Parts != nil || !strings.Contains(v.Problem, "no PART_COUNT") {
		t.Errorf("%+v", v)
	}
	if v := get[api.Cycles](t, w, "/api/v1/machines/mill/cycles"+window); !strings.Contains(v.Problem, "no EXECUTION") {
		t.Errorf("%+v", v)
	}
}

// The lane tells of the shifts that its range touches, whole, and of none where nobody
// says when they are.
func TestLaneTellsOfShifts(t *testing.T) {
	f := newFake()
	worked(f)
	q := api.LaneQuery{Machine: "mill", From: start.Add(30 * time.Minute), To: start.Add(2 * time.Hour)}
	v, err := planned(t, f, oneShift).Lane(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := &[]api.LaneShift{{Name: "Early", From: at(0), To: at(time.Hour), Breaks: [][2]int64{{at(0), at(10 * time.Minute)}}}}
	if diff := cmp.Diff(want, v.Shifts); diff != "" {
		t.Errorf("shifts (-want +got):\n%s", diff)
	}
	if v, err = planned(t, f, `{"zone": "UTC"}`).Lane(t.Context(), q); err != nil || v.Shifts != nil {
		t.Errorf("without a calendar: %v, %v", v.Shifts, err)
	}
}

func TestWorkRefusals(t *testing.T) {
	w := newMill(t, nil)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/api/v1/machines/nobody/cycles":                                                 {http.StatusNotFound, "nobody"},
		"/api/v1/machines/mill/lane?columns=9999":                                        {http.StatusUnprocessableEntity, "columns"},
		"/api/v1/machines/mill/parts?from=2026-01-31T09:00:00Z&to=2026-01-31T08:00:00Z":  {http.StatusUnprocessableEntity, `use a time after`},
		"/api/v1/machines/mill/cycles?from=2024-01-31T09:00:00Z&to=2026-01-31T08:00:00Z": {http.StatusUnprocessableEntity, "92 days"},
	} {
		if status, _, body := w.ask(t, http.MethodGet, path); status != want.status || !strings.Contains(string(body), want.says) {
			t.Errorf("%s: %d, %s", path, status, body)
		}
	}
}

// A machine that counts its bad parts and nothing else does not tell how many are
// good: there is no quality, and no OEE of it.
func TestBadPartsAloneAreNoQuality(t *testing.T) {
	w := newMill(t, func(f *fake) {
		for i := range f.items {
			if f.items[i].ID == parts {
				f.items[i].SubType = "BAD"
			}
		}
	})
	v := get[api.Production](t, w, "/api/v1/production"+window)
	if len(v.Machines) != 1 {
		t.Fatalf("machines: %+v", v.Machines)
	}
	m := v.Machines[0]
	if m.Parts != nil || m.Bad != nil {
		t.Errorf("parts %v, bad %v: want neither known", m.Parts, m.Bad)
	}
	for _, f := range m.Figures {
		if strings.Contains(f.Label, "OEE") || strings.Contains(f.Label, "uality") {
			t.Errorf("figure %+v of a machine whose parts nobody counts", f)
		}
	}
}
