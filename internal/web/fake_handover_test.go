package web_test

import (
	"context"
	"net/http"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// ShiftUsual says that vmc-01 ran less than usual and stopped as often as ever, and
// that too little is known of edm-1.
func (s *shop) ShiftUsual(ctx context.Context, q api.ShiftUsualQuery) (api.ShiftUsual, error) {
	shift, ok := s.plan().Calendar.Find(q.Shift)
	if !ok {
		return api.ShiftUsual{}, plant.Errorf(plant.Invalid, "shift %q: there is no such shift", q.Shift)
	}
	s.set(func() { s.compared = append(s.compared, q.At) })
	if shift.From > s.now().UnixMicro() {
		return api.ShiftUsual{}, plant.Errorf(plant.Invalid, "shift %q: use one that has begun", q.Shift)
	}
	on := api.ShiftOn{ID: shift.ID(), Name: shift.Name, From: time.UnixMicro(shift.From).UTC(), To: time.UnixMicro(shift.To).UTC()}
	ran := api.UsualFigure{
		ID: "running-share-scheduled", Label: "Running share (scheduled)", Value: ptr(0.41), Verdict: "less", Worse: true,
		Says: "less than usual: 7 of 8 Late shifts ran longer", P10: ptr(0.58), Median: ptr(0.66), P90: ptr(0.71), Shifts: 8, Lower: 1, Higher: 7,
	}
	stops := api.UsualFigure{ID: "stops", Label: "Stops", Value: ptr(3.0), Verdict: "usual", Says: "as usual", P10: ptr(2.0), Median: ptr(3.0), P90: ptr(5.0), Shifts: 8, Lower: 2, Higher: 3}
	cycle := api.UsualFigure{ID: "cycle-time", Label: "Cycle time of O2201", Program: "O2201", Unit: "s", Value: ptr(252.0), Verdict: "too-few", Says: "too few shifts to say: 2 of the 5 that it takes", P10: ptr(240.0), Median: ptr(250.0), P90: ptr(260.0), Shifts: 2}
	unsaid := api.UsualFigure{ID: "running-share-scheduled", Label: "Running share (scheduled)", Verdict: "unsaid", Says: "not said: only 62 % of the shift is known"}
	v := api.ShiftUsual{At: s.now(), Shift: &on, Until: on.To, Earlier: 22, Says: "0 of 2 machines as usual; 1 worse than usual (VMC-01); of 1 it cannot be said (EDM-1)", Machines: []api.MachineUsual{
		{Machine: "edm-1", Name: "EDM-1", Coverage: 0.62, Verdict: "unsaid", Says: unsaid.Says, Figures: []api.UsualFigure{unsaid}},
		{Machine: "vmc-01", Name: "VMC-01", Coverage: 0.98, Verdict: "worse", Says: "running share (scheduled) " + ran.Says, Figures: []api.UsualFigure{ran, stops, cycle}},
	}}
	if len(q.Machines) == 1 {
		m := v.Machines[1]
		m.Machine = q.Machines[0]
		m.Shifts = []api.ShiftFacts{
			{ShiftOn: on, Counts: true, Coverage: 0.98, RunningShare: ran.Value, Stops: stops.Value, CycleSeconds: cycle.Value},
			{ShiftOn: api.ShiftOn{ID: "2026-11-20.Late", Name: "Late"}, Note: "too little is known", Coverage: 0.4},
		}
		v.Machines = []api.MachineUsual{m}
	}
	for i := range v.Machines {
		of, err := s.Machine(ctx, v.Machines[i].Machine)
		if err != nil {
			return v, err
		}
		v.Machines[i].Name = of.Name
	}
	return v, s.productionErr
}

// Executions says that the machine was held while it stopped.
func (s *shop) Executions(_ context.Context, _ string, from, _ time.Time) ([]api.ExecutionStep, error) {
	return []api.ExecutionStep{{Time: from.Add(-time.Hour), Value: ptr("ACTIVE")}, {Time: from, Value: ptr("FEED_HOLD")}}, nil
}

// shiftUsual answers the floor.
func (s *shop) shiftUsual(w http.ResponseWriter, _ *http.Request) {
	now := s.now()
	answer(w, api.ShiftUsual{
		At: now, Shift: &api.ShiftOn{ID: "2026-11-22.Night", Name: "Night", From: now.Add(-9 * time.Hour), To: now.Add(-time.Hour)},
		Says: "8 of 10 machines as usual; 2 worse than usual (VM-01, VM-02)", Machines: []api.MachineUsual{},
	}, nil)
}
