package jobs

import (
	"container/heap"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

var _ Queue = (*Local)(nil)

// Local is the queue of a single process. It is all in memory: what waits when
// the process ends is gone, and the next process enqueues the present period of
// each periodic job when it begins.
type Local struct {
	opts    Options
	jobs    table
	metrics *metrics

	// wake holds a token where a task may have become due.
	wake chan struct{}

	mu sync.Mutex
	// known are the tasks that wait, run or have failed, by id.
	known map[string]*localTask
	due   dueHeap
	// order counts the tasks as they come.
	order int64
	// running and retrying count tasks; the latter are among due.
	running, retrying int
	// failed are those that were given up, the oldest first.
	failed []*localTask
	done   doneIDs
	last   map[string]Run
	leader Leader
	// enqueued is the start of the newest period of each job.
	enqueued map[string]time.Time
}

// localState is what becomes of a task.
type localState int

const (
	waiting localState = iota
	running
	givenUp
)

// localTask is a task with what has happened to it.
type localTask struct {
	Task
	job   Job
	named bool
	state localState
	// retrying is whether it waits because an attempt has failed.
	retrying bool
	// tried is how many attempts there were, and most how many there may be.
	tried, most int
	// due is when the next attempt may begin, and order tells which of those
	// that are due came first. index is the place in the heap.
	due   time.Time
	order int64
	index int
	// since is when the present attempt began, or the last one failed.
	since  time.Time
	reason string
}

// NewLocal makes an empty queue. It reports what is wrong with the options.
func NewLocal(opts Options) (*Local, error) {
	opts, jobs, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(opts.Registerer, jobs.list)
	if err != nil {
		return nil, err
	}
	return &Local{
		opts: opts, jobs: jobs, metrics: m,
		wake:     make(chan struct{}, 1),
		known:    make(map[string]*localTask),
		done:     doneIDs{until: make(map[string]time.Time)},
		last:     make(map[string]Run),
		enqueued: make(map[string]time.Time),
	}, nil
}

// Enqueue gives a task to the workers. It fails with Unavailable where
// Options.MaxWaiting tasks wait.
func (q *Local) Enqueue(_ context.Context, task Task) (string, error) {
	task, job, named, err := q.jobs.complete(task)
	if err != nil {
		return "", err
	}
	task.Payload = slices.Clone(task.Payload)
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.opts.Now()
	if q.known[task.ID] != nil || q.done.has(task.ID, now) {
		return task.ID, nil
	}
	if len(q.due) >= q.opts.MaxWaiting {
		return "", plant.Errorf(plant.Unavailable, "%d tasks wait already", len(q.due))
	}
	q.order++
	t := &localTask{Task: task, job: job, named: named, most: job.Attempts, order: q.order}
	q.known[task.ID] = t
	q.await(t, now, false)
	return task.ID, nil
}

// Retry has a task run at once.
func (q *Local) Retry(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.known[id]
	now := q.opts.Now()
	switch {
	case t == nil && q.done.has(id, now):
		return errHasRun(id)
	case t == nil:
		return errNoTask(id)
	case t.state == givenUp:
		q.failed = slices.DeleteFunc(q.failed, func(f *localTask) bool { return f == t })
		t.tried--
		q.await(t, now, false)
	case t.state == waiting && t.retrying:
		heap.Remove(&q.due, t.index)
		q.retrying--
		q.await(t, now, false)
	default:
		return errUnderway(id)
	}
	return nil
}

// Inspect tells what there is.
func (q *Local) Inspect(context.Context) (Snapshot, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Snapshot{Taken: q.opts.Now(), Leader: q.leader, Depth: q.depth()}
	s.Jobs = q.jobs.statuses(s.Taken, q.enqueued, q.last)
	for _, t := range q.known {
		if t.state == running {
			s.Running = append(s.Running, Running{ID: t.ID, Job: t.Job, By: q.opts.Name, Since: t.since})
		}
	}
	sortRunning(s.Running)
	s.Running = s.Running[:min(len(s.Running), ListLimit)]
	for _, t := range slices.Backward(q.failed) {
		if len(s.Failed) == ListLimit {
			break
		}
		s.Failed = append(s.Failed, Failure{ID: t.ID, Job: t.Job, At: t.since, Attempts: t.tried, Reason: t.reason})
	}
	return s, nil
}

// Schedule enqueues the periodic jobs. A single process always leads.
func (q *Local) Schedule(ctx context.Context) error {
	s := scheduler{
		opts: &q.opts, metrics: q.metrics, jobs: q.jobs.periodic(), enqueue: q.Enqueue,
		seat: localSeat{q}, hold: localHold,
		trouble: func(err error) {
			if err != nil {
				q.opts.Log.Warn("a periodic job could not be enqueued", "error", err)
			}
		},
	}
	s.run(ctx)
	return nil
}

// await puts a task among those that wait, to be run from a time on.
func (q *Local) await(t *localTask, due time.Time, retrying bool) {
	t.state, t.due, t.retrying = waiting, due, retrying
	heap.Push(&q.due, t)
	if retrying {
		q.retrying++
	}
	q.changed()
}

// changed tells the worker and the metrics that there is something new.
func (q *Local) changed() {
	q.metrics.holds(q.depth())
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// depth counts the tasks.
func (q *Local) depth() Depth {
	return Depth{
		Waiting: len(q.due) - q.retrying, Retrying: q.retrying,
		Running: q.running, Failed: len(q.failed),
	}
}

// statuses gives how the jobs go, by name.
func (t table) statuses(now time.Time, enqueued map[string]time.Time, last map[string]Run) []Status {
	list := make([]Status, 0, len(t.list))
	for _, j := range t.list {
		s := Status{Name: j.Name, Period: j.Period, Enqueued: enqueued[j.Name], Last: last[j.Name]}
		if !j.Period.IsZero() {
			s.Next = j.Period.Next(now)
		}
		list = append(list, s)
	}
	return list
}

// sortRunning sorts by the time of the beginning. One that is not known yet has
// just been.
func sortRunning(list []Running) {
	slices.SortFunc(list, func(a, b Running) int {
		switch {
		case a.Since.Equal(b.Since):
			return strings.Compare(a.ID, b.ID)
		case a.Since.IsZero():
			return 1
		case b.Since.IsZero():
			return -1
		}
		return a.Since.Compare(b.Since)
	})
}

func errNoTask(id string) error {
	return plant.Errorf(plant.NotFound, "there is no task %.*q", maxID, id)
}

func errUnderway(id string) error {
	return plant.Errorf(plant.Conflict, "task %s waits or runs already", id)
}

func errHasRun(id string) error {
	return plant.Errorf(plant.Conflict, "task %s has run already", id)
}
