package live

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// maxWaiting is how many data items, devices and agents each may wait to be sent.
// It is more than a plant has: only a Redis that hangs makes so many wait. What
// is too much is left out, and receivers are made to notice.
const maxWaiting = 200_000

// waiting is what changed and has not been sent: the newest of each thing, in the
// order in which they began to wait. The zero value is empty.
type waiting struct {
	// since is when the oldest of it was handed over; zero where nothing was.
	since  time.Time
	latest coalesced[plant.ItemID, plant.Latest]
	states coalesced[plant.DeviceID, plant.StateChange]
	agents coalesced[plant.AgentID, agentNews]
	// left is how many things were left out, and replaced how many a newer one
	// took the place of.
	left, replaced int
}

// agentNews is the status of an agent, or that it is not to be read any more.
type agentNews struct {
	plant.AgentStatus
	gone bool
}

// add takes what a commit changed. Of one thing, what is handed over last is the
// newest.
func (w *waiting) add(c plant.Change, now time.Time) {
	w.begin(now)
	for i := range c.Latest {
		w.count(w.latest.put(c.Latest[i].Item, c.Latest[i]))
	}
	for i := range c.States {
		w.count(w.states.put(c.States[i].Device, c.States[i]))
	}
}

// addAgent takes what there is to say of an agent.
func (w *waiting) addAgent(n agentNews, now time.Time) {
	w.begin(now)
	w.count(w.agents.put(n.Agent, n))
}

func (w *waiting) begin(now time.Time) {
	if w.since.IsZero() {
		w.since = now
	}
}

func (w *waiting) count(p placed) {
	switch p {
	case replacing:
		w.replaced++
	case leftOut:
		w.left++
	}
}

// size is how many things wait.
func (w *waiting) size() int {
	return len(w.latest.values) + len(w.states.values) + len(w.agents.values)
}

// coalesced keeps the newest value per key, at most maxWaiting of them.
type coalesced[K comparable, V any] struct {
	values []V
	at     map[K]int
}

// placed says where a value went.
type placed int

const (
	added placed = iota
	replacing
	leftOut
)

func (c *coalesced[K, V]) has(key K) bool {
	_, ok := c.at[key]
	return ok
}

func (c *coalesced[K, V]) put(key K, value V) placed {
	if i, ok := c.at[key]; ok {
		c.values[i] = value
		return replacing
	}
	if len(c.values) >= maxWaiting {
		return leftOut
	}
	if c.at == nil {
		c.at = make(map[K]int)
	}
	c.at[key] = len(c.values)
	c.values = append(c.values, value)
	return added
}
