package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// uncapturedAfter is how long an agent that was added may have nobody who reads
// it before that is told.
const uncapturedAfter = 30 * time.Second

// captureWatch looks for agents that were added and that no worker captures: too
// few workers, or none.
type captureWatch struct {
	store interface {
		store.Leases
		Agents(ctx context.Context) ([]plant.Agent, error)
	}
	log        *slog.Logger
	uncaptured prometheus.Gauge
	// since is when an agent was first seen without a worker; told says that the
	// log has it.
	since map[string]time.Time
	told  map[string]bool
}

func newCaptureWatch(s dataStore, log *slog.Logger, r prometheus.Registerer) *captureWatch {
	w := &captureWatch{
		store: s, log: log, since: make(map[string]time.Time), told: make(map[string]bool),
		uncaptured: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "factorydash", Name: "agents_uncaptured",
			Help: "Agents that were added and that no worker captures.",
		}),
	}
	r.MustRegister(w.uncaptured)
	return w
}

// look compares the agents with the leases. It is called by one job at a time.
func (w *captureWatch) look(ctx context.Context) error {
	agents, err := w.store.Agents(ctx)
	if err != nil {
		return err
	}
	crew, err := w.store.Crew(ctx)
	if err != nil {
		return err
	}
	captured := make(map[plant.AgentID]bool, len(crew.Leases))
	for _, l := range crew.Leases {
		captured[l.Agent] = true
	}
	count := 0
	now := time.Now()
	for _, a := range agents {
		if !a.Configured || captured[a.ID] {
			if w.told[a.Name] {
				w.log.Info("the agent is captured again", "agent", a.Name)
			}
			delete(w.since, a.Name)
			delete(w.told, a.Name)
			continue
		}
		count++
		if w.since[a.Name].IsZero() {
			w.since[a.Name] = now
		}
		if !w.told[a.Name] && now.Sub(w.since[a.Name]) >= uncapturedAfter {
			w.told[a.Name] = true
			w.log.Warn("no worker captures the agent", "agent", a.Name, "workers", len(crew.Workers))
		}
	}
	w.uncaptured.Set(float64(count))
	return nil
}
