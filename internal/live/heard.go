package live

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// The patience of a follower.
const (
	// StatusTimeout is after what silence an agent counts as read by nobody, and
	// a publisher as gone: three repetitions may be late.
	StatusTimeout = 10 * time.Second
	// ForgetAfter is after what silence the status of an agent is forgotten.
	ForgetAfter = time.Hour
	// ResyncPause is the least time between two readings of the store that
	// missing frames give reason for.
	ResyncPause = 5 * time.Second
	// maxPublishers is how many publishers are remembered; there are as many as
	// workers.
	maxPublishers = 1000
)

// What pages say of an agent that nobody is heard of.
const (
	NoWorker = "no worker captures this agent"
	NoRedis  = "Redis is away, so nothing is heard of the workers; what they store is shown with a delay"
	NotYet   = "nothing has been heard of a worker that captures this agent yet"
)

// heard keeps count of who was heard when, and so of what may have been missed.
// It is not safe for concurrent use.
type heard struct {
	hub *Hub
	// connected is since when Redis is heard; zero while it is not.
	connected  time.Time
	publishers map[uint64]lastFrame
	// agents are those that others were heard of.
	agents map[plant.AgentID]lastStatus
	// missed is true where the store is to be read; that was done last at resynced.
	missed   bool
	resynced time.Time
}

// lastFrame is the number of the last frame of a publisher, and when it came.
type lastFrame struct {
	number uint64
	at     time.Time
}

// lastStatus is when an agent was heard of last, and of whom.
type lastStatus struct {
	at time.Time
	by uint64
	// waits is whether it was said to be waited with: another one may read it. lost
	// is whether its status says that it was heard of too long ago, and own whether
	// this process reads it, so that nothing need be heard.
	waits, lost, own bool
}

func newHeard(h *Hub) *heard {
	return &heard{hub: h, publishers: make(map[uint64]lastFrame), agents: make(map[plant.AgentID]lastStatus)}
}

// found says that Redis is heard. What was said until now is in the store, and
// who lives is heard soon.
func (h *heard) found(now time.Time) {
	h.connected, h.missed = now, true
	for a, last := range h.agents {
		last.at = now
		h.agents[a] = last
	}
}

// count takes note of a frame and gives how many before it are missing. That of
// a publisher that was not heard before may be one of many: what it said until
// now is in the store.
func (h *heard) count(f *frame, now time.Time) (missing uint64) {
	last, known := h.publishers[f.publisher]
	switch {
	case !known:
		h.missed = true
		if len(h.publishers) >= maxPublishers {
			h.dropQuietest()
		}
	case f.number > last.number+1:
		h.missed = true
		missing = f.number - last.number - 1
	}
	h.publishers[f.publisher] = lastFrame{max(f.number, last.number), now}
	return missing
}

// dropQuietest forgets the publisher that has been silent for longest.
func (h *heard) dropQuietest() {
	var quietest uint64
	var since time.Time
	for id, last := range h.publishers {
		if since.IsZero() || last.at.Before(since) {
			quietest, since = id, last.at
		}
	}
	delete(h.publishers, quietest)
}

// take puts what a frame says into the hub. It gives how much of it the hub refused,
// as it knows as many things as it may.
func (h *heard) take(f *frame, now time.Time) (refused int) {
	refused = h.hub.Publish(plant.Change{Latest: f.latest, States: f.states})
	for _, s := range f.statuses {
		waits := s.Link == plant.LinkWaiting
		if waits && h.readElsewhere(s.Agent, f.publisher, now) {
			continue
		}
		if !h.hub.PublishStatus(s) {
			refused++
			continue
		}
		h.agents[s.Agent] = lastStatus{at: now, by: f.publisher, waits: waits}
	}
	for _, a := range f.gone {
		delete(h.agents, a)
		h.hub.Forget(a)
	}
	return refused
}

// readElsewhere reports whether another than the publisher reads an agent. A worker
// that is cut off from the store alone goes on saying that it waits, since it cannot
// know that its agents were taken over.
func (h *heard) readElsewhere(a plant.AgentID, publisher uint64, now time.Time) bool {
	last, known := h.agents[a]
	switch {
	case !known:
		return false
	case last.own:
		_, still := h.hub.Status(a)
		return still
	default:
		return last.by != publisher && !last.waits && now.Sub(last.at) < StatusTimeout
	}
}

// readHere says that this process reads an agent itself.
func (h *heard) readHere(a plant.AgentID) { h.agents[a] = lastStatus{own: true} }

// expect says that another process is to be heard of an agent.
func (h *heard) expect(a plant.AgentID, now time.Time) {
	h.agents[a] = lastStatus{at: now, waits: true}
}

// look marks what has been silent for too long, and reports whether the store is
// to be read now.
func (h *heard) look(now time.Time) (resync bool) {
	for id, last := range h.publishers {
		// It may have committed what it could not say any more.
		if now.Sub(last.at) >= StatusTimeout {
			delete(h.publishers, id)
			h.missed = true
		}
	}
	for a, last := range h.agents {
		switch silent := now.Sub(last.at); {
		case last.own:
		case silent >= ForgetAfter:
			delete(h.agents, a)
			h.hub.Forget(a)
		case silent >= StatusTimeout:
			h.lose(a, now)
		}
	}
	if !h.missed || h.connected.IsZero() || now.Sub(h.resynced) < ResyncPause {
		return false
	}
	h.missed, h.resynced = false, now
	return true
}

// lose makes the status of an agent one that nobody is heard of.
func (h *heard) lose(a plant.AgentID, now time.Time) {
	s, ok := h.hub.Status(a)
	if !ok {
		delete(h.agents, a)
		return
	}
	if last := h.agents[a]; !last.lost {
		s.Since = now
		last.lost = true
		h.agents[a] = last
	}
	s.Link, s.Error, s.Retry = plant.LinkDown, h.why(now), time.Time{}
	s.Rate, s.Horizon, s.DelayP95 = 0, plant.Span{}, plant.Span{}
	h.hub.PublishStatus(s)
}

// why says why nobody is heard of an agent.
func (h *heard) why(now time.Time) string {
	switch {
	case h.connected.IsZero():
		return NoRedis
	case now.Sub(h.connected) < StatusTimeout:
		return NotYet
	default:
		return NoWorker
	}
}
