package api

import (
	"time"
)

// Machine is a machine as the floor shows it.
type Machine struct {
	Slug         string `json:"slug"`
	Name         string `json:"name"`
	Agent        string `json:"agent"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	// Area is where it stands; empty where nobody said so.
	Area string `json:"area,omitempty"`
	// State is the slug of the state, Word what people read.
	State string `json:"state"`
	Word  string `json:"word"`
	// Since is when the state began. SinceBefore is true where it began before
	// anything that is stored.
	Since       *time.Time `json:"since,omitempty"`
	SinceBefore bool       `json:"sinceBefore,omitempty"`
	// Rule says which rule decided the state.
	Rule string `json:"rule,omitempty"`
	// LastState and LastSeen say what was known last where the state is no
	// link.
	LastState string     `json:"lastState,omitempty"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"`
	// LinkError and Retry say why the agent cannot be reached and when it is
	// tried next.
	LinkError string     `json:"linkError,omitempty"`
	Retry     *time.Time `json:"retry,omitempty"`
	// Program is the program of the machine's first path; nil where it is not
	// known or the machine has none.
	Program *string `json:"program,omitempty"`
	// Mode and Execution are those of the first path.
	Mode      *string `json:"mode,omitempty"`
	Execution *string `json:"execution,omitempty"`
	// Parts is the part count; nil where it is not known.
	Parts *float64 `json:"parts,omitempty"`
	// Paths are the paths of a machine that has more than one.
	Paths []Path `json:"paths,omitempty"`
	// Conditions are the active warnings and faults, gravest first.
	Conditions []Condition `json:"conditions,omitempty"`
	// Incomplete is true where it cannot be told which others were active at the
	// moment of the past that the card is of.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Path is one path of a machine.
type Path struct {
	Name      string  `json:"name"`
	Program   *string `json:"program,omitempty"`
	Mode      *string `json:"mode,omitempty"`
	Execution *string `json:"execution,omitempty"`
}

// Condition is an active warning or fault.
type Condition struct {
	Item           string    `json:"item"`
	Type           string    `json:"type"`
	Component      string    `json:"component,omitempty"`
	Level          string    `json:"level"`
	NativeCode     string    `json:"nativeCode,omitempty"`
	NativeSeverity string    `json:"nativeSeverity,omitempty"`
	Qualifier      string    `json:"qualifier,omitempty"`
	ConditionID    string    `json:"conditionId,omitempty"`
	Text           string    `json:"text,omitempty"`
	Since          time.Time `json:"since"`
}

// Current is what is known of a machine: now, or at a moment of the past.
type Current struct {
	Machine string `json:"machine"`
	// At is the moment that was asked for; it is left out for now.
	At *time.Time `json:"at,omitempty"`
	// State, Word, Since, SinceBefore and Rule are those of a Machine. They are left
	// out where it is not known what the machine was doing at the moment.
	State       string     `json:"state,omitempty"`
	Word        string     `json:"word,omitempty"`
	Since       *time.Time `json:"since,omitempty"`
	SinceBefore bool       `json:"sinceBefore,omitempty"`
	Rule        string     `json:"rule,omitempty"`
	Items       []Item     `json:"items"`
}

// MachineDetail is a machine with all its data items, in the order of its
// model.
type MachineDetail struct {
	Machine
	Description string `json:"description,omitempty"`
	Serial      string `json:"serial,omitempty"`
	UUID        string `json:"uuid,omitempty"`
	Items       []Item `json:"items"`
}
