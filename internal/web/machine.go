package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
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
	Range   chartRange
	Ranges  []rangeChoice
	// ChartLimit is how many charts there can be.
	ChartLimit int
	// Problems say what was asked for and is not shown, or could not be had.
	Problems []string
	Blank    blank
	Now      time.Time
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
	m, err := s.views.Machine(r.Context(), r.PathValue("machine"))
	if err != nil {
		s.fail(w, r, fmt.Errorf("machine: %w", err))
		return
	}
	now := s.now()
	body := machineBody{MachineDetail: m, ChartLimit: chartLimit, Blank: blank{now}, Now: now}
	if body.Range, err = parseRange(r.FormValue("range")); err != nil {
		s.fail(w, r, err)
		return
	}
	if agents, err := s.views.Agents(r.Context()); err != nil {
		s.log.ErrorContext(r.Context(), "machine without its agent", "error", err)
		body.Problems = append(body.Problems, "The state of the agent could not be read.")
	} else if i := slices.IndexFunc(agents, func(a api.Agent) bool { return a.Name == m.Agent }); i >= 0 {
		body.Link = &agents[i]
	}
	rows := itemRows(m.Items, now)
	body.Groups = groupItems(rows)
	for _, row := range rows {
		if row.Chartable {
			body.Choices = append(body.Choices, row)
		}
	}
	var problem string
	if body.Charts, problem = chooseCharts(body.Choices, r.URL.Query()["s"]); problem != "" {
		body.Problems = append(body.Problems, problem)
	}
	body.Ranges = rangeChoices(body.Range, r.URL.Query()["s"])
	s.draw(w, r, http.StatusOK, "machine", page{Title: m.Name, Nav: "floor", Script: "machine.js", Body: body, Data: m})
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
