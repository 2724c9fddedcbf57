package api_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// briefAlarms gives alarms as text: code, level, when they were raised and cleared
// in minutes after start, how, and what the machine had and did.
func briefAlarms(list []api.AlarmEntry) []string {
	found := []string{}
	minutes := func(t time.Time) string { return fmt.Sprint(t.Sub(start).Minutes()) }
	for _, e := range list {
		s := e.NativeCode + " " + e.Level + " " + minutes(e.Raised)
		if e.Cleared != nil {
			s += "–" + minutes(*e.Cleared) + " " + string(e.ClearedBy)
		}
		program := "?"
		if e.Program != nil {
			program = *e.Program
		}
		s += " " + program + " " + e.State
		if e.Doubt != "" {
			s += " doubt"
		}
		found = append(found, strings.TrimSpace(s))
	}
	return found
}

// newAlarmWorld makes a service over a machine with a history of alarms: one older
// than most ranges, one for each way to end, and one that comes again and again.
func newAlarmWorld(t *testing.T) *world {
	t.Helper()
	f := newFake()
	w := newWorld(t, f, live.Options{})
	minute := func(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }
	commit := func(states []plant.StateChange, observations ...plant.Observation) {
		w.hub.Publish(f.commit(states, observations...))
	}
	w.hub.PublishStatus(streaming(1))
	commit(state(minute(-200), plant.Idle), text(execution, minute(-200), "READY"), text(program, minute(-200), "O1"))
	commit(nil, alarm(system, minute(-199), plant.LevelWarning, "W1"))
	commit(nil, alarm(system, minute(-100), plant.LevelFault, "F1"), alarm(system, minute(-90), plant.LevelNormal, "F1"))
	commit(state(minute(2), plant.Running), text(program, minute(2), "O2"))
	for i := range 4 {
		m := 10 + float64(i)/4
		commit(nil, alarm(system, minute(m), plant.LevelWarning, "C1"), alarm(system, minute(m+.1), plant.LevelNormal, "C1"))
	}
	commit(state(minute(20), plant.Alarmed), alarm(system, minute(20), plant.LevelWarning, "F1"))
	commit(nil, alarm(system, minute(22), plant.LevelFault, "F1"))
	commit(nil, alarm(system, minute(24), plant.LevelNormal, "F1"))
	commit(nil, alarm(system, minute(58), plant.LevelFault, "F2"))
	return w
}

func ask(t *testing.T, w *world, q api.AlarmQuery) api.Alarms {
	t.Helper()
	v, err := w.service.Alarms(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAlarms(t *testing.T) {
	w := newAlarmWorld(t)
	hour := api.AlarmQuery{From: start, To: start.Add(time.Hour)}
	chatter := []string{
		"C1 Warning 10.75–10.85 normal O2 running", "C1 Warning 10.5–10.6 normal O2 running",
		"C1 Warning 10.25–10.35 normal O2 running", "C1 Warning 10–10.1 normal O2 running",
	}
	for _, test := range []struct {
		name string
		q    api.AlarmQuery
		want []string
	}{
		{"active, older than the range", api.AlarmQuery{Active: true, From: start.Add(50 * time.Minute)}, []string{"F2 Fault 58 ?", "W1 Warning -199 ?"}},
		{"active faults", api.AlarmQuery{Active: true, Level: "fault"}, []string{"F2 Fault 58 ?"}},
		{"of an hour", hour, append(append([]string{"F2 Fault 58 O2 alarm", "F1 Fault 20–24 normal O2 alarm"}, chatter...), "W1 Warning -199 O1 idle")},
		{"faults", api.AlarmQuery{From: hour.From, To: hour.To, Level: "fault"}, []string{"F2 Fault 58 O2 alarm", "F1 Fault 20–24 normal O2 alarm"}},
		{"by a text", api.AlarmQuery{From: hour.From, To: hour.To, Text: "mill c1"}, chatter},
		{"before the range and within", api.AlarmQuery{From: start.Add(-95 * time.Minute), To: start}, []string{"F1 Fault -100–-90 normal O1 idle", "W1 Warning -199 O1 idle"}},
		{"cleared behind the range", api.AlarmQuery{From: start.Add(15 * time.Minute), To: start.Add(21 * time.Minute)}, []string{"F1 Fault 20–24 normal O2 alarm", "W1 Warning -199 O1 idle"}},
		{"nothing", api.AlarmQuery{From: start.Add(-300 * time.Minute), To: start.Add(-250 * time.Minute)}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := ask(t, w, test.q)
			if diff := cmp.Diff(test.want, briefAlarms(v.Items)); diff != "" || v.Total != len(test.want) {
				t.Errorf("%d alarms (-want +got):\n%s", v.Total, diff)
			}
		})
	}
	first := ask(t, w, hour).Items[2]
	if first.Count != 4 || first.UsualSeconds == nil || *first.UsualSeconds != 6 {
		t.Errorf("raised %d times and usually for %v s, want 4 times and 6 s", first.Count, first.UsualSeconds)
	}
	if fault := ask(t, w, hour).Items[1]; fault.First == nil || fault.First.Level != "Warning" || len(fault.Changes) != 1 || fault.Changes[0].Level != "Fault" || fault.Seconds != 240 {
		t.Errorf("first %+v, changes %+v in %v s, want a warning with one change to fault in 240 s", fault.First, fault.Changes, fault.Seconds)
	}
}

// Pages hold each alarm once, in order.
func TestAlarmPages(t *testing.T) {
	w := newAlarmWorld(t)
	for _, q := range []api.AlarmQuery{{From: start, To: start.Add(time.Hour)}, {Active: true}} {
		all := ask(t, w, q)
		var got []string
		for q.Limit = 1; ; {
			v := ask(t, w, q)
			got = append(got, briefAlarms(v.Items)...)
			if v.Total != all.Total || !cmp.Equal(v.Newest, all.Newest) {
				t.Errorf("a page says %d in all and %+v the newest, want %d and %+v", v.Total, v.Newest, all.Total, all.Newest)
			}
			if q.After = v.Next; q.After == "" {
				break
			}
		}
		if diff := cmp.Diff(briefAlarms(all.Items), got); diff != "" {
			t.Errorf("page by page (-at once +pages):\n%s", diff)
		}
	}
}

// What was active when an agent went away is not known to be so still.
func TestAlarmsOfAnAgentThatIsAway(t *testing.T) {
	w := newAlarmWorld(t)
	w.hub.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Error: "refused", Since: start.Add(59 * time.Minute)})
	v := ask(t, w, api.AlarmQuery{Active: true})
	if diff := cmp.Diff([]string{"F2 Fault 58 ?  doubt", "W1 Warning -199 ?  doubt"}, briefAlarms(v.Items)); diff != "" || !cmp.Equal(v.Unknown, []string{"hall-a"}) {
		t.Errorf("unknown %v, alarms (-want +got):\n%s", v.Unknown, diff)
	}
}

// A restart and a gap end what was active; what the agent knew before it was read is
// active from when it says.
func TestAlarmsOverTheLedger(t *testing.T) {
	w := newAlarmWorld(t)
	w.gaps = append(w.gaps, plant.Gap{Run: 1, From: w.runs[0].Next, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: start.Add(59 * time.Minute)})
	w.runs = append(w.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 9, First: 50, Next: 50, Began: start.Add(59 * time.Minute)})
	before := alarm(system, -50*time.Minute, plant.LevelFault, "B1")
	before.Run, before.Sequence = 2, 7
	w.baselines = map[plant.RunID][]plant.Baseline{2: {{At: 50, Observations: []plant.Observation{before}}}}
	if err := w.service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := ask(t, w, api.AlarmQuery{From: start.Add(30 * time.Minute), To: start.Add(time.Hour)})
	want := []string{"F2 Fault 58–58 restart O2 alarm", "B1 Fault -50 ? idle", "W1 Warning -199–58 restart O1 idle"}
	if diff := cmp.Diff(want, briefAlarms(v.Items)); diff != "" {
		t.Errorf("alarms (-want +got):\n%s", diff)
	}
}

func TestAlarmDetail(t *testing.T) {
	w := newAlarmWorld(t)
	fault := ask(t, w, api.AlarmQuery{From: start, To: start.Add(time.Hour)}).Items[1]
	v, err := w.service.Alarm(t.Context(), fault.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"F1 Fault -100–-90 normal O1 idle"}, briefAlarms(v.Earlier)); diff != "" {
		t.Errorf("earlier ones (-want +got):\n%s", diff)
	}
	others := []string{"W1 Warning -199 ?", "C1 Warning 10–10.1 normal ?", "C1 Warning 10.25–10.35 normal ?", "C1 Warning 10.5–10.6 normal ?", "C1 Warning 10.75–10.85 normal ?"}
	if diff := cmp.Diff(others, briefAlarms(v.Others)); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
	if len(v.States) != 2 || v.States[1].State != "alarm" || len(v.Programs) != 1 || *v.Programs[0].Value != "O2" || *v.UsualSeconds != 600 {
		t.Errorf("states %+v, programs %+v, usual %v", v.States, v.Programs, v.UsualSeconds)
	}
	for _, id := range []string{"", "x", "8.1.1.1", "99.1.1.1", fault.ID + ".1"} {
		if _, err := w.service.Alarm(t.Context(), id); plant.ErrorCode(err) != plant.NotFound {
			t.Errorf("alarm %q: %v, want not found", id, err)
		}
	}
}

func TestAlarmHealth(t *testing.T) {
	w := newAlarmWorld(t)
	v, err := w.service.AlarmHealth(t.Context(), start, start.Add(time.Hour), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 4, 1, 0, 0, 1}, v.All.Counts); diff != "" || v.All.Total != 6 || v.All.Peak != 4 || v.All.Over != 1 || v.All.PerWindow != 1 {
		t.Errorf("rate %+v (-want +got):\n%s", v.All, diff)
	}
	if len(v.Machines) != 1 || v.Machines[0].Machine != "mill" || v.Machines[0].Total != 6 {
		t.Errorf("machines %+v, want the mill with 6", v.Machines)
	}
	if len(v.BadActors) != 3 || v.BadActors[0].Last.NativeCode != "C1" || math.Abs(v.BadActors[0].Share-4./6) > 1e-9 {
		t.Errorf("bad actors %+v, want C1 with two thirds in front of two", v.BadActors)
	}
	if len(v.Chattering) != 1 || v.Chattering[0].Chatter != 4 || len(v.Fleeting) != 1 || v.Fleeting[0].Fleeting != 4 || len(v.Stale) != 0 {
		t.Errorf("chattering %+v, fleeting %+v, stale %+v", v.Chattering, v.Fleeting, v.Stale)
	}
}

func TestAlarmRequests(t *testing.T) {
	w := newAlarmWorld(t)
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/alarms?active=true":                      {200, `"total":2`},
		"/alarms?from=2026-01-31T08:00:00Z":        {200, `"total":7`},
		"/alarms?level=severe":                     {422, "level"},
		"/alarms?machine=none":                     {404, "machine"},
		"/alarms?after=1":                          {422, "after"},
		"/alarms?from=2026-01-31T09:00:00.5Z":      {422, "from"},
		"/alarms/health?from=2020-01-01T00:00:00Z": {422, "92 days"},
		"/alarms/1.2.3.4":                          {404, "1.2.3.4"},
	} {
		code, _, body := w.ask(t, http.MethodGet, api.Prefix+path)
		if code != want.status || !strings.Contains(string(body), want.text) {
			t.Errorf("%s: status %d, want %d with %q: %s", path, code, want.status, want.text, body)
		}
	}
}

// More than is read at once is refused with what to do. Where it comes behind the
// range, what was active at its end is not said to be so still.
func TestAlarmsOfTooMuch(t *testing.T) {
	w := newAlarmWorld(t)
	for range api.MaxAlarmObservations {
		w.observations = append(w.observations, alarm(system, 23*time.Minute, plant.LevelNormal, "C1"))
	}
	v := ask(t, w, api.AlarmQuery{From: start.Add(15 * time.Minute), To: start.Add(21 * time.Minute)})
	if diff := cmp.Diff([]string{"F1 Fault 20 O2 alarm doubt", "W1 Warning -199 O1 idle"}, briefAlarms(v.Items)); diff != "" {
		t.Errorf("alarms before what is too much (-want +got):\n%s", diff)
	}
	_, err := w.service.Alarms(context.Background(), api.AlarmQuery{From: start})
	if plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), "narrow the range") {
		t.Errorf("error %v, want one that says to narrow the range", err)
	}
}

// Whatever the range is, its alarms are those of the whole history that were active
// in it: what was raised before it is found, and so is what ended behind it.
func TestAlarmsOfAnyRange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFake()
		w := newQuietWorld(t, f, live.Options{})
		levels := []plant.Level{plant.LevelUnavailable, plant.LevelNormal, plant.LevelNormal, plant.LevelWarning, plant.LevelFault, plant.LevelFault}
		clock := -72 * time.Hour
		for range rapid.IntRange(0, 40).Draw(rt, "observations") {
			clock += time.Duration(rapid.Int64Range(1, int64(3*time.Hour)).Draw(rt, "pause"))
			if clock > time.Hour {
				break
			}
			w.hub.Publish(f.commit(nil, alarm(system, clock.Truncate(time.Microsecond), rapid.SampledFrom(levels).Draw(rt, "level"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "key"))))
		}
		from := start.Add(time.Duration(rapid.Int64Range(-80, 0).Draw(rt, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.Int64Range(1, 3000).Draw(rt, "minutes")) * time.Minute)
		if end := start.Add(time.Hour); to.After(end) {
			to = end
		}
		var want []string
		for _, a := range insight.Activations(f.observations, nil) {
			cleared := time.UnixMicro(a.Cleared)
			if raised := time.UnixMicro(a.Raised); raised.Before(to) && (a.Active() || cleared.After(from) || raised.Equal(cleared) && !raised.Before(from)) {
				s := fmt.Sprintf("%s %s %d", a.Key, a.Level, a.Raised)
				if !a.Active() {
					s += fmt.Sprintf("–%d %s", a.Cleared, a.ClearedBy)
				}
				want = append(want, s)
			}
		}
		slices.Reverse(want)
		v, err := w.service.Alarms(t.Context(), api.AlarmQuery{From: from, To: to, Limit: api.MaxPage})
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, e := range v.Items {
			s := fmt.Sprintf("%s %s %d", e.NativeCode, e.Level, e.Raised.UnixMicro())
			if e.Cleared != nil {
				s += fmt.Sprintf("–%d %s", e.Cleared.UnixMicro(), e.ClearedBy)
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("alarms from %s to %s (-whole history +range):\n%s", from, to, diff)
		}
	})
}

// An agent whose clock is ahead of ours is not cut off: what its conditions said last
// belongs to a range that ends now.
func TestAlarmsOfAClockAhead(t *testing.T) {
	w := newAlarmWorld(t)
	w.hub.Publish(w.commit(nil, alarm(system, 90*time.Minute, plant.LevelFault, "A1")))
	v := ask(t, w, api.AlarmQuery{From: start.Add(50 * time.Minute)})
	if len(v.Items) == 0 || v.Items[0].NativeCode != "A1" || v.Items[0].Seconds != 0 {
		t.Errorf("alarms %v, want A1 of half an hour ahead in front", briefAlarms(v.Items))
	}
}
