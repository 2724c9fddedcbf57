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
)

// alarmBody is what the page of one alarm shows.
type alarmBody struct {
	alarmRow
	From, To time.Time
	// Steps are what happened around its raising, in order of time.
	Steps   []alarmEvent
	Earlier []alarmRow
	// Spindles are those of the machine as they were just before; SpindlesProblem says
	// that they could not be read.
	Spindles        []alarmSpindle
	SpindlesProblem string
	// SkewProblem says that it could not be read whether the agent's clock is wrong.
	SkewProblem string
	// Reach says how far back the times before were looked for.
	Reach string
}

// AroundHref is the address of the machine with what it did in the time around the
// alarm: its lane, loads and speeds.
func (b alarmBody) AroundHref() string { return b.around(nil) }

// around is that address with the charts of data items, or those that are usual where
// none are given.
func (b alarmBody) around(charts []string) string {
	q := url.Values{"from": {b.From.UTC().Format(time.RFC3339)}, "to": {b.To.UTC().Format(time.RFC3339)}}
	if len(charts) > 0 {
		q.Set("s", strings.Join(charts, ","))
	}
	return "/m/" + url.PathEscape(b.Machine) + "?" + q.Encode()
}

// alarmSpindle is a spindle with its speeds and loads as they were just before an alarm,
// and the address of their charts around it.
type alarmSpindle struct {
	Place string
	Rows  []itemRow
	Href  string
}

// addSpindles adds what the spindles did just before the alarm.
func (s *site) addSpindles(r *http.Request, b *alarmBody) {
	before := b.Raised.Add(-time.Microsecond)
	m, err := s.views.MachineAt(r.Context(), b.Machine, before)
	if err != nil {
		s.log.ErrorContext(r.Context(), "alarm without the spindles", "error", err)
		b.SpindlesProblem = "What the spindles did just before could not be read."
		return
	}
	for _, rows := range spindlesOf(itemRows(m.Items, before)) {
		var charts []string
		for _, row := range rows {
			charts = append(charts, strconv.Itoa(int(row.ID)))
		}
		b.Spindles = append(b.Spindles, alarmSpindle{rows[0].Place, rows, b.around(charts)})
	}
}

// alarmEvent is something that happened near the raising of an alarm.
type alarmEvent struct {
	Time time.Time
	// Offset is how long before or after the raising it was; Before is set for what
	// was so when the time that is shown began.
	Offset string
	Before bool
	// Kind is state, program or alarm; Mark names its glyph.
	Kind, Mark, Says string
	// Word is what happened, for an alarm.
	Word string
	Href string
	// Own is set for what this alarm itself did.
	Own bool
	Now time.Time
}

// alarm draws one alarm with what else happened.
func (s *site) alarm(w http.ResponseWriter, r *http.Request) {
	detail, err := s.views.Alarm(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	row := alarmRow{AlarmEntry: detail.AlarmEntry, Now: s.now()}
	b := alarmBody{alarmRow: row, From: detail.From, To: detail.To, Steps: s.alarmEvents(detail), Earlier: s.alarmRows(detail.Earlier, nil)}
	s.addSkew(r, &b)
	b.Reach = s.reachText(r, detail.Raised)
	s.addSpindles(r, &b)
	s.draw(w, r, http.StatusOK, "alarm", page{
		Title: "Alarm " + row.Title(), Nav: "alarms", Body: b, Data: detail,
		Table: alarmsTable(append([]api.AlarmEntry{detail.AlarmEntry}, detail.Earlier...)),
	})
}

// addSkew adds whether the clock of the machine's agent is wrong.
func (s *site) addSkew(r *http.Request, b *alarmBody) {
	agents, err := s.views.Agents(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "alarm without the clock of its agent", "error", err)
		b.SkewProblem = "Whether the agent's clock is wrong could not be read."
		return
	}
	b.Skew = skewsOf(agents)[b.Agent]
}

// reachText says how far before a moment alarms were looked for: as far as anything is
// stored, where that is less than api.AlarmHistory.
func (s *site) reachText(r *http.Request, raised time.Time) string {
	days := int(api.AlarmHistory / (24 * time.Hour))
	first, err := s.views.FirstAfter(r.Context(), raised.Add(-api.AlarmHistory))
	switch {
	case err != nil:
		s.log.ErrorContext(r.Context(), "alarm without the begin of what is stored", "error", err)
	case !first.IsZero() && first.Before(raised):
		return "in the " + durationText(raised.Sub(first)) + " before that are stored"
	}
	return fmt.Sprintf("in the %d days before", days)
}

// alarmEvents puts what happened around an alarm together.
func (s *site) alarmEvents(d api.AlarmDetail) []alarmEvent {
	var list []alarmEvent
	add := func(e alarmEvent) {
		e.Now, e.Before, e.Offset = s.now(), e.Time.Before(d.From), offsetText(e.Time.Sub(d.Raised))
		if !e.Time.After(d.To) {
			list = append(list, e)
		}
	}
	for _, st := range d.States {
		add(alarmEvent{Time: st.Time, Kind: "state", Mark: st.State, Says: st.Word, Word: ruleText(st.Rule)})
	}
	for _, p := range d.Programs {
		add(alarmEvent{Time: p.Time, Kind: "program", Says: knownText(p.Value)})
	}
	for i, e := range append([]api.AlarmEntry{d.AlarmEntry}, d.Others...) {
		row := alarmRow{AlarmEntry: e, Now: s.now()}
		says, href, own := row.Title(), "/alarms/"+e.ID, i == 0
		first := firstStep(e)
		add(alarmEvent{Time: e.Raised, Kind: "alarm", Mark: first.Level, Says: alarmRow{AlarmEntry: stepOf(e, first)}.Title(), Word: "raised", Href: href, Own: own})
		for _, c := range e.Changes {
			if !c.Time.Before(d.From) {
				add(alarmEvent{Time: c.Time, Kind: "alarm", Mark: c.Level, Says: alarmRow{AlarmEntry: stepOf(e, c)}.Title(), Word: "changed", Href: href, Own: own})
			}
		}
		if e.Cleared != nil {
			add(alarmEvent{Time: *e.Cleared, Kind: "alarm", Mark: "Normal", Says: says, Word: row.Ending(), Href: href, Own: own})
		}
	}
	slices.SortStableFunc(list, func(a, b alarmEvent) int { return a.Time.Compare(b.Time) })
	return list
}

// stepOf is an alarm as it was from a step on.
func stepOf(e api.AlarmEntry, c api.AlarmStep) api.AlarmEntry {
	e.Text = c.Text
	return e
}

// offsetText gives how long before or after a moment something was.
func offsetText(d time.Duration) string {
	switch {
	case d == 0:
		return "0 s"
	case d < 0:
		return "−" + lastedText(-d)
	default:
		return "+" + lastedText(d)
	}
}
