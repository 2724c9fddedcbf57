package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
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

// What lay in partitions before it was written down which runs are in them is lost
// with the table of one, and nothing else is.
func TestMigrateRunsOfPartitions(t *testing.T) {
	path := newFile(t)
	s := open(t, path, sqlite.Options{})
	s.SetPartitionRows(1) // Each commit closes one.
	for range 2 {
		if err := storetest.WriteNext(t.Context(), s, 10); err != nil {
			t.Fatal(err)
		}
	}
	exec1(t, s.Write(), `DROP TABLE partition_runs; DELETE FROM goose_db_version WHERE version_id >= 7; DROP TABLE observations_1`)
	if made, err := sqlite.MigrateUp(t.Context(), path); err != nil || len(made) == 0 {
		t.Fatal(made, err)
	}
	s = open(t, path, sqlite.Options{})
	for first, want := range map[int64]plant.Code{1: plant.Damaged, 11: plant.ErrorCode(nil)} {
		var last error
		for _, err := range s.Observations(t.Context(), storetest.OnlyRun(t, s).ID, first) {
			last = err
		}
		if plant.ErrorCode(last) != want {
			t.Errorf("from %d: %v, want %q", first, last, want)
		}
	}
}
