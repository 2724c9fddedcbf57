package plant

import "time"

// DeviceID is the store's number of a device.
type DeviceID int32

// Device is a device of an agent. On the floor it is called a machine.
type Device struct {
	ID    DeviceID
	Agent AgentID
	// Slug names the machine in addresses: unique in the plant and stable.
	Slug string
	// Name and UUID are as the agent gives them; within an agent a device is
	// known by its UUID, or by its name where it has no UUID.
	Name, UUID                               string
	Manufacturer, Model, Serial, Description string
	// IsAgent is true for the Agent device that agents show of themselves; it
	// is not a machine.
	IsAgent bool
	// Present is false where the agent's newest model no longer has the device.
	Present bool
}

// ItemID is the store's number of a data item, used in place of its names
// everywhere.
type ItemID int32

// Category is SAMPLE, EVENT or CONDITION.
type Category uint8

// The categories.
const (
	Sample Category = iota + 1
	Event
	Condition
)

// String gives the category as MTConnect spells it; empty where it is none.
func (c Category) String() string {
	if c > Condition {
		return ""
	}
	return [...]string{"", "SAMPLE", "EVENT", "CONDITION"}[c]
}

// DataItem is a data item of a device, as the newest model that has it says.
type DataItem struct {
	ID     ItemID
	Device DeviceID
	// DataItemID is the agent's id of it.
	DataItemID string
	Category   Category
	// Type is as in the device model, upper case: "PATH_FEEDRATE". A vendor's
	// type keeps its prefix: "x:FOO".
	Type, SubType, Name string
	Units, NativeUnits  string
	Representation      string // VALUE, TIME_SERIES, DATA_SET, TABLE, DISCRETE
	Statistic           string
	Discrete            bool
	ComponentID         string
	ComponentType       string
	ComponentName       string
	// Path is where the component stands in the device: the types and names
	// from the top, such as "Axes[base]/Linear[X]". It is empty for data items
	// of the device itself.
	Path string
	// PathID is the id of the nearest Path component at or above the data
	// item's component, empty where there is none.
	PathID string
	// Unmapped is true for a data item that was seen in observations and is in
	// no model.
	Unmapped bool
}

// Model is one version of an agent's device models: the probe document as the
// agent gave it, and since when it holds.
type Model struct {
	Agent AgentID
	// Digest is the SHA-256 of the document without what changes with every
	// answer (its header), in hex.
	Digest string
	// Document is the probe document as received.
	Document []byte
	// From is our clock when the version was first seen.
	From    time.Time
	Devices []ModelDevice
}

// ModelDevice is a device with its data items; the IDs are not set yet.
type ModelDevice struct {
	Device Device
	Items  []DataItem
}
