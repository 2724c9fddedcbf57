package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// MachineAt gives a machine as Machine does, with what was known of it at a moment
// of the past; see Current and MachinesAt.
func (s *Service) MachineAt(ctx context.Context, slug string, at time.Time) (MachineDetail, error) {
	of, err := s.findMachine(slug)
	if err != nil {
		return MachineDetail{}, err
	}
	if err := s.checkPast(at); err != nil {
		return MachineDetail{}, err
	}
	m := s.newMoment(at.UnixMicro(), of.items)
	if err := m.find(ctx, of.Agent); err != nil {
		return MachineDetail{}, err
	}
	was, err := s.stateThen(ctx, of, m)
	if err != nil {
		return MachineDetail{}, err
	}
	v := MachineDetail{Description: of.Description, Serial: of.Serial, UUID: of.UUID, Items: make([]Item, len(of.items))}
	v.Machine = s.show(of, func(it *item) plant.Latest {
		if it == nil {
			return plant.Latest{}
		}
		l, _, _ := m.latest(m.items[it.ID])
		return l
	})
	v.State, v.Word, v.Rule, v.Since, v.SinceBefore = was.State, was.Word, was.Rule, was.Since, was.SinceBefore
	for i, it := range of.items {
		l, observed, whole := m.latest(m.items[it.ID])
		v.Items[i] = newItem(it, l, observed)
		if !whole {
			v.Items[i].Value, v.Items[i].Incomplete = nil, true
			v.Incomplete = true
		}
	}
	return v, nil
}
