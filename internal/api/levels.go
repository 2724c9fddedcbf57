package api

import (
	"context"
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
)

// levels makes of what a condition said over a range, in order of time with the
// last observation before it in front, what level it had from there on: the gravest
// of the activations that were active. The observations of other data items stay as
// they are. What was active when the range began is found as for a moment of the
// past.
func (s *Service) levels(ctx context.Context, it *item, first int64, said iter.Seq2[plant.Summary, error]) iter.Seq2[plant.Summary, error] {
	if it.Category != plant.Condition {
		return said
	}
	var latest plant.Latest
	begun := false
	return func(yield func(plant.Summary, error) bool) {
		for sum, err := range said {
			if err != nil {
				yield(sum, err)
				return
			}
			o := sum.First
			if o.Time < first && !o.Settles() && !begun {
				if latest, err = s.conditionAt(ctx, it, first-1); err != nil {
					yield(sum, err)
					return
				}
			} else {
				latest.Apply(o.Run, o)
			}
			begun = true
			if o.Alarm != nil {
				o.Alarm = &plant.Alarm{Level: latest.Level()}
			}
			if !yield(plant.Single(o), nil) {
				return
			}
		}
	}
}

// conditionAt gives what was known of a condition at a moment of the past. What
// else may have been active and is not known to be does not count.
func (s *Service) conditionAt(ctx context.Context, it *item, at int64) (plant.Latest, error) {
	m := s.newMoment(at, nil)
	for _, other := range it.machine.items {
		m.items[other.ID] = new(past)
	}
	if err := m.find(ctx, it.machine.Agent); err != nil {
		return plant.Latest{}, err
	}
	latest, _, _ := m.latest(m.items[it.ID])
	return latest, nil
}
