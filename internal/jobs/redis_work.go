package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// recordTimeout is how long it may take to write down how an attempt went.
	recordTimeout = 2 * time.Second
	// janitorInterval is how often the ids of done tasks whose time is over are
	// dropped.
	janitorInterval = 30 * time.Second
)

// Work runs tasks until ctx ends, and looks for those whose worker is dead.
//
// When a worker is killed, what it ran is run again by another one within 27 s:
// the last that it was heard of is seen up to 5 s late (SweepInterval), then
// nobody vouches for 15 s (SweepAfter), which is noticed up to 5 s late
// (SweepInterval), and an idle worker looks for tasks within 1.5 s
// (PollInterval).
func (q *Redis) Work(ctx context.Context, handlers map[string]Handler) error {
	if err := q.jobs.bind(handlers); err != nil {
		return err
	}
	w := &redisWork{
		q:      q,
		runner: &runner{opts: &q.opts, metrics: q.metrics, handlers: handlers, stop: ctx},
		slots:  make(chan struct{}, q.opts.Concurrency),
	}
	deaf := redis.NewClient(&redis.Options{
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	if err := deaf.Close(); err != nil {
		return err
	}
	client := &workerClient{
		UniversalClient: q.client, link: q.link, pending: q.keys.pending,
		pause: q.opts.PollInterval, deaf: deaf, stop: ctx,
	}
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency:              q.opts.Concurrency,
		Queues:                   map[string]int{q.opts.Namespace: 1},
		TaskCheckInterval:        q.opts.PollInterval,
		DelayedTaskCheckInterval: q.opts.PollInterval,
		JanitorInterval:          janitorInterval,
		ShutdownTimeout:          q.opts.StopGrace,
		RetryDelayFunc:           w.retryDelay,
		Logger:                   serverLog{q.opts.Log, q.link},
		LogLevel:                 asynq.DebugLevel,
	})
	if err := server.Start(asynq.HandlerFunc(w.process)); err != nil {
		return err
	}
	q.tend(ctx, newSweeper(q).sweep)
	server.Shutdown()
	w.wait()
	return nil
}

// redisWork runs the tasks that the server of asynq takes.
type redisWork struct {
	q      *Redis
	runner *runner
	// slots holds a token for each handler that runs. The server has as many
	// places, but frees one when the task's time is over, whether its handler
	// has returned or not.
	slots chan struct{}
}

// process runs one attempt. What it returns decides what becomes of the task.
func (w *redisWork) process(ctx context.Context, task *asynq.Task) error {
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.slots }()
	run, end, err := w.attempt(ctx, task)
	switch end {
	case interrupted:
		// The server puts back what is not done when its grace is over, without
		// counting an attempt; it ends ctx then.
		<-ctx.Done()
		return ctx.Err()
	case exhausted:
		err = givenUpError{err}
	}
	w.record(ctx, task.Type(), run)
	if err != nil {
		return reasonError{err}
	}
	return nil
}

// attempt calls the handler of a task, with a context that ends when the server
// gives the task up or the process stops.
func (w *redisWork) attempt(ctx context.Context, task *asynq.Task) (Run, result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.runner.stop, cancel)()
	job, ok := w.q.jobs.byName[task.Type()]
	if !ok {
		job = Job{Name: unknownJob, Timeout: DefaultTimeout}
	}
	id, _ := asynq.GetTaskID(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	retries, _ := asynq.GetMaxRetry(ctx)
	return w.runner.run(ctx, attempt{
		job: job, id: id, payload: task.Payload(), number: retried + 1, of: retries + 1,
	})
}

// unknownJob stands for jobs that this version of the program does not have, in
// metrics and log.
const unknownJob = "unknown"

// record writes down how the newest attempt of a job went.
func (w *redisWork) record(ctx context.Context, job string, run Run) {
	text, err := json.Marshal(run)
	if err != nil {
		w.q.opts.Log.Error("a run cannot be recorded", "job", job, "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := w.q.client.HSet(ctx, w.q.keys.runs, job, text).Err(); err != nil {
		w.q.opts.Log.Debug("a run is not recorded", "job", job, "error", err)
	}
}

// wait waits until no handler runs, for ever: it keeps the slots.
func (w *redisWork) wait() {
	for range cap(w.slots) {
		w.slots <- struct{}{}
	}
}

// retryDelay gives the pause before the next attempt. A task whose worker was
// found dead by the server, as no sweeper was there, has waited long enough.
func (w *redisWork) retryDelay(retried int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, asynq.ErrLeaseExpired) {
		return 0
	}
	return w.q.opts.backoff(retried + 1)
}

// givenUpError has the server give a task up though it has attempts left.
type givenUpError struct{ error }

// Is makes it the error that asynq looks for.
func (givenUpError) Is(target error) bool { return target == asynq.SkipRetry }

// Unwrap gives the cause.
func (e givenUpError) Unwrap() error { return e.error }

// reasonError is an error whose text is within the bound of a reason.
type reasonError struct{ err error }

// Error gives the text.
func (e reasonError) Error() string { return reason(e.err) }

// Unwrap gives the whole error.
func (e reasonError) Unwrap() error { return e.err }
