package plant

import (
	"strings"
	"unicode/utf8"
)

// Kind says what a value is.
type Kind uint8

// The kinds of value.
const (
	// Unknown is UNAVAILABLE: the agent does not know. It is not a value.
	Unknown Kind = iota
	// Number is a sample that is one finite number.
	Number
	// Text is everything else that is one text: events, 3-D positions, time
	// series, and samples that are no finite number.
	Text
	// Set is a change to a data set or table, as canonical JSON: an object
	// with a value per key (for a table an object per row), null for a key
	// that was removed. Keys stand in ascending order.
	Set
)

// Value is the value of an observation. The zero Value is unknown.
type Value struct {
	Kind   Kind
	Number float64
	// Text is the text of a Text, or the JSON of a Set.
	Text string
}

// Level is the level of a condition, in rising order of gravity.
type Level uint8

// The levels. LevelNone stands on samples and events.
const (
	LevelNone Level = iota
	LevelUnavailable
	LevelNormal
	LevelWarning
	LevelFault
)

// String gives the level as MTConnect spells it in an element: Unavailable,
// Normal, Warning or Fault; empty for LevelNone.
func (l Level) String() string {
	if l > LevelFault {
		return ""
	}
	return [...]string{"", "Unavailable", "Normal", "Warning", "Fault"}[l]
}

// Alarm is what a condition says. A pointer to it is shared and never changed.
type Alarm struct {
	Level                                                    Level
	NativeCode, NativeSeverity, Qualifier, ConditionID, Text string
}

// Key tells the activations of one data item apart: the condition id, else the
// native code.
func (a *Alarm) Key() string {
	if a.ConditionID != "" {
		return a.ConditionID
	}
	return a.NativeCode
}

// textBytes is how long the texts of an alarm are together.
func (a *Alarm) textBytes() int {
	return len(a.NativeCode) + len(a.NativeSeverity) + len(a.Qualifier) + len(a.ConditionID) + len(a.Text)
}

// ValidText reports whether the texts of an alarm are UTF-8.
func (a *Alarm) ValidText() bool {
	return utf8.ValidString(a.NativeCode) && utf8.ValidString(a.NativeSeverity) && utf8.ValidString(a.Qualifier) &&
		utf8.ValidString(a.ConditionID) && utf8.ValidString(a.Text)
}

// Observation is one observation of a data item.
type Observation struct {
	Item ItemID
	// Run is the run of the agent that the observation is of. Those that are on
	// their way to the store may leave it to their batch and have 0.
	Run RunID
	// Sequence orders the observations of a run: 1 to 2^63−2, so that a cursor can
	// stand behind it.
	Sequence int64
	// Time is the agent's timestamp in microseconds since 1970-01-01 UTC. It
	// is kept as given and may run backwards.
	Time  int64
	Value Value
	// Alarm is set for conditions and nil for samples and events.
	Alarm *Alarm
	// Extra is canonical JSON (an object of strings, keys ascending) of the
	// further attributes the agent gave, such as resetTriggered, statistic or
	// assetType; empty where there are none, which is the rule.
	Extra string
}

// TextBytes is how long the texts of an observation are together: all of it that
// has no fixed size.
func (o *Observation) TextBytes() int {
	n := len(o.Value.Text) + len(o.Extra)
	if o.Alarm != nil {
		n += o.Alarm.textBytes()
	}
	return n
}

// ValidText reports whether what an observation has beyond its value is UTF-8.
func (o *Observation) ValidText() bool {
	return utf8.ValidString(o.Extra) && (o.Alarm == nil || o.Alarm.ValidText())
}

// ToValidText puts U+FFFD in the place of what is not UTF-8 beyond the value.
func (o *Observation) ToValidText() {
	if o.ValidText() {
		return
	}
	valid := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
	o.Extra = valid(o.Extra)
	if o.Alarm != nil {
		a := *o.Alarm
		a.NativeCode, a.NativeSeverity, a.Qualifier = valid(a.NativeCode), valid(a.NativeSeverity), valid(a.Qualifier)
		a.ConditionID, a.Text = valid(a.ConditionID), valid(a.Text)
		o.Alarm = &a
	}
}
