package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// processes are those of one file.
func processes() storetest.Processes {
	return storetest.Processes{
		New: func(t *testing.T) string { return filepath.Join(t.TempDir(), "plant.db") },
		Open: func(ctx context.Context, path string) (storetest.SharedStore, error) {
			return sqlite.Open(ctx, path, sqlite.Options{})
		},
		Check: func(t *testing.T, path string) {
			sound(t, open(t, path, sqlite.Options{}))
			checkIntegrity(t, path)
		},
	}
}

func TestMain(m *testing.M) {
	processes().Work()
	goleak.VerifyTestMain(m)
}

func TestProcesses(t *testing.T) { processes().Run(t) }

// newFile makes a store with one agent, and gives its path.
func newFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plant.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	storetest.NewPlant(t, s)
	return path
}

// checkIntegrity lets SQLite check the file.
func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, db)
	var found string
	if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
		t.Fatalf("integrity: %s, %v", found, err)
	}
}
