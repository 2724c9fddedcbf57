package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/factorydash/factorydash/mtconnect"
)

// sightings are the data items that observations were seen of, in the order in
// which they were first seen.
type sightings struct {
	byID map[string]*sighting
	list []*sighting
	// deviceIDs are the ids of the devices, as far as they were seen.
	deviceIDs map[mtconnect.DeviceStream]string
}

// sighting is what the observations of a data item say of it.
type sighting struct {
	item      mtconnect.DataItem
	device    mtconnect.DeviceStream
	component mtconnect.ComponentStream
}

func newSightings() *sightings {
	return &sightings{byID: make(map[string]*sighting), deviceIDs: make(map[mtconnect.DeviceStream]string)}
}

// note keeps what the first observation of a data item says of it.
func (s *sightings) note(o *mtconnect.Observation) {
	if s.byID[o.DataItemID] != nil {
		return
	}
	seen := &sighting{item: mtconnect.DataItem{
		ID: o.DataItemID, Name: o.Name, Category: o.Category, Type: typeOf(o), SubType: o.SubType,
		CompositionID: o.CompositionID, Representation: o.Representation,
	}}
	for _, a := range o.Attributes {
		if a.Name == "statistic" {
			seen.item.Statistic = string(a.Value)
		}
	}
	if o.Device != nil {
		seen.device = *o.Device
	}
	if o.Component != nil {
		seen.component = *o.Component
	}
	if ofDevice(seen.component) {
		s.deviceIDs[seen.device] = seen.component.ID
	}
	s.byID[o.DataItemID] = seen
	s.list = append(s.list, seen)
}

// typeOf gives the type of an observation's data item: for a condition what it
// says, otherwise from the name of its element.
func typeOf(o *mtconnect.Observation) string {
	if o.Category == mtconnect.Condition {
		return cmp.Or(o.Type, "SYSTEM")
	}
	suffix := [...]string{mtconnect.TimeSeries: "TimeSeries", mtconnect.DataSet: "DataSet", mtconnect.Table: "Table"}
	name := o.Element
	if int(o.Representation) < len(suffix) {
		name = strings.TrimSuffix(name, suffix[o.Representation])
	}
	typ := screaming(name)
	if o.Prefix != "" {
		typ = o.Prefix + ":" + typ
	}
	return typ
}

// screaming turns PathFeedrate into PATH_FEEDRATE and VoltageDC into
// VOLTAGE_DC.
func screaming(name string) string {
	name = strings.ReplaceAll(name, "MTConnect", "Mtconnect") // one word, whatever it looks like
	letters := []rune(name)
	var b strings.Builder
	for i, r := range letters {
		afterLower := i > 0 && !unicode.IsUpper(letters[i-1]) && letters[i-1] != '_'
		endsCapitals := i > 0 && unicode.IsUpper(letters[i-1]) && i+1 < len(letters) && unicode.IsLower(letters[i+1])
		if unicode.IsUpper(r) && (afterLower || endsCapitals) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// models gives the device models: those of a document, if there is one, with
// what was seen and is not in them.
func (l *loader) models(document []byte) ([]mtconnect.Device, error) {
	var devices []mtconnect.Device
	if len(document) > 0 {
		parsed, err := mtconnect.ParseDevices(document, l.limits)
		if err != nil {
			return nil, fmt.Errorf("device models: %w", err)
		}
		devices = parsed.Devices
	}
	known := make(map[string]bool)
	for i := range devices {
		know(known, &devices[i].Component)
	}
	for _, seen := range l.seen.list {
		if known[seen.item.ID] {
			continue
		}
		if seen.item.ID == "" {
			return nil, fmt.Errorf("an observation of %s on device %q has no dataItemId", seen.item.Type, seen.device.Name)
		}
		d := deviceFor(&devices, seen.device, l.seen.deviceIDs[seen.device])
		c := componentFor(d, seen.component)
		c.DataItems = append(c.DataItems, seen.item)
	}
	return devices, nil
}

// know notes the ids of the data items of a component and all below it.
func know(known map[string]bool, c *mtconnect.Component) {
	for i := range c.DataItems {
		known[c.DataItems[i].ID] = true
	}
	for i := range c.Components {
		know(known, &c.Components[i])
	}
}

// ofDevice reports whether the component of a stream is the device itself.
func ofDevice(s mtconnect.ComponentStream) bool {
	return s.Component == "Device" || s.Component == "Agent" || s.ID == ""
}

// deviceFor gives the device of a stream; it adds one with an id where there
// is none.
func deviceFor(devices *[]mtconnect.Device, s mtconnect.DeviceStream, id string) *mtconnect.Device {
	i := slices.IndexFunc(*devices, func(d mtconnect.Device) bool {
		return s.UUID != "" && d.UUID == s.UUID || s.UUID == "" && d.Name == s.Name
	})
	if i < 0 {
		name := cmp.Or(s.Name, s.UUID, "device")
		i = len(*devices)
		*devices = append(*devices, mtconnect.Device{
			Component: mtconnect.Component{Type: "Device", ID: cmp.Or(id, "device_"+name), Name: name},
			UUID:      cmp.Or(s.UUID, name),
		})
	}
	return &(*devices)[i]
}

// componentFor gives the component of a stream within a device; it adds one
// below the device where there is none.
func componentFor(d *mtconnect.Device, s mtconnect.ComponentStream) *mtconnect.Component {
	if ofDevice(s) {
		d.IsAgent = d.IsAgent || s.Component == "Agent"
		return &d.Component
	}
	if c := find(&d.Component, s.ID); c != nil {
		return c
	}
	d.Components = append(d.Components, mtconnect.Component{Type: s.Component, ID: s.ID, Name: s.Name})
	return &d.Components[len(d.Components)-1]
}

// find gives the component with an id, nil where there is none.
func find(c *mtconnect.Component, id string) *mtconnect.Component {
	if c.ID == id {
		return c
	}
	for i := range c.Components {
		if found := find(&c.Components[i], id); found != nil {
			return found
		}
	}
	return nil
}
