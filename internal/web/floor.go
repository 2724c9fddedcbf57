package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// floorBody is what the floor shows.
type floorBody struct {
	Filter floorFilter
	Views  []viewChoice
	Counts []stateCount
	Total  int
	// Past is true where a moment of the past is shown.
	Past      bool
	Attention []attention
	Groups    []group
	// Aims is true where the shop says how many parts machines are to make.
	Aims bool
	// Shifts is true where the shop says when shifts are.
	Shifts bool
	// Lane is the range of the lanes on the cards.
	Lane laneRange
	// Agents counts the agents; without any the page says how to add one.
	Agents int
	// Problem says what of the page could not be had.
	Problem string
	Blank   blank
	Now     time.Time
}

// stateCount counts the machines in a state.
type stateCount struct {
	Slug, Word string
	Count      int
	// Chosen is true where the filter keeps this state only; Href toggles it.
	Chosen bool
	Href   string
}

// NoMatch reports whether there are machines and the filter leaves none.
func (b floorBody) NoMatch() bool {
	return b.Total > 0 && !slices.ContainsFunc(b.Groups, func(g group) bool { return !g.Hidden() })
}

func (s *site) floor(w http.ResponseWriter, r *http.Request) {
	now := s.now()
	filter, err := parseFloorFilter(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	past := s.past()
	body := floorBody{Filter: filter, Past: past, Now: now}
	p := page{Title: "Floor", Nav: "floor", Script: "floor.js"}
	machines, err := s.readMachines(r.Context())
	if err != nil {
		s.fail(w, r, fmt.Errorf("machines: %w", err))
		return
	}
	body.Agents = len(machines)
	var agents []api.Agent
	if !past {
		if agents, err = s.views.Agents(r.Context()); err != nil {
			s.log.ErrorContext(r.Context(), "floor without agents", "error", err)
			body.Problem = "The state of the agents could not be read: which of them are away is not shown."
		}
		body.Agents = len(agents)
	}
	body.Total = len(machines)
	body.Views = filter.views()
	body.Counts = countStates(machines, filter)
	body.Attention = needAttention(machines, agents, now)
	body.Groups = s.groupMachines(machines, agents, filter, now)
	body.Lane = s.laneRange(now)
	for _, said := range s.shop().Machines {
		body.Aims = body.Aims || len(said.Targets) > 0
	}
	body.Shifts = !s.shop().Calendar.Empty()
	body.Blank = blank{now}
	shown := slices.DeleteFunc(slices.Clone(machines), func(m api.Machine) bool { return !matches(m, filter.Query, filter.State) })
	p.Body, p.Data, p.Table = body, shown, machinesTable(shown)
	s.draw(w, r, http.StatusOK, "floor", p)
}

// readMachines gives the machines as they are, or were at the moment that the pages
// show.
func (s *site) readMachines(ctx context.Context) ([]api.Machine, error) {
	if !s.past() {
		return s.views.Machines(ctx)
	}
	machines, err := s.views.MachinesAt(ctx, s.now())
	nameUnknown(machines)
	return machines, err
}

// unknownState is the slug of what a machine was doing where that is not known,
// as the timeline has it.
const unknownState = "unknown"

// nameUnknown gives a word to the state of machines of which none is known.
func nameUnknown(machines []api.Machine) {
	for i := range machines {
		if machines[i].State == "" {
			machines[i].State, machines[i].Word = unknownState, "Not known"
		}
	}
}

// countStates counts the machines in each state, all of them whatever the filter
// is.
func countStates(machines []api.Machine, filter floorFilter) []stateCount {
	var counts []stateCount
	count := func(slug, word string) stateCount {
		c := stateCount{Slug: slug, Word: word, Chosen: filter.State == slug}
		for _, m := range machines {
			if m.State == slug {
				c.Count++
			}
		}
		toggled := filter
		if toggled.State = slug; c.Chosen {
			toggled.State = ""
		}
		c.Href = toggled.Href()
		return c
	}
	for _, state := range shownStates {
		counts = append(counts, count(state.Slug(), state.String()))
	}
	if c := count(unknownState, "Not known"); c.Count > 0 {
		counts = append(counts, c)
	}
	return counts
}

// matches reports whether a machine is what the filter asks for: each word of
// the query is somewhere in what its card says.
func matches(m api.Machine, query, state string) bool {
	if state != "" && m.State != state {
		return false
	}
	text := strings.ToLower(strings.Join([]string{m.Name, m.Agent, m.Manufacturer, m.Model, m.Word, deref(m.Program)}, " "))
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// machinesTable is the floor as CSV.
func machinesTable(machines []api.Machine) *table {
	t := &table{Columns: []string{"machine", "name", "agent", "state", "since", "rule", "program", "mode", "execution", "parts", "conditions"}}
	for _, m := range machines {
		t.Rows = append(t.Rows, []any{
			m.Slug, m.Name, m.Agent, m.State, cell(m.Since), m.Rule,
			cell(m.Program), cell(m.Mode), cell(m.Execution), cell(m.Parts), len(m.Conditions),
		})
	}
	return t
}
