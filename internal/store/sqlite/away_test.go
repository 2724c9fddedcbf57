package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// impatient is for tests that wait for a lock until it is given up.
var impatient = sqlite.Options{BusyTimeout: 20 * time.Millisecond}

// unavailable fails the test where an error is not Unavailable with words for
// people.
func unavailable(t *testing.T, what string, err error, words string) {
	t.Helper()
	if plant.ErrorCode(err) != plant.Unavailable || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: %v, want unavailable: %s", what, err, words)
	}
}

// recovered fails the test where the store does not take a commit, or is not
// whole.
func recovered(t *testing.T, s *sqlite.Store) {
	t.Helper()
	before := storetest.CheckWhole(t, s)
	if err := storetest.WriteNext(t.Context(), s, 10); err != nil {
		t.Fatalf("commit when the store is back: %v", err)
	}
	if after := storetest.CheckWhole(t, s); after != before+10 {
		t.Errorf("the cursor went from %d to %d", before, after)
	}
}

func exec1(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestLocked(t *testing.T) {
	path := newFile(t)
	s := open(t, path, impatient)
	other, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, other)
	other.SetMaxOpenConns(1)
	exec1(t, other, `BEGIN IMMEDIATE`)
	unavailable(t, "commit while another process writes", storetest.WriteNext(t.Context(), s, 10), "another process holds the store")
	if _, err := s.Agents(t.Context()); err != nil {
		t.Errorf("read while another process writes: %v", err)
	}
	exec1(t, other, `ROLLBACK`)
	recovered(t, s)
}

// TestLockedOut is a process that holds the file for itself, as a backup tool
// may: it cannot even be opened.
func TestLockedOut(t *testing.T) {
	path := newFile(t)
	other, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, other)
	other.SetMaxOpenConns(1)
	exec1(t, other, `BEGIN EXCLUSIVE`)
	_, err = sqlite.Open(t.Context(), path, impatient)
	unavailable(t, "open", err, "another process holds the store")
	exec1(t, other, `ROLLBACK`)
	closed(t, other)
	recovered(t, open(t, path, impatient))
}

func TestReadOnlyConnection(t *testing.T) {
	s := open(t, newFile(t), sqlite.Options{})
	exec1(t, s.Write(), `PRAGMA query_only = 1`)
	unavailable(t, "commit", storetest.WriteNext(t.Context(), s, 10), "the store cannot be written")
	recovered(t, s)
}

func TestDiskFull(t *testing.T) {
	s := open(t, newFile(t), sqlite.Options{})
	exec1(t, s.Write(), `PRAGMA max_page_count = 200`)
	var err error
	for range 1000 {
		if err = storetest.WriteNext(t.Context(), s, 400); err != nil {
			break
		}
	}
	unavailable(t, "commit", err, "the disk is full")
	unavailable(t, "ping", s.Ping(t.Context()), "the disk is full")
	recovered(t, s)
}

// TestFileAway takes the file away under an open store, puts another in its
// place, and puts it back.
func TestFileAway(t *testing.T) {
	path := newFile(t)
	s := open(t, path, sqlite.Options{})
	recovered(t, s)
	folder, away := filepath.Dir(path), filepath.Join(t.TempDir(), "away")
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	const words = "the store's file was moved, removed or replaced"
	unavailable(t, "commit while the file is away", storetest.WriteNext(t.Context(), s, 10), words)
	if _, err := os.Stat(path); err == nil {
		t.Error("a new file was made in the place of the one that is away")
	}
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	unavailable(t, "commit to another file", storetest.WriteNext(t.Context(), s, 10), words)
	if err := errors.Join(os.RemoveAll(folder), os.Rename(away, folder)); err != nil {
		t.Fatal(err)
	}
	recovered(t, s)
}

func TestOpenFails(t *testing.T) {
	_, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "no", "plant.db"), sqlite.Options{})
	unavailable(t, "a folder that is missing", err, "cannot make or write")

	path := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); plant.ErrorCode(err) != plant.Internal {
		t.Errorf("a file that is no store: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Open(ctx, newFile(t), sqlite.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("open with a context that has ended: %v", err)
	}
}

func TestNewerSchema(t *testing.T) {
	path := newFile(t)
	s := open(t, path, sqlite.Options{})
	exec1(t, s.Write(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	if err := s.Ping(t.Context()); plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), "9999") {
		t.Errorf("ping: %v", err)
	}
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("open: %v", err)
	}
}

// TestFileMode keeps the agents' passwords from other users.
func TestFileMode(t *testing.T) {
	path := newFile(t)
	s := open(t, path, sqlite.Options{})
	recovered(t, s)
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}
