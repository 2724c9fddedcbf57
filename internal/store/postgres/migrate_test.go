package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

func TestMigrations(t *testing.T) {
	url := pgtest.Database(t)
	pending, err := postgres.Migrations(t.Context(), url)
	if err != nil || len(pending) == 0 || pending[0].Version != 1 || !pending[0].Applied.IsZero() {
		t.Errorf("of an empty database: %+v, %v", pending, err)
	}
	begun := time.Now().Add(-time.Second)
	made, err := postgres.MigrateUp(t.Context(), url)
	if err != nil || len(made) != len(pending) || made[0].Name != "00001_initial.sql" || made[0].Applied.Before(begun) {
		t.Errorf("made %+v, %v", made, err)
	}
	if again, err := postgres.MigrateUp(t.Context(), url); err != nil || len(again) != 0 {
		t.Errorf("made again %+v, %v", again, err)
	}
	all, err := postgres.Migrations(t.Context(), url)
	if err != nil || len(all) != len(made) || !all[0].Applied.Equal(made[0].Applied) {
		t.Errorf("all %+v, %v; made %+v", all, err, made)
	}
	open(t, url, postgres.Options{NoMigrate: true})
}

func TestOlderSchema(t *testing.T) {
	url := pgtest.Database(t)
	s := open(t, url, postgres.Options{NoMigrate: true})
	unavailable(t, "ping of an empty database", s.Ping(t.Context()), "run 'factorydash migrate up'")
	if _, err := postgres.MigrateUp(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping when the schema is there: %v", err)
	}
}

func TestNewerSchema(t *testing.T) {
	url := pgtest.Database(t)
	s := open(t, url, postgres.Options{})
	exec1(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	if err := s.Ping(t.Context()); plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), "9999") {
		t.Errorf("ping: %v", err)
	}
	if _, err := postgres.Open(t.Context(), url, postgres.Options{}); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("open: %v", err)
	}
}

// Migrations have no part in a timeout that is meant for the statements of all.
func TestStatementTimeoutSparesMigrations(t *testing.T) {
	address := pgtest.Database(t)
	exec1(t, address, `CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.6); END'`)
	exec1(t, address, `CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION slow()`)
	if steps, err := postgres.MigrateUp(t.Context(), with(t, address, "statement_timeout", "500ms")); err != nil || len(steps) == 0 {
		t.Errorf("%d steps, %v", len(steps), err)
	}
}
