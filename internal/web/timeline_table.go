package web

import (
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/shop"
)

// The timeline as tables: of intervals, on the page and as CSV, and of shares.

// maxTableRows is how many intervals the page shows as a table; the CSV has all.
const maxTableRows = 1000

// intervalRow is an interval of the table.
type intervalRow struct {
	Machine, Name string
	api.Segment
	Word       string
	Begin, End time.Time
	Length     string
	// Before is true where it began before the range.
	Before bool
	Now    time.Time
}

// tabulate lists the intervals of all machines, as many as the page shows.
func (b *timelineBody) tabulate(data timelineData) {
	for _, row := range data.Rows {
		for _, s := range row.Segments {
			if slices.Contains(b.Hidden, s.State) {
				continue
			}
			if len(b.Intervals) == maxTableRows {
				b.Left++
				continue
			}
			from, to := trueEnds(s)
			b.Intervals = append(b.Intervals, intervalRow{
				Machine: row.Machine, Name: row.Name, Segment: s, Word: segmentWord(s),
				Begin: time.UnixMicro(from).In(b.Now.Location()), End: time.UnixMicro(to).In(b.Now.Location()),
				Length: exactText(to - from), Before: from < data.From.UnixMicro(), Now: b.Now,
			})
		}
	}
}

// trueEnds gives when an interval began and ended, be that outside the range; the
// end of one that lasts is where the range ends.
func trueEnds(s api.Segment) (from, to int64) {
	from, to = s.From, s.To
	if s.Since != 0 {
		from = s.Since
	}
	if s.Until != 0 {
		to = s.Until
	}
	return from, to
}

// segmentWord is the state of an interval for people, or why it is not known.
func segmentWord(s api.Segment) string {
	if s.State != "unknown" {
		return stateWord(s.State)
	}
	switch s.Reason {
	case insight.ReasonGap:
		return "Gap"
	case insight.ReasonNoData:
		return "No data"
	case insight.ReasonRestart:
		return "Agent restart"
	}
	return "Unknown"
}

// sharesTable is the shares of the machines as CSV.
func sharesTable(rows []api.TimelineRow, said *shop.Shop) *table {
	t := &table{Columns: append([]string{"machine", "name", "area", "agent"}, shareColumns()...)}
	for _, row := range rows {
		line := []any{row.Machine, row.Name, said.Machine(row.Machine).Area, row.Agent}
		t.Rows = append(t.Rows, append(line, shares{row.Shares}.row()...))
	}
	return t
}

// intervalsTable is the intervals of the machines as CSV.
func intervalsTable(rows []api.TimelineRow) *table {
	t := &table{Columns: []string{"machine", "name", "state", "reason", "rule", "detail", "from", "to", "since", "until", "open", "count", "duration_us"}}
	moment := func(micros int64) any {
		if micros == 0 {
			return nil
		}
		return time.UnixMicro(micros)
	}
	for _, row := range rows {
		for _, s := range row.Segments {
			t.Rows = append(t.Rows, []any{
				row.Machine, row.Name, s.State, string(s.Reason), s.Rule, s.Detail, moment(s.From), moment(s.To),
				moment(s.Since), moment(s.Until), s.Open, s.Count, s.To - s.From,
			})
		}
	}
	return t
}
