package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// BenchmarkAgentHealth asks how each of 100 agents tells that have 50 data items and
// 26,000 observations over 30 days, sealed in the embedded store, and what the page of
// all agents needs.
func BenchmarkAgentHealth(b *testing.B) {
	const items, each = 50, 520
	ctx, st := b.Context(), embedded(b)
	hub := sealedPlant(b, st, benchMachines, slices.Repeat([]plant.DataItem{{Category: plant.Sample, Type: "POSITION"}}, items), func(t *teller) {
		for n := range each {
			for _, it := range t.Items {
				t.say(number(it.ID, time.Duration(n)*30*day/each, float64(n%97)))
			}
		}
		t.commit()
	})
	s := api.NewService(api.Options{Reader: st, Hub: hub, Now: func() time.Time { return start.Add(30 * day) }})
	if err := s.Load(ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("one", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			v, err := s.AgentHealth(ctx, agentName(n%benchMachines))
			if err != nil || v.Observations != api.MaxHealth {
				b.Fatal(v.Observations, err)
			}
		}
	})
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			if v, err := s.Agents(ctx); err != nil || len(v) != benchMachines {
				b.Fatal(len(v), err)
			}
		}
	})
}
