package api

import (
	"encoding/json"
	"strconv"
	"strings"
)

// appendCSVHeader appends the line with the names of the columns.
func appendCSVHeader(b []byte) []byte {
	return append(b, "agent,instance,epoch,sequence,time,device,dataItem,category,type,subType,name,value,"+
		"level,nativeCode,nativeSeverity,qualifier,conditionId,text,extra\r\n"...)
}

// appendCSVLine appends the record as a line of CSV. A value that is unavailable
// is empty; a text that is empty is "".
func (r Record) appendCSVLine(b []byte) []byte {
	b = appendCell(b, r.Agent)
	b = strconv.AppendUint(append(b, ','), r.Instance, 10)
	b = strconv.AppendInt(append(b, ','), int64(r.Epoch), 10)
	b = strconv.AppendInt(append(b, ','), r.Sequence, 10)
	b = r.Time.append(append(b, ','))
	for _, cell := range []string{r.Device, r.DataItem, r.Category, r.Type, r.SubType, r.Name} {
		b = appendCell(append(b, ','), cell)
	}
	b = append(b, ',')
	switch v := r.Value.(type) {
	case float64:
		b = appendNumber(b, v)
	case string:
		if v == "" {
			b = append(b, `""`...)
		}
		b = appendCell(b, v)
	case json.RawMessage:
		b = appendCell(b, string(v))
	}
	var a Alarm
	if r.Alarm != nil {
		a = *r.Alarm
	}
	for _, cell := range []string{a.Level, a.NativeCode, a.NativeSeverity, a.Qualifier, a.ConditionID, a.Text, string(r.Extra)} {
		b = appendCell(append(b, ','), cell)
	}
	return append(b, '\r', '\n')
}

// appendCell appends a cell, in quotes where it needs them.
func appendCell(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c == ',' || c == '"' || c == '\r' || c == '\n' {
			b = append(b, '"')
			b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
			return append(b, '"')
		}
	}
	return append(b, s...)
}
