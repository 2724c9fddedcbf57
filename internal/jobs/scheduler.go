package jobs

import (
	"context"
	"errors"
	"time"
)

const (
	// leaveGrace is how long giving up the lead may take when the process stops.
	leaveGrace = 2 * time.Second
	// leastPause is the shortest pause of a scheduler: a timer may fire a little
	// before the wall clock has come to its time.
	leastPause = 10 * time.Millisecond
)

// errDeposed says that another process leads.
var errDeposed = errors.New("another process leads")

// seat is the place of a scheduler among others.
type seat interface {
	// hold takes the lead or keeps it, and gives the time until which nobody
	// else can have it. The time is zero where another process leads.
	hold(ctx context.Context) (until time.Time, err error)
	// leave gives the lead to others, if this process has it.
	leave(ctx context.Context) error
	// latest gives the start of the newest period of each job that any process
	// has enqueued.
	latest(ctx context.Context) (map[string]time.Time, error)
	// note says that a period was enqueued. It fails with errDeposed.
	note(ctx context.Context, job string, start time.Time) error
}

// scheduler enqueues periodic jobs while it leads.
type scheduler struct {
	opts    *Options
	metrics *metrics
	jobs    []Job
	seat    seat
	enqueue func(context.Context, Task) (string, error)
	// hold is how often the lead is taken or kept.
	hold time.Duration
	// trouble is told how the seat answered.
	trouble func(error)

	leading bool
	// until is when the lead may be another's, if it is not kept before.
	until time.Time
	// last is the start of the newest enqueued period of each job, as far as
	// this process has seen. It outlives what the seat remembers, so that a
	// Redis that has lost its data does not have a period run twice.
	last map[string]time.Time
}

// run schedules until ctx ends.
func (s *scheduler) run(ctx context.Context) {
	s.last = make(map[string]time.Time)
	for ctx.Err() == nil {
		s.campaign(ctx)
		pause := s.hold
		if s.leads() {
			pause = min(pause, s.enqueueDue(ctx))
		}
		sleep(ctx, max(pause, leastPause))
	}
	s.resign(ctx)
}

// campaign takes or keeps the lead. While the seat cannot be reached, the lead
// stays until its time is over.
func (s *scheduler) campaign(ctx context.Context) {
	until, err := s.seat.hold(ctx)
	s.trouble(err)
	if err != nil {
		s.lead(s.leads())
		return
	}
	latest, err := s.seat.latest(ctx)
	s.trouble(err)
	if err != nil {
		// Without it a period might be enqueued again that is over.
		s.lead(s.leads())
		return
	}
	for job, start := range latest {
		if start.After(s.last[job]) {
			s.last[job] = start
		}
	}
	s.until = until
	s.lead(s.leads())
}

// leads reports whether nobody else can lead at this moment.
func (s *scheduler) leads() bool { return s.opts.Now().Before(s.until) }

// lead notes whether this process leads.
func (s *scheduler) lead(yes bool) {
	if yes && !s.leading {
		s.opts.Log.Info("this process enqueues the periodic jobs from now on", "name", s.opts.Name)
	}
	if s.leading && !yes {
		s.opts.Log.Info("this process does not enqueue the periodic jobs any more", "name", s.opts.Name)
	}
	s.leading = yes
	s.metrics.leads(yes)
}

// enqueueDue enqueues the present period of each job that is not yet enqueued,
// and gives the time until there is something to do again.
func (s *scheduler) enqueueDue(ctx context.Context) time.Duration {
	for _, job := range s.jobs {
		start := job.Period.Start(s.opts.Now())
		if s.done(job, start) {
			continue
		}
		if !s.leads() {
			s.lead(false)
			return s.hold
		}
		if err := s.enqueuePeriod(ctx, job, start); err != nil {
			s.trouble(err)
			return s.opts.PollInterval
		}
	}
	now := s.opts.Now()
	pause := s.hold
	for _, job := range s.jobs {
		pause = min(pause, job.Period.Next(now).Sub(now))
	}
	return pause
}

// done reports whether a period is enqueued. The next one may be, by a process
// whose clock is ahead; anything later comes from a clock that was wrong.
func (s *scheduler) done(job Job, start time.Time) bool {
	last := s.last[job.Name]
	return !last.Before(start) && !last.After(start.Add(job.Period.Length))
}

// enqueuePeriod enqueues a period, for as long as this process leads.
func (s *scheduler) enqueuePeriod(ctx context.Context, job Job, start time.Time) error {
	left := s.until.Sub(s.opts.Now())
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	task := Task{Job: job.Name, ID: job.Name + ":" + job.Period.stamp(start)}
	if _, err := s.enqueue(ctx, task); err != nil {
		return err
	}
	s.last[job.Name] = start
	err := s.seat.note(ctx, job.Name, start)
	if errors.Is(err, errDeposed) {
		s.until = time.Time{}
		return nil
	}
	return err
}

// resign gives up the lead, so that another process need not wait.
func (s *scheduler) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveGrace)
	defer cancel()
	if err := s.seat.leave(ctx); err != nil {
		s.opts.Log.Debug("the lead could not be given up, it will run out", "error", err)
	}
	s.until = time.Time{}
	s.lead(false)
}

// sleep waits for a time or until ctx ends.
func sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
