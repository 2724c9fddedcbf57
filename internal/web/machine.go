package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/shop"
)

// machineBody is what a machine's page shows.
type machineBody struct {
	api.MachineDetail
	// Link is nil where the agent's status is not known.
	Link   *api.Agent
	Groups []itemGroup
	// Charts are the data items chosen for charts, Choices those that could
	// be.
	Charts  []itemRow
	Choices []itemRow
	Range   rangePicker
	Panel   nowPanel
	Cycles  cyclePanel
	// Normal is whether the shift that is shown was as usual; nil where no shift is.
	Normal *normal
	// Stops are the last stops of the range, the newest first, and MoreStops counts
	// those before them.
	Stops     []stop
	MoreStops int
	// Past is true where a moment of the past is shown.
	Past bool
	// ConditionsTitle names the active conditions: they are of now, or of the moment
	// that is shown, whatever the range is.
	ConditionsTitle string
	// ChartLimit is how many charts there can be.
	ChartLimit int
	// Problems say what was asked for and is not shown, or could not be had.
	Problems []string
	Blank    blank
	Now      time.Time
}

// Skew says that the clock of the machine's agent is wrong; empty where it is not, or
// where that is not known.
func (b machineBody) Skew() string {
	if b.Link == nil {
		return ""
	}
	return agentRow{Agent: *b.Link}.Skew()
}

// conditionRow is an active condition with the time it is seen at.
type conditionRow struct {
	api.Condition
	Now time.Time
}

// itemGroup is the data items of one component.
type itemGroup struct {
	// Component is the component's place in the device, from the top.
	Component string
	Rows      []itemRow
}

// itemRow is a data item with how it is shown.
type itemRow struct {
	api.Item
	// Label names it in words, Place says where it stands.
	Label, Place string
	// Unit is what the values are shown in; Factor is what numbers are
	// multiplied by for that.
	Unit   string
	Factor float64
	Show   shown
	// Chartable is true where it can be drawn as a line.
	Chartable bool
	Now       time.Time
}

func (s *site) machine(w http.ResponseWriter, r *http.Request) {
	slug := r.PathValue("machine")
	now := s.now()
	past := s.past()
	var err error
	p := page{Nav: "floor", Script: "machine.js"}
	body := machineBody{ChartLimit: chartLimit, Past: past, Now: now}
	if !past {
		body.MachineDetail, err = s.views.Machine(r.Context(), slug)
	} else {
		body.MachineDetail, err = s.views.MachineAt(r.Context(), slug, now)
		body.MachineDetail = detailAt(body.MachineDetail)
	}
	if err != nil {
		s.fail(w, r, fmt.Errorf("machine: %w", err))
		return
	}
	var ok bool
	if body.Range, ok = s.machineRange(w, r); !ok {
		return
	}
	if err := checkShown(r.URL.Query(), now); err != nil {
		s.fail(w, r, err)
		return
	}
	switch body.Blank = (blank{body.Now}); {
	case past:
		body.ConditionsTitle = "Active conditions then"
	case body.Range.Live:
		body.ConditionsTitle = "Active conditions"
	default:
		body.ConditionsTitle = "Active conditions now, whatever the range"
	}
	if !past {
		s.addLink(r, &body)
	}
	s.addWork(r, &body)
	s.addStops(r, &body)
	s.addNormal(r, &body)
	rows := itemRows(body.Items, body.Now)
	body.Groups, body.Panel = groupItems(rows), newNowPanel(rows)
	for _, row := range rows {
		if row.Chartable {
			body.Choices = append(body.Choices, row)
		}
	}
	var problem string
	if body.Charts, problem = chooseCharts(body.Choices, r.URL.Query()); problem != "" {
		body.Problems = append(body.Problems, problem)
	}
	if err := asError(r, problem); err != nil {
		s.fail(w, r, err)
		return
	}
	p.Title, p.Body, p.Data, p.Table = body.Name, body, body.MachineDetail, itemsTable(body.Items)
	s.draw(w, r, http.StatusOK, "machine", p)
}

// machineRange reads the range that a machine's page shows. Beside a moment of the
// past it is the time before that.
func (s *site) machineRange(w http.ResponseWriter, r *http.Request) (rangePicker, bool) {
	q := r.URL.Query()
	if !s.past() || slices.ContainsFunc(rangeNames, q.Has) {
		return s.pickRange(w, r)
	}
	at := s.now()
	picked, err := shop.ParseRange(shop.DefaultLength, "", "", at, s.shop())
	if err != nil {
		s.fail(w, r, err)
		return rangePicker{}, false
	}
	return newRangePicker(picked.Fixed(), r.URL.Path, q, at, s.shop()), true
}

// addLink adds how the reading of the machine's agent goes.
func (s *site) addLink(r *http.Request, body *machineBody) {
	agents, err := s.views.Agents(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "machine without its agent", "error", err)
		body.Problems = append(body.Problems, "The state of the agent could not be read.")
		return
	}
	if i := slices.IndexFunc(agents, func(a api.Agent) bool { return a.Name == body.Agent }); i >= 0 {
		body.Link = &agents[i]
	}
}

// addWork adds what the machine worked over the range.
func (s *site) addWork(r *http.Request, body *machineBody) {
	to := body.Range.To
	if to.After(body.Now) {
		to = body.Now
	}
	if !body.Range.From.Before(to) {
		return
	}
	cycles, err := s.views.Cycles(r.Context(), api.CycleQuery{Machine: body.Slug, From: body.Range.From, To: to})
	if err != nil {
		s.log.ErrorContext(r.Context(), "machine without its cycles", "error", err)
		body.Problems = append(body.Problems, "The cycles could not be read: "+cmp.Or(message(err), "the log says why")+".")
		return
	}
	body.Cycles = newCyclePanel(cycles, func(from, to time.Time) string {
		q := r.URL.Query()
		dropRange(q)
		q.Set("from", from.Add(-cycleMargin).UTC().Format(time.RFC3339))
		q.Set("to", to.Add(cycleMargin).UTC().Format(time.RFC3339))
		return "?" + q.Encode() + "#lane"
	}, body.Now)
	body.Cycles.All = "/api/v1/machines/" + url.PathEscape(body.Slug) + "/cycles?" + url.Values{
		"from": {body.Range.From.UTC().Format(time.RFC3339)}, "to": {to.UTC().Format(time.RFC3339)},
	}.Encode()
}

// cycleMargin is what is shown before and behind a cycle that is picked.
const cycleMargin = 30 * time.Second

// itemsTable is the data items as CSV.
func itemsTable(items []api.Item) *table {
	t := &table{Columns: []string{"id", "dataItemId", "name", "category", "type", "subType", "component", "units", "value", "time", "sequence"}}
	for _, it := range items {
		value := it.Value
		if raw, ok := value.(json.RawMessage); ok {
			value = string(raw)
		}
		var sequence any
		if it.Sequence != 0 {
			sequence = it.Sequence
		}
		t.Rows = append(t.Rows, []any{int64(it.ID), it.DataItemID, it.Name, it.Category, it.Type, it.SubType, it.Component, it.Units, value, cell(it.Time), sequence})
	}
	return t
}

// itemRows prepares the data items for showing.
func itemRows(items []api.Item, now time.Time) []itemRow {
	rows := make([]itemRow, len(items))
	for i, item := range items {
		unit, factor := shownUnit(item)
		rows[i] = itemRow{
			Item: item, Label: itemLabel(item), Place: placeText(item.Component), Unit: unit, Factor: factor,
			Show: show(item, factor), Chartable: chartable(item), Now: now,
		}
	}
	return rows
}

// groupItems puts the rows of a component together, in the order of the model.
func groupItems(rows []itemRow) []itemGroup {
	var groups []itemGroup
	place := make(map[string]int)
	for _, row := range rows {
		i, ok := place[row.Component]
		if !ok {
			i = len(groups)
			place[row.Component] = i
			groups = append(groups, itemGroup{Component: row.Place})
		}
		groups[i].Rows = append(groups[i].Rows, row)
	}
	return groups
}

// itemLabel names a data item in words: its type and what of it is meant.
func itemLabel(item api.Item) string {
	label := wordText(item.Type)
	if item.SubType != "" {
		label += ", " + strings.ToLower(wordText(item.SubType))
	}
	return label
}
