package mtconnect_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// node is an element as encoding/xml reads it.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// referenceObservations reads a document with encoding/xml, whole and without
// any of the reader's code. Prefixes are lost on the way, so documents given to
// it have none within their observations.
func referenceObservations(t testing.TB, document []byte) []mtconnect.Observation {
	t.Helper()
	var root node
	d := xml.NewDecoder(bytes.NewReader(document))
	if err := d.Decode(&root); err != nil {
		t.Fatalf("encoding/xml: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if _, err = d.Token(); !errors.Is(err, io.EOF) {
			t.Fatalf("encoding/xml: more after the root: %v", err)
		}
	}
	categories := map[string]mtconnect.Category{
		"Samples": mtconnect.Sample, "Events": mtconnect.Event, "Condition": mtconnect.Condition,
	}
	var all []mtconnect.Observation
	for _, streams := range root.Children {
		for _, device := range streams.Children {
			for _, component := range device.Children {
				for _, category := range component.Children {
					for _, n := range category.Children {
						o := referenceObservation(t, &n, categories[category.XMLName.Local])
						o.Device = &mtconnect.DeviceStream{Name: device.attr("name"), UUID: device.attr("uuid")}
						o.Component = &mtconnect.ComponentStream{
							Component: component.attr("component"),
							ID:        component.attr("componentId"),
							Name:      component.attr("name"),
						}
						all = append(all, o)
					}
				}
			}
		}
	}
	return all
}

func referenceObservation(t testing.TB, n *node, category mtconnect.Category) mtconnect.Observation {
	t.Helper()
	o := mtconnect.Observation{Category: category, Element: n.XMLName.Local}
	if n.XMLName.Space == "urn:nist.gov:NistStreams:1.3" {
		o.Prefix = "x"
	}
	if category == mtconnect.Condition {
		o.Level = map[string]mtconnect.Level{
			"Unavailable": mtconnect.Unavailable, "Normal": mtconnect.Normal,
			"Warning": mtconnect.Warning, "Fault": mtconnect.Fault,
		}[o.Element]
	} else {
		for suffix, r := range map[string]mtconnect.Representation{
			"TimeSeries": mtconnect.TimeSeries, "DataSet": mtconnect.DataSet, "Table": mtconnect.Table,
		} {
			if strings.HasSuffix(o.Element, suffix) {
				o.Representation = r
			}
		}
	}
	fields := map[string]*string{
		"dataItemId": &o.DataItemID, "name": &o.Name, "type": &o.Type, "subType": &o.SubType,
		"compositionId": &o.CompositionID, "nativeCode": &o.NativeCode, "nativeSeverity": &o.NativeSeverity,
		"qualifier": &o.Qualifier, "conditionId": &o.ConditionID, "resetTriggered": &o.ResetTriggered,
	}
	for _, a := range n.Attrs {
		var err error
		field, known := fields[a.Name.Local]
		switch {
		case a.Name.Local == "sequence":
			o.Sequence, err = strconv.ParseUint(a.Value, 10, 64)
		case a.Name.Local == "timestamp":
			var at time.Time
			at, err = time.Parse(time.RFC3339Nano, a.Value)
			o.Time = at.UnixMicro()
		case known:
			*field = a.Value
		default:
			o.Attributes = append(o.Attributes, mtconnect.Attribute{Name: a.Name.Local, Value: bytesOf(a.Value)})
		}
		if err != nil {
			t.Fatalf("<%s> %s: %v", n.XMLName.Local, a.Name.Local, err)
		}
	}
	for _, e := range n.Children {
		entry := mtconnect.Entry{Key: bytesOf(e.attr("key")), Removed: e.attr("removed") == "true", Value: bytesOf(trim(e.Text))}
		for _, c := range e.Children {
			entry.Cells = append(entry.Cells, mtconnect.Cell{Key: bytesOf(c.attr("key")), Value: bytesOf(trim(c.Text))})
		}
		o.Entries = append(o.Entries, entry)
	}
	if o.Entries == nil {
		o.Value = bytesOf(trim(n.Text))
	}
	return o
}

// trim cuts the white space of XML, and no other, from both ends.
func trim(s string) string { return strings.Trim(s, " \t\r\n") }

// bytesOf is nil where there is nothing.
func bytesOf(s string) []byte { return append([]byte(nil), s...) }
