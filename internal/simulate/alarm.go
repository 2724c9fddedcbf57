package simulate

import (
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// control is a make of control: how it speaks of trouble.
type control struct {
	// halted is its word for a program that an alarm has stopped.
	halted   string
	troubles []trouble
}

// alarm is one entry of a control's list of alarms.
type alarm struct {
	// on is the condition it is raised on: system, logic, motion,
	// communications, coolant, hydraulic, spindle or axis.
	on                              string
	level                           mtconnect.Level
	code, severity, qualifier, text string
}

// trouble is what goes wrong at one time: one alarm, or several that come
// together.
type trouble struct {
	alarms []alarm
	// stops is true where the program stops until somebody has seen to it.
	stops bool
	// emergency is true where the emergency stop is pressed.
	emergency bool
	// perDay is how often a day of running it happens.
	perDay float64
	// lasts is how long it stays; of a trouble that stops, how long it takes
	// to put right once somebody is there.
	lasts time.Duration
	// whole is true where the alarms end with a reset of the whole condition and
	// not one by one.
	whole bool
}

// The alarms that do not come from a table, since the machine itself knows
// when they are due. Their codes are the same on all controls.
var (
	toolWorn   = alarm{on: "system", level: mtconnect.Warning, code: "TL-0080", severity: "2", text: "TOOL LIFE BELOW 10 PERCENT"}
	coolantLow = alarm{on: "coolant", level: mtconnect.Warning, code: "CL-0011", severity: "2", qualifier: "LOW", text: "COOLANT LEVEL LOW"}
)
