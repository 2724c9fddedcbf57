package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// storeFile is the embedded store within the data folder.
const storeFile = "factorydash.db"

// storeFlags says where the store is: in PostgreSQL where DATABASE_URL (or
// DATABASE_URL_FILE) names one, else in a file of the data folder.
type storeFlags struct {
	Data        string `help:"Folder of the embedded store." default:"data" placeholder:"DIR" env:"FACTORYDASH_DATA"`
	DatabaseURL string `help:"Keep the data in this PostgreSQL database and not in the embedded store: postgres://user:password@host/name. DATABASE_URL_FILE names a file that holds it." placeholder:"URL" env:"DATABASE_URL"`
}

// dataStore is a store with all its sides.
type dataStore interface {
	store.Writer
	store.Reader
	store.Admin
	store.Upkeep
	store.Leases
}

// database gives the URL of the PostgreSQL database; empty where the embedded
// store is used.
func (f storeFlags) database() (string, error) {
	url := f.DatabaseURL
	if url == "" {
		var err error
		if url, err = secret("DATABASE_URL"); err != nil {
			return "", err
		}
	}
	if url != "" && !isPostgres(url) {
		return "", plant.Errorf(plant.Invalid, "DATABASE_URL: use postgres://user:password@host:port/database (the value is not shown, since it may hold a password)")
	}
	return url, nil
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// openShared opens the store for one of several processes: a database, whose
// schema is left as it is and must be up to date.
func (env *environment) openShared(ctx context.Context) (dataStore, error) {
	url, err := env.cli.database()
	if err != nil {
		return nil, err
	}
	if url == "" {
		return nil, plant.Errorf(plant.Invalid, "DATABASE_URL is not set: several processes share a PostgreSQL database; 'factorydash serve' does everything in one process on the embedded store")
	}
	return openMigrated(ctx, url)
}

// openMigrated opens a database whose schema is left as it is, for the sake of the
// other processes on it, and must be up to date.
func openMigrated(ctx context.Context, url string) (dataStore, error) {
	migrations, err := postgres.Migrations(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("store in PostgreSQL: %w", err)
	}
	if m, behind := firstMissing(migrations); behind {
		return nil, plant.Errorf(plant.Invalid, "the schema of the database is behind (%s is not applied): run 'factorydash migrate up' first", m.Name)
	}
	return openPostgres(ctx, url, postgres.Options{NoMigrate: true})
}

// firstMissing gives the first migration that is not applied, where there is one.
func firstMissing(migrations []store.Migration) (store.Migration, bool) {
	i := slices.IndexFunc(migrations, func(m store.Migration) bool { return m.Applied.IsZero() })
	if i < 0 {
		return store.Migration{}, false
	}
	return migrations[i], true
}

// openStore opens the store for a process that captures; the embedded one is
// made where there is none.
func (env *environment) openStore(ctx context.Context) (dataStore, error) {
	url, err := env.cli.database()
	switch {
	case err != nil:
		return nil, err
	case url != "":
		return openPostgres(ctx, url, postgres.Options{})
	default:
		return openFile(ctx, env.cli.Data)
	}
}

// openExistingStore opens the store for a command that looks at it: a mistyped
// folder or database is an error and not a new, empty store.
func (env *environment) openExistingStore(ctx context.Context) (dataStore, error) {
	url, err := env.cli.database()
	switch {
	case err != nil:
		return nil, err
	case url != "":
		return openMigrated(ctx, url)
	default:
		return openExistingFile(ctx, "--data", env.cli.Data)
	}
}

// openNamedStore opens a store that a flag names as sqlite:DIR or by the URL of
// a database.
func openNamedStore(ctx context.Context, flag, name string, existing bool) (dataStore, error) {
	folder, embedded := strings.CutPrefix(name, "sqlite:")
	switch {
	case isPostgres(name) && existing:
		return openMigrated(ctx, name)
	case isPostgres(name):
		return openPostgres(ctx, name, postgres.Options{})
	case embedded && folder != "" && existing:
		return openExistingFile(ctx, flag, folder)
	case embedded && folder != "":
		return openFile(ctx, folder)
	default:
		return nil, plant.Errorf(plant.Invalid, "%s: use sqlite:DIR or postgres://user:password@host/database", flag)
	}
}

func openPostgres(ctx context.Context, url string, o postgres.Options) (dataStore, error) {
	s, err := postgres.Open(ctx, url, o)
	if err != nil {
		return nil, fmt.Errorf("store in PostgreSQL: %w", err)
	}
	return s, nil
}

func openFile(ctx context.Context, data string) (dataStore, error) {
	if err := os.MkdirAll(data, 0o750); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	s, err := sqlite.Open(ctx, filepath.Join(data, storeFile), sqlite.Options{})
	if err != nil {
		return nil, fmt.Errorf("store in %s: %w", data, err)
	}
	return s, nil
}

func openExistingFile(ctx context.Context, flag, data string) (dataStore, error) {
	_, err := os.Stat(filepath.Join(data, storeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, plant.Errorf(plant.NotFound, "%s %s: there is no store in this folder; 'factorydash serve' or 'loaddata' makes one", flag, data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return openFile(ctx, data)
}

// migrations gives the migrations of the store's schema.
func (env *environment) migrations(ctx context.Context) ([]store.Migration, error) {
	url, err := env.cli.database()
	if err != nil {
		return nil, err
	}
	if url != "" {
		return postgres.Migrations(ctx, url)
	}
	return sqlite.Migrations(ctx, filepath.Join(env.cli.Data, storeFile))
}
