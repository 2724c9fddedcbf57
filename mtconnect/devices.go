package mtconnect

// Devices is an MTConnectDevices document: the device models of an agent.
type Devices struct {
	Header  Header
	Devices []Device
}

// Device is a device (or, from schema 1.7 on, the agent's own Agent device) and
// the root of its component tree.
type Device struct {
	Component
	// UUID identifies the device across agents and restarts.
	UUID string
	// MTConnectVersion is the version of the standard the device declares.
	MTConnectVersion string
	// IsAgent is true for the Agent element that agents put beside their
	// devices.
	IsAgent bool
	// Hash is the agent's digest of the device (schema 2.2 and later).
	Hash string
}

// Component is a part of a device. Its Type is the local name of its element,
// such as "Linear" or "Path".
type Component struct {
	Type, Prefix, ID, Name, NativeName, UUIDRef string
	SampleInterval                              float64
	Description                                 Description
	DataItems                                   []DataItem
	Compositions                                []Composition
	Components                                  []Component
	// Configuration is the element Configuration as written, empty where
	// there is none.
	Configuration []byte
}

// Description says who made a component and which one it is.
type Description struct {
	Manufacturer, Model, SerialNumber, Station, Text string
}

// Composition is a part of a component that has no data items of its own.
type Composition struct {
	ID, Type, Name, UUID string
	Description          Description
}

// DataItem describes what can be observed at a component.
type DataItem struct {
	ID, Name                string
	Category                Category
	Type, SubType           string
	Statistic               string
	Units, NativeUnits      string
	NativeScale, SampleRate float64
	SignificantDigits       int
	CoordinateSystem        string
	CompositionID           string
	Representation          Representation
	// Discrete is true where repeated equal values are separate occurrences.
	Discrete     bool
	ResetTrigger string
	InitialValue string
	Source       Source
	Constraints  Constraints
	// Filters are the rules by which the agent leaves observations out.
	Filters []Filter
}

// Source says where an agent takes a data item from.
type Source struct {
	ComponentID, DataItemID, CompositionID, Text string
}

// Constraints limit the values of a data item. Nil bounds are not given.
type Constraints struct {
	Minimum, Maximum, Nominal *float64
	Values                    []string
}

// Filter is a rule by which an agent leaves out observations: type
// MINIMUM_DELTA in the item's units or PERIOD in seconds.
type Filter struct {
	Type  string
	Value float64
}
