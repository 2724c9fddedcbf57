package mtconnect

import (
	"bytes"
	"fmt"
	"io"
)

// jsonStreams reads a Streams document in JSON, versions 1 and 2. It reads the
// document whole before the first observation, since attributes may stand
// behind what they belong to.
type jsonStreams struct {
	src    io.Reader
	limits Limits
	names  *interner
	clock  clock

	j    *jsonText
	head Header

	devices      jsonElements
	device       *DeviceStream
	components   jsonElements
	component    *ComponentStream
	lists        []jsonList // of the component that are still to be read
	observations jsonElements
	category     Category

	o          Observation
	attributes []Attribute
	entries    []Entry
	cells      []Cell
}

// jsonList is a list of observations of a component.
type jsonList struct {
	category Category
	at       int
}

// newJSONStreams returns a reader of a Streams document in JSON.
func newJSONStreams(src io.Reader, limits Limits, names *interner) observationSource {
	return &jsonStreams{src: src, limits: limits, names: names}
}

// readHeader implements observationSource.
func (x *jsonStreams) readHeader() (*Header, error) {
	data, err := readAll(x.src, x.limits.Document)
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	j, root, err := openJSON(data, x.limits)
	if err != nil {
		return nil, err
	}
	x.j = j
	switch string(root.key) {
	case rootStreams:
		return x.root(root.value)
	case rootError:
		agent, err := ParseError(data, x.limits)
		if err != nil {
			return nil, err
		}
		return nil, agent
	default:
		return nil, j.fault(root.value, "root is %.100q, not %s or %s", root.key, rootStreams, rootError)
	}
}

// root reads the header and finds the streams.
func (x *jsonStreams) root(pos int) (*Header, error) {
	none := jsonElements{list: jsonItems{done: true}, members: jsonMembers{done: true}, values: jsonItems{done: true}}
	x.devices, x.components, x.observations = none, none, none
	header, version := false, ""
	m := x.j.members(pos)
	for m.next() {
		switch string(m.key) {
		case "schemaVersion":
			text, err := x.j.text(m.value)
			if err != nil {
				return nil, err
			}
			version = x.names.string(text)
		case "Header":
			header = true
			if err := x.header(m.value); err != nil {
				return nil, err
			}
		case "Streams":
			x.devices = x.j.elements(m.value)
		}
	}
	if m.err != nil {
		return nil, m.err
	}
	if !header {
		return nil, x.j.fault(pos, "%s without a Header", rootStreams)
	}
	if x.head.SchemaVersion == "" {
		x.head.SchemaVersion = version
	}
	return &x.head, nil
}

// header reads the header at pos.
func (x *jsonStreams) header(pos int) error {
	m := x.j.members(pos)
	for m.next() {
		if !x.j.scalar(m.value) {
			continue
		}
		text, err := x.j.text(m.value)
		if err != nil {
			return err
		}
		if string(m.key) == "schemaVersion" {
			x.head.SchemaVersion = x.names.string(text)
		} else if !x.head.setAttribute(m.key, text, x.names) {
			return x.j.fault(m.value, "Header: %s is %.50q, not a number from 0 to 2^64-1", m.key, text)
		}
	}
	return m.err
}

// next implements observationSource.
func (x *jsonStreams) next() (*Observation, error) {
	for {
		switch {
		case x.observations.next():
			if !x.j.object(x.observations.value) {
				continue
			}
			if err := x.observation(x.observations.key, x.observations.value); err != nil {
				return nil, err
			}
			return &x.o, nil
		case x.observations.err != nil:
			return nil, x.observations.err
		case len(x.lists) > 0:
			x.category = x.lists[0].category
			x.observations = x.j.elements(x.lists[0].at)
			x.lists = x.lists[1:]
		case x.components.next():
			if err := x.enterComponent(x.components.value); err != nil {
				return nil, err
			}
		case x.components.err != nil:
			return nil, x.components.err
		case x.devices.next():
			if err := x.enterDevice(x.devices.value); err != nil {
				return nil, err
			}
		case x.devices.err != nil:
			return nil, x.devices.err
		default:
			return nil, io.EOF
		}
	}
}

// enterDevice reads the attributes of a device stream and finds its component
// streams.
func (x *jsonStreams) enterDevice(pos int) error {
	var d DeviceStream
	m := x.j.members(pos)
	for m.next() {
		var err error
		switch string(m.key) {
		case "name":
			d.Name, err = x.text(m.value)
		case "uuid":
			d.UUID, err = x.text(m.value)
		case "ComponentStream":
			x.components = x.j.named(m.key, m.value)
		case "ComponentStreams":
			x.components = x.j.elements(m.value)
		}
		if err != nil {
			return err
		}
	}
	x.device = x.names.device(d)
	return m.err
}

// enterComponent reads the attributes of a component stream and finds its lists
// of observations.
func (x *jsonStreams) enterComponent(pos int) error {
	var c ComponentStream
	x.lists = x.lists[:0]
	m := x.j.members(pos)
	for m.next() {
		var err error
		switch string(m.key) {
		case "component":
			c.Component, err = x.text(m.value)
		case "componentId":
			c.ID, err = x.text(m.value)
		case "name":
			c.Name, err = x.text(m.value)
		default:
			if category := categoryOf(string(m.key)); category != 0 {
				x.lists = append(x.lists, jsonList{category, m.value})
			}
		}
		if err != nil {
			return err
		}
	}
	x.component = x.names.component(c)
	return m.err
}

// text gives the value at pos as an interned string.
func (x *jsonStreams) text(pos int) (string, error) {
	text, err := x.j.text(pos)
	return x.names.string(text), err
}

// observation reads the object at pos into o.
func (x *jsonStreams) observation(key []byte, pos int) error {
	x.attributes, x.entries, x.cells = x.attributes[:0], x.entries[:0], x.cells[:0]
	x.o = Observation{Category: x.category, Device: x.device, Component: x.component}
	o := &x.o
	o.Prefix, o.Element = x.name(key)
	if o.Category == Condition {
		o.Level = levelOf(o.Element)
	} else {
		o.Representation = representationOf(o.Element)
	}
	var seen observationFields
	m := x.j.members(pos)
	for m.next() {
		var err error
		switch {
		case string(m.key) != "value":
			err = x.attribute(&m, &seen)
		case x.j.object(m.value):
			err = x.dataSet(m.value)
		default:
			o.Value, err = x.j.text(m.value)
		}
		if err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	if len(x.attributes) > 0 {
		o.Attributes = x.attributes
	}
	if len(x.entries) > 0 {
		o.Entries = x.entries
	}
	switch {
	case o.DataItemID == "":
		return x.j.fault(pos, "%.100q has no dataItemId", key)
	case !seen.sequence:
		return x.j.fault(pos, "%.100q of data item %.100q has no sequence", key, o.DataItemID)
	case !seen.timestamp:
		return x.j.fault(pos, "%.100q of data item %.100q has no timestamp", key, o.DataItemID)
	}
	return nil
}

// observationFields are the fields that an observation must have and whose zero
// value does not tell that they are missing.
type observationFields struct{ sequence, timestamp bool }

// name takes a key apart into prefix and local name.
func (x *jsonStreams) name(key []byte) (prefix, local string) {
	p, l, found := bytes.Cut(key, []byte{':'})
	if !found {
		return "", x.names.string(key)
	}
	return x.names.string(p), x.names.string(l)
}

// attribute takes the current member in as an attribute of the observation.
func (x *jsonStreams) attribute(m *jsonMembers, seen *observationFields) error {
	if x.j.object(m.value) {
		return nil // a vendor's, and no attribute
	}
	value, err := x.j.text(m.value)
	if err != nil {
		return err
	}
	o := &x.o
	switch string(m.key) {
	case "dataItemId":
		o.DataItemID = x.names.string(value)
	case "timestamp":
		if o.Time, seen.timestamp = x.clock.parse(value); !seen.timestamp {
			return x.j.fault(m.value, "timestamp is %.50q, not a time such as 2006-01-02T15:04:05Z", value)
		}
	case "sequence":
		if o.Sequence, seen.sequence = parseUint(value); !seen.sequence {
			return x.j.fault(m.value, "sequence is %.50q, not a number from 0 to 2^64-1", value)
		}
	case "name":
		o.Name = x.names.string(value)
	case "type":
		o.Type = x.names.string(value)
	case "subType":
		o.SubType = x.names.string(value)
	case "compositionId":
		o.CompositionID = x.names.string(value)
	case "nativeCode":
		o.NativeCode = x.names.string(value)
	case "nativeSeverity":
		o.NativeSeverity = x.names.string(value)
	case "qualifier":
		o.Qualifier = x.names.string(value)
	case "conditionId":
		o.ConditionID = x.names.string(value)
	case "resetTriggered":
		o.ResetTriggered = x.names.string(value)
	default:
		if len(x.attributes) >= x.limits.Attributes {
			return x.j.fault(m.value, "more than %d attributes", x.limits.Attributes)
		}
		x.attributes = append(x.attributes, Attribute{Name: x.names.string(m.key), Value: value})
	}
	return nil
}

// dataSet reads the entries of a data set or the rows of a table.
func (x *jsonStreams) dataSet(pos int) error {
	m := x.j.members(pos)
	for m.next() {
		if err := x.countEntry(m.value); err != nil {
			return err
		}
		e := Entry{Key: m.key}
		var err error
		if x.j.object(m.value) {
			err = x.row(&e, m.value)
		} else {
			e.Value, err = x.j.text(m.value)
		}
		if err != nil {
			return err
		}
		x.entries = append(x.entries, e)
	}
	return m.err
}

// row reads the cells of a table's row, or {"removed":true}.
func (x *jsonStreams) row(e *Entry, pos int) error {
	begin := len(x.cells)
	m := x.j.members(pos)
	for m.next() {
		if err := x.countEntry(m.value); err != nil {
			return err
		}
		value, err := x.j.text(m.value)
		if err != nil {
			return err
		}
		x.cells = append(x.cells, Cell{Key: m.key, Value: value})
	}
	e.Cells = x.cells[begin:len(x.cells):len(x.cells)]
	if len(e.Cells) == 1 && string(e.Cells[0].Key) == "removed" && string(e.Cells[0].Value) == "true" {
		e.Removed, e.Cells = true, nil
		x.cells = x.cells[:begin]
	}
	return m.err
}

// countEntry refuses one entry or cell too many.
func (x *jsonStreams) countEntry(pos int) error {
	if most := x.limits.Entries; len(x.entries)+len(x.cells) >= most {
		return x.j.fault(pos, "%.100q has more than %d entries and cells", x.o.Element, most)
	}
	return nil
}
