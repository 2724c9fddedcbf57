package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// agentsBody is what the list of agents shows.
type agentsBody struct {
	Rows  []agentRow
	Blank blank
}

// agentRow is an agent with what its row says of it.
type agentRow struct {
	api.Agent
	Now time.Time
}

// Away reports whether the agent cannot be read.
func (a agentRow) Away() bool { return needsLink(a.Agent) }

// Read reports whether anything has been read of the agent.
func (a agentRow) Read() bool { return a.Next > 0 }

// Used is how much of the agent's buffer is still to be read, in percent; it
// has no meaning where the size of the buffer is not known.
func (a agentRow) Used() float64 {
	if a.BufferSize <= 0 || a.Lag == nil {
		return 0
	}
	return min(100, max(0, 100*float64(*a.Lag)/float64(a.BufferSize)))
}

// skewLeast is from which deviation on the clock of an agent is marked as wrong.
const skewLeast = time.Second

// Skew says that the agent's clock is so far off that times of its machines mislead:
// "clock 95 s ahead"; empty where it is not.
func (a agentRow) Skew() string {
	if a.SkewSeconds == nil {
		return ""
	}
	off, side := span(*a.SkewSeconds), "ahead"
	if off < 0 {
		off, side = -off, "behind"
	}
	switch {
	case off <= skewLeast:
		return ""
	case off < longDelay:
		return fmt.Sprintf("clock %.0f s %s", off.Seconds(), side)
	}
	return "clock " + durationText(off) + " " + side
}

// skewsOf gives the Skew of agents by their names.
func skewsOf(agents []api.Agent) map[string]string {
	skews := make(map[string]string, len(agents))
	for _, a := range agents {
		skews[a.Name] = agentRow{Agent: a}.Skew()
	}
	return skews
}

func (s *site) agents(w http.ResponseWriter, r *http.Request) {
	if s.past() {
		s.agentsThen(w, r)
		return
	}
	agents, err := s.views.Agents(r.Context())
	if err != nil {
		s.fail(w, r, fmt.Errorf("agents: %w", err))
		return
	}
	now := s.now()
	body := agentsBody{Blank: blank{now}}
	for _, a := range agents {
		body.Rows = append(body.Rows, agentRow{a, now})
	}
	s.draw(w, r, http.StatusOK, "agents", page{Title: "Agents", Nav: "agents", Script: "agents.js", Body: body, Data: agents, Table: agentsTable(agents)})
}

// agentsTable is the list of agents as CSV.
func agentsTable(agents []api.Agent) *table {
	t := &table{Columns: []string{
		"agent", "url", "link", "since", "error", "machines", "version", "schema", "instance", "next", "lag", "horizonSeconds",
		"rate", "delayP95Seconds", "skewSeconds", "gaps", "lost", "reconnects", "lastDocument",
	}}
	for _, a := range agents {
		var heard any
		if !a.LastDocument.IsZero() {
			heard = a.LastDocument
		}
		t.Rows = append(t.Rows, []any{
			a.Name, a.URL, string(a.Link), a.Since, a.Error, a.Machines, a.AgentVersion, a.SchemaVersion, a.InstanceID, a.Next, cell(a.Lag),
			cell(a.HorizonSeconds), a.Rate, cell(a.DelayP95Seconds), cell(a.SkewSeconds), a.Gaps, a.Lost, a.Reconnects, heard,
		})
	}
	return t
}
