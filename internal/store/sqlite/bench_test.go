package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// benchBatch is how many rows a transaction has in the benchmarks.
const benchBatch = 10_000

// shares is how a lathe of the NIST test bed spreads 1,000 observations over
// its busiest items; the 50 other items share the rest.
var shares = []int{452, 88, 70, 55, 53, 52, 39, 38, 34, 25, 24, 15, 11, 9, 4}

// benchObservations makes n observations with the statistics of that lathe:
// nearly all samples with few digits, 2.5 % text, 0.5 % unknown, and 0.4 %
// conditions that say no more than their level.
func benchObservations(items []plant.DataItem, n int) []plant.Observation {
	random := rand.New(rand.NewPCG(1, 2))
	observations := make([]plant.Observation, n)
	normal := &plant.Alarm{Level: plant.LevelNormal}
	time := int64(1_462_165_200_000_000)
	for i := range observations {
		o := &observations[i]
		time += int64(random.IntN(200_000))
		o.Sequence, o.Time, o.Item = int64(i+1), time, benchItem(random, items)
		switch p := random.IntN(1000); {
		case p < 4:
			o.Alarm = normal
		case p < 9:
		case p < 34:
			o.Value = plant.Value{Kind: plant.Text, Text: "G01 X" + strconv.Itoa(random.IntN(1000))}
		case p < 500:
			o.Value = plant.Value{Kind: plant.Number, Number: float64(random.IntN(300))}
		default:
			o.Value = plant.Value{Kind: plant.Number, Number: float64(random.IntN(10_000_000)) / 10_000}
		}
	}
	return observations
}

func benchItem(random *rand.Rand, items []plant.DataItem) plant.ItemID {
	p := random.IntN(1000)
	for i, share := range shares {
		if p -= share; p < 0 {
			return items[i].ID
		}
	}
	return items[len(shares)+random.IntN(len(items)-len(shares))].ID
}

// benchStore opens a store with an agent whose machine has so many data items, and
// gives its path.
func benchStore(b *testing.B, items int) (s *sqlite.Store, path string, run plant.Run, inventory store.Inventory) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "bench.db")
	s = open(b, path, sqlite.Options{})
	agent, err := s.PutAgent(b.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil {
		b.Fatal(err)
	}
	model := plant.Model{Agent: agent.ID, Digest: "1", Devices: []plant.ModelDevice{{Device: plant.Device{Name: "m"}}}}
	for i := range items {
		model.Devices[0].Items = append(model.Devices[0].Items, plant.DataItem{DataItemID: strconv.Itoa(i)})
	}
	if inventory, err = s.SaveModel(b.Context(), model); err != nil {
		b.Fatal(err)
	}
	if run, err = s.StartRun(b.Context(), 0, plant.Run{Agent: agent.ID, InstanceID: 1, First: 1}, nil); err != nil {
		b.Fatal(err)
	}
	return s, path, run, inventory
}

// commitAll commits observations, n at a time, with what is known of each item.
func commitAll(b *testing.B, s *sqlite.Store, run plant.RunID, observations []plant.Observation, n int) {
	b.Helper()
	for part := range slices.Chunk(observations, n) {
		batch := &store.Batch{Run: run, Expect: part[0].Sequence, Next: part[0].Sequence + int64(len(part)), Observations: part}
		last := map[plant.ItemID]plant.Observation{}
		for _, o := range part {
			last[o.Item] = o
		}
		for _, o := range last {
			batch.Latest = append(batch.Latest, plant.Latest{Observation: o})
		}
		if err := s.Commit(b.Context(), []*store.Batch{batch}); err != nil || batch.Err != nil {
			b.Fatal(err, batch.Err)
		}
	}
}

// BenchmarkCommit stores observations through the contract, with what is known of
// each item: in batches of 500, all of which become rows, as when they are
// captured as they come; and in large ones, as when an agent is caught up with,
// most of which become blocks. An op is an observation.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{500, benchBatch, 10 * benchBatch} {
		b.Run(fmt.Sprintf("batch=%d", n), func(b *testing.B) {
			s, path, run, inventory := benchStore(b, 65)
			observations := benchObservations(inventory.Items, b.N)
			b.ReportAllocs()
			b.ResetTimer()
			commitAll(b, s, run.ID, observations, n)
			report(b, path)
		})
	}
}

// BenchmarkBareDriver stores the same rows in a table and index of the same
// form through database/sql alone, in transactions of 10,000 rows, with one row
// and with 100 rows a statement. It is what the store is measured against.
func BenchmarkBareDriver(b *testing.B) {
	for _, rows := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) { benchBareDriver(b, rows) })
	}
}

func benchBareDriver(b *testing.B, rows int) {
	items := make([]plant.DataItem, 65)
	for i := range items {
		items[i].ID = plant.ItemID(i + 1)
	}
	observations := benchObservations(items, b.N)
	path := filepath.Join(b.TempDir(), "bench.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer closed(b, db)
	db.SetMaxOpenConns(1)
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, `
		CREATE TABLE observations (id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, item INTEGER NOT NULL,
			time INTEGER NOT NULL, sequence INTEGER NOT NULL, value ANY, detail ANY) STRICT;
		CREATE INDEX observations_item_time ON observations (item, time)`); err != nil {
		b.Fatal(err)
	}
	const insert = `INSERT INTO observations (instance, item, time, sequence, value, detail) VALUES `
	stmt, err := db.PrepareContext(ctx, insert+strings.Repeat(`(?, ?, ?, ?, ?, ?), `, rows-1)+`(?, ?, ?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	observations = observations[:b.N/rows*rows]
	b.ReportAllocs()
	b.ResetTimer()
	for at := 0; at < len(observations); at += benchBatch {
		if err := bareCommit(ctx, db, stmt, observations[at:min(at+benchBatch, len(observations))], rows); err != nil {
			b.Fatal(err)
		}
	}
	report(b, path)
}

// bareCommit stores observations in one transaction, rows at a time.
func bareCommit(ctx context.Context, db *sql.DB, stmt *sql.Stmt, observations []plant.Observation, rows int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert := tx.StmtContext(ctx, stmt)
	defer insert.Close()
	for ; len(observations) >= rows; observations = observations[rows:] {
		var args []any
		for i := range observations[:rows] {
			args = append(args, bareRow(&observations[i])...)
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// bareRow is a row as the store would write it.
func bareRow(o *plant.Observation) []any {
	var value, detail any
	switch n := o.Value.Number; {
	case o.Value.Kind == plant.Text:
		value = o.Value.Text
	case o.Value.Kind == plant.Number && n == float64(int64(n)):
		value = int64(n)
	case o.Value.Kind == plant.Number:
		value = n
	}
	if o.Alarm != nil {
		detail = int64(o.Alarm.Level)
	}
	return []any{int64(1), int64(o.Item), o.Time, o.Sequence, value, detail}
}

func report(b *testing.B, path string) {
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "observations/s")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		b.Fatal(err)
	}
	defer closed(b, db)
	if _, err := db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		b.Fatal(err)
	}
	if file, err := os.Stat(path); err == nil {
		b.ReportMetric(float64(file.Size())/float64(b.N), "bytes/observation")
	}
}
