package postgres

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// blockLeast is how many observations of an item a batch has at least where they
	// go into a block at once: so many come together only when an agent is caught up
	// with, or when recordings are imported.
	blockLeast = 256
	// blockColumnBytes is about how many bytes a row of blocks takes but for the
	// summary.
	blockColumnBytes = 115
)

// totals is what a number of blocks are together, as in the table block_totals.
type totals struct{ blocks, observations, bytes int64 }

func (t totals) plus(other totals) totals {
	return totals{t.blocks + other.blocks, t.observations + other.observations, t.bytes + other.bytes}
}

func (t totals) negative() totals { return totals{-t.blocks, -t.observations, -t.bytes} }

// columns is what blocks take, their columns counted.
func (t totals) columns() int64 { return t.bytes + blockColumnBytes*t.blocks }

func totalsOf(b *block.Block) totals {
	if b.IsClock() {
		return totals{bytes: int64(len(b.Data))}
	}
	return totals{1, int64(b.Count), int64(len(b.Summary) + len(b.Data))}
}

// queueTotals adds the statement that counts blocks which were added. It is the
// last one of its transaction, since all that write blocks wait for each other
// from there on.
func queueTotals(batch *pgx.Batch, t totals) {
	if t == (totals{}) {
		return
	}
	batch.Queue(`UPDATE block_totals SET blocks = blocks + $1, observations = observations + $2, bytes = bytes + $3`,
		t.blocks, t.observations, t.bytes)
}

// queueBlocks adds the statements that store blocks, and gives what they are
// together.
func queueBlocks(batch *pgx.Batch, blocks []block.Block) (t totals) {
	var s segment
	for _, small := range [...]bool{false, true} {
		// What will be merged stands in pages of its own, which become free then.
		s.room = 0
		for i := range blocks {
			b := &blocks[i]
			if small != (b.Count <= smallBlock && !b.IsClock()) {
				continue
			}
			s.add(b)
			t = t.plus(totalsOf(b))
			if s.size >= segmentBytes {
				s.queue(batch)
				s = segment{}
			}
		}
	}
	if s.size > 0 {
		s.queue(batch)
	}
	return t
}

// takenColumns are what taken reads of blocks.
const takenColumns = `id, bytes, instance, CASE item WHEN 0 THEN 0 ELSE count END,
	octet_length(data) + bytes + coalesce(octet_length(summary), 0)`

// taken gives what the blocks of each run, of those that a statement gives, are
// together, and where their data is. Clocks count as their bytes only.
func taken(ctx context.Context, q querier, query string, args ...any) (runs map[plant.RunID]totals, places []place, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	var (
		run plant.RunID
		t   totals
		p   place
	)
	runs = make(map[plant.RunID]totals)
	_, err = pgx.ForEachRow(rows, []any{&p.id, &p.bytes, &run, &t.observations, &t.bytes}, func() error {
		t.blocks = min(t.observations, 1)
		runs[run] = runs[run].plus(t)
		places = append(places, p)
		return nil
	})
	return runs, places, err
}

// takeBlocks deletes the blocks whose numbers a query gives, with their data, and
// gives what those of each run were together. Clocks that nobody needs without them
// it leaves.
func takeBlocks(ctx context.Context, tx pgx.Tx, ids string, args ...any) (map[plant.RunID]totals, error) {
	runs, places, err := taken(ctx, tx, `DELETE FROM blocks WHERE id IN (`+ids+`) RETURNING `+takenColumns, args...)
	if err != nil {
		return nil, err
	}
	return runs, freePages(ctx, tx, places)
}

// takeClocks deletes the clocks of a run that end before a cutoff and have no sequence
// number where a block lies that may need them: of those that begin behind one number
// and up to another one. It gives what they were together.
func takeClocks(ctx context.Context, tx pgx.Tx, run plant.RunID, after, last, cutoff int64) (totals, error) {
	runs, err := takeBlocks(ctx, tx, `
		SELECT c.id FROM blocks c
		WHERE c.instance = $1 AND c.sequence_reach = -1 AND c.first_sequence > $2 AND c.first_sequence <= $3 AND c.max_time < $4
			AND NOT EXISTS (
				SELECT 1 FROM generate_series(0, $5::integer) r CROSS JOIN LATERAL (
					SELECT 1 FROM blocks b
					WHERE b.instance = c.instance AND b.sequence_reach = r::smallint AND b.first_sequence > c.first_sequence - (1::bigint << r)
						AND b.first_sequence <= c.last_sequence AND b.last_sequence >= c.first_sequence LIMIT 1) needing)`,
		run, after, last, cutoff, reach(0, block.ClockReach))
	return sum(runs), err
}

// sum is what those of several runs are together.
func sum(runs map[plant.RunID]totals) (all totals) {
	for t := range maps.Values(runs) {
		all = all.plus(t)
	}
	return all
}
