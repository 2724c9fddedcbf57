package api_test

import (
	"bytes"
	"encoding/json"
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

// millRow gives the timeline of the machine mill.
func millRow(t *testing.T, w *world, from, to time.Duration, columns int) api.TimelineRow {
	t.Helper()
	v, err := w.service.Timeline(t.Context(), api.TimelineQuery{From: start.Add(from), To: start.Add(to), Columns: columns})
	if err != nil || len(v.Rows) != 1 {
		t.Fatalf("timeline %+v, %v; want one row", v, err)
	}
	return v.Rows[0]
}

// segment is a segment as tests write it: times are minutes after start.
type segment struct {
	State    string
	From, To float64
	Reason   string
	Detail   string
	Since    float64
	Until    float64
	Open     bool
}

func segmentsOf(row api.TimelineRow) []segment {
	minutes := func(micros int64) float64 {
		if micros == 0 {
			return 0
		}
		return time.UnixMicro(micros).Sub(start).Minutes()
	}
	var list []segment
	for _, s := range row.Segments {
		list = append(list, segment{
			s.State, minutes(s.From), minutes(s.To), string(s.Reason), s.Detail, minutes(s.Since), minutes(s.Until), s.Open,
		})
	}
	return list
}

// ran is what the machine of a test did: it was idle from minute 1, ran from minute
// 10, and said something at minute 30, behind which 5 observations are missing up to
// one at minute 40, and stopped at minute 50. Now is minute 60.
func ran() *fake {
	f := newFake()
	f.commit(state(time.Minute, plant.Idle), text(execution, time.Minute, "READY"))
	f.commit(state(10*time.Minute, plant.Running), text(execution, 10*time.Minute, "ACTIVE"))
	f.commit(nil, number(load, 30*time.Minute, 1))
	next := f.runs[0].Next
	f.gaps = append(f.gaps, plant.Gap{Run: 1, From: next, To: next + 4, Reason: plant.GapOverrun, Noticed: start.Add(40 * time.Minute)})
	f.runs[0].Next += 5
	f.commit(nil, number(load, 40*time.Minute, 1))
	f.commit(state(50*time.Minute, plant.Stopped), text(execution, 50*time.Minute, "FEED_HOLD"))
	return f
}

func TestTimeline(t *testing.T) {
	gap := segment{"unknown", 30, 40, "gap", "lost 5 observations", 30, 40, false}
	tests := []struct {
		name     string
		from, to time.Duration
		status   plant.AgentStatus
		want     []segment
	}{
		{"everything, and nothing right of now", -time.Minute, 2 * time.Hour, streaming(1), []segment{
			{State: "unknown", From: -1, To: 1, Reason: "no-data", Until: 1},
			{State: "idle", From: 1, To: 10, Since: 1, Until: 10},
			{State: "running", From: 10, To: 30, Since: 10, Until: 30},
			gap,
			{State: "running", From: 40, To: 50, Since: 40, Until: 50},
			{State: "stopped", From: 50, To: 60, Since: 50, Open: true},
		}},
		{"ends outside the range are told", 15 * time.Minute, 20 * time.Minute, streaming(1), []segment{
			{State: "running", From: 15, To: 20, Since: 10, Until: 30},
		}},
		{"within a gap", 32 * time.Minute, 33 * time.Minute, streaming(1), []segment{
			{"unknown", 32, 33, "gap", "lost 5 observations", 30, 40, false},
		}},
		{"the link is down since minute 55", 45 * time.Minute, time.Hour, plant.AgentStatus{Agent: 1, Link: plant.LinkDown, LastDocument: start.Add(55 * time.Minute)}, []segment{
			{State: "running", From: 45, To: 50, Since: 40, Until: 50},
			{State: "stopped", From: 50, To: 55, Since: 50, Until: 55},
			{State: "no-link", From: 55, To: 60, Since: 55, Open: true},
		}},
		{"observations of long ago still come", 45 * time.Minute, time.Hour, plant.AgentStatus{Agent: 1, Link: plant.LinkStreaming, Next: 10, Last: 10_010, Lag: 10_000}, []segment{
			{State: "running", From: 45, To: 50, Since: 40, Until: 50},
			{State: "unknown", From: 50, To: 60, Reason: "no-data", Detail: "still being read", Since: 50, Open: true},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, ran(), live.Options{})
			w.hub.PublishStatus(test.status)
			row := millRow(t, w, test.from, test.to, 0)
			if diff := cmp.Diff(test.want, segmentsOf(row)); diff != "" {
				t.Errorf("segments (-want +got):\n%s", diff)
			}
			total := row.Shares.Unknown
			for _, d := range row.Shares.States {
				total += d
			}
			if want := min(test.to, time.Hour) - test.from; total != want.Microseconds() || row.Shares.Total != total {
				t.Errorf("shares %+v: want %d in all", row.Shares, want.Microseconds())
			}
		})
	}
}

// An agent that restarts leaves it unknown what its machines do until it says so.
func TestTimelineOfRestart(t *testing.T) {
	f := newFake()
	f.commit(state(0, plant.Running), text(execution, 0, "ACTIVE"))
	f.commit(nil, number(load, 5*time.Minute, 1))
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 8, First: 1, Next: 1, Began: start.Add(8 * time.Minute)})
	f.commit(nil, number(load, 9*time.Minute, 1))
	f.commit(state(10*time.Minute, plant.Idle), text(execution, 10*time.Minute, "READY"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	want := []segment{
		{State: "running", From: 0, To: 5, Until: 5},
		{State: "unknown", From: 5, To: 10, Reason: "restart", Since: 5, Until: 10},
		{State: "idle", From: 10, To: 12, Since: 10, Open: true},
	}
	want[2].Open, want[2].Until = true, 0
	got := segmentsOf(millRow(t, w, 0, 12*time.Minute, 0))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
}

// A machine of which nothing came is unknown, and has no share of anything.
func TestTimelineOfNothing(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	row := millRow(t, w, 0, time.Hour, 0)
	want := []segment{{State: "unknown", From: 0, To: 60, Reason: "no-data", Open: true}}
	if diff := cmp.Diff(want, segmentsOf(row)); diff != "" || row.Shares.Coverage != 0 {
		t.Errorf("segments (-want +got):\n%s\nshares %+v, want no coverage", diff, row.Shares)
	}
}

// Of a moment of the past, what lasted then has no end, whatever has become of it.
func TestTimelineAtAMoment(t *testing.T) {
	w := newWorld(t, ran(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	for _, s := range []struct {
		at   time.Time
		open bool
	}{{start.Add(5 * time.Minute), true}, {time.Time{}, false}} {
		v, err := w.service.Timeline(t.Context(), api.TimelineQuery{From: start, To: start.Add(5 * time.Minute), At: s.at})
		if err != nil {
			t.Fatal(err)
		}
		if last := v.Rows[0].Segments[len(v.Rows[0].Segments)-1]; last.Open != s.open || (last.Until == 0) != s.open {
			t.Errorf("as of %s: %+v, want one that is open: %t", s.at, last, s.open)
		}
	}
	if _, err := w.service.Timeline(t.Context(), api.TimelineQuery{At: start.Add(2 * time.Hour)}); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("a moment that is still to come: %v", err)
	}
}

// In columns, a short alarm is seen among what is too narrow, and the time in each
// state is told.
func TestTimelineColumns(t *testing.T) {
	f := newFake()
	f.commit(state(0, plant.Running), text(execution, 0, "ACTIVE"))
	for i, s := range []plant.State{plant.Idle, plant.Alarmed, plant.Running, plant.Idle} {
		d := 30*time.Minute + time.Duration(i)*2*time.Second
		f.commit(state(d, s), text(execution, d, "READY"))
	}
	f.commit(state(40*time.Minute, plant.Running), text(execution, 40*time.Minute, "ACTIVE"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	row := millRow(t, w, 0, time.Hour, 60)
	var states []string
	for _, s := range row.Segments {
		states = append(states, s.State)
	}
	if !slices.Equal(states, []string{"running", "alarm", "idle", "running"}) {
		t.Fatalf("states %v", states)
	}
	group := row.Segments[1]
	if group.Count != 3 || group.Mix["alarm"] != 2e6 || group.Mix["idle"] != 2e6 || group.Mix["running"] != 2e6 || group.To-group.From != 6e6 {
		t.Errorf("%+v: want three intervals of 2 s", group)
	}
	if row.Shares.States["alarm"] != 2e6 {
		t.Errorf("shares %+v: want 2 s of alarm", row.Shares)
	}
}

// The timeline is written as encoding/json does.
func TestTimelineAsJSON(t *testing.T) {
	f := ran()
	f.commit(state(55*time.Minute, plant.Idle), text(execution, 55*time.Minute, "READY"))
	f.commit(state(55*time.Minute+time.Second, plant.Running), text(execution, 55*time.Minute+time.Second, "ACTIVE"))
	f.commit(state(55*time.Minute+2*time.Second, plant.Stopped), text(execution, 55*time.Minute+2*time.Second, "FEED_HOLD"))
	f.devices[1].Name = `Mill "<1>"`
	f.gaps = append(f.gaps, manyGaps(f.runs[0].Next, api.MaxGapTimes)...)
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	v, err := w.service.Timeline(t.Context(), api.TimelineQuery{From: start, To: start.Add(time.Hour), Columns: 20})
	if err != nil || v.Rows[0].Problem == "" || !slices.ContainsFunc(v.Rows[0].Segments, func(s api.Segment) bool { return s.Mix != nil }) {
		t.Fatalf("%+v, %v: want a problem and segments that were put together", v, err)
	}
	var want bytes.Buffer
	to := json.NewEncoder(&want)
	to.SetEscapeHTML(false)
	if err := to.Encode(v); err != nil {
		t.Fatal(err)
	}
	_, _, got := w.ask(t, http.MethodGet, "/api/v1/timeline?columns=20&from=2026-01-31T08:00:00Z&to=2026-01-31T09:00:00Z")
	if diff := cmp.Diff(strings.TrimSpace(want.String()), string(got)); diff != "" {
		t.Errorf("JSON (-encoding/json +ours):\n%s", diff)
	}
}

// manyGaps are n gaps of one number each from a number on, with one number between
// them, of which nothing is stored.
func manyGaps(from int64, n int) []plant.Gap {
	gaps := make([]plant.Gap, n)
	for i := range gaps {
		number := from + 2*int64(i)
		gaps[i] = plant.Gap{Run: 1, From: number, To: number, Reason: plant.GapMissing, Noticed: start.Add(59 * time.Minute)}
	}
	return gaps
}

// What is cut of the gaps is said, by all that is made of them.
func TestGapsThatAreLeftOut(t *testing.T) {
	for _, test := range []struct {
		gaps int
		says []string
	}{
		{api.MaxGapTimes, nil},
		{api.MaxGapTimes + 1, []string{"2000"}},
		{api.MaxGaps + 1, []string{"2000", "10000"}},
	} {
		f := newFake()
		f.commit(state(0, plant.Running), text(execution, 0, "ACTIVE"), number(load, 0, 1), alarm(system, 0, plant.LevelWarning, "7"))
		f.gaps = manyGaps(f.runs[0].Next, test.gaps)
		// A machine of an agent without gaps, of which all is told.
		f.devices = append(f.devices, plant.Device{ID: 3, Agent: 2, Slug: "lathe", Name: "Lathe", Present: true})
		f.runs = append(f.runs, plant.Run{ID: 2, Agent: 2, InstanceID: 7, First: 1, Next: 1, Began: start})
		w := newWorld(t, f, live.Options{})
		all, err := w.service.Timeline(t.Context(), api.TimelineQuery{Machines: []string{"mill", "lathe"}, From: start, To: start.Add(time.Hour)})
		if err != nil || all.Rows[1].Problem != "" {
			t.Errorf("%d gaps of another agent: %+v, %v; want no problem of the lathe", test.gaps, all.Rows[1], err)
		}
		lane, err := w.service.Lane(t.Context(), api.LaneQuery{Machine: "mill", From: start, To: start.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		production, err := w.service.Production(t.Context(), api.ProductionQuery{From: start, To: start.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if one := production.Machines[slices.IndexFunc(production.Machines, func(m api.MachineProduction) bool { return m.Machine == "lathe" })]; one.Problem != "" {
			t.Errorf("%d gaps of another agent: what the lathe made says %q", test.gaps, one.Problem)
		}
		for what, problem := range map[string]string{
			"timeline": all.Rows[0].Problem, "lane": lane.Problem, "production": production.Machines[0].Problem,
			"alarms": ask(t, w, api.AlarmQuery{From: start, To: start.Add(time.Hour)}).Problem,
		} {
			if (problem == "") != (test.says == nil) || !containsAll(problem, test.says) {
				t.Errorf("%d gaps: the %s says %q, want %q in it", test.gaps, what, problem, test.says)
			}
		}
	}
}

func containsAll(s string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(s, word) })
}

// Without columns there are not more intervals than an answer gives.
func TestTimelineOfTooMuch(t *testing.T) {
	f := newFake()
	for i := range api.MaxTimelineIntervals {
		change := state(time.Duration(i)*time.Microsecond, plant.State(1+i%2))[0]
		change.Run, change.Sequence = 1, int64(i+1)
		f.states = append(f.states, change)
	}
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	_, err := w.service.Timeline(t.Context(), api.TimelineQuery{From: start.Add(-time.Minute), To: start.Add(time.Hour)})
	if plant.ErrorCode(err) != plant.Invalid || !containsAll(err.Error(), []string{"columns:", "250000"}) {
		t.Errorf("error %v, want one that says how many there may be", err)
	}
}

// Each path has a lane of its own: one runs while the other is stopped.
func TestPaths(t *testing.T) {
	const execution2 plant.ItemID = 20
	f := newFake()
	f.items = append(f.items, plant.DataItem{
		ID: execution2, Device: 1, DataItemID: "exec2", Category: plant.Event, Type: "EXECUTION", Representation: "VALUE", Path: "Controller[c]/Path[p2]", PathID: "p2",
	})
	f.commit(nil, text(available, 0, "AVAILABLE"), text(mode, 0, "AUTOMATIC"), text(execution, time.Minute, "ACTIVE"), text(execution2, 2*time.Minute, "READY"))
	f.commit(nil, text(execution2, 10*time.Minute, "ACTIVE"), text(execution, 20*time.Minute, "FEED_HOLD"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	v, err := w.service.Paths(t.Context(), api.PathQuery{Machine: "mill", From: start.Add(5 * time.Minute), To: start.Add(30 * time.Minute)})
	if err != nil || len(v.Paths) != 2 {
		t.Fatalf("%+v, %v: want two paths", v, err)
	}
	want := map[string][]segment{
		"p1": {{State: "running", From: 5, To: 20, Since: 1, Until: 20}, {State: "stopped", From: 20, To: 30, Since: 20, Open: true}},
		"p2": {{State: "idle", From: 5, To: 10, Since: 2, Until: 10}, {State: "running", From: 10, To: 30, Since: 10, Open: true}},
	}
	for _, p := range v.Paths {
		if diff := cmp.Diff(want[p.ID], segmentsOf(api.TimelineRow{Segments: p.Segments})); diff != "" || p.Shares.Total != (25*time.Minute).Microseconds() {
			t.Errorf("path %s (-want +got):\n%s", p.ID, diff)
		}
	}
}
