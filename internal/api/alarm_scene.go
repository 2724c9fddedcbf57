package api

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// scene is what machines did while some alarms were raised.
type scene struct {
	ledger   *runLedger
	states   map[plant.DeviceID][]plant.StateChange
	programs map[plant.ItemID][]plant.Observation
}

// readScene reads what was so when activations were raised. Of programs no more is
// read than MaxAlarmObservations; what was not read is not known.
func (s *Service) readScene(ctx context.Context, r *alarmReading, list []insight.Activation) (*scene, error) {
	v := &scene{ledger: &r.ledger, states: make(map[plant.DeviceID][]plant.StateChange), programs: make(map[plant.ItemID][]plant.Observation)}
	if len(list) == 0 {
		return v, nil
	}
	from, to := list[0].Raised, list[0].Raised
	programs := make(map[plant.ItemID]bool)
	spans := make(map[plant.DeviceID]insight.Window)
	for _, a := range list {
		from, to = min(from, a.Raised), max(to, a.Raised)
		m := r.items[a.Item].machine
		w, ok := spans[m.ID]
		if !ok {
			w = insight.Window{From: a.Raised, To: a.Raised}
		}
		spans[m.ID] = insight.Window{From: min(w.From, a.Raised), To: max(w.To, a.Raised)}
		if p := programOf(r.items[a.Item]); p != nil {
			programs[p.ID] = true
		}
	}
	for device, w := range spans {
		changes, err := s.reader.StatesBetween(ctx, device, w.From, w.To+1)
		if err != nil {
			return nil, err
		}
		v.states[device] = changes
	}
	if len(programs) == 0 {
		return v, nil
	}
	left := MaxAlarmObservations
	for o, err := range s.reader.ItemObservations(ctx, slices.Sorted(maps.Keys(programs)), from, to+1, true) {
		if err != nil {
			return nil, err
		}
		if left--; left < 0 {
			break
		}
		v.programs[o.Item] = append(v.programs[o.Item], o)
	}
	for id, said := range v.programs {
		slices.SortFunc(said, inOrder)
		v.programs[id] = said
	}
	return v, nil
}

// inOrder orders observations by run and number.
func inOrder(a, b plant.Observation) int {
	return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
}

// programOf gives the data item that names the program of the path of a condition,
// or of the first path; nil where there is none.
func programOf(it *item) *item {
	if p := pick(it.machine.items, it.PathID, "PROGRAM", programRank); it.PathID != "" && p != nil {
		return p
	}
	return it.machine.card.paths[0].program
}

// state gives what a machine did when an alarm was raised; 0 where it is not known.
func (v *scene) state(m *machine, a insight.Activation) plant.State {
	changes := v.states[m.ID]
	for _, c := range slices.Backward(changes) {
		if c.Run == a.Run && c.Sequence <= a.RaisedSequence {
			if v.ledger.carries(m.Agent, a.Run, c.Sequence, a.RaisedSequence) {
				return c.State
			}
			return 0
		}
	}
	return 0
}

// program gives the program that a machine had when an alarm was raised; nil where it
// is not known.
func (v *scene) program(it *item, a insight.Activation) *string {
	p := programOf(it)
	if p == nil {
		return nil
	}
	last, ok := v.ledger.told(it.machine.Agent, p.ID, a.Run, a.RaisedSequence)
	for _, o := range v.programs[p.ID] {
		if o.Run == a.Run && o.Sequence <= a.RaisedSequence && (!ok || o.Sequence > last.Sequence) {
			last, ok = o, true
		}
	}
	if !ok || last.Value.Kind != plant.Text || !v.ledger.carries(it.machine.Agent, a.Run, last.Sequence, a.RaisedSequence) {
		return nil
	}
	return &last.Value.Text
}
