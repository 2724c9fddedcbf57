package simulate

import (
	"strings"

	"github.com/factorydash/factorydash/mtconnect"
)

// modeler puts the device model of a machine together and makes the signal of
// each data item in it.
type modeler struct {
	prefix  string
	adapter *adapter
	root    *node
	byName  map[string]*node
}

// node is a component under construction.
type node struct {
	mtconnect.Component
	children []*node
}

func newModeler(name string, a *adapter) *modeler {
	prefix := strings.ToLower(strings.ReplaceAll(name, "-", ""))
	root := &node{Component: mtconnect.Component{Type: "Device", ID: prefix, Name: name}}
	return &modeler{prefix: prefix, adapter: a, root: root, byName: make(map[string]*node)}
}

// component adds a component below another one, or gives the one of that name
// that is there.
func (b *modeler) component(parent *node, typ, name string) *node {
	if n := b.byName[name]; n != nil {
		return n
	}
	n := &node{Component: mtconnect.Component{Type: typ, ID: b.prefix + "_" + strings.ToLower(name), Name: name}}
	parent.children = append(parent.children, n)
	b.byName[name] = n
	return n
}

// system gives a component for what is not an axis, below Systems unless it is
// there already.
func (b *modeler) system(name string) *node {
	types := map[string]string{
		"coolant": "Coolant", "hydraulic": "Hydraulic", "pneumatic": "Pneumatic", "electric": "Electric",
		"dielectric": "Dielectric", "wire": "WireFeeder", "generator": "Electric",
	}
	if n := b.byName[name]; n != nil {
		return n
	}
	return b.component(b.component(b.root, "Systems", "systems"), types[name], name)
}

// item adds a data item to a component and gives its signal.
func (b *modeler) item(n *node, d mtconnect.DataItem) *signal {
	d.ID = b.prefix + "_" + strings.ToLower(d.Name)
	if d.NativeUnits == "" {
		d.NativeUnits = d.Units
	}
	n.DataItems = append(n.DataItems, d)
	s := &signal{
		id: d.ID, category: d.Category, digits: 3,
		set: d.Representation == mtconnect.DataSet || d.Representation == mtconnect.Table,
	}
	b.adapter.signals = append(b.adapter.signals, s)
	return s
}

func (b *modeler) event(n *node, name, typ, subType string) *signal {
	return b.item(n, mtconnect.DataItem{Category: mtconnect.Event, Name: name, Type: typ, SubType: subType})
}

// sample adds a sample that is rounded to digits, and left out where it has
// changed by less than delta.
func (b *modeler) sample(n *node, name, typ, subType, units string, digits int, delta float64) *signal {
	d := mtconnect.DataItem{Category: mtconnect.Sample, Name: name, Type: typ, SubType: subType, Units: units}
	if typ == "PATH_FEEDRATE" && units == "MILLIMETER/SECOND" {
		d.NativeUnits = "MILLIMETER/MINUTE"
	}
	if delta > 0 {
		d.Filters = []mtconnect.Filter{{Type: "MINIMUM_DELTA", Value: delta}}
	}
	s := b.item(n, d)
	s.digits, s.delta = digits, delta
	return s
}

func (b *modeler) condition(n *node, name, typ string) *signal {
	return b.item(n, mtconnect.DataItem{Category: mtconnect.Condition, Name: name, Type: typ})
}

// device gives the finished model.
func (b *modeler) device(uuid, version string, about mtconnect.Description) mtconnect.Device {
	b.root.Description = about
	return mtconnect.Device{Component: b.root.component(), UUID: uuid, MTConnectVersion: version}
}

func (n *node) component() mtconnect.Component {
	c := n.Component
	for _, child := range n.children {
		c.Components = append(c.Components, child.component())
	}
	return c
}
