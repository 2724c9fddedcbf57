package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// mergeSources is of how many items of runs the blocks are looked through at
	// once, and mergeListed how many of each.
	mergeSources = 100
	mergeListed  = 100
	// mergeBefore is how many blocks before the first new one are looked at with it:
	// more than there are small ones within block.MergeSpan, where partitions are of
	// an hour.
	mergeBefore = 32
	// mergeBlocks is after how many blocks that were merged a step ends.
	mergeBlocks = 256
	// smallBlock is how many observations a block has at most that is worth merging:
	// it fits into one with another of its size.
	smallBlock = block.MaxObservations / 2
)

// source is an item of a run, of which the blocks from a sequence number on are to
// be looked through.
type source struct {
	run  plant.RunID
	item plant.ItemID
	from int64
}

func scanSource(row pgx.CollectableRow) (s source, err error) {
	err = row.Scan(&s.run, &s.item, &s.from)
	return s, err
}

// Merge implements store.Upkeep. It looks through the blocks of those items of
// which small ones have come since the last time.
func (s *Store) Merge(ctx context.Context) (store.Merged, error) {
	m := merging{Store: s, merger: block.NewMerger()}
	err := s.tryAlone(ctx, blockLock, func(conn *pgx.Conn) error {
		m.conn = conn
		return m.all(ctx)
	})
	return m.done, s.fail(ctx, "merge", err)
}

// merging is a Merge that is under way.
type merging struct {
	*Store
	conn   *pgx.Conn
	merger *block.Merger
	done   store.Merged
}

func (m *merging) all(ctx context.Context) error {
	var merged, newest block.ID
	err := m.conn.QueryRow(ctx, `SELECT merged, coalesce((SELECT max(id) FROM blocks), 0) FROM block_totals`).Scan(&merged, &newest)
	if err != nil || newest <= merged {
		return err
	}
	sources, err := collect(ctx, m.conn, scanSource, `
		SELECT instance, item, coalesce((
			SELECT first_sequence FROM blocks b WHERE b.instance = new.instance AND b.item = new.item AND first_sequence < new.first
			ORDER BY first_sequence DESC OFFSET $4 LIMIT 1), 0)
		FROM (
			SELECT instance, item, min(first_sequence) AS first FROM blocks WHERE id > $1 AND id <= $2 AND count <= $3 GROUP BY instance, item
		) new ORDER BY instance, item`, merged, newest, smallBlock, mergeBefore-1)
	if err != nil {
		return err
	}
	for len(sources) > 0 {
		some := sources[:min(mergeSources, len(sources))]
		sources = sources[len(some):]
		further, err := m.some(ctx, some)
		if err != nil {
			return err
		}
		sources = append(sources, further...)
	}
	_, err = m.conn.Exec(ctx, `UPDATE block_totals SET merged = $1`, newest)
	return err
}

// some merges the first blocks of some sources, and gives where those go on that
// have more.
func (m *merging) some(ctx context.Context, sources []source) (further []source, err error) {
	runs, items, from := make([]plant.RunID, len(sources)), make([]plant.ItemID, len(sources)), make([]int64, len(sources))
	for i, s := range sources {
		runs[i], items[i], from[i] = s.run, s.item, s.from
	}
	blocks, err := collect(ctx, m.conn, scanMeta, `
		SELECT `+prefixed("found", blockColumns)+` FROM unnest($1::integer[], $2::integer[], $3::bigint[]) wanted(run, wanted_item, first), LATERAL (
			SELECT `+blockColumns+` FROM blocks WHERE instance = run AND item = wanted_item AND first_sequence >= first
			ORDER BY first_sequence LIMIT $4) found
		ORDER BY instance, item, first_sequence`, runs, items, from, mergeListed)
	if err != nil {
		return nil, err
	}
	for last := range blocks {
		end := &blocks[last]
		if n := mergeListed - 1; last >= n && blocks[last-n].Run == end.Run && blocks[last-n].Item == end.Item {
			further = append(further, source{end.Run, end.Item, end.FirstSequence})
		}
	}
	return further, m.groups(ctx, block.Mergeable(blocks))
}

// groups puts the blocks of each group together, in steps.
func (m *merging) groups(ctx context.Context, groups [][]block.Meta) error {
	for len(groups) > 0 {
		n, blocks := 0, 0
		for ; n < len(groups) && blocks < mergeBlocks; n++ {
			blocks += len(groups[n])
		}
		if err := m.step(ctx, groups[:n]); err != nil {
			return err
		}
		groups = groups[n:]
	}
	return nil
}

// step puts the blocks of each of some groups together.
func (m *merging) step(ctx context.Context, groups [][]block.Meta) error {
	var (
		old     []block.ID
		merged  []block.Block
		removed totals
	)
	for _, group := range groups {
		blocks, err := m.read(ctx, group)
		if err != nil {
			return err
		}
		if blocks == nil {
			continue
		}
		together, err := m.merger.Merge(blocks)
		var damaged *block.DamagedError
		if errors.As(err, &damaged) {
			m.faults.Note(m.blockFault(damaged.Block, err))
			continue
		}
		if err != nil {
			return err
		}
		if len(together) == 0 {
			continue
		}
		merged = append(merged, together...)
		for i := range blocks {
			old = append(old, blocks[i].ID)
			removed = removed.plus(totalsOf(&blocks[i]))
		}
	}
	if len(merged) == 0 {
		return nil
	}
	err := m.Store.step(ctx, m.conn, func(ctx context.Context, tx pgx.Tx) error {
		result, err := tx.Exec(ctx, `DELETE FROM blocks WHERE id = ANY($1)`, old)
		if err != nil {
			return err
		}
		// Nobody else deletes blocks meanwhile, unless a proxy lets our lock go: what
		// they held must not be stored again then.
		if n := result.RowsAffected(); n != int64(len(old)) {
			return fmt.Errorf("%d of %d blocks are gone that were to be put together: somebody else was at them", int64(len(old))-n, len(old))
		}
		added, err := putBlocks(ctx, m.conn, ``, merged)
		if err != nil {
			return err
		}
		var batch pgx.Batch
		queueTotals(&batch, added.plus(removed.negative()))
		return tx.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return err
	}
	m.done.Before += int64(len(old))
	m.done.After += int64(len(merged))
	return nil
}

// read gives the blocks of a group with their data: none where that of one cannot
// be read.
func (m *merging) read(ctx context.Context, group []block.Meta) ([]block.Block, error) {
	blocks := make([]block.Block, len(group))
	for i, meta := range group {
		data, err := one(ctx, m.conn, pgx.RowTo[[]byte], `SELECT data FROM blocks WHERE id = $1`, meta.ID)
		if isCorrupt(err) {
			m.faults.Note(m.blockFault(meta, err))
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		blocks[i] = block.Block{Meta: meta, Data: data}
	}
	return blocks, nil
}
