package insight

import (
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// rule is one line of the table that decides a machine's state.
type rule struct {
	state plant.State
	// name is shown to people who ask why. Its number is that of the state.
	name  string
	holds func(*view) bool
	// roles are the data items that it looks at.
	roles []role
}

// The rules that time has a part in: a machine that waits runs at first, and has
// stopped when it waits too long.
const (
	ruleWaiting = "5 waiting"
	ruleWaited  = "6 waited too long"
)

// executionRoles are the data items that say what a program does.
var executionRoles = []role{execution, mode, feedOverride}

// rules decide the state of a machine: the first that holds does. "1 no link" is
// not among them, since observations cannot tell it: the read side adds it from
// the link.
//
// A path does not run in a manual mode, so running may stand before setup: where
// one path runs, the machine does, whatever the others are at.
var rules = []rule{
	{plant.Offline, "2 unavailable", func(v *view) bool { return v.availability == unknown }, []role{availability}},
	{plant.Alarmed, "3 emergency stop", func(v *view) bool { return v.emergency }, []role{emergencyStop}},
	{plant.Alarmed, "3 active fault", func(v *view) bool { return v.fault && !v.executing }, []role{fault, execution}},
	{plant.Running, "5 executing", func(v *view) bool { return v.running }, executionRoles},
	{plant.Running, "5 executing, mode assumed automatic", func(v *view) bool { return v.assumed }, executionRoles},
	{plant.Running, ruleWaiting, func(v *view) bool { return v.waiting }, executionRoles},
	{plant.Setup, "4 manual mode", func(v *view) bool { return v.manual }, []role{mode, execution}},
	{plant.Stopped, "6 feed override 0", func(v *view) bool { return v.held }, executionRoles},
	{plant.Stopped, "6 stopped within the program", func(v *view) bool { return v.stopped }, executionRoles},
	{plant.Idle, "7 ready", func(v *view) bool { return v.ready }, executionRoles},
	{plant.Offline, "2 execution unknown", func(v *view) bool { return v.lost }, []role{execution}},
	{plant.Idle, "7 available", func(v *view) bool { return v.availability == known }, []role{availability}},
}

// view is what the rules look at. Of several paths, one that it is true of is
// enough.
type view struct {
	availability knowledge
	emergency    bool
	// fault: a condition of the controller, a path, the system or the device
	// itself has an active fault.
	fault bool
	// executing: a program is being executed, in whatever mode.
	executing bool
	// running: executing automatically with a feed; assumed: the same where the
	// mode is not known; held: the same with the feed override at 0.
	running, assumed, held bool
	// waiting: the program waits for something and goes on by itself.
	waiting                bool
	manual, stopped, ready bool
	// lost: there is an execution, and it is not known or not understood.
	lost bool
}

// knowledge is what is known of an input.
type knowledge uint8

const (
	// unseen: nothing was observed, as where an agent said it before we listened.
	unseen knowledge = iota
	// unknown: the agent says that it does not know.
	unknown
	known
)

// executions say what the values of Execution mean.
var executions = map[string]func(*view, *path){
	"ACTIVE":                (*view).execute,
	"WAIT":                  (*view).wait,
	"FEED_HOLD":             (*view).stop,
	"INTERRUPTED":           (*view).stop,
	"PROGRAM_STOPPED":       (*view).stop,
	"OPTIONAL_STOP":         (*view).stop,
	"PROGRAM_OPTIONAL_STOP": (*view).stop,
	"READY":                 (*view).rest,
	"STOPPED":               (*view).rest,
	"PROGRAM_COMPLETED":     (*view).rest,
}

// Interrupts reports whether a value of Execution says that a program was stopped and
// may go on, by which a machine is stopped.
func Interrupts(execution string) bool {
	v := &view{}
	if meaning := executions[strings.ToUpper(execution)]; meaning != nil {
		meaning(v, &path{})
	}
	return v.stopped
}

// manual reports whether a person works in a ControllerMode.
func (r Rules) manual(mode string) bool {
	switch strings.ToUpper(mode) {
	case "MANUAL", "MANUAL_DATA_INPUT", "EDIT":
		return true
	case "SEMI_AUTOMATIC":
		return r.SemiAutomatic != plant.Running
	}
	return false
}

// path is one execution with the mode and the override that belong to it.
type path struct {
	manual, modeKnown, zeroFeed bool
}

func (v *view) execute(p *path) {
	v.executing = true
	switch {
	case p.manual:
	case p.zeroFeed:
		v.held = true
	case p.modeKnown:
		v.running = true
	default:
		v.assumed = true
	}
}

func (v *view) wait(p *path) {
	v.executing = true
	v.waiting = v.waiting || !p.manual
}

func (v *view) stop(*path) { v.stopped = true }
func (v *view) rest(*path) { v.ready = true }

// look makes the view of what the inputs of a machine say.
func (r Rules) look(inputs []input) *view {
	v := &view{}
	for i := range inputs {
		in := &inputs[i]
		switch in.role {
		case availability:
			// One that is known speaks for the machine; so does, where none is, one
			// that is unknown.
			v.availability = max(v.availability, in.knows)
		case emergencyStop:
			v.emergency = v.emergency || in.says("TRIGGERED")
		case fault:
			v.fault = v.fault || in.level == plant.LevelFault
		case mode:
			v.manual = v.manual || in.knows == known && r.counts(in) && r.manual(in.text)
		case execution:
			if in.knows == unseen || !r.counts(in) {
				continue
			}
			meaning := executions[strings.ToUpper(in.text)]
			if in.knows == unknown || meaning == nil {
				v.lost = true
				continue
			}
			p := r.pathOf(in, inputs)
			meaning(v, &p)
		}
	}
	if r.Path == AllPaths && (v.stopped || v.ready || v.held || v.lost) {
		v.running, v.assumed, v.waiting = false, false, false
	}
	return v
}

// counts reports whether the path that an input stands at is one by which the
// machine runs.
func (r Rules) counts(in *input) bool {
	switch r.Path {
	case "", AllPaths, in.path, in.pathName:
		return true
	}
	return in.path == ""
}

// pathOf gives what belongs to an execution: the mode and the override of its
// path or of no path in particular.
func (r Rules) pathOf(execution *input, inputs []input) path {
	var p path
	for i := range inputs {
		in := &inputs[i]
		if in.knows != known || in.path != "" && execution.path != "" && in.path != execution.path {
			continue
		}
		switch in.role {
		case mode:
			p.modeKnown = true
			p.manual = p.manual || r.manual(in.text)
		case feedOverride:
			p.zeroFeed = p.zeroFeed || in.isZero()
		}
	}
	return p
}

// decide gives the state by the first rule that holds, and the rule's name; 0
// where nothing is known that a rule looks at.
func (r Rules) decide(inputs []input) (plant.State, string) {
	v := r.look(inputs)
	for i := range rules {
		if rules[i].holds(v) {
			return rules[i].state, rules[i].name
		}
	}
	return 0, ""
}
