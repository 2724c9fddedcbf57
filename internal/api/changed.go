package api

import (
	"slices"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// changedMachines gives the machines whose cards changed between two marks of the
// hub; nil where none did.
func (s *Service) changedMachines(after, until live.Mark) any {
	in := s.inventory.Load()
	u := s.hub.Between(after, until, func(l *plant.Latest) bool {
		it := in.byItem[l.Item]
		return it != nil && it.machine.card.shows[l.Item]
	})
	changed := make(map[*machine]bool)
	for _, l := range u.Latest {
		changed[in.byItem[l.Item].machine] = true
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

// changedAgents gives the agents whose status changed between two marks of the hub;
// nil where none did.
func (s *Service) changedAgents(after, until live.Mark) any {
	u := s.hub.Between(after, until, func(*plant.Latest) bool { return false })
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

// changedValues gives the data items of a machine that changed between two marks of
// the hub: all of them where it has others than before; nil where none did.
func (s *Service) changedValues(after, until live.Mark, slug string) any {
	in := s.inventory.Load()
	m := in.bySlug[slug]
	if m == nil {
		return nil
	}
	u := s.hub.Between(after, until, func(l *plant.Latest) bool {
		it := in.byItem[l.Item]
		return it != nil && it.machine == m
	})
	var items []Item
	if slices.Contains(u.Models, m.Agent) {
		for _, it := range m.items {
			items = append(items, s.item(it))
		}
	} else {
		for _, l := range u.Latest {
			it := in.byItem[l.Item]
			items = append(items, newItem(it, it.present(l), true))
		}
	}
	if items == nil {
		return nil
	}
	return Values{Machine: m.Slug, Items: items}
}
