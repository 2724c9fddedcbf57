package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"github.com/factorydash/factorydash/internal/plant"
)

// Snapshot writes the store as it is now into a new file, which is a store of its
// own: as one state, whatever is committed meanwhile, without free space and without
// workers and their leases, since nobody captures into it. Capture goes on beside it, but the write-ahead log grows until it is done.
// Conflict where the file exists.
func (s *Store) Snapshot(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return plant.Errorf(plant.Conflict, "snapshot of the store: %s exists", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // SQLite takes an empty file, and keeps its mode
	if err != nil {
		return &plant.Error{Code: plant.Unavailable, Msg: "snapshot of the store: cannot make " + path, Err: err}
	}
	if err := f.Close(); err != nil {
		return &plant.Error{Code: plant.Unavailable, Msg: "snapshot of the store", Err: err}
	}
	// A connection of its own: VACUUM may not be within a transaction, and those
	// that only read refuse it.
	db, err := sql.Open("sqlite", dsn(s.path, defaultBusyTimeout))
	if err != nil {
		return s.fail(ctx, s.read, "snapshot of the store", err)
	}
	defer func() {
		if err = errors.Join(err, db.Close()); err != nil {
			_ = os.Remove(path) // What is there is not a store.
		}
	}()
	if _, err = db.ExecContext(ctx, `VACUUM INTO ?`, path); err == nil {
		err = dismiss(ctx, path)
	}
	return s.fail(ctx, s.read, "snapshot of the store", err)
}

// dismiss forgets the workers of a store that nobody has open.
func dismiss(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, defaultBusyTimeout))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, `DELETE FROM leases; DELETE FROM workers`)
	return err
}

// Schema gives the version of the schema that this program writes.
func (s *Store) Schema() int64 { return s.schema }
