package api

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Machines gives the machines that the agents have, by agent and name.
func (s *Service) Machines(context.Context) ([]Machine, error) {
	machines := []Machine{}
	for _, m := range s.inventory.Load().machines {
		if m.onFloor() && s.isRead(m.agent.Agent) {
			machines = append(machines, s.machine(m))
		}
	}
	return machines, nil
}

// onFloor reports whether the device is a machine that its agent still has.
func (m *machine) onFloor() bool { return m.Present && !m.IsAgent }

// title is what people call the machine.
func (m *machine) title() string { return cmp.Or(m.Name, m.UUID, m.Slug) }

// machineName is what people of the plant call the machine.
func (s *Service) machineName(m *machine) string {
	return cmp.Or(s.shop().Machine(m.Slug).Name, m.title())
}

// Machine gives a machine with all its data items. It knows the agents' own
// devices too, and machines that their agent no longer has. NotFound where there
// is none with the slug.
func (s *Service) Machine(_ context.Context, slug string) (MachineDetail, error) {
	m, err := s.findMachine(slug)
	if err != nil {
		return MachineDetail{}, err
	}
	detail := MachineDetail{
		Machine: s.machine(m), Description: m.Description, Serial: m.Serial, UUID: m.UUID,
		Items: make([]Item, len(m.items)),
	}
	for i, it := range m.items {
		detail.Items[i] = s.item(it)
	}
	return detail, nil
}

func (s *Service) findMachine(slug string) (*machine, error) {
	if m := s.inventory.Load().bySlug[slug]; m != nil {
		return m, nil
	}
	return nil, plant.Errorf(plant.NotFound, "machine: there is none called %s; /api/v1/machines lists them", quote(slug))
}

// quote quotes what a client sent, cut to a length that suits a message.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// machine gives the card of a machine now.
func (s *Service) machine(m *machine) Machine {
	v := s.show(m, s.latest)
	s.state(&v, m)
	return v
}

// show gives the card of a machine but for its state, from what latest knows of
// its data items.
func (s *Service) show(m *machine, latest func(*item) plant.Latest) Machine {
	said := s.shop().Machine(m.Slug)
	v := Machine{
		Slug: m.Slug, Name: s.machineName(m), Area: said.Area, Agent: m.agent.Name,
		Manufacturer: m.Manufacturer, Model: m.Model,
		Conditions: m.conditions(latest),
	}
	for i, p := range m.card.paths {
		shown := Path{Name: p.name, Program: textOf(latest(p.program)), Mode: textOf(latest(p.mode)), Execution: textOf(latest(p.execution))}
		if i == 0 {
			v.Program, v.Mode, v.Execution = shown.Program, shown.Mode, shown.Execution
		}
		if len(m.card.paths) > 1 {
			v.Paths = append(v.Paths, shown)
		}
	}
	for _, it := range m.card.parts {
		if n, ok := numberOf(latest(it)); ok {
			v.Parts = &n
			break
		}
	}
	return v
}

// state fills in what the machine is doing: what was observed, and no link while
// nothing can be observed.
func (s *Service) state(v *Machine, m *machine) {
	status := s.status(m.agent.Agent)
	change, known := s.hub.State(m.ID)
	if known && status.Link.Up() && m.Present {
		is := s.doing(m, change, m.early, s.now().UnixMicro())
		v.State, v.Word, v.Rule, v.Since, v.SinceBefore = is.State, is.Word, is.Rule, is.Since, is.SinceBefore
		return
	}
	v.State, v.Word = plant.NoLink.Slug(), plant.NoLink.String()
	v.LastState, v.LastSeen = change.State.Slug(), s.lastSeen(m, status)
	switch {
	case !status.Link.Up():
		v.LinkError, v.Since = status.Error, instant(status.Since)
		v.Retry = instant(status.Retry)
	case !m.Present:
		v.LinkError = "the agent no longer has this machine"
	default:
		v.LinkError = "nothing has been observed of this machine yet"
	}
}

// lastSeen is when the agent was heard last, or what the machine's newest
// observation says; nil where it never was.
func (s *Service) lastSeen(m *machine, status plant.AgentStatus) *time.Time {
	if !status.LastDocument.IsZero() && m.Present {
		return instant(status.LastDocument)
	}
	newest := int64(math.MinInt64)
	for _, it := range m.items {
		if l, ok := s.hub.Latest(it.ID); ok {
			newest = max(newest, l.Time)
		}
	}
	if newest == math.MinInt64 {
		return nil
	}
	t := timeOf(newest)
	return &t
}

// instant gives a time in UTC, nil where it is zero.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// latest gives what is known now of a data item: nothing where there is none.
func (s *Service) latest(it *item) plant.Latest {
	if it == nil {
		return plant.Latest{}
	}
	l, _ := s.hub.Latest(it.ID)
	return it.present(l)
}

// present gives what the newest that was observed of a data item says of now. An
// agent that started anew, and has not said anything of it since, does not know
// it.
func (it *item) present(l plant.Latest) plant.Latest {
	if l.Run < it.machine.agent.run.ID {
		return forgotten(l)
	}
	return l
}

// forgotten gives what is left of what was known: that there was something, at the
// time of the last observation.
func forgotten(l plant.Latest) plant.Latest {
	l.Value, l.Active, l.Merged = plant.Value{}, nil, ""
	if l.Alarm != nil {
		l.Alarm = &plant.Alarm{Level: plant.LevelUnavailable}
	}
	return l
}

// textOf gives the text of an event; nil where it is not known.
func textOf(l plant.Latest) *string {
	if l.Value.Kind != plant.Text {
		return nil
	}
	return &l.Value.Text
}

// numberOf gives the number of a sample, or of an event whose text is one.
func numberOf(l plant.Latest) (float64, bool) {
	switch l.Value.Kind {
	case plant.Number:
		return l.Value.Number, true
	case plant.Text:
		n, err := strconv.ParseFloat(l.Value.Text, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	default:
		return 0, false
	}
}

// conditions gives a machine's active warnings and faults, the gravest first, of
// these the oldest.
func (m *machine) conditions(latest func(*item) plant.Latest) []Condition {
	type active struct {
		Condition
		level plant.Level
	}
	var all []active
	for _, it := range m.card.conditions {
		l := latest(it)
		for i, c := range activeOf(it.DataItem, l) {
			all = append(all, active{c, l.Active[i].Alarm.Level})
		}
	}
	slices.SortStableFunc(all, func(a, b active) int {
		return cmp.Or(cmp.Compare(b.level, a.level), a.Since.Compare(b.Since))
	})
	var conditions []Condition
	for _, a := range all {
		conditions = append(conditions, a.Condition)
	}
	return conditions
}

// activeOf gives the active activations of a condition, the oldest first.
func activeOf(d plant.DataItem, l plant.Latest) []Condition {
	var conditions []Condition
	for _, a := range l.Active {
		conditions = append(conditions, Condition{
			Item: d.DataItemID, Type: d.Type, Component: d.Path,
			Level: a.Alarm.Level.String(), NativeCode: a.Alarm.NativeCode,
			NativeSeverity: a.Alarm.NativeSeverity, Qualifier: a.Alarm.Qualifier,
			ConditionID: a.Alarm.ConditionID, Text: a.Alarm.Text, Since: timeOf(a.Raised),
		})
	}
	return conditions
}

// item gives a data item with what is known of it now.
func (s *Service) item(it *item) Item {
	l, observed := s.hub.Latest(it.ID)
	return newItem(it, it.present(l), observed)
}

// newItem gives a data item with what is known of it.
func newItem(it *item, l plant.Latest, observed bool) Item {
	v := Item{
		ID: it.ID, DataItemID: it.DataItemID, Name: it.Name,
		Category: it.Category.String(), Type: it.Type, SubType: it.SubType,
		Units: it.Units, NativeUnits: it.NativeUnits, Representation: it.Representation, Component: it.Path,
	}
	if !observed {
		return v
	}
	at := timeOf(l.Time)
	v.Observed, v.Time, v.Sequence = true, &at, l.Sequence
	v.Value, v.Active = currentValue(l), activeOf(it.DataItem, l)
	return v
}

// currentValue gives a value as JSON has it.
func currentValue(l plant.Latest) any {
	if l.Alarm != nil {
		if level := l.Level(); level > plant.LevelUnavailable {
			return level.String()
		}
		return nil
	}
	switch l.Value.Kind {
	case plant.Number:
		return l.Value.Number
	case plant.Text:
		return l.Value.Text
	case plant.Set:
		return json.RawMessage(cmp.Or(l.Merged, l.Value.Text))
	default:
		return nil
	}
}
