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

// The shop of the benchmark: so many machines over ten agents, with so many
// conditions each, of which each is raised and cleared benchRaised times in a week.
const (
	benchMachines   = 100
	benchConditions = 20
	benchRaised     = 40
)

// newAlarmWeek makes a sealed store with a week of alarms, and a service over it.
func newAlarmWeek(b *testing.B) *api.Service {
	b.Helper()
	ctx := b.Context()
	st, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	for a := range 10 {
		agent, err := st.PutAgent(ctx, plant.Agent{Name: fmt.Sprint("hall-", a), URL: "http://hall:5000", Configured: true})
		if err != nil {
			b.Fatal(err)
		}
		model := plant.Model{Agent: agent.ID, Digest: strings.Repeat("0", 64), Document: []byte("<x/>"), From: start}
		for m := range benchMachines / 10 {
			name := fmt.Sprintf("m%d%d", a, m)
			d := plant.ModelDevice{Device: plant.Device{Slug: name, Name: name, UUID: name, Present: true}}
			for c := range benchConditions {
				d.Items = append(d.Items, plant.DataItem{DataItemID: fmt.Sprint(name, "c", c), Category: plant.Condition, Type: "SYSTEM", Representation: "VALUE"})
			}
			d.Items = append(d.Items, plant.DataItem{DataItemID: name + "p", Category: plant.Event, Type: "PROGRAM", Representation: "VALUE"})
			model.Devices = append(model.Devices, d)
		}
		inventory, err := st.SaveModel(ctx, model)
		if err != nil {
			b.Fatal(err)
		}
		run, err := st.StartRun(ctx, 0, plant.Run{Agent: agent.ID, InstanceID: 7, First: 1, Next: 1, Began: start}, nil)
		if err != nil {
			b.Fatal(err)
		}
		step := 7 * 24 * time.Hour / (2 * benchRaised)
		for n := range 2 * benchRaised {
			batch := &store.Batch{Run: run.ID, Expect: run.Next, Received: start}
			for i, it := range inventory.Items {
				o := text(it.ID, time.Duration(n)*step+time.Duration(i)*time.Second, fmt.Sprint("O", n/10))
				if it.Category == plant.Condition {
					o = alarm(it.ID, time.Duration(n)*step+time.Duration(i)*time.Second, []plant.Level{plant.LevelFault, plant.LevelNormal}[n%2], fmt.Sprint(100+i%7))
				}
				o.Run, o.Sequence = run.ID, run.Next
				run.Next++
				batch.Observations = append(batch.Observations, o)
			}
			batch.Next = run.Next
			if err := st.Commit(ctx, []*store.Batch{batch}); err != nil || batch.Err != nil {
				b.Fatal(err, batch.Err)
			}
		}
	}
	if _, err := st.Seal(ctx, time.Now().Add(24*time.Hour)); err != nil {
		b.Fatal(err)
	}
	s := api.NewService(api.Options{Reader: st, Hub: live.NewHub(live.Options{}), Now: func() time.Time { return start.Add(7 * 24 * time.Hour) }})
	if err := s.Load(ctx); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkAlarmsOfAWeek reads the alarms of 100 machines over 7 days from a sealed
// store: a page of the list, and their health.
func BenchmarkAlarmsOfAWeek(b *testing.B) {
	s := newAlarmWeek(b)
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			v, err := s.Alarms(b.Context(), api.AlarmQuery{From: start, To: start.Add(7 * 24 * time.Hour)})
			if err != nil || v.Total != benchMachines*benchConditions*benchRaised {
				b.Fatal(v.Total, err)
			}
		}
	})
	b.Run("health", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.AlarmHealth(b.Context(), start, start.Add(7*24*time.Hour), ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one shift of the last day", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Alarms(b.Context(), api.AlarmQuery{From: start.Add(160 * time.Hour), To: start.Add(168 * time.Hour)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
