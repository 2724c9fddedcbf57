package insight

import (
	"strconv"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// role is what a data item tells of a machine's state.
type role uint8

const (
	none role = iota
	availability
	emergencyStop
	execution
	mode
	feedOverride
	fault
)

// input is a data item that has a role, and what it said last.
type input struct {
	item plant.ItemID
	role role
	// path is the PathID, empty for the whole device, and pathName its name.
	path, pathName string
	knows          knowledge
	text           string
	level          plant.Level
}

// says reports whether the value is the word, in any case.
func (in *input) says(word string) bool {
	return in.knows == known && strings.EqualFold(in.text, word)
}

func (in *input) isZero() bool {
	n, err := strconv.ParseFloat(in.text, 64)
	return err == nil && n == 0
}

// Machine follows the state of one machine. It is not safe for concurrent use.
type Machine struct {
	device plant.DeviceID
	rules  Rules
	inputs []input
	at     map[plant.ItemID]int
	run    plant.RunID
	// last is the last change.
	last plant.StateChange
}

// NewMachine gives the tracker of a device by its data items; those of other
// devices and those that are in no model are passed over. Nothing is known yet.
// The agent's own Agent device is no machine: its tracker has no inputs.
func NewMachine(device plant.Device, items []plant.DataItem, rules Rules) *Machine {
	m := &Machine{device: device.ID, rules: rules, at: make(map[plant.ItemID]int)}
	if device.IsAgent {
		return m
	}
	for i := range items {
		r := roleOf(&items[i])
		if r == none || items[i].Device != device.ID || items[i].Unmapped {
			continue
		}
		m.at[items[i].ID] = len(m.inputs)
		m.inputs = append(m.inputs, input{item: items[i].ID, role: r, path: items[i].PathID, pathName: pathName(&items[i])})
	}
	return m
}

// pathName is the name of the Path component that an item stands in; empty where
// it has none.
func pathName(item *plant.DataItem) string {
	_, name, _ := strings.Cut(item.Path, "Path[")
	name, _, _ = strings.Cut(name, "]")
	return name
}

// faultComponents are the components whose faults keep a machine from working.
var faultComponents = map[string]bool{
	"": true, "Device": true, "Controller": true, "Path": true, "System": true, "Systems": true,
}

// roleOf gives the role of a data item. Overrides were samples of the feed rate
// before they had a type of their own.
func roleOf(item *plant.DataItem) role {
	if item.Category == plant.Condition {
		if faultComponents[item.ComponentType] {
			return fault
		}
		return none
	}
	switch item.Type {
	case "AVAILABILITY":
		if item.Path == "" {
			return availability
		}
	case "EMERGENCY_STOP":
		return emergencyStop
	case "EXECUTION":
		return execution
	case "CONTROLLER_MODE":
		return mode
	case "PATH_FEEDRATE_OVERRIDE":
		if item.SubType != "RAPID" && item.SubType != "JOG" {
			return feedOverride
		}
	case "PATH_FEEDRATE":
		if item.SubType == "OVERRIDE" {
			return feedOverride
		}
	}
	return none
}

// Follows reports whether an item has a part in the state.
func (m *Machine) Follows(item plant.ItemID) bool {
	_, ok := m.at[item]
	return ok
}

// Load makes the tracker know what the store knows: the newest of each data
// item, in any order, and the last change of the state (the zero StateChange
// where there was none). What comes of observations after that is the same as if
// the tracker had seen all those before.
func (m *Machine) Load(latest []plant.Latest, last plant.StateChange) {
	for i := range m.inputs {
		m.inputs[i].forget()
	}
	m.run, m.last = 0, last
	for i := range latest {
		if m.Follows(latest[i].Item) {
			m.run = max(m.run, latest[i].Run)
		}
	}
	for i := range latest {
		if at, ok := m.at[latest[i].Item]; ok && latest[i].Run == m.run {
			m.inputs[at].take(&latest[i])
		}
	}
}

// Resume makes a change the last one, for who knows better when the state became
// what it is.
func (m *Machine) Resume(last plant.StateChange) { m.last = last }

// SetRules makes the rules those by which the state is decided from now on.
func (m *Machine) SetRules(rules Rules) { m.rules = rules }

// Apply takes in what became known of an item with one observation. It gives the
// change of the state, or of the rule that decides it, where it makes one: the first
// state of a run is one too, since it was not known what the machine did before, and
// so is one that holds at an earlier time than the last, since the clock was put back.
// Observations of another run than before end all that was known: a run is applied
// whole, and the numbers of runs rise.
func (m *Machine) Apply(l plant.Latest) (plant.StateChange, bool) {
	if !m.take(&l) {
		return plant.StateChange{}, false
	}
	state, rule := m.rules.decide(m.inputs)
	goesOn := l.Run == m.last.Run && state == m.last.State && !m.putBack(&l)
	if state == 0 || goesOn && rule == m.last.Rule {
		return plant.StateChange{}, false
	}
	change := plant.StateChange{
		Device: m.device, Run: l.Run, Sequence: l.Sequence, Time: l.Time, Since: l.Time, State: state, Rule: rule,
	}
	if goesOn && !m.rules.Waited(m.last, l.Time) {
		change.Since = m.last.Since
	}
	m.last = change
	return change, true
}

// putBack reports whether the agent's clock was put back behind the last change. The
// state is one anew from there on, since what was said later holds.
func (m *Machine) putBack(l *plant.Latest) bool {
	return l.Run == m.last.Run && l.Sequence > m.last.Sequence && l.Time < m.last.Time
}

// Doubt takes an item for unknown, as an agent that starts says of each of its
// items, and decides nothing: it is for items of which the agent has said
// something in a run that is applied next, and of which that was not the first.
func (m *Machine) Doubt(run plant.RunID, item plant.ItemID) {
	m.take(&plant.Latest{Observation: plant.Observation{Run: run, Item: item}})
}

// take makes the input of an item say what the item says now. It reports whether
// the item has a part in the state.
func (m *Machine) take(l *plant.Latest) bool {
	at, ok := m.at[l.Item]
	if !ok {
		return false
	}
	if l.Run != m.run {
		for i := range m.inputs {
			m.inputs[i].forget()
		}
		m.run = l.Run
	}
	m.inputs[at].take(l)
	return true
}

func (in *input) forget() {
	*in = input{item: in.item, role: in.role, path: in.path, pathName: in.pathName}
}

// take makes the input say what the item says now.
func (in *input) take(l *plant.Latest) {
	in.forget()
	switch {
	case l.Alarm != nil:
		in.level = l.Level()
		in.knows = known
		if in.level == plant.LevelUnavailable {
			in.knows = unknown
		}
	case l.Value.Kind == plant.Unknown:
		in.knows = unknown
	case l.Value.Kind == plant.Number:
		in.knows, in.text = known, strconv.FormatFloat(l.Value.Number, 'g', -1, 64)
	default:
		in.knows, in.text = known, l.Value.Text
	}
}
