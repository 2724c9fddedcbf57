package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// unavailable fails the test where an error is not Unavailable with words for
// people.
func unavailable(t *testing.T, what string, err error, words string) {
	t.Helper()
	if plant.ErrorCode(err) != plant.Unavailable || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: %v, want unavailable: %s", what, err, words)
	}
}

// resumes fails the test where the store does not take commits again: one may find
// that connections were lost, each that is under way.
func resumes(t *testing.T, s *postgres.Store) {
	t.Helper()
	err := storetest.WriteNext(t.Context(), s, 10)
	for range 2 {
		if plant.ErrorCode(err) == plant.Unavailable {
			err = storetest.WriteNext(t.Context(), s, 10)
		}
	}
	if err != nil {
		t.Fatalf("commit when the store is back: %v", err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping when the store is back: %v", err)
	}
}

// recovered fails the test where the store does not take commits again, or is not
// whole.
func recovered(t *testing.T, s *postgres.Store) {
	t.Helper()
	resumes(t, s)
	storetest.CheckWhole(t, s)
}

// exec1 executes a statement on a connection of its own.
func exec1(t testing.TB, url, query string, args ...any) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Exec(t.Context(), query, args...)
	if err := errors.Join(err, c.Close(t.Context())); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// with adds a parameter to the URL of a database.
func with(t testing.TB, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// writing is writers that commit one after the other.
type writing struct {
	stored atomic.Int64 // commits
	// stop ends them and waits for them.
	stop func()
}

// keepWriting starts n writers. An error other than Unavailable fails the test.
func keepWriting(t *testing.T, s *postgres.Store, n int) *writing {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var (
		w       writing
		writers sync.WaitGroup
	)
	for range n {
		writers.Go(func() {
			for ctx.Err() == nil {
				switch err := storetest.WriteNext(ctx, s, 300); {
				case err == nil:
					w.stored.Add(1)
				case plant.ErrorCode(err) != plant.Unavailable && !errors.Is(err, context.Canceled):
					t.Errorf("commit: %v", err)
					return
				}
			}
		})
	}
	w.stop = func() {
		cancel()
		writers.Wait()
	}
	return &w
}

// goOn waits until so many more commits went through.
func (w *writing) goOn(t *testing.T, n int64) {
	for end := w.stored.Load() + n; w.stored.Load() < end && !t.Failed(); {
		time.Sleep(time.Millisecond)
	}
}

// TestServerStops stops the server in the middle of commits in each way, and
// starts it again.
func TestServerStops(t *testing.T) {
	server := pgtest.New(t)
	s := openPlant(t, server.Database(t), postgres.Options{WriteTimeout: 5 * time.Second})
	for name, stop := range map[string]func(testing.TB){"stopped": server.Stop, "stopped now": server.StopNow, "killed": server.Kill} {
		w := keepWriting(t, s, 2)
		w.goOn(t, 3)
		stop(t)
		unavailable(t, name+": ping", s.Ping(t.Context()), "the database")
		_, err := s.Runs(t.Context())
		unavailable(t, name+": read", err, "the database cannot be reached")
		server.Start(t)
		w.goOn(t, 3)
		w.stop()
		recovered(t, s)
	}
	storetest.CheckSound(t, s)
}

// TestSessionsEnded ends all sessions of the store, again and again, in the
// middle of commits.
func TestSessionsEnded(t *testing.T) {
	address := pgtest.Database(t)
	s := openPlant(t, with(t, address, "application_name", "victim"), postgres.Options{})
	w := keepWriting(t, s, 2)
	for range 30 {
		exec1(t, address, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'`)
		w.goOn(t, 1)
	}
	w.stop()
	recovered(t, s)
	storetest.CheckSound(t, s)
}

func TestReadOnly(t *testing.T) {
	server := pgtest.New(t)
	address := server.Database(t)
	s := openPlant(t, address, postgres.Options{})
	server.Stop(t)
	standby := filepath.Join(server.Folder(), "data", "standby.signal")
	if err := os.WriteFile(standby, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	server.Start(t)
	const words = "the database is read-only"
	var err error
	for range 2 { // the connection was lost
		err = s.Ping(t.Context())
	}
	unavailable(t, "ping of a standby", err, words)
	err = storetest.WriteNext(t.Context(), s, 10)
	for range 2 { // other connections were lost
		if err != nil && !strings.Contains(err.Error(), words) {
			err = storetest.WriteNext(t.Context(), s, 10)
		}
	}
	unavailable(t, "commit to a standby", err, words)
	storetest.CheckWhole(t, s)
	server.Stop(t)
	if err := os.Remove(standby); err != nil {
		t.Fatal(err)
	}
	server.Start(t)
	recovered(t, s)
}

// TestDiskFull has the tables of observations on a disk of a few megabytes.
func TestDiskFull(t *testing.T) {
	server := pgtest.New(t)
	disk := pgtest.SmallDisk(t, server.Folder(), 8)
	address := server.Database(t)
	exec1(t, address, fmt.Sprintf(`CREATE TABLESPACE small LOCATION '%s'`, disk))
	exec1(t, with(t, address, "default_tablespace", "small"), `CREATE TABLE filler AS SELECT repeat(md5(n::text), 60) FROM generate_series(1, 1000) n`)
	storetest.NewPlant(t, open(t, address, postgres.Options{}))
	s := open(t, with(t, address, "default_tablespace", "small"), postgres.Options{})
	var err error
	for range 1000 {
		if err = storetest.WriteNext(t.Context(), s, 400); err != nil {
			break
		}
	}
	unavailable(t, "commit", err, "the disk of the database is full")
	unavailable(t, "ping", s.Ping(t.Context()), "the disk of the database is full")
	storetest.CheckWhole(t, s)
	exec1(t, address, `DROP TABLE filler`)
	recovered(t, s)
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping when there is room: %v", err)
	}
	storetest.CheckSound(t, s)
}

func TestStatementTimeout(t *testing.T) {
	address := pgtest.Database(t)
	storetest.NewPlant(t, open(t, address, postgres.Options{}))
	s := open(t, with(t, address, "statement_timeout", "200ms"), postgres.Options{})
	lock, err := s.Write().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `LOCK TABLE instances`); err != nil {
		t.Fatal(err)
	}
	_, err = s.Runs(t.Context())
	unavailable(t, "read", err, "the database has ended the statement")
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	recovered(t, s)
}

// Upkeep has no part in a timeout that is meant for the statements of all.
func TestStatementTimeoutSparesUpkeep(t *testing.T) {
	address := pgtest.Database(t)
	recovered(t, openPlant(t, address, postgres.Options{}))
	s := open(t, with(t, address, "statement_timeout", "500ms"), postgres.Options{})
	exec1(t, address, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END'`)
	exec1(t, address, `CREATE TRIGGER slow AFTER INSERT ON blocks FOR EACH STATEMENT EXECUTE FUNCTION slow()`)
	sealed, err := s.Seal(t.Context(), time.Now().Add(24*time.Hour))
	if err != nil || sealed.Blocks == 0 {
		t.Fatalf("sealed %+v: %v", sealed, err)
	}
	var timeout string
	if err := s.Write().QueryRow(t.Context(), `SELECT current_setting('statement_timeout')`).Scan(&timeout); err != nil || timeout != "500ms" {
		t.Errorf("a statement after it has the timeout %s, %v", timeout, err)
	}
}

func TestTooManyConnections(t *testing.T) {
	server := pgtest.New(t, "max_connections=6", "superuser_reserved_connections=0")
	address := server.Database(t)
	s := openPlant(t, address, postgres.Options{})
	recovered(t, s)
	var others []*pgx.Conn
	for {
		c, err := pgx.Connect(t.Context(), address)
		if err != nil {
			break
		}
		others = append(others, c)
	}
	_, err := postgres.Open(t.Context(), address, postgres.Options{})
	unavailable(t, "open", err, "the database has no connection free")
	for _, c := range others {
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	recovered(t, s)
}

func TestOpenFails(t *testing.T) {
	address := pgtest.Database(t)
	for what, test := range map[string]struct {
		address string
		code    plant.Code
		words   string
	}{
		"no server":      {"postgres://127.0.0.1:1/plant?connect_timeout=2", plant.Unavailable, "the database cannot be reached"},
		"no database":    {strings.Replace(address, "/postgres?", "/nowhere?", 1), plant.Unavailable, "there is no such database"},
		"no such user":   {with(t, address, "user", "nobody"), plant.Unavailable, "the database refuses the user"},
		"not an address": {"postgres://user:secret@host:port/x", plant.Invalid, "use postgres://"},
		"another mode":   {"postgres://user:secret@host/x?default_query_exec_mode=exec", plant.Invalid, "default_query_exec_mode"},
		"another scheme": {"mysql://user:secret@host/x", plant.Invalid, "use postgres://"},
	} {
		_, err := postgres.Open(t.Context(), test.address, postgres.Options{})
		if plant.ErrorCode(err) != test.code || !strings.Contains(err.Error(), test.words) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s: %s", what, err, test.code, test.words)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.Open(ctx, address, postgres.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("open with a context that has ended: %v", err)
	}
}

func TestEncoding(t *testing.T) {
	server := pgtest.New(t)
	exec1(t, server.URL("postgres"), `CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0`)
	_, err := postgres.Open(t.Context(), server.URL("ascii"), postgres.Options{})
	if plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), "ENCODING 'UTF8'") {
		t.Errorf("open: %v", err)
	}
}

// TestForgottenWhileAsked has what is known forgotten while a commit asks for it: what
// it is told by a server that is lost by then is not kept.
func TestForgottenWhileAsked(t *testing.T) {
	s := openPlant(t, pgtest.Database(t), postgres.Options{})
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.Items(t.Context(), devices[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for sequence, table := range []string{"data_items", "partitions"} {
		s.Forget()
		b := &store.Batch{Run: storetest.OnlyRun(t, s).ID, Expect: int64(sequence + 1), Next: int64(sequence + 2)}
		b.Observations = []plant.Observation{{Item: items[0].ID, Sequence: b.Expect}}
		tx, err := s.Write().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `LOCK TABLE `+table); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Commit(t.Context(), []*store.Batch{b}) }()
		waiting(t, s, table)
		s.Forget()
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || b.Err != nil {
			t.Fatal(err, b.Err)
		}
		partition, owner := s.Knows(items[0].ID)
		if partition || owner && table == "data_items" {
			t.Errorf("asked for in %s before it was forgotten: the partition is known: %t, and the owner of an item: %t", table, partition, owner)
		}
	}
	storetest.CheckSound(t, s)
}
