package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// activeThen gives the alarms that were active at the moment of the past that the page
// shows, the gravest first and of these the longest; and the names of the machines of
// which it is not known what they were doing then.
func (s *site) activeThen(ctx context.Context, q api.AlarmQuery) (v api.Alarms, unknown []string, err error) {
	at := s.now()
	v, err = s.views.Alarms(ctx, api.AlarmQuery{From: at, To: at.Add(time.Microsecond), Limit: api.MaxPage, Machine: q.Machine, Text: q.Text})
	if err != nil {
		return v, nil, err
	}
	v.Items = alarmsAt(v.Items, at)
	if q.Level != "" { // That of the moment counts, and not what it became.
		found := len(v.Items)
		v.Items = slices.DeleteFunc(v.Items, func(e api.AlarmEntry) bool { return !strings.EqualFold(e.Level, q.Level) })
		v.Total -= found - len(v.Items)
	}
	slices.SortStableFunc(v.Items, func(a, b api.AlarmEntry) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), a.Raised.Compare(b.Raised)) // Fault comes before Warning.
	})
	machines, err := s.views.MachinesAt(ctx, at)
	for _, m := range machines {
		if m.State == "" && (q.Machine == "" || q.Machine == m.Slug) {
			unknown = append(unknown, m.Name)
		}
	}
	return v, unknown, err
}

// unknownNames is how many machines are named of which nothing is known.
const unknownNames = 5

// UnknownText names the machines of which it is not known what they were doing.
func (b activeBody) UnknownText() string {
	n := len(b.Unknown)
	if n == 1 {
		return b.Unknown[0] + " was doing"
	}
	text := strings.Join(b.Unknown[:min(n, unknownNames)], ", ")
	if n > unknownNames {
		text += " and " + countedText(float64(n-unknownNames), "more machine")
	}
	return text + " were doing"
}

// alarmsAt gives alarms with what was known of them at a moment: what came after it
// had not come.
func alarmsAt(list []api.AlarmEntry, at time.Time) []api.AlarmEntry {
	then := make([]api.AlarmEntry, len(list))
	for i, e := range list {
		if e.Cleared == nil || e.Cleared.After(at) {
			e.Cleared, e.ClearedBy, e.Seconds = nil, "", at.Sub(e.Raised).Seconds()
		}
		if n := slices.IndexFunc(e.Changes, func(c api.AlarmStep) bool { return c.Time.After(at) }); n >= 0 {
			was := firstStep(e)
			if n > 0 {
				was = e.Changes[n-1]
			}
			e.Level, e.Text, e.Changes = was.Level, was.Text, e.Changes[:n]
		}
		then[i] = e
	}
	return then
}

// firstStep is what was said of an alarm when it was raised.
func firstStep(e api.AlarmEntry) api.AlarmStep {
	if e.First != nil {
		return *e.First
	}
	return api.AlarmStep{Time: e.Raised, Level: e.Level, Text: e.Text}
}
