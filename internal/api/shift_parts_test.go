package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// aimed is a plant whose mill is to make 21 parts in a shift of two hours with a
// break of a quarter: one in five minutes.
const aimed = `{"zone": "UTC", "patterns": [{"shifts": [
	{"name": "Early", "days": ["mon-sun"], "time": "08:00-10:00", "breaks": ["08:30-08:45"]},
	{"name": "Late", "days": ["mon-sun"], "time": "10:00-12:00"}]}],
	"machines": {"mill": {"targets": {"Early": 21}}}}`

func TestShiftParts(t *testing.T) {
	f := newFake()
	worked(f)
	service := planned(t, f, aimed)
	for at, want := range map[time.Duration]api.MachineShiftParts{
		10 * time.Minute: {Parts: new(0.0), Due: 2},
		25 * time.Minute: {Parts: new(2.0), Due: 5},
		40 * time.Minute: {Parts: new(2.0), Due: 6}, // The break does not count, nor the counter's reset.
		0:                {Parts: new(4.0), Due: 9}, // Now, which is an hour after the start.
	} {
		moment := start.Add(at)
		if at == 0 {
			moment = time.Time{}
		}
		want.Machine, want.Target = "mill", 21
		v, err := service.ShiftParts(t.Context(), moment)
		if diff := gocmp.Diff([]api.MachineShiftParts{want}, v.Machines); err != nil || diff != "" || v.Shift.ID != "2026-01-31.Early" {
			t.Errorf("after %v: %v, in %+v (-want +got):\n%s", at, err, v.Shift, diff)
		}
	}
	if v, err := service.ShiftParts(t.Context(), start.Add(-time.Hour)); err != nil || v.Shift != nil || len(v.Machines) != 0 {
		t.Errorf("where no shift is on: %+v, %v", v, err)
	}
	if _, err := service.ShiftParts(t.Context(), start.Add(2*time.Hour)); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("a moment that is still to come: %v", err)
	}
	f.commit(nil, unknown(parts, 55*time.Minute))
	unknownSince := func(why, problem string) {
		t.Helper()
		v, err := planned(t, f, aimed).ShiftParts(t.Context(), time.Time{})
		if err != nil || len(v.Machines) != 1 || v.Machines[0].Parts != nil || !strings.Contains(v.Machines[0].Problem, problem) {
			t.Errorf("%s: %+v, %v; want no parts and %q", why, v.Machines, err, problem)
		}
	}
	unknownSince("where the counter is not known", "is not known then")
	for range api.MaxTracked { // A counter that flickers.
		f.observations = append(f.observations, f.observations[len(f.observations)-1])
	}
	unknownSince("at the limit", "200000")
	f.items = slices.DeleteFunc(f.items, func(it plant.DataItem) bool { return it.Type == "PART_COUNT" })
	unknownSince("without a counter", "no part counter")
}

// Of a moment of the past, what came later is not told, and targets are those of the
// whole shift.
func TestProductionAtAMoment(t *testing.T) {
	f := newFake()
	worked(f)
	running(f)
	service := planned(t, f, aimed)
	q := api.ProductionQuery{From: start, To: start.Add(2 * time.Hour), At: start.Add(20 * time.Minute)}
	v, err := service.Production(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	m := v.Machines[0]
	share := figure(t, m.Figures, "running-share")
	if m.Parts == nil || *m.Parts != 1 || m.Target == nil || *m.Target != 21 || share.Numerator != 300 || share.Denominator != 1200 {
		t.Errorf("parts %v of %v, running %v of %v s; want 1 of 21, 300 of 1200 s", m.Parts, m.Target, share.Numerator, share.Denominator)
	}
	q.At = start.Add(2 * time.Hour)
	if _, err := service.Production(t.Context(), q); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("a moment that is still to come: %v", err)
	}
}
