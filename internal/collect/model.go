package collect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

// representations are the representations as a device model spells them.
var representations = [...]string{
	mtconnect.Value:      "VALUE",
	mtconnect.TimeSeries: "TIME_SERIES",
	mtconnect.DataSet:    "DATA_SET",
	mtconnect.Table:      "TABLE",
}

// ParseModel reads a probe document that was stored, or that came as a file.
func ParseModel(agent plant.AgentID, document []byte) (plant.Model, error) {
	doc, err := mtconnect.ParseDevices(document, mtconnect.Limits{})
	if err != nil {
		return plant.Model{}, fmt.Errorf("device model: %w", err)
	}
	return model(agent, doc, document), nil
}

// model translates a probe document.
func model(agent plant.AgentID, doc *mtconnect.Devices, raw []byte) plant.Model {
	m := plant.Model{Agent: agent, Digest: digest(doc, raw), Document: raw}
	for i := range doc.Devices {
		d := &doc.Devices[i]
		md := plant.ModelDevice{Device: plant.Device{
			Agent:        agent,
			Name:         d.Name,
			UUID:         d.UUID,
			Manufacturer: d.Description.Manufacturer,
			Model:        d.Description.Model,
			Serial:       d.Description.SerialNumber,
			Description:  d.Description.Text,
			IsAgent:      d.IsAgent,
			Present:      true,
		}}
		addItems(&md, &d.Component, "", "")
		m.Devices = append(m.Devices, md)
	}
	return m
}

// addItems adds the data items of a component and of those below it. path is
// where the component stands; pathID is the nearest Path component above it.
func addItems(md *plant.ModelDevice, c *mtconnect.Component, path, pathID string) {
	if c.Type == "Path" {
		pathID = c.ID
	}
	for i := range c.DataItems {
		d := &c.DataItems[i]
		md.Items = append(md.Items, plant.DataItem{
			DataItemID:     d.ID,
			Category:       category(d.Category),
			Type:           d.Type,
			SubType:        d.SubType,
			Name:           d.Name,
			Units:          d.Units,
			NativeUnits:    d.NativeUnits,
			Representation: representations[d.Representation&3],
			Statistic:      d.Statistic,
			Discrete:       d.Discrete,
			ComponentID:    c.ID,
			ComponentType:  c.Type,
			ComponentName:  c.Name,
			Path:           path,
			PathID:         pathID,
		})
	}
	for i := range c.Components {
		below := &c.Components[i]
		step := below.Type
		if below.Name != "" {
			step += "[" + below.Name + "]"
		}
		if path != "" {
			step = path + "/" + step
		}
		addItems(md, below, step, pathID)
	}
}

func category(c mtconnect.Category) plant.Category {
	switch c {
	case mtconnect.Sample:
		return plant.Sample
	case mtconnect.Condition:
		return plant.Condition
	default:
		return plant.Event
	}
}

// unmappedDevice is a device that observations name and no model has.
func unmappedDevice(agent plant.AgentID, s *mtconnect.DeviceStream) plant.Device {
	return plant.Device{Agent: agent, Name: s.Name, UUID: s.UUID}
}

// unmappedItem is a data item that observations name and no model has: as much
// of it as an observation tells.
func unmappedItem(d plant.DeviceID, o *mtconnect.Observation) plant.DataItem {
	i := plant.DataItem{
		Device:         d,
		DataItemID:     o.DataItemID,
		Category:       category(o.Category),
		Type:           o.Type,
		SubType:        o.SubType,
		Name:           o.Name,
		Representation: representations[o.Representation&3],
		Unmapped:       true,
	}
	if o.Component != nil {
		i.ComponentID, i.ComponentType, i.ComponentName = o.Component.ID, o.Component.Component, o.Component.Name
	}
	if i.Type == "" {
		i.Type = typeOf(o)
	}
	return i
}

// typeOf gives the type that an element's name stands for: PATH_FEEDRATE for
// PathFeedrate.
func typeOf(o *mtconnect.Observation) string {
	name := o.Element
	switch o.Representation {
	case mtconnect.TimeSeries:
		name = strings.TrimSuffix(name, "TimeSeries")
	case mtconnect.DataSet:
		name = strings.TrimSuffix(name, "DataSet")
	case mtconnect.Table:
		name = strings.TrimSuffix(name, "Table")
	}
	var b strings.Builder
	if o.Prefix != "" {
		b.WriteString(o.Prefix + ":")
	}
	lower := false
	for _, r := range name {
		if lower && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		lower = !unicode.IsUpper(r)
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// digest gives the SHA-256 of a probe document without its header, which changes
// with every answer.
func digest(doc *mtconnect.Devices, raw []byte) string {
	sum := sha256.Sum256(withoutHeader(doc, raw))
	return hex.EncodeToString(sum[:])
}

// withoutHeader cuts the header out of an XML document. Of a document that is
// not XML it gives what was understood of it.
func withoutHeader(doc *mtconnect.Devices, raw []byte) []byte {
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		from := d.InputOffset()
		token, err := d.RawToken()
		if err != nil {
			break
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "Header" {
			continue
		}
		for {
			token, err = d.RawToken()
			if end, ok := token.(xml.EndElement); err != nil || ok && end.Name.Local == "Header" {
				break
			}
		}
		if err == nil {
			return append(bytes.Clone(raw[:from]), raw[d.InputOffset():]...)
		}
		break
	}
	devices, err := json.Marshal(doc.Devices)
	if err != nil {
		return raw
	}
	return devices
}
