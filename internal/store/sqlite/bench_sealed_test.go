package sqlite_test

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/storetest"
)

// The benchmarks of what is sealed commit in batches that become rows, so that
// each can be measured before and after it is sealed.

// seal seals all rows.
func seal(b *testing.B, s *sqlite.Store) {
	b.Helper()
	if _, err := s.Seal(b.Context(), always()); err != nil {
		b.Fatal(err)
	}
}

// fileBytes is what the file takes without what is free in it, once the log has
// been moved into it.
func fileBytes(b *testing.B, s *sqlite.Store) int64 {
	b.Helper()
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return size.TotalBytes - size.FreeBytes
}

// reportSealed tells what an observation takes in the file when all rows are
// sealed, and when the blocks are merged.
func reportSealed(b *testing.B, s *sqlite.Store, empty int64) {
	b.Helper()
	n := float64(b.N)
	b.ReportMetric(float64(fileBytes(b, s)-empty)/n, "bytes/sealed")
	if _, err := s.Merge(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(fileBytes(b, s)-empty)/n, "bytes/merged")
}

// BenchmarkSeal seals rows of the recording of the NIST test bed, replicated. An
// op is a row. Beside it stand the bytes that an observation takes in rows, in
// blocks, and in those when they are merged.
func BenchmarkSeal(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	replicated := storetest.NewReplicated(b, s)
	empty := fileBytes(b, s)
	replicated.Commit(b, s, b.N, 200)
	rows := fileBytes(b, s) - empty
	b.ResetTimer()
	seal(b, s)
	b.StopTimer()
	b.ReportMetric(float64(rows)/float64(b.N), "bytes/row")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "observations/s")
	reportSealed(b, s, empty)
}

// BenchmarkCatchUp commits the recording of the NIST test bed, replicated, in
// batches of 10,000, as when agents are caught up with: nearly all go into blocks
// at once. An op is an observation. Beside it stand the bytes that one takes.
func BenchmarkCatchUp(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	replicated := storetest.NewReplicated(b, s)
	empty := fileBytes(b, s)
	b.ReportAllocs()
	b.ResetTimer()
	replicated.Commit(b, s, b.N, benchBatch)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "observations/s")
	seal(b, s)
	reportSealed(b, s, empty)
}

// benchTimes gives observations times that are spread evenly, with some chance,
// over a time.
func benchTimes(observations []plant.Observation, over time.Duration) {
	random := rand.New(rand.NewPCG(3, 4))
	step := over.Microseconds() / int64(len(observations))
	for i := range observations {
		observations[i].Time = int64(i)*step + random.Int64N(step)
	}
}

// BenchmarkChart makes a chart of 1,000 points of 900,000 observations of one item
// over 30 days. An op is a chart.
func BenchmarkChart(b *testing.B) {
	const n, points, over = 900_000, 1000, 30 * 24 * time.Hour
	s, _, run, inventory := benchStore(b, 1)
	observations := make([]plant.Observation, n)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range observations {
		observations[i] = plant.Observation{
			Item: inventory.Items[0].ID, Sequence: int64(i + 1),
			Value: plant.Value{Kind: plant.Number, Number: float64(random.IntN(10_000_000)) / 10_000},
		}
	}
	benchTimes(observations, over)
	commitAll(b, s, run.ID, observations, 200)
	chart := func(b *testing.B) {
		to, columns := over.Microseconds(), insight.Columns(points)
		for b.Loop() {
			summaries := s.ItemSummaries(b.Context(), inventory.Items[0].ID, 0, to, columns, insight.Room(columns))
			drawn, err := insight.Downsample(summaries, 0, to, columns)
			if err != nil || len(drawn) < points/2 {
				b.Fatal(len(drawn), err)
			}
		}
	}
	b.Run("rows", chart)
	seal(b, s)
	b.Run("sealed", chart)
}

// BenchmarkHour reads all observations of a machine with 300 items for an hour,
// 72,000 of a day's. An op is an hour.
func BenchmarkHour(b *testing.B) {
	const hours, perHour = 24, 72_000
	s, _, run, inventory := benchStore(b, 300)
	observations := make([]plant.Observation, hours*perHour)
	benchTimes(observations, hours*time.Hour)
	for i := range observations {
		o := &observations[i]
		o.Item, o.Sequence = inventory.Items[(i*7)%300].ID, int64(i+1)
		if o.Value = (plant.Value{Kind: plant.Number, Number: float64((i*i)%9973) / 16}); o.Item%10 == 0 {
			o.Value = plant.Value{Kind: plant.Text, Text: strconv.Itoa(i % 20)}
		}
	}
	commitAll(b, s, run.ID, observations, 5000)
	var items []plant.ItemID
	for _, i := range inventory.Items {
		items = append(items, i.ID)
	}
	hour := func(b *testing.B) {
		from := 12 * time.Hour.Microseconds()
		for b.Loop() {
			n := 0
			for _, err := range s.ItemObservations(b.Context(), items, from, from+time.Hour.Microseconds(), false) {
				if n++; err != nil {
					b.Fatal(err)
				}
			}
			if n < perHour*9/10 {
				b.Fatal(n)
			}
		}
	}
	b.Run("rows", hour)
	seal(b, s)
	b.Run("sealed", hour)
	b.Run("current", func(b *testing.B) {
		for b.Loop() {
			if all, err := s.Current(b.Context(), inventory.Devices[0].ID); err != nil || len(all) != 300 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("moment", func(b *testing.B) {
		at := 12 * time.Hour.Microseconds()
		for b.Loop() {
			n := 0
			for _, err := range s.ItemObservations(b.Context(), items, at, at, true) {
				if n++; err != nil {
					b.Fatal(err)
				}
			}
			if n != 300 {
				b.Fatal(n)
			}
		}
	})
}

// BenchmarkUpkeepBesideCommits commits batches of 200 observations without a pause
// while a million rows of 3,000 items are sealed, merged and freed. An op is all of
// that; what it tells is how long commits take, at worst and but for one of a
// hundred.
func BenchmarkUpkeepBesideCommits(b *testing.B) {
	const items, n, batch = 3000, 1_000_000, 200
	for b.Loop() {
		s, _, run, inventory := benchStore(b, items)
		observations := benchObservations(inventory.Items, 3*n)
		for i := range observations {
			observations[i].Item = inventory.Items[(i*7)%items].ID
		}
		commitAll(b, s, run.ID, observations[:n], 10*benchBatch)
		var done atomic.Bool
		var upkeep sync.WaitGroup
		upkeep.Go(func() {
			defer done.Store(true)
			seal(b, s)
			if _, err := s.Merge(b.Context()); err != nil {
				b.Error(err)
			}
			if _, err := s.Expire(b.Context(), map[plant.AgentID]int64{inventory.Devices[0].Agent: math.MaxInt64}, false); err != nil {
				b.Error(err)
			}
		})
		var took []time.Duration
		for at := n; !done.Load() && at < len(observations); at += batch {
			began := time.Now()
			commitAll(b, s, run.ID, observations[at:at+batch], batch)
			took = append(took, time.Since(began))
		}
		upkeep.Wait()
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "worst-ms")
		b.ReportMetric(float64(len(took)), "commits")
	}
}
