package postgres_test

import (
	"io"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// open opens the store in a database, and closes it when the test ends.
func open(t testing.TB, url string, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

// closed closes what a test has opened.
func closed(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store {
		return open(t, pgtest.Database(t), postgres.Options{})
	})
}

func TestUpkeep(t *testing.T) {
	storetest.RunUpkeep(t, func(t *testing.T) storetest.UpkeepStore {
		return open(t, pgtest.Database(t), postgres.Options{})
	})
}

func TestClock(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	s := open(t, pgtest.Database(t), postgres.Options{Now: func() time.Time { return noon }})
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil || !agent.Added.Equal(noon) {
		t.Errorf("agent added %v, %v; want %v", agent.Added, err, noon)
	}
}
