package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// The fortnight of the benchmark: each machine changes its state every five minutes,
// and each of ten agents lost observations once a day.
const (
	fortnight   = 14 * day
	changeEvery = 5 * time.Minute
)

// newFortnight makes of a store a sealed one with a fortnight of states, and a service
// over it at its end.
func newFortnight(b *testing.B, st benchStore) *api.Service {
	b.Helper()
	items := []plant.DataItem{{Category: plant.Event, Type: "EXECUTION"}}
	hub := sealedPlant(b, st, 10, items, fortnightOf)
	s := api.NewService(api.Options{Reader: st, Hub: hub, Now: func() time.Time { return start.Add(fortnight) }})
	if err := s.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s
}

// fortnightOf tells what the machines of one agent did, a day at a time.
func fortnightOf(t *teller) {
	states := []plant.State{plant.Running, plant.Idle, plant.Running, plant.Stopped, plant.Setup, plant.Running, plant.Alarmed}
	const perDay = int(day / changeEvery)
	for on := range int(fortnight / day) {
		if on > 0 {
			t.lose(100, start.Add(time.Duration(on)*day))
		}
		for n := on * perDay; n < (on+1)*perDay; n++ {
			for i, it := range t.Items {
				t.say(text(it.ID, time.Duration(n)*changeEvery+time.Duration(i)*time.Second, "ACTIVE"))
				t.change(states[(n+i)%len(states)])
			}
		}
		t.commit()
	}
}

// BenchmarkTimeline gives the states of 100 machines over 7 days from a sealed store of
// each kind, with 200,000 changes: as 1,200 columns show them, every interval, those of
// the week before, a shift, and the answer over HTTP.
func BenchmarkTimeline(b *testing.B) {
	onEach(b, func(b *testing.B, st benchStore) { benchTimeline(b, newFortnight(b, st)) })
}

func benchTimeline(b *testing.B, s *api.Service) {
	middle, end := start.Add(fortnight/2), start.Add(fortnight)
	for _, test := range []struct {
		name     string
		from, to time.Time
		columns  int
	}{
		{"columns", middle, end, 1200},
		{"every interval", middle, end, 0},
		{"the week before", start, middle, 1200},
		{"one shift", end.Add(-8 * time.Hour), end, 1200},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, err := s.Timeline(b.Context(), api.TimelineQuery{From: test.from, To: test.to, Columns: test.columns})
				if err != nil || len(v.Rows) != benchMachines || v.Rows[0].Shares.Total != test.to.Sub(test.from).Microseconds() {
					b.Fatal(len(v.Rows), err)
				}
			}
		})
	}
	b.Run("HTTP", func(b *testing.B) {
		b.ReportAllocs()
		h := s.Handler()
		q := url.Values{"from": {middle.Format(time.RFC3339)}, "to": {end.Format(time.RFC3339)}, "columns": {"1200"}}
		for b.Loop() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, api.Prefix+"/timeline?"+q.Encode(), http.NoBody))
			if w.Code != http.StatusOK {
				b.Fatal(w.Code, w.Body)
			}
			b.ReportMetric(float64(w.Body.Len()), "bytes")
		}
	})
}
