package collect

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// The rhythm of leases. An agent of a worker that dies is captured again within
// LeaseTime, LookInterval and the time that it takes to connect.
const (
	// LeaseTime is for how long a lease is taken and renewed.
	LeaseTime = 10 * time.Second
	// RenewInterval is how often leases are renewed: two attempts may fail before
	// they run out.
	RenewInterval = 3 * time.Second
	// LookInterval is how often a worker looks for agents that nobody captures,
	// and for workers that are new: what one gives back is taken by another one
	// within this time.
	LookInterval = time.Second
	// LeaseMargin is how long before its leases run out a worker that cannot renew
	// them stops.
	LeaseMargin = time.Second
	// leaveGrace is how long a worker that ends may take to give its leases back.
	leaveGrace = 2 * time.Second
	// staleAfter is after what time an agent that is free is taken by any worker,
	// whatever its part is.
	staleAfter = LeaseTime
	// keepTime is for how long a worker that has taken such agents gives none back:
	// whose part they are may not take them now either, and nobody would capture
	// them until they are stale again.
	keepTime = 2 * LeaseTime
)

// HolderOptions are what a Holder is made of. Leases and Capture are needed.
type HolderOptions struct {
	Leases store.Leases
	// Name and Version say to people which worker this is, Started is when it
	// began.
	Name, Version string
	Started       time.Time
	// Capture is what the supervisor of the agents is made of; its Stopped is
	// called here too.
	Capture Options
	// HandedOver is called when this worker does not capture an agent any more,
	// and another one is about to. It must not block, nor call the Holder.
	HandedOver func(plant.AgentID)
	// Removed is called when an agent is not to be captured any more, by anybody,
	// and nothing more of it comes from here. It must not block, nor call the
	// Holder.
	Removed func(plant.AgentID)
}

// Holder captures agents together with other workers on the same store, each
// agent by one of them. It takes, renews and gives back leases, so that the
// workers have equal parts, and tells its supervisor which agents to read.
//
// An agent that is given back is stopped, and its last observations committed,
// before its lease is released. A worker that cannot renew its leases stops
// before they can be taken, by its own monotonic clock and whatever hangs. So
// there is no moment at which two workers capture an agent, unless a worker, or
// the machine under it, stands still in the midst of a commit; then the cursor of
// the commit keeps the data whole.
type Holder struct {
	opts    HolderOptions
	leases  store.Leases
	capture capturer
	me      store.Worker
	log     *slog.Logger
	metrics *leaseMetrics
	// wake holds one token when there is something to do at once.
	wake chan struct{}

	mu sync.Mutex
	// wanted are the agents that there are, by number; nil before they are known.
	wanted map[plant.AgentID]plant.Agent
	// held are the leases that the store says this worker holds. Those in giving
	// are to be released when their agents have stopped.
	held   map[plant.AgentID]store.Lease
	giving map[plant.AgentID]plant.Agent
	// lost are the agents whose leases were lost and that have not stopped yet.
	lost map[plant.AgentID]plant.Agent
	// reading is what the supervisor was told to read.
	reading []plant.Agent
	// good is until when the leases are good for certain, with the margin taken
	// off, and lapse what stops all reading then.
	good  time.Time
	lapse *time.Timer
	// lapsed are the statuses of the agents that were stopped by it, and fault is why
	// the store could not be asked last; nil where it could.
	lapsed []plant.AgentStatus
	fault  error

	// What follows belongs to Run.

	// renewed is when the leases were renewed last; free is since when agents are
	// seen to be free, and keep is until when none is given back for others' part.
	renewed time.Time
	free    map[plant.AgentID]time.Time
	keep    time.Time
}

// capturer is the Supervisor as a Holder needs it.
type capturer interface {
	SetAgents([]plant.Agent)
	Reads(plant.Agent) bool
	Status() []plant.AgentStatus
	Run(context.Context) error
}

// NewHolder makes a holder that holds nothing yet, and its supervisor. It reports
// what is wrong with the options.
func NewHolder(o HolderOptions) (*Holder, error) {
	if o.Leases == nil {
		return nil, errors.New("collect: HolderOptions.Leases is not set: it is what workers share agents by")
	}
	h := &Holder{wake: make(chan struct{}, 1)}
	stopped := o.Capture.Stopped
	o.Capture.Stopped = func(a plant.Agent) {
		if stopped != nil {
			stopped(a)
		}
		h.hurry()
	}
	s, err := New(o.Capture)
	if err != nil {
		return nil, err
	}
	if h.metrics, err = newLeaseMetrics(s.opts.Registerer); err != nil {
		return nil, err
	}
	o.Capture = s.opts
	h.set(o, s)
	return h, nil
}

// set fills in what a holder is made of.
func (h *Holder) set(o HolderOptions, c capturer) {
	if o.HandedOver == nil {
		o.HandedOver = func(plant.AgentID) {}
	}
	if o.Removed == nil {
		o.Removed = func(plant.AgentID) {}
	}
	h.opts, h.leases, h.capture, h.log = o, o.Leases, c, o.Capture.Log
	h.me = store.Worker{ID: rand.Text(), Name: o.Name, Version: o.Version, Started: o.Started}
	h.held = make(map[plant.AgentID]store.Lease)
	h.giving = make(map[plant.AgentID]plant.Agent)
	h.lost = make(map[plant.AgentID]plant.Agent)
}

// ID is what the leases of this worker are held by.
func (h *Holder) ID() string { return h.me.ID }

// hurry makes Run look at what there is to do.
func (h *Holder) hurry() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// SetAgents says which agents there are. Those that are configured every worker
// on the store knows, and they share them; others only this one was started with,
// and it captures them all unless another one does. It may be called at any time.
func (h *Holder) SetAgents(agents []plant.Agent) {
	wanted := make(map[plant.AgentID]plant.Agent, len(agents))
	for _, a := range agents {
		wanted[a.ID] = a
	}
	h.mu.Lock()
	var removed []plant.AgentID
	for id, a := range h.wanted {
		if _, ok := wanted[id]; !ok && !h.capture.Reads(a) {
			removed = append(removed, id)
		}
	}
	h.wanted = wanted
	h.mu.Unlock()
	for _, id := range removed {
		h.opts.Removed(id)
	}
	h.hurry()
}

// Status gives the status of every agent that this worker captures, or did until
// it could not renew its leases, by name.
func (h *Holder) Status() []plant.AgentStatus {
	list := h.capture.Status()
	h.mu.Lock()
	defer h.mu.Unlock()
	list = slices.Concat(list, h.lapsed)
	slices.SortStableFunc(list, func(a, b plant.AgentStatus) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Run captures this worker's part of the agents until ctx ends, and returns when
// all that it started has ended and its leases are given back. It returns nil:
// that the store is away is no reason to end. It is called once.
func (h *Holder) Run(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := h.capture.Run(ctx); err != nil {
			h.log.Error("capture has ended", slog.Any("error", err))
		}
	}()
	look := time.NewTicker(LookInterval)
	defer look.Stop()
	// Until the last commit is settled the leases are renewed.
	calls := context.WithoutCancel(ctx)
	for {
		h.round(calls, ctx.Err() != nil)
		select {
		case <-look.C:
		case <-h.wake:
		case <-stopped:
			h.leave(calls)
			return nil
		}
	}
}

// leave gives all leases back. Where that fails they run out.
func (h *Holder) leave(ctx context.Context) {
	h.mu.Lock()
	if h.lapse != nil {
		h.lapse.Stop()
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, leaveGrace)
	defer cancel()
	if err := h.leases.Leave(ctx, h.me.ID); err != nil {
		h.log.Warn("leases could not be given back: others take them when they have run out", slog.Any("error", err))
	}
	h.metrics.held.Set(0)
}
