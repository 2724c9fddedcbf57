package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/jobs/redistest"
	"github.com/factorydash/factorydash/internal/plant"
)

// TestQueues holds every queue to the contract of jobs.Queue.
func TestQueues(t *testing.T) {
	queues := map[string]func(*testing.T, jobs.Options) jobs.Queue{
		"local": func(t *testing.T, opts jobs.Options) jobs.Queue {
			q, err := jobs.NewLocal(opts)
			if err != nil {
				t.Fatal(err)
			}
			return q
		},
		"miniredis": func(t *testing.T, opts jobs.Options) jobs.Queue {
			return newRedis(t, "redis://"+miniredis.RunT(t).Addr(), opts)
		},
	}
	for name, open := range queues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, open)
		})
	}
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		var n atomic.Int64
		conform(t, func(t *testing.T, opts jobs.Options) jobs.Queue {
			opts.Namespace = fmt.Sprintf("test-%d", n.Add(1))
			return newRedis(t, server.URL(), opts)
		})
	})
}

// newRedis makes a queue with a client of its own.
func newRedis(t *testing.T, url string, opts jobs.Options) *jobs.Redis {
	t.Helper()
	q, err := jobs.NewRedis(openRedis(t, url), opts)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func openRedis(t *testing.T, url string) *redis.Client {
	t.Helper()
	client, err := jobs.OpenRedis(url, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// quick are options by which a test need not wait.
func quick(list ...jobs.Job) jobs.Options {
	return jobs.Options{
		Jobs: list, Name: "tester",
		ShortestRetry: time.Millisecond, LongestRetry: 10 * time.Millisecond,
		PollInterval: 10 * time.Millisecond, StopGrace: 200 * time.Millisecond,
		LeaderTTL: 600 * time.Millisecond, SweepInterval: 20 * time.Millisecond,
	}
}

type opener func(*testing.T, jobs.Options) jobs.Queue

func conform(t *testing.T, open opener) {
	tests := map[string]func(*testing.T, opener){
		"a task is run once":                        runsOnce,
		"a task without an id is a new one":         runsUnnamed,
		"a task is tried again, given up, retried":  givesUp,
		"a waiting task is retried at once":         retriesWaiting,
		"a permanent error ends a task":             endsPermanently,
		"a panic is an error":                       survivesPanic,
		"an attempt has a time":                     timesOut,
		"a malformed task is refused":               refusesTasks,
		"handlers are those of the jobs":            bindsHandlers,
		"what is interrupted goes back uncounted":   putsBack,
		"so many tasks are run at once":             limitsConcurrency,
		"periods are enqueued once":                 schedules,
		"failed tasks are listed within bounds":     boundsFailed,
		"what runs and waits is told":               tellsDepth,
		"attempts are counted":                      counts,
		"tasks that wait are run by a later worker": runsLater,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// call is what a handler was given.
type call struct{ payload string }

// calls is a handler that tells of its calls.
func calls(to chan<- call, err error) jobs.Handler {
	return func(_ context.Context, payload []byte) error {
		to <- call{string(payload)}
		return err
	}
}

func runsOnce(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "seal"}))
	got := make(chan call, 9)
	begun := time.Now()
	work(t, q, map[string]jobs.Handler{"seal": calls(got, nil)})
	task := jobs.Task{Job: "seal", ID: "seal:2026-11-25T10:00", Payload: []byte(`{"hour": 7}`)}
	for range 3 {
		if id := enqueue(t, q, task); id != task.ID {
			t.Errorf("the id is %q", id)
		}
	}
	if c := receive(t, "the task is run", got); c.payload != `{"hour": 7}` {
		t.Errorf("the payload is %q", c.payload)
	}
	eventually(t, "the run is told", func() bool { return status(t, q, "seal").Last.ID == task.ID })
	enqueue(t, q, task)
	nothing(t, "the task was run again", got, 100*time.Millisecond)

	last := status(t, q, "seal").Last
	if last.By != "tester" || last.Error != "" || last.Took < 0 || last.Started.Before(begun.Add(-time.Second)) || last.Started.After(time.Now()) {
		t.Errorf("last run %+v", last)
	}
	if s := status(t, q, "seal"); !s.Period.IsZero() || !s.Next.IsZero() || !s.Enqueued.IsZero() {
		t.Errorf("a job on demand: %+v", s)
	}
}

func runsUnnamed(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "notify"}))
	got := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"notify": calls(got, nil)})
	ids := map[string]bool{}
	for range 5 {
		ids[enqueue(t, q, jobs.Task{Job: "notify"})] = true
	}
	for range 5 {
		if c := receive(t, "each task is run", got); c.payload != "" {
			t.Errorf("the payload is %q", c.payload)
		}
	}
	if len(ids) != 5 {
		t.Errorf("the ids are %v", ids)
	}
}

func givesUp(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge", Attempts: 3}))
	got := make(chan call, 9)
	var broken atomic.Bool
	broken.Store(true)
	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
		got <- call{}
		if broken.Load() {
			return errors.New("the disk is full")
		}
		return nil
	}})
	id := enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
	for range 3 {
		receive(t, "it is tried three times", got)
	}
	eventually(t, "it is given up", func() bool { return inspect(t, q).Depth == jobs.Depth{Failed: 1} })
	nothing(t, "it was tried once more", got, 100*time.Millisecond)
	f := inspect(t, q).Failed
	if len(f) != 1 || f[0].ID != id || f[0].Job != "merge" || f[0].Attempts != 3 || f[0].Reason != "the disk is full" || time.Since(f[0].At) > time.Minute {
		t.Errorf("failed: %+v", f)
	}
	if last := status(t, q, "merge").Last; last.ID != id || last.Error != "the disk is full" {
		t.Errorf("last run %+v", last)
	}
	enqueue(t, q, jobs.Task{Job: "merge", ID: id})
	nothing(t, "a task that had failed was enqueued again", got, 50*time.Millisecond)

	// Retried, it fails once more.
	if err := q.Retry(t.Context(), id); err != nil {
		t.Fatalf("retry: %v", err)
	}
	receive(t, "it is retried", got)
	eventually(t, "it is given up again", func() bool { return inspect(t, q).Depth == jobs.Depth{Failed: 1} })
	if f := inspect(t, q).Failed; len(f) != 1 || f[0].Attempts != 3 {
		t.Errorf("failed again: %+v", f)
	}

	broken.Store(false)
	if err := q.Retry(t.Context(), id); err != nil {
		t.Fatalf("retry: %v", err)
	}
	receive(t, "it is retried", got)
	eventually(t, "it is done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
	refused(t, "retry what is done", q.Retry(t.Context(), id), plant.Conflict)
	refused(t, "retry what never was", q.Retry(t.Context(), "merge:2"), plant.NotFound)
}

func retriesWaiting(t *testing.T, open opener) {
	opts := quick(jobs.Job{Name: "merge"})
	opts.ShortestRetry = time.Hour
	q := open(t, opts)
	got := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"merge": calls(got, errors.New("not now"))})
	id := enqueue(t, q, jobs.Task{Job: "merge"})
	for range 2 {
		receive(t, "it is tried", got)
		eventually(t, "it waits", func() bool { return inspect(t, q).Depth == jobs.Depth{Retrying: 1} })
		if err := q.Retry(t.Context(), id); err != nil {
			t.Fatalf("retry: %v", err)
		}
	}
	receive(t, "it is tried", got)
}

func endsPermanently(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge"}))
	got := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"merge": calls(got, fmt.Errorf("no such hour: %w", jobs.ErrPermanent))})
	enqueue(t, q, jobs.Task{Job: "merge"})
	receive(t, "it is tried", got)
	eventually(t, "it is given up", func() bool { return inspect(t, q).Depth == jobs.Depth{Failed: 1} })
	nothing(t, "it was tried again", got, 50*time.Millisecond)
	if f := inspect(t, q).Failed[0]; f.Attempts != 1 || f.Reason != "no such hour: "+jobs.ErrPermanent.Error() {
		t.Errorf("failed: %+v", f)
	}
}

func survivesPanic(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge", Attempts: 1}))
	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
		panic("no map " + strings.Repeat("ä", 2000))
	}})
	enqueue(t, q, jobs.Task{Job: "merge"})
	eventually(t, "it is given up", func() bool { return inspect(t, q).Depth == jobs.Depth{Failed: 1} })
	if f := inspect(t, q).Failed[0]; !strings.HasPrefix(f.Reason, "panic: no map ä") || len(f.Reason) > 1000 {
		t.Errorf("failed: %+v", f)
	}
}

func timesOut(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge", Attempts: 1, Timeout: time.Second}))
	work(t, q, map[string]jobs.Handler{"merge": func(ctx context.Context, _ []byte) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	enqueue(t, q, jobs.Task{Job: "merge"})
	eventually(t, "it is given up", func() bool { return inspect(t, q).Depth == jobs.Depth{Failed: 1} })
	if f := inspect(t, q).Failed[0]; f.Reason != "not done within 1s: context deadline exceeded" {
		t.Errorf("failed: %+v", f)
	}
	if took := status(t, q, "merge").Last.Took; took < time.Second {
		t.Errorf("it took %v", took)
	}
}

func refusesTasks(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "seal"}))
	tests := []struct {
		task jobs.Task
		code plant.Code
	}{
		{jobs.Task{Job: "unseal"}, plant.NotFound},
		{jobs.Task{Job: "seal", ID: "merge:1"}, plant.Invalid},
		{jobs.Task{Job: "seal", ID: "seal:"}, plant.Invalid},
		{jobs.Task{Job: "seal", ID: "seal"}, plant.Invalid},
		{jobs.Task{Job: "seal", ID: "seal:a b"}, plant.Invalid},
		{jobs.Task{Job: "seal", ID: "seal:" + strings.Repeat("x", 200)}, plant.Invalid},
		{jobs.Task{Job: "seal", Payload: []byte("{")}, plant.Invalid},
		{jobs.Task{Job: "seal", Payload: []byte(`"` + strings.Repeat("x", jobs.MaxPayload) + `"`)}, plant.Invalid},
	}
	for _, test := range tests {
		_, err := q.Enqueue(t.Context(), test.task)
		refused(t, fmt.Sprintf("%+.80v", test.task), err, test.code)
	}
	if d := inspect(t, q).Depth; d != (jobs.Depth{}) {
		t.Errorf("depth %+v", d)
	}
}

func bindsHandlers(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "seal"}))
	none := func(context.Context, []byte) error { return nil }
	refused(t, "no handler", q.Work(t.Context(), nil), plant.Invalid)
	refused(t, "another handler", q.Work(t.Context(), map[string]jobs.Handler{"seal": none, "merge": none}), plant.Invalid)
}

func putsBack(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge", Attempts: 1}, jobs.Job{Name: "seal"}))
	started := make(chan string, 9)
	finish := make(chan struct{})
	handlers := map[string]jobs.Handler{
		"merge": func(ctx context.Context, _ []byte) error {
			started <- "merge"
			select {
			case <-finish:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("cut short: %w", ctx.Err())
			}
		},
		// One that makes it in time.
		"seal": func(ctx context.Context, _ []byte) error {
			started <- "seal"
			<-ctx.Done()
			return nil
		},
	}
	stop := work(t, q, handlers)
	id := enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
	enqueue(t, q, jobs.Task{Job: "seal"})
	receive(t, "a task is begun", started)
	receive(t, "a task is begun", started)
	eventually(t, "both run", func() bool { return inspect(t, q).Depth == jobs.Depth{Running: 2} })
	refused(t, "retry what runs", q.Retry(t.Context(), id), plant.Conflict)
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 6*time.Second { // asynq would take 8 s by itself
		t.Errorf("the worker stopped within %v", took)
	}
	if s := inspect(t, q); s.Depth != (jobs.Depth{Waiting: 1}) {
		t.Errorf("depth after the stop: %+v, failed: %+v", s.Depth, s.Failed)
	}
	refused(t, "retry what waits", q.Retry(t.Context(), id), plant.Conflict)

	close(finish)
	work(t, q, handlers)
	if job := receive(t, "it is begun again", started); job != "merge" {
		t.Errorf("%s was run again", job)
	}
	eventually(t, "it is done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
}

func limitsConcurrency(t *testing.T, open opener) {
	opts := quick(jobs.Job{Name: "merge"})
	opts.Concurrency = 2
	q := open(t, opts)
	started, finish := make(chan struct{}, 9), make(chan struct{})
	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
		started <- struct{}{}
		<-finish
		return nil
	}})
	for range 5 {
		enqueue(t, q, jobs.Task{Job: "merge"})
	}
	receive(t, "two run", started)
	receive(t, "two run", started)
	nothing(t, "more than two run", started, 100*time.Millisecond)
	close(finish)
	for range 3 {
		receive(t, "the others run", started)
	}
}

func runsLater(t *testing.T, open opener) {
	q := open(t, quick(jobs.Job{Name: "merge"}))
	var want []string
	for i := range 4 {
		payload := fmt.Sprint(i)
		enqueue(t, q, jobs.Task{Job: "merge", Payload: []byte(payload)})
		want = append(want, payload)
	}
	if d := inspect(t, q).Depth; d != (jobs.Depth{Waiting: 4}) {
		t.Errorf("depth %+v", d)
	}
	got := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"merge": calls(got, nil)})
	seen := map[string]bool{}
	for range want {
		seen[receive(t, "it is run", got).payload] = true
	}
	if diff := cmp.Diff(map[string]bool{"0": true, "1": true, "2": true, "3": true}, seen); diff != "" {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
}
