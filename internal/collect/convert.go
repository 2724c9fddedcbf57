package collect

import (
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

// observationBytes is what one parsed observation takes without its texts.
const observationBytes = 96

// maxShared is the longest text that is kept for sharing, in bytes.
const maxShared = 256

// converter makes observations of the domain out of those of an agent. What
// repeats (texts of events, alarms) is shared; it is forgotten when there is too
// much of it.
type converter struct {
	limit  int
	texts  map[string]string
	alarms map[plant.Alarm]*plant.Alarm
	fields []plant.Field
}

func newConverter(limit int) *converter {
	return &converter{
		limit:  limit,
		texts:  make(map[string]string),
		alarms: make(map[plant.Alarm]*plant.Alarm),
	}
}

// observation makes p, which has its item and nothing else, what o says.
func (c *converter) observation(p *plant.Observation, o *mtconnect.Observation) {
	p.Sequence, p.Time = int64(o.Sequence), o.Time
	if o.Category == mtconnect.Condition {
		p.Alarm = c.alarm(o)
	} else {
		p.Value = c.value(o)
	}
	p.Extra = c.extra(o)
}

// value gives the value of a sample or event. UNAVAILABLE is no value.
func (c *converter) value(o *mtconnect.Observation) plant.Value {
	switch {
	case o.IsUnavailable():
		return plant.Value{}
	case o.Representation == mtconnect.DataSet, o.Representation == mtconnect.Table:
		return plant.Value{Kind: plant.Set, Text: encodeSet(o)}
	case o.Category == mtconnect.Sample && o.Representation == mtconnect.Value:
		if n, ok := number(o.Value); ok {
			return plant.Value{Kind: plant.Number, Number: n}
		}
	}
	return plant.Value{Kind: plant.Text, Text: c.text(o.Value)}
}

// text gives the bytes as a string, shared where it is short.
func (c *converter) text(b []byte) string {
	if len(b) > maxShared {
		return string(b)
	}
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	c.keep(s)
	return s
}

func (c *converter) keep(s string) {
	if len(c.texts) >= c.limit {
		clear(c.texts)
	}
	c.texts[s] = s
}

// alarm gives what a condition says, shared.
func (c *converter) alarm(o *mtconnect.Observation) *plant.Alarm {
	a := plant.Alarm{
		Level:          level(o.Level),
		NativeCode:     o.NativeCode,
		NativeSeverity: o.NativeSeverity,
		Qualifier:      o.Qualifier,
		ConditionID:    o.ConditionID,
		Text:           c.text(o.Value),
	}
	if shared, ok := c.alarms[a]; ok {
		return shared
	}
	if len(c.alarms) >= c.limit {
		clear(c.alarms)
	}
	c.alarms[a] = &a
	return &a
}

// level translates a condition's level. One that is none of the standard's is
// not known.
func level(l mtconnect.Level) plant.Level {
	switch l {
	case mtconnect.Normal:
		return plant.LevelNormal
	case mtconnect.Warning:
		return plant.LevelWarning
	case mtconnect.Fault:
		return plant.LevelFault
	default:
		return plant.LevelUnavailable
	}
}

// extra gives the attributes that have no place elsewhere.
func (c *converter) extra(o *mtconnect.Observation) string {
	c.fields = c.fields[:0]
	add := func(name, value string) {
		if value != "" {
			c.fields = append(c.fields, plant.Field{Name: name, Value: value})
		}
	}
	add("resetTriggered", o.ResetTriggered)
	if o.Category != mtconnect.Condition {
		add("nativeCode", o.NativeCode)
		add("nativeSeverity", o.NativeSeverity)
		add("qualifier", o.Qualifier)
		add("conditionId", o.ConditionID)
	}
	for _, a := range o.Attributes {
		c.fields = append(c.fields, plant.Field{Name: a.Name, Value: string(a.Value)})
	}
	if len(c.fields) == 0 {
		return ""
	}
	extra := plant.EncodeExtra(c.fields)
	if len(extra) <= maxShared {
		if shared, ok := c.texts[extra]; ok {
			return shared
		}
		c.keep(extra)
	}
	return extra
}

// encodeSet gives the change that a data set or table makes.
func encodeSet(o *mtconnect.Observation) string {
	entries := make([]plant.SetEntry, len(o.Entries))
	for i, e := range o.Entries {
		entries[i] = plant.SetEntry{Key: string(e.Key), Removed: e.Removed, Value: string(e.Value)}
		if o.Representation != mtconnect.Table {
			continue
		}
		entries[i].Cells = make([]plant.Field, len(e.Cells))
		for j, cell := range e.Cells {
			entries[i].Cells[j] = plant.Field{Name: string(cell.Key), Value: string(cell.Value)}
		}
	}
	return plant.EncodeSet(entries)
}

// size is what an observation takes in memory, at most.
func size(o *plant.Observation) int64 {
	return int64(observationBytes + len(o.Value.Text) + len(o.Extra))
}
