package web_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// alarmBook is the alarms of a made-up shop, the newest first.
type alarmBook struct {
	alarms  []api.AlarmEntry
	unknown []string
	// health is how they serve, historyErr the error in the place of those of a range.
	health     api.AlarmHealth
	historyErr error
	// left is how many older ones there are in every range.
	left int
}

func (s *shop) Alarms(_ context.Context, q api.AlarmQuery) (api.Alarms, error) {
	s.Lock()
	defer s.Unlock()
	v := api.Alarms{Items: []api.AlarmEntry{}, Unknown: s.book.unknown}
	if !q.Active && s.book.historyErr != nil {
		return v, s.book.historyErr
	}
	if q.Level != "" && !strings.EqualFold(q.Level, "fault") && !strings.EqualFold(q.Level, "warning") {
		return v, plant.Errorf(plant.Invalid, "level: use fault or warning")
	}
	for i, e := range s.book.alarms {
		within := (q.To.IsZero() || e.Raised.Before(q.To)) && (e.Cleared == nil || e.Cleared.After(q.From))
		if q.Active && e.Cleared != nil || !q.Active && !within || q.Machine != "" && e.Machine != q.Machine ||
			q.Level != "" && !strings.EqualFold(e.Level, q.Level) || !strings.Contains(strings.ToLower(e.Text), strings.ToLower(q.Text)) {
			continue
		}
		if v.Newest == nil && q.Active && e.Doubt == "" {
			v.Newest = &s.book.alarms[i]
		}
		v.Items = append(v.Items, e)
	}
	if v.Total = len(v.Items); !q.Active {
		v.Total += s.book.left
	}
	if q.After != "" {
		for i, e := range v.Items {
			if e.ID == q.After {
				v.Items = v.Items[i+1:]
				break
			}
		}
	}
	if q.Limit > 0 && len(v.Items) > q.Limit {
		v.Items = v.Items[:q.Limit]
		v.Next = v.Items[q.Limit-1].ID
	}
	return v, s.machinesErr
}

func (s *shop) Alarm(_ context.Context, id string) (api.AlarmDetail, error) {
	s.Lock()
	defer s.Unlock()
	for _, e := range s.book.alarms {
		if e.ID == id {
			program := "O1"
			return api.AlarmDetail{
				AlarmEntry: e, From: e.Raised.Add(-10 * time.Minute), To: e.Raised.Add(10 * time.Minute),
				States:   []api.StateStep{{Time: e.Raised.Add(-time.Hour), State: "running", Word: "Running", Rule: "5 executing"}, {Time: e.Raised, State: "alarm", Word: "Alarm", Rule: "3 active fault"}},
				Programs: []api.ValueStep{{Time: e.Raised.Add(-2 * time.Minute), Value: &program}},
				Others:   s.book.alarms[1:2], Earlier: s.book.alarms[2:],
			}, nil
		}
	}
	return api.AlarmDetail{}, plant.Errorf(plant.NotFound, "There is no alarm %q.", id)
}

func (s *shop) AlarmHealth(_ context.Context, from, to time.Time, _ string) (api.AlarmHealth, error) {
	s.Lock()
	defer s.Unlock()
	health := s.book.health
	health.From, health.To = from, to
	return health, s.book.historyErr
}

// serveAlarms serves what the bell of the pages reads, and what charts mark.
func (s *shop) serveAlarms(w http.ResponseWriter, r *http.Request) {
	q := api.AlarmQuery{Active: r.FormValue("active") == "true", Machine: r.FormValue("machine")}
	q.Limit, _ = strconv.Atoi(r.FormValue("limit"))
	q.From, _ = time.Parse(time.RFC3339, r.FormValue("from"))
	q.To, _ = time.Parse(time.RFC3339, r.FormValue("to"))
	v, err := s.Alarms(r.Context(), q)
	answer(w, v, err)
}

// raised is an alarm that began so long before now, and lasted so long; 0 where it is
// active.
func raised(now time.Time, id, machine, level, code, text string, ago, lasted time.Duration) api.AlarmEntry {
	e := api.AlarmEntry{
		ID: id, Machine: machine, Name: strings.ToUpper(machine), Agent: "hall-a", Item: 7, DataItemID: "system", Type: "SYSTEM", Component: "Controller[c]",
		Level: level, NativeCode: code, Text: text, Raised: now.Add(-ago), Seconds: ago.Seconds(), Count: 1, State: "running", Word: "Running",
	}
	if lasted > 0 {
		cleared := e.Raised.Add(lasted)
		e.Cleared, e.ClearedBy, e.Seconds = &cleared, insight.ByNormal, lasted.Seconds()
	}
	return e
}
