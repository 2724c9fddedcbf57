package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/factorydash/factorydash/internal/plant"
)

// fail gives the error of an operation on db the code that the contract asks
// for. nil stays nil.
func (s *Store) fail(ctx context.Context, db *sql.DB, op string, err error) error {
	if err == nil {
		return nil
	}
	var coded *plant.Error
	if errors.As(err, &coded) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, ctx.Err())
	}
	why := away(err)
	if why == "" {
		return fmt.Errorf("%s: %w", op, err)
	}
	s.reconnect(db)
	return &plant.Error{Code: plant.Unavailable, Msg: op + ": " + why, Err: err}
}

// away says why the file cannot be used for now, for people; empty where it is
// not that.
func away(err error) string {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code() & 0xff { // the code without its extension
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return "another process holds the store"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return "the store cannot be written"
	case sqlite3.SQLITE_FULL:
		return "the disk is full"
	case sqlite3.SQLITE_CANTOPEN:
		return "the store cannot be opened"
	case sqlite3.SQLITE_IOERR:
		return "the disk reports an error"
	case sqlite3.SQLITE_NOMEM:
		return "there is no memory"
	default:
		return ""
	}
}

// busy reports whether another process holds the file.
func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// corrupt reports whether the file is damaged where it was read.
func corrupt(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CORRUPT
}

// reconnect closes the connections that are idle. A connection to a file that
// was away, or is another file now, never comes back to life; a new one does.
func (s *Store) reconnect(db *sql.DB) {
	open := db.Stats().MaxOpenConnections
	db.SetMaxIdleConns(0)
	db.SetMaxIdleConns(open)
}
