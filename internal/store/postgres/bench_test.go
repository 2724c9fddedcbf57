package postgres_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// The benchmarks run on a server of their own with the settings of a new
// installation: commits are flushed to the disk.

const (
	// benchBatch is how many rows a transaction has in the benchmarks: what a busy
	// plant makes in the delay of a commit.
	benchBatch = 1000
	// catchUpBatch is how many a batch has when an agent is caught up with.
	catchUpBatch = 10_000
	// machineItems is how many data items a machine has, and machines of how many a
	// commit of live capture has rows.
	machineItems = 65
	machines     = 5
)

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
	if n := len(items) / machineItems; n > 1 {
		machine := random.IntN(n) * machineItems
		items = items[machine : machine+machineItems]
	}
	p := random.IntN(1000)
	for i, share := range shares {
		if p -= share; p < 0 {
			return items[i].ID
		}
	}
	return items[len(shares)+random.IntN(len(items)-len(shares))].ID
}

// benchStore opens a store on a durable server, with an agent whose machine has so
// many data items.
func benchStore(b *testing.B, items int) (s *postgres.Store, run plant.Run, inventory store.Inventory) {
	b.Helper()
	s = open(b, pgtest.New(b, "fsync=on").Database(b), postgres.Options{})
	run, inventory = benchPlant(b, s, items)
	return s, run, inventory
}

// benchPlant makes an agent whose machine has so many data items, and starts a run.
func benchPlant(b *testing.B, s *postgres.Store, items int) (run plant.Run, inventory store.Inventory) {
	b.Helper()
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
	return run, inventory
}

// benchBatches cuts observations into batches of n, with what is known of each
// item.
func benchBatches(run plant.RunID, observations []plant.Observation, n int) (batches []*store.Batch) {
	for len(observations) > 0 {
		part := observations[:min(n, len(observations))]
		observations = observations[len(part):]
		b := &store.Batch{Run: run, Expect: part[0].Sequence, Next: part[0].Sequence + int64(len(part)), Observations: part}
		last := map[plant.ItemID]plant.Observation{}
		for _, o := range part {
			last[o.Item] = o
		}
		for _, o := range last {
			b.Latest = append(b.Latest, plant.Latest{Observation: o})
		}
		batches = append(batches, b)
	}
	return batches
}

// commitAll commits batches one after the other.
func commitAll(b *testing.B, s *postgres.Store, batches []*store.Batch) {
	b.Helper()
	for _, batch := range batches {
		if err := s.Commit(b.Context(), []*store.Batch{batch}); err != nil || batch.Err != nil {
			b.Fatal(err, batch.Err)
		}
	}
}

// BenchmarkCommit stores rows through the contract, with what is known of each
// item, in transactions of 1,000 rows of several machines. An op is a row.
func BenchmarkCommit(b *testing.B) {
	s, run, inventory := benchStore(b, machines*machineItems)
	batches := benchBatches(run.ID, benchObservations(inventory.Items, b.N), benchBatch)
	b.ReportAllocs()
	b.ResetTimer()
	commitAll(b, s, batches)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkCommitBesideRaw commits the batches of BenchmarkCommit and copies the rows
// of each into a table with the same columns and indexes, in turn, so that what else
// the machine does meets both alike. An op is a row in each. Beside it stand how long
// the median batch took, and how many times as fast the commit was.
func BenchmarkCommitBesideRaw(b *testing.B) {
	s, run, inventory := benchStore(b, machines*machineItems)
	batches := benchBatches(run.ID, benchObservations(inventory.Items, b.N), benchBatch)
	commits, raws := make([]time.Duration, len(batches)), make([]time.Duration, len(batches))
	b.ResetTimer()
	err := s.Write().AcquireFunc(b.Context(), func(c *pgxpool.Conn) error {
		_, err := c.Exec(b.Context(), `CREATE TABLE raw (LIKE observations INCLUDING ALL)`)
		for i, batch := range batches {
			encoded := postgres.EncodeRows(b, run.ID, batch.Observations)
			began := time.Now()
			commitAll(b, s, batches[i:i+1])
			commits[i], began = time.Since(began), time.Now()
			if err == nil {
				_, err = c.Conn().PgConn().CopyFrom(b.Context(), bytes.NewReader(encoded), `COPY raw (`+postgres.RowColumns+`) FROM STDIN (FORMAT binary)`)
			}
			raws[i] = time.Since(began)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(commits)
	slices.Sort(raws)
	commit, raw := commits[len(commits)/2], raws[len(raws)/2]
	b.ReportMetric(float64(commit.Microseconds())/1000, "ms/commit")
	b.ReportMetric(float64(raw.Microseconds())/1000, "ms/raw")
	b.ReportMetric(raw.Seconds()/commit.Seconds(), "of-raw")
}

// BenchmarkCatchUp commits the recording of the NIST test bed, replicated, in
// batches of 10,000, as when agents are caught up with: nearly all go into blocks
// at once. An op is an observation. Beside it stand the bytes that one takes when
// all rows are sealed and the blocks are merged, with all indexes, and of these
// what is data and summaries.
func BenchmarkCatchUp(b *testing.B) {
	s := open(b, pgtest.New(b, "fsync=on").Database(b), postgres.Options{})
	replicated := storetest.NewReplicated(b, s)
	b.ReportAllocs()
	b.ResetTimer()
	replicated.Commit(b, s, b.N, catchUpBatch)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	sealRows(b, s)
	if _, err := s.Merge(b.Context()); err != nil {
		b.Fatal(err)
	}
	var all, data float64
	err := s.Write().QueryRow(b.Context(), `
		SELECT pg_total_relation_size('blocks') + pg_total_relation_size('block_pages'), bytes FROM block_totals`).Scan(&all, &data)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(all/float64(b.N), "bytes/merged")
	b.ReportMetric(data/float64(b.N), "bytes/data")
}

// BenchmarkRawCopy copies the same rows, encoded before, into a table with the
// same columns and indexes, in transactions of so many rows. It is what the store
// is measured against: commits with 1,000, catching up and imports with 10,000.
func BenchmarkRawCopy(b *testing.B) {
	for _, batch := range []int{benchBatch, catchUpBatch} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) { benchRawCopy(b, batch) })
	}
}

func benchRawCopy(b *testing.B, batch int) {
	s, run, inventory := benchStore(b, machines*machineItems)
	var encoded [][]byte
	for observations := benchObservations(inventory.Items, b.N); len(observations) > 0; {
		part := observations[:min(batch, len(observations))]
		observations = observations[len(part):]
		encoded = append(encoded, postgres.EncodeRows(b, run.ID, part))
	}
	if _, err := s.Write().Exec(b.Context(), `CREATE TABLE raw (LIKE observations INCLUDING ALL)`); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	err := s.Write().AcquireFunc(b.Context(), func(c *pgxpool.Conn) error {
		for _, data := range encoded {
			_, err := c.Conn().PgConn().CopyFrom(b.Context(), bytes.NewReader(data), `COPY raw (`+postgres.RowColumns+`) FROM STDIN (FORMAT binary)`)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
