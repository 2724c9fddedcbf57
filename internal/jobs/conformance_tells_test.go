package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/jobs"
)

// The part of the suite that is about periods, and about what a queue tells.

func schedules(t *testing.T, open opener) {
	period := jobs.Every(time.Second)
	q := open(t, quick(
		jobs.Job{Name: "seal", Period: period, Timeout: time.Second},
		jobs.Job{Name: "merge", Period: jobs.Daily(0, 0)},
	))
	var mu sync.Mutex
	runs := map[string][]time.Time{}
	handler := func(job string) jobs.Handler {
		return func(context.Context, []byte) error {
			mu.Lock()
			defer mu.Unlock()
			runs[job] = append(runs[job], time.Now())
			return nil
		}
	}
	work(t, q, map[string]jobs.Handler{"seal": handler("seal"), "merge": handler("merge")})
	begun := time.Now()
	stop := schedule(t, q)
	count := func(job string) int {
		mu.Lock()
		defer mu.Unlock()
		return len(runs[job])
	}
	eventually(t, "three periods", func() bool { return count("seal") >= 3 })
	s := inspect(t, q)
	if s.Leader.Name != "tester" || s.Leader.Term < 1 || s.Leader.Since.Before(begun.Add(-time.Second)) || s.Leader.Since.After(time.Now()) {
		t.Errorf("leader %+v", s.Leader)
	}
	if len(s.Jobs) != 2 || s.Jobs[0].Name != "merge" || s.Jobs[1].Name != "seal" {
		t.Fatalf("jobs %+v", s.Jobs)
	}
	seal := s.Jobs[1]
	if !seal.Next.Equal(period.Next(s.Taken)) || !strings.HasPrefix(seal.Last.ID, "seal:20") || seal.Period != period {
		t.Errorf("seal: %+v", seal)
	}
	if !s.Jobs[0].Enqueued.Equal(jobs.Daily(0, 0).Start(begun)) && !s.Jobs[0].Enqueued.Equal(jobs.Daily(0, 0).Start(s.Taken)) {
		t.Errorf("merge: %+v", s.Jobs[0])
	}
	stop()
	if l := inspect(t, q).Leader; l != (jobs.Leader{}) {
		t.Errorf("leader after the stop: %+v", l)
	}
	n := count("seal")

	// A scheduler that begins again enqueues no period twice.
	again := schedule(t, q)
	eventually(t, "one more period", func() bool { return count("seal") >= n+1 })
	again()
	mu.Lock()
	defer mu.Unlock()
	// A midnight may lie in the test.
	if n := len(runs["merge"]); n != 1 && (n != 2 || time.Now().UTC().YearDay() == begun.UTC().YearDay()) {
		t.Errorf("merge ran %d times", n)
	}
	// One may be missed with each change of the leader, here to none and back.
	first, last := period.Start(begun), period.Start(time.Now())
	periods := int(last.Sub(first)/period.Length) + 1
	if n := len(runs["seal"]); n > periods || n < periods-3 {
		t.Errorf("seal ran %d times in %d periods: %v", n, periods, runs["seal"])
	}
}

func boundsFailed(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge"}))
	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error { return jobs.ErrPermanent }})
	const many = jobs.ListLimit + 20
	for range many {
		enqueue(t, q, jobs.Task{Job: "merge"})
	}
	eventually(t, "all have failed", func() bool { return inspect(t, q).Depth == jobs.Depth{Failed: many} })
	list := inspect(t, q).Failed
	if len(list) != jobs.ListLimit {
		t.Errorf("%d are listed", len(list))
	}
	for i := range list[1:] {
		if list[i].At.Before(list[i+1].At) {
			t.Fatalf("the newest do not come first: %v before %v", list[i].At, list[i+1].At)
		}
	}
}

func tellsDepth(t *testing.T, open opener) {
	opts := quick(jobs.Job{Name: "merge"})
	opts.Concurrency = 1
	opts.Registerer = prometheus.NewRegistry()
	registry := opts.Registerer.(*prometheus.Registry)
	q := open(t, opts)
	started := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"merge": func(ctx context.Context, _ []byte) error {
		started <- call{}
		<-ctx.Done()
		return ctx.Err()
	}})
	for i := range 3 {
		enqueue(t, q, jobs.Task{Job: "merge", ID: fmt.Sprint("merge:", i)})
	}
	receive(t, "one runs", started)
	eventually(t, "one runs", func() bool { return inspect(t, q).Depth == jobs.Depth{Waiting: 2, Running: 1} })
	s := inspect(t, q)
	if len(s.Running) != 1 || s.Running[0].ID != "merge:0" || s.Running[0].Job != "merge" {
		t.Errorf("running: %+v", s.Running)
	}
	for state, want := range map[string]float64{"failed": 0, "retrying": 0, "running": 1, "waiting": 2} {
		eventually(t, "the gauge tells the same", func() bool {
			return metric(t, registry, "factorydash_jobs_tasks", state) == want
		})
	}
}

func counts(t *testing.T, open opener) {
	opts := quick(jobs.Job{Name: "merge", Attempts: 2})
	registry := prometheus.NewRegistry()
	opts.Registerer = registry
	q := open(t, opts)
	var tries atomic.Int64
	stop := work(t, q, map[string]jobs.Handler{"merge": func(ctx context.Context, payload []byte) error {
		tries.Add(1)
		if string(payload) == "1" {
			return errors.New("no")
		}
		if string(payload) == "2" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}})
	for _, payload := range []string{"0", "0", "1", "2"} {
		enqueue(t, q, jobs.Task{Job: "merge", Payload: []byte(payload)})
	}
	eventually(t, "all were tried", func() bool { return tries.Load() == 5 && inspect(t, q).Depth == jobs.Depth{Failed: 1, Running: 1} })
	stop()
	for result, want := range map[string]float64{"failed": 1, "given_up": 1, "interrupted": 1, "ok": 2} {
		if got := metric(t, registry, "factorydash_job_runs_total", result); got != want {
			t.Errorf("%v attempts with the result %s, want %v", got, result, want)
		}
	}
	if n := metric(t, registry, "factorydash_job_seconds", "merge"); n != 5 {
		t.Errorf("%v durations", n)
	}
}
