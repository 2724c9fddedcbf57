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
	observationBuilder
	src  io.Reader
	j    *jsonText
	head Header

	devices      jsonElements
	components   jsonElements
	lists        []jsonList // of the component that are still to be read
	observations jsonElements
}

// jsonList is a list of observations of a component.
type jsonList struct {
	category Category
	at       int
}

// newJSONStreams returns a reader of a Streams document in JSON.
func newJSONStreams(src io.Reader, limits Limits, names *interner) observationSource {
	x := &jsonStreams{src: src}
	x.reset(names, limits.whole())
	return x
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
		_, _, err := parseDocument(data, x.limits, rootStreams, keepSource{})
		return nil, err
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
			found, err := x.observation(x.observations.key, x.observations.value)
			if err != nil {
				return nil, err
			}
			if found {
				return &x.o, nil
			}
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

// observation reads the object at pos into o. It reports false where the object
// is a vendor's and no observation.
func (x *jsonStreams) observation(key []byte, pos int) (bool, error) {
	x.begin(cutPrefix(key))
	m := x.j.members(pos)
	for m.next() {
		var err error
		switch {
		case string(m.key) != "value":
			err = x.attribute(m.key, m.value)
		case x.j.object(m.value):
			err = x.dataSet(m.value)
		default:
			x.o.Value, err = x.j.text(m.value)
		}
		if err != nil {
			return false, err
		}
	}
	if m.err != nil || x.o.DataItemID == "" && x.o.Prefix != "" {
		return false, m.err
	}
	if wrong := x.missing(); wrong != "" {
		return false, x.wrong(pos, wrong)
	}
	return true, nil
}

// wrong makes the error for what is at pos and belongs to o.
func (x *jsonStreams) wrong(pos int, what string) error {
	return x.j.fault(pos, "%.100q: %s", x.o.Element, what)
}

// cutPrefix takes a key apart into prefix and local name.
func cutPrefix(key []byte) (prefix, local []byte) {
	prefix, local, found := bytes.Cut(key, []byte{':'})
	if !found {
		return nil, key
	}
	return prefix, local
}

// attribute takes a member in as an attribute of the observation.
func (x *jsonStreams) attribute(key []byte, pos int) error {
	if x.j.object(pos) {
		return nil // a vendor's, and no attribute
	}
	value, err := x.j.text(pos)
	if err != nil {
		return err
	}
	known, wrong := x.set(key, value)
	if !known {
		if len(x.attributes) >= x.limits.Attributes {
			return x.wrong(pos, fmt.Sprintf("more than %d attributes", x.limits.Attributes))
		}
		x.addAttribute(key, value)
	}
	if wrong != "" {
		return x.wrong(pos, wrong)
	}
	return nil
}

// dataSet reads the entries of a data set or the rows of a table.
func (x *jsonStreams) dataSet(pos int) error {
	m := x.j.members(pos)
	for m.next() {
		if wrong := x.full(); wrong != "" {
			return x.wrong(m.value, wrong)
		}
		e, begin := Entry{Key: m.key}, len(x.cells)
		var err error
		if x.j.object(m.value) {
			e.Removed, err = x.row(m.value)
		} else {
			e.Value, err = x.j.text(m.value)
		}
		if err != nil {
			return err
		}
		x.addEntry(e, begin)
	}
	return m.err
}

// row reads the cells of a table's row. It reports true where instead of cells
// the row has {"removed":true}.
func (x *jsonStreams) row(pos int) (removed bool, err error) {
	begin := len(x.cells)
	m := x.j.members(pos)
	for m.next() {
		if wrong := x.full(); wrong != "" {
			return false, x.wrong(m.value, wrong)
		}
		value, err := x.j.text(m.value)
		if err != nil {
			return false, err
		}
		x.cells = append(x.cells, Cell{Key: m.key, Value: value})
	}
	if cells := x.cells[begin:]; len(cells) == 1 && string(cells[0].Key) == "removed" && isTrue(cells[0].Value) {
		removed = true
		x.cells = x.cells[:begin]
	}
	return removed, m.err
}
