package retention

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/store"
)

type metrics struct {
	sealed, blocks, expired prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s store.Upkeep) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "factorydash", Subsystem: "store", Name: name, Help: help})
	}
	m := &metrics{
		sealed:  counter("sealed_observations_total", "Observations that were moved from rows into sealed blocks."),
		blocks:  counter("sealed_blocks_total", "Blocks that were made of rows."),
		expired: counter("expired_observations_total", "Observations that retention deleted."),
	}
	faults := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "factorydash", Subsystem: "store", Name: "faults",
		Help: "Damaged places that this process has found in what is stored, up to the number it remembers.",
	}, func() float64 { return float64(len(s.Faults())) })
	if r != nil {
		r.MustRegister(m.sealed, m.blocks, m.expired, faults)
	}
	return m
}
