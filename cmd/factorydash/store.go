package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// storeFile is the embedded store within the data folder.
const storeFile = "factorydash.db"

// dataStore is a store with all its sides.
type dataStore interface {
	store.Writer
	store.Reader
	store.Admin
}

// openStore opens the store for a process that captures; it is made where there
// is none.
func (env *environment) openStore(ctx context.Context) (dataStore, error) {
	data := env.cli.Data
	if err := os.MkdirAll(data, 0o750); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	s, err := sqlite.Open(ctx, filepath.Join(data, storeFile), sqlite.Options{})
	if err != nil {
		return nil, fmt.Errorf("store in %s: %w", data, err)
	}
	return s, nil
}

// openExistingStore opens the store for a command that looks at it: a mistyped
// folder is an error and not a new, empty store.
func (env *environment) openExistingStore(ctx context.Context) (dataStore, error) {
	data := env.cli.Data
	_, err := os.Stat(filepath.Join(data, storeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, plant.Errorf(plant.NotFound, "--data %s: there is no store in this folder; 'factorydash serve' or 'loaddata' makes one", data)
	}
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return env.openStore(ctx)
}
