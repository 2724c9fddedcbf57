package web_test

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// MachineAt gives a machine as it is, without what was not known then.
func (s *shop) MachineAt(ctx context.Context, slug string, at time.Time) (api.MachineDetail, error) {
	m, err := s.Machine(ctx, slug)
	if m.Slug == "edm-1" {
		m.State, m.Word, m.Rule, m.Since = "", "", "", nil
	}
	s.set(func() { s.at = at })
	return m, err
}

// Cycles gives the cycles of the shop's first machine; others offer none.
func (s *shop) Cycles(_ context.Context, q api.CycleQuery) (api.Cycles, error) {
	s.Lock()
	defer s.Unlock()
	s.work = q
	if q.Machine != "vmc-01" {
		return api.Cycles{Machine: q.Machine, Problem: "This agent offers no EXECUTION: cycles cannot be told."}, nil
	}
	return s.cycles, nil
}

// Production gives what the shop made.
func (s *shop) Production(_ context.Context, q api.ProductionQuery) (api.Production, error) {
	s.Lock()
	defer s.Unlock()
	v := s.production
	v.From, v.To = q.From, q.To
	return v, s.productionErr
}

// shiftParts says that vmc-01 is ahead, and that it is not known of edm-1.
func (s *shop) shiftParts(w http.ResponseWriter, _ *http.Request) {
	now := s.now()
	answer(w, api.ShiftParts{
		At: now, Shift: &api.ShiftOn{ID: "2026-11-25.Late", Name: "Late", From: now.Add(-2 * time.Hour), To: now.Add(6 * time.Hour)},
		Machines: []api.MachineShiftParts{
			{Machine: "vmc-01", Parts: ptr(38.0), Target: 45, Due: 40.9},
			{Machine: "edm-1", Target: 30, Due: 10},
		},
	}, nil)
}

// lane says that a machine ran O2201 but for the sixth tenth of the range, of which
// nothing is known, with three cycles of which the middle one is unusual, ten parts
// and a counter that was reset.
func (s *shop) lane(w http.ResponseWriter, r *http.Request) {
	from, err := time.Parse(time.RFC3339, r.FormValue("from"))
	to, toErr := time.Parse(time.RFC3339, r.FormValue("to"))
	if err != nil || toErr != nil {
		http.Error(w, "from, to: times", http.StatusUnprocessableEntity)
		return
	}
	at := func(tenths int64) int64 { return from.UnixMicro() + tenths*to.Sub(from).Microseconds()/10 }
	program := ptr("O2201")
	v := api.Lane{
		Machine: r.PathValue("slug"), From: from, To: to, Now: s.now(), Heard: to.UnixMicro(),
		Paths: []api.LanePath{{
			Program: []api.LaneValue{
				{From: at(0), To: at(5), Since: at(0) - 3600e6, Until: at(5), Value: program, Count: 1},
				{From: at(5), To: at(6), Since: at(5), Until: at(6), Reason: "gap", Count: 1},
				{From: at(6), To: at(10), Since: at(6), Open: true, Value: program, Count: 1},
			},
			Tool: []api.LaneValue{}, Mode: []api.LaneValue{}, Execution: []api.LaneValue{},
			Cycles: []api.LaneCycle{{From: at(1), To: at(2), Program: program, Whole: true}},
			Items:  map[string]plant.ItemID{"program": 114, "execution": 115},
		}},
		Parts: &api.LaneParts{
			Item: 116, Made: [][2]float64{{float64(at(2)), 4}, {float64(at(8)), 10}}, Target: ptr(20.0),
			Marks: []api.PartStep{{Time: time.UnixMicro(at(7)).UTC(), Kind: "reset"}},
		},
		Gaps: []api.LaneGap{{From: at(5), To: at(6), Reason: plant.GapOverrun, Lost: ptr(int64(120))}},
	}
	if v.Machine == "mill-turn-1" {
		v.Paths[0].Name = "P1"
		v.Paths = append(v.Paths, v.Paths[0])
		v.Paths[1].Name = "P2"
		v.Shifts = &[]api.LaneShift{{Name: "Early", From: at(0), To: at(7), Breaks: [][2]int64{{at(3), at(4)}}}}
	}
	answer(w, v, nil)
}

// paths says that one path of a machine ran, and that the other was stopped for the
// last half of the range.
func (s *shop) paths(w http.ResponseWriter, r *http.Request) {
	from, err := time.Parse(time.RFC3339, r.FormValue("from"))
	to, toErr := time.Parse(time.RFC3339, r.FormValue("to"))
	if err != nil || toErr != nil {
		http.Error(w, "from, to: times", http.StatusUnprocessableEntity)
		return
	}
	a, b := from.UnixMicro(), to.UnixMicro()
	half := (a + b) / 2
	answer(w, api.Paths{Machine: r.PathValue("slug"), From: from, To: to, Now: s.now(), Paths: []api.PathLane{
		{ID: "p1", Name: "P1", Segments: []api.Segment{{From: a, To: b, Since: a, State: "running", Rule: "5 executing", Open: true}}},
		{ID: "p2", Name: "P2", Segments: []api.Segment{{From: a, To: half, Since: a, Until: half, State: "running"}, {From: half, To: b, Since: half, State: "stopped", Rule: "6 stopped within the program", Open: true}}},
	}}, nil)
}

// usual says that a load is usually from 30 to 60 % in the runs of O2201; of other
// data items too little is known.
func (s *shop) usual(w http.ResponseWriter, r *http.Request) {
	v := api.Usual{Machine: r.PathValue("slug"), At: s.now()}
	for _, text := range r.URL.Query()["item"] {
		id, _ := strconv.Atoi(text)
		item := api.UsualItem{Item: plant.ItemID(id), Runs: 1, Observations: 7}
		if id%100 == 8 {
			from := s.now().Add(-26 * time.Hour).UTC()
			item = api.UsualItem{
				Item: item.Item, Program: ptr("O2201"), Runs: 12, From: &from, Observations: 4711, Seconds: 5760, P10: ptr(30.0), P50: ptr(45.5), P90: ptr(60.0),
			}
		}
		v.Items = append(v.Items, item)
	}
	answer(w, v, nil)
}

// someCycles are six cycles of O2201 of ten minutes, of which the fifth is unusual,
// and one that lasts.
func someCycles(now time.Time) api.Cycles {
	program := ptr("O2201")
	v := api.Cycles{Machine: "vmc-01"}
	for i := range 7 {
		from := now.Add(time.Duration(12*(i-7)) * time.Minute)
		c := api.Cycle{Program: program, From: from, To: from.Add(10 * time.Minute), RunningSeconds: 480, InterruptedSeconds: 120, Interruptions: 1, Whole: true, End: "completed", Parts: ptr(1.0), AllParts: ptr(1.0)}
		switch i {
		case 4:
			c.RunningSeconds, c.Unusual, c.InterruptedSeconds = 600, true, 0
		case 6:
			c.Open, c.Whole, c.End, c.To = true, false, "", now
		}
		v.Cycles = append(v.Cycles, c)
	}
	v.Runs = []api.ProgramCycle{{Program: program, Cycles: 7, Whole: 6, MedianSeconds: ptr(480.0), P10Seconds: ptr(470.0), P90Seconds: ptr(600.0), IdealSeconds: ptr(450.0), Parts: ptr(7.0), AllParts: ptr(8.0), RunningSeconds: 3480}}
	return v
}

// Why says that a machine runs since its execution is ACTIVE and its mode automatic.
func (s *shop) Why(ctx context.Context, slug string, at time.Time) (api.Why, error) {
	m, err := s.Machine(ctx, slug)
	if err != nil {
		return api.Why{}, err
	}
	s.set(func() { s.at = at })
	if at.IsZero() {
		at = s.now()
	}
	since := at.Add(-time.Hour)
	execution := "ACTIVE"
	if m.State == "stopped" {
		execution = "FEED_HOLD"
	}
	return api.Why{
		Machine: slug, At: at, State: m.State, Word: m.Word, Rule: m.Rule, RuleText: "A path executes a program in automatic mode.", Since: &since, RulesVersion: 2,
		Inputs: []api.WhyInput{
			{Item: api.WhyItem{ID: 115, DataItemID: "exec", Name: "execution", Type: "EXECUTION", Component: "Controller[c]/Path[path1]"}, Value: execution, Time: &since, Sequence: 4711, Instance: 1699, Observation: "/api/v1/items/115/observations?from=x", Decides: true},
			{Item: api.WhyItem{ID: 109, DataItemID: "Stemp", Type: "TEMPERATURE"}, Value: "Fault", Level: "Fault", Time: &since, Sequence: 12, Instance: 1699, Active: []api.Condition{{NativeCode: "1010", Text: "Spindle temperature high"}}},
			{Item: api.WhyItem{ID: 116, DataItemID: "estop", Type: "EMERGENCY_STOP"}},
		},
		Rules: []api.WhyRule{
			{Number: 3, Name: "3 emergency stop", Text: "The emergency stop is triggered.", State: "alarm"},
			{Number: 5, Name: "5 executing", Text: "A path executes a program.", State: "running", Holds: true, Chosen: true},
			{Number: 7, Name: "7 ready", Text: "A path is ready.", State: "idle", Holds: true},
		},
	}, nil
}
