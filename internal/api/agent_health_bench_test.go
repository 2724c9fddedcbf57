package api_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// BenchmarkAgentHealth asks how each of 100 agents tells that have 50 data items and
// 26,000 observations over 30 days, sealed in the embedded store, and what the page of
// all agents needs.
func BenchmarkAgentHealth(b *testing.B) {
	const agents, items, each = 100, 50, 520
	ctx, end := b.Context(), start.Add(30*24*time.Hour)
	st, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	for a := range agents {
		name := fmt.Sprintf("a%02d", a)
		agent, err := st.PutAgent(ctx, plant.Agent{Name: name, URL: "http://hall:5000", Configured: true})
		if err != nil {
			b.Fatal(err)
		}
		d := plant.ModelDevice{Device: plant.Device{Slug: name, Name: name, UUID: name, Present: true}}
		for i := range items {
			d.Items = append(d.Items, plant.DataItem{DataItemID: fmt.Sprint("n", i), Category: plant.Sample, Type: "POSITION", Representation: "VALUE"})
		}
		inventory, err := st.SaveModel(ctx, plant.Model{Agent: agent.ID, Digest: strings.Repeat("0", 64), Document: []byte("<x/>"), From: start, Devices: []plant.ModelDevice{d}})
		if err != nil {
			b.Fatal(err)
		}
		run, err := st.StartRun(ctx, 0, plant.Run{Agent: agent.ID, InstanceID: 7, First: 1, Next: 1, Began: start}, nil)
		if err != nil {
			b.Fatal(err)
		}
		batch := &store.Batch{Run: run.ID, Expect: run.Next, Received: start}
		for n := range each {
			for _, it := range inventory.Items {
				o := number(it.ID, time.Duration(n)*30*24*time.Hour/each, float64(n%97))
				o.Run, o.Sequence = run.ID, run.Next
				run.Next++
				batch.Observations = append(batch.Observations, o)
			}
		}
		batch.Next = run.Next
		if err := st.Commit(ctx, []*store.Batch{batch}); err != nil || batch.Err != nil {
			b.Fatal(err, batch.Err)
		}
	}
	if _, err := st.Seal(ctx, time.Now().Add(24*time.Hour)); err != nil {
		b.Fatal(err)
	}
	s := api.NewService(api.Options{Reader: st, Hub: live.NewHub(live.Options{}), Now: func() time.Time { return end }})
	if err := s.Load(ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("one", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			v, err := s.AgentHealth(ctx, fmt.Sprintf("a%02d", n%agents))
			if err != nil || v.Observations != api.MaxHealth {
				b.Fatal(v.Observations, err)
			}
		}
	})
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			if v, err := s.Agents(ctx); err != nil || len(v) != agents {
				b.Fatal(len(v), err)
			}
		}
	})
}
