package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// AlarmDetail is one activation with what else happened within AlarmContext of its
// raising, and with how it went before.
type AlarmDetail struct {
	AlarmEntry
	// From and To are the range of what else happened.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// States and Programs are those of the machine: first what was so at From, where
	// that is known, then each change. Others are the other alarms of the machine that
	// were active in the range, in the order in which they were raised. Of each there
	// are at most MaxContext.
	States   []StateStep  `json:"states"`
	Programs []ValueStep  `json:"programs"`
	Others   []AlarmEntry `json:"others"`
	// Earlier are the activations of the same alarm before this one, the newest first:
	// at most EarlierAlarms of the last AlarmHistory.
	Earlier []AlarmEntry `json:"earlier"`
}

// EarlierAlarms is how many earlier activations of an alarm are told.
const EarlierAlarms = 10

// StateStep is a machine's state from a moment on.
type StateStep struct {
	Time  time.Time `json:"time"`
	State string    `json:"state" enum:"no-link,offline,alarm,setup,running,stopped,idle,unknown"`
	Word  string    `json:"word"`
	Rule  string    `json:"rule,omitempty"`
}

// ValueStep is a value from a moment on; null where it is not known.
type ValueStep struct {
	Time  time.Time `json:"time"`
	Value *string   `json:"value"`
}

// Alarm gives one activation with what else happened. NotFound where nothing of that
// name is stored.
func (s *Service) Alarm(ctx context.Context, name string) (AlarmDetail, error) {
	missing := plant.Errorf(plant.NotFound, "id: there is no alarm %s; /api/v1/alarms lists them", quote(name))
	id, ok := parseAlarmID(name)
	if !ok {
		return AlarmDetail{}, missing
	}
	it := s.inventory.Load().byItem[id.item]
	if it == nil || it.Category != plant.Condition {
		return AlarmDetail{}, missing
	}
	around := insight.Window{From: id.raised - AlarmContext.Microseconds(), To: id.raised + AlarmContext.Microseconds() + 1}
	own, earlier, err := s.alarmHistory(ctx, it, id)
	if err != nil {
		return AlarmDetail{}, err
	}
	of := newOccurrences(earlier)
	at := slices.IndexFunc(earlier, func(a insight.Activation) bool { return idOf(a) == id })
	if at < 0 {
		return AlarmDetail{}, missing
	}
	a := earlier[at]
	entries, err := s.alarmEntries(ctx, own, earlierOf(of[keyOf(a)], a), of)
	if err != nil {
		return AlarmDetail{}, err
	}
	v := AlarmDetail{
		AlarmEntry: entries[0], Earlier: entries[1:], From: timeOf(around.From), To: timeOf(around.To - 1),
		States: []StateStep{}, Programs: []ValueStep{}, Others: []AlarmEntry{},
	}
	// How often it was raised is told of AlarmHistory up to now.
	all, others, err := s.readAlarms(ctx, it.machine.card.conditions, around.From, around.To)
	if err != nil {
		return AlarmDetail{}, err
	}
	slices.SortFunc(others, func(a, b insight.Activation) int { return idOf(b).compare(idOf(a)) })
	for _, other := range others {
		if idOf(other) != id && len(v.Others) < MaxContext {
			v.Others = append(v.Others, newAlarmEntry(all.items[other.Item], other, s.now()))
		}
	}
	return v, s.addScene(ctx, &v, it, around)
}

// alarmHistory reads the activations of a condition up to now, from AlarmHistory
// before one of them on, or from its raising on where that is too much.
func (s *Service) alarmHistory(ctx context.Context, it *item, id alarmID) (*alarmReading, []insight.Activation, error) {
	end := max(id.raised, s.now().UnixMicro()) + 1
	r, all, err := s.readAlarms(ctx, []*item{it}, id.raised-AlarmHistory.Microseconds(), end)
	if plant.ErrorCode(err) == plant.Invalid {
		return s.readAlarms(ctx, []*item{it}, id.raised, id.raised+1)
	}
	return r, all, err
}

// earlierOf gives an activation, and behind it the last ones of its alarm before it,
// the newest first.
func earlierOf(list []insight.Activation, a insight.Activation) []insight.Activation {
	i := slices.IndexFunc(list, func(other insight.Activation) bool { return idOf(other) == idOf(a) })
	found := slices.Clone(list[max(0, i-EarlierAlarms) : i+1])
	slices.Reverse(found)
	return found
}

// addScene adds what the machine did in a range.
func (s *Service) addScene(ctx context.Context, v *AlarmDetail, it *item, around insight.Window) error {
	intervals, err := s.history(ctx, newBreaks(s), it.machine, around.From, around.To, max(around.To, s.now().UnixMicro()))
	if err != nil {
		return err
	}
	for _, i := range intervals[:min(len(intervals), MaxContext)] {
		step := StateStep{Time: timeOf(i.From), State: stateSlug(i.State), Word: cmp.Or(i.State.String(), "Not known"), Rule: i.Rule}
		if i.From == around.From && i.Since != 0 {
			step.Time = timeOf(i.Since)
		}
		v.States = append(v.States, step)
	}
	p := programOf(it)
	if p == nil {
		return nil
	}
	for o, err := range s.reader.ItemObservations(ctx, []plant.ItemID{p.ID}, around.From, around.To, true) {
		if err != nil {
			return err
		}
		if len(v.Programs) == MaxContext {
			break
		}
		step := ValueStep{Time: timeOf(o.Time)}
		if o.Value.Kind == plant.Text {
			step.Value = &o.Value.Text
		}
		v.Programs = append(v.Programs, step)
	}
	return nil
}
