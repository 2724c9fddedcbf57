package postgres_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// pages gives how many pages there are, and fails the test where one has nothing of
// a block.
func pages(t testing.TB, s *postgres.Store) (n int) {
	t.Helper()
	var idle int
	err := s.Write().QueryRow(t.Context(), `
		SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
			SELECT 1 FROM blocks b WHERE b.id >> 13 <= p.id AND (b.id >> 13) + ((b.id & 8191) + b.bytes - 1) / 8092 >= p.id))
		FROM block_pages p`).Scan(&n, &idle)
	if err != nil || idle > 0 {
		t.Errorf("%d of %d pages have nothing of a block, %v", idle, n, err)
	}
	return n
}

// expire frees what lies before a cutoff.
func expire(t testing.TB, s *postgres.Store, cutoff int64) {
	t.Helper()
	if _, err := s.Expire(t.Context(), map[plant.AgentID]int64{storetest.OnlyRun(t, s).Agent: cutoff}, false); err != nil {
		t.Fatal(err)
	}
}

// TestClocksBecomeFree frees blocks that leave their times to clocks: these go with
// the last of them.
func TestClocksBecomeFree(t *testing.T) {
	s := openPlant(t, pgtest.Database(t), postgres.Options{})
	const clocks = `SELECT count(*) FROM blocks WHERE item = 0`
	count := func(query string) (n int) {
		t.Helper()
		if err := s.Write().QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	storetest.Sharing(t, s, 6_000, 1_000_000)
	storetest.Sharing(t, s, 6_000, 10_000_000)
	before := count(clocks)
	expire(t, s, 10_000_000)
	if n := count(clocks); n == 0 || n >= before {
		t.Errorf("%d of %d clocks are left of half of the blocks", n, before)
	}
	storetest.CheckSound(t, s)
	expire(t, s, 100_000_000)
	if n := count(`SELECT count(*) FROM blocks`); n != 0 || pages(t, s) != 0 {
		t.Errorf("%d clocks and %d pages are left of nothing", n, pages(t, s))
	}
}

// TestPagesBecomeFree commits blocks of all lengths, of which some share pages and
// some take several, merges and frees them: a page stays for as long as a block has
// something in it.
func TestPagesBecomeFree(t *testing.T) {
	s := openPlant(t, pgtest.Database(t), postgres.Options{})
	noise := func(int64) float64 { return rand.NormFloat64() }
	for _, n := range []int{5000, 600, 600, 2048, 700, 700, 4096, 520, 1100, 600, 600, 3000} {
		if err := storetest.WriteNumbers(t.Context(), s, n, noise); err != nil {
			t.Fatal(err)
		}
	}
	before := pages(t, s)
	if merged, err := s.Merge(t.Context()); err != nil || merged.Before == 0 {
		t.Fatalf("merged %+v, %v", merged, err)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
	// Neighbours go one by one, but for those that end at the same time.
	last := pages(t, s)
	if last > before {
		t.Errorf("%d pages became %d when blocks were merged", before, last)
	}
	end := storetest.OnlyRun(t, s).Next
	for cutoff := int64(500); cutoff < end; cutoff += 500 {
		expire(t, s, cutoff)
		storetest.CheckSound(t, s)
		n := pages(t, s)
		if n > last {
			t.Errorf("%d pages became %d when blocks were freed", last, n)
		}
		last = n
	}
	expire(t, s, end)
	if n := pages(t, s); n != 0 {
		t.Errorf("%d pages are left", n)
	}
}

// TestBlocksOfBefore has blocks whose data is in their own rows, as all had it
// once: they are read, checked, merged and freed like others.
func TestBlocksOfBefore(t *testing.T) {
	url := pgtest.Database(t)
	c := newClock()
	s := openPlant(t, url, c.options())
	hour := func() {
		write(t, s, 200)
		c.add(3 * time.Hour)
		seal(t, s, c.now())
	}
	hour()
	exec1(t, url, `
		UPDATE blocks SET id = place, data = d.data, bytes = 0
		FROM (SELECT d.*, row_number() OVER (ORDER BY id) AS place FROM (`+postgres.SelectData+`) d(id, length, data)) d WHERE blocks.id = d.id;
		DELETE FROM block_pages`)
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
	hour()
	if merged, err := s.Merge(t.Context()); err != nil || merged.Before != 4 || merged.After != 2 {
		t.Errorf("merged %+v, %v", merged, err)
	}
	storetest.CheckWhole(t, s)
	storetest.CheckSound(t, s)
	exec1(t, url, `
		UPDATE blocks SET id = place, data = d.data, bytes = 0
		FROM (SELECT d.*, row_number() OVER (ORDER BY id) AS place FROM (`+postgres.SelectData+`) d(id, length, data)) d WHERE blocks.id = d.id;
		DELETE FROM block_pages`)
	hour()
	expire(t, s, 401)
	storetest.CheckSound(t, s)
	if n := pages(t, s); n != 1 {
		t.Errorf("there are %d pages, want that of the last hour", n)
	}
}
