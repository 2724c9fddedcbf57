package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// What the pages of agents cannot tell of a moment of the past.
const (
	agentsUntold = "Stored of that time are the instances and the gaps. How the links stood, their lag, delay and skew are not."
	agentUntold  = "Stored of that time are the instance, the gaps and the device models. How the link stood, its lag, delay and skew, and how the agent told are not."
)

// agentThenRow is an agent as of a moment.
type agentThenRow struct {
	api.AgentThen
	Now time.Time
}

// Read reports whether anything had been read of the agent.
func (a agentThenRow) Read() bool { return a.Since != nil }

// agentThenBody is what the page of one agent shows of a moment of the past.
type agentThenBody struct {
	agentThenRow
	history
}

// agentThenData is the page of one agent at a moment as JSON.
type agentThenData struct {
	Agent  api.AgentThen      `json:"agent"`
	Models []api.ModelVersion `json:"models"`
	Gaps   []api.Gap          `json:"gaps"`
}

// agentsThen draws the list of agents as of a moment of the past.
func (s *site) agentsThen(w http.ResponseWriter, r *http.Request) {
	agents, err := s.views.AgentsAt(r.Context(), s.now())
	if err != nil {
		s.fail(w, r, fmt.Errorf("agents: %w", err))
		return
	}
	s.then.Untold = agentsUntold
	rows := make([]agentThenRow, len(agents))
	t := &table{Columns: []string{"agent", "url", "instance", "since", "instances", "gaps", "lost"}}
	for i, a := range agents {
		rows[i] = agentThenRow{a, s.now()}
		t.Rows = append(t.Rows, []any{a.Name, a.URL, a.InstanceID, cell(a.Since), a.Instances, a.Gaps, a.Lost})
	}
	s.draw(w, r, http.StatusOK, "agents-then", page{Title: "Agents", Nav: "agents", Body: rows, Data: agents, Table: t})
}

// agentThen draws one agent as of a moment of the past.
func (s *site) agentThen(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	agents, err := s.views.AgentsAt(r.Context(), s.now())
	if err != nil {
		s.fail(w, r, fmt.Errorf("agents: %w", err))
		return
	}
	i := slices.IndexFunc(agents, func(a api.AgentThen) bool { return a.Name == name })
	if i < 0 {
		s.fail(w, r, plant.Errorf(plant.NotFound, "There is no agent called %q.", name))
		return
	}
	s.then.Untold = agentUntold
	body := agentThenBody{agentThenRow: agentThenRow{agents[i], s.now()}}
	if body.history, err = s.readHistory(r, name); err != nil {
		s.fail(w, r, err)
		return
	}
	data := agentThenData{Agent: agents[i], Models: body.Versions, Gaps: body.Ledger}
	s.draw(w, r, http.StatusOK, "agent-then", page{Title: name, Nav: "agents", Body: body, Data: data, Table: agentTable(nil, body.Ledger)})
}
