package postgres_test

import (
	"context"
	"math"
	"sync/atomic"
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

// clock is a clock that tests set.
type clock struct{ micros atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.micros.Store(time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time            { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) add(d time.Duration)       { c.micros.Add(d.Microseconds()) }
func (c *clock) options() postgres.Options { return postgres.Options{Now: c.now} }

// write commits n observations, which go into rows.
func write(t testing.TB, s *postgres.Store, n int) {
	t.Helper()
	if err := storetest.WriteNext(t.Context(), s, n); err != nil {
		t.Fatal(err)
	}
}

// seal seals what was committed before now less a lag.
func seal(t testing.TB, s *postgres.Store, settled time.Time) store.Sealed {
	t.Helper()
	sealed, err := s.Seal(t.Context(), settled)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// tables gives how many tables of observations there are.
func tables(t testing.TB, s *postgres.Store) (n int) {
	t.Helper()
	err := s.Write().QueryRow(t.Context(), `SELECT count(*) FROM pg_inherits WHERE inhparent = 'observations'::regclass`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPeriods goes through the hours of a day, with rows sealed an hour later.
func TestPeriods(t *testing.T) {
	c := newClock()
	s := openPlant(t, pgtest.Database(t), c.options())
	total := int64(0)
	for hour := range 12 {
		write(t, s, 30)
		c.add(30 * time.Minute)
		write(t, s, 30)
		c.add(30 * time.Minute)
		sealed := seal(t, s, c.now().Add(-time.Hour))
		if hour > 0 && (sealed.Partitions != 1 || sealed.Observations != 60) {
			t.Errorf("hour %d: sealed %+v, want 60 observations", hour, sealed)
		}
		total += sealed.Observations
		// The present period, the one before, two ahead, and one that is to be dropped.
		if n := tables(t, s); n > 6 {
			t.Errorf("hour %d: there are %d tables", hour, n)
		}
	}
	size, err := s.Size(t.Context())
	if err != nil || size.Blocked != total || size.Rows != 12*60-total {
		t.Errorf("size %+v, %v; %d were sealed", size, err, total)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
}

// TestClockPutBack commits with a clock that was put back into a period that is
// sealed, and far ahead.
func TestClockPutBack(t *testing.T) {
	c := newClock()
	s := openPlant(t, pgtest.Database(t), c.options())
	write(t, s, 10)
	c.add(3 * time.Hour)
	seal(t, s, c.now().Add(-time.Hour))
	for _, d := range []time.Duration{-3 * time.Hour, 1000 * time.Hour, -1000 * time.Hour} {
		c.add(d)
		write(t, s, 10)
		seal(t, s, c.now().Add(-time.Hour))
		storetest.CheckWhole(t, s)
	}
	storetest.CheckSound(t, s)
	c.add(1001 * time.Hour)
	if sealed := seal(t, s, c.now()); sealed.Observations != 20 {
		t.Errorf("sealed %+v, want 20 observations", sealed)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
}

// TestLateCommit commits by a process whose clock is late into a period that
// another one has sealed.
func TestLateCommit(t *testing.T) {
	c, late := newClock(), newClock()
	url := pgtest.Database(t)
	s, other := openPlant(t, url, c.options()), open(t, url, late.options())
	write(t, other, 10)
	c.add(2 * time.Hour)
	if sealed := seal(t, s, c.now().Add(-time.Minute)); sealed.Observations != 10 {
		t.Errorf("sealed %+v", sealed)
	}
	write(t, other, 10)
	write(t, s, 10)
	storetest.CheckWhole(t, s)
	if sealed := seal(t, s, c.now().Add(-time.Minute)); sealed.Observations != 10 {
		t.Errorf("sealed %+v", sealed)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
}

// TestSealWaitsForCommit seals while a commit into the partition is under way: what
// it commits is sealed with the rest.
func TestSealWaitsForCommit(t *testing.T) {
	c := newClock()
	url := pgtest.Database(t)
	s := openPlant(t, url, c.options())
	write(t, s, 10)
	c.add(3 * time.Hour)
	tx, err := s.Write().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var table string
	err = tx.QueryRow(t.Context(), `SELECT name FROM partitions ORDER BY number LIMIT 1`).Scan(&table)
	if err == nil {
		_, err = tx.Exec(t.Context(), `INSERT INTO `+table+` (time, sequence, number, item, instance) SELECT 11, 11, 1, item, instance FROM `+table+` LIMIT 1`)
	}
	if err == nil {
		_, err = tx.Exec(t.Context(), `UPDATE instances SET next = 12, stored = 11`)
	}
	if err == nil {
		_, err = tx.Exec(t.Context(), `UPDATE latest SET sequence = 11`)
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan store.Sealed)
	go func() {
		sealed, err := s.Seal(t.Context(), c.now())
		if err != nil {
			t.Error(err)
		}
		done <- sealed
	}()
	waiting(t, s, table)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sealed := <-done; sealed.Observations != 11 {
		t.Errorf("sealed %+v, want 11 observations", sealed)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
}

// waiting waits until somebody waits for a lock on a table.
func waiting(t *testing.T, s *postgres.Store, table string) {
	t.Helper()
	for is := false; !is; {
		err := s.Write().QueryRow(t.Context(), `
			SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = to_regclass($1) AND NOT granted)`, table).Scan(&is)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSealRowsInDisorder seals rows that do not lie in the order of their sequence
// numbers.
func TestSealRowsInDisorder(t *testing.T) {
	c := newClock()
	url := pgtest.Database(t)
	s := openPlant(t, url, c.options())
	write(t, s, 100)
	exec1(t, url, `UPDATE observations SET time = time WHERE sequence % 3 = 0`) // They lie behind the others now.
	c.add(3 * time.Hour)
	if sealed := seal(t, s, c.now()); sealed.Observations != 100 || sealed.Blocks != 2 {
		t.Errorf("sealed %+v", sealed)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
}

// TestViewOutlivesPartition reads within a view while what it reads is sealed and
// dropped: it begins anew, and sees all of it once.
func TestViewOutlivesPartition(t *testing.T) {
	c := newClock()
	s := openPlant(t, pgtest.Database(t), c.options())
	write(t, s, 100)
	run := storetest.OnlyRun(t, s)
	c.add(3 * time.Hour)
	views := 0
	err := s.View(t.Context(), func(v block.View) error {
		if views++; views == 1 {
			seal(t, s, c.now())
			c.add(time.Hour)
			seal(t, s, c.now().Add(-2*time.Hour))
		}
		rows, _, err := v.RowsBySequence(t.Context(), run.ID, 1, 1000)
		if err != nil {
			return err
		}
		blocks, err := v.BlocksBySequence(t.Context(), run.ID, 1, 1000)
		if err != nil {
			return err
		}
		found := len(rows)
		for _, b := range blocks {
			found += b.Count
		}
		if found != 100 {
			t.Errorf("view %d: %d rows and %d blocks", views, len(rows), len(blocks))
		}
		return nil
	})
	if err != nil || views != 2 {
		t.Errorf("%d views, %v", views, err)
	}
}

// TestReaderKeepsPartition reads a sealed partition as somebody with psql does: it
// is dropped when that is over.
func TestReaderKeepsPartition(t *testing.T) {
	c := newClock()
	s := openPlant(t, pgtest.Database(t), c.options())
	write(t, s, 100)
	before := tables(t, s)
	c.add(3 * time.Hour)
	seal(t, s, c.now())
	with := tables(t, s)
	err := pgx.BeginFunc(t.Context(), s.Write(), func(tx pgx.Tx) error {
		var n int
		if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM machinedata`).Scan(&n); err != nil || n != 100 {
			t.Errorf("%d rows, %v", n, err)
		}
		c.add(10 * time.Minute)
		seal(t, s, c.now().Add(-time.Hour))
		if n := tables(t, s); n != with {
			t.Errorf("%d tables while one is read, want %d", n, with)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seal(t, s, c.now().Add(-time.Hour))
	if n := tables(t, s); n != with-before {
		t.Errorf("%d tables at last, want %d", n, with-before)
	}
	storetest.CheckWhole(t, s)
}

// TestCancelSeal ends sealing at any moment.
func TestCancelSeal(t *testing.T) {
	c := newClock()
	s := openPlant(t, pgtest.Database(t), c.options())
	for range 20 {
		write(t, s, 500)
	}
	c.add(3 * time.Hour)
	for limit := time.Millisecond; ; limit *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		sealed, err := s.Seal(ctx, c.now())
		cancel()
		storetest.CheckWhole(t, s)
		if err == nil && sealed.Observations > 0 || limit > time.Minute {
			break
		}
	}
	storetest.CheckSound(t, s)
}

// TestTimesOfAllYears keeps times that PostgreSQL has no timestamp for.
func TestTimesOfAllYears(t *testing.T) {
	c := newClock()
	s := openPlant(t, pgtest.Database(t), c.options())
	run := storetest.OnlyRun(t, s)
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.Items(t.Context(), devices[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	b := &store.Batch{Run: run.ID, Expect: 1, Next: 1}
	for _, at := range []int64{math.MinInt64, -62135596800000000, 0, 253402300799999999, math.MaxInt64} {
		b.Observations = append(b.Observations, plant.Observation{Item: items[0].ID, Sequence: b.Next, Time: at})
		b.Next++
	}
	if err := s.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Fatal(err, b.Err)
	}
	rows, err := s.Write().Query(t.Context(), `SELECT to_char(timestamp AT TIME ZONE 'UTC', 'YYYY BC') FROM machinedata ORDER BY timestamp`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{"4714 BC", "0001 AD", "1970 AD", "9999 AD", "294247 AD"}; err != nil || len(got) != 5 || got[0] != want[0] || got[1] != want[1] || got[4] != want[4] {
		t.Errorf("years %v, %v; want %v", got, err, want)
	}
}
