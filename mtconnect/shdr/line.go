package shdr

import (
	"fmt"
	"time"
)

// Line is one line of SHDR: items, or one asset, or one command.
type Line struct {
	// Time is the timestamp; zero where the line has none, which stands for
	// when it is received. One without a zone is taken as UTC.
	Time time.Time
	// Duration is the time in seconds over which statistics were taken; 0
	// where the line does not say.
	Duration float64
	Items    []Item
	Asset    *Asset
	Command  *Command
}

// Kind says how many fields a key has and what they mean.
type Kind uint8

const (
	// Plain has one field, the value.
	Plain Kind = iota
	// Resettable is a plain value that may say why it began anew: 0:DAY.
	Resettable
	// Condition has level, native code, native severity, qualifier and text.
	// The native code may have a condition id behind a colon.
	Condition
	// Message has native code and text.
	Message
	// AssetEvent has asset type and asset id.
	AssetEvent
	// TimeSeries has the number of values, their rate in hertz, and the values
	// with spaces between them.
	TimeSeries
	// DataSet has keys and values: a=1 b=2. A key without value is removed, and
	// :DAY before the first says that the set begins anew.
	DataSet
	// Table is a data set whose values are data sets: r1={a=1 b=2}.
	Table
	// Unknown is a key of no data item. How many fields it has cannot be told:
	// the rest of the line is taken as its own.
	Unknown
)

// Lookup gives the kind of a key. The device is empty where the line names
// none. A nil Lookup takes every key as [Plain].
type Lookup func(device, key string) Kind

// Unavailable is the value of what is not known. It is read in any case.
const Unavailable = "UNAVAILABLE"

// Item is what a line says of one data item. Fields that its kind does not have
// are empty.
type Item struct {
	// Device is the name of the device where the key names it, as in mill:exec.
	Device string
	Key    string
	Kind   Kind
	// Value is the value, the text of a condition or message, or the values of
	// a time series. White space around it is not kept. It is [Unavailable] for
	// a data set that is not known.
	Value string
	// Level is NORMAL, WARNING, FAULT or UNAVAILABLE.
	Level                                              string
	NativeCode, ConditionID, NativeSeverity, Qualifier string
	AssetType                                          string
	// Count and Rate, in hertz, are those of a time series; 0 where not given.
	Count int
	Rate  float64
	// Fields are those of an unknown key.
	Fields []string
	// Reset says why a value or set began anew, such as DAY.
	Reset   string
	Entries []Entry
}

// Entry is one key of a data set or one row of a table.
type Entry struct {
	Key     string
	Removed bool
	Value   string
	Cells   []Cell
}

// Cell is one cell of a table's row.
type Cell struct{ Key, Value string }

// Asset is a change of an asset.
type Asset struct {
	// Action is Put, Remove or RemoveAll.
	Action AssetAction
	ID     string
	// Type is the asset's type; of RemoveAll it may be empty, for all.
	Type string
	// Body is the asset's XML.
	Body string
}

// AssetAction is what happens to an asset.
type AssetAction uint8

// The actions. RemoveAll is about all assets of a type.
const (
	Put AssetAction = iota + 1
	Remove
	RemoveAll
)

// Command is a line between agent and adapter that is no data, such as
//
//   - PING
//   - PONG 10000
//   - uuid: 000
type Command struct{ Name, Value string }

// SyntaxError says that a line is not what it should be, and where.
type SyntaxError struct {
	// Line counts from 1; it is 0 where the line was read by itself.
	Line int
	// Column counts bytes from 1. Within a quoted field it is the field's.
	Column int
	// Msg says what was wrong and what would be right.
	Msg string
}

// Error gives the position and the fault.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("shdr: column %d: %s", e.Column, e.Msg)
	}
	return fmt.Sprintf("shdr: line %d, column %d: %s", e.Line, e.Column, e.Msg)
}
