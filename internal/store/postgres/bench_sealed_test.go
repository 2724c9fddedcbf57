package postgres_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// The benchmarks of what is sealed put rows into one partition beside the
// contract, so that each can be measured before and after it is sealed.

// putRows stores observations of a run as rows, as many commits would.
func putRows(b *testing.B, s *postgres.Store, run plant.RunID, observations []plant.Observation) {
	b.Helper()
	commitAll(b, s, benchBatches(run, observations[:1], 1)) // makes the partition
	err := s.Write().AcquireFunc(b.Context(), func(c *pgxpool.Conn) error {
		var table string
		err := c.QueryRow(b.Context(), `SELECT name FROM partitions ORDER BY number LIMIT 1`).Scan(&table)
		for rest := observations[1:]; err == nil && len(rest) > 0; {
			part := rest[:min(benchBatch, len(rest))]
			rest = rest[len(part):]
			_, err = c.Conn().PgConn().CopyFrom(b.Context(), bytes.NewReader(postgres.EncodeRows(b, run, part)),
				`COPY `+table+` (`+postgres.RowColumns+`) FROM STDIN (FORMAT binary)`)
		}
		if err == nil {
			_, err = c.Exec(b.Context(), `UPDATE instances SET next = $2, stored = $3 WHERE id = $1`, run, len(observations)+1, len(observations))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// sealRows seals all rows, and lets the database look at its tables as it does by
// itself now and then.
func sealRows(b *testing.B, s *postgres.Store) {
	b.Helper()
	seal(b, s, time.Now().Add(24*time.Hour))
	analyze(b, s)
}

func analyze(b *testing.B, s *postgres.Store) {
	b.Helper()
	if _, err := s.Write().Exec(b.Context(), `VACUUM ANALYZE`, pgx.QueryExecModeSimpleProtocol); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSeal seals rows. An op is a row. Beside it stand the bytes that an
// observation takes in rows and in blocks.
func BenchmarkSeal(b *testing.B) {
	s, run, inventory := benchStore(b, 65)
	putRows(b, s, run.ID, benchObservations(inventory.Items, b.N))
	before, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	seal(b, s, time.Now().Add(24*time.Hour))
	b.StopTimer()
	after, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	n := float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "observations/s")
	b.ReportMetric(float64(before.RowBytes)/n, "bytes/row")
	b.ReportMetric(float64(after.BlockBytes)/n, "bytes/sealed")
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
	s, run, inventory := benchStore(b, 1)
	observations := make([]plant.Observation, n)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range observations {
		observations[i] = plant.Observation{
			Item: inventory.Items[0].ID, Sequence: int64(i + 1),
			Value: plant.Value{Kind: plant.Number, Number: float64(random.IntN(10_000_000)) / 10_000},
		}
	}
	benchTimes(observations, over)
	putRows(b, s, run.ID, observations)
	analyze(b, s)
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
	sealRows(b, s)
	b.Run("sealed", chart)
}

// BenchmarkHour reads all observations of a machine with 300 items for an hour,
// 72,000 of those of a day. An op is an hour; current is what is known now of the
// items, and moment what was known at one of the past.
func BenchmarkHour(b *testing.B) {
	const hours, perHour = 24, 72_000
	s, run, inventory := benchStore(b, 300)
	observations := benchObservations(inventory.Items, hours*perHour)
	benchTimes(observations, hours*time.Hour)
	for i := range observations {
		observations[i].Item = inventory.Items[(i*7)%300].ID
	}
	putRows(b, s, run.ID, observations)
	analyze(b, s)
	var items []plant.ItemID
	var known []plant.Latest
	for i, item := range inventory.Items {
		items = append(items, item.ID)
		known = append(known, plant.Latest{Observation: observations[len(observations)-300+i]})
		known[i].Item = item.ID
	}
	last := benchBatches(run.ID, []plant.Observation{{Item: items[0], Sequence: int64(len(observations) + 1), Time: hours * time.Hour.Microseconds()}}, 1)
	last[0].Latest = known
	commitAll(b, s, last)
	read := func(from, to int64, before bool, least int) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range s.ItemObservations(b.Context(), items, from, to, before) {
					if n++; err != nil {
						b.Fatal(err)
					}
				}
				if n < least {
					b.Fatal(n)
				}
			}
		}
	}
	noon := 12 * time.Hour.Microseconds()
	hour, moment := read(noon, noon+time.Hour.Microseconds(), false, perHour*9/10), read(noon, noon, true, 300)
	b.Run("rows", hour)
	b.Run("rows-moment", moment)
	sealRows(b, s)
	b.Run("sealed", hour)
	b.Run("sealed-moment", moment)
	b.Run("current", func(b *testing.B) {
		for b.Loop() {
			if all, err := s.Current(b.Context(), inventory.Devices[0].ID); err != nil || len(all) != 300 {
				b.Fatal(len(all), err)
			}
		}
	})
}

// BenchmarkCommitBesideUpkeep commits 20 times a second while rows of the hours
// before are sealed, blocks are merged, and old ones are freed, by a server with
// 256 MB of shared buffers. An op is all of that. Beside it stand how long commits
// took.
func BenchmarkCommitBesideUpkeep(b *testing.B) {
	const n = 3_000_000
	for b.Loop() {
		b.StopTimer()
		server := pgtest.New(b, "fsync=on", "shared_buffers=256MB")
		c := newClock()
		s := open(b, server.Database(b), c.options())
		run, inventory := benchPlant(b, s, machines*machineItems)
		observations := benchObservations(inventory.Items, n+500_000)
		putRows(b, s, run.ID, observations[:n])
		batches := benchBatches(run.ID, observations[n:], benchBatch)
		c.add(3 * time.Hour)
		b.StartTimer()
		commitBeside(b, s, batches, func() error { return upkeep(b, s, c.now(), run.Agent, observations[n/2].Time) })
	}
}

// upkeep seals what was committed before now, merges, and frees what of the agent
// is older than cutoff.
func upkeep(b *testing.B, s *postgres.Store, now time.Time, agent plant.AgentID, cutoff int64) error {
	_, err := s.Seal(b.Context(), now)
	if err == nil {
		_, err = s.Merge(b.Context())
	}
	if err == nil {
		_, err = s.Expire(b.Context(), map[plant.AgentID]int64{agent: cutoff}, false)
	}
	return err
}

// commitBeside commits batches 20 times a second until work has ended, and reports
// how long the commits took.
func commitBeside(b *testing.B, s *postgres.Store, batches []*store.Batch, work func() error) {
	b.Helper()
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	var took []time.Duration
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for done := false; !done; {
		if len(batches) == 0 {
			b.Fatal("the work takes longer than there is to commit")
		}
		began := time.Now()
		commitAll(b, s, batches[:1])
		took, batches = append(took, time.Since(began)), batches[1:]
		select {
		case err := <-ended:
			if done = true; err != nil {
				b.Fatal(err)
			}
		case <-tick.C:
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(len(took)), "commits")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-max")
}
