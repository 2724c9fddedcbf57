package jobs

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeSeat is a seat that answers as a test says.
type fakeSeat struct {
	mu  sync.Mutex
	ttl time.Duration
	err error
	// deposed is whether another one has begun to lead, which this one learns
	// by note.
	deposed, told bool
	starts        map[string]time.Time
	noted         []string
	left          bool
}

func (s *fakeSeat) hold(context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || s.told {
		return time.Time{}, s.err
	}
	return time.Now().Add(s.ttl), nil
}

func (s *fakeSeat) leave(context.Context) error {
	s.left = true
	return nil
}

func (s *fakeSeat) latest(context.Context) (map[string]time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.starts), s.err
}

func (s *fakeSeat) note(_ context.Context, job string, start time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deposed {
		s.told = true
		return errDeposed
	}
	s.noted = append(s.noted, job+" "+start.Format("04:05"))
	s.starts[job] = start
	return s.err
}

// rig runs a scheduler over a fake seat, in the time of a bubble, which begins at
// midnight.
type rig struct {
	*scheduler
	seat     *fakeSeat
	enqueued []string
	// refuse is what Enqueue answers.
	refuse error
	tries  int
	stop   func()
}

func newRig(t *testing.T, list ...Job) *rig {
	opts, jobs, err := Options{Jobs: list, PollInterval: time.Second}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(opts.Registerer, jobs.list)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{seat: &fakeSeat{ttl: 6 * time.Second, starts: map[string]time.Time{}}}
	r.scheduler = &scheduler{
		opts: &opts, metrics: m, jobs: jobs.periodic(), seat: r.seat,
		hold: opts.holdInterval(), trouble: func(error) {},
		enqueue: func(ctx context.Context, task Task) (string, error) {
			if err := ctx.Err(); err != nil {
				t.Errorf("%s is enqueued with a context that has ended: %v", task.ID, err)
			}
			r.seat.mu.Lock()
			defer r.seat.mu.Unlock()
			r.tries++
			if r.refuse != nil {
				return "", r.refuse
			}
			r.enqueued = append(r.enqueued, task.ID+" at "+time.Now().UTC().Format("04:05"))
			return task.ID, nil
		},
	}
	return r
}

func (r *rig) start(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.run(ctx)
	}()
	r.stop = func() {
		cancel()
		<-done
	}
}

// change has a test change what is asked next.
func (r *rig) change(to func()) {
	r.seat.mu.Lock()
	defer r.seat.mu.Unlock()
	to()
}

// took gives what was enqueued since it was last asked.
func (r *rig) took() []string {
	synctest.Wait()
	r.seat.mu.Lock()
	defer r.seat.mu.Unlock()
	list := r.enqueued
	r.enqueued = nil
	return list
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func tick() Job { return Job{Name: "tick", Period: Every(10 * time.Second), Timeout: time.Second} }

func TestSchedulerLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, tick())
		time.Sleep(5 * time.Second)
		r.start(t)
		time.Sleep(20 * time.Second)
		equal(t, "enqueued", r.took(), []string{"tick:2000-01-01T00:00:00 at 00:05", "tick:2000-01-01T00:00:10 at 00:10", "tick:2000-01-01T00:00:20 at 00:20"})
		r.stop()
		equal(t, "noted", r.seat.noted, []string{"tick 00:00", "tick 00:10", "tick 00:20"})
		if !r.seat.left {
			t.Error("the lead was not given up")
		}
	})
}

// A period that another process has enqueued is not enqueued again, and what lies
// between is not made up for.
func TestSchedulerTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, tick(), Job{Name: "tock", Period: Every(20 * time.Second), Timeout: time.Second})
		midnight := time.Now()
		r.seat.starts = map[string]time.Time{"tick": midnight, "tock": midnight.Add(40 * time.Second)}
		time.Sleep(55 * time.Second)
		r.start(t)
		time.Sleep(6 * time.Second)
		equal(t, "enqueued", r.took(), []string{
			"tick:2000-01-01T00:00:50 at 00:55", "tick:2000-01-01T00:01:00 at 01:00", "tock:2000-01-01T00:01:00 at 01:00",
		})
		r.stop()
	})
}

// While the seat cannot be reached, the lead lasts to its end and not longer.
func TestSchedulerCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Job{Name: "tick", Period: Every(time.Second), Timeout: time.Second})
		r.start(t)
		time.Sleep(3500 * time.Millisecond)
		r.took()
		r.change(func() { r.seat.err = errors.New("cut off") })
		time.Sleep(30 * time.Second)
		// It was kept at 3 s for the last time, for 6 s.
		got := r.took()
		if n := len(got); n == 0 || got[n-1] > "tick:2000-01-01T00:00:08 at 00:08" {
			t.Errorf("enqueued while cut off: %v", got)
		}
		r.change(func() { r.seat.err = nil })
		time.Sleep(2 * time.Second)
		if got := r.took(); len(got) == 0 {
			t.Error("nothing is enqueued when it is reached again")
		}
		r.stop()
	})
}

// A scheduler that learns that another one leads enqueues nothing more.
func TestSchedulerDeposed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, tick(), Job{Name: "tock", Period: Every(10 * time.Second), Timeout: time.Second})
		r.start(t)
		time.Sleep(9 * time.Second)
		r.took()
		r.change(func() { r.seat.deposed = true })
		time.Sleep(30 * time.Second)
		equal(t, "enqueued by one that is deposed", r.took(), []string{"tick:2000-01-01T00:00:10 at 00:10"})
		r.stop()
	})
}

// What cannot be enqueued is tried again, without haste, while its period lasts.
func TestSchedulerTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, tick())
		r.refuse = errors.New("away")
		r.start(t)
		time.Sleep(17500 * time.Millisecond)
		synctest.Wait()
		r.change(func() {
			if r.tries < 10 || r.tries > 20 {
				t.Errorf("tried %d times in 17.5 s", r.tries)
			}
			r.refuse = nil
		})
		time.Sleep(time.Second)
		equal(t, "enqueued", r.took(), []string{"tick:2000-01-01T00:00:10 at 00:18"})
		r.stop()
	})
}

// The start of a period that lies in the future, by a clock that was wrong, does
// not stop the job; by one that is a little ahead, it counts.
func TestSchedulerMistrustsTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, tick())
		r.seat.starts = map[string]time.Time{"tick": time.Now().Add(365 * 24 * time.Hour)}
		r.start(t)
		time.Sleep(11 * time.Second)
		equal(t, "after a wrong clock", r.took(), []string{"tick:2000-01-01T00:00:00 at 00:00", "tick:2000-01-01T00:00:10 at 00:10"})
		r.stop()

		r = newRig(t, tick())
		r.seat.starts = map[string]time.Time{"tick": time.Now().Add(9 * time.Second)}
		r.start(t)
		time.Sleep(18 * time.Second)
		equal(t, "with a clock that was ahead", r.took(), nil)
		time.Sleep(2 * time.Second)
		equal(t, "after it", r.took(), []string{"tick:2000-01-01T00:00:30 at 00:30"})
		r.stop()
	})
}
