package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// agentBody is what the page of one agent shows.
type agentBody struct {
	agentRow
	// Health is nil where it could not be found out, which HealthProblem says; Findings
	// are its lists.
	Health        *api.AgentHealth
	Findings      []finding
	HealthProblem string
	history
}

// history is what is stored of how an agent was read, up to the moment that the page
// shows.
type history struct {
	Versions []api.ModelVersion
	Ledger   []api.Gap
	// More is the address of the rest of the ledger; empty where this is all.
	More string
	// Problem and ModelProblem say why the ledger and the versions of the device models
	// could not be had.
	Problem, ModelProblem string
}

// finding is a list of data items of which the same is to be said.
type finding struct {
	// ID names it in the page, Word in words; What says what it means.
	ID, Word, What string
	api.HealthItems
	Now time.Time
}

// Unlisted counts the data items that are not listed.
func (f finding) Unlisted() int { return f.Count - len(f.Items) }

// agentData is the page of one agent as JSON.
type agentData struct {
	Agent  api.Agent          `json:"agent"`
	Health *api.AgentHealth   `json:"health,omitempty"`
	Models []api.ModelVersion `json:"models"`
	Gaps   []api.Gap          `json:"gaps"`
}

func (s *site) agent(w http.ResponseWriter, r *http.Request) {
	if s.past() {
		s.agentThen(w, r)
		return
	}
	name := r.PathValue("name")
	agents, err := s.views.Agents(r.Context())
	if err != nil {
		s.fail(w, r, fmt.Errorf("agents: %w", err))
		return
	}
	i := slices.IndexFunc(agents, func(a api.Agent) bool { return a.Name == name })
	if i < 0 {
		s.fail(w, r, plant.Errorf(plant.NotFound, "There is no agent called %q.", name))
		return
	}
	body := agentBody{agentRow: agentRow{agents[i], s.now()}}
	if body.history, err = s.readHistory(r, name); err != nil {
		s.fail(w, r, err)
		return
	}
	health, err := s.views.AgentHealth(r.Context(), name)
	if err != nil {
		s.log.ErrorContext(r.Context(), "agent without its health", "agent", name, "error", err)
		body.HealthProblem = "How the agent tells could not be read; the log says why."
	} else {
		body.Health, body.Findings = &health, findings(health, body.Now)
	}
	data := agentData{Agent: agents[i], Health: body.Health, Models: body.Versions, Gaps: body.Ledger}
	s.draw(w, r, http.StatusOK, "agent", page{Title: name, Nav: "agents", Script: "agents.js", Body: body, Data: data, Table: agentTable(body.Findings, body.Ledger)})
}

// readHistory reads the ledger of an agent and the versions of its device models. Its
// error is of code plant.Invalid, for a place in the ledger that there is not; what
// could not be read otherwise is said in its place.
func (s *site) readHistory(r *http.Request, name string) (h history, err error) {
	q := api.GapQuery{Agent: name, After: r.FormValue("after")}
	if s.past() {
		q.Until = s.now()
	}
	ledger, err := s.views.Gaps(r.Context(), q)
	switch {
	case err == nil:
		h.Ledger = ledger.Items
	case plant.ErrorCode(err) == plant.Invalid:
		return h, err
	default:
		s.log.ErrorContext(r.Context(), "agent without its gaps", "agent", name, "error", err)
		h.Problem = "The gap ledger could not be read; the log says why."
	}
	if ledger.Next != "" {
		h.More = "?" + url.Values{"after": {ledger.Next}}.Encode() + "#gaps"
	}
	if h.Versions, err = s.views.AgentModels(r.Context(), name); err != nil {
		s.log.ErrorContext(r.Context(), "agent without its models", "agent", name, "error", err)
		h.ModelProblem = "The versions of the device models could not be read; the log says why."
	}
	if s.past() {
		h.Versions = slices.DeleteFunc(h.Versions, func(v api.ModelVersion) bool { return v.From.After(s.now()) })
	}
	return h, nil
}

// findings gives the lists of an agent's health in the order of their gravity.
func findings(h api.AgentHealth, now time.Time) []finding {
	return []finding{
		{"backwards", "Time runs backwards", "The timestamps went back while the sequence went on. What is shown follows the sequence.", h.Backwards, now},
		{"flapping", "Flapping", fmt.Sprintf("Went to UNAVAILABLE %d times or more: an adapter or a cable that comes and goes.", api.FlapLeast), h.Flapping, now},
		{"repeated", "Said twice", "The same value again at the same time.", h.Repeated, now},
		{"stale", "Stale", fmt.Sprintf("Samples of which nothing was heard for %d h, and which are not said to be unavailable.", int(api.StaleAfter.Hours())), h.Stale, now},
		{"never", "Never observed", "In the device model, and never told of: what would be shown of them is missing.", h.Never, now},
		{"unmapped", "Not in the model", "Observed, and in no device model: nothing says what they mean.", h.Unmapped, now},
	}
}

// agentTable is what was found of an agent, and its gaps, as CSV.
func agentTable(findings []finding, ledger []api.Gap) *table {
	t := &table{Columns: []string{"finding", "machine", "dataItemId", "times", "worstSeconds", "time", "from", "to", "detail"}}
	for _, f := range findings {
		for _, it := range f.Items {
			t.Rows = append(t.Rows, []any{f.ID, it.Machine, it.DataItemID, it.Times, it.WorstSeconds, cell(it.Last), nil, nil, nil})
		}
	}
	for _, g := range ledger {
		t.Rows = append(t.Rows, []any{"gap " + string(g.Reason), nil, nil, nil, nil, g.Noticed, g.From, cell(g.To), g.Detail})
	}
	return t
}
