package web

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
)

// stopLimit is how many stops a machine's page shows, and usualSpan how far back
// stops are looked at to say how long such a one usually is.
const (
	stopLimit  = 8
	usualSpan  = 7 * 24 * time.Hour
	usualLeast = 3
)

// stop is a time in which a machine stood still within a program, or with an alarm.
type stop struct {
	State, Word, Rule string
	// Said is what execution said when it began, such as Feed hold; empty where it was
	// nothing that stops.
	Said   string
	From   time.Time
	Length string
	// Usual is how long stops by the same rule usually are; empty where too few are
	// known. Long is true where this one is longer.
	Usual string
	Long  bool
	Open  bool
	Href  string
	Now   time.Time
}

// addStops adds the last stops of the range, the newest first.
func (s *site) addStops(r *http.Request, body *machineBody) {
	to := body.Range.To
	if to.After(body.Now) {
		to = body.Now
	}
	from := body.Range.From
	if early := to.Add(-usualSpan); early.Before(from) {
		from = early
	}
	v, err := s.views.Timeline(r.Context(), api.TimelineQuery{Machines: []string{body.Slug}, From: from, To: to, At: s.moment()})
	if err != nil || len(v.Rows) == 0 {
		s.log.ErrorContext(r.Context(), "machine without its stops", "error", err)
		body.Problems = append(body.Problems, "The last stops could not be read.")
		return
	}
	lengths := make(map[string][]int64)
	var stops []api.Segment
	for _, g := range v.Rows[0].Segments {
		if g.State != "stopped" && g.State != "alarm" {
			continue
		}
		if !g.Open {
			lengths[g.Rule] = append(lengths[g.Rule], g.To-g.From)
		}
		if g.To > body.Range.From.UnixMicro() {
			stops = append(stops, g)
		}
	}
	for _, l := range lengths {
		slices.Sort(l)
	}
	slices.Reverse(stops)
	for _, g := range stops[:min(len(stops), stopLimit)] {
		end := g.To
		if g.Open {
			end = body.Now.UnixMicro()
		}
		begin := g.From
		if g.Since != 0 {
			begin = g.Since
		}
		length := time.Duration(end-begin) * time.Microsecond
		one := stop{
			State: g.State, Word: stateWord(g.State), Rule: ruleText(g.Rule), From: time.UnixMicro(begin), Length: durationText(length), Open: g.Open,
			Href: "/m/" + body.Slug + "/why?at=" + time.UnixMicro(g.From).UTC().Format(time.RFC3339Nano), Now: body.Now,
		}
		if l := lengths[g.Rule]; len(l) >= usualLeast {
			usual := time.Duration(l[len(l)/2]) * time.Microsecond
			one.Usual, one.Long = durationText(usual), length > 2*usual
		}
		body.Stops = append(body.Stops, one)
	}
	body.MoreStops = max(0, len(stops)-stopLimit)
	s.addSaid(r, body)
}

// addSaid adds what execution said when the stops began.
func (s *site) addSaid(r *http.Request, body *machineBody) {
	if len(body.Stops) == 0 {
		return
	}
	oldest, newest := body.Stops[len(body.Stops)-1].From, body.Stops[0].From
	steps, err := s.views.Executions(r.Context(), body.Slug, oldest, newest.Add(time.Microsecond))
	if err != nil {
		s.log.ErrorContext(r.Context(), "stops without what execution said", "error", err)
		return
	}
	for i := range body.Stops {
		words := make(map[string]string) // by path
		for _, step := range steps {
			if !step.Time.After(body.Stops[i].From) {
				words[step.Path] = deref(step.Value)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(words)) {
			if word := words[path]; stopping(word) && body.Stops[i].Said == "" {
				body.Stops[i].Said = wordText(word)
			}
		}
	}
}

// stopping reports whether a word of execution says why a machine stands: that its
// program was stopped, that it waits, which is a stop when it lasts too long, or that
// the program was given up, as behind an alarm.
func stopping(word string) bool {
	return insight.Interrupts(word) || word == "WAIT" || word == "STOPPED"
}
