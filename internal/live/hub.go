package live

import (
	"cmp"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

// The limits of a hub where Options does not say otherwise.
const (
	// MaxSubscribers is how many subscriptions a hub has at once: one for each machine
	// that somebody looks at, and a few.
	MaxSubscribers = 5000
	// MaxThings is how many data items, devices and agents each a hub knows: more than
	// a plant has, since what a store does not know is dropped (Hub.Retain).
	MaxThings = 500_000
)

// ErrFull says that a hub has as many subscriptions as it may have.
var ErrFull = errors.New("too many subscriptions")

// Options are the limits of a hub.
type Options struct {
	// Subscribers is how many subscriptions there may be at once:
	// MaxSubscribers where it is zero.
	Subscribers int
	// Things is how many data items, devices and agents each the hub knows: MaxThings
	// where it is zero.
	Things int
	// Log is told once where the hub refuses something; nobody where it is nil.
	Log *slog.Logger
}

// Mark is a moment in the life of a hub: everything that changed up to it.
// The zero Mark is the beginning.
type Mark uint64

// Update is what changed between two marks: the newest of each thing, those that
// changed longest ago first. What it holds is shared and not to be changed.
type Update struct {
	// Mark is the moment up to which the update tells.
	Mark Mark
	// Latest is what is known now of the data items that were observed.
	Latest []plant.Latest
	// States are the newest state changes.
	States []plant.StateChange
	// Statuses are the statuses that changed.
	Statuses []plant.AgentStatus
	// Links are the agents whose link, its error or its next attempt changed,
	// which the machines of the agent show too, and those that were forgotten.
	Links []plant.AgentID
	// Models are the agents of which all is to be looked at anew: their machines
	// or data items are others than before, or they have restarted.
	Models []plant.AgentID
}

// Hub keeps the newest of everything. It is safe for concurrent use. Its memory
// is that of the data items, devices and agents there are, whose numbers are
// limited.
type Hub struct {
	epoch       string
	subscribers int
	things      int
	log         *slog.Logger

	mu       sync.RWMutex
	mark     Mark
	refused  int64
	items    newest[plant.ItemID, plant.Latest]
	states   newest[plant.DeviceID, plant.StateChange]
	statuses newest[plant.AgentID, plant.AgentStatus]
	links    newest[plant.AgentID, struct{}]
	models   newest[plant.AgentID, struct{}]
	wakes    map[*Subscription]struct{}
}

// NewHub makes a hub that knows nothing yet.
func NewHub(o Options) *Hub {
	return &Hub{
		epoch:       rand.Text(),
		subscribers: cmp.Or(o.Subscribers, MaxSubscribers),
		things:      cmp.Or(o.Things, MaxThings),
		log:         cmp.Or(o.Log, slog.New(slog.DiscardHandler)),
		wakes:       make(map[*Subscription]struct{}),
	}
}

// Epoch names this hub among all there ever were: marks of one say nothing to
// another.
func (h *Hub) Epoch() string { return h.epoch }

// Mark is the moment of the last change.
func (h *Hub) Mark() Mark {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.mark
}

// Publish takes what a commit changed, or what a store holds. What is not newer
// than what the hub has, by run (stores number them upwards) and sequence, is
// left out: so the same may be published twice, and in any order. It gives how much
// was left out since the hub knows as many things as it may.
func (h *Hub) Publish(c plant.Change) (refused int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.mark
	for _, l := range c.Latest {
		known, ok := h.items.get(l.Item)
		switch {
		case !ok && h.items.size() >= h.things:
			refused++
		case !ok || newer(l.Run, l.Sequence, known.Run, known.Sequence):
			h.items.put(l.Item, l, h.next())
		}
	}
	for _, s := range c.States {
		known, ok := h.states.get(s.Device)
		switch {
		case !ok && h.states.size() >= h.things:
			refused++
		case !ok || newer(s.Run, s.Sequence, known.Run, known.Sequence):
			h.states.put(s.Device, s, h.next())
		}
	}
	if h.mark != before {
		h.wake()
	}
	h.refuse(refused)
	return refused
}

// Refused gives how often something was left out, since the hub was made, as the hub
// knows as many things as it may: it is stored, and pages do not show it.
func (h *Hub) Refused() int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.refused
}

// refuse counts what was left out.
func (h *Hub) refuse(n int) {
	if n > 0 && h.refused == 0 {
		h.log.Error("there is more than pages can show: what is beyond is stored and shown as not observed", slog.Int("most", h.things))
	}
	h.refused += int64(n)
}

// PublishStatus takes how the reading of an agent goes. It reports whether the hub
// may know as many agents.
func (h *Hub) PublishStatus(s plant.AgentStatus) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.statuses.get(s.Agent)
	if !ok && h.statuses.size() >= h.things {
		h.refuse(1)
		return false
	}
	if ok && known == s {
		return true
	}
	mark := h.next()
	h.statuses.put(s.Agent, s, mark)
	if !ok || known.Link != s.Link || known.Error != s.Error || !known.Retry.Equal(s.Retry) {
		h.links.put(s.Agent, struct{}{}, mark)
	}
	h.wake()
	return true
}

// Retain drops what a store does not know of what was published up to a mark, which
// was taken before the store was asked: so what is new in the store stays.
func (h *Hub) Retain(until Mark, item func(plant.ItemID) bool, device func(plant.DeviceID) bool, agent func(plant.AgentID) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items.retain(until, item)
	h.states.retain(until, device)
	h.statuses.retain(until, agent)
	h.links.retain(until, agent)
	h.models.retain(until, agent)
}

// Forget takes the status of an agent away that is not read any more.
func (h *Hub) Forget(agent plant.AgentID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.statuses.drop(agent) {
		h.links.put(agent, struct{}{}, h.next())
		h.wake()
	}
}

// PublishModel says that all of an agent is to be looked at anew: its machines or
// data items are others than before, or it has restarted.
func (h *Hub) PublishModel(agent plant.AgentID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.models.put(agent, struct{}{}, h.next())
	h.wake()
}

// Retell has the newest state change of a device told again: what it says of now has
// become something else with time.
func (h *Hub) Retell(device plant.DeviceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.states.get(device); ok {
		h.states.put(device, known, h.next())
		h.wake()
	}
}

// Latest gives what is known now of a data item, and whether it was observed.
func (h *Hub) Latest(item plant.ItemID) (plant.Latest, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.items.get(item)
}

// State gives the newest state change of a device, and whether there is one.
func (h *Hub) State(device plant.DeviceID) (plant.StateChange, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.states.get(device)
}

// Status gives how the reading of an agent goes, and whether it is read.
func (h *Hub) Status(agent plant.AgentID) (plant.AgentStatus, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.statuses.get(agent)
}

// Since gives all that changed after a mark.
func (h *Hub) Since(after Mark) Update {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.between(after, h.mark, every)
}

// Between gives what changed after a mark and not after another one; of the data
// items, those alone that are wanted. What changed after both is left out: who goes
// on from the second mark gets it then. wanted is called under the lock of the hub:
// it is quick, and asks nothing of the hub.
func (h *Hub) Between(after, until Mark, wanted func(*plant.Latest) bool) Update {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.between(after, until, wanted)
}

func (h *Hub) between(after, until Mark, wanted func(*plant.Latest) bool) Update {
	return Update{
		Mark:     until,
		Latest:   h.items.between(after, until, wanted),
		States:   h.states.between(after, until, every),
		Statuses: h.statuses.between(after, until, every),
		Links:    h.links.keysBetween(after, until),
		Models:   h.models.keysBetween(after, until),
	}
}

func every[T any](*T) bool { return true }

// Subscription is told when something changes.
type Subscription struct {
	hub  *Hub
	wake chan struct{}
}

// Subscribe makes a subscription, to be closed by its owner. It fails with
// ErrFull.
func (h *Hub) Subscribe() (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.wakes) >= h.subscribers {
		return nil, ErrFull
	}
	s := &Subscription{hub: h, wake: make(chan struct{}, 1)}
	h.wakes[s] = struct{}{}
	return s, nil
}

// Changed gives a channel that has a value when something has changed since the
// last one was taken. It is never closed.
func (s *Subscription) Changed() <-chan struct{} { return s.wake }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.wakes, s)
}

// next counts the mark up.
func (h *Hub) next() Mark {
	h.mark++
	return h.mark
}

// wake tells the subscribers; one that has not looked yet need not be told
// twice.
func (h *Hub) wake() {
	for s := range h.wakes {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// newer reports whether the first run and sequence come after the second.
func newer(run plant.RunID, sequence int64, thanRun plant.RunID, thanSequence int64) bool {
	return run > thanRun || run == thanRun && sequence > thanSequence
}
