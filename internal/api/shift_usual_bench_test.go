package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
	"github.com/factorydash/factorydash/internal/store"
)

// threeShifts are those of the benchmark.
const threeShifts = `{"zone": "UTC", "patterns": [{"shifts": [
	{"name": "Early", "days": ["mon-sun"], "time": "06:00-14:00", "breaks": ["09:00-09:15"]},
	{"name": "Late", "days": ["mon-sun"], "time": "14:00-22:00"}, {"name": "Night", "days": ["mon-sun"], "time": "22:00-06:00"}]}]}`

// benchDays is for how long the machines of the benchmark worked.
const benchDays = 31

// newMonth makes of a store a sealed one in which 100 machines run a program for seven
// of every ten minutes, count a part each time, and raise an alarm twice a shift. It
// gives a service over it for each time that it is asked, which has nothing in memory.
func newMonth(b *testing.B, st benchStore) func() *api.Service {
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
			item := func(id, typ string, category plant.Category) plant.DataItem {
				return plant.DataItem{DataItemID: name + id, Category: category, Type: typ, Representation: "VALUE"}
			}
			model.Devices = append(model.Devices, plant.ModelDevice{
				Device: plant.Device{Slug: name, Name: name, UUID: name, Present: true},
				Items: []plant.DataItem{
					item("e", "EXECUTION", plant.Event), item("p", "PROGRAM", plant.Event), item("c", "PART_COUNT", plant.Event), item("s", "SYSTEM", plant.Condition),
				},
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
		for day := range benchDays {
			monthDay(ctx, b, st, &run, inventory, day)
		}
		hub.PublishStatus(plant.AgentStatus{Agent: agent.ID, Link: plant.LinkStreaming})
	}
	if _, err := st.Seal(ctx, time.Now().Add(24*time.Hour)); err != nil {
		b.Fatal(err)
	}
	said, err := shop.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	return func() *api.Service {
		s := api.NewService(api.Options{
			Reader: st, Hub: hub, Shop: func() *shop.Shop { return said }, Log: slog.New(slog.DiscardHandler),
			Now: func() time.Time { return start.Add(benchDays*day + time.Hour) },
		})
		if err := s.Load(ctx); err != nil {
			b.Fatal(err)
		}
		return s
	}
}

// monthDay commits what the machines of an agent did in a day.
func monthDay(ctx context.Context, b *testing.B, st benchStore, run *plant.Run, inventory store.Inventory, on int) {
	b.Helper()
	batch := &store.Batch{Run: run.ID, Expect: run.Next, Received: start}
	say := func(o plant.Observation) {
		o.Run, o.Sequence = run.ID, run.Next
		run.Next++
		batch.Observations = append(batch.Observations, o)
	}
	for n := on * 144; n < (on+1)*144; n++ {
		for i, it := range inventory.Items {
			begin := time.Duration(n)*10*time.Minute + time.Duration(i)*time.Second
			change := func(at time.Duration, s plant.State) {
				batch.States = append(batch.States, plant.StateChange{Device: it.Device, Run: run.ID, Sequence: run.Next - 1, Time: start.Add(at).UnixMicro(), State: s, Rule: "5 executing"})
			}
			switch it.Type {
			case "EXECUTION":
				say(text(it.ID, begin, "ACTIVE"))
				change(begin, plant.Running)
				say(text(it.ID, begin+7*time.Minute, "READY"))
				change(begin+7*time.Minute, plant.Idle)
			case "PROGRAM":
				if n%36 == 0 {
					say(text(it.ID, begin, fmt.Sprint("O", n%5)))
				}
			case "PART_COUNT":
				say(text(it.ID, begin+7*time.Minute, fmt.Sprint(n)))
			case "SYSTEM":
				switch n % 24 {
				case 0:
					say(alarm(it.ID, begin, plant.LevelWarning, "W1"))
				case 1:
					say(alarm(it.ID, begin, plant.LevelNormal, ""))
				}
			}
		}
	}
	batch.Next = run.Next
	if err := st.Commit(ctx, []*store.Batch{batch}); err != nil || batch.Err != nil {
		b.Fatal(err, batch.Err)
	}
}

// BenchmarkShiftUsual says of a shift of 100 machines whether it was as usual, from a
// sealed store of each kind with 31 days: read for the first time, with what is kept of
// the shifts before, and of one machine.
func BenchmarkShiftUsual(b *testing.B) {
	for _, kind := range []struct {
		name string
		open func(b *testing.B) benchStore
	}{{"embedded", embedded}, {"postgres", onPostgres}} {
		b.Run(kind.name, func(b *testing.B) {
			service := newMonth(b, kind.open(b))
			ask := func(b *testing.B, s *api.Service, machines ...string) {
				b.Helper()
				v, err := s.ShiftUsual(b.Context(), api.ShiftUsualQuery{Machines: machines})
				if err != nil || len(v.Machines) == 0 || v.Machines[0].Figures[0].Shifts < 25 {
					b.Fatalf("%+v, %v", v, err)
				}
			}
			for name, machines := range map[string][]string{"first": nil, "one machine": {"m00"}} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						b.StopTimer()
						s := service()
						b.StartTimer()
						ask(b, s, machines...)
					}
				})
			}
			b.Run("again", func(b *testing.B) {
				s := service()
				ask(b, s)
				b.ReportAllocs()
				for b.Loop() {
					ask(b, s)
				}
			})
		})
	}
}
