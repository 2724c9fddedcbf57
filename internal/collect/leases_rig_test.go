package collect

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// ledger is a store of leases in memory, by the clock of the bubble.
type ledger struct {
	mu      sync.Mutex
	workers map[string]store.Worker
	expires map[string]time.Time
	leases  map[plant.AgentID]store.Lease
	until   map[plant.AgentID]time.Time
}

func newLedger() *ledger {
	return &ledger{
		workers: make(map[string]store.Worker), expires: make(map[string]time.Time),
		leases: make(map[plant.AgentID]store.Lease), until: make(map[plant.AgentID]time.Time),
	}
}

func (l *ledger) Renew(ctx context.Context, w store.Worker, ttl time.Duration) (store.Crew, error) {
	l.mu.Lock()
	now := time.Now()
	l.workers[w.ID], l.expires[w.ID] = w, now.Add(ttl)
	for id, lease := range l.leases {
		if lease.Worker == w.ID && l.until[id].After(now) {
			l.until[id] = now.Add(ttl)
		}
	}
	l.mu.Unlock()
	return l.Crew(ctx)
}

func (l *ledger) Take(_ context.Context, worker string, agents []plant.AgentID, ttl time.Duration) ([]store.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var taken []store.Lease
	for _, id := range agents {
		if !l.until[id].After(now) {
			l.leases[id] = store.Lease{Agent: id, Worker: worker, Number: l.leases[id].Number + 1, Left: ttl}
			l.until[id] = now.Add(ttl)
			taken = append(taken, l.leases[id])
		}
	}
	return taken, nil
}

func (l *ledger) Release(_ context.Context, leases []store.Lease) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lease := range leases {
		if now := l.leases[lease.Agent]; now.Worker == lease.Worker && now.Number == lease.Number {
			l.until[lease.Agent] = time.Time{}
		}
	}
	return nil
}

func (l *ledger) Leave(_ context.Context, worker string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.workers, worker)
	for id, lease := range l.leases {
		if lease.Worker == worker {
			l.until[id] = time.Time{}
		}
	}
	return nil
}

func (l *ledger) Crew(context.Context) (store.Crew, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var c store.Crew
	for _, id := range slices.Sorted(maps.Keys(l.workers)) {
		w := l.workers[id]
		w.Left = l.expires[id].Sub(now)
		c.Workers = append(c.Workers, w)
	}
	for _, id := range slices.Sorted(maps.Keys(l.leases)) {
		lease := l.leases[id]
		if lease.Left = l.until[id].Sub(now); lease.Left > 0 {
			c.Leases = append(c.Leases, lease)
		}
	}
	return c, nil
}

// line is a worker's way to the ledger: it can be cut, slow, or lose answers.
type line struct {
	*ledger
	mu sync.Mutex
	// hangs is how long a call takes; lost is true where its answer never comes.
	hangs     time.Duration
	cut, lost bool
}

var errCut = &plant.Error{Code: plant.Unavailable, Msg: "the store is away"}

func (l *line) set(hangs time.Duration, cut, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hangs, l.cut, l.lost = hangs, cut, lost
}

// way lets a call through, or not. It may hang on the way there and back.
func (l *line) way(ctx context.Context, call func() error) error {
	l.mu.Lock()
	hangs, cut, lost := l.hangs, l.cut, l.lost
	l.mu.Unlock()
	hang := func() error {
		select {
		case <-time.After(hangs / 2):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := hang(); err != nil {
		return err
	}
	if cut {
		return errCut
	}
	if err := call(); err != nil {
		return err
	}
	if lost {
		return errCut
	}
	return hang()
}

func (l *line) Renew(ctx context.Context, w store.Worker, ttl time.Duration) (c store.Crew, err error) {
	err = l.way(ctx, func() (err error) { c, err = l.ledger.Renew(ctx, w, ttl); return err })
	return c, err
}

func (l *line) Take(ctx context.Context, worker string, agents []plant.AgentID, ttl time.Duration) (t []store.Lease, err error) {
	err = l.way(ctx, func() (err error) { t, err = l.ledger.Take(ctx, worker, agents, ttl); return err })
	return t, err
}

func (l *line) Release(ctx context.Context, leases []store.Lease) error {
	return l.way(ctx, func() error { return l.ledger.Release(ctx, leases) })
}

func (l *line) Leave(ctx context.Context, worker string) error {
	return l.way(ctx, func() error { return l.ledger.Leave(ctx, worker) })
}

func (l *line) Crew(ctx context.Context) (c store.Crew, err error) {
	err = l.way(ctx, func() (err error) { c, err = l.ledger.Crew(ctx); return err })
	return c, err
}

// floor is who reads which agent; it fails the test where two do.
type floor struct {
	t  *testing.T
	mu sync.Mutex
	by map[plant.AgentID]string
	// idle is since when nobody reads an agent.
	idle map[plant.AgentID]time.Time
}

// reader is a supervisor that only says what it reads.
type reader struct {
	floor *floor
	name  string
	// ending is how long it takes to stop an agent, stopped what is called then.
	ending  time.Duration
	stopped func()

	mu     sync.Mutex
	wanted map[plant.AgentID]bool
	reads  map[plant.AgentID]bool
	dead   bool
}

func (r *reader) SetAgents(agents []plant.Agent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead {
		return
	}
	r.wanted = make(map[plant.AgentID]bool)
	for _, a := range agents {
		r.wanted[a.ID] = true
		if !r.reads[a.ID] {
			r.reads[a.ID] = true
			r.floor.begins(a.ID, r.name)
		}
	}
	for id := range r.reads {
		if !r.wanted[id] {
			time.AfterFunc(r.ending, func() { r.end(id) })
		}
	}
}

// end ends the reading of an agent that is still not wanted.
func (r *reader) end(id plant.AgentID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reads[id] && !r.wanted[id] {
		delete(r.reads, id)
		r.floor.ends(id, r.name)
		r.stopped()
	}
}

func (r *reader) Reads(a plant.Agent) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reads[a.ID] || r.wanted[a.ID]
}

func (r *reader) Status() []plant.AgentStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []plant.AgentStatus
	for _, id := range slices.Sorted(maps.Keys(r.wanted)) {
		list = append(list, plant.AgentStatus{Agent: id, Name: fmt.Sprintf("agent%02d", id), Link: plant.LinkStreaming})
	}
	return list
}

func (r *reader) Run(ctx context.Context) error {
	<-ctx.Done()
	time.Sleep(r.ending)
	r.die()
	return nil
}

// die ends all reading at once, as a process that is killed does.
func (r *reader) die() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.reads {
		r.floor.ends(id, r.name)
	}
	r.reads, r.wanted, r.dead = nil, nil, true
}

func (f *floor) begins(id plant.AgentID, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.by[id]; other != "" {
		f.t.Errorf("%s begins with agent %d while %s reads it", name, id, other)
	}
	f.by[id] = name
	delete(f.idle, id)
}

func (f *floor) ends(id plant.AgentID, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by[id] == name {
		delete(f.by, id)
		f.idle[id] = time.Now()
	}
}

// parts gives how many agents each worker reads.
func (f *floor) parts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := make(map[string]int)
	for _, name := range f.by {
		parts[name]++
	}
	return parts
}

// hall is workers that share agents.
type hall struct {
	t       *testing.T
	ledger  *ledger
	floor   *floor
	agents  []plant.Agent
	workers map[string]*hand
}

// hand is a worker.
type hand struct {
	*Holder
	line   *line
	reader *reader
	cancel context.CancelFunc
	done   chan struct{}
	mu     sync.Mutex
	said   said
}

// said is what a holder has told.
type said struct {
	statuses        []plant.AgentStatus
	handed, removed []plant.AgentID
}

// told gives what the holder has told until now.
func (w *hand) told() said {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said
}

func newHall(t *testing.T, agents int) *hall {
	h := &hall{
		t: t, ledger: newLedger(), workers: make(map[string]*hand),
		floor: &floor{t: t, by: make(map[plant.AgentID]string), idle: make(map[plant.AgentID]time.Time)},
	}
	for _, id := range ids(1, agents) {
		h.agents = append(h.agents, plant.Agent{ID: id, Name: fmt.Sprintf("agent%02d", id), Configured: true})
		h.floor.idle[id] = time.Now()
	}
	return h
}

// join starts a worker.
func (h *hall) join(name string, ending time.Duration, own ...plant.Agent) *hand {
	w := &hand{
		line:   &line{ledger: h.ledger},
		reader: &reader{floor: h.floor, name: name, ending: ending, reads: make(map[plant.AgentID]bool)},
		done:   make(chan struct{}),
	}
	w.Holder = &Holder{wake: make(chan struct{}, 1)}
	w.reader.stopped = w.hurry
	var err error
	if w.metrics, err = newLeaseMetrics(prometheus.NewRegistry()); err != nil {
		h.t.Fatal(err)
	}
	w.set(HolderOptions{
		Leases: w.line, Name: name, Started: time.Now(),
		Capture: Options{
			Log: slog.New(slog.DiscardHandler), Now: time.Now,
			Status: func(s plant.AgentStatus) { w.note(func() { w.said.statuses = append(w.said.statuses, s) }) },
		},
		HandedOver: func(id plant.AgentID) { w.note(func() { w.said.handed = append(w.said.handed, id) }) },
		Removed:    func(id plant.AgentID) { w.note(func() { w.said.removed = append(w.said.removed, id) }) },
	}, w.reader)
	w.SetAgents(slices.Concat(h.agents, own))
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(w.done)
		if err := w.Run(ctx); err != nil {
			h.t.Error(err)
		}
	}()
	h.workers[name] = w
	return w
}

func (w *hand) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// leave ends a worker as SIGTERM does, and gives how long that took.
func (h *hall) leave(name string) time.Duration {
	began := time.Now()
	w := h.workers[name]
	delete(h.workers, name)
	w.cancel()
	<-w.done
	return time.Since(began)
}

// kill ends a worker without a word.
func (h *hall) kill(name string) {
	w := h.workers[name]
	w.line.set(0, true, false)
	w.reader.die()
	h.leave(name)
}

// close ends all workers.
func (h *hall) close() {
	for name := range h.workers {
		h.leave(name)
	}
}

// captured waits until workers read so many agents each, and gives how long that
// took.
func (h *hall) captured(want map[string]int, most time.Duration) time.Duration {
	h.t.Helper()
	began := time.Now()
	for !maps.Equal(h.floor.parts(), want) {
		if time.Since(began) > most {
			h.t.Fatalf("after %v workers read %v, want %v", most, h.floor.parts(), want)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}
