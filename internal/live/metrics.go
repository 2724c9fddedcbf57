package live

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// publisherMetrics are the counts that a Publisher keeps of itself. A thing is
// the newest value of a data item, state of a device, or status of an agent.
type publisherMetrics struct {
	published, coalesced, dropped prometheus.Counter
	frames, bytes, failures       prometheus.Counter
	took                          prometheus.Histogram
}

func newPublisherMetrics(r prometheus.Registerer) (*publisherMetrics, error) {
	m := &publisherMetrics{
		published: counter("published_total", "Things that were sent to web processes."),
		coalesced: counter("coalesced_total", "Things that were not sent since a newer one took their place."),
		dropped:   counter("dropped_total", "Things that were not sent since Redis was away or hung: web processes read them from the store."),
		frames:    counter("published_frames_total", "Messages that were sent to Redis."),
		bytes:     counter("published_bytes_total", "Bytes of the messages that were sent to Redis."),
		failures:  counter("publish_failures_total", "Messages that Redis did not take."),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "factorydash", Subsystem: "live", Name: "publish_seconds", Help: "Time that a message took to Redis.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8),
		}),
	}
	return m, register(r, m.published, m.coalesced, m.dropped, m.frames, m.bytes, m.failures, m.took)
}

// followerMetrics are the counts that a Follower keeps of itself.
type followerMetrics struct {
	received, frames, bytes           prometheus.Counter
	missed, damaged, unknown, resyncs prometheus.Counter
	connected                         prometheus.Gauge
	lag                               prometheus.Histogram
}

func newFollowerMetrics(r prometheus.Registerer) (*followerMetrics, error) {
	m := &followerMetrics{
		received: counter("received_total", "Things that other processes sent."),
		frames:   counter("received_frames_total", "Messages that other processes sent."),
		bytes:    counter("received_bytes_total", "Bytes of the messages that other processes sent."),
		missed:   counter("missed_frames_total", "Messages that did not arrive, by their numbers."),
		damaged:  counter("damaged_frames_total", "Messages that could not be read."),
		unknown:  counter("unknown_frames_total", "Messages of a version that this program does not know."),
		resyncs:  counter("resyncs_total", "How often the store had to be read since messages may have been missed."),
		connected: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "factorydash", Subsystem: "live", Name: "connected", Help: "1 while Redis is heard, otherwise 0.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "factorydash", Subsystem: "live", Name: "lag_seconds",
			Help:    "Time from a commit to its arrival, by the clocks of two processes.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
	}
	return m, register(r, m.received, m.frames, m.bytes, m.missed, m.damaged, m.unknown, m.resyncs, m.connected, m.lag)
}

// Register registers the metric of what the hub has refused.
func (h *Hub) Register(r prometheus.Registerer) error {
	return register(r, prometheus.NewCounterFunc(prometheus.CounterOpts{
		Namespace: "factorydash", Subsystem: "live", Name: "refused_total",
		Help: "Things that pages do not show since they are more than a process keeps.",
	}, func() float64 { return float64(h.Refused()) }))
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "factorydash", Subsystem: "live", Name: name, Help: help})
}

// register registers metrics; they are kept nowhere where r is nil.
func register(r prometheus.Registerer, all ...prometheus.Collector) error {
	if r == nil {
		return nil
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("live: register metrics: %w", err)
		}
	}
	return nil
}
