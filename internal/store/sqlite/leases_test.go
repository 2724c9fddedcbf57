package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

func TestLeases(t *testing.T) {
	storetest.RunLeases(t, func(t *testing.T) (one, other storetest.LeaseStore) {
		path := filepath.Join(t.TempDir(), "plant.db")
		return open(t, path, sqlite.Options{}), open(t, path, sqlite.Options{})
	})
}
