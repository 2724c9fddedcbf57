package mtconnect

import (
	"slices"
	"strconv"
	"strings"
)

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

// ParseDevices reads an MTConnectDevices document, XML or JSON. It returns an
// [*AgentError] where data is an MTConnectError document and a [*SyntaxError]
// where it is neither.
//
// Elements and attributes that [Devices] has no field for are passed over, and
// missing attributes leave their fields zero.
func ParseDevices(data []byte, limits Limits) (*Devices, error) {
	root, header, err := parseDocument(data, limits, rootDevices, keepSource{name: "Configuration"})
	if err != nil {
		return nil, err
	}
	devices := root.child("Devices").named("Device", "Agent")
	return &Devices{Header: header, Devices: appendEach(nil, devices, device)}, nil
}

// appendEach appends what build makes of each element. It makes room for just so
// many: what is built takes far more memory than its element.
func appendEach[T any](to []T, elements []*element, build func(*element) T) []T {
	to = slices.Grow(to, len(elements))
	for _, e := range elements {
		to = append(to, build(e))
	}
	return to
}

func device(e *element) Device {
	d := Device{
		Component:        component(e),
		UUID:             e.attr("uuid"),
		MTConnectVersion: e.attr("mtconnectVersion"),
		IsAgent:          e.name == "Agent",
		Hash:             e.attr("hash"),
	}
	d.UUIDRef = "" // the device's own uuid has a field
	return d
}

func component(e *element) Component {
	c := Component{
		Type:           e.name,
		Prefix:         e.prefix,
		ID:             e.attr("id"),
		Name:           e.attr("name"),
		NativeName:     e.attr("nativeName"),
		UUIDRef:        e.attr("uuid"),
		SampleInterval: e.number("sampleInterval"),
		Description:    description(e.child("Description")),
		Configuration:  e.child("Configuration").source,
	}
	for _, part := range e.children {
		switch part.name {
		case "DataItems":
			c.DataItems = appendEach(c.DataItems, part.named("DataItem"), dataItem)
		case "Compositions":
			c.Compositions = appendEach(c.Compositions, part.named("Composition"), composition)
		case "Components":
			c.Components = appendEach(c.Components, part.children, component)
		}
	}
	return c
}

func description(e *element) Description {
	return Description{
		Manufacturer: e.attr("manufacturer"),
		Model:        e.attr("model"),
		SerialNumber: e.attr("serialNumber"),
		Station:      e.attr("station"),
		Text:         e.text,
	}
}

func composition(e *element) Composition {
	return Composition{
		ID:          e.attr("id"),
		Type:        e.attr("type"),
		Name:        e.attr("name"),
		UUID:        e.attr("uuid"),
		Description: description(e.child("Description")),
	}
}

func dataItem(e *element) DataItem {
	source := e.child("Source")
	d := DataItem{
		ID:                e.attr("id"),
		Name:              e.attr("name"),
		Category:          category(e.attr("category")),
		Type:              e.attr("type"),
		SubType:           e.attr("subType"),
		Statistic:         e.attr("statistic"),
		Units:             e.attr("units"),
		NativeUnits:       e.attr("nativeUnits"),
		NativeScale:       e.number("nativeScale"),
		SampleRate:        e.number("sampleRate"),
		SignificantDigits: significantDigits(e.attr("significantDigits")),
		CoordinateSystem:  e.attr("coordinateSystem"),
		CompositionID:     e.attr("compositionId"),
		Representation:    representation(e.attr("representation")),
		Discrete:          isTrue(e.attr("discrete")) || e.attr("representation") == "DISCRETE",
		ResetTrigger:      e.child("ResetTrigger").text,
		InitialValue:      e.child("InitialValue").text,
		Source: Source{
			ComponentID:   source.attr("componentId"),
			DataItemID:    source.attr("dataItemId"),
			CompositionID: source.attr("compositionId"),
			Text:          source.text,
		},
	}
	// Filters stood among the constraints before schema 1.4.
	for _, part := range e.children {
		if part.name == "Constraints" || part.name == "Filters" {
			d.constrain(part)
		}
	}
	return d
}

func significantDigits(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// constrain takes in the children of Constraints or Filters.
func (d *DataItem) constrain(e *element) {
	for _, c := range e.children {
		n, ok := parseNumber(c.text)
		switch {
		case c.name == "Value":
			d.Constraints.Values = append(d.Constraints.Values, c.text)
		case !ok:
		case c.name == "Minimum":
			d.Constraints.Minimum = &n
		case c.name == "Maximum":
			d.Constraints.Maximum = &n
		case c.name == "Nominal":
			d.Constraints.Nominal = &n
		case c.name == "Filter":
			d.Filters = append(d.Filters, Filter{Type: c.attr("type"), Value: n})
		}
	}
}

func category(text string) Category {
	for _, c := range []Category{Sample, Event, Condition} {
		if strings.EqualFold(text, c.String()) {
			return c
		}
	}
	return 0
}

func representation(text string) Representation {
	switch text {
	case "TIME_SERIES":
		return TimeSeries
	case "DATA_SET":
		return DataSet
	case "TABLE":
		return Table
	default:
		return Value
	}
}
