package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// mergeBlocks is how many new blocks Merge looks at together.
const mergeBlocks = 2000

// Merge implements store.Upkeep. It looks at the blocks that are new since it
// ended the last time, among them those that it made itself, with their
// neighbours in time: only there can anything have become worth it.
func (s *Store) Merge(ctx context.Context) (done store.Merged, err error) {
	m := merging{Store: s, merger: block.NewMerger()}
	for more := true; more && err == nil; {
		more, err = m.some(ctx)
	}
	return m.done, err
}

// merging is a Merge that is under way.
type merging struct {
	*Store
	merger *block.Merger
	clocks block.Clocks
	done   store.Merged
	// due are groups with what is to take their place, which wait to be stored
	// together; size and bytes are how many blocks they are and how long.
	due         []replacement
	size, bytes int
}

// replacement is blocks and what takes their place.
type replacement struct {
	ids    []block.ID
	blocks []block.Block
}

// some merges around the next new blocks, and reports whether there were any.
func (m *merging) some(ctx context.Context) (more bool, err error) {
	var (
		before, last block.ID
		added        []block.Period
	)
	err = m.look(ctx, "merge blocks", func(v *view) error {
		if err := v.tx.QueryRowContext(ctx, `SELECT merged FROM block_totals`).Scan(&before); err != nil {
			return err
		}
		const next = `SELECT id, item, min_time, max_time FROM blocks WHERE id > ?1 AND sequence_reach >= 0 ORDER BY id LIMIT ?2`
		if err := v.tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM (`+next+`)`, before, mergeBlocks).Scan(&last); err != nil {
			return err
		}
		added, err = collect(ctx, v.tx, scanPeriod, `SELECT item, min_time, max_time FROM (`+next+`)`, before, mergeBlocks)
		return err
	})
	if err != nil || len(added) == 0 {
		return false, err
	}
	for _, p := range block.Around(added) {
		if err := m.period(ctx, p); err != nil {
			return false, err
		}
	}
	if err := m.flush(ctx); err != nil {
		return false, err
	}
	return true, m.step(ctx, "merge blocks", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE block_totals SET merged = max(merged, ?)`, last)
		return err
	})
}

func scanPeriod(row scanner) (p block.Period, err error) {
	err = row.Scan(&p.Item, &p.From, &p.To)
	return p, err
}

// period merges what is worth it of the blocks of an item in a period.
func (m *merging) period(ctx context.Context, p block.Period) error {
	return m.look(ctx, "merge blocks", func(v *view) error {
		blocks, err := v.BlocksByTime(ctx, []plant.ItemID{p.Item}, p.From, p.To, math.MinInt64, 0, -1)
		if err != nil {
			return err
		}
		slices.SortFunc(blocks, func(a, b block.Meta) int {
			return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.FirstSequence, b.FirstSequence))
		})
		for _, group := range block.Mergeable(blocks) {
			if err := m.group(ctx, v, group); err != nil {
				return err
			}
		}
		return nil
	})
}

// group puts the blocks of a group together, to be stored by flush. A group with a
// damaged block stays as it is.
func (m *merging) group(ctx context.Context, v *view, group []block.Meta) error {
	r := replacement{ids: make([]block.ID, len(group))}
	for i := range group {
		r.ids[i] = group[i].ID
	}
	data, err := v.storedData(ctx, r.ids)
	if err != nil {
		return err
	}
	blocks := make([]block.Block, len(group))
	for i := range group {
		blocks[i] = block.Block{Meta: group[i], Data: data[i]}
	}
	if err := m.clocks.Fetch(ctx, stored{v}, blocks); err != nil {
		return err
	}
	var damaged *block.DamagedError
	switch r.blocks, err = m.merger.Merge(blocks, &m.clocks); {
	case errors.As(err, &damaged):
		m.faults.Note(m.blockFault(damaged.Block, err))
		return nil
	case err != nil || len(r.blocks) == 0:
		return err
	}
	m.due = append(m.due, r)
	m.size += len(r.ids) + len(r.blocks)
	for i := range r.blocks {
		m.bytes += len(r.blocks[i].Data)
	}
	if m.size < stepBlocks && m.bytes < stepBytes {
		return nil
	}
	return m.flush(ctx)
}

// flush stores the groups that wait.
func (m *merging) flush(ctx context.Context) error {
	due := m.due
	m.due, m.size, m.bytes = nil, 0, 0
	if len(due) == 0 {
		return nil
	}
	var done store.Merged
	err := m.step(ctx, "merge blocks", func(tx *sql.Tx) error {
		done = store.Merged{}
		for _, r := range due {
			ok, err := m.replace(ctx, tx, r)
			if err != nil {
				return err
			}
			if ok {
				done.Before += int64(len(r.ids))
				done.After += int64(len(r.blocks))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.done.Before += done.Before
	m.done.After += done.After
	return nil
}

// replace puts a group in the place of its blocks, unless one of them is gone:
// another process was at them.
func (m *merging) replace(ctx context.Context, tx *sql.Tx, r replacement) (ok bool, err error) {
	ids := numberList(r.ids)
	var there int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM blocks WHERE id IN (SELECT value FROM json_each(?))`, ids).Scan(&there)
	if err != nil || there < len(r.ids) {
		return false, err
	}
	if _, err := takeBlocks(ctx, tx, `SELECT value FROM json_each(?)`, ids); err != nil {
		return false, err
	}
	return true, m.putBlocks(ctx, tx, r.blocks)
}
