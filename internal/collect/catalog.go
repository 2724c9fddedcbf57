package collect

import (
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// catalog is the devices and data items of one agent, found by the names that
// the agent gives them, with what is known of them now.
type catalog struct {
	devices []*device
	items   map[plant.ItemID]*item
	// changed are the items that observations changed since the last take.
	changed []*item
	// unmapped counts the items that are in no model.
	unmapped int
	// near is the device found last: observations come grouped by device.
	near     *device
	nearName mtconnect.DeviceStream
}

type device struct {
	plant.Device
	items   map[string]*item
	machine *insight.Machine
	// state is the machine's last change of state.
	state plant.StateChange
}

type item struct {
	plant.DataItem
	device  *device
	latest  plant.Latest
	changed bool
	// machine is set where the item has a part in the machine's state.
	machine *insight.Machine
}

// newCatalog makes the catalog of an inventory. What old, which may be nil, knew
// stays known.
func newCatalog(inv store.Inventory, old *catalog) *catalog {
	c := &catalog{items: make(map[plant.ItemID]*item, len(inv.Items))}
	byID := make(map[plant.DeviceID]*device, len(inv.Devices))
	for _, d := range inv.Devices {
		byID[d.ID] = c.addDevice(d)
	}
	for _, i := range inv.Items {
		if d := byID[i.Device]; d != nil {
			c.addItem(d, i)
		}
	}
	for _, d := range c.devices {
		d.machine = insight.NewMachine(d.Device, inv.Items)
	}
	for _, i := range c.items {
		if d := byID[i.Device]; d.machine.Follows(i.ID) {
			i.machine = d.machine
		}
	}
	if old == nil {
		return c
	}
	for id, i := range old.items {
		// What was found before can be in a document that is being read.
		if c.items[id] == nil {
			c.items[id] = i
		}
	}
	c.load(old.known())
	return c
}

func (c *catalog) addDevice(d plant.Device) *device {
	added := &device{Device: d, items: make(map[string]*item), machine: insight.NewMachine(d, nil)}
	c.devices = append(c.devices, added)
	c.near = nil
	return added
}

func (c *catalog) addItem(d *device, i plant.DataItem) *item {
	added := &item{DataItem: i, device: d}
	d.items[i.DataItemID] = added
	c.items[i.ID] = added
	if i.Unmapped {
		c.unmapped++
	}
	return added
}

// device finds the device that a stream names: by its UUID, else by its name.
func (c *catalog) device(s *mtconnect.DeviceStream) *device {
	if c.near != nil && *s == c.nearName {
		return c.near
	}
	var found *device
	for _, d := range c.devices {
		if s.UUID != "" && d.UUID == s.UUID {
			found = d
			break
		}
		// A device that is gone may have left its name to another.
		if d.Name == s.Name && (s.UUID == "" || d.UUID == "") && (found == nil || !found.Present) {
			found = d
		}
	}
	if found != nil {
		c.near, c.nearName = found, *s
	}
	return found
}

// with gives how many data items there are with those of a model. c may be nil.
func (c *catalog) with(m *plant.Model) int {
	if c == nil {
		c = &catalog{}
	}
	n := len(c.items)
	for i := range m.Devices {
		md := &m.Devices[i]
		d := c.device(&mtconnect.DeviceStream{Name: md.Device.Name, UUID: md.Device.UUID})
		for j := range md.Items {
			if d == nil || d.items[md.Items[j].DataItemID] == nil {
				n++
			}
		}
	}
	return n
}

// load sets what is known of the items and the states of the machines, as the
// store has it.
func (c *catalog) load(latest []plant.Latest, states []plant.StateChange) {
	for _, i := range c.items {
		i.latest, i.changed = plant.Latest{}, false
	}
	c.changed = nil
	byDevice := make(map[plant.DeviceID][]plant.Latest)
	for _, l := range latest {
		if i := c.items[l.Item]; i != nil {
			i.latest = l
			byDevice[i.Device] = append(byDevice[i.Device], l)
		}
	}
	last := make(map[plant.DeviceID]plant.StateChange)
	for _, s := range states {
		last[s.Device] = s
	}
	for _, d := range c.devices {
		d.state = last[d.ID]
		d.machine.Load(byDevice[d.ID], d.state)
	}
}

// known gives what load takes.
func (c *catalog) known() (latest []plant.Latest, states []plant.StateChange) {
	for _, i := range c.items {
		if i.latest.Run != 0 {
			latest = append(latest, i.latest)
		}
	}
	for _, d := range c.devices {
		if d.state.State != 0 {
			states = append(states, d.state)
		}
	}
	return latest, states
}

// apply takes in an observation of run. It gives the change of the machine's
// state where it makes one.
func (c *catalog) apply(run plant.RunID, o plant.Observation) (plant.StateChange, bool) {
	i := c.items[o.Item]
	i.latest.Apply(run, o)
	if !i.changed {
		i.changed = true
		c.changed = append(c.changed, i)
	}
	if i.machine == nil {
		return plant.StateChange{}, false
	}
	change, ok := i.machine.Apply(i.latest)
	if ok {
		i.device.state = change
	}
	return change, ok
}

// take gives what is known of the items that changed since the last call.
func (c *catalog) take() []plant.Latest {
	latest := make([]plant.Latest, len(c.changed))
	for n, i := range c.changed {
		latest[n], i.changed = i.latest, false
	}
	c.changed = c.changed[:0]
	return latest
}
