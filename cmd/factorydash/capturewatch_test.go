package main

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// staffed is a store with two agents, of which those in captured are.
type staffed struct{ captured []plant.AgentID }

func (s *staffed) Agents(context.Context) ([]plant.Agent, error) {
	return []plant.Agent{{ID: 1, Name: "mill", Configured: true}, {ID: 2, Name: "removed"}}, nil
}

func (s *staffed) Crew(context.Context) (store.Crew, error) {
	crew := store.Crew{Leases: []store.Lease{{Agent: 1, Left: time.Hour}}} // of a clock that was ahead
	for _, id := range s.captured {
		crew.Leases = append(crew.Leases, store.Lease{Agent: id})
	}
	return crew, nil
}

// An agent that nobody captures is told of once, after a while, and once when it is
// captured again.
func TestCaptureWatch(t *testing.T) {
	var log bytes.Buffer
	st := &staffed{}
	w := newCaptureWatch(st, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
	now := time.Unix(1_700_000_000, 0)
	w.now = func() time.Time { return now }
	look := func(after time.Duration) {
		t.Helper()
		now = now.Add(after)
		if err := w.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	told := func(what string, want int) {
		t.Helper()
		if got := strings.Count(log.String(), what); got != want {
			t.Errorf("%q is told %d times, want %d:\n%s", what, got, want, log.String())
		}
	}
	if got := w.uncaptured(); !math.IsNaN(got) {
		t.Errorf("before the first look %v agents are uncaptured, want NaN", got)
	}
	look(0)
	told("no worker captures the agent", 0)
	// Nobody knows what was in a time in which this process did not look.
	look(time.Hour)
	told("no worker captures the agent", 0)
	look(uncapturedAfter)
	look(uncapturedAfter)
	told("no worker captures the agent", 1)
	if got := w.uncaptured(); got != 1 {
		t.Errorf("%v agents are uncaptured, want 1: who was removed does not count", got)
	}
	st.captured = []plant.AgentID{1}
	look(uncapturedAfter)
	look(uncapturedAfter)
	told("the agent is captured again", 1)
	if got := w.uncaptured(); got != 0 {
		t.Errorf("%v agents are uncaptured, want none", got)
	}
	now = now.Add(2 * uncapturedFresh)
	if got := w.uncaptured(); !math.IsNaN(got) {
		t.Errorf("long after the last look %v agents are uncaptured, want NaN", got)
	}
}
