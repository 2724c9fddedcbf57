package jobs_test

import (
	"context"
	"log/slog"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(runChild(role))
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// eventually waits until something is so.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// receive takes a value that must come.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
	}
	panic("unreachable")
}

// nothing checks that no value comes for a while.
func nothing[T any](t *testing.T, what string, from <-chan T, within time.Duration) {
	t.Helper()
	select {
	case v := <-from:
		t.Errorf("%s: %v", what, v)
	case <-time.After(within):
	}
}

// background runs something until the test ends or stop is called, which waits for
// it.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// work runs the tasks of a queue until the test ends or stop is called.
func work(t *testing.T, q jobs.Queue, handlers map[string]jobs.Handler) (stop func()) {
	t.Helper()
	return background(t, func(ctx context.Context) error { return q.Work(ctx, handlers) })
}

// schedule enqueues the periodic jobs until the test ends or stop is called.
func schedule(t *testing.T, q jobs.Queue) (stop func()) {
	t.Helper()
	return background(t, q.Schedule)
}

func enqueue(t *testing.T, q jobs.Queue, task jobs.Task) string {
	t.Helper()
	id, err := q.Enqueue(t.Context(), task)
	if err != nil {
		t.Fatalf("enqueue %+v: %v", task, err)
	}
	return id
}

func inspect(t *testing.T, q jobs.Queue) jobs.Snapshot {
	t.Helper()
	s, err := q.Inspect(t.Context())
	if err != nil {
		t.Fatalf("inspect: %v", err)
	}
	return s
}

// status gives how a job goes.
func status(t *testing.T, q jobs.Queue, job string) jobs.Status {
	t.Helper()
	for _, s := range inspect(t, q).Jobs {
		if s.Name == job {
			return s
		}
	}
	t.Fatalf("there is no job %s", job)
	return jobs.Status{}
}

func refused(t *testing.T, what string, err error, code plant.Code) {
	t.Helper()
	if err == nil || plant.ErrorCode(err) != code {
		t.Errorf("%s: %v, want the code %s", what, err, code)
	}
}

// metric gives a counter, a gauge or the count of a histogram: that which has a
// label of the value given, where one is; NaN where there is none.
func metric(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			found := label == ""
			for _, l := range m.GetLabel() {
				found = found || l.GetValue() == label
			}
			if found {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return math.NaN()
}

// records is a log that a test can look into.
type records struct {
	mu   sync.Mutex
	list []slog.Record
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, record)
	return nil
}

// count counts the records of a level at least that have a text.
func (r *records) count(least slog.Level, text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, record := range r.list {
		if record.Level >= least && (text == "" || record.Message == text) {
			n++
		}
	}
	return n
}

// text gives all that was logged.
func (r *records) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := ""
	for _, record := range r.list {
		text += record.Message
		record.Attrs(func(a slog.Attr) bool {
			text += " " + a.String()
			return true
		})
		text += "\n"
	}
	return text
}
