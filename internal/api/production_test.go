package api_test

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// planned makes a service an hour after start for a plant that says so much of itself.
func planned(t *testing.T, f *fake, said string) *api.Service {
	t.Helper()
	s, err := shop.Parse([]byte(said), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	hub := live.NewHub(live.Options{})
	service := api.NewService(api.Options{
		Reader: f, Hub: hub, Shop: func() *shop.Shop { return s },
		Now: func() time.Time { return start.Add(time.Hour) }, Log: slog.New(slog.DiscardHandler),
	})
	if err := service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	hub.PublishStatus(streaming(1))
	return service
}

// produce gives what a store's machines made in a part of that hour.
func produce(t *testing.T, f *fake, said string, from, to time.Duration) api.Production {
	t.Helper()
	v, err := planned(t, f, said).Production(t.Context(), api.ProductionQuery{From: start.Add(from), To: start.Add(to)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// running commits the states that go with worked.
func running(f *fake) {
	f.commit(state(0, plant.Idle))
	f.commit(state(10*time.Minute, plant.Running))
	f.commit(state(15*time.Minute, plant.Idle))
	f.commit(state(20*time.Minute, plant.Running))
	f.commit(state(21*time.Minute, plant.Stopped))
	f.commit(state(23*time.Minute, plant.Running))
	f.commit(state(25*time.Minute, plant.Idle))
	f.commit(state(31*time.Minute, plant.Running))
}

func figure(t *testing.T, figures []api.Figure, id string) api.Figure {
	t.Helper()
	for _, f := range figures {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no figure %s in %+v", id, figures)
	return api.Figure{}
}

func is(f api.Figure, want float64) bool {
	return f.Value != nil && math.Abs(*f.Value-want) < 1e-9
}

// The shift is from 8 to 9 with a break of ten minutes on Saturdays, which the day
// of the tests is.
const oneShift = `{"zone": "UTC", "patterns": [{"shifts": [{"name": "Early", "days": ["sat"], "time": "08:00-09:00", "breaks": ["08:00-08:10"]}]}],
	"machines": {"mill": {"idealCycles": {"O1": "4m"}, "targets": {"Early": 10}}}}`

func TestProduction(t *testing.T) {
	f := newFake()
	worked(f)
	running(f)
	v := produce(t, f, oneShift, 0, time.Hour)
	if len(v.Machines) != 1 || !v.Scheduled {
		t.Fatalf("%+v", v)
	}
	m := v.Machines[0]
	if *m.Parts != 4 || *m.Target != 10 || m.Coverage != 1 || m.Bad != nil {
		t.Errorf("%v parts of %v, coverage %v, bad %v", *m.Parts, *m.Target, m.Coverage, m.Bad)
	}
	// It ran 5, 3 and 29 minutes, of 60, and of 50 that are scheduled.
	if got := figure(t, m.Figures, "running-share"); !is(got, 37.0/60) || got.Numerator != 37*60 || got.Denominator != 3600 {
		t.Errorf("%+v", got)
	}
	if got := figure(t, m.Figures, "running-share-scheduled"); !is(got, 37.0/50) {
		t.Errorf("%+v", got)
	}
	// Of O1 two were made, in 8 minutes; O2 has no ideal time and counts for nothing.
	if got := figure(t, m.Figures, "performance"); !is(got, 1) || got.Numerator != 480 {
		t.Errorf("%+v", got)
	}
	if got := figure(t, m.Figures, "a-x-p"); !is(got, 37.0/50) || got.Label != "A × P" {
		t.Errorf("%+v", got)
	}
	for _, got := range m.Figures {
		if got.ID == "oee" || got.ID == "quality" {
			t.Errorf("without a count of bad parts there is %+v", got)
		}
	}
	if len(m.Shifts) != 1 || *m.Shifts[0].Parts != 4 || *m.Shifts[0].Target != 10 || !is(m.Shifts[0].RunningShare, 37.0/50) {
		t.Errorf("shifts: %+v", m.Shifts)
	}
}

// TestProductionAddsUp: what is told of the parts of a range is together what is
// told of all of it, with cycles that reach over the border.
func TestProductionAddsUp(t *testing.T) {
	f := newFake()
	worked(f)
	running(f)
	whole := produce(t, f, oneShift, 0, time.Hour)
	for _, cut := range []time.Duration{12 * time.Minute, 22 * time.Minute, 40 * time.Minute} {
		first, second := produce(t, f, oneShift, 0, cut), produce(t, f, oneShift, cut, time.Hour)
		if got := *first.Parts + *second.Parts; got != *whole.Parts {
			t.Errorf("cut at %s: %v parts, want %v", cut, got, *whole.Parts)
		}
		for _, id := range []string{"running-share", "running-share-scheduled", "performance"} {
			a, b, all := figure(t, first.Figures, id), figure(t, second.Figures, id), figure(t, whole.Figures, id)
			if a.Numerator+b.Numerator != all.Numerator || a.Denominator+b.Denominator != all.Denominator {
				t.Errorf("cut at %s: %s is %v/%v and %v/%v, want %v/%v", cut, id, a.Numerator, a.Denominator, b.Numerator, b.Denominator, all.Numerator, all.Denominator)
			}
		}
	}
}

// TestProductionOfManyIsASum: the figures of two machines are of the sums of theirs;
// the mean of their percentages would be another one.
func TestProductionOfManyIsASum(t *testing.T) {
	f := newFake()
	worked(f)
	running(f)
	f.devices = append(f.devices, plant.Device{ID: 3, Agent: 1, Slug: "saw", Name: "Saw", UUID: "s-1", Present: true})
	f.items = append(f.items, plant.DataItem{ID: 50, Device: 3, DataItemID: "sx", Category: plant.Event, Type: "EXECUTION", Representation: "VALUE"})
	f.states = append(f.states, plant.StateChange{Device: 3, Run: 1, Sequence: 1, Time: at(50 * time.Minute), State: plant.Running, Rule: "5 executing"})
	v := produce(t, f, `{"zone": "UTC"}`, 0, time.Hour)
	saw := v.Machines[1]
	if saw.Parts != nil || !strings.Contains(saw.PartsProblem, "no PART_COUNT") {
		t.Errorf("the saw counts nothing: %+v", saw)
	}
	if got := figure(t, saw.Figures, "running-share"); !is(got, 1) || got.Coverage > 0.17 || !got.Doubtful {
		t.Errorf("the saw, of which 10 minutes are known: %+v", got)
	}
	if got := figure(t, v.Figures, "running-share"); !is(got, 47.0/70) {
		t.Errorf("together %+v, want 47 of 70 minutes", got)
	}
	if got := figure(t, v.Figures, "a-x-p"); got.Value != nil || !strings.Contains(got.Note, "Performance: not set") || got.Label != "A × P (calendar)" {
		t.Errorf("%+v", got)
	}
}

func TestProductionOutsideOfShifts(t *testing.T) {
	f := newFake()
	worked(f)
	running(f)
	v := produce(t, f, strings.Replace(oneShift, "sat", "mon", 1), 0, time.Hour)
	if got := figure(t, v.Machines[0].Figures, "running-share-scheduled"); got.Value != nil || got.Note != "not scheduled" {
		t.Errorf("%+v", got)
	}
}
