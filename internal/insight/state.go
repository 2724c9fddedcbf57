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
}

// rules decide the state of a machine: the first that holds does. "1 no link" is
// not among them, since observations cannot tell it: the read side adds it from
// the link.
//
// A path does not run in a manual mode, so running may stand before setup: where
// one path runs, the machine does, whatever the others are at.
var rules = []rule{
	{plant.Offline, "2 unavailable", func(v *view) bool { return v.availability == unknown }},
	{plant.Alarmed, "3 emergency stop", func(v *view) bool { return v.emergency }},
	{plant.Alarmed, "3 active fault", func(v *view) bool { return v.fault && !v.executing }},
	{plant.Running, "5 executing", func(v *view) bool { return v.running }},
	{plant.Running, "5 executing, mode assumed automatic", func(v *view) bool { return v.assumed }},
	{plant.Setup, "4 manual mode", func(v *view) bool { return v.manual }},
	{plant.Stopped, "6 feed override 0", func(v *view) bool { return v.held }},
	{plant.Stopped, "6 stopped within the program", func(v *view) bool { return v.stopped }},
	{plant.Idle, "7 ready", func(v *view) bool { return v.ready }},
	{plant.Offline, "2 execution unknown", func(v *view) bool { return v.lost }},
	{plant.Idle, "7 available", func(v *view) bool { return v.availability == known }},
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

// executions say what the values of Execution mean. WAIT ends by itself, and
// counts as executing however long it takes.
var executions = map[string]func(*view, *path){
	"ACTIVE":                (*view).execute,
	"WAIT":                  (*view).execute,
	"FEED_HOLD":             (*view).stop,
	"INTERRUPTED":           (*view).stop,
	"PROGRAM_STOPPED":       (*view).stop,
	"OPTIONAL_STOP":         (*view).stop,
	"PROGRAM_OPTIONAL_STOP": (*view).stop,
	"READY":                 (*view).rest,
	"STOPPED":               (*view).rest,
	"PROGRAM_COMPLETED":     (*view).rest,
}

// manualModes are the values of ControllerMode in which a person works.
var manualModes = map[string]bool{
	"MANUAL": true, "MANUAL_DATA_INPUT": true, "SEMI_AUTOMATIC": true, "EDIT": true,
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

func (v *view) stop(*path) { v.stopped = true }
func (v *view) rest(*path) { v.ready = true }

// look makes the view of what the inputs of a machine say.
func look(inputs []input) *view {
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
			v.manual = v.manual || in.knows == known && manualModes[strings.ToUpper(in.text)]
		case execution:
			if in.knows == unseen {
				continue
			}
			meaning := executions[strings.ToUpper(in.text)]
			if in.knows == unknown || meaning == nil {
				v.lost = true
				continue
			}
			p := pathOf(in, inputs)
			meaning(v, &p)
		}
	}
	return v
}

// pathOf gives what belongs to an execution: the mode and the override of its
// path or of no path in particular.
func pathOf(execution *input, inputs []input) path {
	var p path
	for i := range inputs {
		in := &inputs[i]
		if in.knows != known || in.path != "" && execution.path != "" && in.path != execution.path {
			continue
		}
		switch in.role {
		case mode:
			p.modeKnown = true
			p.manual = p.manual || manualModes[strings.ToUpper(in.text)]
		case feedOverride:
			p.zeroFeed = p.zeroFeed || in.isZero()
		}
	}
	return p
}

// decide gives the state by the first rule that holds, and the rule's name; 0
// where nothing is known that a rule looks at.
func decide(inputs []input) (plant.State, string) {
	v := look(inputs)
	for _, r := range rules {
		if r.holds(v) {
			return r.state, r.name
		}
	}
	return 0, ""
}
