package collect

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/store"
)

// leaseMetrics are the counters of a Holder.
type leaseMetrics struct {
	held, workers                 prometheus.Gauge
	taken, released, lost, lapsed prometheus.Counter
}

func newLeaseMetrics(r prometheus.Registerer) (*leaseMetrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "factorydash", Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "factorydash", Name: name, Help: help})
	}
	m := &leaseMetrics{
		held:     gauge("leases_held", "Agents that this worker captures under a lease."),
		workers:  gauge("workers", "Workers on the store that live, this one counted."),
		taken:    counter("leases_taken_total", "Leases that this worker took."),
		released: counter("leases_released_total", "Leases that this worker gave back to others."),
		lost:     counter("leases_lost_total", "Leases that ran out or were taken while this worker counted on them."),
		lapsed:   counter("leases_lapsed_total", "How often this worker stopped all capture since it could not renew its leases."),
	}
	for _, c := range []prometheus.Collector{m.held, m.workers, m.taken, m.released, m.lost, m.lapsed} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("collect: register metrics: %w", err)
		}
	}
	return m, nil
}

// see takes note of who there is.
func (m *leaseMetrics) see(c store.Crew) {
	n := 0
	for _, w := range c.Workers {
		if w.Left > 0 {
			n++
		}
	}
	m.workers.Set(float64(n))
}
