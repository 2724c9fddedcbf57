//go:build unix

package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/jobs/redistest"
)

// ticker counts the runs of a job by their period.
type ticker struct {
	q      *jobs.Redis
	client *redis.Client
	runs   atomic.Int64
}

// periods gives the periods that were run, by their stamps.
func (k *ticker) periods(t *testing.T, namespace string) []string {
	t.Helper()
	ids, err := k.client.ZRange(t.Context(), "asynq:{"+namespace+"}:completed", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

// once checks that every period was run once from the first one on, except for as
// many as may be missed.
func (k *ticker) once(t *testing.T, period time.Duration, mayMiss int) {
	t.Helper()
	var ids []string
	eventually(t, "all that was run is done", func() bool {
		ids = k.periods(t, jobs.DefaultNamespace)
		return int64(len(ids)) == k.runs.Load()
	})
	parse := func(id string) time.Time {
		at, err := time.Parse("tick:2006-01-02T15:04:05", id)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	missed := 0
	for i := range ids[1:] {
		gap := int(parse(ids[i+1]).Sub(parse(ids[i]))/period) - 1
		if gap > 0 {
			t.Logf("%d periods are missed after %s", gap, ids[i])
		}
		missed += gap
	}
	t.Logf("%d periods run, %d missed", len(ids), missed)
	if missed > mayMiss {
		t.Errorf("%d periods were missed, %d may be", missed, mayMiss)
	}
}

func tickJob(period time.Duration) jobs.Job {
	return jobs.Job{Name: "tick", Period: jobs.Every(period), Timeout: time.Second}
}

// newTicker has this process run the ticks that others enqueue.
func newTicker(t *testing.T, server *redistest.Server, period, ttl time.Duration) *ticker {
	t.Helper()
	opts := quick(tickJob(period))
	opts.LeaderTTL = ttl
	k := &ticker{q: newRedis(t, server.URL(), opts), client: server.Client()}
	work(t, k.q, map[string]jobs.Handler{"tick": func(context.Context, []byte) error {
		k.runs.Add(1)
		return nil
	}})
	return k
}

// another waits until a process of another name leads, and gives its name.
func (k *ticker) another(t *testing.T, than string) string {
	t.Helper()
	var name string
	eventually(t, "another than "+than+" leads", func() bool {
		s, err := k.q.Inspect(t.Context())
		name = s.Leader.Name
		return err == nil && name != "" && name != than
	})
	return name
}

// more waits for more runs.
func (k *ticker) more(t *testing.T, n int64) {
	t.Helper()
	want := k.runs.Load() + n
	eventually(t, "periods go on", func() bool { return k.runs.Load() >= want })
}

// Schedulers that are killed, hang, go on and stop: every period is run once; none
// is missed but one for each change of the leader.
func TestSchedulersShareTheLead(t *testing.T) {
	t.Parallel()
	const period, ttl = 2 * time.Second, 1200 * time.Millisecond
	server := redistest.Start(t)
	k := newTicker(t, server, period, ttl)
	schedulers := map[string]*child{}
	begin := func(name string) {
		schedulers[name] = startChild(t, "scheduler", settings{
			URL: server.URL(), Name: name, Jobs: []jobs.Job{tickJob(period)}, LeaderTTL: ttl,
		})
	}
	begin("a")
	first := k.another(t, "")
	begin("b")
	k.more(t, 1)
	terms := []int64{inspect(t, k.q).Leader.Term}

	// Killed.
	if err := schedulers[first].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	second := k.another(t, first)
	begin("c")
	k.more(t, 1)
	terms = append(terms, inspect(t, k.q).Leader.Term)

	// Hung, and back.
	freeze(t, schedulers[second])
	third := k.another(t, second)
	k.more(t, 1)
	terms = append(terms, inspect(t, k.q).Leader.Term)
	thaw(t, schedulers[second])
	k.more(t, 1)
	if name := inspect(t, k.q).Leader.Name; name != third {
		t.Errorf("%s leads, after %s had hung and %s led", name, second, third)
	}

	// Stopped: the lead is given up, and no time is lost.
	stopped := time.Now()
	stopChild(t, schedulers[third])
	fourth := k.another(t, third)
	if took := time.Since(stopped); took > ttl {
		t.Logf("%s took over from %s, which stopped, after %v", fourth, third, took)
	}
	k.more(t, 1)
	terms = append(terms, inspect(t, k.q).Leader.Term)
	if !slices.IsSorted(terms) || len(slices.Compact(slices.Clone(terms))) != 4 {
		t.Errorf("the terms are %v", terms)
	}
	stopChild(t, schedulers[fourth])
	// On a busy machine the lead may have changed more often than we made it.
	k.once(t, period, int(terms[3]-terms[0]))
}

// Redis is restarted and flushed under two schedulers.
func TestSchedulersSurviveRedis(t *testing.T) {
	t.Parallel()
	const period, ttl = 2 * time.Second, 1200 * time.Millisecond
	server := redistest.Start(t)
	k := newTicker(t, server, period, ttl)
	for _, name := range []string{"a", "b"} {
		opts := quick(tickJob(period))
		opts.Name, opts.LeaderTTL = name, ttl
		schedule(t, newRedis(t, server.URL(), opts))
	}
	k.another(t, "")
	k.more(t, 1)
	server.Kill()
	server.Restart()
	k.more(t, 2)
	var before []string
	eventually(t, "all that was run is done", func() bool {
		before = k.periods(t, jobs.DefaultNamespace)
		return int64(len(before)) == k.runs.Load()
	})
	if err := k.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	k.more(t, 2)
	// What was run before the flush is not known there any more.
	var all []string
	eventually(t, "every period was run once", func() bool {
		all = slices.Compact(slices.Sorted(slices.Values(append(before, k.periods(t, jobs.DefaultNamespace)...))))
		return int64(len(all)) >= k.runs.Load()
	})
	if int64(len(all)) != k.runs.Load() {
		t.Errorf("%d runs of the periods %v", k.runs.Load(), all)
	}
	// A retry needs what asynq tells Redis only once.
	refused(t, "retry", k.q.Retry(t.Context(), "tick:1"), "not_found")
}

// With Redis away from the start, all begins when it appears; nothing is done in
// haste meanwhile, and little is logged.
func TestRedisAppearsLater(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Stop()
	knocks := newDoor(t, server.Addr())
	log, registry := &records{}, prometheus.NewRegistry()
	opts := jobs.Options{
		Jobs: []jobs.Job{{Name: "tick", Period: jobs.Every(10 * time.Second), Timeout: time.Second}},
		Log:  slog.New(log), Registerer: registry,
	}
	q := newRedis(t, server.URL(), opts)
	got := make(chan call, 9)
	stop, end := work(t, q, map[string]jobs.Handler{"tick": calls(got, nil)}), schedule(t, q)
	eventually(t, "it is tried", func() bool { return knocks.count() > 0 })
	before := knocks.count()
	time.Sleep(2 * time.Second)
	if n := knocks.count() - before; n > 40 {
		t.Errorf("%d attempts to connect in 2 s", n)
	}
	if n := metric(t, registry, "factorydash_jobs_redis_up", ""); n != 0 {
		t.Errorf("Redis is said to be up: %v", n)
	}
	knocks.close()
	server.Restart()
	receive(t, "the present period is run", got)
	eventually(t, "it is said", func() bool { return log.count(slog.LevelInfo, "Redis can be used again") == 1 })
	if n := log.count(slog.LevelWarn, ""); n != 1 {
		t.Errorf("%d warnings:\n%s", n, log.text())
	}
	if n := metric(t, registry, "factorydash_jobs_redis_up", ""); n != 1 {
		t.Errorf("Redis is not said to be up: %v", n)
	}

	// Away again: what stops does not wait for it.
	server.Stop()
	eventually(t, "it is said", func() bool { return log.count(slog.LevelWarn, "Redis cannot be used; jobs wait") == 2 })
	begun := time.Now()
	end()
	stop()
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("it stopped within %v", took)
	}
}

// door takes connections at an address and closes them.
type door struct {
	net.Listener
	n    atomic.Int64
	done sync.WaitGroup
}

func newDoor(t *testing.T, addr string) *door {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{Listener: l}
	t.Cleanup(d.close)
	d.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.n.Add(1)
			conn.Close()
		}
	})
	return d
}

func (d *door) count() int64 { return d.n.Load() }

func (d *door) close() {
	d.Close()
	d.done.Wait()
}

// A Redis that takes connections and says nothing is as good as away; when it
// goes on, so does all.
func TestRedisHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("it is given up after some seconds")
	}
	t.Parallel()
	server := redistest.Start(t)
	log := &records{}
	opts := quick(jobs.Job{Name: "tick", Period: jobs.Every(time.Second), Timeout: time.Second})
	opts.Log = slog.New(log)
	q := newRedis(t, server.URL(), opts)
	got := make(chan call, 99)
	stop, end := work(t, q, map[string]jobs.Handler{"tick": calls(got, nil)}), schedule(t, q)
	receive(t, "it runs", got)
	server.Freeze()
	eventually(t, "it is said", func() bool { return log.count(slog.LevelWarn, "Redis cannot be used; jobs wait") == 1 })
	server.Thaw()
	for len(got) > 0 {
		<-got
	}
	receive(t, "it runs again", got)
	server.Freeze()
	defer server.Thaw()
	begun := time.Now()
	end()
	stop()
	took := time.Since(begun)
	t.Logf("it stopped within %v", took)
	if took > 15*time.Second {
		t.Errorf("it stopped within %v", took)
	}
}

// A task that ends while Redis is away is not run again.
func TestTaskEndsWhileRedisIsAway(t *testing.T) {
	if testing.Short() {
		t.Skip("asynq tells again after 5 s")
	}
	t.Parallel()
	server := redistest.Start(t)
	q := newRedis(t, server.URL(), quick(jobs.Job{Name: "merge"}))
	started, finish := make(chan struct{}, 9), make(chan struct{})
	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
		started <- struct{}{}
		<-finish
		return nil
	}})
	enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
	receive(t, "it runs", started)
	server.Stop()
	close(finish)
	time.Sleep(500 * time.Millisecond)
	server.Restart()
	eventually(t, "it is done", func() bool {
		s, err := q.Inspect(t.Context())
		return err == nil && s.Depth == jobs.Depth{}
	})
	if len(started) > 0 {
		t.Error("it was run again")
	}
}

// A Redis that evicts is complained of when it appears, and for as long as it does.
func TestUnfitRedisIsTold(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
	server.Stop()
	log := &records{}
	opts := quick(jobs.Job{Name: "seal"})
	opts.Log = slog.New(log)
	q := newRedis(t, server.URL(), opts)
	work(t, q, map[string]jobs.Handler{"seal": calls(nil, nil)})
	eventually(t, "it is away", func() bool { return log.count(slog.LevelWarn, "Redis cannot be used; jobs wait") == 1 })
	server.Restart()
	eventually(t, "it is said", func() bool { return log.count(slog.LevelError, "this Redis is not fit for jobs") == 1 })
	if why := inspect(t, q).Unfit; !strings.Contains(why, "allkeys-lru") {
		t.Errorf("inspected, it is unfit since %q", why)
	}
	server.Client().ConfigSet(t.Context(), "maxmemory-policy", "noeviction")
	if why := inspect(t, q).Unfit; why != "" {
		t.Errorf("once it is fit it is unfit since %q", why)
	}
}

// The newest run of each job is known after a restart.
func TestRunsSurviveRestarts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first := newRedis(t, server.URL(), quick(jobs.Job{Name: "seal"}))
	stop := work(t, first, map[string]jobs.Handler{"seal": func(context.Context, []byte) error { return fmt.Errorf("full: %w", jobs.ErrPermanent) }})
	id := enqueue(t, first, jobs.Task{Job: "seal"})
	eventually(t, "it is run", func() bool { return status(t, first, "seal").Last.ID == id })
	want := status(t, first, "seal").Last
	stop()
	server.Stop()
	server.Restart()
	second := newRedis(t, server.URL(), quick(jobs.Job{Name: "seal"}))
	if got := status(t, second, "seal").Last; got.ID != want.ID || !got.Started.Equal(want.Started) || got.Took != want.Took || got.Error != want.Error || got.By != "tester" {
		t.Errorf("last run %+v, was %+v", got, want)
	}
	if f := inspect(t, second).Failed; len(f) != 1 || f[0].ID != id {
		t.Errorf("failed: %+v", f)
	}
}

// A task of another version, which has more jobs, is tried and does no harm.
func TestTasksOfAnotherVersion(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	newer := newRedis(t, server.URL(), quick(jobs.Job{Name: "seal"}, jobs.Job{Name: "report", Attempts: 2}))
	older := newRedis(t, server.URL(), quick(jobs.Job{Name: "seal"}))
	work(t, older, map[string]jobs.Handler{"seal": calls(nil, nil)})
	enqueue(t, newer, jobs.Task{Job: "report"})
	eventually(t, "it is given up", func() bool { return inspect(t, older).Depth == jobs.Depth{Failed: 1} })
	if f := inspect(t, older).Failed[0]; f.Job != "report" || f.Reason != `this version knows no job "report"` {
		t.Errorf("failed: %+v", f)
	}
}

// However many workers come and go, every task is run, and none twice.
func TestWorkersComeAndGo(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	q := newRedis(t, server.URL(), quick(jobs.Job{Name: "merge"}))
	var runs atomic.Int64
	handlers := map[string]jobs.Handler{"merge": func(ctx context.Context, _ []byte) error {
		select {
		case <-time.After(10 * time.Millisecond):
			runs.Add(1)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	const tasks = 100
	for range tasks {
		enqueue(t, q, jobs.Task{Job: "merge"})
	}
	for range 3 {
		worker := newRedis(t, server.URL(), quick(jobs.Job{Name: "merge"}))
		stop := work(t, worker, handlers)
		n := runs.Load()
		eventually(t, "it works", func() bool { return runs.Load() > n+5 })
		stop()
	}
	work(t, q, handlers)
	eventually(t, "all are done", func() bool { return inspect(t, q).Depth == jobs.Depth{} })
	if n := runs.Load(); n != tasks {
		t.Errorf("%d runs of %d tasks", n, tasks)
	}
}

// When the master behind Sentinel is lost, all goes on with its replica.
func TestSentinelFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("a failover takes some seconds")
	}
	t.Parallel()
	master := redistest.Start(t)
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.Start(t, "--replicaof", host+" "+port)
	sentinel := redistest.StartSentinel(t, master, "main")
	eventually(t, "the replica is known", func() bool {
		known, err := sentinel.Client().Do(t.Context(), "SENTINEL", "REPLICAS", "main").Slice()
		return err == nil && len(known) == 1
	})
	log := &records{}
	opts := quick(tickJob(time.Second))
	opts.Log = slog.New(log)
	q := newRedis(t, "redis-sentinel://"+sentinel.Addr()+"/main?db=1", opts)
	got := make(chan call, 99)
	work(t, q, map[string]jobs.Handler{"tick": calls(got, nil)})
	schedule(t, q)
	receive(t, "it runs", got)
	master.Kill()
	eventually(t, "it is said", func() bool { return log.count(slog.LevelWarn, "Redis cannot be used; jobs wait") > 0 })
	for len(got) > 0 {
		<-got
	}
	receive(t, "it runs again", got)
	if n, err := replica.Client().Do(t.Context(), "ROLE").Slice(); err != nil || n[0] != "master" {
		t.Errorf("the replica is %v: %v", n, err)
	}
}

// A client whose context has a deadline does not wait longer.
func TestRedisHeedsDeadlines(t *testing.T) {
	server := redistest.Start(t)
	client := openRedis(t, server.URL())
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	server.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := client.Ping(ctx).Err(); err == nil || time.Since(begun) > 1800*time.Millisecond { // 2 s without the deadline
		t.Errorf("ping of a frozen server: %v after %v", err, time.Since(begun))
	}
}
