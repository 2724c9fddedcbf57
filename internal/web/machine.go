package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// chartLimit is how many charts a machine's page draws at once: more would
// neither fit a screen nor keep up with the stream.
const chartLimit = 6

// ranges are the lengths of time that charts show.
var ranges = []chartRange{
	{"15m", "15 min", 15 * time.Minute},
	{"1h", "1 h", time.Hour},
	{"8h", "8 h", 8 * time.Hour},
}

// defaultRange is what is shown where the address does not say.
const defaultRange = "1h"

// chartRange is a choice of range.
type chartRange struct {
	Name, Word string
	Length     time.Duration
}

// machineBody is what a machine's page shows.
type machineBody struct {
	api.MachineDetail
	// Link is nil where the agent's status is not known.
	Link   *api.Agent
	Groups []itemGroup
	// Charts are the data items chosen for charts, Choices those that could
	// be; Chosen is the list as the address has it.
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

// rangeChoice is a range with the address that chooses it.
type rangeChoice struct {
	chartRange
	Chosen bool
	Href   string
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
	Unit         string
	Show         shown
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
	now := s.now().In(s.zone)
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
	body.Charts, problem = chooseCharts(body.Choices, r.URL.Query()["s"])
	if problem != "" {
		body.Problems = append(body.Problems, problem)
	}
	body.Ranges = rangeChoices(body.Range, r.URL.Query()["s"])
	s.draw(w, r, http.StatusOK, "machine", page{Title: m.Name, Nav: "floor", Script: "machine.js", Body: body})
}

// parseRange reads the range parameter.
func parseRange(name string) (chartRange, error) {
	if name == "" {
		name = defaultRange
	}
	i := slices.IndexFunc(ranges, func(c chartRange) bool { return c.Name == name })
	if i < 0 {
		return chartRange{}, plant.Errorf(plant.Invalid, "range=%s is not a range: use 15m, 1h or 8h.", name)
	}
	return ranges[i], nil
}

// rangeChoices gives the ranges, with the chosen items kept in their addresses.
func rangeChoices(chosen chartRange, items []string) []rangeChoice {
	choices := make([]rangeChoice, len(ranges))
	for i, c := range ranges {
		query := url.Values{"range": {c.Name}}
		if len(items) > 0 {
			query.Set("s", strings.Join(items, ","))
		}
		choices[i] = rangeChoice{c, c == chosen, "?" + query.Encode()}
	}
	return choices
}

// itemRows prepares the data items for showing.
func itemRows(items []api.Item, now time.Time) []itemRow {
	rows := make([]itemRow, len(items))
	for i, item := range items {
		rows[i] = itemRow{
			Item: item, Label: itemLabel(item), Place: placeText(item.Component), Unit: unitText(item.Units),
			Show: show(item), Chartable: chartable(item), Now: now,
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

// chartable reports whether a data item can be drawn as a line: one number or
// one text at a time.
func chartable(item api.Item) bool {
	switch item.Category {
	case plant.Sample.String():
		return item.Representation != "TIME_SERIES" && !isSet(item) && !is3D(item)
	case plant.Event.String():
		return !isSet(item) && item.Type != "MESSAGE" && !is3D(item)
	}
	return false
}

// chooseCharts gives the data items that the address asks for (a list of
// numbers, separated by commas), or a choice of our own where it does not ask;
// problem says what of it cannot be had.
func chooseCharts(choices []itemRow, asked []string) (chosen []itemRow, problem string) {
	if len(asked) == 0 {
		return defaultCharts(choices), ""
	}
	var wrong []string
	for name := range strings.SplitSeq(strings.Join(asked, ","), ",") {
		if name == "" {
			continue
		}
		i := slices.IndexFunc(choices, func(row itemRow) bool {
			return strconv.FormatInt(int64(row.ID), 10) == name
		})
		if i < 0 {
			wrong = append(wrong, strconv.Quote(name))
			continue
		}
		if !slices.ContainsFunc(chosen, func(row itemRow) bool { return row.ID == choices[i].ID }) {
			chosen = append(chosen, choices[i])
		}
	}
	var problems []string
	if len(wrong) > 0 {
		problems = append(problems, "Not a data item of this machine that can be drawn as a line: "+strings.Join(wrong, ", ")+".")
	}
	if len(chosen) > chartLimit {
		chosen = chosen[:chartLimit]
		problems = append(problems, fmt.Sprintf("Only the first %d charts are shown.", chartLimit))
	}
	return chosen, strings.Join(problems, " ")
}

// defaultCharts chooses what tells most of a machine: how hard it works and
// whether it does.
func defaultCharts(choices []itemRow) []itemRow {
	spindle := "none"
	if i := slices.IndexFunc(choices, isSpeed); i >= 0 {
		spindle = choices[i].Component
	}
	wishes := []func(itemRow) bool{
		func(r itemRow) bool { return r.Type == "LOAD" && r.Component == spindle },
		func(r itemRow) bool {
			return r.Type == "PATH_FEEDRATE" && r.Units != "PERCENT" && r.SubType == "ACTUAL"
		},
		func(r itemRow) bool { return r.Type == "PATH_FEEDRATE" && r.Units != "PERCENT" },
		func(r itemRow) bool { return isSpeed(r) && r.SubType == "ACTUAL" },
		isSpeed,
		func(r itemRow) bool { return r.Type == "LOAD" },
		func(r itemRow) bool { return r.Type == "TEMPERATURE" && r.Component == spindle },
		func(r itemRow) bool { return r.Type == "TEMPERATURE" },
		func(r itemRow) bool { return r.Category == plant.Sample.String() },
		func(r itemRow) bool { return r.Type == "EXECUTION" },
	}
	const enough = 4
	var chosen []itemRow
	has := func(row itemRow) bool {
		return slices.ContainsFunc(chosen, func(c itemRow) bool { return c.ID == row.ID || c.Type == row.Type })
	}
	for _, wish := range wishes {
		i := slices.IndexFunc(choices, func(row itemRow) bool { return row.Observed && wish(row) && !has(row) })
		if i >= 0 && len(chosen) < enough {
			chosen = append(chosen, choices[i])
		}
	}
	return chosen
}

func isSpeed(r itemRow) bool {
	return (r.Type == "ROTARY_VELOCITY" || r.Type == "SPINDLE_SPEED") && r.Units != "PERCENT"
}
