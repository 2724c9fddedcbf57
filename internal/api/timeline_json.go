package api

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
)

// writeJSON writes the timeline as encoding/json does, row by row and its segments by
// hand: there may be hundreds of thousands.
func (v Timeline) writeJSON(w io.Writer) error {
	rows := v.Rows
	v.Rows = []TimelineRow{}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	const end = "]}" // Rows come last.
	b = b[:len(b)-len(end)]
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = row.appendJSON(b); err != nil {
			return err
		}
		if _, err = w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err = w.Write(append(b, end...))
	return err
}

// appendJSON appends the row.
func (r TimelineRow) appendJSON(b []byte) ([]byte, error) {
	b = appendString(append(b, `{"machine":`...), r.Machine)
	b = appendString(append(b, `,"name":`...), r.Name)
	b = appendString(append(b, `,"agent":`...), r.Agent)
	b = append(b, `,"segments":[`...)
	for i := range r.Segments {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.Segments[i].appendJSON(b)
	}
	shares, err := json.Marshal(r.Shares)
	if err != nil {
		return nil, err
	}
	b = append(append(b, `],"shares":`...), shares...)
	if r.Problem != "" {
		b = appendString(append(b, `,"problem":`...), r.Problem)
	}
	return append(b, '}'), nil
}

// appendJSON appends the segment.
func (s *Segment) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"from":`...), s.From, 10)
	b = strconv.AppendInt(append(b, `,"to":`...), s.To, 10)
	b = appendString(append(b, `,"state":`...), s.State)
	for _, f := range [...]struct{ name, text string }{{`,"reason":`, string(s.Reason)}, {`,"rule":`, s.Rule}, {`,"detail":`, s.Detail}} {
		if f.text != "" {
			b = appendString(append(b, f.name...), f.text)
		}
	}
	if s.Since != 0 {
		b = strconv.AppendInt(append(b, `,"since":`...), s.Since, 10)
	}
	if s.Until != 0 {
		b = strconv.AppendInt(append(b, `,"until":`...), s.Until, 10)
	}
	if s.Open {
		b = append(b, `,"open":true`...)
	}
	if s.Count != 0 {
		b = strconv.AppendInt(append(b, `,"count":`...), int64(s.Count), 10)
	}
	if len(s.Mix) > 0 {
		b = append(b, `,"mix":{`...)
		for i, state := range slices.Sorted(maps.Keys(s.Mix)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(append(appendString(b, state), ':'), s.Mix[state], 10)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}
