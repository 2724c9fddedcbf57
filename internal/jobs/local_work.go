package jobs

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// localHold is how often the scheduler of a single process looks at the clock,
// which may have been set.
const localHold = time.Minute

// Work runs tasks until ctx ends. It waits for handlers that do not heed their
// context.
func (q *Local) Work(ctx context.Context, handlers map[string]Handler) error {
	if err := q.jobs.bind(handlers); err != nil {
		return err
	}
	r := &runner{opts: &q.opts, metrics: q.metrics, handlers: handlers, stop: ctx}
	slots := make(chan struct{}, q.opts.Concurrency)
	var handling sync.WaitGroup
	defer handling.Wait()
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		t, pause := q.take()
		if t == nil {
			<-slots
			q.idle(ctx, pause)
			continue
		}
		handling.Go(func() {
			defer func() { <-slots }()
			run, end, _ := r.run(ctx, attempt{
				job: t.job, id: t.ID, payload: t.Payload, number: t.tried + 1, of: t.most,
			})
			q.settle(t, run, end)
		})
	}
	return nil
}

// idle waits until a task may be due.
func (q *Local) idle(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-q.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// take gives the task that has been due for longest, or the time until there is
// one.
func (q *Local) take() (*localTask, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 {
		return nil, localHold
	}
	now := q.opts.Now()
	if wait := q.due[0].due.Sub(now); wait > 0 {
		return nil, min(wait, localHold)
	}
	t := heap.Pop(&q.due).(*localTask)
	t.state, t.since = running, now
	q.running++
	if t.retrying {
		q.retrying--
	}
	q.metrics.holds(q.depth())
	return t, 0
}

// settle does with a task what its attempt asks for.
func (q *Local) settle(t *localTask, run Run, end result) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.opts.Now()
	q.running--
	if end != interrupted {
		t.tried++
		q.last[t.Job] = run
	}
	switch end {
	case succeeded:
		delete(q.known, t.ID)
		if t.named {
			q.done.add(t.ID, now.Add(remember(t.job)), now)
		}
	case failed:
		q.await(t, now.Add(q.opts.backoff(t.tried)), true)
	case interrupted:
		q.await(t, now, false)
	case exhausted:
		t.state, t.since, t.reason = givenUp, now, run.Error
		q.failed = append(q.failed, t)
		if len(q.failed) > q.opts.MaxFailed {
			delete(q.known, q.failed[0].ID)
			q.failed = q.failed[1:]
		}
	}
	q.changed()
}

// localSeat is the place of a scheduler that is alone.
type localSeat struct{ q *Local }

func (s localSeat) hold(context.Context) (time.Time, error) {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	now := s.q.opts.Now()
	if s.q.leader.Name == "" {
		s.q.leader = Leader{Name: s.q.opts.Name, Since: now, Term: 1}
	}
	return now.Add(2 * localHold), nil
}

func (s localSeat) leave(context.Context) error {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	s.q.leader = Leader{}
	return nil
}

func (s localSeat) latest(context.Context) (map[string]time.Time, error) { return nil, nil }

func (s localSeat) note(_ context.Context, job string, start time.Time) error {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	s.q.enqueued[job] = start
	return nil
}

// dueHeap holds the waiting tasks, the one that is due first at its top.
type dueHeap []*localTask

func (h dueHeap) Len() int { return len(h) }

func (h dueHeap) Less(i, j int) bool {
	if c := h[i].due.Compare(h[j].due); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push adds a task.
func (h *dueHeap) Push(x any) {
	t := x.(*localTask)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop removes the last task.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}

// maxDone is the most ids that are remembered.
const maxDone = 10_000

// doneIDs remembers the ids of tasks that were done.
type doneIDs struct {
	until map[string]time.Time
	// order is the ids as they were added.
	order []string
}

func (d *doneIDs) has(id string, now time.Time) bool { return d.until[id].After(now) }

// add remembers an id, and forgets the oldest ones where there are too many or
// their time is over.
func (d *doneIDs) add(id string, until, now time.Time) {
	d.until[id] = until
	d.order = append(d.order, id)
	for len(d.order) > maxDone || !d.has(d.order[0], now) {
		delete(d.until, d.order[0])
		d.order = d.order[1:]
	}
}
