package sqlite_test

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pressly/goose/v3"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// firstSchema makes a file with the schema that migration 1 alone makes.
func firstSchema(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestTakeOver opens a file that was written before there were partitions and
// blocks: all of it is read as it was, goes on and is sealed.
func TestTakeOver(t *testing.T) {
	for _, n := range []int64{0, 5000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { testTakeOver(t, n) })
	}
}

func testTakeOver(t *testing.T, n int64) {
	path := filepath.Join(t.TempDir(), "plant.db")
	db := firstSchema(t, path)
	for _, statement := range []string{
		`INSERT INTO agents VALUES (1, 'a', 'http://a', 1, 5)`,
		`INSERT INTO devices VALUES (1, 1, '/m', 'm', 'm', '', '', '', '', '', 0, 1)`,
		`INSERT INTO data_items (id, device, data_item_id, position, category, type, sub_type, name, units, native_units, representation,
			statistic, discrete, component_id, component_type, component_name, path, path_id, unmapped)
			VALUES (1, 1, 'x', 0, 1, 'LOAD', '', '', '', '', '', '', 0, '', '', '', '', '', 0),
				(2, 1, 'y', 1, 1, 'LOAD', '', '', '', '', '', '', 0, '', '', '', '', '', 0)`,
		fmt.Sprintf(`INSERT INTO instances VALUES (1, 1, 7, 0, 1, %d, %d, 5, 1000000, iif(%[2]d > 0, 1, NULL), iif(%[2]d > 0, %[2]d, NULL))`, n+1, n),
		fmt.Sprintf(`WITH RECURSIVE series (n) AS (SELECT 1 WHERE %d > 0 UNION ALL SELECT n + 1 FROM series WHERE n < %[1]d)
			INSERT INTO observations (instance, item, time, sequence, value, detail)
			SELECT 1, 1 + n %% 2, 10 * n - 5 * (n %% 7), n, n / 4.0, NULL FROM series`, n),
		fmt.Sprintf(`INSERT INTO latest SELECT item, instance, time, sequence, value, detail, NULL, NULL FROM observations WHERE sequence > %d - 2`, n),
	} {
		exec1(t, db, statement)
	}
	closed(t, db)

	s := open(t, path, sqlite.Options{})
	if next := storetest.CheckWhole(t, s); next != n+1 {
		t.Fatalf("the cursor is %d", next)
	}
	items := []plant.ItemID{1, 2}
	before := read(t, s.ItemObservations(t.Context(), items, math.MinInt64, math.MaxInt64, false))
	if int64(len(before)) != n {
		t.Fatalf("%d observations of the items, want %d", len(before), n)
	}
	if err := storetest.WriteNext(t.Context(), s, 10); err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal(t.Context(), always())
	if err != nil || sealed.Observations != n+10 || sealed.Partitions != 1 {
		t.Errorf("sealed %+v, %v", sealed, err)
	}
	recovered(t, s)
	after := read(t, s.ItemObservations(t.Context(), items, math.MinInt64, math.MaxInt64, false))
	for _, o := range before {
		if o.Sequence > n {
			t.Errorf("observation %+v was not there", o)
		}
	}
	kept := after[:0:0]
	for _, o := range after {
		if o.Sequence <= n {
			kept = append(kept, o)
		}
	}
	if diff := cmp.Diff(before, kept, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("observations (-before +after):\n%.2000s", diff)
	}
	sound(t, s)
	checkIntegrity(t, path)
}

// TestPartitionsAreAlike compares the table that migration 1 made with the one
// that follows it when it is closed.
func TestPartitionsAreAlike(t *testing.T) {
	s := open(t, newFile(t), sqlite.Options{})
	shape := func() (all []string) {
		t.Helper()
		rows, err := s.Write().QueryContext(t.Context(), `
			SELECT name || ' ' || type || ' ' || "notnull" || ' ' || pk FROM pragma_table_info('observations')
			UNION ALL SELECT 'strict ' || strict FROM pragma_table_list('observations')
			UNION ALL SELECT 'index ' || c.name FROM pragma_index_list('observations') i, pragma_index_info(i.name) c`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			all = append(all, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	first := shape()
	recovered(t, s)
	if sealed, err := s.Seal(t.Context(), always()); err != nil || sealed.Partitions != 1 {
		t.Fatalf("sealed %+v, %v", sealed, err)
	}
	if diff := cmp.Diff(first, shape()); diff != "" || len(first) < 10 {
		t.Errorf("tables of partitions (-first +next):\n%s", diff)
	}
}

// sound fails the test where the store finds fault with itself, or keeps pages
// that no block needs.
func sound(t *testing.T, s *sqlite.Store) {
	t.Helper()
	if faults := read(t, s.Verify(t.Context())); len(faults) > 0 {
		t.Errorf("what Verify finds: %+v", faults)
	}
	var lost int
	err := s.Write().QueryRowContext(t.Context(), `
		SELECT count(*) FROM block_pages p WHERE NOT EXISTS (
			SELECT 1 FROM blocks WHERE page <= p.id AND page + (start + bytes - 1) / 4057 >= p.id)`).Scan(&lost)
	if err != nil || lost > 0 {
		t.Errorf("%d pages are of no block, %v", lost, err)
	}
}
