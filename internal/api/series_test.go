package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestSeries(t *testing.T) {
	f := newFake()
	f.commit(nil, number(load, -time.Minute, 1), number(load, 0, 2), unknown(load, time.Minute), number(load, 2*time.Minute, 3))
	w := newWorld(t, f, live.Options{})
	s := get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series", load))
	want := api.Series{
		Item: s.Item, From: start, To: start.Add(time.Hour), Observations: 3, Before: true,
		Points: []api.Point{
			{float64(at(-time.Minute)), 1.0}, {float64(at(0)), 2.0}, {float64(at(time.Minute)), nil}, {float64(at(2 * time.Minute)), 3.0},
		},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	if s.Item.DataItemID != "load" || s.Item.Units != "PERCENT" {
		t.Errorf("item %+v", s.Item)
	}
	if s := get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z", program)); s.Points == nil || len(s.Points) != 0 {
		t.Errorf("points %v of nothing", s.Points)
	}
}

// What the ledger says is missing is a gap in the series.
func TestSeriesBreaksAtGaps(t *testing.T) {
	f := newFake()
	f.commit(nil, number(load, 0, 1), text(program, time.Minute, "O1")) // 1, 2
	f.runs[0].Next = 10
	f.gaps = []plant.Gap{{Run: 1, From: 3, To: 9, Reason: plant.GapOverrun, Noticed: start.Add(20 * time.Minute)}}
	f.commit(nil, number(load, 10*time.Minute, 2), text(program, 11*time.Minute, "O2")) // 10, 11
	f.gaps = append(f.gaps, plant.Gap{Run: 1, From: 12, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: start.Add(15 * time.Minute)})
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, First: 1, Next: 1})
	f.commit(nil, text(program, 20*time.Minute, "O3"))
	w := newWorld(t, f, live.Options{})
	points := func(item plant.ItemID) []api.Point {
		return get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series", item)).Points
	}
	minute := func(n int) float64 { return float64(at(time.Duration(n) * time.Minute)) }
	want := []api.Point{{minute(0), 1.0}, {minute(1), nil}, {minute(10), 2.0}, {minute(11), nil}}
	if diff := cmp.Diff(want, points(load)); diff != "" {
		t.Errorf("load (-want +got):\n%s", diff)
	}
	want = []api.Point{{minute(1), "O1"}, {minute(1), nil}, {minute(11), "O2"}, {minute(11), nil}, {minute(20), "O3"}}
	if diff := cmp.Diff(want, points(program)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
}

// An agent that leaves out every other number: each gap is one, however many
// there are.
func TestSeriesOfManyGaps(t *testing.T) {
	const n = api.MaxGapWindow + 500
	f := newFake()
	for i := range n {
		f.commit(nil, number(load, time.Duration(i)*time.Second, 1))
		f.gaps = append(f.gaps, plant.Gap{Run: 1, From: f.runs[0].Next, To: f.runs[0].Next, Reason: plant.GapMissing, Noticed: start})
		f.runs[0].Next++
	}
	w := newWorld(t, f, live.Options{})
	points := get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series?points=5000", load)).Points
	if len(points) != 2*n {
		t.Fatalf("%d points, want %d", len(points), 2*n)
	}
	for i, p := range points {
		if (p[1] == nil) != (i%2 == 1) || p[0] != float64(at(time.Duration(i/2)*time.Second)) {
			t.Fatalf("point %d is %v", i, p)
		}
	}
	page := get[api.Page[api.Gap]](t, w, fmt.Sprintf("/api/v1/gaps?limit=2&after=1.%d", f.gaps[10].From))
	if len(page.Items) != 2 || page.Items[0].From != f.gaps[9].From || page.Items[1].From != f.gaps[8].From {
		t.Errorf("gaps before the 11th: %+v, want the 10th and the 9th", page.Items)
	}
}
