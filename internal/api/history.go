package api

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// A history is read backwards in steps, each historyGrowth times as long as the
// one before, since what settles a condition is most often near and may be
// anywhere.
const (
	firstHistory  = int64(time.Hour / time.Microsecond)
	historyGrowth = 24
)

// findHistories reads, of the data items whose last observation does not tell all
// that was known, those before it: back to one that settles it, to the run's
// beginning, or to where a baseline or a gap makes the rest of no account. There
// are limits to it; what is found until then stands.
func (m *moment) findHistories(ctx context.Context) error {
	open := make(map[plant.ItemID]*past)
	for id, p := range m.items {
		if p.now != nil || p.last == nil || p.last.Run != m.run.ID {
			continue
		}
		if p.older = p.last.Sequence < m.floor(p); !p.older && !p.last.Settles() {
			open[id] = p
		}
	}
	limit := historyLimit{observations: MaxHistory, text: MaxPageBytes}
	end := m.at + 1
	for length := firstHistory; len(open) > 0; length = longer(length) {
		from := end - length
		if from > end {
			from = math.MinInt64
		}
		step, err := m.step(ctx, open, from, end, &limit)
		if err != nil || step == nil {
			return err
		}
		end = math.MinInt64
		for id, p := range open {
			said := step.within[id]
			p.history = append(p.history, said...)
			before, more := step.before[id]
			p.begun = !more || before.Run != m.run.ID
			p.older = !p.begun && before.Sequence < m.floor(p)
			if p.begun || p.older || slices.ContainsFunc(said, settles) {
				delete(open, id)
				continue
			}
			end = max(end, before.Time+1)
		}
	}
	return nil
}

// floor is the number before which nothing that was said of a data item is of
// account.
func (m *moment) floor(p *past) int64 {
	if p.base != nil && p.base.at > m.gap {
		return p.base.at
	}
	return m.gap
}

func settles(o plant.Observation) bool { return o.Settles() }

// longer gives the length of the step behind one of a length.
func longer(length int64) int64 {
	if length > math.MaxInt64/historyGrowth {
		return math.MaxInt64
	}
	return length * historyGrowth
}

// historyStep is what a step back found.
type historyStep struct {
	// within is the observations of the run in the time of the step, before the last
	// one before it.
	within map[plant.ItemID][]plant.Observation
	before map[plant.ItemID]plant.Observation
}

// historyLimit is what may still be read.
type historyLimit struct{ observations, text int }

// step reads what data items said in a range of time, and the last before it; nil
// where that is more than may be read.
func (m *moment) step(ctx context.Context, open map[plant.ItemID]*past, from, end int64, left *historyLimit) (*historyStep, error) {
	s := &historyStep{within: make(map[plant.ItemID][]plant.Observation), before: make(map[plant.ItemID]plant.Observation)}
	items := make([]plant.ItemID, 0, len(open))
	for id := range open {
		items = append(items, id)
	}
	for o, err := range m.reader.ItemObservations(ctx, items, from, end, true) {
		if err != nil {
			return nil, err
		}
		left.observations--
		left.text -= o.TextBytes()
		if left.observations < 0 || left.text < 0 {
			return nil, nil
		}
		switch {
		case o.Time < from:
			s.before[o.Item] = o
		case o.Run == m.run.ID:
			s.within[o.Item] = append(s.within[o.Item], o)
		}
	}
	return s, nil
}
