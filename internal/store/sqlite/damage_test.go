package sqlite_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// twoItems opens a store whose agent has the items x and y.
func twoItems(t *testing.T) (s *sqlite.Store, path string, x, y plant.ItemID) {
	t.Helper()
	path = newFile(t)
	s = open(t, path, sqlite.Options{})
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.Items(t.Context(), devices[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return s, path, items[0].ID, items[1].ID
}

// readAll reads all of an item, or what it gives until it fails.
func readAll(t *testing.T, s *sqlite.Store, item plant.ItemID) (n int, err error) {
	t.Helper()
	for _, err := range s.ItemObservations(t.Context(), []plant.ItemID{item}, 0, math.MaxInt64, true) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// damaged fails the test where the store does not tell of damage, by Verify and by
// what it remembers, in words that say which.
func damaged(t *testing.T, s *sqlite.Store, item plant.ItemID, words ...string) {
	t.Helper()
	tells := func(f store.Fault) bool {
		text := f.What + ": " + f.Detail
		return f.Item == item && !f.Noticed.IsZero() && !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	}
	if faults := read(t, s.Verify(t.Context())); !slices.ContainsFunc(faults, tells) {
		t.Errorf("Verify finds %+v, want %v of item %d", faults, words, item)
	}
	if faults := s.Faults(); !slices.ContainsFunc(faults, tells) {
		t.Errorf("faults %+v, want %v of item %d", faults, words, item)
	}
}

// TestDamagedBlock changes bytes in the data of a block, then takes the data away.
func TestDamagedBlock(t *testing.T) {
	writer, path, x, y := twoItems(t)
	for range 3 {
		if err := storetest.WriteNext(t.Context(), writer, 3000); err != nil { // blocks
			t.Fatal(err)
		}
	}
	recovered(t, writer)
	for _, damage := range []struct{ statement, words string }{
		{`UPDATE block_pages SET data = CAST(substr(data, 1, start + 100) || x'ff00ff' || substr(data, start + 104) AS BLOB)
			FROM blocks WHERE blocks.id = 2 AND block_pages.id = page`, "checksum"},
		{`UPDATE blocks SET page = page + 1000 WHERE id = (SELECT id FROM blocks WHERE item = 2 ORDER BY id LIMIT 1)`, "cannot be read"},
	} {
		before, err := readAll(t, writer, x)
		if err != nil {
			t.Fatal(err)
		}
		exec1(t, writer.Write(), damage.statement)
		s := open(t, path, sqlite.Options{}) // which has not read what is damaged
		for range 2 {
			if n, err := readAll(t, s, y); plant.ErrorCode(err) != plant.Damaged || !strings.Contains(err.Error(), "block") {
				t.Errorf("the damaged item: %d observations, %v", n, err)
			}
		}
		if known := s.Faults(); len(known) == 0 || len(known) > 2 {
			t.Errorf("faults after reading: %+v", known)
		}
		damaged(t, s, y, "block", damage.words)
		// What is not damaged is read, and commits and sealing go on.
		if n, err := readAll(t, s, x); err != nil || n != before {
			t.Errorf("the other item: %d observations, %v; want %d", n, err, before)
		}
		if err := storetest.WriteNext(t.Context(), s, 100); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Seal(t.Context(), always()); err != nil {
			t.Error(err)
		}
		if _, err := s.Merge(t.Context()); err != nil {
			t.Error(err)
		}
		for o, err := range s.ItemObservations(t.Context(), []plant.ItemID{y}, 8000, math.MaxInt64, false) {
			if err != nil {
				t.Errorf("what is newer of the damaged item: %+v, %v", o, err)
			}
		}
	}
	if err := writer.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDamagedClockIsStoredAnew seals in two steps, and changes a byte of the clock
// that the first has stored before the second needs it: one that cannot be read is
// not counted on, and one that can is not stored again.
func TestDamagedClockIsStoredAnew(t *testing.T) {
	s, _, x, y := twoItems(t)
	var all []block.Block
	builder := block.NewBuilder(func(b block.Block) error { all = append(all, b); return nil })
	run := storetest.OnlyRun(t, s).ID
	for i := range int64(3000) {
		o := plant.Observation{Run: run, Item: [...]plant.ItemID{x, y}[i%2], Sequence: 1 + i, Time: i / 4 * 1000}
		o.Value = plant.Value{Kind: plant.Number, Number: float64(i)}
		if err := builder.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := builder.Flush(); err != nil {
		t.Fatal(err)
	}
	blocks, clocks := block.Part(all)
	put := func(item plant.ItemID, want int) {
		t.Helper()
		of := slices.DeleteFunc(slices.Clone(blocks), func(b block.Block) bool { return b.Item != item })
		if err := s.PutBlocks(t.Context(), slices.Concat(clocks, of)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := s.Write().QueryRowContext(t.Context(), `SELECT count(*) FROM blocks WHERE item = 0`).Scan(&n); err != nil || n != want {
			t.Errorf("%d clocks, %v; want %d", n, err, want)
		}
	}
	put(x, 1)
	exec1(t, s.Write(), `UPDATE block_pages SET data = CAST(substr(data, 1, start + 10) || x'ff00ff' || substr(data, start + 14) AS BLOB)
		FROM blocks WHERE blocks.item = 0 AND block_pages.id = page`)
	put(y, 2)
	if n, err := readAll(t, s, y); n != 1500 || err != nil {
		t.Errorf("%d observations, %v; want all of 1500", n, err)
	}
	put(y, 2)
}

// TestMissingPartition drops the table of a partition that is closed.
func TestMissingPartition(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "plant.db"), sqlite.Options{})
	s.SetPartitionRows(1) // Each commit closes one.
	storetest.RunLost(t, storetest.Partitioned{
		UpkeepStore: s, Next: func() {},
		Lose: func(place int) { exec1(t, s.Write(), fmt.Sprintf(`DROP TABLE observations_%d`, place)) },
	})
}

// TestUnsoundPartition damages a row: its partition stays as it is, and those behind
// it are sealed.
func TestUnsoundPartition(t *testing.T) {
	for name, damage := range map[string]string{
		"a detail is no detail":   `UPDATE observations_1 SET detail = '{' WHERE sequence = 7`,
		"a row is there twice":    `UPDATE observations_1 SET sequence = 7 WHERE sequence = 9`,
		"a row is out of order":   `UPDATE observations_1 SET sequence = 1 WHERE sequence = 7`,
		"a number is no quantity": `UPDATE observations_1 SET value = 9e999 WHERE sequence = 7`,
	} {
		t.Run(name, func(t *testing.T) {
			s, _, x, _ := twoItems(t)
			s.SetPartitionRows(100)
			for range 2 {
				if err := storetest.WriteNext(t.Context(), s, 100); err != nil {
					t.Fatal(err)
				}
			}
			exec1(t, s.Write(), damage)
			if sealed, err := s.Seal(t.Context(), always()); err != nil || sealed.Partitions != 1 || sealed.Observations != 100 {
				t.Errorf("sealed %+v, %v", sealed, err)
			}
			if faults := s.Faults(); len(faults) != 1 || !strings.HasPrefix(faults[0].What, "partition 1 ") {
				t.Errorf("faults %+v", faults)
			}
			if n := len(read(t, s.ItemObservations(t.Context(), []plant.ItemID{x}, 101, 201, false))); n != 50 {
				t.Errorf("%d observations of what was sealed", n)
			}
		})
	}
}

// TestVerifyFindsWhatIsWrong damages a store in ways that no read may notice.
func TestVerifyFindsWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name, statement, words string
		item                   plant.ItemID
	}{
		{"a row is gone", `DELETE FROM observations WHERE sequence = 3007`, "there are 9", 0},
		{"a row is not as it should be", `UPDATE observations SET detail = '{' WHERE sequence = 3007`, "detail", 0},
		{"a row is out of order", `UPDATE observations SET sequence = 1 WHERE sequence = 3007`, "sequence number 1", 0},
		{"a row is not found", `UPDATE observations SET time = 0 WHERE sequence = 3007`, "may not find", 0},
		{"a block is gone", `DELETE FROM blocks WHERE item = 2 AND first_sequence < 100`, "observations are there", 0},
		{"what is known of a block", `UPDATE blocks SET low = low - 1 WHERE item = 2 AND first_sequence < 100`, "checksum", 2},
		{"a block is not found", `UPDATE data_items SET longest_block = 7`, "may not find", 1},
		{"the ledger", `UPDATE instances SET next = next + 1`, "sequence numbers", 0},
		{"the totals", `UPDATE block_totals SET blocks = blocks + 1`, "blocks", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, _, _ := twoItems(t)
			for _, n := range []int{3000, 10} {
				if err := storetest.WriteNext(t.Context(), s, n); err != nil {
					t.Fatal(err)
				}
			}
			sound(t, s)
			exec1(t, s.Write(), test.statement)
			damaged(t, s, test.item, test.words)
		})
	}
}

// TestFaultsAreBounded has more faults than are remembered.
func TestFaultsAreBounded(t *testing.T) {
	s, _, x, _ := twoItems(t)
	for range 80 {
		if err := storetest.WriteNext(t.Context(), s, 1000); err != nil {
			t.Fatal(err)
		}
	}
	exec1(t, s.Write(), `UPDATE blocks SET sum = sum + 1`)
	if found := read(t, s.Verify(t.Context())); len(found) != 160 {
		t.Errorf("%d faults found", len(found))
	}
	if known := s.Faults(); len(known) != store.MaxFaults || known[0].What != "block 1" || known[0].Agent != 1 {
		t.Errorf("%d faults known, the first %+v", len(known), known[0])
	}
	for _, err := range s.Verify(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // ends without a fault of its own
	}
	if _, err := readAll(t, s, x); plant.ErrorCode(err) != plant.Damaged {
		t.Errorf("read: %v", err)
	}
}

// TestFlippedByte changes a byte anywhere in the file: what is read is right, or an
// error says that it is not, or Verify finds it.
func TestFlippedByte(t *testing.T) {
	path := newFile(t)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := storetest.WriteNext(t.Context(), s, 4000); err != nil {
			t.Fatal(err)
		}
	}
	all := func(s *sqlite.Store) (observations []plant.Observation, err error) {
		for o, err := range s.ItemObservations(t.Context(), []plant.ItemID{1, 2}, 0, math.MaxInt64, false) {
			if err != nil {
				return nil, err
			}
			observations = append(observations, o)
		}
		return observations, nil
	}
	want, err := all(s)
	if err != nil || len(want) != 16_000 {
		t.Fatal(len(want), err)
	}
	closed(t, s)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random, flips := rand.New(rand.NewPCG(1, 2)), 150
	if testing.Short() {
		flips = 20
	}
	for range flips {
		at, bit := random.IntN(len(file)), byte(1)<<random.IntN(8)
		broken := filepath.Join(t.TempDir(), "plant.db")
		flipped := slices.Clone(file)
		flipped[at] ^= bit
		if err := os.WriteFile(broken, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlite.Open(t.Context(), broken, impatient)
		if err != nil {
			continue
		}
		got, err := all(s)
		switch {
		case err == nil && slices.Equal(got, want):
		case err == nil:
			found := 0
			for _, err := range s.Verify(t.Context()) {
				if found++; err != nil {
					break
				}
			}
			if found == 0 {
				t.Errorf("byte %d, bit %d: %d observations are read, which are not those that were committed, and Verify finds nothing", at, bit, len(got))
			}
		case plant.ErrorCode(err) == plant.Damaged && len(s.Faults()) == 0:
			t.Errorf("byte %d, bit %d: no fault is known after %v", at, bit, err)
		}
		closed(t, s)
	}
}

func TestDamage(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "plant.db"), sqlite.Options{})
	storetest.RunDamage(t, s, func(statement string) { exec1(t, s.Write(), statement) })
}
