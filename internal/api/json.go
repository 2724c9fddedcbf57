package api

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/factorydash/factorydash/internal/plant"
)

// labels are what all Records of a data item have in common, as JSON: up to the
// instance, and from the device up to the value. They are made when they are first
// needed.
type labels map[*item]label

type label struct{ head, middle []byte }

func (l labels) of(it *item) label {
	if v, ok := l[it]; ok {
		return v
	}
	var v label
	v.head = append(appendString([]byte(`{"agent":`), it.machine.agent.Name), `,"instance":`...)
	b := appendString(append(make([]byte, 0, 256), `","device":`...), it.machine.title())
	b = appendString(append(b, `,"dataItem":`...), it.DataItemID)
	b = appendString(append(b, `,"category":`...), it.Category.String())
	b = appendString(append(b, `,"type":`...), it.Type)
	b = appendString(append(b, `,"subType":`...), it.SubType)
	b = appendString(append(b, `,"name":`...), it.Name)
	b = append(b, `,"value":`...)
	v.middle = b
	l[it] = v
	return v
}

// appendJSON appends an observation of a run as the Record that newRecord makes of
// it: what encoding/json writes without escaping for HTML, without its reflection
// and without making the Record.
func (l labels) appendJSON(b []byte, it *item, run *plant.Run, o plant.Observation) []byte {
	label := l.of(it)
	b = strconv.AppendUint(append(b, label.head...), run.InstanceID, 10)
	if run.Epoch != 0 {
		b = strconv.AppendInt(append(b, `,"epoch":`...), int64(run.Epoch), 10)
	}
	b = strconv.AppendInt(append(b, `,"sequence":`...), o.Sequence, 10)
	b = appendInstant(append(b, `,"time":"`...), o.Time)
	b = append(b, label.middle...)
	a := o.Alarm
	switch {
	case a != nil || o.Value.Kind == plant.Unknown:
		b = append(b, "null"...)
	case o.Value.Kind == plant.Number:
		b = appendNumber(b, o.Value.Number)
	case o.Value.Kind == plant.Set:
		b = append(b, o.Value.Text...)
	default:
		b = appendString(b, o.Value.Text)
	}
	if a != nil {
		b = appendString(append(b, `,"level":`...), a.Level.String())
		b = appendString(append(b, `,"nativeCode":`...), a.NativeCode)
		b = appendString(append(b, `,"nativeSeverity":`...), a.NativeSeverity)
		b = appendString(append(b, `,"qualifier":`...), a.Qualifier)
		b = appendString(append(b, `,"conditionId":`...), a.ConditionID)
		b = appendString(append(b, `,"text":`...), a.Text)
	}
	if o.Extra != "" {
		b = append(append(b, `,"extra":`...), o.Extra...)
	}
	return append(b, '}')
}

// appendJSONLine appends the observation as a line.
func (l labels) appendJSONLine(b []byte, it *item, run *plant.Run, o plant.Observation) []byte {
	return append(l.appendJSON(b, it, run, o), '\n')
}

// appendNumber appends a finite number as encoding/json does.
func appendNumber(b []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, 64)
	if n := len(b); format == 'e' && string(b[n-4:n-1]) == "e-0" {
		b = append(b[:n-2], b[n-1]) // e-09 becomes e-9.
	}
	return b
}

// appendString appends s as a JSON string, as encoding/json does without
// escaping for HTML: bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\b':
				b = append(b, `\b`...)
			case '\f':
				b = append(b, `\f`...)
			case '\n':
				b = append(b, `\n`...)
			case '\r':
				b = append(b, `\r`...)
			case '\t':
				b = append(b, `\t`...)
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029': // Line ends to JavaScript.
			b = append(append(b, s[start:i]...), '\\', 'u', '2', '0', '2', hex[r&15])
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}
