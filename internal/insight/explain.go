package insight

import (
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// Explanation says why a machine is in its state.
type Explanation struct {
	// State is 0 where nothing is known that a rule looks at.
	State plant.State
	Rule  string
	// Rules are all rules in the order in which they are looked at.
	Rules []Finding
	// Inputs are the data items that rules look at, in the order of the model.
	Inputs []Input
}

// Finding is what came of one rule.
type Finding struct {
	Name  string
	State plant.State
	// Holds is true where the rule holds, Chosen where it is the one that decides:
	// the first that holds.
	Holds, Chosen bool
}

// Input is a data item that rules look at.
type Input struct {
	Item plant.ItemID
	// Decides is true where the rule that decides holds by what the data item says,
	// whatever others of its kind say.
	Decides bool
}

// Explain says why the machine is in its state by what the tracker knows. waited is
// true where it has stopped since it waits for too long, as Rules.Waited says.
func (m *Machine) Explain(waited bool) Explanation {
	var e Explanation
	v := m.rules.look(m.inputs)
	var chosen *rule
	for i := range rules {
		r := &rules[i]
		holds := r.holds(v)
		first := holds && chosen == nil
		if first {
			chosen, e.State, e.Rule = r, r.state, r.name
		}
		late := first && r.name == ruleWaiting && waited
		if late {
			e.State, e.Rule = plant.Stopped, ruleWaited
		}
		e.Rules = append(e.Rules, Finding{Name: r.name, State: r.state, Holds: holds, Chosen: first && !late})
		if r.name == ruleWaiting {
			e.Rules = append(e.Rules, Finding{Name: ruleWaited, State: plant.Stopped, Holds: holds && waited, Chosen: late})
		}
	}
	for i := range m.inputs {
		e.Inputs = append(e.Inputs, Input{Item: m.inputs[i].item, Decides: chosen != nil && m.decides(chosen, i)})
	}
	return e
}

// decides reports whether a rule holds where an input is the only one of its kind.
func (m *Machine) decides(r *rule, at int) bool {
	in := m.inputs[at]
	if in.knows == unseen || !slices.Contains(r.roles, in.role) {
		return false
	}
	alone := slices.Clone(m.inputs)
	for i := range alone {
		if i != at && alone[i].role == in.role {
			alone[i].forget()
		}
	}
	return r.holds(m.rules.look(alone))
}

// RuleNoLink is the rule that observations cannot tell: the link to the agent does.
const RuleNoLink = "1 no link"

// RuleText says in a sentence when a rule holds; empty for a name that is none.
func RuleText(name string) string {
	switch name {
	case RuleNoLink:
		return "The agent is not heard, or no longer has the machine."
	case "2 unavailable":
		return "The agent says that the machine is unavailable."
	case "3 emergency stop":
		return "An emergency stop is triggered."
	case "3 active fault":
		return "A fault of the controller, a path, the system or the machine itself is active, and no program is being executed."
	case "5 executing":
		return "A program is being executed in automatic mode."
	case "5 executing, mode assumed automatic":
		return "A program is being executed; the mode is not known and taken to be automatic."
	case ruleWaiting:
		return "The program waits for something and goes on by itself."
	case ruleWaited:
		return "The program has waited for longer than the machine's rules allow."
	case "4 manual mode":
		return "A person works in a manual mode, and no program runs automatically."
	case "6 feed override 0":
		return "A program is being executed with the feed override at 0."
	case "6 stopped within the program":
		return "The program is stopped and has not ended: feed hold, interrupted, program stop or optional stop."
	case "7 ready":
		return "No program is under way: ready, stopped or completed."
	case "2 execution unknown":
		return "The agent does not know, or does not say in words of the standard, what is being executed."
	case "7 available":
		return "The machine is available, and nothing else is known that says what it does."
	}
	return ""
}
