package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plant.db")
	if _, err := sqlite.Migrations(t.Context(), path); plant.ErrorCode(err) != plant.NotFound {
		t.Errorf("migrations of no file: %v", err)
	}
	begun := time.Now().Add(-2 * time.Second) // the file keeps whole seconds
	made, err := sqlite.MigrateUp(t.Context(), path)
	if err != nil || len(made) < 2 || made[0].Version != 1 || made[1].Name != "00002_blocks.sql" || made[0].Applied.Before(begun) {
		t.Errorf("made %+v, %v", made, err)
	}
	if again, err := sqlite.MigrateUp(t.Context(), path); err != nil || len(again) != 0 {
		t.Errorf("made again %+v, %v", again, err)
	}
	all, err := sqlite.Migrations(t.Context(), path)
	if err != nil || len(all) != len(made) || all[1] != made[1] {
		t.Errorf("all %+v, %v; made %+v", all, err, made)
	}
	open(t, path, sqlite.Options{})
}
