package api_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// Of how agents were read, what had been noticed by a moment is told of it.
func TestAgentsAtAMoment(t *testing.T) {
	f := newFake()
	f.runs[0].InstanceID, f.runs[0].Next = 7, 100
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 8, First: 1, Next: 5, Began: start.Add(40 * time.Minute)})
	f.gaps = []plant.Gap{
		{Run: 1, From: 8, To: 9, Reason: plant.GapOverrun, Noticed: start.Add(20 * time.Minute)},
		{Run: 1, From: 100, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: start.Add(40 * time.Minute)},
	}
	w := newWorld(t, f, live.Options{})
	began, again := start, start.Add(40*time.Minute)
	b := api.AgentThen{Name: "hall-b", URL: "http://hall-b:5000"}
	a := func(instance uint64, since *time.Time, instances int, gaps, lost int64) api.AgentThen {
		return api.AgentThen{Name: "hall-a", URL: "http://user:xxxxx@hall-a:5000", InstanceID: instance, Since: since, Instances: instances, Gaps: gaps, Lost: lost}
	}
	for at, want := range map[time.Duration]api.AgentThen{
		-time.Minute:                      a(0, nil, 0, 0, 0),
		20*time.Minute - time.Microsecond: a(7, &began, 1, 0, 0),
		20 * time.Minute:                  a(7, &began, 1, 1, 2),
		40 * time.Minute:                  a(8, &again, 2, 2, 2),
	} {
		got, err := w.service.AgentsAt(t.Context(), start.Add(at))
		if diff := gocmp.Diff([]api.AgentThen{want, b}, got); err != nil || diff != "" {
			t.Errorf("after %v: %v, (-want +got):\n%s", at, err, diff)
		}
		ledger, err := w.service.Gaps(t.Context(), api.GapQuery{Agent: "hall-a", Until: start.Add(at)})
		if err != nil || int64(len(ledger.Items)) != want.Gaps {
			t.Errorf("after %v: %d gaps, %v; want %d", at, len(ledger.Items), err, want.Gaps)
		}
	}
	if _, err := w.service.AgentsAt(t.Context(), start.Add(2*time.Hour)); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("a moment that is still to come: %v", err)
	}
}

// What is stored begins with the first observation that is left of any agent.
func TestFirstAfter(t *testing.T) {
	f := newFake()
	w := newWorld(t, f, live.Options{})
	if first, err := w.service.FirstAfter(t.Context(), start); err != nil || !first.IsZero() {
		t.Errorf("nothing is stored, and it begins %v, %v", first, err)
	}
	w.publish(state(0, plant.Idle), number(load, time.Minute, 1), number(load, 2*time.Minute, 2))
	for at, want := range map[time.Duration]time.Time{0: start.Add(time.Minute), time.Minute: {}, 50 * time.Minute: {}} {
		if first, err := w.service.FirstAfter(t.Context(), start.Add(at)); err != nil || !first.Equal(want) {
			t.Errorf("of %v after the start it is said that all begins %v, %v; want %v", at, first, err, want)
		}
	}
}
