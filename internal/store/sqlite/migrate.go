package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// migrateAttempts is how often a migration is begun: processes that open a new
	// file at the same time may all begin it, and all but one fail and find it done
	// when they look again.
	migrateAttempts = 5
	// migratePause is waited where another process holds the file, as long as it may:
	// SQLite itself does not wait where two would wait for each other.
	migratePause = 20 * time.Millisecond
)

// Migrations gives all steps of the schema in order, and which of them the store
// in a file has. It changes nothing. NotFound where there is no such file.
func Migrations(ctx context.Context, path string) (steps []store.Migration, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, plant.Errorf(plant.NotFound, "there is no store in %s", path)
	}
	s, err := connect(path, Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	steps, err = s.steps(ctx)
	return steps, s.fail(ctx, s.read, "list migrations", err)
}

// MigrateUp brings the schema of the store in a file up to date, as Open does, and
// gives the steps that were made. The file is made where there is none.
func MigrateUp(ctx context.Context, path string) (steps []store.Migration, err error) {
	s, err := connect(path, Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	before, err := s.steps(ctx)
	if err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		return nil, s.fail(ctx, s.write, "migrate store", err)
	}
	steps, err = s.steps(ctx)
	steps = slices.DeleteFunc(steps, func(m store.Migration) bool { return slices.Contains(before, m) })
	return steps, s.fail(ctx, s.read, "list migrations", err)
}

// provider gives what makes the steps.
func (s *Store) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.write, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// steps gives all steps, and when each was made.
func (s *Store) steps(ctx context.Context) ([]store.Migration, error) {
	provider, err := s.provider()
	if err != nil {
		return nil, err
	}
	var begun bool
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'goose_db_version')`).Scan(&begun); err != nil {
		return nil, err
	}
	var steps []store.Migration
	for _, source := range provider.ListSources() {
		step := store.Migration{Version: source.Version, Name: source.Path}
		if begun {
			err := s.read.QueryRowContext(ctx, `SELECT tstamp FROM goose_db_version WHERE version_id = ? AND is_applied`, step.Version).Scan(&step.Applied)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, err
			}
			step.Applied = step.Applied.UTC()
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// migrate brings the schema up to date.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := s.provider()
	if err != nil {
		return err
	}
	for _, source := range provider.ListSources() {
		s.schema = max(s.schema, source.Version)
	}
	patient, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for attempt := 1; ; attempt++ {
		_, err := provider.Up(ctx)
		if err == nil {
			return s.checkSchema(ctx, s.write)
		}
		if busy(err) && patient.Err() == nil {
			attempt--
			select {
			case <-patient.Done():
			case <-time.After(migratePause):
			}
			continue
		}
		if attempt == migrateAttempts || ctx.Err() != nil || away(err) != "" {
			return fmt.Errorf("migrate: %w", err)
		}
	}
}

// checkSchema reports whether the schema is as this program needs it.
func (s *Store) checkSchema(ctx context.Context, db *sql.DB) error {
	var version int64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version != s.schema {
		return plant.Errorf(plant.Invalid, "the store has schema version %d and this program needs %d: use the program that wrote it, or a newer one", version, s.schema)
	}
	return nil
}

// Ping implements store.Admin.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.checkSchema(ctx, s.read); err != nil {
		return s.fail(ctx, s.read, "ping store", err)
	}
	return s.away.Err(s.now())
}
