package agent

import (
	"strconv"

	"github.com/factorydash/factorydash/mtconnect"
)

// element is a node of the probe document: what is served to those who ask for
// it and what paths select from.
type element struct {
	prefix, name string
	attrs        []Attribute
	// text is the content of a text node, which has no name.
	text string
	// raw is an element as written, which stands for the whole node.
	raw      []byte
	parent   *element
	position int // in parent.children
	children []*element
	// item is the position of a data item in the model, -1 elsewhere.
	item int32
}

func newElement(prefix, name string) *element {
	return &element{prefix: prefix, name: name, item: -1}
}

// add appends a child and gives it back.
func (e *element) add(child *element) *element {
	child.parent, child.position = e, len(e.children)
	e.children = append(e.children, child)
	return child
}

// child appends a new element without prefix.
func (e *element) child(name string) *element { return e.add(newElement("", name)) }

// set adds an attribute where it has a value.
func (e *element) set(name, value string) {
	if value != "" {
		e.attrs = append(e.attrs, Attribute{name, value})
	}
}

// addText adds a text where there is one.
func (e *element) addText(s string) {
	if s != "" {
		e.add(&element{text: s, item: -1})
	}
}

// leaf adds an element with a text.
func (e *element) leaf(name, text string) { e.child(name).addText(text) }

func (e *element) append(b []byte) []byte {
	switch {
	case e.raw != nil:
		return append(b, e.raw...)
	case e.name == "":
		return appendEscaped(b, e.text)
	}
	b = append(b, '<')
	b = e.appendName(b)
	for _, a := range e.attrs {
		b = appendAttr(b, a.Name, a.Value)
	}
	if len(e.children) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	for _, c := range e.children {
		b = c.append(b)
	}
	b = append(b, "</"...)
	b = e.appendName(b)
	return append(b, '>')
}

func (e *element) appendName(b []byte) []byte {
	if e.prefix != "" {
		b = append(b, e.prefix...)
		b = append(b, ':')
	}
	return append(b, e.name...)
}

func float(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// deviceElement makes the element of a device and calls item with each data
// item's element, in document order.
func (m *model) deviceElement(d *mtconnect.Device, item func(*mtconnect.DataItem, *element)) *element {
	name := "Device"
	if d.IsAgent {
		name = "Agent"
	}
	e := newElement("", name)
	m.fillComponent(e, &d.Component, item)
	e.set("uuid", d.UUID)
	e.set("mtconnectVersion", d.MTConnectVersion)
	e.set("hash", d.Hash)
	return e
}

func (m *model) fillComponent(e *element, c *mtconnect.Component, item func(*mtconnect.DataItem, *element)) {
	e.set("id", c.ID)
	e.set("name", c.Name)
	e.set("nativeName", c.NativeName)
	e.set("uuid", c.UUIDRef)
	e.set("sampleInterval", float(c.SampleInterval))
	fillDescription(e, &c.Description)
	// A configuration that came as JSON cannot stand in this document.
	if checkElement(c.Configuration) == nil {
		e.add(&element{name: "Configuration", raw: c.Configuration, item: -1})
	}
	if len(c.DataItems) > 0 {
		list := e.child("DataItems")
		for i := range c.DataItems {
			item(&c.DataItems[i], list.add(dataItemElement(&c.DataItems[i])))
		}
	}
	if len(c.Components) > 0 {
		list := e.child("Components")
		for i := range c.Components {
			below := &c.Components[i]
			m.fillComponent(list.add(newElement(m.prefix(below.Prefix), toName(below.Type))), below, item)
		}
	}
	if len(c.Compositions) > 0 {
		list := e.child("Compositions")
		for i := range c.Compositions {
			fillComposition(list.child("Composition"), &c.Compositions[i])
		}
	}
}

func fillComposition(e *element, c *mtconnect.Composition) {
	e.set("id", c.ID)
	e.set("type", c.Type)
	e.set("name", c.Name)
	e.set("uuid", c.UUID)
	fillDescription(e, &c.Description)
}

func fillDescription(e *element, d *mtconnect.Description) {
	if *d == (mtconnect.Description{}) {
		return
	}
	e = e.child("Description")
	e.set("manufacturer", d.Manufacturer)
	e.set("model", d.Model)
	e.set("serialNumber", d.SerialNumber)
	e.set("station", d.Station)
	e.addText(d.Text)
}

// representations are the names in a device model; a plain value has none.
var representations = [...]string{
	mtconnect.TimeSeries: "TIME_SERIES", mtconnect.DataSet: "DATA_SET", mtconnect.Table: "TABLE",
}

func dataItemElement(d *mtconnect.DataItem) *element {
	e := newElement("", "DataItem")
	e.set("category", d.Category.String())
	e.set("id", d.ID)
	e.set("name", d.Name)
	e.set("type", d.Type)
	e.set("subType", d.SubType)
	e.set("statistic", d.Statistic)
	e.set("units", d.Units)
	e.set("nativeUnits", d.NativeUnits)
	e.set("nativeScale", float(d.NativeScale))
	e.set("sampleRate", float(d.SampleRate))
	if d.SignificantDigits != 0 {
		e.set("significantDigits", strconv.Itoa(d.SignificantDigits))
	}
	e.set("coordinateSystem", d.CoordinateSystem)
	e.set("compositionId", d.CompositionID)
	if int(d.Representation) < len(representations) {
		e.set("representation", representations[d.Representation])
	}
	if d.Discrete {
		e.set("discrete", "true")
	}
	fillSource(e, &d.Source)
	fillConstraints(e, &d.Constraints)
	if len(d.Filters) > 0 {
		list := e.child("Filters")
		for _, f := range d.Filters {
			filter := list.child("Filter")
			filter.set("type", f.Type)
			filter.addText(strconv.FormatFloat(f.Value, 'g', -1, 64))
		}
	}
	if d.InitialValue != "" {
		e.leaf("InitialValue", d.InitialValue)
	}
	if d.ResetTrigger != "" {
		e.leaf("ResetTrigger", d.ResetTrigger)
	}
	return e
}

func fillSource(e *element, s *mtconnect.Source) {
	if *s == (mtconnect.Source{}) {
		return
	}
	e = e.child("Source")
	e.set("componentId", s.ComponentID)
	e.set("dataItemId", s.DataItemID)
	e.set("compositionId", s.CompositionID)
	e.addText(s.Text)
}

func fillConstraints(e *element, c *mtconnect.Constraints) {
	if c.Minimum == nil && c.Maximum == nil && c.Nominal == nil && len(c.Values) == 0 {
		return
	}
	e = e.child("Constraints")
	for _, v := range c.Values {
		e.leaf("Value", v)
	}
	bound := func(name string, f *float64) {
		if f != nil {
			e.leaf(name, strconv.FormatFloat(*f, 'g', -1, 64))
		}
	}
	bound("Minimum", c.Minimum)
	bound("Maximum", c.Maximum)
	bound("Nominal", c.Nominal)
}
