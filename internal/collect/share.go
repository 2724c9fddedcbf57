package collect

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Captured gives the agents of a crew that are captured. A lease that is good for
// longer than LeaseTime was taken while the store's clock was ahead, and its worker
// has gone: else it had been renewed since.
func Captured(crew store.Crew) map[plant.AgentID]bool {
	captured := make(map[plant.AgentID]bool, len(crew.Leases))
	for _, l := range crew.Leases {
		if l.Left <= LeaseTime {
			captured[l.Agent] = true
		}
	}
	return captured
}

// share is who captures what, as one worker sees it.
type share struct {
	me string
	// workers are those that live.
	workers []string
	// holders are the workers whose leases are good, by agent.
	holders map[plant.AgentID]string
	// shared are the agents that every worker reads, own those that only this
	// process was started with.
	shared, own []plant.AgentID
	// giving are the agents that this worker holds and is about to give back.
	giving map[plant.AgentID]bool
	// stale are the agents that nobody has held for a long time.
	stale map[plant.AgentID]bool
	// keeps is set where this worker keeps what it holds beyond its part.
	keeps bool
}

// plan says which agents this worker takes and which it gives back, so that each
// worker comes to hold its part of the shared ones: as many as the others, or one
// more. Where the numbers do not divide, those that hold most keep one more, so
// that nothing moves without need. What nobody has taken for long is taken
// whatever the part: somebody does not do theirs.
func (s *share) plan() (take, give []plant.AgentID) {
	var free, mine []plant.AgentID
	held := map[string]int{s.me: 0}
	for _, w := range s.workers {
		held[w] = 0
	}
	for _, a := range s.shared {
		switch holder, ok := s.holders[a]; {
		case !ok:
			free = append(free, a)
		case holder == s.me && !s.giving[a]:
			mine = append(mine, a)
			held[s.me]++
		default:
			if _, lives := held[holder]; lives && holder != s.me {
				held[holder]++
			}
		}
	}
	part := s.part(held)
	if len(mine) > part && !s.keeps {
		slices.Sort(mine)
		give = mine[part:]
	}
	s.begin(free)
	for _, a := range free {
		if len(mine)+len(take) < part || s.stale[a] {
			take = append(take, a)
		}
	}
	for _, a := range s.own {
		if _, ok := s.holders[a]; !ok {
			take = append(take, a)
		}
	}
	return take, slices.Concat(give, s.unwanted())
}

// part is how many shared agents this worker should hold, while workers hold so
// many.
func (s *share) part(held map[string]int) int {
	order := slices.SortedFunc(maps.Keys(held), func(a, b string) int {
		return cmp.Or(cmp.Compare(held[b], held[a]), cmp.Compare(a, b))
	})
	part := len(s.shared) / len(order)
	if slices.Index(order, s.me) < len(s.shared)%len(order) {
		part++
	}
	return part
}

// begin puts the free agents into an order of this worker's own, so that workers
// that take at the same time seldom want the same.
func (s *share) begin(free []plant.AgentID) {
	slices.Sort(free)
	if len(free) == 0 {
		return
	}
	h := fnv.New32a()
	h.Write([]byte(s.me))
	at := int(h.Sum32() % uint32(len(free)))
	slices.Reverse(free[:at])
	slices.Reverse(free[at:])
	slices.Reverse(free)
}

// unwanted are the agents that this worker holds and that are not to be read.
func (s *share) unwanted() []plant.AgentID {
	wanted := make(map[plant.AgentID]bool)
	for _, a := range slices.Concat(s.shared, s.own) {
		wanted[a] = true
	}
	var list []plant.AgentID
	for a, holder := range s.holders {
		if holder == s.me && !wanted[a] && !s.giving[a] {
			list = append(list, a)
		}
	}
	slices.Sort(list)
	return list
}
