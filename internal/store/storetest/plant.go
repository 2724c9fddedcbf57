package storetest

import (
	"context"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// NewPlant makes the only agent of a store, with one machine of two data items, and
// starts a run at 1: what WriteNext writes to.
func NewPlant(t testing.TB, s Store) {
	t.Helper()
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveModel(t.Context(), plant.Model{Agent: agent.ID, Digest: "1", Devices: []plant.ModelDevice{{
		Device: plant.Device{Name: "m"}, Items: []plant.DataItem{{DataItemID: "x"}, {DataItemID: "y"}},
	}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartRun(t.Context(), 0, plant.Run{Agent: agent.ID, InstanceID: 1, First: 1}, nil); err != nil {
		t.Fatal(err)
	}
}

// WriteNext commits a batch of n observations at the cursor of a store of NewPlant.
// That another writer was first is no error.
func WriteNext(ctx context.Context, s Store, n int) error {
	return WriteNumbers(ctx, s, n, func(i int64) float64 { return float64(i) })
}

// WriteNumbers is WriteNext with numbers as wanted.
func WriteNumbers(ctx context.Context, s Store, n int, number func(i int64) float64) error {
	devices, err := s.Devices(ctx)
	if err != nil {
		return err
	}
	items, err := s.Items(ctx, devices[0].ID)
	if err != nil {
		return err
	}
	run, err := s.LastRun(ctx, devices[0].Agent)
	if err != nil {
		return err
	}
	b := &store.Batch{Run: run.ID, Expect: run.Next, Next: run.Next + int64(n)}
	for i := range int64(n) {
		b.Observations = append(b.Observations, plant.Observation{
			Item: items[int(i)%len(items)].ID, Sequence: run.Next + i, Time: run.Next + i,
			Value: plant.Value{Kind: plant.Number, Number: number(i)},
		})
	}
	b.Latest = []plant.Latest{{Observation: b.Observations[n-1]}}
	if err := s.Commit(ctx, []*store.Batch{b}); err != nil {
		return err
	}
	if b.Err != nil && plant.ErrorCode(b.Err) != plant.Conflict {
		return b.Err
	}
	return nil
}

// OnlyRun is the run of NewPlant.
func OnlyRun(t testing.TB, s Store) plant.Run {
	t.Helper()
	runs, err := s.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	return runs[0]
}

// CheckWhole fails the test where the run of NewPlant has a hole, something twice, or
// another cursor than its observations. It gives the cursor. A server may still be at
// a commit of a writer that was killed: where one comes between, it looks again.
func CheckWhole(t testing.TB, s Store) int64 {
	t.Helper()
	for {
		run := OnlyRun(t, s)
		next := int64(1)
		for o, err := range s.Observations(t.Context(), run.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Sequence != next {
				t.Fatalf("observation %d where %d is due", o.Sequence, next)
			}
			next++
		}
		latest, err := s.Latest(t.Context(), run.Agent)
		if OnlyRun(t, s).Next != run.Next {
			continue
		}
		if run.Next != next || run.Stored != next-1 {
			t.Fatalf("%d observations, run %+v", next-1, run)
		}
		if err != nil || (next > 1 && (len(latest) == 0 || max(latest[0].Sequence, latest[len(latest)-1].Sequence) != next-1)) {
			t.Fatalf("latest %+v, %v; the cursor is %d", latest, err, next)
		}
		return next
	}
}

// CheckSound fails the test where a store finds fault with itself.
func CheckSound(t testing.TB, s UpkeepStore) {
	t.Helper()
	sound(t, s)
}
