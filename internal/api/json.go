package api

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// appendJSONLine appends the record as a line of JSON: what encoding/json writes
// without escaping for HTML, without its reflection.
func (r Record) appendJSONLine(b []byte) []byte {
	b = appendString(append(b, `{"agent":`...), r.Agent)
	b = strconv.AppendUint(append(b, `,"instance":`...), r.Instance, 10)
	if r.Epoch != 0 {
		b = strconv.AppendInt(append(b, `,"epoch":`...), int64(r.Epoch), 10)
	}
	b = strconv.AppendInt(append(b, `,"sequence":`...), r.Sequence, 10)
	b = r.Time.append(append(b, `,"time":"`...))
	b = appendString(append(b, `","device":`...), r.Device)
	b = appendString(append(b, `,"dataItem":`...), r.DataItem)
	b = appendString(append(b, `,"category":`...), r.Category)
	b = appendString(append(b, `,"type":`...), r.Type)
	b = appendString(append(b, `,"subType":`...), r.SubType)
	b = appendString(append(b, `,"name":`...), r.Name)
	b = r.appendValue(append(b, `,"value":`...))
	if a := r.Alarm; a != nil {
		b = appendString(append(b, `,"level":`...), a.Level)
		b = appendString(append(b, `,"nativeCode":`...), a.NativeCode)
		b = appendString(append(b, `,"nativeSeverity":`...), a.NativeSeverity)
		b = appendString(append(b, `,"qualifier":`...), a.Qualifier)
		b = appendString(append(b, `,"conditionId":`...), a.ConditionID)
		b = appendString(append(b, `,"text":`...), a.Text)
	}
	if len(r.Extra) > 0 {
		b = append(append(b, `,"extra":`...), r.Extra...)
	}
	return append(b, '}', '\n')
}

func (r Record) appendValue(b []byte) []byte {
	switch v := r.Value.(type) {
	case float64:
		return appendNumber(b, v)
	case string:
		return appendString(b, v)
	case json.RawMessage:
		return append(b, v...)
	default:
		return append(b, "null"...)
	}
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
