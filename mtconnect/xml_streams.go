package mtconnect

import (
	"bytes"
	"io"
	"strings"
)

// How deep the elements of a Streams document stand:
//
//	MTConnectStreams / Streams / DeviceStream / ComponentStream / Samples / Position
const (
	depthRoot = iota + 1
	depthStreams
	depthDevice
	depthComponent
	depthCategory
	depthObservation
)

// xmlStreams reads Streams documents in XML.
type xmlStreams struct {
	s     scanner
	names *interner
	clock clock

	head Header
	// rootPrefix is the prefix of the root, which is not a vendor's then.
	rootPrefix string
	device     *DeviceStream
	component  *ComponentStream
	category   Category

	o    Observation
	last lastNames
	run  run
	// What o refers to beside the window: values that had to be copied, its
	// attributes, entries and cells.
	copies     []byte
	attributes []Attribute
	entries    []Entry
	cells      []Cell
}

// lastNames are the names of the observation before. The next one is mostly of
// the same data item, and comparing costs less than looking up.
type lastNames struct {
	element, prefix, dataItemID, name, typ, subType string
	representation                                  Representation
}

// reset begins another document.
func (x *xmlStreams) reset(src io.Reader, limits Limits) {
	x.s.reset(src, limits)
	x.head, x.o = Header{}, Observation{}
	x.device, x.component, x.category = nil, nil, 0
	x.run.stop()
	if cap(x.copies) > limits.Token {
		x.copies = nil // a monster need not be fed for ever
	}
}

// readHeader implements observationSource.
func (x *xmlStreams) readHeader() (*Header, error) {
	if err := x.s.root(); err != nil {
		return nil, err
	}
	switch string(x.s.local()) {
	case rootStreams:
	case rootError:
		return nil, x.agentError()
	default:
		return nil, x.faultInTag("root element is <%.100s>, not %s or %s", x.s.name, rootStreams, rootError)
	}
	x.rootPrefix = x.names.string(x.s.prefix())
	x.head.SchemaVersion = schemaVersion(x.names.string(x.s.namespace()))
	for {
		t, err := x.s.next()
		if err != nil {
			return nil, err
		}
		if t == startElement && string(x.s.local()) == "Header" {
			break
		}
		if t == endElement || t == startElement && string(x.s.local()) == "Streams" {
			return nil, x.s.fault(0, "%s begins without a Header", rootStreams)
		}
		if t == startElement {
			if err := x.s.skip(); err != nil {
				return nil, err
			}
		}
	}
	for _, a := range x.s.attrs {
		if !x.head.setAttribute(a.name, a.value, x.names) {
			return nil, x.faultInTag("Header: %s is %.50q, not a number from 0 to 2^64-1", a.name, a.value)
		}
	}
	return &x.head, x.s.skip()
}

// agentError reads the rest of an error document.
func (x *xmlStreams) agentError() error {
	tree := xmlTree{s: x.s}
	version := schemaVersion(string(x.s.namespace()))
	root, err := tree.element("")
	if err != nil {
		return err
	}
	if _, err := tree.s.next(); err != io.EOF {
		return err
	}
	e, err := agentError(root, headerOf(root.child("Header"), version))
	if err != nil {
		return err
	}
	return e
}

// faultInTag makes the error for the tag that has just been taken.
func (x *xmlStreams) faultInTag(format string, args ...any) error {
	return x.s.fault(-x.s.tagLen, format, args...)
}

// next implements observationSource.
func (x *xmlStreams) next() (*Observation, error) {
	if x.repeat() {
		return &x.o, nil
	}
	for {
		t, err := x.s.next()
		if err != nil {
			return nil, err
		}
		if t != startElement {
			continue
		}
		if x.s.depth() == depthObservation {
			found, err := x.observation()
			if err != nil {
				return nil, err
			}
			if found {
				return &x.o, nil
			}
			continue
		}
		if !x.enter() {
			if err := x.s.skip(); err != nil {
				return nil, err
			}
		}
	}
}

// enter takes note of an element above the observations, and reports whether
// there may be observations in it.
func (x *xmlStreams) enter() bool {
	name, attr := string(x.s.local()), x.s.attr
	switch depth := x.s.depth(); {
	case depth == depthStreams:
		return name == "Streams"
	case depth == depthDevice && name == "DeviceStream":
		x.device = x.names.device(DeviceStream{
			Name: x.names.string(attr("name")),
			UUID: x.names.string(attr("uuid")),
		})
		return true
	case depth == depthComponent && name == "ComponentStream":
		x.component = x.names.component(ComponentStream{
			Component: x.names.string(attr("component")),
			ID:        x.names.string(attr("componentId")),
			Name:      x.names.string(attr("name")),
		})
		return true
	case depth == depthCategory:
		x.category = categoryOf(name)
		return x.category != 0
	default:
		return false
	}
}

// categoryOf returns the category of the observations in an element of this
// name, 0 where it holds none.
func categoryOf(name string) Category {
	switch name {
	case "Samples":
		return Sample
	case "Events":
		return Event
	case "Condition":
		return Condition
	default:
		return 0
	}
}

// observation reads the element that has just started into o. It reports false
// where the element is a vendor's and no observation.
func (x *xmlStreams) observation() (bool, error) {
	if x.s.colon > 0 && string(x.s.prefix()) != x.rootPrefix && x.s.attr("dataItemId") == nil {
		return false, x.s.skip()
	}
	before := x.last.dataItemID
	x.o = Observation{Category: x.category, Device: x.device, Component: x.component}
	x.copies, x.attributes = x.copies[:0], x.attributes[:0]
	x.setElement()
	if err := x.setAttributes(); err != nil {
		return false, err
	}
	x.run.stop()
	if x.o.DataItemID == before {
		x.run.start(&x.s)
	}
	err := x.content()
	if x.o.Entries != nil {
		x.run.stop() // repeat does not read entries
	}
	return true, err
}

// setElement sets what follows from the name of the element.
func (x *xmlStreams) setElement() {
	o, last := &x.o, &x.last
	if string(x.s.local()) != last.element {
		last.element = x.names.string(x.s.local())
		last.representation = representationOf(last.element)
	}
	last.prefix = x.names.again(x.s.prefix(), last.prefix)
	o.Element, o.Prefix = last.element, last.prefix
	if o.Category == Condition {
		o.Level = levelOf(o.Element)
	} else {
		o.Representation = last.representation
	}
}

// representationOf tells the representation by the end of an element's name.
func representationOf(element string) Representation {
	switch {
	case strings.HasSuffix(element, "TimeSeries"):
		return TimeSeries
	case strings.HasSuffix(element, "DataSet"):
		return DataSet
	case strings.HasSuffix(element, "Table"):
		return Table
	default:
		return Value
	}
}

// levelOf tells the level by the name of a condition's element.
func levelOf(element string) Level {
	for _, l := range [...]Level{Unavailable, Normal, Warning, Fault} {
		if strings.EqualFold(element, l.String()) {
			return l
		}
	}
	return LevelNone
}

// setAttributes sets what the attributes say.
func (x *xmlStreams) setAttributes() error {
	o, last, names := &x.o, &x.last, x.names
	var sequence, timestamp bool
	for i := range x.s.attrs {
		value := x.s.attrs[i].value
		switch string(x.s.attrs[i].name) {
		case "dataItemId":
			last.dataItemID = names.again(value, last.dataItemID)
			o.DataItemID = last.dataItemID
		case "timestamp":
			if o.Time, timestamp = x.clock.parse(trimSpace(value)); !timestamp {
				return x.faultInTag("<%.100s>: timestamp is %.50q, not a time such as 2006-01-02T15:04:05Z", x.s.name, value)
			}
		case "sequence":
			if o.Sequence, sequence = parseUint(value); !sequence {
				return x.faultInTag("<%.100s>: sequence is %.50q, not a number from 0 to 2^64-1", x.s.name, value)
			}
		case "name":
			last.name = names.again(value, last.name)
			o.Name = last.name
		case "type":
			last.typ = names.again(value, last.typ)
			o.Type = last.typ
		case "subType":
			last.subType = names.again(value, last.subType)
			o.SubType = last.subType
		case "compositionId":
			o.CompositionID = names.string(value)
		case "nativeCode":
			o.NativeCode = names.string(value)
		case "nativeSeverity":
			o.NativeSeverity = names.string(value)
		case "qualifier":
			o.Qualifier = names.string(value)
		case "conditionId":
			o.ConditionID = names.string(value)
		case "resetTriggered":
			o.ResetTriggered = names.string(value)
		default:
			x.addAttribute(x.s.attrs[i])
		}
	}
	switch {
	case o.DataItemID == "":
		return x.faultInTag("<%.100s> has no dataItemId", x.s.name)
	case !sequence:
		return x.faultInTag("<%.100s> of data item %.100q has no sequence", x.s.name, o.DataItemID)
	case !timestamp:
		return x.faultInTag("<%.100s> of data item %.100q has no timestamp", x.s.name, o.DataItemID)
	}
	if len(x.attributes) > 0 {
		o.Attributes = x.attributes
	}
	return nil
}

// addAttribute keeps an attribute that has no field. Declarations of namespaces
// are none of the observation's.
func (x *xmlStreams) addAttribute(a attribute) {
	if string(a.name) == "xmlns" || bytes.HasPrefix(a.name, []byte("xmlns:")) {
		return
	}
	x.attributes = append(x.attributes, Attribute{Name: x.names.string(a.name), Value: x.copy(a.value)})
}

// copy returns bytes of the window as bytes that last as long as o.
func (x *xmlStreams) copy(b []byte) []byte {
	begin := len(x.copies)
	x.copies = append(x.copies, b...)
	return x.copies[begin:len(x.copies):len(x.copies)]
}
