package api

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the counts that the API keeps of itself.
type metrics struct {
	streams  prometheus.Gauge
	refused  prometheus.Counter
	events   *prometheus.CounterVec
	requests *prometheus.HistogramVec
}

// newMetrics makes the metrics and registers them where registerer is not nil.
func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "factorydash_streams", Help: "Event streams that are open.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "factorydash_streams_refused_total", Help: "Event streams refused because there were too many.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "factorydash_stream_events_total", Help: "Events sent on event streams, by name.",
		}, []string{"event"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "factorydash_api_request_seconds", Help: "How long requests to the API took, by route and status class.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"route", "status"}),
	}
	if registerer != nil {
		registerer.MustRegister(m.streams, m.refused, m.events, m.requests)
	}
	return m
}
