package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// AlarmQuery asks for alarms: those that are active now, or those of a range of
// time.
type AlarmQuery struct {
	// Active asks for those that are active now, whatever the range is; only the
	// filters count then.
	Active bool
	// From and To bound the time in which an alarm was active: From ≤ time < To.
	// Without From it is the last DefaultRange before To; without To it ends now, or
	// with the newest that a condition said where that is later by the agent's clock.
	From, To time.Time
	// Machine is the slug of a machine: all machines where it is empty.
	Machine string
	// Level is fault or warning; both where it is empty.
	Level string
	// Text is words that must all stand somewhere in what is said of an alarm.
	Text string
	// After is the Next of the page before; empty for the first one.
	After string
	// Limit is how many are wanted: DefaultPage where it is 0.
	Limit int
}

// Alarms is a list of alarms: those of a range the newest first, the active ones the
// gravest first and of these the longest.
type Alarms struct {
	Items []AlarmEntry `json:"items"`
	// Next is given as "after" to get the part that follows; it is left out where the
	// list ends.
	Next string `json:"next,omitempty"`
	// Total is how many there are in all.
	Total int `json:"total"`
	// Newest is the active one that was raised last; left out for those of a range.
	Newest *AlarmEntry `json:"newest,omitempty"`
	// Unknown are the names of the agents that are away: whether alarms of their
	// machines are active is not known.
	Unknown []string `json:"unknown,omitempty"`
	// From and To are the range; left out for the active ones.
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// Alarms gives a page of the active alarms, from what is known now, or of those of a
// range. Invalid for a range, level, cursor or limit that cannot be, and for a range
// in which more was said than is read at once; NotFound where there is no such
// machine.
func (s *Service) Alarms(ctx context.Context, q AlarmQuery) (Alarms, error) {
	if _, err := levelOf(q.Level); err != nil {
		return Alarms{}, err
	}
	if _, err := checkCount("limit", q.Limit, DefaultPage, 1, MaxPage); err != nil {
		return Alarms{}, err
	}
	machines := s.inventory.Load().machines
	if q.Machine != "" {
		m, err := s.findMachine(q.Machine)
		if err != nil {
			return Alarms{}, err
		}
		machines = []*machine{m}
	}
	if q.Active {
		return s.activeAlarms(machines, q)
	}
	return s.pastAlarms(ctx, machines, q)
}

// pastAlarms gives a page of the alarms of a range.
func (s *Service) pastAlarms(ctx context.Context, machines []*machine, q AlarmQuery) (Alarms, error) {
	conditions := conditionsOf(machines)
	from, to, err := s.pastRange(q.From, q.To)
	if err != nil {
		return Alarms{}, err
	}
	if q.To.IsZero() {
		to = max(to, s.newestOf(conditions)+1)
	}
	var after alarmID
	if q.After != "" {
		ok := false
		if after, ok = parseAlarmID(q.After); !ok {
			return Alarms{}, errCursor(q.After)
		}
	}
	reading, all, err := s.readAlarms(ctx, conditions, from, to)
	if err != nil {
		return Alarms{}, err
	}
	known := newOccurrences(all)
	level, _ := levelOf(q.Level)
	wanted := slices.DeleteFunc(all, func(a insight.Activation) bool {
		return level != plant.LevelNone && a.Level != level || !alarmMatches(reading.items[a.Item], a, q.Text)
	})
	slices.SortFunc(wanted, func(a, b insight.Activation) int { return idOf(a).compare(idOf(b)) })
	v := Alarms{Items: []AlarmEntry{}, Total: len(wanted), Problem: reading.problem(), From: instant(timeOf(from)), To: instant(timeOf(to))}
	if q.After != "" {
		wanted = wanted[afterAlarm(wanted, after):]
	}
	if limit := cmp.Or(q.Limit, DefaultPage); len(wanted) > limit {
		wanted = wanted[:limit]
		v.Next = idOf(wanted[limit-1]).String()
	}
	v.Items, err = s.alarmEntries(ctx, reading, wanted, known)
	return v, err
}

// afterAlarm gives the place of the first alarm behind one, in a list that has the
// newest first.
func afterAlarm(list []insight.Activation, after alarmID) int {
	i, found := slices.BinarySearchFunc(list, after, func(a insight.Activation, id alarmID) int { return idOf(a).compare(id) })
	if found {
		i++
	}
	return i
}

// pastRange gives a range in microseconds that ends no later than now.
func (s *Service) pastRange(from, to time.Time) (first, end int64, err error) {
	if now := s.now(); to.IsZero() || to.After(now) {
		to = now
	}
	return s.microseconds(from, to)
}

// newestOf is when the newest was said by data items, in microseconds; 0 where nothing
// was.
func (s *Service) newestOf(items []*item) int64 {
	newest := int64(0)
	for _, it := range items {
		if l, ok := s.hub.Latest(it.ID); ok {
			newest = max(newest, l.Time)
		}
	}
	return newest
}

// conditionsOf gives the conditions of machines.
func conditionsOf(machines []*machine) []*item {
	var items []*item
	for _, m := range machines {
		if !m.IsAgent {
			items = append(items, m.card.conditions...)
		}
	}
	return items
}

// alarmEntries gives activations with what the machines had and did when they were
// raised, how often they were and how long they last.
func (s *Service) alarmEntries(ctx context.Context, r *alarmReading, list []insight.Activation, known occurrences) ([]AlarmEntry, error) {
	scene, err := s.readScene(ctx, r, list)
	if err != nil {
		return nil, err
	}
	entries := make([]AlarmEntry, len(list))
	for i, a := range list {
		it := r.items[a.Item]
		e := newAlarmEntry(it, a, s.now())
		e.Count, e.UsualSeconds = known.count(a, r.from), known.usual(a)
		e.Program = scene.program(it, a)
		if r.short && a.Active() && !s.stillActive(a) {
			e.Doubt = "its end was not looked for, since too much was said in the range"
		}
		if state := scene.state(it.machine, a); state != 0 {
			e.State, e.Word = state.Slug(), state.String()
		}
		entries[i] = e
	}
	return entries, nil
}
