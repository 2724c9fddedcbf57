package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// Limits of the timeline.
const (
	// defaultColumns is how finely the lanes are asked for where a request does not
	// say: about one for each pixel of a wide screen.
	defaultColumns = 1200
	// maxWhole is the longest range of which every interval is given.
	maxWhole = 35 * 24 * time.Hour
	// maxBands is how many shifts are drawn behind the lanes; in a longer range
	// they would be too narrow to see.
	maxBands = 400
)

// timelineBody is what the timeline shows.
type timelineBody struct {
	Picker rangePicker
	// Query is the filter, Group what machines stand together by, and Hidden the
	// states that are not drawn.
	Query, Group string
	Hidden       []string
	Grouping     []rangeLink
	Legend       []legendEntry
	Groups       []timelineGroup
	// All are the shares of all machines that are shown.
	All shares
	// Machines counts those that there are, Shown those that are shown.
	Machines, Shown int
	// NoShifts is true where there is no calendar.
	NoShifts bool
	// Table is true where the intervals are shown as a table, which has Intervals;
	// Left counts those that it leaves out.
	Table     bool
	Intervals []intervalRow
	Left      int64
	// CSV and JSON are this page in other forms, TableHref and LanesHref as a table
	// and as lanes.
	CSV, JSON, TableHref, LanesHref string
	// Problem says what could not be had.
	Problem string
	Now     time.Time
}

// Keep is the group in the address, for the form of the filter.
func (b timelineBody) Keep() []param {
	kept := []param{{"group", b.Group}}
	if len(b.Hidden) > 0 {
		kept = append(kept, param{"hide", strings.Join(b.Hidden, ",")})
	}
	if b.Table {
		kept = append(kept, param{"view", "table"})
	}
	if b.Picker.Name != "" {
		return append(kept, param{"range", b.Picker.Name})
	}
	return append(kept, param{"from", b.Picker.From.Format(time.RFC3339Nano)}, param{"to", b.Picker.To.Format(time.RFC3339Nano)})
}

// legendEntry is a state with the time in it of all machines together.
type legendEntry struct {
	State, Word, Total string
	Hidden             bool
	Href               string
}

// timelineGroup is machines that stand together, with the shares of those that are
// shown.
type timelineGroup struct {
	Name string
	Rows []timelineLine
	All  shares
}

// Hidden reports whether the filter leaves nothing of the group.
func (g timelineGroup) Hidden() bool {
	return !slices.ContainsFunc(g.Rows, func(l timelineLine) bool { return !l.Hidden })
}

// timelineLine is one machine. One that the filter leaves out is there and hidden,
// so that the browser can show it when the filter changes.
type timelineLine struct {
	api.TimelineRow
	Href   string
	Shares shares
	Hidden bool
	// Words is what the filter looks at, in small letters.
	Words string
}

// timelineData is the timeline for programs, and what the page's script reads.
type timelineData struct {
	api.Timeline
	// Scheduled is true where Shifts are those within the range, so that the rest of
	// it is not scheduled; times are microseconds since 1970 UTC.
	Scheduled bool        `json:"scheduled"`
	Shifts    []shiftBand `json:"shifts"`
}

// shiftBand is a shift as it is drawn behind lanes.
type shiftBand struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	From   int64      `json:"from"`
	To     int64      `json:"to"`
	Breaks [][2]int64 `json:"breaks,omitempty"`
}

// shiftBands gives the shifts of a range; ok is false where nothing is to be drawn of
// them, since there is no calendar, or there are too many to be seen.
func shiftBands(c shop.Calendar, from, to time.Time) (list []shiftBand, ok bool) {
	shifts := c.Between(from.UnixMicro(), to.UnixMicro())
	if c.Empty() || len(shifts) > maxBands {
		return []shiftBand{}, false
	}
	bands := make([]shiftBand, len(shifts))
	for i, s := range shifts {
		bands[i] = shiftBand{ID: s.ID(), Name: s.Name, From: s.From, To: s.To}
		for _, b := range s.Breaks {
			bands[i].Breaks = append(bands[i].Breaks, [2]int64{b.From, b.To})
		}
	}
	return bands, true
}

// timeline draws the machines against time.
func (s *site) timeline(w http.ResponseWriter, r *http.Request) {
	picker, ok := s.pickRange(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	said := s.shop()
	body := timelineBody{
		Picker: picker, Query: q.Get("q"), NoShifts: said.Calendar.Empty(), CSV: inForm(r, asCSV), JSON: inForm(r, asJSON), Now: s.now(),
	}
	columns, err := body.choose(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var data timelineData
	data.Shifts, data.Scheduled = shiftBands(said.Calendar, picker.From, picker.To)
	data.Timeline, err = s.views.Timeline(r.Context(), api.TimelineQuery{From: picker.From, To: picker.To, At: s.moment(), Columns: columns})
	status := http.StatusOK
	if err != nil {
		if formOf(r) != asHTML || plant.ErrorCode(err) != plant.Unavailable {
			s.fail(w, r, err)
			return
		}
		status, body.Problem = http.StatusServiceUnavailable, message(err)
	}
	nameMachines(data.Rows, said)
	body.Machines = len(data.Rows)
	all := data.Rows
	data.Rows = slices.DeleteFunc(slices.Clone(all), func(row api.TimelineRow) bool { return !isAskedFor(row, said, body.Query) })
	body.fill(r, data, said)
	body.Groups = groupTimeline(all, body.Group, said, body.Query)
	p := page{Title: "Timeline · " + picker.Label, Nav: "timeline", Script: "timeline.js", Body: body, Data: data}
	if p.Table = sharesTable(data.Rows, said); body.Table {
		p.Table = intervalsTable(data.Rows)
	}
	s.draw(w, r, status, "timeline", p)
}

// choose reads how the timeline is to be shown, and how finely its lanes are to be
// given.
func (b *timelineBody) choose(q url.Values) (columns int, err error) {
	if b.Group, err = oneOf(q, "group", "", "area", "agent", "none"); err != nil {
		return 0, err
	}
	view, err := oneOf(q, "view", "", "table")
	if err != nil {
		return 0, err
	}
	b.Table = view == "table"
	for state := range strings.SplitSeq(q.Get("hide"), ",") {
		if state == "" {
			continue
		}
		if !slices.Contains(stateSlugs(), state) {
			return 0, notOneOf("hide", state, stateSlugs())
		}
		b.Hidden = append(b.Hidden, state)
	}
	return columnsOf(q.Get("columns"), b.Table, b.Picker.Range)
}

// columnsOf reads how finely lanes are to be given; 0 is every interval.
func columnsOf(text string, table bool, picked shop.Range) (int, error) {
	n := defaultColumns
	if table {
		n = 0
	}
	if text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 0 || n > api.MaxTimelineColumns {
			return 0, plant.Errorf(plant.Invalid, "columns=%.20q: use a number from 0, for every interval, to %d.", text, api.MaxTimelineColumns)
		}
	}
	if n == 0 && picked.To.Sub(picked.From) > maxWhole {
		return 0, plant.Errorf(plant.Invalid, "columns=0: every interval is given for a range of at most %d days: choose a shorter one, or columns up to %d.", maxWhole/(24*time.Hour), api.MaxTimelineColumns)
	}
	return n, nil
}

// nameMachines gives machines the names that people have for them.
func nameMachines(rows []api.TimelineRow, said *shop.Shop) {
	for i := range rows {
		rows[i].Name = cmp.Or(said.Machine(rows[i].Machine).Name, rows[i].Name)
	}
}

// wordsOf is what names a machine, in small letters.
func wordsOf(row api.TimelineRow, said *shop.Shop) string {
	return strings.ToLower(strings.Join([]string{row.Name, row.Machine, row.Agent, said.Machine(row.Machine).Area}, " "))
}

// isAskedFor reports whether each word of a filter is somewhere in what names a machine.
func isAskedFor(row api.TimelineRow, said *shop.Shop, query string) bool {
	text := wordsOf(row, said)
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// fill puts the rows into groups and the rest beside them.
func (b *timelineBody) fill(r *http.Request, data timelineData, said *shop.Shop) {
	if b.Group == "" {
		b.Group = "agent"
		if len(said.Areas) > 0 {
			b.Group = "area"
		}
	}
	with := func(name, value string) string {
		q := r.URL.Query()
		q.Set(name, value)
		if value == "" {
			q.Del(name)
		}
		return "?" + q.Encode()
	}
	for _, g := range []rangeWord{{"area", "Area"}, {"agent", "Agent"}, {"none", "None"}} {
		b.Grouping = append(b.Grouping, rangeLink{g.Word, with("group", g.Name), g.Name == b.Group})
	}
	b.TableHref, b.LanesHref = with("view", "table"), with("view", "")
	b.Shown = len(data.Rows)
	all := make([]api.Shares, len(data.Rows))
	for i, row := range data.Rows {
		all[i] = row.Shares
	}
	b.All = sumShares(all)
	for _, state := range shownStates {
		hidden := slices.Contains(b.Hidden, state.Slug())
		rest := slices.DeleteFunc(slices.Clone(b.Hidden), func(h string) bool { return h == state.Slug() })
		if !hidden {
			rest = append(rest, state.Slug())
		}
		b.Legend = append(b.Legend, legendEntry{
			State: state.Slug(), Word: state.String(), Hidden: hidden,
			Total: durationText(time.Duration(b.All.States[state.Slug()]) * time.Microsecond), Href: with("hide", strings.Join(rest, ",")),
		})
	}
	if b.Table {
		b.tabulate(data)
	}
}

// groupTimeline puts machines together by area, agent or not at all.
func groupTimeline(rows []api.TimelineRow, by string, said *shop.Shop, query string) []timelineGroup {
	var groups []timelineGroup
	place := make(map[string]int)
	open := func(name string) int {
		i, ok := place[name]
		if !ok {
			i = len(groups)
			place[name] = i
			groups = append(groups, timelineGroup{Name: name})
		}
		return i
	}
	if by == "area" {
		for _, area := range said.Areas {
			open(area)
		}
	}
	for _, row := range rows {
		name := ""
		switch by {
		case "area":
			name = cmp.Or(said.Machine(row.Machine).Area, "No area")
		case "agent":
			name = "Agent " + row.Agent
		}
		i := open(name)
		groups[i].Rows = append(groups[i].Rows, timelineLine{
			TimelineRow: row, Href: "/m/" + row.Machine, Shares: shares{row.Shares},
			Hidden: !isAskedFor(row, said, query), Words: wordsOf(row, said),
		})
	}
	groups = slices.DeleteFunc(groups, func(g timelineGroup) bool { return len(g.Rows) == 0 })
	for i := range groups {
		var list []api.Shares
		for _, row := range groups[i].Rows {
			if !row.Hidden {
				list = append(list, row.TimelineRow.Shares)
			}
		}
		groups[i].All = sumShares(list)
	}
	return groups
}
