package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/jobs/redistest"
)

// The keys of asynq for the namespace that is used where none is set.
const (
	pendingKey = "asynq:{factorydash}:pending"
	activeKey  = "asynq:{factorydash}:active"
	leaseKey   = "asynq:{factorydash}:lease"
	taskPrefix = "asynq:{factorydash}:t:"
)

// seize takes the next task, as a worker that dies at once does.
func seize(t *testing.T, client *redis.Client) string {
	t.Helper()
	var id string
	eventually(t, "there is a task", func() bool {
		var err error
		id, err = client.LMove(t.Context(), pendingKey, activeKey, "RIGHT", "LEFT").Result()
		return err == nil
	})
	pipe := client.TxPipeline()
	pipe.HSet(t.Context(), taskPrefix+id, "state", "active")
	pipe.HDel(t.Context(), taskPrefix+id, "pending_since")
	pipe.ZAdd(t.Context(), leaseKey, redis.Z{Member: id, Score: float64(time.Now().Add(30 * time.Second).Unix())})
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	return id
}

// sweepOptions are those of a worker that finds dead ones quickly.
func sweepOptions() jobs.Options {
	opts := quick(jobs.Job{Name: "merge"})
	opts.SweepAfter = 300 * time.Millisecond
	return opts
}

func TestSweeperFindsTasksOfDeadWorkers(t *testing.T) {
	damage := map[string]func(context.Context, *redis.Client, string) error{
		"as it was": func(context.Context, *redis.Client, string) error { return nil },
		"its lease lost": func(ctx context.Context, c *redis.Client, _ string) error {
			return c.Del(ctx, leaseKey).Err()
		},
		"its lease far ahead": func(ctx context.Context, c *redis.Client, id string) error {
			return c.ZAdd(ctx, leaseKey, redis.Z{Member: id, Score: float64(time.Now().Add(24 * time.Hour).Unix())}).Err()
		},
		"its lease long over": func(ctx context.Context, c *redis.Client, id string) error {
			return c.ZAdd(ctx, leaseKey, redis.Z{Member: id, Score: float64(time.Now().Add(-20 * time.Second).Unix())}).Err()
		},
	}
	for name, do := range damage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := miniredis.RunT(t)
			opts, registry := sweepOptions(), prometheus.NewRegistry()
			opts.Registerer = registry
			q, client := newRedis(t, "redis://"+server.Addr(), opts), openRedis(t, "redis://"+server.Addr())
			id := enqueue(t, q, jobs.Task{Job: "merge", Payload: []byte("7")})
			seize(t, client)
			if err := do(t.Context(), client, id); err != nil {
				t.Fatal(err)
			}
			got := make(chan call, 9)
			begun := time.Now()
			work(t, q, map[string]jobs.Handler{"merge": calls(got, nil)})
			if c := receive(t, "it is run again", got); c.payload != "7" || time.Since(begun) < opts.SweepAfter {
				t.Errorf("run with %q after %v", c.payload, time.Since(begun))
			}
			eventually(t, "it is done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
			if n := metric(t, registry, "factorydash_jobs_swept_total", "requeued"); n != 1 {
				t.Errorf("%v tasks were swept", n)
			}
			if n, err := client.ZCard(t.Context(), leaseKey).Result(); err != nil || n != 0 {
				t.Errorf("%d leases are left: %v", n, err)
			}
		})
	}
}

// A pause of all processes takes no task from its worker: what is counted is how
// often nobody vouched for it, and not the time.
func TestSweeperAfterAPause(t *testing.T) {
	server := miniredis.RunT(t)
	opts, now := quick(jobs.Job{Name: "merge"}), time.Now()
	opts.Now = func() time.Time { return now }
	opts.SweepInterval, opts.SweepAfter = 5*time.Second, 15*time.Second
	q := newRedis(t, "redis://"+server.Addr(), opts)
	enqueue(t, q, jobs.Task{Job: "merge"})
	seize(t, openRedis(t, "redis://"+server.Addr()))
	sweep := q.Sweeper()
	for i, pause := range []time.Duration{0, time.Hour, 5 * time.Second, 5 * time.Second} {
		if got := inspect(t, q).Depth; got != (jobs.Depth{Running: 1}) {
			t.Fatalf("%+v before sweep %d", got, i)
		}
		now = now.Add(pause)
		sweep(t.Context())
	}
	if got := inspect(t, q).Depth; got != (jobs.Depth{Waiting: 1}) {
		t.Errorf("%+v: nobody vouched for the task for 15 s", got)
	}
}

// An id of which nothing else is left is dropped.
func TestSweeperDropsLostTasks(t *testing.T) {
	server := miniredis.RunT(t)
	q, client := newRedis(t, "redis://"+server.Addr(), sweepOptions()), openRedis(t, "redis://"+server.Addr())
	lost := enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
	if err := client.Del(t.Context(), taskPrefix+lost).Err(); err != nil {
		t.Fatal(err)
	}
	got := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"merge": calls(got, nil)})
	eventually(t, "a worker has tried to take it", func() bool { return inspect(t, q).Depth == jobs.Depth{Running: 1} })
	eventually(t, "it is dropped", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
	if n, err := client.Exists(t.Context(), taskPrefix+lost, leaseKey, activeKey, pendingKey).Result(); err != nil || n != 0 {
		t.Errorf("%d keys are left: %v", n, err)
	}
	enqueue(t, q, jobs.Task{Job: "merge", ID: lost})
	receive(t, "its id is free", got)
}

// A task of which workers die is given up, and can be retried.
func TestSweeperGivesUpDeadlyTasks(t *testing.T) {
	server := miniredis.RunT(t)
	opts := sweepOptions()
	log := &records{}
	opts.Log = slog.New(log)
	q, client := newRedis(t, "redis://"+server.Addr(), opts), openRedis(t, "redis://"+server.Addr())
	id := enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
	// A worker that runs nothing itself: its only place is taken.
	opts.Concurrency, opts.Registerer = 1, nil
	sweeper := newRedis(t, "redis://"+server.Addr(), opts)
	busy, free := make(chan struct{}), make(chan struct{})
	runs := make(chan string, 9)
	seize(t, client)
	enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:busy"})
	stop := work(t, sweeper, map[string]jobs.Handler{"merge": func(ctx context.Context, _ []byte) error {
		select {
		case busy <- struct{}{}:
			// asynq extends the lease every 5 s only; that is for this test too
			// seldom.
			for ctx.Err() == nil {
				select {
				case <-free:
					return nil
				case <-time.After(50 * time.Millisecond):
					client.ZIncrBy(ctx, leaseKey, 1, "merge:busy")
				}
			}
			return ctx.Err()
		default:
			runs <- "again"
			return nil
		}
	}})
	<-busy
	for range jobs.DefaultMaxCrashes - 1 {
		if got := seize(t, client); got != id {
			t.Fatalf("%s was requeued", got)
		}
	}
	eventually(t, "it is given up", func() bool { return inspect(t, q).Depth == jobs.Depth{Running: 1, Failed: 1} })
	f := inspect(t, q).Failed[0]
	if f.ID != id || f.Job != "merge" || f.Attempts != 0 || f.Reason != "3 workers died or hung while they ran it" || time.Since(f.At) > time.Minute {
		t.Errorf("failed: %+v", f)
	}
	if n := log.count(slog.LevelWarn, "the worker of a task is dead"); n != 3 {
		t.Errorf("logged %d times:\n%s", n, log.text())
	}
	if err := q.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	// The count begins again.
	if got := seize(t, client); got != id {
		t.Fatalf("%s was retried", got)
	}
	eventually(t, "it is requeued", func() bool { return inspect(t, q).Depth == jobs.Depth{Running: 1, Waiting: 1} })
	close(free)
	receive(t, "it is run", runs)
	eventually(t, "all is done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
	stop()
}

// A task whose worker lives is left alone, though its lease is lost, and ends as
// it should.
func TestSweeperLendsLeases(t *testing.T) {
	if testing.Short() {
		t.Skip("a worker tells that it lives every 5 s")
	}
	t.Parallel()
	server := redistest.Start(t)
	q, client := newRedis(t, server.URL(), jobs.Options{
		Jobs: []jobs.Job{{Name: "merge"}}, SweepInterval: 100 * time.Millisecond, SweepAfter: 8 * time.Second,
	}), server.Client()
	started, finish := make(chan struct{}, 9), make(chan struct{})
	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
		started <- struct{}{}
		<-finish
		return nil
	}})
	enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
	receive(t, "it runs", started)
	if err := client.Del(t.Context(), leaseKey).Err(); err != nil {
		t.Fatal(err)
	}
	nothing(t, "it was run twice", started, 16*time.Second)
	r := inspect(t, q).Running
	if len(r) != 1 || r[0].ID != "merge:1" || r[0].By == "" || time.Since(r[0].Since) < 10*time.Second {
		t.Errorf("running: %+v", r)
	}
	close(finish)
	eventually(t, "it is done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
	if info, err := client.HGet(t.Context(), taskPrefix+"merge:1", "state").Result(); err != nil || info != "completed" {
		t.Errorf("the task is %s: %v", info, err)
	}
}

// A worker that is killed loses its tasks to others within the time that Work
// tells.
func TestKilledWorkerLosesItsTasks(t *testing.T) {
	within := 27 * time.Second
	opts := jobs.Options{Jobs: []jobs.Job{{Name: "merge", Timeout: time.Hour}}}
	if testing.Short() {
		// The worker is the only one that runs anything, so that none is taken
		// for dead that only has not told that it lives.
		opts.SweepInterval, opts.SweepAfter, opts.PollInterval = 100*time.Millisecond, 500*time.Millisecond, 50*time.Millisecond
		within = patience
	}
	t.Parallel()
	server := redistest.Start(t)
	q := newRedis(t, server.URL(), opts)
	victim := startChild(t, "worker", settings{URL: server.URL(), Jobs: opts.Jobs, Hang: true})
	const tasks = 4
	for i := range tasks {
		enqueue(t, q, jobs.Task{Job: "merge", ID: fmt.Sprint("merge:", i)})
	}
	for range tasks {
		receive(t, "the worker begins it", victim.says)
	}
	got := make(chan call, 9)
	work(t, q, map[string]jobs.Handler{"merge": calls(got, nil)})
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	for range tasks {
		select {
		case <-got:
		case <-time.After(within - time.Since(killed)):
			t.Fatalf("not within %v: it is run again; %+v", within, inspect(t, q))
		}
	}
	t.Logf("run again %v after the worker was killed", time.Since(killed).Round(time.Millisecond))
	eventually(t, "all are done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
	if s := inspect(t, q); len(s.Failed) != 0 {
		t.Errorf("failed: %+v", s.Failed)
	}
}
