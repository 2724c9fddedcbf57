package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/bits"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// columnBytes is about how many bytes the columns of a block take but for summary
// and data, and indexBytes what its entries in the indexes take.
const (
	columnBytes = 60
	indexBytes  = 75
)

// pageBytes is how many bytes of data a row of block_pages has: as many as a page
// of the file, of 4096 bytes, has room for. The places of blocks are counted in
// it, so that it stays as it is.
const pageBytes = 4057

// insertBlock is the statement that inserts a block, and insertPage a part of the
// data of some, behind what the page had before.
const (
	insertBlock = `
		INSERT INTO blocks (instance, item, count, first_sequence, last_sequence, sequence_reach, min_time, max_time,
			numbers, low, high, sum, summary, page, start, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertPage = `INSERT OR REPLACE INTO block_pages (id, data) VALUES (?, ?)`
)

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
		t := totals{1, int64(b.Count), int64(len(b.Summary) + len(b.Data))}
		if b.IsClock() {
			t.blocks, t.observations = 0, 0
		}
		all = all.plus(t)
	}
	return all
}

// columns is what blocks take, their columns counted.
func (t totals) columns() int64 { return t.bytes + columnBytes*t.blocks }

// clockReach stands for the reach of a clock, so that the index of sequence numbers
// keeps clocks apart.
const clockReach = -1

// reach is the bound of how far a block's sequence numbers lie apart: see the
// table.
func reach(m *block.Meta) int64 {
	if m.IsClock() {
		return clockReach
	}
	return int64(1)<<bits.Len64(uint64(m.LastSequence-m.FirstSequence)) - 1
}

// putBlocks stores blocks, each of which gets a number of its own. A clock that is
// there already as it is, since an earlier step has stored it, it leaves out.
func (s *Store) putBlocks(ctx context.Context, tx *sql.Tx, blocks []block.Block) error {
	blocks, err := newClocks(ctx, tx, blocks)
	if err != nil || len(blocks) == 0 {
		return err
	}
	steady := context.WithoutCancel(ctx) // see Commit
	insert := tx.StmtContext(steady, s.insertBlock)
	defer insert.Close()
	lengthen := tx.StmtContext(steady, s.lengthenItem)
	defer lengthen.Close()
	first, data, err := lastPage(ctx, tx)
	if err != nil {
		return err
	}
	for i := range blocks {
		b := &blocks[i]
		at := int64(len(data))
		data = append(data, b.Data...)
		_, err := insert.ExecContext(steady, int64(b.Run), int64(b.Item), int64(b.Count), b.FirstSequence, b.LastSequence, reach(&b.Meta),
			b.MinTime, b.MaxTime, int64(b.Numbers), b.Low, b.High, b.Sum, b.Summary, first+at/pageBytes, at%pageBytes, int64(len(b.Data)))
		if err != nil {
			return err
		}
		if b.IsClock() {
			continue
		}
		if _, err := lengthen.ExecContext(steady, int64(b.Item), b.MaxTime, b.MinTime); err != nil {
			return err
		}
	}
	page := tx.StmtContext(steady, s.insertPage)
	defer page.Close()
	for part := range slices.Chunk(data, pageBytes) {
		if _, err := page.ExecContext(steady, first, part); err != nil {
			return err
		}
		first++
	}
	return countBlocks(ctx, tx, totalsOf(blocks))
}

// newClocks gives all of some blocks but the clocks that are there already.
func newClocks(ctx context.Context, tx *sql.Tx, blocks []block.Block) ([]block.Block, error) {
	var fresh []block.Block
	for i := range blocks {
		if blocks[i].IsClock() {
			there, err := isThere(ctx, tx, &blocks[i])
			if err != nil && !corrupt(err) {
				return nil, err
			}
			if there {
				continue
			}
		}
		fresh = append(fresh, blocks[i])
	}
	return fresh, nil
}

// isThere reports whether a clock is stored already. One that is damaged is not
// counted on: what the rows say that are sealed, it does not say any more.
func isThere(ctx context.Context, tx *sql.Tx, clock *block.Block) (bool, error) {
	places, err := collect(ctx, tx, func(row scanner) (p place, err error) {
		err = row.Scan(&p.id, &p.page, &p.start, &p.bytes)
		return p, err
	}, `
		SELECT id, page, start, bytes FROM blocks
		WHERE instance = ?1 AND sequence_reach = ?2 AND first_sequence = ?3 AND last_sequence = ?4
			AND (item, count, min_time, max_time, numbers, low, high, sum) = (0, ?5, ?6, ?7, 0, 0, 0, 0) AND summary IS NULL AND bytes = ?8`,
		clock.Run, clockReach, clock.FirstSequence, clock.LastSequence, clock.Count, clock.MinTime, clock.MaxTime, len(clock.Data))
	for _, p := range places {
		data := make([]byte, p.bytes)
		_, err := collect(ctx, tx, func(row scanner) (page int64, err error) {
			var content []byte
			if err = row.Scan(&page, &content); err == nil {
				p.fill(data, page, content)
			}
			return page, err
		}, `SELECT id, data FROM block_pages WHERE id BETWEEN ? AND ?`, p.page, p.lastPage())
		if err != nil && !corrupt(err) {
			return false, err
		}
		if bytes.Equal(data, clock.Data) {
			return true, nil
		}
	}
	return false, err
}

// lastPage gives the page that blocks go on in, with what is in it already: the
// last one while it has room, or a new one.
func lastPage(ctx context.Context, tx *sql.Tx) (id int64, data []byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, data FROM block_pages ORDER BY id DESC LIMIT 1`).Scan(&id, &data)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 1, nil, nil
	case err == nil && len(data) >= pageBytes:
		return id + 1, nil, nil
	}
	return id, data, err
}

// place is where the data of a block is.
type place struct {
	id block.ID
	// page is the first of its pages, start the place in it, bytes how long it is.
	page, start, bytes int64
}

func (p place) lastPage() int64 { return p.page + (p.start+p.bytes-1)/pageBytes }

// takeBlocks deletes the blocks whose numbers a query gives, with their data, and
// gives what those of each run were together. Clocks that nobody needs without them
// it leaves.
func takeBlocks(ctx context.Context, tx *sql.Tx, ids string, args ...any) (map[plant.RunID]totals, error) {
	runs, places, err := deleteBlocks(ctx, tx, ids, args...)
	if err != nil || len(places) == 0 {
		return runs, err
	}
	// Pages that a neighbour has which stays, stay too.
	free, err := tx.PrepareContext(ctx, `
		DELETE FROM block_pages
		WHERE id >= max(?2, coalesce((SELECT page + (start + bytes - 1) / ?4 + 1 FROM blocks WHERE id < ?1 ORDER BY id DESC LIMIT 1), ?2))
			AND id <= min(?3, coalesce((SELECT page - 1 FROM blocks WHERE id > ?1 ORDER BY id LIMIT 1), ?3))`)
	if err != nil {
		return nil, err
	}
	defer free.Close()
	for _, p := range places {
		if _, err := free.ExecContext(context.WithoutCancel(ctx), int64(p.id), p.page, p.lastPage(), int64(pageBytes)); err != nil {
			return nil, err
		}
	}
	return runs, countBlocks(ctx, tx, sum(runs).negative())
}

// takeClocks deletes the clocks of a run that end before a cutoff and have no sequence
// number where a block lies that may need them: of those that begin behind one number
// and up to another one.
func takeClocks(ctx context.Context, tx *sql.Tx, run plant.RunID, after, last, cutoff int64) error {
	_, err := takeBlocks(ctx, tx, reaches+`
		SELECT c.id FROM blocks c
		WHERE c.instance = ?1 AND c.sequence_reach = -1 AND c.first_sequence > ?2 AND c.first_sequence <= ?3 AND c.max_time < ?4
			AND NOT EXISTS (
				SELECT 1 FROM reaches CROSS JOIN blocks b ON b.instance = ?1 AND b.sequence_reach = reach AND reach < ?5
				WHERE b.first_sequence >= c.first_sequence - reach AND b.first_sequence <= c.last_sequence AND b.last_sequence >= c.first_sequence)`,
		run, after, last, cutoff, int64(block.ClockReach))
	return err
}

// deleteBlocks is takeBlocks for the rows of blocks; it gives where their data is.
func deleteBlocks(ctx context.Context, tx *sql.Tx, ids string, args ...any) (map[plant.RunID]totals, []place, error) {
	rows, err := tx.QueryContext(ctx, `
		DELETE FROM blocks WHERE id IN (`+ids+`)
		RETURNING instance, iif(sequence_reach < 0, 0, count), coalesce(length(summary), 0), id, page, start, bytes`, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	runs := make(map[plant.RunID]totals)
	var places []place
	for f := newFields(7); rows.Next(); {
		if err := f.read(rows); err != nil {
			return nil, nil, err
		}
		p := place{block.ID(f.int(3)), f.int(4), f.int(5), f.int(6)}
		run, n := plant.RunID(f.int(0)), f.int(1)
		runs[run] = runs[run].plus(totals{min(n, 1), n, f.int(2) + p.bytes}) // a clock has none
		places = append(places, p)
	}
	return runs, places, rows.Err()
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
