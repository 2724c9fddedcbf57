// Package pgtest runs PostgreSQL for tests: a cluster of its own in a temporary
// folder, reached over a socket in that folder by this process's user only, and
// gone when the process is, however that ends.
//
// The tests of a package share one server, which Main starts; each has a schema of
// its own on it, which is made a hundred times faster than a database:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m.Run)) }
//
//	func TestX(t *testing.T) { s, err := postgres.Open(ctx, pgtest.Database(t), …) }
//
// A test that stops or fills its server starts one with New.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// URLEnv names the server that tests use. Main sets it, unless it is set: then
// that database is used, in which the tests make and drop schemas.
const URLEnv = "FACTORYDASH_TEST_POSTGRES"

// dropTimeout is how long the schema of a test may take to go.
const dropTimeout = 30 * time.Second

// errMissing is the error where there is no PostgreSQL to start.
var errMissing = errors.New("PostgreSQL is not installed: scripts/install-postgres does that")

// Main starts the server that Database uses, calls run, which runs the tests,
// and stops the server. It gives the exit code. Where PostgreSQL is not
// installed, the tests that ask for a database are skipped.
func Main(run func() int) int {
	if os.Getenv(URLEnv) != "" {
		return run()
	}
	server, err := start()
	if errors.Is(err, errMissing) {
		return run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	defer func() {
		if err := server.close(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
		}
	}()
	if err := os.Setenv(URLEnv, server.URL("postgres")); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	return run()
}

// Database gives the URL of what is an empty database to a program that names no
// schema: a new schema on the server of Main. It is dropped when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	server := os.Getenv(URLEnv)
	if server == "" {
		missing(t)
	}
	return database(t, server)
}

// New starts a server for one test, which is stopped when the test ends. settings
// are of the form name=value. Unless they say otherwise nothing is flushed to the
// disk: what is committed outlives the server, but not the machine.
func New(t testing.TB, settings ...string) *Server {
	t.Helper()
	server, err := start(settings...)
	if errors.Is(err, errMissing) {
		missing(t)
	}
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := server.close(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return server
}

// Database gives the URL of a new schema on the server.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return database(t, s.URL("postgres"))
}

// missing skips a test for which there is no server, or fails it where all tests
// are required to run.
func missing(t testing.TB) {
	t.Helper()
	if os.Getenv("FACTORYDASH_TEST_REQUIRE") != "" {
		t.Fatal(errMissing)
	}
	t.Skip(errMissing)
}

// database makes a schema in a database, and gives the URL with which it is used.
func database(t testing.TB, server string) string {
	t.Helper()
	schema := "test_" + strings.ToLower(rand.Text())
	if err := administer(t.Context(), server, "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), dropTimeout)
		defer cancel()
		// A server that the test has left stopped takes its schemas with it.
		if err := administer(ctx, server, "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			t.Logf("pgtest: %v", err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("pgtest: %s: %v", URLEnv, err)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// administer executes a statement.
func administer(ctx context.Context, server, statement string) error {
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}
