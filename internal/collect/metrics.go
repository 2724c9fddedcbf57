package collect

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// metrics are the counters of all collectors and the committer. The label agent
// has as many values as there are agents.
type metrics struct {
	documents    *prometheus.CounterVec
	observations *prometheus.CounterVec
	repeated     *prometheus.CounterVec
	gaps         *prometheus.CounterVec
	lost         *prometheus.CounterVec
	failures     *prometheus.CounterVec
	commits      *prometheus.HistogramVec
	commitSize   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "factorydash", Name: name, Help: help}, labels)
	}
	m := &metrics{
		documents:    counter("documents_total", "Streams documents read, heartbeats counted.", "agent"),
		observations: counter("observations_total", "Observations committed.", "agent"),
		repeated:     counter("observations_repeated_total", "Observations that an agent sent again and that were passed over.", "agent"),
		gaps:         counter("gaps_total", "Entries made in the gap ledger.", "agent", "reason"),
		lost:         counter("lost_total", "Sequence numbers in gaps of known length.", "agent", "reason"),
		failures:     counter("link_failures_total", "How often the link to an agent was lost or could not be built.", "agent"),
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "factorydash", Name: "commit_seconds", Help: "Time that commits took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"result"}),
		commitSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "factorydash", Name: "commit_observations", Help: "Observations in one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 10),
		}),
	}
	for _, c := range []prometheus.Collector{
		m.documents, m.observations, m.repeated, m.gaps, m.lost, m.failures, m.commits, m.commitSize,
	} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("collect: register metrics: %w", err)
		}
	}
	return m, nil
}

// committed counts an attempt to commit.
func (m *metrics) committed(took time.Duration, batches []*store.Batch, err error) {
	result := "ok"
	if err != nil {
		result = string(plant.ErrorCode(err))
	}
	m.commits.WithLabelValues(result).Observe(took.Seconds())
	if err != nil {
		return
	}
	n := 0
	for _, b := range batches {
		if b.Err == nil {
			n += len(b.Observations)
		}
	}
	m.commitSize.Observe(float64(n))
}

// stored counts what was stored of an agent.
func (m *metrics) stored(agent string, b *store.Batch) {
	m.observations.WithLabelValues(agent).Add(float64(len(b.Observations)))
	m.noted(agent, b.Gaps)
}

// noted counts entries of the gap ledger.
func (m *metrics) noted(agent string, gaps []plant.Gap) {
	for _, g := range gaps {
		m.gaps.WithLabelValues(agent, string(g.Reason)).Inc()
		if n, known := g.Lost(); known {
			m.lost.WithLabelValues(agent, string(g.Reason)).Add(float64(n))
		}
	}
}

// begin makes the counters of an agent, at zero: a first gap would else be no
// increase for who watches them.
func (m *metrics) begin(agent string) {
	for _, reason := range []plant.GapReason{plant.GapOverrun, plant.GapRestart, plant.GapRejected, plant.GapMissing} {
		m.gaps.WithLabelValues(agent, string(reason))
		m.lost.WithLabelValues(agent, string(reason))
	}
	for _, c := range []*prometheus.CounterVec{m.documents, m.observations, m.repeated, m.failures} {
		c.WithLabelValues(agent)
	}
}

// forget drops the counters of an agent that is read no more.
func (m *metrics) forget(agent string) {
	labels := prometheus.Labels{"agent": agent}
	for _, c := range []*prometheus.CounterVec{
		m.documents, m.observations, m.repeated, m.gaps, m.lost, m.failures,
	} {
		c.DeletePartialMatch(labels)
	}
}
