package sqlite_test

import (
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// open opens the store in a file, and closes it when the test ends.
func open(t testing.TB, path string, o sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, o)
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
		// A name with what a DSN must not trip over.
		return open(t, filepath.Join(t.TempDir(), "a b?c#d%41.db"), sqlite.Options{})
	})
}

func TestUpkeepContract(t *testing.T) {
	storetest.RunUpkeep(t, func(t *testing.T) storetest.UpkeepStore {
		return open(t, filepath.Join(t.TempDir(), "plant.db"), sqlite.Options{})
	})
}

func TestClock(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	s := open(t, filepath.Join(t.TempDir(), "plant.db"), sqlite.Options{Now: func() time.Time { return noon }})
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil || !agent.Added.Equal(noon) {
		t.Errorf("agent added %v, %v; want %v", agent.Added, err, noon)
	}
}

// TestSlowReaderFreesLog stops in the middle of reading a run, for which the
// write-ahead log must not be kept: it would grow as long as anybody reads.
func TestSlowReaderFreesLog(t *testing.T) {
	s := open(t, newFile(t), impatient)
	for range 30 { // rows
		if err := storetest.WriteNext(t.Context(), s, 100); err != nil {
			t.Fatal(err)
		}
	}
	if err := storetest.WriteNext(t.Context(), s, 6_000); err != nil { // blocks
		t.Fatal(err)
	}
	runs, err := s.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for o, err := range s.Observations(t.Context(), runs[0].ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Sequence%2_000 != 1 {
			continue
		}
		if err := storetest.WriteNext(t.Context(), s, 10); err != nil {
			t.Fatal(err)
		}
		var busy, log, moved int
		if err := s.Write().QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil || busy != 0 {
			t.Fatalf("at observation %d the log cannot be emptied: busy %d, %v", o.Sequence, busy, err)
		}
	}
}
