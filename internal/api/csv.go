package api

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/factorydash/factorydash/internal/plant"
)

// appendCSVHeader appends the line with the names of the columns.
func appendCSVHeader(b []byte) []byte {
	return append(b, "agent,instance,epoch,sequence,time,device,dataItem,category,type,subType,name,value,"+
		"level,nativeCode,nativeSeverity,qualifier,conditionId,text,extra\r\n"...)
}

// appendCSVLine appends an observation of a run as a line of CSV. A value that is
// unavailable is empty; a text that is empty is "".
func appendCSVLine(b []byte, it *item, run *plant.Run, o plant.Observation) []byte {
	b = appendCell(b, it.machine.agent.Name)
	b = strconv.AppendUint(append(b, ','), run.InstanceID, 10)
	b = strconv.AppendInt(append(b, ','), int64(run.Epoch), 10)
	b = strconv.AppendInt(append(b, ','), o.Sequence, 10)
	b = appendInstant(append(b, ','), o.Time)
	for _, cell := range [...]string{it.machine.title(), it.DataItemID, it.Category.String(), it.Type, it.SubType, it.Name} {
		b = appendCell(append(b, ','), cell)
	}
	b = append(b, ',')
	var a plant.Alarm
	switch {
	case o.Alarm != nil:
		a = *o.Alarm
	case o.Value.Kind == plant.Number:
		b = appendNumber(b, o.Value.Number)
	case o.Value.Kind == plant.Text && o.Value.Text == "":
		b = append(b, `""`...)
	case o.Value.Kind != plant.Unknown:
		b = appendCell(b, o.Value.Text)
	}
	for _, cell := range [...]string{a.Level.String(), a.NativeCode, a.NativeSeverity, a.Qualifier, a.ConditionID, a.Text, o.Extra} {
		b = appendCell(append(b, ','), cell)
	}
	return append(b, '\r', '\n')
}

// CellText gives a text as spreadsheets are to take it: as a text. One that they
// would take for a formula gets a ' in front, since texts come from agents; numbers
// stay numbers.
func CellText(s string) string {
	if !beginsFormula(s) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}

// beginsFormula reports whether some spreadsheet may read a text as a formula, by its
// first character: also the wide ones, and what is passed over before it.
func beginsFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first)
}

// appendCell appends a text as a cell, in quotes where it needs them.
func appendCell(b []byte, s string) []byte {
	s = CellText(s)
	for i := range len(s) {
		if c := s[i]; c == ',' || c == '"' || c == '\r' || c == '\n' {
			b = append(b, '"')
			b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
			return append(b, '"')
		}
	}
	return append(b, s...)
}
