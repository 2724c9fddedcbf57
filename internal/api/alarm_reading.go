package api

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// alarmReading is what was said of some conditions in a range of time, and as much
// of what was said before and after as it takes to know how their alarms began and
// ended.
type alarmReading struct {
	reader store.Reader
	items  map[plant.ItemID]*item
	// from and to bound the agent's timestamps; now is the present.
	from, to, now int64
	said          map[plant.ItemID][]plant.Observation
	ledger        runLedger
	left          historyLimit
	// short is set where the ends of all alarms could not be looked for, late where the
	// beginnings could not.
	short, late bool
}

// problem says for people what could not be told; nothing where all was.
func (r *alarmReading) problem() string {
	var list []string
	if r.late {
		list = append(list, "conditions said more before the range than is read: alarms that had been raised before may stand too late or be left out")
	}
	if r.ledger.locator != nil {
		list = append(list, r.ledger.locator.problem())
	}
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), "; ")
}

// readAlarms gives the activations of conditions that were active in from ≤ time < to,
// of each item in the order in which they were raised. Invalid where more was said
// of them in the range than may be read; of what was said before and after, what is
// found within the limit stands.
func (s *Service) readAlarms(ctx context.Context, items []*item, from, to int64) (*alarmReading, []insight.Activation, error) {
	r := &alarmReading{
		reader: s.reader, items: make(map[plant.ItemID]*item), from: from, to: to, now: s.now().UnixMicro(),
		said: make(map[plant.ItemID][]plant.Observation),
		left: historyLimit{observations: MaxAlarmObservations, text: MaxAlarmBytes},
	}
	for _, it := range items {
		r.items[it.ID] = it
	}
	if len(items) == 0 {
		return r, nil, nil
	}
	before, err := r.read(ctx, slices.Collect(maps.Keys(r.items)), from, to)
	if err != nil {
		return nil, nil, err
	}
	if before == nil {
		return nil, nil, plant.Errorf(plant.Invalid, "from: conditions said more in the range than the %d observations that are read at once; narrow the range, or name a machine", MaxAlarmObservations)
	}
	if err := r.lookBack(ctx, before); err != nil {
		return nil, nil, err
	}
	r.ledger = runLedger{locator: newLocator(s.reader, math.MinInt64), inventory: s.inventory.Load(), items: withPrograms(items)}
	if err := r.ledger.load(ctx, r.said, from, to); err != nil {
		return nil, nil, err
	}
	all := r.activations()
	open := make(map[plant.ItemID]bool)
	for _, a := range all {
		if a.Active() && a.Raised < to && !s.stillActive(a) {
			open[a.Item] = true
		}
	}
	if len(open) > 0 && to < r.now {
		if err := r.lookForward(ctx, open); err != nil {
			return nil, nil, err
		}
		all = r.activations()
	}
	return r, slices.DeleteFunc(all, func(a insight.Activation) bool {
		return a.Raised >= to || !a.Active() && max(a.Cleared, a.Raised+1) <= from
	}), nil
}

// withPrograms gives data items with those that name the programs of their machines.
func withPrograms(items []*item) map[plant.ItemID]*item {
	all := make(map[plant.ItemID]*item)
	for _, it := range items {
		all[it.ID] = it
		for _, p := range it.machine.card.paths {
			if p.program != nil {
				all[p.program.ID] = p.program
			}
		}
	}
	return all
}

// stillActive reports whether what is known now has an activation among those that
// are active.
func (s *Service) stillActive(a insight.Activation) bool {
	l, ok := s.hub.Latest(a.Item)
	return ok && l.Run == a.Run && slices.ContainsFunc(l.Active, func(b plant.Activation) bool {
		return b.RaisedSequence == a.RaisedSequence && b.Alarm.Key() == a.Key
	})
}

// read takes what some conditions said in a range, with the last before it, which
// it gives; nil where that is more than may be read.
func (r *alarmReading) read(ctx context.Context, items []plant.ItemID, from, to int64) (map[plant.ItemID]plant.Observation, error) {
	before := make(map[plant.ItemID]plant.Observation)
	slices.Sort(items)
	for o, err := range r.reader.ItemObservations(ctx, items, from, to, true) {
		if err != nil {
			return nil, err
		}
		r.left.observations--
		r.left.text -= o.TextBytes()
		if r.left.observations < 0 || r.left.text < 0 {
			return nil, nil
		}
		if o.Time < from {
			before[o.Item] = o
		} else {
			r.said[o.Item] = append(r.said[o.Item], o)
		}
	}
	return before, nil
}

// lookBack reads what conditions said before the range: back to what settles them,
// or to the beginning of a run, as findHistories does for a moment.
func (r *alarmReading) lookBack(ctx context.Context, before map[plant.ItemID]plant.Observation) error {
	end := r.from
	for length := firstHistory; len(before) > 0; length = longer(length) {
		var open []plant.ItemID
		next := int64(math.MinInt64)
		for id, o := range before {
			if o.Settles() {
				r.said[id] = append(r.said[id], o)
				continue
			}
			open = append(open, id)
			next = max(next, o.Time+1)
		}
		if len(open) == 0 {
			return nil
		}
		end = min(end, next)
		from := end - length
		if from > end {
			from = math.MinInt64
		}
		first := make(map[plant.ItemID]int)
		for _, id := range open {
			first[id] = len(r.said[id])
		}
		found, err := r.read(ctx, open, from, end)
		if err != nil || found == nil {
			r.late = true
			return err
		}
		for id, o := range found {
			said := r.said[id][first[id]:]
			if slices.ContainsFunc(said, settles) || len(said) > 0 && said[0].Run != o.Run {
				delete(found, id)
			}
		}
		before, end = found, from
	}
	return nil
}

// lookForward reads what conditions said after the range, until no alarm that was
// raised before its end is active any more.
func (r *alarmReading) lookForward(ctx context.Context, open map[plant.ItemID]bool) error {
	from := r.to
	for length := firstHistory; len(open) > 0 && from < r.now; length = longer(length) {
		to := r.now + 1
		if length < to-from {
			to = from + length
		}
		kept := r.said
		r.said = make(map[plant.ItemID][]plant.Observation)
		before, err := r.read(ctx, slices.Collect(maps.Keys(open)), from, to)
		for id, said := range r.said {
			kept[id] = append(kept[id], said...)
		}
		r.said = kept
		if err != nil || before == nil {
			r.short = true
			return err
		}
		still := make(map[plant.ItemID]bool)
		for id := range open {
			for _, a := range r.ofItem(id) {
				if a.Active() && a.Raised < r.to {
					still[id] = true
				}
			}
		}
		open, from = still, to
	}
	return nil
}

// activations gives what is read, item by item.
func (r *alarmReading) activations() []insight.Activation {
	var all []insight.Activation
	for _, id := range slices.Sorted(maps.Keys(r.items)) {
		all = append(all, r.ofItem(id)...)
	}
	return all
}

func (r *alarmReading) ofItem(id plant.ItemID) []insight.Activation {
	said := r.said[id]
	slices.SortFunc(said, inOrder)
	return insight.Activations(said, r.ledger.interruptions(r.items[id]))
}
