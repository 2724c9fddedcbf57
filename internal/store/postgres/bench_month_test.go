package postgres_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// The month of BenchmarkMonth: monthMachines machines with monthItems data items,
// each of which is observed every monthPeriod.
const (
	monthMachines = 100
	monthItems    = 10
	monthPeriod   = 10 * time.Second
	monthDays     = 30
	// monthRun is how many observations of an item are committed at once.
	monthRun = 1000
	// monthFreed is how many days are freed, one after the other.
	monthFreed = 20
)

// BenchmarkMonth fills a store of a server with 256 MB of shared buffers with 30
// days of 100 machines, sealed. Then two million rows are sealed and day after day
// is freed, while commits go on 20 times a second. An op is all of that upkeep. It
// takes minutes and some GB of disk, and so is run only with
// FACTORYDASH_BENCH=long, once: -benchtime 1x.
func BenchmarkMonth(b *testing.B) {
	if os.Getenv("FACTORYDASH_BENCH") != "long" {
		b.Skip("FACTORYDASH_BENCH=long runs it")
	}
	c := newClock()
	s := open(b, pgtest.New(b, "fsync=on", "shared_buffers=256MB").Database(b), c.options())
	run, inventory := benchPlant(b, s, monthMachines*monthItems)
	started, sequence := time.Now(), int64(1)
	begin := c.now().Add(-monthDays * 24 * time.Hour).UnixMicro()
	now := begin
	for end := c.now().UnixMicro(); now < end; now += monthRun * monthPeriod.Microseconds() {
		for items := range slices.Chunk(inventory.Items, monthItems) {
			batch := monthBatch(run.ID, items, sequence, now)
			sequence = batch.Next
			commitAll(b, s, []*store.Batch{batch})
		}
	}
	b.Logf("%d observations committed in %s", sequence-1, time.Since(started).Round(time.Second))
	if err := upkeep(b, s, c.now(), run.Agent, 0); err != nil {
		b.Fatal(err)
	}
	analyze(b, s)
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d observations in %d blocks: %.2f bytes each, indexes counted", size.Blocked, size.Blocks, float64(size.BlockBytes)/float64(size.Blocked))

	live := benchObservations(inventory.Items, 3_000_000)
	for i := range live {
		live[i].Sequence, live[i].Time = sequence+int64(i), now+int64(i)
	}
	batches := benchBatches(run.ID, live, benchBatch)
	commitAll(b, s, batches[:2000])
	batches = batches[2000:]
	for b.Loop() {
		commitBeside(b, s, batches, func() error {
			for day := range monthFreed {
				c.add(3 * time.Hour)
				cutoff := begin + (time.Duration(day+1) * 24 * time.Hour).Microseconds()
				if err := upkeep(b, s, c.now(), run.Agent, cutoff); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// monthBatch is what monthRun observations of each of the items make, from a
// sequence number and a time on.
func monthBatch(run plant.RunID, items []plant.DataItem, sequence, at int64) *store.Batch {
	batch := &store.Batch{Run: run, Expect: sequence, Next: sequence + int64(monthRun*len(items))}
	for i := range monthRun {
		at += monthPeriod.Microseconds()
		for j := range items {
			o := plant.Observation{Item: items[j].ID, Sequence: sequence, Time: at + sequence*7919%100_000}
			// A number with four digits, a feed in steps, or a text.
			switch j {
			case 0:
				o.Value = plant.Value{Kind: plant.Text, Text: "N" + strconv.Itoa(i%400)}
			case 1, 2, 3:
				o.Value = plant.Value{Kind: plant.Number, Number: float64(sequence / 1000 % 12 * 10)}
			default:
				o.Value = plant.Value{Kind: plant.Number, Number: float64(sequence*2654435761%100_000) / 10_000}
			}
			batch.Observations = append(batch.Observations, o)
			sequence++
		}
	}
	for _, o := range batch.Observations[len(batch.Observations)-len(items):] {
		batch.Latest = append(batch.Latest, plant.Latest{Observation: o})
	}
	return batch
}
