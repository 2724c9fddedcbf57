package web_test

import (
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
)

// stretch is a state that lasted for so long, in a made-up history.
type stretch struct {
	state  string
	reason insight.Reason
	detail string
	lasts  time.Duration
	// count and mix stand for several that were put together.
	count int
	mix   map[string]int64
}

// Timeline gives the made-up histories, cut to a range.
func (s *shop) Timeline(_ context.Context, q api.TimelineQuery) (api.Timeline, error) {
	s.Lock()
	defer s.Unlock()
	now := s.now()
	t := api.Timeline{From: q.From.UTC(), To: q.To.UTC(), Now: now.UTC(), RulesVersion: 2, Rows: []api.TimelineRow{}}
	s.asked = append(s.asked, q)
	for i, m := range s.machines {
		history := s.history
		if history == nil {
			history = madeUp
		}
		if len(q.Machines) > 0 && !slices.Contains(q.Machines, m.Slug) {
			continue
		}
		t.Rows = append(t.Rows, rowOf(m.Machine, history(i), q, now))
	}
	return t, s.machinesErr
}

// rowOf lays a history, which ends now, out over a range.
func rowOf(m api.Machine, history []stretch, q api.TimelineQuery, now time.Time) api.TimelineRow {
	row := api.TimelineRow{Machine: m.Slug, Name: m.Name, Agent: m.Agent, Segments: []api.Segment{}, Shares: api.Shares{States: map[string]int64{}}}
	from, to := q.From.UnixMicro(), min(q.To.UnixMicro(), now.UnixMicro())
	end := now.UnixMicro()
	var all []api.Segment
	for i := len(history) - 1; i >= 0; i-- {
		h := history[i]
		seg := api.Segment{
			From: end - h.lasts.Microseconds(), To: end, State: h.state, Reason: h.reason, Detail: h.detail, Rule: "5 executing",
			Count: h.count, Mix: h.mix,
		}
		seg.Since, seg.Until = seg.From, seg.To
		if i == len(history)-1 {
			seg.Until, seg.Open = 0, true
		}
		end = seg.From
		all = append(all, seg)
	}
	slices.Reverse(all)
	if end > from {
		all = append([]api.Segment{{From: from, To: end, State: "unknown", Reason: "no-data"}}, all...)
	}
	for _, seg := range all {
		if seg.To <= from || seg.From >= to {
			continue
		}
		if seg.To > to {
			seg.Open = false
		}
		seg.From, seg.To = max(seg.From, from), min(seg.To, to)
		row.Segments = append(row.Segments, seg)
		if seg.State == "unknown" {
			row.Shares.Unknown += seg.To - seg.From
		} else {
			row.Shares.States[seg.State] += seg.To - seg.From
		}
	}
	if to > from {
		row.Shares.Total = to - from
		known := row.Shares.Total - row.Shares.Unknown - row.Shares.States["no-link"]
		row.Shares.Coverage = float64(known) / float64(row.Shares.Total)
	}
	return row
}

// madeUp is a history with something of everything: cycles, a setup, stops, an
// alarm of two seconds, a gap with observations lost, and a link that is down.
func madeUp(i int) []stretch {
	var h []stretch
	add := func(state string, lasts time.Duration) { h = append(h, stretch{state: state, lasts: lasts}) }
	add("idle", 40*time.Hour)
	for range 12 {
		add("running", 7*time.Minute+time.Duration(i)*11*time.Second)
		add("idle", 40*time.Second)
	}
	add("setup", 25*time.Minute)
	add("running", 50*time.Minute)
	add("alarm", 2*time.Second)
	add("running", 21*time.Minute)
	add("stopped", 12*time.Minute)
	if i == 1 || i == 5 {
		h = append(h, stretch{state: "unknown", reason: insight.ReasonGap, detail: "lost 1412 observations", lasts: 18 * time.Minute})
	}
	add("running", 90*time.Minute)
	switch i {
	case 2:
		add("alarm", 27*time.Minute)
	case 3:
		add("stopped", 12*time.Minute)
	case 5:
		add("setup", 35*time.Minute)
	case 7:
		add("offline", 124*time.Minute)
	case 8:
		add("no-link", 34*time.Minute)
	default:
		add("running", 5*time.Minute)
	}
	return h
}
