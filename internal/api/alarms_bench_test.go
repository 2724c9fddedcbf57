package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// Each machine of the benchmark has so many conditions, each of which is raised and
// cleared benchRaised times in a week.
const (
	benchConditions = 20
	benchRaised     = 40
)

// newAlarmWeek makes a sealed store with a week of alarms, and a service over it.
func newAlarmWeek(b *testing.B) *api.Service {
	b.Helper()
	st := embedded(b)
	items := slices.Repeat([]plant.DataItem{{Category: plant.Condition, Type: "SYSTEM"}}, benchConditions)
	hub := sealedPlant(b, st, 10, append(items, plant.DataItem{Category: plant.Event, Type: "PROGRAM"}), func(t *teller) {
		const step = 7 * day / (2 * benchRaised)
		for n := range 2 * benchRaised {
			for i, it := range t.Items {
				at := time.Duration(n)*step + time.Duration(i)*time.Second
				if it.Category == plant.Condition {
					t.say(alarm(it.ID, at, []plant.Level{plant.LevelFault, plant.LevelNormal}[n%2], fmt.Sprint(100+i%7)))
				} else {
					t.say(text(it.ID, at, fmt.Sprint("O", n/10)))
				}
			}
			t.commit()
		}
	})
	s := api.NewService(api.Options{Reader: st, Hub: hub, Now: func() time.Time { return start.Add(7 * day) }})
	if err := s.Load(b.Context()); err != nil {
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
