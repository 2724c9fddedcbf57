package mtconnect

// Category is one of the three kinds of observation.
type Category uint8

// The categories of the standard.
const (
	Sample Category = iota + 1
	Event
	Condition
)

// String gives the category as the standard spells it in a device model:
// SAMPLE, EVENT or CONDITION.
func (c Category) String() string {
	switch c {
	case Sample:
		return "SAMPLE"
	case Event:
		return "EVENT"
	case Condition:
		return "CONDITION"
	default:
		return ""
	}
}

// Level is the level of a condition.
type Level uint8

// The levels of a condition. LevelNone stands on samples and events.
const (
	LevelNone Level = iota
	Unavailable
	Normal
	Warning
	Fault
)

// String gives the level as the standard spells the element: Unavailable,
// Normal, Warning or Fault.
func (l Level) String() string {
	switch l {
	case Unavailable:
		return "Unavailable"
	case Normal:
		return "Normal"
	case Warning:
		return "Warning"
	case Fault:
		return "Fault"
	default:
		return ""
	}
}

// Representation is how the value of an observation is laid out.
type Representation uint8

// The representations of the standard. Discrete is a property of the data item
// and not of the observation: such observations come as Value.
const (
	Value Representation = iota
	TimeSeries
	DataSet
	Table
)

// Observation is one observation as an agent reported it.
//
// Strings are interned by the reader and stay valid; byte slices (Value and
// those inside Entries and Attributes) belong to the reader and are valid only
// until its next call.
type Observation struct {
	Category       Category
	Representation Representation
	// Level is set on conditions only.
	Level Level

	// Element is the local name of the element, such as "PathFeedrate" or
	// "PositionTimeSeries"; for a condition it is the level. Prefix is the
	// namespace prefix as written ("x"), empty where there is none.
	Element, Prefix string

	// Device and Component say under which stream the observation stood.
	Device    *DeviceStream
	Component *ComponentStream

	// DataItemID is the id of the data item in the device model.
	DataItemID string
	// Sequence is the observation's number within the agent's instance.
	Sequence uint64
	// Time is the observation's timestamp in microseconds since 1970-01-01
	// UTC; finer digits are cut. A timestamp without a zone is taken as UTC.
	Time int64

	// Name, SubType and CompositionID are as written. Type is the type
	// attribute that conditions carry.
	Name, Type, SubType, CompositionID string

	// NativeCode, NativeSeverity, Qualifier and ConditionID stand on
	// conditions (NativeCode on messages also).
	NativeCode, NativeSeverity, Qualifier, ConditionID string

	// ResetTriggered says why a value, data set or table began anew.
	ResetTriggered string

	// Value is the text of the element without surrounding white space,
	// entities decoded. It is empty for data sets and tables that have
	// entries.
	Value []byte

	// Entries are the entries of a data set or table in document order.
	Entries []Entry

	// Attributes are all attributes that have no field above (statistic,
	// duration, sampleCount, sampleRate, assetType, hash, count, quality and
	// what vendors add), in document order.
	Attributes []Attribute
}

// Entry is one key of a data set or one row of a table.
type Entry struct {
	Key     []byte
	Removed bool
	// Value is the text of a data set's entry.
	Value []byte
	// Cells are the cells of a table's row.
	Cells []Cell
}

// Cell is one cell of a table's row.
type Cell struct {
	Key, Value []byte
}

// Attribute is an attribute of an observation. Name is the local name with its
// prefix where it has one ("x:foo") and is interned.
type Attribute struct {
	Name  string
	Value []byte
}

// DeviceStream names the device that observations belong to.
type DeviceStream struct {
	Name, UUID string
}

// ComponentStream names the component that observations belong to.
type ComponentStream struct {
	// Component is the component's type, such as "Linear".
	Component string
	// ID is the component's id in the device model, Name its name.
	ID, Name string
}

// IsUnavailable reports whether the agent says that it does not know the
// value: the text UNAVAILABLE in any case, or the level Unavailable. A data
// set or table is unavailable where its text says so.
func (o *Observation) IsUnavailable() bool {
	if o.Category == Condition {
		return o.Level == Unavailable
	}
	const word = "UNAVAILABLE"
	if len(o.Value) != len(word) {
		return false
	}
	for i := range len(word) {
		if o.Value[i]&^0x20 != word[i] {
			return false
		}
	}
	return true
}
