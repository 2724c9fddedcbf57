package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// group is the machines of an area, or of an agent where nobody said where they
// stand.
type group struct {
	// Key tells groups apart.
	Key, Title string
	// Agent is the name of the agent whose machines these are; empty for an area.
	Agent string
	// Link is nil for an area, and where the agent's status is not known.
	Link  *api.Agent
	Cards []card
	Now   time.Time
}

// Hidden reports whether the filter leaves nothing of the group.
func (g group) Hidden() bool {
	return len(g.Cards) > 0 && !slices.ContainsFunc(g.Cards, func(c card) bool { return !c.Hidden })
}

// card is a machine on the floor.
type card struct {
	api.Machine
	// Skew says that the clock of its agent is wrong; empty where it is not.
	Skew   string
	Hidden bool
	Now    time.Time
}

// groupMachines puts the machines of an area together, areas in the order of the
// shop, and the others by agent; within a group machines keep their order, so that
// no card ever moves.
func (s *site) groupMachines(machines []api.Machine, agents []api.Agent, filter floorFilter, now time.Time) []group {
	var groups []group
	place := make(map[string]int)
	skews := skewsOf(agents)
	for _, m := range machines {
		g := groupOf(m)
		i, ok := place[g.Key]
		if !ok {
			i = len(groups)
			place[g.Key] = i
			g.Now = now
			if at := slices.IndexFunc(agents, func(a api.Agent) bool { return a.Name == g.Agent }); at >= 0 {
				g.Link = &agents[at]
			}
			groups = append(groups, g)
		}
		groups[i].Cards = append(groups[i].Cards, card{m, skews[m.Agent], !matches(m, filter.Query, filter.State), now})
	}
	areas := s.shop().Areas
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Compare(a.rank(areas), b.rank(areas))
	})
	return groups
}

// groupOf gives the group that a machine belongs to, without machines.
func groupOf(m api.Machine) group {
	if m.Area != "" {
		return group{Key: "area " + m.Area, Title: m.Area}
	}
	return group{Key: "agent " + m.Agent, Title: m.Agent, Agent: m.Agent}
}

// rank orders groups: areas as they are listed, then those that are not, then
// agents.
func (g group) rank(areas []string) int {
	if g.Agent != "" {
		return len(areas) + 1
	}
	if i := slices.Index(areas, g.Title); i >= 0 {
		return i
	}
	return len(areas)
}
