package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// MachinesAt gives the machines as Machines does, with what was known of each at a
// moment of the past, as Current tells it of one. State is empty where it is not
// known what a machine was doing. Invalid for a moment that is still to come.
//
// Only what the cards show is read, and of the machines of an agent together, so
// that it takes a few questions for each agent and two for each machine.
func (s *Service) MachinesAt(ctx context.Context, at time.Time) ([]Machine, error) {
	if err := s.checkPast(at); err != nil {
		return nil, err
	}
	runs, err := s.reader.Runs(ctx)
	if err != nil {
		return nil, err
	}
	machines := []Machine{}
	for _, a := range s.inventory.Load().agents {
		if !s.isRead(a.Agent) {
			continue
		}
		if machines, err = s.floorThen(ctx, machines, a, at.UnixMicro(), runs); err != nil {
			return nil, err
		}
	}
	return machines, nil
}

// floorThen adds the cards of an agent's machines at a moment.
func (s *Service) floorThen(ctx context.Context, machines []Machine, a *agent, at int64, runs []plant.Run) ([]Machine, error) {
	var shown []*item
	for _, of := range a.machines {
		for _, it := range of.items {
			if of.onFloor() && of.card.shows[it.ID] {
				shown = append(shown, it)
			}
		}
	}
	m := s.newMoment(at, shown)
	if err := m.findAmong(ctx, a.ID, runs); err != nil {
		return nil, err
	}
	for _, of := range a.machines {
		if !of.onFloor() {
			continue
		}
		was, err := s.stateThen(ctx, of, m)
		if err != nil {
			return nil, err
		}
		incomplete := false
		v := s.show(of, func(it *item) plant.Latest {
			if it == nil {
				return plant.Latest{}
			}
			l, _, whole := m.latest(m.items[it.ID])
			incomplete = incomplete || !whole
			return l
		})
		v.State, v.Word, v.Rule, v.Since, v.SinceBefore = was.State, was.Word, was.Rule, was.Since, was.SinceBefore
		v.Incomplete = incomplete
		machines = append(machines, v)
	}
	return machines, nil
}
