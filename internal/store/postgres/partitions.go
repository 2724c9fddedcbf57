package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// partition is a table of observations, for what is committed in a period of our
// clock: from start up to but not including finish, in microseconds.
type partition struct {
	number        int32
	table         string
	start, finish int64
}

// name says which partition it is, for people.
func (p *partition) name() string {
	return "partition " + fromMicros(p.start).Format("2006-01-02T15:04:05")
}

// covers reports whether the period has a time of our clock.
func (p *partition) covers(now int64) bool { return p.start <= now && now < p.finish }

const partitionColumns = `number, name, start, finish`

func scanPartition(row pgx.CollectableRow) (p partition, err error) {
	err = row.Scan(&p.number, &p.table, &p.start, &p.finish)
	return p, err
}

// there is the condition that a partition's table has not gone missing.
const there = `to_regclass(quote_ident(name)) IS NOT NULL`

// partitionLock is the advisory lock of those who make partitions, so that two
// who need one for the same period make one.
const partitionLock = `SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' partitions'))`

// beginner is a pool or a connection.
type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// partitionFor gives the open partition of a time of our clock, which it makes
// where there is none: after the first commit of a period that nobody has prepared,
// and where our clock was put back into a period that is sealed.
func (s *Store) partitionFor(ctx context.Context, db beginner, now time.Time) (partition, error) {
	var p partition
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, partitionLock); err != nil {
			return err
		}
		var err error
		p, err = one(ctx, tx, scanPartition, `
			SELECT `+partitionColumns+` FROM partitions
			WHERE sealed IS NULL AND start <= $1 AND finish > $1 AND `+there+`
			ORDER BY number DESC LIMIT 1`, now.UnixMicro())
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		p, err = makePartition(ctx, tx, now.Truncate(s.period), s.period)
		return err
	})
	return p, err
}

// makePartition makes the partition of a period. The table is not vacuumed for
// what is inserted: it is read for a few hours and dropped.
func makePartition(ctx context.Context, tx pgx.Tx, start time.Time, period time.Duration) (partition, error) {
	p := partition{start: start.UnixMicro(), finish: start.Add(period).UnixMicro()}
	err := tx.QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('partitions', 'number'))`).Scan(&p.number)
	if err != nil {
		return p, err
	}
	// The number, since there may be several of one period.
	p.table = fmt.Sprintf("observations_%s_%d", start.UTC().Format("20060102_150405"), p.number)
	_, err = tx.Exec(ctx, `
		CREATE TABLE `+p.table+` (LIKE observations INCLUDING ALL) INHERITS (observations)
		WITH (autovacuum_vacuum_insert_threshold = -1)`)
	if err != nil {
		return p, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO partitions (`+partitionColumns+`) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4)`,
		p.number, p.table, p.start, p.finish)
	return p, err
}

// openPartition is a partition that commits go to.
type openPartition struct {
	partition
	// drawn is the bounds in it that this process knows to be stored.
	mu    sync.Mutex
	drawn drawn
}

// currentPartition gives the partition for a commit at a time of our clock. The next
// commits go to it too, unless what was known has been forgotten while it was asked for.
func (s *Store) currentPartition(ctx context.Context, now time.Time) (*openPartition, error) {
	known := s.current.Load()
	if known.covers(now.UnixMicro()) {
		return known, nil
	}
	p, err := s.partitionFor(ctx, s.write, now)
	if err != nil {
		return nil, fmt.Errorf("partition: %w", err)
	}
	found := &openPartition{partition: p, drawn: make(drawn)}
	s.current.CompareAndSwap(known, found)
	return found, nil
}

// widen adds the statements that draw the bounds of a commit's partition wide enough
// for its rows, where this process does not know that they are.
func (c *commit) widen(batch *pgx.Batch) {
	p := c.partition
	p.mu.Lock()
	defer p.mu.Unlock()
	var known drawn
	if c.current.Load() == p { // or it was forgotten
		known = p.drawn
	}
	known.widen(batch, &p.partition, c.bounds)
}

// drew takes note of what the rows of a commit have made of its partition's bounds.
func (c *commit) drew() {
	p := c.partition
	p.mu.Lock()
	defer p.mu.Unlock()
	for run, b := range c.bounds {
		p.drawn.add(run, b)
	}
}

// forget forgets what this process knows of the database. Each time it leaves something
// else in its place, so that who asks meanwhile notices it.
func (s *Store) forget() {
	for _, o := range []*owners{&s.itemAgents, &s.deviceAgents, &s.runAgents} {
		o.forget()
	}
	s.current.Store(new(openPartition))
}

// forgetPartition makes the next commit look for a partition anew, unless that has
// happened since p was given.
func (s *Store) forgetPartition(p *openPartition) { s.current.CompareAndSwap(p, new(openPartition)) }
