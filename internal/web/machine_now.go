package web

import (
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// nowPanel is what a machine's page shows first of what the machine is at: its
// values stay up to date by their data items.
type nowPanel struct {
	// Facts are texts: line, block, tool. Overrides are in per cent.
	Facts, Overrides []itemRow
	// Bars are loads and speeds, shown as bars.
	Bars []nowBar
}

// nowBar is a value beside its whole.
type nowBar struct {
	itemRow
	// Most is the whole that it is shown beside.
	Most float64
}

// Number is the value; 0 where it is not known, which Known tells.
func (b nowBar) Number() float64 {
	n, _ := b.Value.(float64)
	return n * b.Factor
}

// Known reports whether the value is known.
func (b nowBar) Known() bool { _, ok := b.Value.(float64); return ok }

// barLimit is how many bars there are: as many as are read at a glance.
const barLimit = 8

// fullLoad is the whole of a load: machines may be loaded with more than 100 %.
const fullLoad = 150

// newNowPanel picks what is shown from the data items of a machine.
func newNowPanel(rows []itemRow) nowPanel {
	var p nowPanel
	for _, row := range rows {
		switch {
		case row.Category == plant.Event.String() && slices.Contains([]string{"LINE", "LINE_NUMBER", "LINE_LABEL", "BLOCK", "TOOL_NUMBER", "TOOL_ID", "TOOL_ASSET_ID"}, row.Type):
			p.Facts = append(p.Facts, row)
		case strings.HasSuffix(row.Type, "_OVERRIDE") || row.SubType == "OVERRIDE":
			p.Overrides = append(p.Overrides, row)
		case row.Type == "LOAD" && row.Units == "PERCENT" && len(p.Bars) < barLimit:
			p.Bars = append(p.Bars, nowBar{row, fullLoad})
		}
	}
	tellApart(p.Facts)
	tellApart(p.Overrides)
	return p
}

// tellApart adds to those that are called the same where in the machine they stand.
func tellApart(rows []itemRow) {
	count := make(map[string]int)
	for _, row := range rows {
		count[row.Label]++
	}
	for i, row := range rows {
		if count[row.Label] > 1 {
			steps := strings.Split(row.Place, " › ")
			rows[i].Label += ", " + steps[len(steps)-1]
		}
	}
}

// Empty reports whether there is nothing to show.
func (p nowPanel) Empty() bool { return len(p.Facts)+len(p.Overrides)+len(p.Bars) == 0 }

// detailAt gives a machine at a moment, with a word for a state that is not known.
func detailAt(m api.MachineDetail) api.MachineDetail {
	if m.State == "" {
		m.State, m.Word = unknownState, "Not known"
	}
	return m
}
