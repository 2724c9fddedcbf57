package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// verify gives what a store finds wrong with itself.
func verify(t testing.TB, s *postgres.Store) (faults []store.Fault) {
	t.Helper()
	for fault, err := range s.Verify(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, fault)
	}
	return faults
}

// tells fails the test where none of the faults is of a thing, with a detail.
func tells(t testing.TB, faults []store.Fault, what, detail string) {
	t.Helper()
	if !slices.ContainsFunc(faults, func(f store.Fault) bool {
		return strings.HasPrefix(f.What, what) && strings.Contains(f.Detail, detail) && !f.Noticed.IsZero()
	}) {
		t.Errorf("faults %+v: none of %s: %s", faults, what, detail)
	}
}

// readItem reads all of one of the two items of the only machine.
func readItem(t testing.TB, s *postgres.Store, place int) (n int, err error) {
	t.Helper()
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.Items(t.Context(), devices[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.ItemObservations(t.Context(), []plant.ItemID{items[place].ID}, 0, 1<<60, false) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// sealed is a store in which 200 observations, of two items, are in two blocks.
func sealed(t testing.TB, url string) (*postgres.Store, *clock) {
	t.Helper()
	c := newClock()
	s := openPlant(t, url, c.options())
	write(t, s, 200)
	c.add(3 * time.Hour)
	seal(t, s, c.now())
	return s, c
}

// TestFlippedByte damages a block: what is in it is told as damaged, and
// everything else goes on.
func TestFlippedByte(t *testing.T) {
	url := pgtest.Database(t)
	s, _ := sealed(t, url)
	exec1(t, url, `UPDATE block_pages SET data = set_byte(data, 20, get_byte(data, 20) # 4)`)
	if n, err := readItem(t, s, 0); n != 0 || plant.ErrorCode(err) != plant.Damaged {
		t.Errorf("%d observations of what is damaged, %v", n, err)
	}
	tells(t, s.Faults(), "block ", "100 observations")
	if n, err := readItem(t, s, 1); n != 100 || err != nil {
		t.Errorf("%d observations of the other item, %v", n, err)
	}
	if faults := verify(t, s); len(faults) != 1 || faults[0].Item == 0 || faults[0].Agent == 0 {
		t.Errorf("faults %+v, want one", faults)
	}
	write(t, s, 10)
	if n, err := readItem(t, s, 1); n != 105 || err != nil {
		t.Errorf("%d observations of the other item, %v", n, err)
	}
	if _, err := s.Merge(t.Context()); err != nil {
		t.Errorf("merge: %v", err)
	}
}

// TestColumnChanged damages what stands beside a block.
func TestColumnChanged(t *testing.T) {
	url := pgtest.Database(t)
	s, _ := sealed(t, url)
	exec1(t, url, `UPDATE blocks SET max_time = max_time + 1 WHERE id = (SELECT min(id) FROM blocks)`)
	if faults := verify(t, s); len(faults) != 1 {
		t.Errorf("faults %+v, want one", faults)
	}
}

// TestPartitionMissing drops a table by hand.
func TestPartitionMissing(t *testing.T) {
	url := pgtest.Database(t)
	c := newClock()
	s := open(t, url, c.options())
	storetest.RunLost(t, storetest.Partitioned{
		UpkeepStore: s, Next: func() { c.add(time.Hour) },
		Lose: func(place int) {
			var table string
			err := s.Write().QueryRow(t.Context(), `SELECT name FROM partitions ORDER BY number OFFSET $1 LIMIT 1`, place-1).Scan(&table)
			if err != nil {
				t.Fatal(err)
			}
			exec1(t, url, `DROP TABLE `+table)
		},
	})
}

// TestManyPartitionsMissing drops more tables by hand than a view is begun times.
func TestManyPartitionsMissing(t *testing.T) {
	url := pgtest.Database(t)
	c := newClock()
	s := openPlant(t, url, c.options())
	const hours = 8
	for range hours {
		write(t, s, 10)
		c.add(time.Hour)
	}
	write(t, s, 10)
	rows, err := s.Write().Query(t.Context(), `SELECT DISTINCT tableoid::regclass::text FROM observations WHERE sequence <= $1`, 10*hours)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) != hours {
		t.Fatalf("tables %v, %v", tables, err)
	}
	exec1(t, url, `DROP TABLE `+strings.Join(tables, ", "))
	if n, err := readItem(t, s, 0); n != 0 || plant.ErrorCode(err) != plant.Damaged {
		t.Errorf("%d observations of what is left, %v", n, err)
	}
	if faults := s.Faults(); len(faults) != hours {
		t.Errorf("faults %+v, want %d", faults, hours)
	}
}

// TestUnsoundPartition damages rows by hand: their partition stays, and those
// behind it are sealed.
func TestUnsoundPartition(t *testing.T) {
	for name, damage := range map[string]string{
		"a row is there twice":     `INSERT INTO %s SELECT * FROM observations WHERE sequence = 7`,
		"a detail is no detail":    `UPDATE %s SET detail = '{' WHERE sequence = 7`,
		"a number is not a number": `UPDATE %s SET number = 'NaN' WHERE sequence = 7`,
	} {
		t.Run(name, func(t *testing.T) {
			url := pgtest.Database(t)
			c := newClock()
			s := openPlant(t, url, c.options())
			write(t, s, 10)
			var table string
			if err := s.Write().QueryRow(t.Context(), `SELECT tableoid::regclass::text FROM observations LIMIT 1`).Scan(&table); err != nil {
				t.Fatal(err)
			}
			c.add(time.Hour)
			write(t, s, 20)
			exec1(t, url, fmt.Sprintf(damage, table))
			c.add(3 * time.Hour)
			if sealed := seal(t, s, c.now()); sealed.Partitions != 1 || sealed.Observations != 20 {
				t.Errorf("sealed %+v, want the other partition", sealed)
			}
			tells(t, s.Faults(), "partition 2026-11-25T10", "cannot be sealed")
			var left int
			if err := s.Write().QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&left); err != nil || left < 10 {
				t.Errorf("%d rows are left, %v", left, err)
			}
		})
	}
}

// TestMergeLosesItsLock deletes a block while Merge puts it together with others,
// as only who has its lock may: nothing is stored that is gone.
func TestMergeLosesItsLock(t *testing.T) {
	url := pgtest.Database(t)
	c := newClock()
	s := openPlant(t, url, c.options())
	for range 2 {
		write(t, s, 200)
		c.add(3 * time.Hour)
		seal(t, s, c.now())
	}
	exec1(t, url, `
		CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
		CREATE TRIGGER away BEFORE DELETE ON blocks FOR EACH ROW WHEN (OLD.first_sequence = 1) EXECUTE FUNCTION away();`)
	if merged, err := s.Merge(t.Context()); err == nil || merged != (store.Merged{}) {
		t.Errorf("merged %+v, %v", merged, err)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
}

// TestPageMissing deletes the data of a block by hand: merging tells it from one that is
// gone as a whole, and leaves it with those that were to be put together with it.
func TestPageMissing(t *testing.T) {
	url := pgtest.Database(t)
	s, c := sealed(t, url)
	exec1(t, url, `DELETE FROM block_pages`)
	write(t, s, 200)
	c.add(3 * time.Hour)
	seal(t, s, c.now())
	var ids []block.ID
	if err := s.Write().QueryRow(t.Context(), `SELECT array_agg(id ORDER BY id) FROM blocks`).Scan(&ids); err != nil || len(ids) != 4 {
		t.Fatalf("blocks %v, %v", ids, err)
	}
	data, err := s.ReadData(t.Context(), append(ids, ids[3]+1))
	if _, gone := data[ids[3]+1]; err != nil || len(data) != 4 || data[ids[0]] != nil || data[ids[3]] == nil || gone {
		t.Errorf("data %v, %v: want none of the first blocks, and nothing of a fifth", data, err)
	}
	if merged, err := s.Merge(t.Context()); err != nil || merged != (store.Merged{}) {
		t.Errorf("merged %+v, %v", merged, err)
	}
	tells(t, s.Faults(), "block ", "100 observations")
}

// TestBlockMissing deletes a block by hand.
func TestBlockMissing(t *testing.T) {
	url := pgtest.Database(t)
	s, _ := sealed(t, url)
	exec1(t, url, `DELETE FROM blocks WHERE id = (SELECT min(id) FROM blocks)`)
	faults := verify(t, s)
	tells(t, faults, "run 1", "100 observations are there, 100 in blocks and 0 in rows, where 200 were stored")
	tells(t, faults, "block totals", "they say 2 blocks with 200 observations, and there are 1 with 100")
}

// TestRowTwice makes a row twice by hand.
func TestRowTwice(t *testing.T) {
	url := pgtest.Database(t)
	s := openPlant(t, url, postgres.Options{})
	write(t, s, 10)
	var table string
	if err := s.Write().QueryRow(t.Context(), `SELECT tableoid::regclass::text FROM observations LIMIT 1`).Scan(&table); err != nil {
		t.Fatal(err)
	}
	exec1(t, url, `INSERT INTO `+table+` SELECT * FROM observations WHERE sequence = 7`)
	tells(t, verify(t, s), "partition ", "sequence number 7 of run 1 is there twice")
}

// TestFileDamaged damages the file in which the database keeps the data of large
// blocks: the database itself cannot read it.
func TestFileDamaged(t *testing.T) {
	server := pgtest.New(t)
	url := server.Database(t)
	s := openPlant(t, url, postgres.Options{})
	for range 10 {
		noise := func(int64) float64 { return rand.NormFloat64() }
		if err := storetest.WriteNumbers(t.Context(), s, 2*block.MaxObservations, noise); err != nil {
			t.Fatal(err)
		}
	}
	var file string
	err := s.Write().QueryRow(t.Context(), `SELECT pg_relation_filepath('block_pages')`).Scan(&file)
	if err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	f, err := os.OpenFile(filepath.Join(server.Folder(), "data", file), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("this is no page of a table"), 8192*10); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	server.Start(t)
	resumes(t, s)
	_, err = readItem(t, s, 0)
	_, other := readItem(t, s, 1)
	if plant.ErrorCode(err) != plant.Damaged && plant.ErrorCode(other) != plant.Damaged {
		t.Errorf("reading what is damaged: %v, %v", err, other)
	}
	tells(t, s.Faults(), "block ", "cannot be read")
	if faults := verify(t, s); len(faults) == 0 || len(faults) > 3 {
		t.Errorf("faults %+v", faults)
	}
	write(t, s, 10)
	if _, err := s.Merge(t.Context()); err != nil {
		t.Errorf("merge: %v", err)
	}
}

func TestDamage(t *testing.T) {
	url := pgtest.Database(t)
	storetest.RunDamage(t, open(t, url, postgres.Options{}), func(statement string) { exec1(t, url, statement) },
		storetest.Damage{Statement: `UPDATE states SET rule = chr(1) || '"'`, What: "states of machine a", Detail: "quoted"},
		storetest.Damage{Statement: `UPDATE blocks SET time_reach = 0`, What: "block ", Detail: "may not find"})
}
