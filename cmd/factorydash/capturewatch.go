package main

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// uncapturedAfter is how long an agent that was added may have nobody who reads
// it before that is told.
const uncapturedAfter = 30 * time.Second

// uncapturedFresh is for how long what was seen is told: two periods of the job, and
// what it may be late.
const uncapturedFresh = 90 * time.Second

// watchedStore is what a captureWatch reads.
type watchedStore interface {
	Agents(ctx context.Context) ([]plant.Agent, error)
	Crew(ctx context.Context) (store.Crew, error)
}

// captureWatch looks for agents that were added and that no worker captures: too
// few workers, or none.
type captureWatch struct {
	store watchedStore
	log   *slog.Logger
	now   func() time.Time

	mu sync.Mutex
	// looked is when this process looked last: of several workers, any may be the
	// one that does. count is how many agents nobody captured then.
	looked time.Time
	count  int
	// since is when an agent was first seen without a worker; told says that the
	// log has it.
	since map[string]time.Time
	told  map[string]bool
}

func newCaptureWatch(s watchedStore, log *slog.Logger, r prometheus.Registerer) *captureWatch {
	w := &captureWatch{
		store: s, log: log, now: time.Now, since: make(map[string]time.Time), told: make(map[string]bool),
	}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "factorydash", Name: "agents_uncaptured",
		Help: "Agents that were added and that no worker captures; NaN where this process has not looked of late.",
	}, w.uncaptured))
	return w
}

// uncaptured is how many agents nobody captures, where that is known.
func (w *captureWatch) uncaptured() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now().Sub(w.looked) > uncapturedFresh {
		return math.NaN()
	}
	return float64(w.count)
}

// look compares the agents with the leases.
func (w *captureWatch) look(ctx context.Context) error {
	agents, err := w.store.Agents(ctx)
	if err != nil {
		return err
	}
	crew, err := w.store.Crew(ctx)
	if err != nil {
		return err
	}
	captured := collect.Captured(crew)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if now.Sub(w.looked) > uncapturedFresh { // What was seen then says nothing of the time since.
		clear(w.since)
	}
	w.looked, w.count = now, 0
	for _, a := range agents {
		if !a.Configured || captured[a.ID] {
			if w.told[a.Name] {
				w.log.Info("the agent is captured again", "agent", a.Name)
			}
			delete(w.since, a.Name)
			delete(w.told, a.Name)
			continue
		}
		w.count++
		if w.since[a.Name].IsZero() {
			w.since[a.Name] = now
		}
		if !w.told[a.Name] && now.Sub(w.since[a.Name]) >= uncapturedAfter {
			w.told[a.Name] = true
			w.log.Warn("no worker captures the agent", "agent", a.Name, "workers", len(crew.Workers))
		}
	}
	return nil
}
