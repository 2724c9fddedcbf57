package api

import (
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// feed is one kind of event of a stream. Each has a rhythm of its own, and so a
// mark of the hub up to which it has been sent.
type feed struct {
	event string
	// pause is the least time between two events.
	pause time.Duration
	// pick gives the data of the event that tells of an update; nil where there
	// is nothing to tell.
	pick func(live.Update) any

	mark live.Mark
	// changed is true where something may have to be sent, which waits until
	// pauseEnd.
	changed  bool
	pauseEnd time.Time
}

// feeds gives the feeds of a stream: after those of all machines and agents, the
// values of each machine asked for.
func (s *Service) feeds(slugs []string) []*feed {
	feeds := []*feed{
		{event: "machines", pause: CardInterval, pick: s.changedMachines},
		{event: "agents", pause: CardInterval, pick: s.changedAgents},
	}
	for _, slug := range slugs {
		feeds = append(feeds, &feed{event: "values", pause: ValueInterval, pick: func(u live.Update) any { return s.changedValues(u, slug) }})
	}
	return feeds
}

// changedMachines gives the machines whose cards an update changed.
func (s *Service) changedMachines(u live.Update) any {
	in := s.inventory.Load()
	changed := make(map[*machine]bool)
	for _, l := range u.Latest {
		if it := in.byItem[l.Item]; it != nil && it.machine.card.shows[l.Item] {
			changed[it.machine] = true
		}
	}
	for _, c := range u.States {
		changed[in.byDevice[c.Device]] = true
	}
	for _, id := range slices.Concat(u.Links, u.Models) {
		if a := in.byAgent[id]; a != nil {
			for _, m := range a.machines {
				changed[m] = true
			}
		}
	}
	var machines []Machine
	for _, m := range in.machines {
		if changed[m] && m.onFloor() && s.isRead(m.agent.Agent) {
			machines = append(machines, s.machine(m))
		}
	}
	if machines == nil {
		return nil
	}
	return machines
}

// changedAgents gives the agents whose status an update changed.
func (s *Service) changedAgents(u live.Update) any {
	changed := make(map[plant.AgentID]bool)
	for _, status := range u.Statuses {
		changed[status.Agent] = true
	}
	for _, id := range slices.Concat(u.Links, u.Models) {
		changed[id] = true
	}
	var agents []Agent
	for _, a := range s.inventory.Load().agents {
		if changed[a.ID] && s.isRead(a.Agent) {
			agents = append(agents, s.agent(a))
		}
	}
	if agents == nil {
		return nil
	}
	return agents
}

// changedValues gives the data items of a machine that an update changed: all of
// them where it has others than before.
func (s *Service) changedValues(u live.Update, slug string) any {
	in := s.inventory.Load()
	m := in.bySlug[slug]
	if m == nil {
		return nil
	}
	var items []Item
	if slices.Contains(u.Models, m.Agent) {
		for _, it := range m.items {
			items = append(items, s.item(it))
		}
	} else {
		for _, l := range u.Latest {
			if it := in.byItem[l.Item]; it != nil && it.machine == m {
				items = append(items, newItem(it, it.present(l), true))
			}
		}
	}
	if items == nil {
		return nil
	}
	return Values{Machine: m.Slug, Items: items}
}
