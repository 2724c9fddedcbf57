package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// floorBody is what the floor shows.
type floorBody struct {
	// Query and State are the filter, as the address has it.
	Query, State string
	Counts       []stateCount
	Total        int
	Attention    []attention
	Groups       []group
	// Agents counts the agents; without any the page says how to add one.
	Agents int
	// Problem says what of the page could not be had.
	Problem string
	Blank   blank
}

// stateCount counts the machines in a state.
type stateCount struct {
	Slug, Word string
	Count      int
	// Chosen is true where the filter keeps this state only; Href toggles it.
	Chosen bool
	Href   string
}

// group is the machines of one agent.
type group struct {
	Agent string
	// Link is nil where the agent's status is not known.
	Link  *api.Agent
	Cards []card
	Now   time.Time
}

// Hidden reports whether the filter leaves nothing of the group.
func (g group) Hidden() bool {
	return len(g.Cards) > 0 && !slices.ContainsFunc(g.Cards, func(c card) bool { return !c.Hidden })
}

// NoMatch reports whether there are machines and the filter leaves none.
func (b floorBody) NoMatch() bool {
	return b.Total > 0 && !slices.ContainsFunc(b.Groups, func(g group) bool { return !g.Hidden() })
}

// card is a machine on the floor.
type card struct {
	api.Machine
	Hidden bool
	Now    time.Time
}

// attention is an entry of the list of what needs somebody.
type attention struct {
	State, Word string
	Name, Href  string
	Since       *time.Time
	// SinceBefore is true where it began before anything that is stored.
	SinceBefore bool
	// Why says more, such as the first condition or why the link is down.
	Why   string
	Retry *time.Time
	// Machines counts what is not known because of an agent that is away.
	Machines int
	Now      time.Time
}

func (s *site) floor(w http.ResponseWriter, r *http.Request) {
	machines, err := s.views.Machines(r.Context())
	if err != nil {
		s.fail(w, r, fmt.Errorf("machines: %w", err))
		return
	}
	body := floorBody{
		Query: strings.TrimSpace(r.FormValue("q")),
		State: r.FormValue("state"),
		Total: len(machines),
	}
	agents, err := s.views.Agents(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "floor without agents", "error", err)
		body.Problem = "The state of the agents could not be read: which of them are away is not shown."
	}
	now := s.now()
	body.Agents = len(agents)
	body.Counts = countStates(machines, body.Query, body.State)
	body.Attention = needAttention(machines, agents, now)
	body.Groups = groupMachines(machines, agents, body.Query, body.State, now)
	body.Blank = blank{now}
	s.draw(w, r, http.StatusOK, "floor", page{Title: "Floor", Nav: "floor", Script: "floor.js", Body: body, Data: machines, Table: machinesTable(machines)})
}

// countStates counts the machines in each state, all of them whatever the
// filter is.
func countStates(machines []api.Machine, query, chosen string) []stateCount {
	counts := make([]stateCount, len(shownStates))
	for i, state := range shownStates {
		c := stateCount{Slug: state.Slug(), Word: state.String(), Chosen: chosen == state.Slug()}
		for _, m := range machines {
			if m.State == c.Slug {
				c.Count++
			}
		}
		target := c.Slug
		if c.Chosen {
			target = ""
		}
		c.Href = floorURL(query, target)
		counts[i] = c
	}
	return counts
}

// floorURL is the address of the floor with a filter.
func floorURL(query, state string) string {
	values := make(url.Values)
	if query != "" {
		values.Set("q", query)
	}
	if state != "" {
		values.Set("state", state)
	}
	if len(values) == 0 {
		return "/floor"
	}
	return "/floor?" + values.Encode()
}

// groupMachines puts the machines of an agent together and keeps their order.
func groupMachines(machines []api.Machine, agents []api.Agent, query, state string, now time.Time) []group {
	var groups []group
	place := make(map[string]int)
	for _, m := range machines {
		i, ok := place[m.Agent]
		if !ok {
			i = len(groups)
			place[m.Agent] = i
			g := group{Agent: m.Agent, Now: now}
			if at := slices.IndexFunc(agents, func(a api.Agent) bool { return a.Name == m.Agent }); at >= 0 {
				g.Link = &agents[at]
			}
			groups = append(groups, g)
		}
		groups[i].Cards = append(groups[i].Cards, card{m, !matches(m, query, state), now})
	}
	return groups
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

// needAttention lists what needs somebody: alarms, then machines that stopped
// within a program, then what cannot be reached; of each the longest first.
// Machines that are unknown because their agent is away make one entry.
func needAttention(machines []api.Machine, agents []api.Agent, now time.Time) []attention {
	var list []attention
	away := make(map[string]bool)
	for _, a := range agents {
		if !needsLink(a) {
			continue
		}
		away[a.Name] = true
		e := attention{
			State: plant.NoLink.Slug(), Word: linkWord(a.Link), Name: "Agent " + a.Name,
			Href: "/agents/" + url.PathEscape(a.Name), Why: causeText(a.Error), Machines: a.Machines, Now: now,
		}
		if !a.Since.IsZero() {
			e.Since = &a.Since
		}
		if !a.Retry.IsZero() {
			e.Retry = &a.Retry
		}
		list = append(list, e)
	}
	for _, m := range machines {
		if urgency(m.State) == 0 || m.State == plant.NoLink.Slug() && away[m.Agent] {
			continue
		}
		list = append(list, attention{
			State: m.State, Word: m.Word, Name: m.Name, Href: "/m/" + url.PathEscape(m.Slug),
			Since: m.Since, SinceBefore: m.SinceBefore, Why: reason(m), Retry: m.Retry, Now: now,
		})
	}
	slices.SortStableFunc(list, func(a, b attention) int {
		return cmp.Or(cmp.Compare(urgency(b.State), urgency(a.State)), compareSince(a.Since, b.Since))
	})
	return list
}

// urgency is how grave a state is; 0 where nobody needs to come.
func urgency(state string) int {
	switch state {
	case plant.Alarmed.Slug():
		return 3
	case plant.Stopped.Slug():
		return 2
	case plant.NoLink.Slug():
		return 1
	}
	return 0
}

// needsLink reports whether an agent is away, and not merely being connected
// for the first time.
func needsLink(a api.Agent) bool {
	return a.Link == plant.LinkDown || a.Link == plant.LinkWaiting || !a.Link.Up() && a.Error != ""
}

// reason says in a few words what is the matter with a machine.
func reason(m api.Machine) string {
	if m.State == plant.NoLink.Slug() {
		return causeText(m.LinkError)
	}
	var parts []string
	if m.State == plant.Alarmed.Slug() && len(m.Conditions) > 0 {
		c := m.Conditions[0]
		parts = append(parts, strings.TrimSpace(c.NativeCode+" "+cmp.Or(c.Text, wordText(c.Type))))
	} else if m.Execution != nil {
		parts = append(parts, wordText(*m.Execution))
	}
	if m.Program != nil && *m.Program != "" {
		parts = append(parts, *m.Program)
	}
	return strings.Join(parts, " · ")
}

// compareSince puts the earlier first and what has no beginning last.
func compareSince(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
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
