package jobs

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// result is how an attempt ended.
type result string

const (
	succeeded result = "ok"
	// failed attempts are followed by another one.
	failed result = "failed"
	// exhausted attempts were the last ones of their task.
	exhausted result = "given_up"
	// interrupted attempts were cut short by the end of the process.
	interrupted result = "interrupted"
)

// metrics are the counters of a queue in this process. The label job has as many
// values as there are jobs.
type metrics struct {
	runs    *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	depth   *prometheus.GaugeVec
	leader  prometheus.Gauge
	redis   prometheus.Gauge
	swept   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, jobs []Job) (*metrics, error) {
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "factorydash", Name: "job_runs_total", Help: "Attempts of tasks that ended in this process, by job and result.",
		}, []string{"job", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "factorydash", Name: "job_seconds", Help: "Time that attempts took.",
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
		}, []string{"job"}),
		depth: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "factorydash", Name: "jobs_tasks", Help: "Tasks in the queue, by state; absent where the queue cannot be reached.",
		}, []string{"state"}),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "factorydash", Name: "jobs_leader", Help: "Whether this process enqueues the periodic jobs.",
		}),
		redis: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "factorydash", Name: "jobs_redis_up", Help: "Whether the queue could be reached when it was last tried.",
		}),
		swept: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "factorydash", Name: "jobs_swept_total", Help: "Tasks of dead workers found by this process, by what became of them.",
		}, []string{"outcome"}),
	}
	for _, j := range jobs {
		for _, r := range []result{succeeded, failed, exhausted, interrupted} {
			m.runs.WithLabelValues(j.Name, string(r))
		}
	}
	return m, register(r, m.runs, m.seconds, m.depth, m.leader)
}

// overRedis registers what there is over Redis only.
func (m *metrics) overRedis(r prometheus.Registerer) error { return register(r, m.redis, m.swept) }

func register(r prometheus.Registerer, collectors ...prometheus.Collector) error {
	for _, c := range collectors {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("jobs: register metrics: %w", err)
		}
	}
	return nil
}

// ran counts an attempt.
func (m *metrics) ran(job string, r result, took time.Duration) {
	m.runs.WithLabelValues(job, string(r)).Inc()
	m.seconds.WithLabelValues(job).Observe(took.Seconds())
}

// holds tells how many tasks there are.
func (m *metrics) holds(d Depth) {
	m.depth.WithLabelValues("waiting").Set(float64(d.Waiting))
	m.depth.WithLabelValues("running").Set(float64(d.Running))
	m.depth.WithLabelValues("retrying").Set(float64(d.Retrying))
	m.depth.WithLabelValues("failed").Set(float64(d.Failed))
}

// leads tells whether this process leads.
func (m *metrics) leads(yes bool) { m.leader.Set(truth(yes)) }

// reaches tells whether Redis can be used. Where it cannot, nobody knows how many
// tasks there are.
func (m *metrics) reaches(yes bool) {
	m.redis.Set(truth(yes))
	if !yes {
		m.depth.Reset()
	}
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
