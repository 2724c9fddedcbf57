package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// alarmPage is how many alarms of a range the page lists at once; its other forms
// have up to api.MaxPage.
const alarmPage = 200

// alarmViews is what the pages of alarms are drawn from.
type alarmViews interface {
	// Alarms gives the active alarms, or a page of those of a range.
	Alarms(ctx context.Context, q api.AlarmQuery) (api.Alarms, error)
	// Alarm gives one alarm with what else happened; its error is of code
	// plant.NotFound where there is none.
	Alarm(ctx context.Context, id string) (api.AlarmDetail, error)
	// AlarmHealth gives how well the alarms of a range served, of all machines or of
	// the one with the slug.
	AlarmHealth(ctx context.Context, from, to time.Time, machine string) (api.AlarmHealth, error)
}

// alarmsBody is what the page of alarms shows.
type alarmsBody struct {
	Active activeBody
	Picker rangePicker
	Filter alarmFilter
	// Rows are the alarms of the range, of which there are Total, and Older is the
	// address of those before them; empty where there are none.
	Rows  []alarmRow
	Total int
	Older string
	// Paged is set where the newest of the range are not on the page, and Newest is
	// the address of those.
	Paged  bool
	Newest string
	// Problem says why those of the range could not be had.
	Problem   string
	JSON, CSV string
}

// alarmFilter is which alarms are wanted, as the address has it.
type alarmFilter struct {
	Machine, Level, Query string
	// Machines are those to choose from, and Kept the parameters of the range.
	Machines []api.Machine
	Kept     []param
}

// Any reports whether anything is filtered.
func (f alarmFilter) Any() bool { return f.Machine != "" || f.Level != "" || f.Query != "" }

// All is the address without the filter.
func (f alarmFilter) All() string {
	values := make(url.Values)
	for _, p := range f.Kept {
		values.Set(p.Name, p.Value)
	}
	return "?" + values.Encode()
}

// activeBody is the alarms that are active.
type activeBody struct {
	Rows []alarmRow
	// Total counts those that are known to be active, Doubtful those that were when
	// their agent was last heard.
	Total, Doubtful int
	// Hidden counts those that are not listed.
	Hidden int
	// Away are the agents whose alarms are not known, and Unknown the machines of
	// which it is not known at a moment of the past.
	Away    []agentRow
	Unknown []string
	// skews are those of the agents, by their names.
	skews map[string]string
	// Past is true where they were active at a moment of the past.
	Past bool
	// Filtered is set where the page's filter leaves some out.
	Filtered bool
	Problem  string
}

// alarmRow is an alarm with what a row says of it.
type alarmRow struct {
	api.AlarmEntry
	Now time.Time
	// Skew says that the clock of the machine's agent is wrong, and with it Raised;
	// empty where it is not, or where that is not known.
	Skew string
}

// MachineHref is the address of the machine as it was when the alarm was raised.
func (a alarmRow) MachineHref() string {
	return "/m/" + url.PathEscape(a.Machine) + "?" + url.Values{"at": {a.Raised.Format(time.RFC3339Nano)}}.Encode()
}

// Code is the code that people look up.
func (a alarmRow) Code() string { return cmp.Or(a.NativeCode, a.ConditionID) }

// Says is its text, or what kind of condition it is where it has none.
func (a alarmRow) Says() string { return cmp.Or(a.Text, wordText(a.Type)) }

// CodeApart is the code where the text does not begin with it.
func (a alarmRow) CodeApart() string {
	if strings.HasPrefix(a.Text, a.Code()) {
		return ""
	}
	return a.Code()
}

// Where is the kind of condition and its place in the machine.
func (a alarmRow) Where() string {
	if a.Component == "" {
		return wordText(a.Type)
	}
	return wordText(a.Type) + ", " + placeText(a.Component)
}

// Title is the code and the text.
func (a alarmRow) Title() string { return strings.TrimSpace(a.CodeApart() + " " + a.Says()) }

// Lasted is how long it was active, as far as that is known.
func (a alarmRow) Lasted() string { return lastedText(span(a.Seconds)) }

// AtLeast reports whether it ended at a moment that is not known.
func (a alarmRow) AtLeast() bool { return a.Cleared != nil && !a.ClearedBy.Told() }

// Usual is how long it usually lasts.
func (a alarmRow) Usual() string {
	if a.UsualSeconds == nil {
		return unknown
	}
	return lastedText(span(*a.UsualSeconds))
}

// Ending says how it ended.
func (a alarmRow) Ending() string {
	if a.Doubt != "" {
		return a.Doubt
	}
	return endingWord(a.ClearedBy)
}

// endingWord says how an alarm ended.
func endingWord(c insight.Clearing) string {
	switch c {
	case "":
		return "still active"
	case insight.ByNormal:
		return "cleared"
	case insight.ByNormalAll:
		return "cleared with all of its data item"
	case insight.ByUnavailable:
		return "then the condition was unavailable"
	case insight.ByGap:
		return "its end lies in a gap of the recording"
	case insight.ByRestart:
		return "then the agent restarted"
	case insight.ByLimit:
		return "more were active than are kept in mind"
	}
	return string(c)
}

// exactBelow is below what duration tenths of a second count.
const exactBelow = 10 * time.Second

// lastedText gives how long something lasted: exactly where it was short.
func lastedText(d time.Duration) string {
	if d < exactBelow {
		return tookText(d)
	}
	return durationText(d)
}

// alarmRows prepares alarms for showing, with the skews of agents by their names.
func (s *site) alarmRows(list []api.AlarmEntry, skews map[string]string) []alarmRow {
	rows := make([]alarmRow, len(list))
	for i, e := range list {
		rows[i] = alarmRow{e, s.now(), skews[e.Agent]}
	}
	return rows
}

// alarms draws the active alarms and those of a range.
func (s *site) alarms(w http.ResponseWriter, r *http.Request) {
	params := r.URL.Query()
	after := params.Get("after")
	params.Del("after") // Another range and another filter begin with their first page.
	r = r.Clone(r.Context())
	r.URL.RawQuery = params.Encode()
	picker, ok := s.pickRange(w, r)
	if !ok {
		return
	}
	q := api.AlarmQuery{
		From: picker.From, To: picker.To, After: after, Limit: api.MaxPage,
		Machine: params.Get("machine"), Level: params.Get("level"), Text: strings.TrimSpace(params.Get("q")),
	}
	if formOf(r) == asHTML {
		q.Limit = alarmPage
	}
	if picker.Live {
		q.To = time.Time{} // Clocks of agents may be ahead of ours.
	}
	active, body, err := s.readActive(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	history, err := s.views.Alarms(r.Context(), q)
	if s.past() {
		history.Items = alarmsAt(history.Items, s.now())
	}
	status := http.StatusOK
	b := alarmsBody{
		Active: body, Picker: picker, Rows: s.alarmRows(history.Items, body.skews), Total: history.Total, Paged: after != "",
		JSON: inForm(r, asJSON), CSV: inForm(r, asCSV),
	}
	switch {
	case err == nil && history.Problem != "":
		b.Problem = "Not all could be told: " + history.Problem + "."
	case err == nil:
	case formOf(r) != asHTML || plant.ErrorCode(err) == plant.NotFound:
		s.fail(w, r, err)
		return
	case plant.ErrorCode(err) == plant.Invalid:
		status, b.Problem = http.StatusBadRequest, message(err)
	default:
		s.log.ErrorContext(r.Context(), "alarms without those of the range", "error", err)
		b.Problem = "The alarms of the range could not be read; the log says why."
	}
	if b.Filter, err = s.alarmFilter(r.Context(), q, picker); err != nil {
		s.fail(w, r, err)
		return
	}
	b.Newest = "?" + params.Encode()
	if history.Next != "" {
		params.Set("after", history.Next)
		b.Older = "?" + params.Encode()
	}
	s.draw(w, r, status, "alarms", page{
		Title: "Alarms", Nav: "alarms", Script: "alarms.js", Body: b, Table: alarmsTable(history.Items),
		Data: map[string]api.Alarms{"active": active, "history": history},
	})
}

// activeAlarms draws the active alarms alone, for what keeps the page of alarms live.
func (s *site) activeAlarms(w http.ResponseWriter, r *http.Request) {
	active, body, err := s.readActive(r.Context(), api.AlarmQuery{
		Machine: r.FormValue("machine"), Level: r.FormValue("level"), Text: strings.TrimSpace(r.FormValue("q")),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.draw(w, r, http.StatusOK, "alarms-active", page{
		Title: "Active alarms", Nav: "alarms", Script: "alarms.js", Body: body, Data: active, Table: alarmsTable(active.Items),
	})
}

// readActive gives the active alarms that a filter leaves.
func (s *site) readActive(ctx context.Context, q api.AlarmQuery) (api.Alarms, activeBody, error) {
	var active api.Alarms
	var unknown []string
	var err error
	if s.past() {
		active, unknown, err = s.activeThen(ctx, q)
	} else {
		active, err = s.views.Alarms(ctx, api.AlarmQuery{Active: true, Limit: api.MaxPage, Machine: q.Machine, Level: q.Level, Text: q.Text})
	}
	if err != nil {
		return active, activeBody{}, fmt.Errorf("active alarms: %w", err)
	}
	b := activeBody{
		Total: active.Total, Hidden: active.Total - len(active.Items),
		Filtered: q.Machine != "" || q.Level != "" || q.Text != "", Unknown: unknown, Past: s.past(),
	}
	for _, a := range active.Items {
		if a.Doubt != "" {
			b.Doubtful++
		}
	}
	b.Total -= b.Doubtful
	if active.Problem != "" {
		b.Problem = "Not all could be told: " + active.Problem + "."
	}
	if !b.Past {
		s.addAgents(ctx, active, &b)
	}
	b.Rows = s.alarmRows(active.Items, b.skews)
	return active, b, nil
}

// addAgents adds which agents are away and which have a clock that is wrong.
func (s *site) addAgents(ctx context.Context, active api.Alarms, b *activeBody) {
	agents, err := s.views.Agents(ctx)
	if err != nil {
		s.log.ErrorContext(ctx, "alarms without agents", "error", err)
		b.Problem = "The state of the agents could not be read: of which machines the alarms are not known and which clocks are wrong is not shown."
	}
	for _, a := range agents {
		if slices.Contains(active.Unknown, a.Name) {
			b.Away = append(b.Away, agentRow{a, s.now()})
		}
	}
	b.skews = skewsOf(agents)
}

// alarmFilter gives the filter with what it offers.
func (s *site) alarmFilter(ctx context.Context, q api.AlarmQuery, picker rangePicker) (alarmFilter, error) {
	machines, err := s.views.Machines(ctx)
	if err != nil {
		return alarmFilter{}, fmt.Errorf("machines: %w", err)
	}
	return alarmFilter{Machine: q.Machine, Level: q.Level, Query: q.Text, Machines: machines, Kept: rangeParams(picker)}, nil
}

// rangeParams gives the parameters of a range, for forms that keep it.
func rangeParams(picker rangePicker) []param {
	values := make(url.Values)
	picker.Params(values)
	var kept []param
	for _, name := range []string{"range", "from", "to"} {
		if values.Has(name) {
			kept = append(kept, param{name, values.Get(name)})
		}
	}
	return kept
}

// alarmsTable is a list of alarms as CSV.
func alarmsTable(list []api.AlarmEntry) *table {
	t := &table{Columns: []string{
		"id", "machine", "name", "agent", "dataItemId", "type", "component", "level", "nativeCode", "conditionId", "nativeSeverity", "qualifier", "text",
		"raised", "cleared", "clearedBy", "seconds", "count", "usualSeconds", "program", "state", "doubt",
	}}
	for _, e := range list {
		t.Rows = append(t.Rows, []any{
			e.ID, e.Machine, e.Name, e.Agent, e.DataItemID, e.Type, e.Component, e.Level, e.NativeCode, e.ConditionID, e.NativeSeverity, e.Qualifier, e.Text,
			e.Raised, cell(e.Cleared), string(e.ClearedBy), e.Seconds, e.Count, cell(e.UsualSeconds), cell(e.Program), e.State, e.Doubt,
		})
	}
	return t
}

// bell is the count of active alarms that every page shows.
type bell struct {
	Total int
	// Level is the gravest of them, Newest when the last of them was raised.
	Level  string
	Newest time.Time
	// Known is false where it could not be had.
	Known bool
}

// ring gives the count of active alarms.
func (s *site) ring(ctx context.Context) bell {
	active, err := s.views.Alarms(ctx, api.AlarmQuery{Active: true, Limit: 1})
	if err != nil {
		return bell{}
	}
	b := bell{Total: active.Total, Known: true}
	if len(active.Items) > 0 {
		b.Level = active.Items[0].Level
	}
	if active.Newest != nil {
		b.Newest = active.Newest.Raised
	}
	return b
}
