package collect

import (
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/shdr"
)

// keys are the data items of a device by what an adapter calls them. It makes
// observations of what lines say.
type keys struct {
	device mtconnect.DeviceStream
	byName map[string]*key
	o      mtconnect.Observation // the last one
	value  []byte                // of o
}

// key is a data item as an adapter names it.
type key struct {
	kind shdr.Kind
	item mtconnect.DataItem
}

// newKeys gives the keys of a device as an agent understands them: a key is the
// source of a data item, else its name, else its id. Where several have it, the
// last one counts.
func newKeys(d *mtconnect.Device) keys {
	k := keys{device: mtconnect.DeviceStream{Name: d.Name, UUID: d.UUID}, byName: make(map[string]*key)}
	var items []*key
	gather(&items, &d.Component)
	for _, name := range []func(*mtconnect.DataItem) string{
		func(i *mtconnect.DataItem) string { return i.ID },
		func(i *mtconnect.DataItem) string { return i.Name },
		func(i *mtconnect.DataItem) string { return strings.TrimSpace(i.Source.Text) },
	} {
		for _, i := range items {
			if n := name(&i.item); n != "" {
				k.byName[n] = i
			}
		}
	}
	return k
}

// gather collects the data items of a component and of those below it.
func gather(items *[]*key, c *mtconnect.Component) {
	for i := range c.DataItems {
		*items = append(*items, &key{kind: kindOf(&c.DataItems[i]), item: c.DataItems[i]})
	}
	for i := range c.Components {
		gather(items, &c.Components[i])
	}
}

// kindOf says how lines tell a data item.
func kindOf(d *mtconnect.DataItem) shdr.Kind {
	switch {
	case d.Category == mtconnect.Condition:
		return shdr.Condition
	case d.Representation == mtconnect.TimeSeries:
		return shdr.TimeSeries
	case d.Representation == mtconnect.DataSet:
		return shdr.DataSet
	case d.Representation == mtconnect.Table:
		return shdr.Table
	case d.Type == "MESSAGE":
		return shdr.Message
	case d.Type == "ASSET_CHANGED", d.Type == "ASSET_REMOVED":
		return shdr.AssetEvent
	case d.ResetTrigger != "":
		return shdr.Resettable
	default:
		return shdr.Plain
	}
}

// kind is a shdr.Lookup.
func (k *keys) kind(device, name string) shdr.Kind {
	if found := k.find(device, name); found != nil {
		return found.kind
	}
	return shdr.Unknown
}

func (k *keys) find(device, name string) *key {
	if device != "" && device != k.device.Name && device != k.device.UUID {
		return nil
	}
	return k.byName[name]
}

// observation gives what a line says of one data item, at a time. It is valid
// until the next call.
func (k *keys) observation(line *shdr.Line, it *shdr.Item, at time.Time) *mtconnect.Observation {
	k.value = append(k.value[:0], it.Value...)
	k.o = mtconnect.Observation{
		Category: mtconnect.Event, Device: &k.device, Time: at.UnixMicro(), Value: k.value,
		NativeCode: it.NativeCode, NativeSeverity: it.NativeSeverity, Qualifier: it.Qualifier, ConditionID: it.ConditionID,
		ResetTriggered: it.Reset,
	}
	o := &k.o
	if of := k.find(it.Device, it.Key); of != nil {
		o.Category, o.Representation = of.item.Category, of.item.Representation
		o.DataItemID, o.Name, o.Type, o.SubType = of.item.ID, of.item.Name, of.item.Type, of.item.SubType
	} else {
		o.DataItemID = it.Key
		if it.Device != "" {
			o.DataItemID = it.Device + ":" + it.Key
		}
		o.Name, o.Value = o.DataItemID, []byte(strings.TrimRight(strings.Join(it.Fields, "|"), "|"))
	}
	if o.Category == mtconnect.Condition {
		o.Level = levels[it.Level]
	}
	for _, e := range it.Entries {
		entry := mtconnect.Entry{Key: []byte(e.Key), Removed: e.Removed, Value: []byte(e.Value)}
		for _, c := range e.Cells {
			entry.Cells = append(entry.Cells, mtconnect.Cell{Key: []byte(c.Key), Value: []byte(c.Value)})
		}
		o.Entries = append(o.Entries, entry)
	}
	k.attribute("assetType", it.AssetType)
	if it.Count > 0 {
		k.attribute("sampleCount", strconv.Itoa(it.Count))
	}
	if it.Rate > 0 {
		k.attribute("sampleRate", decimal(it.Rate))
	}
	if line.Duration > 0 {
		k.attribute("duration", decimal(line.Duration))
	}
	return o
}

// levels are the levels of a condition as a line has them.
var levels = map[string]mtconnect.Level{
	"NORMAL": mtconnect.Normal, "WARNING": mtconnect.Warning, "FAULT": mtconnect.Fault, shdr.Unavailable: mtconnect.Unavailable,
}

// attribute adds an attribute to the observation, unless it has no value.
func (k *keys) attribute(name, value string) {
	if value != "" {
		k.o.Attributes = append(k.o.Attributes, mtconnect.Attribute{Name: name, Value: []byte(value)})
	}
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
