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
	// near is the device found last and nearItem the data item: observations come
	// grouped by device and by data item.
	near     *device
	nearName mtconnect.DeviceStream
	nearItem *item
	// rules gives the rules of a machine's states.
	rules func(slug string) insight.Rules
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
	// waiting is an observation that is not applied to latest yet: another one may
	// take its place.
	waiting *plant.Observation
	// machine is set where the item has a part in the machine's state.
	machine *insight.Machine
}

// newCatalog makes the catalog of an inventory. What old, which may be nil, knew
// stays known.
func newCatalog(inv store.Inventory, old *catalog, rules func(slug string) insight.Rules) *catalog {
	c := &catalog{items: make(map[plant.ItemID]*item, len(inv.Items)), rules: rules}
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
		d.machine = insight.NewMachine(d.Device, inv.Items, rulesOf(rules, d.Slug))
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

// rulesOf gives the rules of a machine; the usual ones where rules is nil.
func rulesOf(rules func(slug string) insight.Rules, slug string) insight.Rules {
	if rules == nil {
		return insight.Rules{}
	}
	return rules(slug)
}

func (c *catalog) addDevice(d plant.Device) *device {
	added := &device{Device: d, items: make(map[string]*item), machine: insight.NewMachine(d, nil, insight.Rules{})}
	c.devices = append(c.devices, added)
	c.near, c.nearItem = nil, nil
	return added
}

func (c *catalog) addItem(d *device, i plant.DataItem) *item {
	added := &item{DataItem: i, device: d}
	c.nearItem = nil
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
		c.near, c.nearName, c.nearItem = found, *s, nil
	}
	return found
}

// item finds the data item that an observation is of; nil where it is in no
// model and was not met yet.
func (c *catalog) item(o *mtconnect.Observation) *item {
	d := c.device(deviceOf(o))
	if d == nil {
		return nil
	}
	if c.nearItem == nil || c.nearItem.DataItemID != o.DataItemID {
		c.nearItem = d.items[o.DataItemID]
	}
	return c.nearItem
}

func deviceOf(o *mtconnect.Observation) *mtconnect.DeviceStream {
	if o.Device == nil {
		return &mtconnect.DeviceStream{}
	}
	return o.Device
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

// applyAll takes in observations of run, in order of sequence. It gives the
// changes of the machines' states that they make.
func (c *catalog) applyAll(run plant.RunID, observations []plant.Observation) []plant.StateChange {
	var changes []plant.StateChange
	for n := range observations {
		o := &observations[n]
		i := c.items[o.Item]
		// What is known of most items is what the last observation says and
		// nothing else: those before it need not be applied.
		if i.machine == nil && o.Alarm == nil && o.Value.Kind != plant.Set {
			c.touch(i)
			i.waiting = o
			continue
		}
		i.settle(run)
		if change, ok := c.apply(run, i, o); ok {
			changes = append(changes, change)
		}
	}
	for _, i := range c.changed {
		i.settle(run)
	}
	return changes
}

// apply takes in an observation of run and of the item i. It gives the change of
// the machine's state where it makes one.
func (c *catalog) apply(run plant.RunID, i *item, o *plant.Observation) (plant.StateChange, bool) {
	c.touch(i)
	i.latest.Apply(run, *o)
	if i.machine == nil {
		return plant.StateChange{}, false
	}
	i.machine.SetRules(rulesOf(c.rules, i.device.Slug)) // They may have changed meanwhile.
	change, ok := i.machine.Apply(i.latest)
	if ok {
		i.device.state = change
	}
	return change, ok
}

// touch takes note that something else is known of an item.
func (c *catalog) touch(i *item) {
	if !i.changed {
		i.changed = true
		c.changed = append(c.changed, i)
	}
}

// settle applies the observation that waits.
func (i *item) settle(run plant.RunID) {
	if i.waiting != nil {
		i.latest.Apply(run, *i.waiting)
		i.waiting = nil
	}
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
