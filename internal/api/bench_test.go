package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// hour is a store with one machine that said so much in an hour, in the order in
// which it is read: what the store itself takes is nothing.
type hour struct {
	*fake
	said []plant.Observation
}

// The machine has hourItems data items, each of which is observed hourEach times:
// most are numbers, some texts and conditions.
const (
	hourItems = 300
	hourEach  = 240
)

func newHour() *hour {
	h := &hour{fake: newFake()}
	h.items = nil
	for i := range plant.ItemID(hourItems) {
		h.items = append(h.items, plant.DataItem{
			ID: i + 1, Device: 1, DataItemID: fmt.Sprintf("mill_x%d_position_actual", i), Name: fmt.Sprint("Xabs", i), Category: plant.Sample,
			Type: "POSITION", SubType: "ACTUAL", Units: "MILLIMETER", Representation: "VALUE", Path: "Axes[base]/Linear[X]",
		})
	}
	for n := range hourItems * hourEach {
		item, d := plant.ItemID(n%hourItems+1), time.Duration(n)*time.Hour/(hourItems*hourEach)
		o := number(item, d, float64(n)/7)
		switch {
		case item%50 == 0:
			o = alarm(item, d, plant.LevelWarning, "207")
		case item%10 == 0:
			o = text(item, d, "O2201 BRACKET")
		}
		o.Run, o.Sequence = 1, int64(n+1)
		h.said = append(h.said, o)
	}
	h.runs[0].Next, h.runs[0].Stored = int64(len(h.said)+1), int64(len(h.said))
	return h
}

func (h *hour) ItemObservations(_ context.Context, _ []plant.ItemID, from, to int64, _ bool) iter.Seq2[plant.Observation, error] {
	first, _ := slices.BinarySearchFunc(h.said, from, func(o plant.Observation, t int64) int { return int(o.Time - t) })
	return func(yield func(plant.Observation, error) bool) {
		for _, o := range h.said[first:] {
			if o.Time >= to || !yield(o, nil) {
				return
			}
		}
	}
}

func (h *hour) ItemSummaries(ctx context.Context, _ plant.ItemID, from, to int64, _, _ int) iter.Seq2[plant.Summary, error] {
	return func(yield func(plant.Summary, error) bool) {
		for o, err := range h.ItemObservations(ctx, nil, from, to, true) {
			if !yield(plant.Single(o), err) {
				return
			}
		}
	}
}

// handler gives the API over the store.
func (h *hour) handler(b *testing.B) http.Handler {
	b.Helper()
	s := api.NewService(api.Options{Reader: h, Hub: live.NewHub(live.Options{}), Now: func() time.Time { return start.Add(time.Hour) }})
	if err := s.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s.Handler()
}

// fetch gives the body of an answer.
func fetch(b *testing.B, handler http.Handler, path string) []byte {
	b.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	if w.Code != http.StatusOK {
		b.Fatal(w.Body.String())
	}
	return w.Body.Bytes()
}

// sink is where answers go of which only the length counts.
type sink struct {
	header http.Header
	bytes  int
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(int)     {}

func (s *sink) Write(b []byte) (int, error) {
	s.bytes += len(b)
	return len(b), nil
}

// measure asks for the paths again and again and gives how long the answers to
// all of them are.
func measure(b *testing.B, handler http.Handler, paths ...string) (bytes int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		s := &sink{header: make(http.Header)}
		for _, path := range paths {
			handler.ServeHTTP(s, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		}
		bytes = s.bytes
	}
	return bytes
}

// BenchmarkObservationsOfAnHour gives every observation of a machine for an hour
// as JSON, in pages of MaxObservations.
func BenchmarkObservationsOfAnHour(b *testing.B) {
	h := newHour()
	handler := h.handler(b)
	path := fmt.Sprintf("/api/v1/machines/mill/observations?from=2026-01-31T08:00:00Z&to=2026-01-31T09:00:00Z&limit=%d", api.MaxObservations)
	// What the pages begin behind is known beforehand, so that reading them takes
	// nothing here.
	paths := []string{path}
	for {
		var page struct{ Next string }
		if err := json.Unmarshal(fetch(b, handler, paths[len(paths)-1]), &page); err != nil {
			b.Fatal(err)
		}
		if page.Next == "" {
			break
		}
		paths = append(paths, path+"&after="+url.QueryEscape(page.Next))
	}
	bytes := measure(b, handler, paths...)
	b.ReportMetric(float64(bytes)/(hourItems*hourEach), "bytes/obs")
	b.ReportMetric(float64(hourItems*hourEach*b.N)/b.Elapsed().Seconds(), "obs/s")
}

// BenchmarkSeriesOfAnHour gives the same as a series of 1,000 points.
func BenchmarkSeriesOfAnHour(b *testing.B) {
	measure(b, newHour().handler(b), "/api/v1/items/1/series?from=2026-01-31T08:00:00Z&to=2026-01-31T09:00:00Z&points=1000")
}
