package api_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// threeShifts are those of the benchmark.
const threeShifts = `{"zone": "UTC", "patterns": [{"shifts": [
	{"name": "Early", "days": ["mon-sun"], "time": "06:00-14:00", "breaks": ["09:00-09:15"]},
	{"name": "Late", "days": ["mon-sun"], "time": "14:00-22:00"}, {"name": "Night", "days": ["mon-sun"], "time": "22:00-06:00"}]}]}`

// benchDays is for how long the machines of the benchmark worked.
const benchDays = 31

// newMonth makes of a store a sealed one in which each machine runs a program for seven
// of every ten minutes, counts a part each time, and raises an alarm twice a shift. It
// gives a service over it for each time that it is asked, which has nothing in memory.
func newMonth(b *testing.B, st benchStore) func() *api.Service {
	b.Helper()
	hub := sealedPlant(b, st, 10, []plant.DataItem{
		{Category: plant.Event, Type: "EXECUTION"},
		{Category: plant.Event, Type: "PROGRAM"},
		{Category: plant.Event, Type: "PART_COUNT"},
		{Category: plant.Condition, Type: "SYSTEM"},
	}, func(t *teller) {
		for on := range benchDays {
			monthDay(t, on)
		}
	})
	said, err := shop.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	return func() *api.Service {
		s := api.NewService(api.Options{
			Reader: st, Hub: hub, Shop: func() *shop.Shop { return said }, Log: slog.New(slog.DiscardHandler),
			Now: func() time.Time { return start.Add(benchDays*day + time.Hour) },
		})
		if err := s.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
		return s
	}
}

// monthDay tells what the machines of an agent did in a day.
func monthDay(t *teller, on int) {
	for n := on * 144; n < (on+1)*144; n++ {
		for i, it := range t.Items {
			begin := time.Duration(n)*10*time.Minute + time.Duration(i)*time.Second
			switch it.Type {
			case "EXECUTION":
				t.say(text(it.ID, begin, "ACTIVE"))
				t.change(plant.Running)
				t.say(text(it.ID, begin+7*time.Minute, "READY"))
				t.change(plant.Idle)
			case "PROGRAM":
				if n%36 == 0 {
					t.say(text(it.ID, begin, fmt.Sprint("O", n%5)))
				}
			case "PART_COUNT":
				t.say(text(it.ID, begin+7*time.Minute, fmt.Sprint(n)))
			case "SYSTEM":
				switch n % 24 {
				case 0:
					t.say(alarm(it.ID, begin, plant.LevelWarning, "W1"))
				case 1:
					t.say(alarm(it.ID, begin, plant.LevelNormal, ""))
				}
			}
		}
	}
	t.commit()
}

// BenchmarkShiftUsual says of a shift of 100 machines whether it was as usual, from a
// sealed store of each kind with 31 days: read for the first time, with what is kept of
// the shifts before, and of one machine.
func BenchmarkShiftUsual(b *testing.B) {
	onEach(b, func(b *testing.B, st benchStore) {
		service := newMonth(b, st)
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
