package sqlite_test

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// tester is a test, or one check of a property.
type tester interface {
	Helper()
	Fatal(args ...any)
}

// read reads a sequence to its end.
func read[T any](t tester, sequence iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for v, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// always is a time before which everything was committed.
func always() time.Time { return time.Now().Add(time.Hour) }

// TestRowsAndBlocks commits small and large batches, so that some observations of
// an item become rows and others blocks at once, in partitions that are small, and
// seals and merges in between: what is read is what was committed.
func TestRowsAndBlocks(t *testing.T) {
	path := newFile(t)
	made := int64(1)
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, path, sqlite.Options{})
		s.SetPartitionRows(int64(rapid.IntRange(1, 800).Draw(r, "partition")))
		made++
		w := newWritten(t, s, uint64(made))
		begin := made * 10_000_000
		for range rapid.IntRange(1, 6).Draw(r, "commits") {
			w.commit(t, rapid.SampledFrom([]int{1, 40, 300, 700, 3000}).Draw(r, "observations"),
				rapid.IntRange(0, 10).Draw(r, "share"), begin, rapid.SampledFrom([]int64{1, 0, -1}).Draw(r, "step"))
			if rapid.Bool().Draw(r, "seal") {
				if _, err := s.Seal(t.Context(), always()); err != nil {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(r, "merge") {
				if _, err := s.Merge(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			w.check(r, begin)
		}
	})
	sound(t, open(t, path, sqlite.Options{}))
	checkIntegrity(t, path)
}

// written is a run with all that was committed of it.
type written struct {
	*sqlite.Store
	run   plant.Run
	items []plant.ItemID
	all   []plant.Observation
}

// newWritten starts a run of the plant in a store, as of that instance.
func newWritten(t *testing.T, s *sqlite.Store, instance uint64) written {
	t.Helper()
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.Items(t.Context(), devices[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.LastRun(t.Context(), devices[0].Agent)
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.StartRun(t.Context(), last.ID, plant.Run{Agent: devices[0].Agent, InstanceID: instance, First: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return written{s, run, []plant.ItemID{items[0].ID, items[1].ID}, nil}
}

// commit commits n observations, so many of ten of the first item and the others
// of the second, at times that follow begin.
func (w *written) commit(t *testing.T, n, share int, begin, step int64) {
	t.Helper()
	b := &store.Batch{Run: w.run.ID, Expect: w.run.Next, Next: w.run.Next + int64(n)}
	for i := range int64(n) {
		o := plant.Observation{
			Item: w.items[1], Run: w.run.ID, Sequence: w.run.Next + i, Time: begin + 5_000_000 + step*(w.run.Next+i),
			Value: plant.Value{Kind: plant.Number, Number: float64(i)},
		}
		if int(i)*7%10 < share {
			o.Item = w.items[0]
		}
		b.Observations = append(b.Observations, o)
	}
	if err := w.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Fatal(err, b.Err)
	}
	w.run.Next = b.Next
	w.all = append(w.all, b.Observations...)
}

// check reads what was committed in all ways.
func (w *written) check(r *rapid.T, begin int64) {
	r.Helper()
	same := func(what string, got, want []plant.Observation) {
		r.Helper()
		if !slices.Equal(got, want) {
			r.Fatalf("%s: %d observations, want %d (-want +got):\n%.2000s", what, len(got), len(want), gocmp.Diff(want, got))
		}
	}
	ctx := r.Context()
	for _, from := range []int64{1, rapid.Int64Range(1, w.run.Next).Draw(r, "from")} {
		same(fmt.Sprintf("from sequence %d", from), read(r, w.Observations(ctx, w.run.ID, from)), w.all[from-1:])
	}
	inTime := slices.Clone(w.all)
	slices.SortFunc(inTime, func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Sequence, b.Sequence))
	})
	of := rapid.SampledFrom([][]plant.ItemID{w.items, w.items[:1], w.items[1:]}).Draw(r, "items")
	from := begin + rapid.Int64Range(0, 10_000_000).Draw(r, "time")
	if rapid.Bool().Draw(r, "all") {
		from = begin
	}
	want := slices.DeleteFunc(inTime, func(o plant.Observation) bool { return o.Time < from || !slices.Contains(of, o.Item) })
	same(fmt.Sprintf("items %v from %d", of, from), read(r, w.ItemObservations(ctx, of, from, math.MaxInt64, false)), want)
}

// TestClocksBecomeFree frees blocks that leave their times to clocks: these go with
// the last of them.
func TestClocksBecomeFree(t *testing.T) {
	s, _, _, _ := twoItems(t)
	count := func() (clocks, blocks, pages int) {
		t.Helper()
		err := s.Write().QueryRowContext(t.Context(), `
			SELECT count(*) FILTER (WHERE item = 0), count(*), (SELECT count(*) FROM block_pages) FROM blocks`).Scan(&clocks, &blocks, &pages)
		if err != nil {
			t.Fatal(err)
		}
		return clocks, blocks, pages
	}
	expire := func(cutoff int64) {
		t.Helper()
		if _, err := s.Expire(t.Context(), map[plant.AgentID]int64{storetest.OnlyRun(t, s).Agent: cutoff}, false); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Sharing(t, s, 6_000, 1_000_000)
	storetest.Sharing(t, s, 6_000, 10_000_000)
	before, _, _ := count()
	expire(10_000_000)
	if n, _, _ := count(); n == 0 || n >= before {
		t.Errorf("%d of %d clocks are left of half of the blocks", n, before)
	}
	storetest.CheckSound(t, s)
	// What a call has left that was cut short before the clocks, the next one frees.
	exec1(t, s.Write(), `CREATE TRIGGER cut BEFORE DELETE ON blocks WHEN old.item = 0 BEGIN SELECT RAISE(ABORT, 'cut short'); END`)
	if _, err := s.Expire(t.Context(), map[plant.AgentID]int64{storetest.OnlyRun(t, s).Agent: 100_000_000}, false); err == nil {
		t.Error("it was not cut short")
	}
	exec1(t, s.Write(), `DROP TRIGGER cut`)
	expire(100_000_000)
	if clocks, blocks, pages := count(); blocks != 0 || pages != 0 {
		t.Errorf("%d clocks of %d blocks in %d pages are left of nothing", clocks, blocks, pages)
	}
}

// TestBlocksFillPages commits blocks one by one: they go on in the page where those
// before them ended, and not even a commit leaves a part of one free.
func TestBlocksFillPages(t *testing.T) {
	s := open(t, newFile(t), sqlite.Options{})
	w := newWritten(t, s, 2)
	const commits = 20
	for range commits {
		w.commit(t, 300, 10, 0, 1_000_003)
	}
	var pages, bytes, blocks int
	err := s.Write().QueryRowContext(t.Context(), `
		SELECT (SELECT count(*) FROM block_pages), (SELECT sum(length(data)) FROM block_pages), count(*) FROM blocks`).Scan(&pages, &bytes, &blocks)
	if err != nil {
		t.Fatal(err)
	}
	if blocks != commits || pages != bytes/4000+1 {
		t.Errorf("%d blocks lie in %d pages with %d bytes", blocks, pages, bytes)
	}
	if got := read(t, s.Observations(t.Context(), w.run.ID, 1)); !slices.Equal(got, w.all) {
		t.Errorf("%d observations are read, not the %d committed", len(got), len(w.all))
	}
}

// TestPartitionIsClosed fills partitions, and lets one become old.
func TestPartitionIsClosed(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	s := open(t, newFile(t), sqlite.Options{Now: func() time.Time { return now }})
	seal := func(settled time.Time, want int64) {
		t.Helper()
		sealed, err := s.Seal(t.Context(), settled)
		if err != nil || sealed.Observations != want {
			t.Errorf("sealed %+v of what was committed before %v at %v, %v; want %d", sealed, settled, now, err, want)
		}
	}
	write := func(n int) {
		t.Helper()
		if err := storetest.WriteNext(t.Context(), s, n); err != nil {
			t.Fatal(err)
		}
	}
	write(10)
	now = now.Add(time.Minute)
	seal(now.Add(-time.Minute), 0) // committed at that moment, not before it
	write(5)
	seal(now.Add(-30*time.Second), 0) // some of the partition was committed later
	now = now.Add(59 * time.Minute)
	seal(now.Add(-time.Hour), 0) // now the partition is old and is closed
	write(7)
	now = now.Add(2 * time.Minute)
	seal(now.Add(-time.Hour), 15)
	seal(now, 7)
	s.SetPartitionRows(20)
	for range 5 {
		write(10)
	}
	size, err := s.Size(t.Context())
	if err != nil || size.Rows != 50 || size.Blocked != 22 {
		t.Errorf("size %+v, %v", size, err)
	}
	var tables int
	err = s.Write().QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'observations%'`).Scan(&tables)
	if err != nil || tables != 3 {
		t.Errorf("%d partitions, %v; want two that are full and the open one", tables, err)
	}
	storetest.CheckWhole(t, s)
	seal(always(), 50)
	storetest.CheckWhole(t, s)
	sound(t, s)
}

// TestManyItems seals a partition in several steps, merges and expires, and fills
// what became free.
func TestManyItems(t *testing.T) {
	const items = 2500
	path := newFile(t)
	s := open(t, path, sqlite.Options{})
	agents, err := s.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	model := plant.Model{Agent: agents[0].ID, Digest: "2", Devices: []plant.ModelDevice{{Device: plant.Device{Name: "m"}}}}
	for i := range items {
		model.Devices[0].Items = append(model.Devices[0].Items, plant.DataItem{DataItemID: fmt.Sprint(i)})
	}
	if _, err := s.SaveModel(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	cycle := func() store.Size {
		t.Helper()
		for range 3 {
			if err := storetest.WriteNext(t.Context(), s, 2*items); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Seal(t.Context(), always()); err != nil {
				t.Fatal(err)
			}
		}
		storetest.CheckWhole(t, s)
		merged, err := s.Merge(t.Context())
		if err != nil || merged.Before < 3*items || merged.After > merged.Before/2 {
			t.Errorf("merged %+v, %v", merged, err)
		}
		storetest.CheckWhole(t, s)
		size, err := s.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return size
	}
	first := cycle()
	freed, err := s.Expire(t.Context(), map[plant.AgentID]int64{agents[0].ID: math.MaxInt64}, false)
	if err != nil || freed.Observations != 6*items || freed.Blocks != first.Blocks {
		t.Errorf("freed %+v, %v; the size was %+v", freed, err, first)
	}
	size, err := s.Size(t.Context())
	if err != nil || size.FreeBytes < size.TotalBytes/2 || size.Blocks != 0 || size.BlockBytes != 0 || size.Oldest != 0 {
		t.Errorf("size %+v, %v", size, err)
	}
	sound(t, s)
	checkIntegrity(t, path)
}

// TestRowsOfAClockAhead puts the clock back by a year: what was committed before that
// is sealed like all else.
func TestRowsOfAClockAhead(t *testing.T) {
	clock := time.Now().Add(365 * 24 * time.Hour)
	s := open(t, newFile(t), sqlite.Options{Now: func() time.Time { return clock }})
	if err := storetest.WriteNext(t.Context(), s, 10); err != nil {
		t.Fatal(err)
	}
	for clock = time.Now(); clock.Before(time.Now().Add(3 * 24 * time.Hour)); clock = clock.Add(24 * time.Hour) {
		if err := storetest.WriteNext(t.Context(), s, 10); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Seal(t.Context(), clock.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if size, err := s.Size(t.Context()); err != nil || size.Rows > 20 {
		t.Errorf("after three days %d observations lie in rows, %v", size.Rows, err)
	}
}
