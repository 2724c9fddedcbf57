package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// lockPeriod is how often, in seconds, a process asks whether it may migrate
	// while another one does, and lockAttempts how often it does.
	lockPeriod   = 1
	lockAttempts = 600
	// versionTable is where goose keeps what was applied.
	versionTable = "goose_db_version"
)

// MigrateUp brings the schema of a database up to date and gives the steps that
// this took.
func MigrateUp(ctx context.Context, url string) ([]store.Migration, error) {
	return withPool(ctx, "migrate", url, migrateUp)
}

// Migrations gives all steps of the schema in order, and which of them the
// database has. It changes nothing.
func Migrations(ctx context.Context, url string) ([]store.Migration, error) {
	return withPool(ctx, "list migrations", url, listMigrations)
}

// withPool runs f on a database that is not open.
func withPool(ctx context.Context, op, url string, f func(context.Context, *pgxpool.Pool) ([]store.Migration, error)) ([]store.Migration, error) {
	pool, err := connect(ctx, url, writers)
	if err != nil {
		return nil, fail(ctx, op, err)
	}
	defer pool.Close()
	steps, err := f(ctx, pool)
	return steps, fail(ctx, op, err)
}

// withProvider runs f with goose over a pool.
func withProvider(pool *pgxpool.Pool, f func(*goose.Provider) error) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockAttempts))
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return f(provider)
}

// newestMigration is the version that the schema has after all steps.
func newestMigration() (int64, error) {
	files, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	return goose.NumericComponent(files[len(files)-1].Name())
}

func migrateUp(ctx context.Context, pool *pgxpool.Pool) ([]store.Migration, error) {
	newest, err := newestMigration()
	if err != nil {
		return nil, err
	}
	before, err := schemaVersion(ctx, pool)
	// That there is nothing to do needs no lock, for which others would wait.
	if err != nil || before >= newest {
		return nil, err
	}
	patient, err := withoutTimeout(ctx, pool)
	if err != nil {
		return nil, err
	}
	defer patient.Close()
	err = withProvider(patient, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	steps, err := listMigrations(ctx, pool)
	return slices.DeleteFunc(steps, func(m store.Migration) bool { return m.Version <= before }), err
}

// withoutTimeout opens another pool like one, for statements that may take longer
// than the database was told to let those of all.
func withoutTimeout(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	config := pool.Config()
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SET statement_timeout = 0`)
		return err
	}
	return pgxpool.NewWithConfig(ctx, config)
}

func listMigrations(ctx context.Context, pool *pgxpool.Pool) (steps []store.Migration, err error) {
	err = withProvider(pool, func(p *goose.Provider) error {
		for _, source := range p.ListSources() {
			steps = append(steps, store.Migration{Version: source.Version, Name: source.Path})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range steps {
		// The column has the local time of the session that wrote it.
		err := pool.QueryRow(ctx, `SELECT tstamp::timestamptz FROM `+versionTable+` WHERE version_id = $1`, steps[i].Version).Scan(&steps[i].Applied)
		if errorCode(err) == undefinedTable {
			break
		}
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, fmt.Errorf("list migrations: %w", err)
		}
	}
	return steps, nil
}

// schemaVersion gives the version of a database's schema, 0 where it has none.
func schemaVersion(ctx context.Context, pool *pgxpool.Pool) (version int64, err error) {
	err = pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable).Scan(&version)
	if errorCode(err) == undefinedTable {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

// checkSchema reports whether the schema is as this program needs it.
func (s *Store) checkSchema(ctx context.Context) error {
	version, err := schemaVersion(ctx, s.read)
	switch {
	case err != nil:
		return err
	case version < s.schema:
		return plant.Errorf(plant.Unavailable, "the store has schema version %d and this program needs %d: run 'factorydash migrate up'", version, s.schema)
	case version > s.schema:
		return plant.Errorf(plant.Invalid, "the store has schema version %d and this program needs %d: use the program that wrote it, or a newer one", version, s.schema)
	default:
		return nil
	}
}

// Ping implements store.Admin. A database that cannot be written is Unavailable.
func (s *Store) Ping(ctx context.Context) error {
	const op = "ping store"
	if err := s.checkSchema(ctx); err != nil {
		return s.fail(ctx, op, err)
	}
	var fixed bool
	err := s.read.QueryRow(ctx, `SELECT current_setting('transaction_read_only')::boolean`).Scan(&fixed)
	if err == nil && fixed {
		err = plant.Errorf(plant.Unavailable, "%s: %s", op, awayCode(readOnly))
	}
	if err == nil {
		err = s.away.Err(s.now())
	}
	return s.fail(ctx, op, err)
}
