package pgtest_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m.Run)) }

// ask gives a number that a query in a database gives.
func ask(ctx context.Context, url, query string) (n int, err error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	err = c.QueryRow(ctx, query).Scan(&n)
	return n, errors.Join(err, c.Close(ctx))
}

func TestDatabase(t *testing.T) {
	one, two := pgtest.Database(t), pgtest.Database(t)
	if one == two {
		t.Fatalf("both databases are %s", one)
	}
	if _, err := ask(t.Context(), one, `CREATE TABLE made AS SELECT 7 AS n`); !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	if n, err := ask(t.Context(), one, `SELECT n FROM made`); err != nil || n != 7 {
		t.Errorf("the table of one: %d, %v", n, err)
	}
	if _, err := ask(t.Context(), two, `SELECT n FROM made`); err == nil {
		t.Error("the table of one is in two as well")
	}
}

// TestEnds ends a server in each way and starts it again.
func TestEnds(t *testing.T) {
	s := pgtest.New(t, "work_mem=5MB")
	url := s.Database(t)
	for name, end := range map[string]func(testing.TB){"stop": s.Stop, "stop now": s.StopNow, "kill": s.Kill} {
		end(t)
		if _, err := ask(t.Context(), url, `SELECT 1`); err == nil {
			t.Errorf("%s: the server still answers", name)
		}
		s.Start(t)
		if n, err := ask(t.Context(), url, `SELECT setting::int FROM pg_settings WHERE name = 'work_mem'`); err != nil || n != 5<<10 {
			t.Errorf("%s: work_mem %d, %v", name, n, err)
		}
	}
}
