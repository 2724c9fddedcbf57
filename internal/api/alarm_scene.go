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
	service   *Service
	breaks    *breaks
	ledger    *runLedger
	intervals map[plant.DeviceID][]insight.Interval
	programs  map[plant.ItemID][]plant.Observation
	// left is how many observations of programs may still be read; what is not read
	// is not known.
	left int
}

// readScene reads what was so when activations were raised: of those of the range at
// once, and of each that is older by itself.
func (s *Service) readScene(ctx context.Context, r *alarmReading, list []insight.Activation) (*scene, error) {
	v := &scene{
		service: s, breaks: newBreaks(s), ledger: &r.ledger, intervals: make(map[plant.DeviceID][]insight.Interval),
		programs: make(map[plant.ItemID][]plant.Observation), left: MaxAlarmObservations,
	}
	all := insight.Window{From: r.to, To: r.from}
	spans := make(map[*machine]insight.Window)
	programs := make(map[plant.ItemID]bool)
	for _, a := range list {
		it := r.items[a.Item]
		at := insight.Window{From: a.Raised - 1, To: a.Raised + 1}
		p := programOf(it)
		if a.Raised >= r.from {
			spans[it.machine] = widen(spans[it.machine], at)
			all = widen(all, at)
			if p != nil {
				programs[p.ID] = true
			}
			continue
		}
		if err := v.readStates(ctx, it.machine, at, r.now); err != nil {
			return nil, err
		}
		if p != nil {
			if err := v.readPrograms(ctx, []plant.ItemID{p.ID}, at); err != nil {
				return nil, err
			}
		}
	}
	for m, span := range spans {
		if err := v.readStates(ctx, m, span, r.now); err != nil {
			return nil, err
		}
	}
	if len(programs) > 0 {
		if err := v.readPrograms(ctx, slices.Sorted(maps.Keys(programs)), all); err != nil {
			return nil, err
		}
	}
	for _, said := range v.programs {
		slices.SortFunc(said, inOrder)
	}
	return v, nil
}

// widen makes a window hold another one; an empty window becomes it.
func widen(w, other insight.Window) insight.Window {
	if w.From >= w.To {
		return other
	}
	return insight.Window{From: min(w.From, other.From), To: max(w.To, other.To)}
}

func (v *scene) readStates(ctx context.Context, m *machine, in insight.Window, now int64) error {
	intervals, err := v.service.history(ctx, v.breaks, m, in.From, in.To, max(now, in.To))
	if err == nil {
		v.intervals[m.ID] = append(v.intervals[m.ID], intervals...)
	}
	return err
}

func (v *scene) readPrograms(ctx context.Context, items []plant.ItemID, in insight.Window) error {
	for o, err := range v.service.reader.ItemObservations(ctx, items, in.From, in.To, true) {
		if err != nil {
			return err
		}
		if v.left--; v.left < 0 {
			return nil
		}
		v.programs[o.Item] = append(v.programs[o.Item], o)
	}
	return nil
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
// Where an alarm was the last that was heard, what was so until then counts.
func (v *scene) state(m *machine, a insight.Activation) plant.State {
	var before plant.State
	for _, i := range v.intervals[m.ID] {
		if i.To == a.Raised {
			before = i.State
		}
		if i.From <= a.Raised && a.Raised < i.To {
			if i.State == 0 && i.From == a.Raised {
				return before
			}
			return i.State
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
