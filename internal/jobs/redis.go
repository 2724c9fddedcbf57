package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

var _ Queue = (*Redis)(nil)

// overrun is how much longer than its timeout a handler may take to return
// before asynq gives its task up.
const overrun = 10 * time.Second

// Redis is a queue that processes share, over asynq. Any number of them may
// enqueue and work; of those that schedule, one leads.
//
// While Redis is away, tasks wait: Enqueue fails, and workers and schedulers go
// on when it is back. A Redis that has lost its data costs the tasks that waited
// in it; the periodic jobs go on with their next period.
type Redis struct {
	opts      Options
	jobs      table
	metrics   *metrics
	client    redis.UniversalClient
	tasks     *asynq.Client
	inspector *asynq.Inspector
	keys      keys
	link      *link
}

// NewRedis makes a queue over a client, which stays the caller's and must outlive
// the queue. It makes no contact with Redis. It reports what is wrong with the
// options.
func NewRedis(client redis.UniversalClient, opts Options) (*Redis, error) {
	opts, jobs, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	for _, j := range jobs.periodic() {
		if takeover := opts.LeaderTTL + opts.holdInterval(); j.Period.Length <= takeover {
			return nil, plant.Errorf(plant.Invalid, "job %s: a period of %v: it must be longer than the %v in which another process takes over", j.Name, j.Period.Length, takeover)
		}
	}
	m, err := newMetrics(opts.Registerer, jobs.list)
	if err != nil {
		return nil, err
	}
	if err := m.overRedis(opts.Registerer); err != nil {
		return nil, err
	}
	return &Redis{
		opts: opts, jobs: jobs, metrics: m, client: client,
		tasks:     asynq.NewClientFromRedisClient(client),
		inspector: asynq.NewInspectorFromRedisClient(client),
		keys:      newKeys(opts.Namespace),
		link:      &link{log: opts.Log, metrics: m},
	}, nil
}

// holdInterval is how often a scheduler takes or keeps the lead.
func (o *Options) holdInterval() time.Duration { return o.LeaderTTL / 3 }

// Enqueue gives a task to the workers of all processes.
func (q *Redis) Enqueue(ctx context.Context, task Task) (string, error) {
	task, job, named, err := q.jobs.complete(task)
	if err != nil {
		return "", err
	}
	opts := []asynq.Option{
		asynq.TaskID(task.ID),
		asynq.Queue(q.opts.Namespace),
		asynq.MaxRetry(job.Attempts - 1),
		// asynq counts in whole seconds.
		asynq.Timeout(job.Timeout + overrun),
	}
	if named {
		opts = append(opts, asynq.Retention(remember(job)))
	}
	_, err = q.tasks.EnqueueContext(ctx, asynq.NewTask(task.Job, task.Payload), opts...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return "", errAway(err)
	}
	return task.ID, nil
}

// Schedule enqueues the periodic jobs while this process leads. While it does not,
// it looks three times in Options.LeaderTTL whether it can.
func (q *Redis) Schedule(ctx context.Context) error {
	s := scheduler{
		opts: &q.opts, metrics: q.metrics, jobs: q.jobs.periodic(), enqueue: q.Enqueue,
		seat: newRedisSeat(q), hold: q.opts.holdInterval(), trouble: q.link.report,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.tend(ctx, func(context.Context) {})
	}()
	s.run(ctx)
	<-done
	return nil
}

// tend looks after the queue until ctx ends: it measures its depth, and does what
// else is given, every Options.SweepInterval.
func (q *Redis) tend(ctx context.Context, sweep func(context.Context)) {
	for ctx.Err() == nil {
		sweep(ctx)
		if d, err := q.depth(ctx); err == nil {
			q.metrics.holds(d)
		}
		q.link.check(ctx, q.client)
		sleep(ctx, q.opts.SweepInterval)
	}
}

// depth counts the tasks.
func (q *Redis) depth(ctx context.Context) (Depth, error) {
	pipe := q.client.Pipeline()
	counts := q.countTasks(ctx, pipe)
	if _, err := pipe.Exec(ctx); err != nil {
		return Depth{}, errAway(err)
	}
	return counts(), nil
}

// countTasks asks for the depth in a pipeline. What it returns gives the answer.
func (q *Redis) countTasks(ctx context.Context, pipe redis.Pipeliner) func() Depth {
	waiting, running := pipe.LLen(ctx, q.keys.pending), pipe.LLen(ctx, q.keys.active)
	retrying, failed := pipe.ZCard(ctx, q.keys.retry), pipe.ZCard(ctx, q.keys.archived)
	return func() Depth {
		return Depth{
			Waiting: int(waiting.Val()), Running: int(running.Val()),
			Retrying: int(retrying.Val()), Failed: int(failed.Val()),
		}
	}
}

// Retry has a task run at once.
func (q *Redis) Retry(ctx context.Context, id string) error {
	// A Redis that has lost its data does not know the queue, and what asynq has
	// told it once it does not tell again.
	if err := q.client.SAdd(ctx, q.keys.queues, q.opts.Namespace).Err(); err != nil {
		return errAway(err)
	}
	if err := q.retryable(id); err != nil {
		return err
	}
	if err := q.inspector.RunTask(q.opts.Namespace, id); err != nil {
		if err := q.retryable(id); err != nil { // it has ended or was retried meanwhile
			return err
		}
		return errAway(err)
	}
	if err := q.client.HDel(ctx, q.keys.task(id), fieldCrashes, fieldReason, fieldFailed).Err(); err != nil {
		return errAway(err)
	}
	return nil
}

// retryable gives nil for a task that failed, and otherwise the error of its Retry.
func (q *Redis) retryable(id string) error {
	info, err := q.inspector.GetTaskInfo(q.opts.Namespace, id)
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound):
		return errNoTask(id)
	case err != nil:
		return errAway(err)
	}
	switch info.State {
	case asynq.TaskStateArchived, asynq.TaskStateRetry:
		return nil
	case asynq.TaskStateCompleted:
		return errHasRun(id)
	default:
		return errUnderway(id)
	}
}
