package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// capture is an agent with one machine in a SQLite file, to which a test
// commits.
type capture struct {
	*sqlite.Store
	run   plant.Run
	items []plant.DataItem
}

// newCapture makes the store with the data items load (a sample) and program.
func newCapture(t testing.TB) *capture {
	t.Helper()
	ctx := t.Context()
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	agent, err := st.PutAgent(ctx, plant.Agent{Name: "hall-a", URL: "http://hall-a:5000"})
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := st.SaveModel(ctx, plant.Model{
		Agent: agent.ID, Digest: strings.Repeat("0", 64), Document: []byte("<x/>"), From: start,
		Devices: []plant.ModelDevice{{
			Device: plant.Device{Slug: "mill", Name: "Mill", UUID: "m-1", Present: true},
			Items: []plant.DataItem{
				{DataItemID: "load", Category: plant.Sample, Type: "LOAD", Representation: "VALUE"},
				{DataItemID: "prog", Category: plant.Event, Type: "PROGRAM", Representation: "VALUE"},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &capture{Store: st, items: inventory.Items}
	c.start(t, agent.ID, 7)
	return c
}

// start begins a run.
func (c *capture) start(t testing.TB, agent plant.AgentID, instance uint64) {
	t.Helper()
	run, err := c.StartRun(t.Context(), c.run.ID, plant.Run{Agent: agent, InstanceID: instance, First: 1, Began: start}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.run = run
}

// commit stores n observations of each data item, one a millisecond.
func (c *capture) commit(t testing.TB, n int) plant.Change {
	t.Helper()
	change, err := c.store(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func (c *capture) store(ctx context.Context, n int) (plant.Change, error) {
	b := &store.Batch{Run: c.run.ID, Expect: c.run.Next, Received: start}
	for range n {
		at := time.Duration(c.run.Next+int64(len(b.Observations))) * time.Millisecond
		b.Observations = append(b.Observations, number(c.items[0].ID, at, at.Seconds()), text(c.items[1].ID, at, "O1"))
	}
	for i := range b.Observations {
		b.Observations[i].Run, b.Observations[i].Sequence = c.run.ID, b.Expect+int64(i)
	}
	c.run.Next += int64(len(b.Observations))
	b.Next = c.run.Next
	for _, o := range b.Observations[len(b.Observations)-2:] {
		b.Latest = append(b.Latest, plant.Latest{Observation: o})
	}
	err := c.Commit(ctx, []*store.Batch{b})
	return plant.Change{Agent: c.run.Agent, Latest: b.Latest, Observations: len(b.Observations)}, errors.Join(err, b.Err)
}

// serve makes a service over the store.
func (c *capture) serve(t *testing.T) (*api.Service, *live.Hub) {
	t.Helper()
	hub := live.NewHub(live.Options{})
	s := api.NewService(api.Options{Reader: c, Hub: hub, Now: func() time.Time { return start.Add(time.Minute) }})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, hub
}

func TestSQLiteCurrentAndSeries(t *testing.T) {
	c := newCapture(t)
	c.commit(t, 1000)
	s, hub := c.serve(t)
	m, err := s.Machine(t.Context(), "mill")
	if err != nil {
		t.Fatal(err)
	}
	if m.Items[0].Value != 1.999 || m.Items[1].Value != "O1" {
		t.Errorf("values %v and %v, want those of the last commit", m.Items[0].Value, m.Items[1].Value)
	}
	hub.Publish(c.commit(t, 1))
	if m, err := s.Machine(t.Context(), "mill"); err != nil || m.Items[0].Value != 2.001 {
		t.Errorf("value %v, %v; want that of the change", m.Items[0].Value, err)
	}
	series, err := s.Series(t.Context(), api.SeriesQuery{Item: c.items[0].ID, From: start, To: start.Add(2 * time.Second), Points: 40})
	if err != nil {
		t.Fatal(err)
	}
	// A rising line: of each of the 10 columns the first and the last.
	if series.Observations != 1000 || len(series.Points) != 20 || series.Before {
		t.Errorf("%d points of %d observations, want 20 of 1000", len(series.Points), series.Observations)
	}
}

func TestSQLiteExportAndLedger(t *testing.T) {
	c := newCapture(t)
	c.commit(t, 4000)
	c.start(t, c.run.Agent, 9)
	c.commit(t, 10)
	var lines strings.Builder
	n, err := api.Export(t.Context(), c, &lines, api.ExportOptions{})
	if err != nil || n != 8020 {
		t.Fatalf("%d observations, %v; want 8020", n, err)
	}
	next := map[uint64]int64{7: 1, 9: 1}
	for line := range strings.Lines(lines.String()) {
		var r api.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Sequence != next[r.Instance] || r.Instance == 7 && next[9] > 1 {
			t.Fatalf("observation %d of instance %d, want %d", r.Sequence, r.Instance, next[r.Instance])
		}
		next[r.Instance]++
	}
	entries, err := api.Ledger(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprint(e.Agent, " ", e.Instance, " ", e.First, " ", e.Next, " ", e.Stored))
	}
	if diff := cmp.Diff([]string{"hall-a 7 1 8001 8000", "hall-a 9 1 21 20"}, got); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
}

// Pages of a store that is written meanwhile hold each observation once, also
// where another run has the same times and sequence numbers.
func TestSQLiteObservations(t *testing.T) {
	c := newCapture(t)
	c.commit(t, 50)
	c.start(t, c.run.Agent, 9)
	s, _ := c.serve(t)
	var writer sync.WaitGroup
	writer.Go(func() {
		for range 50 {
			if _, err := c.store(t.Context(), 10); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writer.Wait()
	seen := pages(t, s, api.ObservationQuery{Machine: "mill", From: start, Limit: 100}, writer.Wait)
	for sequence := int64(1); sequence <= 1000; sequence++ {
		if n := seen[record{9, sequence}]; n == 0 && sequence > 100 || n > 1 {
			t.Fatalf("observation %d of the new run came %d times", sequence, n)
		}
		if n := seen[record{7, sequence}]; sequence <= 100 && n != 1 {
			t.Fatalf("observation %d of the old run came %d times", sequence, n)
		}
	}
}

// What is answered is the same before and after sealing, byte for byte.
func TestSQLiteSealed(t *testing.T) {
	c := newCapture(t)
	for range 50 { // Few of each data item at once, which stay rows until they are sealed.
		c.commit(t, 70)
	}
	c.start(t, c.run.Agent, 9)
	c.commit(t, 30)
	s, _ := c.serve(t)
	handler := s.Handler()
	item := func(format string, i int) string { return fmt.Sprintf(format, c.items[i].ID) }
	paths := []string{
		item("/items/%d/series?points=40&from=2026-01-31T08:00:00.5Z&to=2026-01-31T08:00:05Z", 0),
		item("/items/%d/series?points=5000&from=2026-01-31T08:00:00Z&to=2026-01-31T08:01:00Z", 0),
		item("/items/%d/series?points=8&from=2026-01-31T08:00:01Z&to=2026-01-31T08:00:02Z", 1),
		item("/items/%d/observations?limit=100&from=2026-01-31T08:00:01Z", 1),
		"/machines/mill/observations?limit=10000&from=2026-01-31T08:00:00Z",
		"/machines/mill/current?at=2026-01-31T08:00:00.02Z",
		"/machines/mill/current?at=2026-01-31T08:00:03.0005Z",
		"/machines/mill/current?at=2026-01-31T08:00:30Z",
	}
	ask := func() (answers []string) {
		for _, path := range paths {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1"+path, http.NoBody))
			if w.Code != http.StatusOK {
				t.Errorf("%s: %s", path, w.Body)
			}
			answers = append(answers, w.Body.String())
		}
		return answers
	}
	before := ask()
	sealed, err := c.Seal(t.Context(), time.Now().Add(24*time.Hour))
	if err != nil || sealed.Observations != 7060 {
		t.Fatalf("%d observations were sealed, %v; want 7060", sealed.Observations, err)
	}
	for i, after := range ask() {
		if before[i] != after {
			t.Errorf("%s\nbefore %.300s\nafter  %.300s", paths[i], before[i], after)
		}
	}
}

func BenchmarkSQLiteExport(b *testing.B) {
	c := newCapture(b)
	for range 34 {
		c.commit(b, 10_000)
	}
	for _, format := range []api.Format{api.JSONLines, api.CSV} {
		b.Run(string(format), func(b *testing.B) {
			total := int64(0)
			for b.Loop() {
				n, err := api.Export(b.Context(), c, io.Discard, api.ExportOptions{Format: format})
				if err != nil {
					b.Fatal(err)
				}
				total += n
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "obs/s")
		})
	}
}
