package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
)

// agentMetrics tells Prometheus how the reading of each agent goes that this process
// captures. What is not known of an agent is absent.
type agentMetrics struct {
	statuses                               func() []plant.AgentStatus
	up, lag, buffer, delay, skew, document *prometheus.Desc
}

func newAgentMetrics(statuses func() []plant.AgentStatus) *agentMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("factorydash_agent_"+name, help, []string{"agent"}, nil)
	}
	return &agentMetrics{
		statuses: statuses,
		up:       desc("up", "1 while the agent is read, catching up counted; 0 while it is not: the link is down or being built, or the store is away."),
		lag:      desc("lag_observations", "Observations that the agent has and that are not read yet."),
		buffer:   desc("buffer_seconds", "How long the agent can go on before it overwrites what is not read, at the present rate."),
		delay:    desc("delay_seconds", "95th percentile of the time from an observation's timestamp to its commit, over the last minute."),
		skew:     desc("clock_skew_seconds", "The agent's clock less ours."),
		document: desc("last_document_timestamp_seconds", "When the last document arrived, heartbeats counted, in seconds since 1970."),
	}
}

// Describe implements prometheus.Collector.
func (m *agentMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.up, m.lag, m.buffer, m.delay, m.skew, m.document} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *agentMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, s := range m.statuses() {
		tell := func(d *prometheus.Desc, value float64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, s.Name)
		}
		span := func(d *prometheus.Desc, s plant.Span) {
			if s.Known {
				tell(d, s.Duration.Seconds())
			}
		}
		up := 0.0
		switch s.Link {
		case plant.LinkStreaming, plant.LinkPolling, plant.LinkCatchingUp:
			up = 1
		}
		tell(m.up, up)
		if s.Next != 0 && s.Last != 0 {
			tell(m.lag, float64(s.Lag))
		}
		span(m.buffer, s.Horizon)
		span(m.delay, s.DelayP95)
		span(m.skew, s.Skew)
		if !s.LastDocument.IsZero() {
			tell(m.document, float64(s.LastDocument.UnixMilli())/1e3)
		}
	}
}
