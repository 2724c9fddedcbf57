package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

func TestLeases(t *testing.T) {
	storetest.RunLeases(t, func(t *testing.T) (one, other storetest.LeaseStore) {
		url := pgtest.Database(t)
		return open(t, url, postgres.Options{}), open(t, url, postgres.Options{})
	})
}

// TestLeasesOfABusyStore has all connections that write in use, in transactions
// that hold the agents: leases wait for none of it.
func TestLeasesOfABusyStore(t *testing.T) {
	s := open(t, pgtest.Database(t), postgres.Options{})
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil {
		t.Fatal(err)
	}
	for range s.Write().Config().MaxConns {
		tx, err := s.Write().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
		if _, err := tx.Exec(t.Context(), `SELECT id FROM agents FOR NO KEY UPDATE SKIP LOCKED`); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Renew(ctx, store.Worker{ID: "w"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	taken, err := s.Take(ctx, "w", []plant.AgentID{agent.ID}, time.Minute)
	if err != nil || len(taken) != 1 {
		t.Fatalf("taken %+v, %v", taken, err)
	}
	if err := s.Release(ctx, taken); err != nil {
		t.Fatal(err)
	}
	if err := s.Leave(ctx, "w"); err != nil {
		t.Fatal(err)
	}
}
