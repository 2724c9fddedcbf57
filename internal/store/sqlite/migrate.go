package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/factorydash/factorydash/internal/plant"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateAttempts is how often a migration is begun: processes that open a new
// file at the same time may all begin it, and all but one fail and find it done
// when they look again.
const migrateAttempts = 5

// migrate brings the schema up to date.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.write, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	for _, source := range provider.ListSources() {
		s.schema = max(s.schema, source.Version)
	}
	for attempt := 1; ; attempt++ {
		_, err := provider.Up(ctx)
		if err == nil {
			return s.checkSchema(ctx, s.write)
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
	return s.fail(ctx, s.read, "ping store", s.checkSchema(ctx, s.read))
}
