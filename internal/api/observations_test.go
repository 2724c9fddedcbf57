package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestObservationsOfTwoRuns(t *testing.T) {
	f := newFake()
	// The second run says the same at the same times and numbers.
	f.commit(nil, number(load, 0, 1), text(program, time.Second, "O1"), alarm(system, 2*time.Second, plant.LevelFault, "F1"))
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, Epoch: 1, First: 1, Next: 1})
	f.commit(nil, number(load, 0, 1), unknown(program, time.Second))
	w := newWorld(t, f, live.Options{})

	path := "/api/v1/machines/mill/observations?from=2026-01-31T09:00:00%2B01:00&limit=1"
	var lines []string
	for after := ""; ; {
		page := get[api.Page[json.RawMessage]](t, w, path+after)
		for _, r := range page.Items {
			lines = append(lines, string(r))
		}
		if page.Next == "" {
			break
		}
		after = "&after=" + page.Next
	}
	want := []string{
		`{"agent":"hall-a","instance":18446744073709551615,"sequence":1,"time":"2026-01-31T08:00:00.000000Z","device":"Mill","dataItem":"load","category":"SAMPLE","type":"LOAD","subType":"ACTUAL","name":"Cload","value":1}`,
		`{"agent":"hall-a","instance":5,"epoch":1,"sequence":1,"time":"2026-01-31T08:00:00.000000Z","device":"Mill","dataItem":"load","category":"SAMPLE","type":"LOAD","subType":"ACTUAL","name":"Cload","value":1}`,
		`{"agent":"hall-a","instance":18446744073709551615,"sequence":2,"time":"2026-01-31T08:00:01.000000Z","device":"Mill","dataItem":"prog","category":"EVENT","type":"PROGRAM","subType":"","name":"","value":"O1"}`,
		`{"agent":"hall-a","instance":5,"epoch":1,"sequence":2,"time":"2026-01-31T08:00:01.000000Z","device":"Mill","dataItem":"prog","category":"EVENT","type":"PROGRAM","subType":"","name":"","value":null}`,
		`{"agent":"hall-a","instance":18446744073709551615,"sequence":3,"time":"2026-01-31T08:00:02.000000Z","device":"Mill","dataItem":"system","category":"CONDITION","type":"SYSTEM","subType":"","name":"","value":null,"level":"Fault","nativeCode":"F1","nativeSeverity":"","qualifier":"","conditionId":"","text":""}`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	page := get[api.Page[json.RawMessage]](t, w, "/api/v1/machines/mill/observations?item=prog&from=2026-01-31T08:00:00Z&to=2026-01-31T08:00:02Z")
	if diff := cmp.Diff(want[2:4], []string{string(page.Items[0]), string(page.Items[1])}); diff != "" || len(page.Items) != 2 {
		t.Errorf("observations of the program (-want +got):\n%s", diff)
	}
}

// A page that is written by hand is the page of records.
func TestObservationsAreRecords(t *testing.T) {
	w := newWorld(t, recorded(), live.Options{})
	for _, limit := range []int{5, 100} {
		_, _, got := w.ask(t, http.MethodGet, fmt.Sprintf("/api/v1/machines/mill/observations?from=2026-01-31T08:00:00Z&limit=%d", limit))
		page, err := w.service.Observations(t.Context(), api.ObservationQuery{Machine: "mill", From: start, Limit: limit})
		if err != nil || len(page.Items) != min(limit, 12) {
			t.Fatalf("%d observations, %v; want %d", len(page.Items), err, min(limit, 12))
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(page); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("page of %d (-records +written):\n%s", limit, diff)
		}
	}
}

// record names an observation.
type record struct {
	instance uint64
	sequence int64
}

// pages reads page after page, the last one again after settle, and gives how
// often each observation came.
func pages(t *testing.T, s *api.Service, q api.ObservationQuery, settle func()) map[record]int {
	t.Helper()
	seen := make(map[record]int)
	for settled := false; ; {
		page, err := s.Observations(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if page.Next == "" && !settled {
			settle()
			settled = true
			continue // This page again, with what came since.
		}
		for _, r := range page.Items {
			seen[record{r.Instance, r.Sequence}]++
		}
		if q.After = page.Next; q.After == "" {
			return seen
		}
	}
}

// What is committed while a page is read is on it of all data items or of none:
// the page behind begins after all that is on it.
func TestObservationsOfOneState(t *testing.T) {
	f := newFake()
	second := func(n int) plant.Observation {
		return number([]plant.ItemID{load, parts}[n%2], time.Duration(n)*time.Second, float64(n))
	}
	for n := range 4 {
		f.commit(nil, second(n))
	}
	reader := &busy{fake: f, commit: func() {
		f.commit(nil, second(4), second(5), second(6), second(7), second(8), second(9), second(10), second(11))
	}}
	s := api.NewService(api.Options{Reader: reader, Hub: live.NewHub(live.Options{}), Now: func() time.Time { return start.Add(time.Hour) }})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := pages(t, s, api.ObservationQuery{Machine: "mill", From: start, Limit: 6}, func() {})
	for i := int64(1); i <= 12; i++ {
		if n := seen[record{math.MaxUint64, i}]; n != 1 {
			t.Errorf("observation %d came %d times", i, n)
		}
	}
}

// Pages that are read while observations come in hold each of them once.
func TestObservationsDuringCommits(t *testing.T) {
	const n = 1500
	f := newFake()
	w := newWorld(t, f, live.Options{})
	items := []plant.ItemID{load, program, parts}
	commit := func(i int) { f.commit(nil, number(items[i%3], time.Duration(i)*time.Millisecond, float64(i))) }
	for i := range n / 3 {
		commit(i)
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := n / 3; i < n; i++ {
			commit(i)
		}
	})
	seen := pages(t, w.service, api.ObservationQuery{Machine: "mill", From: start, Limit: 7}, writer.Wait)
	for i := int64(1); i <= n; i++ {
		if n := seen[record{math.MaxUint64, i}]; n != 1 {
			t.Fatalf("observation %d came %d times", i, n)
		}
	}
}

// Pages end where their texts grow too long, and charts cut them.
func TestLongTexts(t *testing.T) {
	f := newFake()
	long := strings.Repeat("x", api.MaxPageBytes*2/3)
	f.commit(nil, text(program, 0, long), text(program, time.Second, long), text(parts, 2*time.Second, long), text(mode, 2*time.Second, long))
	w := newWorld(t, f, live.Options{})
	q := api.ObservationQuery{Machine: "mill", From: start}
	for n := range 4 {
		page, err := w.service.Observations(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != 1 || page.Items[0].Sequence != int64(n+1) || (page.Next == "") != (n == 3) {
			t.Fatalf("page %d has %d observations and goes on at %q", n, len(page.Items), page.Next)
		}
		q.After = page.Next
	}
	f.commit(nil, alarm(system, time.Minute, plant.LevelFault, long), alarm(system, time.Minute, plant.LevelFault, long))
	page, err := w.service.Observations(t.Context(), api.ObservationQuery{Machine: "mill", DataItem: "system", From: start})
	if err != nil || len(page.Items) != 1 || page.Next == "" {
		t.Errorf("a page with %d conditions that have long codes, %v; want 1 and more", len(page.Items), err)
	}
	series, err := w.service.Series(t.Context(), api.SeriesQuery{Item: program})
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := series.Points[0][1].(string); !ok || len(s) != api.MaxPointText {
		t.Errorf("a point with a text of %d bytes, want %d", len(s), api.MaxPointText)
	}
}
