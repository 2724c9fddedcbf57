package sqlite

import (
	"context"
	"database/sql"
	"math/bits"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// columnBytes is about how many bytes the columns of a block take but for summary
// and data, and indexBytes what its entries in the indexes take.
const (
	columnBytes = 60
	indexBytes  = 75
)

// insertBlock is the statement that inserts a block.
const insertBlock = `
	INSERT INTO blocks (instance, item, count, first_sequence, last_sequence, sequence_reach, min_time, max_time,
		numbers, low, high, sum, summary, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// lengthenItem is the statement that keeps how long the longest block of an item
// is.
const lengthenItem = `UPDATE data_items SET longest_block = ?2 - ?3 WHERE id = ?1 AND longest_block < ?2 - ?3`

// totals is what a number of blocks are together, as in the table block_totals.
type totals struct{ blocks, observations, bytes int64 }

func (t totals) plus(other totals) totals {
	return totals{t.blocks + other.blocks, t.observations + other.observations, t.bytes + other.bytes}
}

func (t totals) negative() totals { return totals{-t.blocks, -t.observations, -t.bytes} }

// sum is what several of them are together.
func sum(runs map[plant.RunID]totals) (all totals) {
	for _, t := range runs {
		all = all.plus(t)
	}
	return all
}

func totalsOf(blocks []block.Block) (all totals) {
	for i := range blocks {
		b := &blocks[i]
		all = all.plus(totals{1, int64(b.Count), int64(len(b.Summary) + len(b.Data))})
	}
	return all
}

// columns is what blocks take, their columns counted.
func (t totals) columns() int64 { return t.bytes + columnBytes*t.blocks }

// reach is the bound of how far a block's sequence numbers lie apart: see the
// table.
func reach(m *block.Meta) int64 {
	return int64(1)<<bits.Len64(uint64(m.LastSequence-m.FirstSequence)) - 1
}

// putBlocks stores blocks, each of which gets its number.
func (s *Store) putBlocks(ctx context.Context, tx *sql.Tx, blocks []block.Block) error {
	if len(blocks) == 0 {
		return nil
	}
	steady := context.WithoutCancel(ctx) // see Commit
	insert := tx.StmtContext(steady, s.insertBlock)
	defer insert.Close()
	lengthen := tx.StmtContext(steady, s.lengthenItem)
	defer lengthen.Close()
	for i := range blocks {
		b := &blocks[i]
		_, err := insert.ExecContext(steady, int64(b.Run), int64(b.Item), int64(b.Count), b.FirstSequence, b.LastSequence, reach(&b.Meta),
			b.MinTime, b.MaxTime, int64(b.Numbers), b.Low, b.High, b.Sum, b.Summary, b.Data)
		if err != nil {
			return err
		}
		if _, err := lengthen.ExecContext(steady, int64(b.Item), b.MaxTime, b.MinTime); err != nil {
			return err
		}
	}
	return countBlocks(ctx, tx, totalsOf(blocks))
}

// countBlocks adds to the totals.
func countBlocks(ctx context.Context, tx *sql.Tx, t totals) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE block_totals SET blocks = blocks + ?, observations = observations + ?, bytes = bytes + ?`,
		t.blocks, t.observations, t.bytes)
	return err
}

func readTotals(ctx context.Context, tx *sql.Tx) (t totals, err error) {
	err = tx.QueryRowContext(ctx, `SELECT blocks, observations, bytes FROM block_totals`).Scan(&t.blocks, &t.observations, &t.bytes)
	return t, err
}

// takenColumns are what taken reads.
const takenColumns = `instance, count, length(data) + coalesce(length(summary), 0)`

// taken reads what a statement gives of blocks: what those of each run are
// together.
func taken(ctx context.Context, tx *sql.Tx, query string, args ...any) (map[plant.RunID]totals, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	runs := make(map[plant.RunID]totals)
	f := newFields(3)
	for rows.Next() {
		if err := f.read(rows); err != nil {
			return nil, err
		}
		run := plant.RunID(f.int(0))
		runs[run] = runs[run].plus(totals{1, f.int(1), f.int(2)})
	}
	return runs, rows.Err()
}
