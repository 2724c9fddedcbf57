package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// The fortnight of the benchmark: 100 machines over ten agents, each of which changes
// its state every five minutes; each agent lost observations once a day.
const (
	fortnight   = 14 * 24 * time.Hour
	changeEvery = 5 * time.Minute
)

// benchStore is a store of either kind.
type benchStore interface {
	store.Writer
	store.Reader
	store.Admin
	store.Upkeep
}

// embedded opens a store in a file.
func embedded(b *testing.B) benchStore {
	b.Helper()
	st, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return st
}

// onPostgres opens a store on a server of its own, which has tidied up when it is read,
// as servers do by themselves.
func onPostgres(b *testing.B) benchStore {
	b.Helper()
	url := pgtest.New(b).Database(b)
	if _, err := postgres.MigrateUp(b.Context(), url); err != nil {
		b.Fatal(err)
	}
	st, err := postgres.Open(b.Context(), url, postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return tidied{st, url}
}

// tidied is a store on PostgreSQL that is vacuumed when it has been sealed.
type tidied struct {
	*postgres.Store
	url string
}

func (t tidied) Seal(ctx context.Context, before time.Time) (store.Sealed, error) {
	sealed, err := t.Store.Seal(ctx, before)
	if err != nil {
		return sealed, err
	}
	conn, err := pgx.Connect(ctx, t.url)
	if err != nil {
		return sealed, err
	}
	_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	return sealed, errors.Join(err, conn.Close(ctx))
}

// newFortnight makes of a store a sealed one with a fortnight of states, and a service
// over it at its end.
func newFortnight(b *testing.B, st benchStore) *api.Service {
	b.Helper()
	ctx := b.Context()
	hub := live.NewHub(live.Options{})
	for a := range 10 {
		agent, err := st.PutAgent(ctx, plant.Agent{Name: fmt.Sprint("hall-", a), URL: "http://hall:5000", Configured: true})
		if err != nil {
			b.Fatal(err)
		}
		model := plant.Model{Agent: agent.ID, Digest: strings.Repeat("0", 64), Document: []byte("<x/>"), From: start}
		for m := range benchMachines / 10 {
			name := fmt.Sprintf("m%d%d", a, m)
			model.Devices = append(model.Devices, plant.ModelDevice{
				Device: plant.Device{Slug: name, Name: name, UUID: name, Present: true},
				Items:  []plant.DataItem{{DataItemID: name + "e", Category: plant.Event, Type: "EXECUTION", Representation: "VALUE"}},
			})
		}
		inventory, err := st.SaveModel(ctx, model)
		if err != nil {
			b.Fatal(err)
		}
		run, err := st.StartRun(ctx, 0, plant.Run{Agent: agent.ID, InstanceID: 7, First: 1, Next: 1, Began: start}, nil)
		if err != nil {
			b.Fatal(err)
		}
		fortnightOf(b, st, run, inventory)
		hub.PublishStatus(plant.AgentStatus{Agent: agent.ID, Link: plant.LinkStreaming})
	}
	if _, err := st.Seal(ctx, time.Now().Add(24*time.Hour)); err != nil {
		b.Fatal(err)
	}
	s := api.NewService(api.Options{Reader: st, Hub: hub, Now: func() time.Time { return start.Add(fortnight) }})
	if err := s.Load(ctx); err != nil {
		b.Fatal(err)
	}
	return s
}

// fortnightOf stores what the machines of one agent did, a day at a time.
func fortnightOf(b *testing.B, st benchStore, run plant.Run, inventory store.Inventory) {
	b.Helper()
	states := []plant.State{plant.Running, plant.Idle, plant.Running, plant.Stopped, plant.Setup, plant.Running, plant.Alarmed}
	const perDay = int(24 * time.Hour / changeEvery)
	for day := range int(fortnight / (24 * time.Hour)) {
		batch := &store.Batch{Run: run.ID, Expect: run.Next, Received: start}
		if day > 0 {
			lost := plant.Gap{From: run.Next, To: run.Next + 99, Reason: plant.GapOverrun, Noticed: start.Add(time.Duration(day) * 24 * time.Hour)}
			batch.Gaps = append(batch.Gaps, lost)
			run.Next += 100
		}
		for n := day * perDay; n < (day+1)*perDay; n++ {
			for i, it := range inventory.Items {
				o := text(it.ID, time.Duration(n)*changeEvery+time.Duration(i)*time.Second, "ACTIVE")
				o.Run, o.Sequence = run.ID, run.Next
				run.Next++
				batch.Observations = append(batch.Observations, o)
				batch.States = append(batch.States, plant.StateChange{
					Device: it.Device, Run: run.ID, Sequence: o.Sequence, Time: o.Time, State: states[(n+i)%len(states)], Rule: "5 executing",
				})
			}
		}
		batch.Next = run.Next
		if err := st.Commit(b.Context(), []*store.Batch{batch}); err != nil || batch.Err != nil {
			b.Fatal(err, batch.Err)
		}
	}
}

// BenchmarkTimeline gives the states of 100 machines over 7 days from a sealed store of
// each kind, with 200,000 changes: as 1,200 columns show them, every interval, those of
// the week before, a shift, and the answer over HTTP.
func BenchmarkTimeline(b *testing.B) {
	for _, kind := range []struct {
		name string
		open func(b *testing.B) benchStore
	}{{"embedded", embedded}, {"postgres", onPostgres}} {
		b.Run(kind.name, func(b *testing.B) { benchTimeline(b, newFortnight(b, kind.open(b))) })
	}
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
