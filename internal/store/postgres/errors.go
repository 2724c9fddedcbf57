package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/factorydash/factorydash/internal/plant"
)

// The codes of PostgreSQL that are asked for one by one.
const (
	undefinedTable   = "42P01"
	notNullViolation = "23502"
	readOnly         = "25006"
	lockNotGranted   = "55P03"
	// corrupt is the class of what the database finds wrong with its own files.
	corrupt = "XX"
)

// isCorrupt reports whether the database cannot read what it has stored.
func isCorrupt(err error) bool { return strings.HasPrefix(errorCode(err), corrupt) }

// errorCode gives the code of PostgreSQL that an error has; empty for others.
func errorCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// fail gives the error of an operation the code that the contract asks for. nil
// stays nil. Where a connection was lost, the others are as good as lost, and are
// made anew: so that one operation finds that out and not one for each of them. What
// answers next may be a standby that had not heard of the last commits, so nothing
// that this process knows is taken to be there.
func (s *Store) fail(ctx context.Context, op string, err error) error {
	if ctx.Err() == nil && lost(err) {
		s.write.Reset()
		s.read.Reset()
		s.lease.Reset()
		s.forget()
	}
	return fail(ctx, op, err)
}

// lost reports whether an error means that other connections are most likely of no
// use either: the server has gone, or is the primary no more.
func lost(err error) bool {
	switch code := errorCode(err); code {
	case "":
		return away(err) != "" && !errors.Is(err, errMoved) && !errors.Is(err, errGone)
	case readOnly, "57P01", "57P02":
		return true
	default:
		return strings.HasPrefix(code, "08")
	}
}

// fail is Store.fail without a store.
func fail(ctx context.Context, op string, err error) error {
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
	return &plant.Error{Code: plant.Unavailable, Msg: op + ": " + why, Err: err}
}

// away says why the database cannot be used for now, for people; empty where it
// is not that.
func away(err error) string {
	if code := errorCode(err); code != "" {
		return awayCode(code)
	}
	var (
		connect *pgconn.ConnectError
		network net.Error
	)
	switch {
	case errors.Is(err, errMoved), errors.Is(err, errGone):
		return "what it needs is moved again and again"
	case errors.As(err, &connect):
		return "the database cannot be reached"
	case pgconn.Timeout(err), errors.Is(err, context.DeadlineExceeded):
		return "the database does not answer in time"
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, pgconn.ErrConnClosed):
		return "the connection to the database was lost"
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return "the database has taken the transaction back"
	default:
		return ""
	}
}

// awayCode says the same of a code of PostgreSQL.
func awayCode(code string) string {
	switch code {
	case readOnly:
		return "the database is read-only: a standby, or set so"
	case "53100":
		return "the disk of the database is full"
	case "53200":
		return "the database has no memory"
	case "53300":
		return "the database has no connection free"
	case "57014":
		return "the database has ended the statement: its statement_timeout is too short, or somebody has"
	case "57P01", "57P02", "57P03":
		return "the database is being stopped or started"
	case "25P03", "57P05":
		return "the database has ended an idle connection"
	case lockNotGranted:
		return "another session holds what is needed"
	case "40001", "40P01":
		return "another session was in the way"
	case undefinedTable:
		return "a table is missing: run 'factorydash migrate up'"
	case "42501":
		return "the user of the database may not do this"
	case "3D000":
		return "there is no such database"
	case "58030":
		return "the disk of the database reports an error"
	}
	switch code[:2] {
	case "08":
		return "the connection to the database was lost"
	case "28":
		return "the database refuses the user or the password"
	case "53":
		return "the database has not enough of what it needs"
	default:
		return ""
	}
}
