package mtconnect

import (
	"fmt"
	"strings"
)

// observationBuilder puts observations together from what a document says of
// them, in either form. Where something is wrong it gives the words, empty
// where nothing is; the place is known by who reads the document.
type observationBuilder struct {
	names  *interner
	limits Limits
	clock  clock

	// What the next observation stands in.
	device    *DeviceStream
	component *ComponentStream
	category  Category

	o                Observation
	sequenced, timed bool // o has its sequence, its timestamp
	attributes       []Attribute
	entries          []Entry
	cells            []Cell

	// last holds the names as they were read last. The next observation is
	// mostly of the same data item, and comparing costs less than looking up.
	last Observation
}

// reset begins another document and keeps the memory, unless it is much.
func (b *observationBuilder) reset(names *interner, limits Limits) {
	*b = observationBuilder{
		names:      names,
		limits:     limits,
		clock:      b.clock,
		attributes: reuse(b.attributes, keptEntries),
		entries:    reuse(b.entries, keptEntries),
		cells:      reuse(b.cells, keptEntries),
	}
}

// begin makes o an observation of which nothing is known but the name of its
// element.
func (b *observationBuilder) begin(prefix, local []byte) {
	b.o = Observation{Category: b.category, Device: b.device, Component: b.component}
	b.sequenced, b.timed = false, false
	b.attributes, b.entries, b.cells = b.attributes[:0], b.entries[:0], b.cells[:0]
	o, last := &b.o, &b.last
	if string(local) != last.Element {
		last.Element = b.names.string(local)
		last.Representation = representationOf(last.Element)
	}
	b.setText(&o.Prefix, &last.Prefix, prefix)
	o.Element = last.Element
	if o.Category == Condition {
		o.Level = levelOf(o.Element)
	} else {
		o.Representation = last.Representation
	}
}

// setText sets a field of o whose value is likely to be that of last.
func (b *observationBuilder) setText(field, last *string, value []byte) {
	*last = b.names.again(value, *last)
	*field = *last
}

// set takes an attribute into the field of its name. It reports false where
// there is none.
func (b *observationBuilder) set(name, value []byte) (known bool, wrong string) {
	o, last := &b.o, &b.last
	switch string(name) {
	case "dataItemId":
		b.setText(&o.DataItemID, &last.DataItemID, value)
	case "timestamp":
		if o.Time, b.timed = b.clock.parse(trimSpace(value)); !b.timed {
			wrong = fmt.Sprintf("timestamp is %.50q, not a time such as 2006-01-02T15:04:05Z", value)
		}
	case "sequence":
		if o.Sequence, b.sequenced = parseUint(value); !b.sequenced {
			wrong = fmt.Sprintf("sequence is %.50q, not a number from 0 to 2^64-1", value)
		}
	case "name":
		b.setText(&o.Name, &last.Name, value)
	case "type":
		b.setText(&o.Type, &last.Type, value)
	case "subType":
		b.setText(&o.SubType, &last.SubType, value)
	case "compositionId":
		b.setText(&o.CompositionID, &last.CompositionID, value)
	case "nativeCode":
		b.setText(&o.NativeCode, &last.NativeCode, value)
	case "nativeSeverity":
		b.setText(&o.NativeSeverity, &last.NativeSeverity, value)
	case "qualifier":
		b.setText(&o.Qualifier, &last.Qualifier, value)
	case "conditionId":
		b.setText(&o.ConditionID, &last.ConditionID, value)
	case "resetTriggered":
		b.setText(&o.ResetTriggered, &last.ResetTriggered, value)
	default:
		return false, ""
	}
	return true, wrong
}

// missing says which attribute o must have and has not.
func (b *observationBuilder) missing() string {
	switch {
	case b.o.DataItemID == "":
		return "no dataItemId"
	case !b.sequenced:
		return fmt.Sprintf("no sequence at data item %.100q", b.o.DataItemID)
	case !b.timed:
		return fmt.Sprintf("no timestamp at data item %.100q", b.o.DataItemID)
	default:
		return ""
	}
}

// addAttribute keeps an attribute that has no field.
func (b *observationBuilder) addAttribute(name, value []byte) {
	b.attributes = append(b.attributes, Attribute{Name: b.names.string(name), Value: value})
	b.o.Attributes = b.attributes
}

// addEntry keeps an entry and, as its cells, those from begin on.
func (b *observationBuilder) addEntry(e Entry, begin int) {
	if len(b.cells) > begin {
		e.Cells = b.cells[begin:len(b.cells):len(b.cells)]
	}
	b.entries = append(b.entries, e)
	b.o.Entries = b.entries
}

// full says that no further entry or cell may come.
func (b *observationBuilder) full() string {
	if len(b.entries)+len(b.cells) < b.limits.Entries {
		return ""
	}
	return fmt.Sprintf("more than %d entries and cells", b.limits.Entries)
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
