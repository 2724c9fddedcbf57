package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
)

func newLocal(t *testing.T, opts jobs.Options) *jobs.Local {
	t.Helper()
	q, err := jobs.NewLocal(opts)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// The times at which a day's jobs are run, to the second.
func TestLocalRunsPeriodsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs []string
		note := func(job string) jobs.Handler {
			return func(context.Context, []byte) error {
				runs = append(runs, job+" "+time.Now().UTC().Format("15:04:05"))
				return nil
			}
		}
		opts := quick(
			jobs.Job{Name: "seal", Period: jobs.Every(20 * time.Second), Timeout: time.Second},
			jobs.Job{Name: "merge", Period: jobs.Hourly(1)},
			jobs.Job{Name: "retain", Period: jobs.Daily(0, 2)},
		)
		opts.Concurrency = 1
		q := newLocal(t, opts)
		// The clock of the bubble begins at midnight.
		time.Sleep(50 * time.Second)
		stop, end := work(t, q, map[string]jobs.Handler{"seal": note("seal"), "merge": note("merge"), "retain": note("retain")}), schedule(t, q)
		time.Sleep(80 * time.Second)
		end()
		stop()
		// What was due before the start is run at once, in the order of names.
		want := []string{
			"merge 00:00:50", "retain 00:00:50", "seal 00:00:50",
			"merge 00:01:00", "seal 00:01:00", "seal 00:01:20", "seal 00:01:40",
			"retain 00:02:00", "seal 00:02:00",
		}
		if diff := cmp.Diff(want, runs); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}

// The pauses between attempts double, up to the longest, less up to half.
func TestLocalBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := quick(jobs.Job{Name: "merge", Attempts: 8})
		opts.ShortestRetry, opts.LongestRetry = 10*time.Second, time.Minute
		q := newLocal(t, opts)
		var at []time.Time
		stop := work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
			at = append(at, time.Now())
			return errors.New("no")
		}})
		enqueue(t, q, jobs.Task{Job: "merge"})
		time.Sleep(time.Hour)
		stop()
		if len(at) != 8 {
			t.Fatalf("%d attempts", len(at))
		}
		for i, most := range []time.Duration{10, 20, 40, 60, 60, 60, 60} {
			pause := at[i+1].Sub(at[i])
			if pause > most*time.Second || pause < most*time.Second/2 {
				t.Errorf("the pause after attempt %d is %v, want %v at most, and half of it at least", i+1, pause, most*time.Second)
			}
		}
	})
}

func TestLocalBounds(t *testing.T) {
	opts := quick(jobs.Job{Name: "merge"})
	opts.MaxWaiting, opts.MaxFailed = 3, 2
	q := newLocal(t, opts)
	var ids []string
	for range 3 {
		ids = append(ids, enqueue(t, q, jobs.Task{Job: "merge"}))
	}
	_, err := q.Enqueue(t.Context(), jobs.Task{Job: "merge"})
	refused(t, "one task too many", err, plant.Unavailable)
	enqueue(t, q, jobs.Task{Job: "merge", ID: ids[0]}) // It waits already.

	work(t, q, map[string]jobs.Handler{"merge": func(context.Context, []byte) error { return jobs.ErrPermanent }})
	eventually(t, "two failed tasks are kept", func() bool {
		return inspect(t, q).Depth == jobs.Depth{Failed: 2} && len(inspect(t, q).Failed) == 2
	})
	kept := 0
	for _, id := range ids {
		if err := q.Retry(t.Context(), id); err == nil {
			kept++
		}
	}
	if kept != 2 {
		t.Errorf("%d failed tasks can be retried", kept)
	}
}

// An id is known for a while after its task was done.
func TestLocalRemembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := quick(jobs.Job{Name: "merge"}, jobs.Job{Name: "seal", Period: jobs.Hourly(0)})
		opts.Concurrency = 1
		q := newLocal(t, opts)
		runs := map[string]int{}
		count := func(job string) jobs.Handler {
			return func(context.Context, []byte) error {
				runs[job]++
				return nil
			}
		}
		stop := work(t, q, map[string]jobs.Handler{"merge": count("merge"), "seal": count("seal")})
		put := func() {
			for _, job := range []string{"merge", "seal"} {
				enqueue(t, q, jobs.Task{Job: job, ID: job + ":1"})
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		put()
		time.Sleep(jobs.RememberDone - 2*time.Second)
		put()
		if diff := cmp.Diff(map[string]int{"merge": 1, "seal": 1}, runs); diff != "" {
			t.Errorf("runs within the time (-want +got):\n%s", diff)
		}
		put()
		time.Sleep(time.Hour - 3*time.Second)
		put()
		put()
		put()
		if diff := cmp.Diff(map[string]int{"merge": 3, "seal": 2}, runs); diff != "" {
			t.Errorf("runs after it (-want +got):\n%s", diff)
		}
		stop()
	})
}

// A handler that does not heed its context keeps its place and is waited for.
func TestLocalWaitsForHandlers(t *testing.T) {
	q := newLocal(t, quick(jobs.Job{Name: "merge"}))
	started, finish := make(chan call), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- q.Work(ctx, map[string]jobs.Handler{"merge": func(context.Context, []byte) error {
			started <- call{}
			<-finish
			return nil
		}})
	}()
	enqueue(t, q, jobs.Task{Job: "merge"})
	receive(t, "it runs", started)
	cancel()
	nothing(t, "the worker ended before its handler", done, 50*time.Millisecond)
	close(finish)
	if err := receive(t, "the worker ends", done); err != nil {
		t.Error(err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	tests := map[string]jobs.Options{
		"name is lower case":        {Jobs: []jobs.Job{{Name: "Seal"}}},
		"two of this name":          {Jobs: []jobs.Job{{Name: "seal"}, {Name: "seal"}}},
		"a second at least":         {Jobs: []jobs.Job{{Name: "seal", Timeout: time.Millisecond}}},
		"longer than the period":    {Jobs: []jobs.Job{{Name: "seal", Timeout: time.Hour, Period: jobs.Every(time.Minute)}}},
		"whole seconds, at least":   {Jobs: []jobs.Job{{Name: "seal", Period: jobs.Every(1500 * time.Millisecond)}}},
		"seconds within the period": {Jobs: []jobs.Job{{Name: "seal", Period: jobs.Hourly(60)}}},
		"namespace":                 {Namespace: "a:b"},
	}
	for want, opts := range tests {
		t.Run(want, func(t *testing.T) {
			_, err := jobs.NewLocal(opts)
			refused(t, fmt.Sprintf("%+v", opts.Jobs), err, plant.Invalid)
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %q", err)
			}
		})
	}
	// Over Redis, a period must not be over before another process leads.
	client := openRedis(t, "redis://127.0.0.1:1")
	_, err := jobs.NewRedis(client, jobs.Options{Jobs: []jobs.Job{{Name: "seal", Period: jobs.Every(8 * time.Second), Timeout: time.Second}}})
	refused(t, "a period as short as a takeover", err, plant.Invalid)
	if _, err := jobs.NewRedis(client, jobs.Options{Jobs: []jobs.Job{{Name: "seal", Period: jobs.Every(10 * time.Second), Timeout: time.Second}}}); err != nil {
		t.Errorf("a period of 10 s: %v", err)
	}
}
