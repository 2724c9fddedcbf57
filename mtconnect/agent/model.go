package agent

import (
	"strings"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// model is what is made once of the device models, so that a request need not:
// the probe document as a tree, and the parts of a Streams document that do
// not change from one observation to the next.
type model struct {
	schema  schema
	changed time.Time
	// prefixes are those declared by the namespaces of the options.
	prefixes map[string]bool

	// root is the document; its only child is MTConnectDevices, whose only
	// child is Devices.
	root    *element
	devices []deviceModel
	// components and items are in the order in which they stand in a Streams
	// document: by device, component, category and place in the device model.
	components []componentModel
	items      []itemModel
	index      map[string]int32 // data item id to position in items
}

// deviceModel is a device of the model.
type deviceModel struct {
	name, uuid string
	isAgent    bool
	element    *element
	// firstItem and endItem bound the device's data items.
	firstItem, endItem int32
	// open is the start tag of the DeviceStream.
	open []byte
}

// componentModel is a component of the model.
type componentModel struct {
	device int32
	// open is the start tag of the ComponentStream.
	open []byte
	// source is where the component's names come from.
	source *mtconnect.Component
}

// itemModel is a data item of the model.
type itemModel struct {
	source    *mtconnect.DataItem
	component int32
	// name is the element of an observation, prefix included; of a condition,
	// whose element is the level, it is empty.
	name string
	// attrs are the attributes that all its observations have.
	attrs []byte
}

func newModel(s schema, changed time.Time, devices []mtconnect.Device, namespaces []Namespace) *model {
	m := &model{
		schema: s, changed: changed, prefixes: make(map[string]bool),
		root: newElement("", ""), index: make(map[string]int32),
	}
	for _, n := range namespaces {
		m.prefixes[n.Prefix] = true
	}
	list := m.root.child("MTConnectDevices").child("Devices")
	for i := range devices {
		if !devices[i].IsAgent || s.at(1, 7) {
			m.addDevice(list, &devices[i])
		}
	}
	return m
}

// prefix gives a prefix that may be written: none for one without a namespace.
func (m *model) prefix(p string) string {
	if m.prefixes[p] {
		return p
	}
	return ""
}

func (m *model) addDevice(list *element, d *mtconnect.Device) {
	elements := make(map[*mtconnect.DataItem]*element)
	e := m.deviceElement(d, func(item *mtconnect.DataItem, e *element) { elements[item] = e })
	list.add(e)
	dm := deviceModel{name: d.Name, uuid: d.UUID, isAgent: d.IsAgent, element: e, firstItem: int32(len(m.items))}
	dm.open = append(dm.open, "<DeviceStream"...)
	dm.open = attr(dm.open, "name", d.Name)
	dm.open = appendAttr(dm.open, "uuid", d.UUID)
	dm.open = append(dm.open, '>')
	for c := range components(&d.Component) {
		cm := componentModel{device: int32(len(m.devices)), source: c, open: []byte("<ComponentStream")}
		kind := c.Type
		if c == &d.Component {
			kind = e.name
		}
		cm.open = appendAttr(cm.open, "component", kind)
		cm.open = attr(cm.open, "name", c.Name)
		cm.open = appendAttr(cm.open, "componentId", c.ID)
		cm.open = append(cm.open, '>')
		m.components = append(m.components, cm)
		for _, category := range []mtconnect.Category{mtconnect.Sample, mtconnect.Event, mtconnect.Condition} {
			for i := range c.DataItems {
				if item := &c.DataItems[i]; item.Category == category {
					m.addItem(item, elements[item])
				}
			}
		}
	}
	dm.endItem = int32(len(m.items))
	m.devices = append(m.devices, dm)
}

func (m *model) addItem(d *mtconnect.DataItem, e *element) {
	it := itemModel{source: d, component: int32(len(m.components) - 1)}
	b := appendAttr(nil, "dataItemId", d.ID)
	b = attr(b, "name", d.Name)
	b = attr(b, "subType", d.SubType)
	b = attr(b, "compositionId", d.CompositionID)
	b = attr(b, "statistic", d.Statistic)
	if d.Category == mtconnect.Condition {
		b = appendAttr(b, "type", d.Type)
	} else {
		it.name = m.elementName(d)
	}
	it.attrs = b
	e.item = int32(len(m.items))
	m.index[d.ID] = e.item
	m.items = append(m.items, it)
}

// suffixes are what a representation adds to the name of an observation.
var suffixes = [...]string{mtconnect.TimeSeries: "TimeSeries", mtconnect.DataSet: "DataSet", mtconnect.Table: "Table"}

// elementName names the observations of a sample or event: the type in Pascal
// case and the representation.
func (m *model) elementName(d *mtconnect.DataItem) string {
	prefix, local, ok := strings.Cut(d.Type, ":")
	if !ok {
		prefix, local = "", d.Type
	}
	name := toName(pascal(local))
	if int(d.Representation) < len(suffixes) {
		name += suffixes[d.Representation]
	}
	if p := m.prefix(prefix); p != "" {
		name = p + ":" + name
	}
	return name
}

// pascal turns a type such as PATH_FEEDRATE into PathFeedrate. The words that
// the standard writes otherwise are kept as it writes them.
func pascal(s string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(s, "_") {
		switch word {
		case "":
		case "AC", "DC", "PH", "IP", "URI":
			b.WriteString(word)
		case "MTCONNECT":
			b.WriteString("MTConnect")
		default:
			b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	return b.String()
}

// device gives the device with a name or uuid, nil if there is none.
func (m *model) device(name string) *deviceModel {
	for i := range m.devices {
		if d := &m.devices[i]; d.name == name || d.uuid == name {
			return d
		}
	}
	return nil
}
