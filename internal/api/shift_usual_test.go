package api_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
	"github.com/factorydash/factorydash/internal/store"
)

// earlyShifts has a shift of two hours with a break each day.
const earlyShifts = `{"zone": "UTC", "patterns": [{"shifts": [
	{"name": "Early", "days": ["mon-sun"], "time": "08:00-10:00", "breaks": ["08:30-08:45"]}]}]}`

// halfDays has shifts that leave no time between them.
const halfDays = `{"zone": "UTC", "patterns": [{"shifts": [
	{"name": "Early", "days": ["mon-sun"], "time": "08:00-20:00", "breaks": ["08:30-08:45"]},
	{"name": "Night", "days": ["mon-sun"], "time": "20:00-08:00"}]}]}`

// tester is what a test and a property have in common.
type tester interface {
	Context() context.Context
	Fatal(args ...any)
}

// shiftWorld makes a service over a store so long after start.
func shiftWorld(t tester, f *fake, said string, after time.Duration) *api.Service {
	hub := live.NewHub(live.Options{})
	service := shiftService(t, f, hub, said, func() time.Time { return start.Add(after) })
	hub.PublishStatus(streaming(1))
	return service
}

func shiftService(t tester, reader store.Reader, hub *live.Hub, said string, now func() time.Time) *api.Service {
	s, err := shop.Parse([]byte(said), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	service := api.NewService(api.Options{
		Reader: reader, Hub: hub, Shop: func() *shop.Shop { return s }, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	if err := service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return service
}

// day is how far a day lies from the next.
const day = 24 * time.Hour

// early commits the early shift of a day: the mill runs O1 in cycles of ten minutes
// for so many, makes a part in each, and stands in alarm behind them. One that is not
// heard says nothing behind its first minute.
func early(f *fake, on, cycles int, heard bool) {
	d := time.Duration(on) * day
	f.commit(state(d, plant.Idle), text(available, d, "AVAILABLE"), text(mode, d, "AUTOMATIC"), text(program, d, "O1"), text(execution, d, "READY"), text(parts, d, "0"))
	if !heard {
		f.commit(state(d+time.Minute, plant.NoLink), unknown(parts, d+time.Minute), unknown(execution, d+time.Minute))
		return
	}
	for i := range cycles {
		f.commit(state(d, plant.Running), text(execution, d, "ACTIVE"))
		d += 10 * time.Minute
		f.commit(nil, text(execution, d-time.Second, "READY"), text(parts, d-time.Second, fmt.Sprint(i+1)))
	}
	f.commit(state(d, plant.Alarmed), alarm(system, d, plant.LevelFault, "F1"))
	f.commit(state(d+time.Minute, plant.Idle), alarm(system, d+time.Minute, plant.LevelNormal, ""))
}

func usualFigure(t *testing.T, m api.MachineUsual, id string) api.UsualFigure {
	t.Helper()
	i := slices.IndexFunc(m.Figures, func(f api.UsualFigure) bool { return f.ID == id })
	if i < 0 {
		t.Fatalf("no figure %s in %+v", id, m.Figures)
	}
	return m.Figures[i]
}

// TestShiftUsual looks at a shift in which the mill ran less than in those before, of
// which one is hardly known.
func TestShiftUsual(t *testing.T) {
	f := newFake()
	for on, cycles := range []int{9, 8, 9, 10, 9, 8, 9} {
		early(f, on, cycles, on != 2)
	}
	early(f, 7, 4, true)
	service := shiftWorld(t, f, earlyShifts, 7*day+3*time.Hour)
	ask := func(q api.ShiftUsualQuery) (api.ShiftUsual, api.MachineUsual) {
		t.Helper()
		v, err := service.ShiftUsual(t.Context(), q)
		if err != nil || len(v.Machines) != 1 {
			t.Fatalf("%+v, %v", v, err)
		}
		return v, v.Machines[0]
	}
	v, m := ask(api.ShiftUsualQuery{})
	if v.Shift.ID != "2026-02-07.Early" || v.Lasts || v.Earlier != 30 || v.Says != "0 of 1 machines as usual; 1 worse than usual (Mill)" {
		t.Errorf("%+v", v)
	}
	for id, want := range map[string]string{
		"running-share-scheduled": "less than usual: 6 of 6 Early shifts ran longer",
		"stops":                   "as usual", "alarms": "as usual",
		"parts":      "fewer than usual: 6 of 6 Early shifts made more",
		"cycle-time": "as usual",
	} {
		if got := usualFigure(t, m, id); got.Says != want || got.Shifts != 6 {
			t.Errorf("%s: %+v, want %q", id, got, want)
		}
	}
	made := usualFigure(t, m, "parts")
	if *made.Value != 4 || *made.Median != 9 || *made.P10 != 8 || *made.P90 != 9.5 || made.Lower != 0 || !made.Worse {
		t.Errorf("parts %+v: want 4, usually 8 to 9.5 with 9 in the middle", made)
	}
	if c := usualFigure(t, m, "cycle-time"); c.Label != "Cycle time of O1" || c.Program != "O1" || *c.Value != 599 {
		t.Errorf("cycle time %+v, want 599 s of O1", c)
	}
	if len(m.Shifts) != 31 || m.Shifts[5].Counts || m.Shifts[5].Note == "" || m.Shifts[5].Parts != nil || !m.Shifts[6].Counts || m.Shifts[30].Counts {
		t.Errorf("shifts %+v: want that of the third day not to count, nor those before all that is stored", m.Shifts)
	}
	// Two hours into the day before, the same part of the shifts before it is compared.
	v, m = ask(api.ShiftUsualQuery{Shift: "2026-02-06.Early", At: start.Add(6*day + 50*time.Minute)})
	if !v.Lasts || !v.Until.Equal(start.Add(6*day+45*time.Minute)) || !m.Shifts[1].To.Equal(start.Add(5*day+45*time.Minute)) {
		t.Errorf("at ten to nine: %+v", v)
	}
	if made := usualFigure(t, m, "parts"); *made.Value != 4 || *made.Median != 4 || made.Says != "as usual" {
		t.Errorf("parts by then %+v, want 4 as usual", made)
	}
	// Of a counter that was not known for a while it is said what production tells.
	f.commit(nil, unknown(parts, 7*day+time.Hour))
	away, err := shiftWorld(t, f, earlyShifts, 7*day+3*time.Hour).ShiftUsual(t.Context(), api.ShiftUsualQuery{})
	if err != nil {
		t.Fatal(err)
	}
	m = away.Machines[0]
	if made := usualFigure(t, m, "parts"); made.Value != nil || !strings.HasSuffix(made.Says, "not known all the time; while it was known, it counted 4") {
		t.Errorf("parts of a counter that was away: %+v", made)
	}
	// With a few shifts before it nothing is said of one, and of one that is not known
	// nothing either.
	if _, m = ask(api.ShiftUsualQuery{Shift: "2026-02-03.Early"}); m.Verdict != "unsaid" || !strings.HasPrefix(m.Says, "too few shifts to say: 2 of the 5") {
		t.Errorf("the fourth shift: %+v", m)
	}
	if _, m = ask(api.ShiftUsualQuery{Shift: "2026-02-02.Early"}); m.Verdict != "unsaid" || !strings.HasPrefix(m.Says, "not said: only 0 %") {
		t.Errorf("the shift that is not known: %+v", m)
	}
}

// TestShiftUsualAtTheLimit: where more was said over several shifts than is read at once,
// fewer are read at once; where it was in one shift, that one is not told of, and the
// others are.
func TestShiftUsualAtTheLimit(t *testing.T) {
	f := newFake()
	flicker := func(times int) { // Of the counter, with what it showed last.
		last := f.observations[len(f.observations)-3]
		f.observations = append(f.observations, slices.Repeat([]plant.Observation{last}, times)...)
	}
	for on := range 7 {
		early(f, on, 9, true)
		flicker(api.MaxTracked / 3)
	}
	usual := func() api.MachineUsual {
		t.Helper()
		v, err := shiftWorld(t, f, earlyShifts, 6*day+3*time.Hour).ShiftUsual(t.Context(), api.ShiftUsualQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return v.Machines[0]
	}
	m := usual()
	if made := usualFigure(t, m, "parts"); m.Problem != "" || m.Verdict != "usual" || made.Value == nil || *made.Value != 9 || made.Shifts != 6 {
		t.Errorf("seven shifts of which each may be read are %+v", m)
	}
	// The fourth says too much by itself.
	fourth := slices.IndexFunc(f.observations, func(o plant.Observation) bool { return o.Item == parts && o.Time > at(3*day) })
	f.observations = slices.Insert(f.observations, fourth, slices.Repeat([]plant.Observation{f.observations[fourth]}, api.MaxTracked)...)
	m = usual()
	if made := usualFigure(t, m, "parts"); m.Verdict != "usual" || made.Shifts != 5 {
		t.Errorf("beside a shift that says too much the machine is %+v", m)
	}
	for i, shift := range m.Shifts[:7] {
		want := ""
		if i == 3 {
			want = "in the shift and the 12 hours before it, programs, tools, modes, executions and counts changed more often than the 200000 times that are read"
		}
		if shift.Note != want {
			t.Errorf("%s: %q, want %q", shift.ID, shift.Note, want)
		}
	}
}

// counted is a store that counts how often observations of items are read.
type counted struct {
	*fake
	reads atomic.Int64
}

func (c *counted) ItemObservations(ctx context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	c.reads.Add(1)
	return c.fake.ItemObservations(ctx, items, from, to, before)
}

// TestShiftFactsAreKept: who asks again a minute later reads nothing, however the
// machine is heard and whatever is in doubt, until that changes or is too long ago.
func TestShiftFactsAreKept(t *testing.T) {
	heard := streaming(1)
	away := plant.AgentStatus{Agent: 1, Link: plant.LinkDown, LastDocument: start.Add(7*day + time.Hour)}
	never := plant.AgentStatus{Agent: 1, Link: plant.LinkDown}
	behind := heard
	behind.Next, behind.Last, behind.Lag = 1, 100_000, 100_000
	for name, test := range map[string]struct {
		status plant.AgentStatus
		gaps   int
		// later is how much later it is asked again, and then how the machine is heard.
		later time.Duration
		then  plant.AgentStatus
		reads bool
	}{
		"heard":                       {heard, 0, time.Minute, heard, false},
		"heard, and away behind it":   {heard, 0, time.Minute, plant.AgentStatus{Agent: 1, Link: plant.LinkDown, LastDocument: start.Add(7*day + 4*time.Hour)}, false},
		"heard, and now behind":       {heard, 0, time.Minute, behind, false},
		"heard, long ago":             {heard, 0, api.ShiftFactsKept + time.Second, heard, true},
		"away":                        {away, 0, time.Minute, away, false},
		"away, and heard again":       {away, 0, time.Minute, heard, true},
		"away, and now behind":        {away, 0, time.Minute, behind, true},
		"away, long ago":              {away, 0, api.ShiftFactsKept + time.Second, away, true},
		"never heard":                 {never, 0, time.Minute, never, false},
		"behind":                      {behind, 0, time.Minute, behind, false},
		"behind, and heard again":     {behind, 0, time.Minute, heard, true},
		"behind, a while ago":         {behind, 0, api.ShiftFactsBehind + time.Second, behind, true},
		"with more gaps than is told": {heard, api.MaxGapTimes + 1, time.Minute, heard, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			for on := range 8 {
				early(f, on, 9, true)
			}
			f.gaps = manyGaps(f.runs[0].Next, test.gaps)
			after := 7*day + 5*time.Hour
			reader, hub := &counted{fake: f}, live.NewHub(live.Options{})
			service := shiftService(t, reader, hub, earlyShifts, func() time.Time { return start.Add(after) })
			ask := func(status plant.AgentStatus) (api.ShiftUsual, bool) {
				t.Helper()
				hub.PublishStatus(status)
				before := reader.reads.Load()
				v, err := service.ShiftUsual(t.Context(), api.ShiftUsualQuery{})
				if err != nil || len(v.Machines) != 1 {
					t.Fatalf("%+v, %v", v, err)
				}
				return v, reader.reads.Load() > before
			}
			first, _ := ask(test.status)
			if doubt := first.Machines[0].Problem; (doubt != "") != (test.gaps > 0) {
				t.Errorf("its problem is %q", doubt)
			}
			after += test.later
			again, reads := ask(test.then)
			if reads != test.reads {
				t.Errorf("what is asked again is read again: %v", reads)
			}
			if diff := gocmp.Diff(first.Machines, again.Machines); test.status == test.then && diff != "" {
				t.Errorf("what is asked again is another (-first +again):\n%s", diff)
			}
		})
	}
}

func TestShiftUsualOfWhatCannotBe(t *testing.T) {
	service := shiftWorld(t, newFake(), earlyShifts, 7*day)
	for name, test := range map[string]struct {
		query api.ShiftUsualQuery
		code  plant.Code
		says  string
	}{
		"no such shift":  {api.ShiftUsualQuery{Shift: "2026-02-03.Noon"}, plant.Invalid, "2026-11-23.Late"},
		"still to come":  {api.ShiftUsualQuery{Shift: "2026-02-09.Early"}, plant.Invalid, "has begun"},
		"no machine":     {api.ShiftUsualQuery{Machines: []string{"none"}}, plant.NotFound, "none"},
		"moment to come": {api.ShiftUsualQuery{At: start.Add(9 * day)}, plant.Invalid, "at:"},
	} {
		if _, err := service.ShiftUsual(t.Context(), test.query); plant.ErrorCode(err) != test.code || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := service.ShiftUsual(t.Context(), api.ShiftUsualQuery{Shift: "2026-02-07.Early"}); err != nil || !strings.Contains(v.Note, "from 08:15 on") || len(v.Machines) != 0 {
		t.Errorf("a shift that has just begun: %+v, %v", v, err)
	}
	w := newMill(t, nil)
	if v := get[api.ShiftUsual](t, w, "/api/v1/shift/usual"); v.Shift != nil || v.Note == "" {
		t.Errorf("without a calendar: %+v", v)
	}
	if code, _, _ := w.ask(t, http.MethodGet, "/api/v1/shift/usual?machine=none"); code != http.StatusNotFound {
		t.Errorf("status %d", code)
	}
}

// TestShiftFactsAreThoseOfTheRange: what a shift is said to have been, read with weeks
// of others at once, is what the answers about its range alone say, whatever happened
// and whichever shift is asked for first.
func TestShiftFactsAreThoseOfTheRange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFake()
		states := []plant.State{plant.Running, plant.Running, plant.Stopped, plant.Alarmed, plant.Idle, plant.Offline}
		clock, count, does := -3*time.Hour, 0, "READY"
		f.commit(state(clock, plant.Idle), text(available, clock, "AVAILABLE"), text(mode, clock, "AUTOMATIC"), text(program, clock, "O1"), text(execution, clock, "READY"), text(parts, clock, "0"))
		for range rapid.IntRange(20, 150).Draw(rt, "happenings") {
			clock += rapid.SampledFrom([]time.Duration{time.Microsecond, time.Minute, time.Hour, 5 * time.Hour, 9 * time.Hour}).Draw(rt, "pause")
			change := state(clock, rapid.SampledFrom(states).Draw(rt, "state"))
			switch rapid.IntRange(0, 7).Draw(rt, "kind") {
			case 0, 6, 7:
				next := []string{"ACTIVE"}
				if does == "ACTIVE" {
					next = []string{"READY", "READY", "FEED_HOLD", "STOPPED"}
				}
				does = rapid.SampledFrom(next).Draw(rt, "execution")
				f.commit(change, text(execution, clock, does))
			case 1:
				count++
				f.commit(nil, text(parts, clock, fmt.Sprint(count)))
			case 2:
				f.commit(nil, unknown(parts, clock))
			case 3:
				f.commit(nil, alarm(system, clock, rapid.SampledFrom([]plant.Level{plant.LevelFault, plant.LevelWarning, plant.LevelNormal}).Draw(rt, "level"), "F1"))
			case 4:
				if does == "ACTIVE" || does == "FEED_HOLD" {
					continue
				}
				f.commit(nil, text(program, clock, rapid.SampledFrom([]string{"O1", "O2"}).Draw(rt, "program")))
			default:
				f.commit(change)
			}
		}
		after := max(clock, 2*time.Hour) + 26*time.Hour
		service := shiftWorld(rt, f, halfDays, after)
		if rapid.Bool().Draw(rt, "night first") {
			if _, err := service.ShiftUsual(rt.Context(), api.ShiftUsualQuery{Shift: "2026-01-31.Night"}); err != nil {
				rt.Fatal(err)
			}
		}
		last := start.Add(after - 26*time.Hour).Format(time.DateOnly)
		v, err := service.ShiftUsual(rt.Context(), api.ShiftUsualQuery{Shift: last + ".Early"})
		if err != nil {
			rt.Fatal(err)
		}
		for _, shift := range v.Machines[0].Shifts {
			if diff := gocmp.Diff(factsOf(rt, service, shift, v.Machines[0].Figures[4].Program), shift); diff != "" {
				rt.Fatalf("%s (-alone +with others):\n%s", shift.ID, diff)
			}
		}
	})
}

// factsOf puts together what other answers say of a shift.
func factsOf(t *rapid.T, service *api.Service, shift api.ShiftFacts, program string) api.ShiftFacts {
	ctx := t.Context()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	made, err := service.Production(ctx, api.ProductionQuery{From: shift.From, To: shift.To})
	must(err)
	m := made.Machines[0]
	said := m.Shifts[slices.IndexFunc(m.Shifts, func(s api.ShiftProduction) bool { return s.ID == shift.ID })]
	want := api.ShiftFacts{ShiftOn: shift.ShiftOn, Coverage: said.RunningShare.Coverage, RunningShare: said.RunningShare.Value, Parts: said.Parts, Stops: new(0.), Alarms: new(0.)}
	if want.Counts = want.Coverage >= 0.9; !want.Counts {
		want.Note = "too little is known"
	}
	line, err := service.Timeline(ctx, api.TimelineQuery{From: shift.From, To: shift.To})
	must(err)
	for _, g := range line.Rows[0].Segments {
		if (g.State == "stopped" || g.State == "alarm") && g.Since >= shift.From.UnixMicro() {
			*want.Stops++
		}
	}
	alarms, err := service.Alarms(ctx, api.AlarmQuery{From: shift.From, To: shift.To, Limit: api.MaxPage})
	must(err)
	for _, a := range alarms.Items {
		if !a.Raised.Before(shift.From) {
			*want.Alarms++
		}
	}
	if want.Coverage == 0 {
		want.Stops, want.Alarms = nil, nil
	}
	counter, err := service.Parts(ctx, api.PartQuery{Machine: "mill", From: shift.From, To: shift.To})
	must(err)
	before, err := service.Parts(ctx, api.PartQuery{Machine: "mill", From: shift.From.Add(-60 * day), To: shift.From.Add(time.Microsecond)})
	must(err)
	if n := len(before.Steps); n == 0 || before.Steps[n-1].Kind == "unknown" || slices.ContainsFunc(counter.Steps, func(s api.PartStep) bool { return s.Kind == "unknown" }) {
		want.Parts = nil
	}
	for _, p := range m.Programs {
		if p.Program != nil && program == *p.Program {
			want.CycleSeconds = p.MedianSeconds
		}
	}
	return want
}
