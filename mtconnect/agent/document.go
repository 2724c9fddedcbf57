package agent

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// The kinds of document, as they stand in element names and namespaces.
const (
	docDevices = "Devices"
	docStreams = "Streams"
	docAssets  = "Assets"
	docError   = "Error"
)

// header is what an answer says of the agent and of itself.
type header struct {
	Info
	created           time.Time
	first, last, next uint64
	assets            []mtconnect.Asset // those that are counted, and removed ones
}

// appendRoot appends what stands before the content of a document: the
// declaration, the start tag of the root and the header.
func (a *Agent) appendRoot(b []byte, m *model, doc string, h *header) []byte {
	namespace := "urn:mtconnect.org:MTConnect" + doc + ":" + m.schema.String()
	if !m.schema.at(1, 1) {
		namespace = "urn:mtconnect.com:MTConnect" + doc + ":1.0"
	}
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<MTConnect"...)
	b = append(b, doc...)
	b = appendAttr(b, "xmlns:m", namespace)
	b = appendAttr(b, "xmlns", namespace)
	b = appendAttr(b, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
	for _, n := range a.options.Namespaces {
		b = appendAttr(b, "xmlns:"+n.Prefix, n.URI)
	}
	b = appendAttr(b, "xsi:schemaLocation",
		namespace+" http://schemas.mtconnect.org/schemas/MTConnect"+doc+"_"+m.schema.String()+".xsd")
	b = append(b, '>')
	return h.append(b, m.schema, doc)
}

func appendEnd(b []byte, doc string) []byte {
	b = append(b, "</MTConnect"...)
	b = append(b, doc...)
	return append(b, ">\n"...)
}

// append appends the Header element with the attributes that the kind of
// document has in the version of the standard.
func (h *header) append(b []byte, s schema, doc string) []byte {
	number := func(name string, v uint64) {
		b = append(b, ' ')
		b = append(b, name...)
		b = append(b, '=', '"')
		b = strconv.AppendUint(b, v, 10)
		b = append(b, '"')
	}
	b = append(b, "<Header"...)
	b = appendAttr(b, "creationTime", h.created.UTC().Format("2006-01-02T15:04:05Z"))
	b = appendAttr(b, "sender", h.Sender)
	number("instanceId", h.InstanceID)
	b = appendAttr(b, "version", h.Version)
	if s.at(1, 7) {
		b = appendAttr(b, "deviceModelChangeTime", h.ModelChanged.UTC().Format("2006-01-02T15:04:05.999999Z"))
	}
	if s.at(1, 2) && (doc == docDevices || doc == docAssets) {
		number("assetBufferSize", h.AssetBufferSize)
		number("assetCount", h.assetCount())
	}
	if doc != docAssets {
		number("bufferSize", h.BufferSize)
	}
	if doc == docStreams {
		number("nextSequence", h.next)
		number("firstSequence", h.first)
		number("lastSequence", h.last)
	}
	if doc == docDevices && s.at(1, 2) && !s.at(2, 0) {
		b = append(b, '>')
		b = appendAssetCounts(b, h.assets)
		return append(b, "</Header>"...)
	}
	return append(b, "/>"...)
}

func (h *header) assetCount() uint64 {
	n := uint64(0)
	for i := range h.assets {
		if !h.assets[i].Removed {
			n++
		}
	}
	return n
}

// appendAssetCounts appends how many assets there are of each type.
func appendAssetCounts(b []byte, assets []mtconnect.Asset) []byte {
	counts := make(map[string]int)
	var types []string
	for i := range assets {
		kind := assets[i].Type
		if assets[i].Removed {
			continue
		}
		if counts[kind]++; counts[kind] == 1 {
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	b = append(b, "<AssetCounts>"...)
	for _, t := range types {
		b = append(b, "<AssetCount"...)
		b = appendAttr(b, "assetType", t)
		b = append(b, '>')
		b = strconv.AppendInt(b, int64(counts[t]), 10)
		b = append(b, "</AssetCount>"...)
	}
	return append(b, "</AssetCounts>"...)
}

// appendProbe appends the Devices document of one device or, where d is nil, of
// all.
func (a *Agent) appendProbe(b []byte, m *model, h *header, d *deviceModel) []byte {
	b = a.appendRoot(b, m, docDevices, h)
	b = append(b, "<Devices>"...)
	for i := range m.devices {
		if d == nil || d == &m.devices[i] {
			b = m.devices[i].element.append(b)
		}
	}
	b = append(b, "</Devices>"...)
	return appendEnd(b, docDevices)
}

// appendAssets appends the Assets document with the assets given.
func (a *Agent) appendAssets(b []byte, m *model, h *header, assets []mtconnect.Asset) []byte {
	b = a.appendRoot(b, m, docAssets, h)
	b = append(b, "<Assets>"...)
	for i := range assets {
		// One that came as JSON cannot stand in this document.
		if bytes.HasPrefix(assets[i].Content, []byte("<")) {
			b = appendAsset(b, &assets[i])
		}
	}
	b = append(b, "</Assets>"...)
	return appendEnd(b, docAssets)
}

// appendAsset appends an asset as it was written; one that was removed since
// says so.
func appendAsset(b []byte, a *mtconnect.Asset) []byte {
	end := 0
	if a.Removed {
		end = roomForRemoved(a.Content)
	}
	if end == 0 {
		return append(b, a.Content...)
	}
	b = append(b, a.Content[:end]...)
	b = append(b, ` removed="true"`...)
	return append(b, a.Content[end:]...)
}

// roomForRemoved gives where in an element the attribute removed may be put, 0
// where it has one or is no element.
func roomForRemoved(raw []byte) int {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.RawToken()
		if err != nil {
			return 0
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if slices.ContainsFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Local == "removed" }) {
			return 0
		}
		end := int(dec.InputOffset()) - len(">")
		if raw[end-1] == '/' {
			end--
		}
		return end
	}
}
