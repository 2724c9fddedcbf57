package agent

import (
	"slices"
	"strconv"
	"strings"

	"github.com/factorydash/factorydash/mtconnect"
)

// batch is the observations of one Streams document.
type batch struct {
	observations []Observation
	items        []int32 // the data item of each
	order        []int32 // in which the document gives them
	starts       []int32
}

func (b *batch) reset() {
	clear(b.observations)
	b.observations, b.items, b.order = b.observations[:0], b.items[:0], b.order[:0]
}

func (b *batch) add(o *Observation, item int32) {
	b.observations = append(b.observations, *o)
	b.items = append(b.items, item)
}

// reverse turns the observations of a descending scan into ascending order.
func (b *batch) reverse() {
	slices.Reverse(b.observations)
	slices.Reverse(b.items)
}

// sort orders the observations by data item, those of one item as they came.
// n is the number of data items of the model.
func (b *batch) sort(n int) {
	b.starts = append(b.starts[:0], make([]int32, n+1)...)
	for _, item := range b.items {
		b.starts[item+1]++
	}
	for i := range n {
		b.starts[i+1] += b.starts[i]
	}
	b.order = slices.Grow(b.order[:0], len(b.items))[:len(b.items)]
	for i, item := range b.items {
		b.order[b.starts[item]] = int32(i)
		b.starts[item]++
	}
}

// categoryElements are the elements that hold the observations of a component.
var categoryElements = [...]string{
	mtconnect.Sample: "Samples", mtconnect.Event: "Events", mtconnect.Condition: "Condition",
}

// appendStreams appends a Streams document.
func (a *Agent) appendStreams(b []byte, m *model, h *header, bt *batch) []byte {
	b = a.appendRoot(b, m, docStreams, h)
	if len(bt.observations) == 0 {
		b = append(b, "<Streams/>"...)
		return appendEnd(b, docStreams)
	}
	b = append(b, "<Streams>"...)
	e := streamsEncoder{model: m, device: -1, component: -1}
	bt.sort(len(m.items))
	for _, i := range bt.order {
		b = e.open(b, bt.items[i])
		b = e.observation(b, bt.items[i], &bt.observations[i])
	}
	b = e.close(b)
	b = append(b, "</Streams>"...)
	return appendEnd(b, docStreams)
}

// streamsEncoder keeps track of the elements that are open.
type streamsEncoder struct {
	model             *model
	clock             clock
	device, component int32 // -1 where none is open
	category          mtconnect.Category
}

// open closes and opens elements so that an observation of the item may follow.
func (e *streamsEncoder) open(b []byte, item int32) []byte {
	it := &e.model.items[item]
	if it.component == e.component && it.source.Category == e.category {
		return b
	}
	b = e.closeCategory(b)
	if it.component != e.component {
		b = e.closeComponent(b)
		c := &e.model.components[it.component]
		if c.device != e.device {
			b = e.closeDevice(b)
			e.device = c.device
			b = append(b, e.model.devices[c.device].open...)
		}
		e.component = it.component
		b = append(b, c.open...)
	}
	e.category = it.source.Category
	b = append(b, '<')
	b = append(b, categoryElements[e.category]...)
	return append(b, '>')
}

func (e *streamsEncoder) closeCategory(b []byte) []byte {
	if e.category != 0 {
		b = append(b, "</"...)
		b = append(b, categoryElements[e.category]...)
		b = append(b, '>')
	}
	e.category = 0
	return b
}

func (e *streamsEncoder) closeComponent(b []byte) []byte {
	if e.component >= 0 {
		b = append(b, "</ComponentStream>"...)
	}
	e.component = -1
	return b
}

func (e *streamsEncoder) closeDevice(b []byte) []byte {
	if e.device >= 0 {
		b = append(b, "</DeviceStream>"...)
	}
	e.device = -1
	return b
}

func (e *streamsEncoder) close(b []byte) []byte {
	return e.closeDevice(e.closeComponent(e.closeCategory(b)))
}

// observation appends one observation.
func (e *streamsEncoder) observation(b []byte, item int32, o *Observation) []byte {
	it := &e.model.items[item]
	name := it.name
	if name == "" {
		name = conditionElement(o)
	}
	b = append(b, '<')
	b = append(b, name...)
	b = append(b, it.attrs...)
	b = append(b, ` sequence="`...)
	b = strconv.AppendUint(b, o.Sequence, 10)
	b = append(b, `" timestamp="`...)
	b = e.clock.appendTime(b, o.Time)
	b = append(b, '"')
	isSet := it.source.Representation == mtconnect.DataSet || it.source.Representation == mtconnect.Table
	if isSet {
		b = append(b, ` count="`...)
		b = strconv.AppendInt(b, int64(countEntries(o)), 10)
		b = append(b, '"')
	}
	if o.Detail != nil {
		b = e.detail(b, it.source, o.Detail)
	}
	if o.Value == "" && countEntries(o) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	b = appendEscaped(b, o.Value)
	if o.Detail != nil {
		b = appendEntries(b, o.Detail.Entries)
	}
	b = append(b, "</"...)
	b = append(b, name...)
	return append(b, '>')
}

func conditionElement(o *Observation) string {
	if o.Detail == nil || o.Detail.Level == mtconnect.LevelNone {
		return mtconnect.Unavailable.String()
	}
	return o.Detail.Level.String()
}

func countEntries(o *Observation) int {
	if o.Detail == nil {
		return 0
	}
	return len(o.Detail.Entries)
}

// detail appends the attributes that few observations have.
func (e *streamsEncoder) detail(b []byte, source *mtconnect.DataItem, d *Detail) []byte {
	b = attr(b, "nativeCode", d.NativeCode)
	b = attr(b, "nativeSeverity", d.NativeSeverity)
	b = attr(b, "qualifier", d.Qualifier)
	if e.model.schema.at(2, 3) {
		b = attr(b, "conditionId", d.ConditionID)
	}
	b = attr(b, "resetTriggered", d.ResetTriggered)
	for i, a := range d.Attributes {
		name := e.model.attributeName(a.Name)
		taken := slices.ContainsFunc(d.Attributes[:i], func(before Attribute) bool {
			return e.model.attributeName(before.Name) == name
		})
		if name != "" && !taken && !hasAttribute(source, name) {
			b = appendAttr(b, name, a.Value)
		}
	}
	return b
}

// attributeName gives the name under which a further attribute may be written:
// without its prefix where that has no namespace, empty where it is no name.
func (m *model) attributeName(name string) string {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
	}
	if !isName(local) {
		return ""
	}
	if m.prefix(prefix) != "" {
		return name
	}
	return local
}

// hasAttribute reports whether the observations of a data item have an
// attribute by themselves, which must not be written twice.
func hasAttribute(d *mtconnect.DataItem, name string) bool {
	switch name {
	case "dataItemId", "name", "subType", "compositionId", "sequence", "timestamp",
		"nativeCode", "nativeSeverity", "qualifier", "conditionId", "resetTriggered", "xmlns":
		return true
	case "statistic":
		return d.Statistic != ""
	case "type":
		return d.Category == mtconnect.Condition
	case "count":
		return d.Representation == mtconnect.DataSet || d.Representation == mtconnect.Table
	default:
		return false
	}
}

func appendEntries(b []byte, entries []Entry) []byte {
	for i := range entries {
		entry := &entries[i]
		b = append(b, "<Entry"...)
		b = appendAttr(b, "key", entry.Key)
		if entry.Removed {
			b = append(b, ` removed="true"/>`...)
			continue
		}
		b = append(b, '>')
		b = appendEscaped(b, entry.Value)
		for _, c := range entry.Cells {
			b = append(b, "<Cell"...)
			b = appendAttr(b, "key", c.Key)
			b = append(b, '>')
			b = appendEscaped(b, c.Value)
			b = append(b, "</Cell>"...)
		}
		b = append(b, "</Entry>"...)
	}
	return b
}
