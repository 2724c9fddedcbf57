package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// mergeNew is how many new blocks are looked at together with their neighbours,
	// and mergePeriods the neighbours of how many periods are listed at once.
	mergeNew     = 2000
	mergePeriods = 100
	// mergeBlocks is after how many blocks that were merged a step ends.
	mergeBlocks = 256
	// smallBlock is how many observations a block has at most that is worth merging:
	// it fits into one with another of its size.
	smallBlock = block.MaxObservations / 2
)

// Merge implements store.Upkeep. It looks at the small blocks that have come since
// the last time, with their neighbours in time: only there can anything have become
// worth it.
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
	clocks block.Clocks
	done   store.Merged
}

func (m *merging) all(ctx context.Context) error {
	var merged, newest block.ID
	err := m.conn.QueryRow(ctx, `SELECT merged, coalesce((SELECT max(id) FROM blocks), 0) FROM block_totals`).Scan(&merged, &newest)
	for err == nil && merged < newest {
		merged, err = m.some(ctx, merged, newest)
	}
	return err
}

// some merges around some of the small blocks that are new: those that follow a
// number, up to another one. It gives the number up to which it came.
func (m *merging) some(ctx context.Context, merged, newest block.ID) (block.ID, error) {
	var small []block.Period
	rows, err := m.conn.Query(ctx, `
		SELECT id, item, min_time, max_time FROM blocks WHERE id > $1 AND id <= $2 AND count <= $3 AND item <> 0 ORDER BY id LIMIT $4`,
		merged, newest, smallBlock, mergeNew)
	if err != nil {
		return merged, err
	}
	var p block.Period
	_, err = pgx.ForEachRow(rows, []any{&merged, &p.Item, &p.From, &p.To}, func() error {
		small = append(small, p)
		return nil
	})
	if err != nil {
		return merged, err
	}
	if len(small) < mergeNew {
		merged = newest
	}
	for periods := range slices.Chunk(block.Around(small), mergePeriods) {
		blocks, err := m.list(ctx, periods)
		if err != nil {
			return merged, err
		}
		slices.SortFunc(blocks, func(a, b block.Meta) int {
			return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Item, b.Item), cmp.Compare(a.FirstSequence, b.FirstSequence), cmp.Compare(a.ID, b.ID))
		})
		// One that is longer than a period lies in two, and may go into one group only.
		blocks = slices.CompactFunc(blocks, func(a, b block.Meta) bool { return a.ID == b.ID })
		if err := m.groups(ctx, block.Mergeable(blocks)); err != nil {
			return merged, err
		}
	}
	_, err = m.conn.Exec(ctx, `UPDATE block_totals SET merged = $1`, merged)
	return merged, err
}

// list gives the blocks of periods.
func (m *merging) list(ctx context.Context, periods []block.Period) (blocks []block.Meta, err error) {
	var batch pgx.Batch
	for _, p := range periods {
		batch.Queue(blocksByTime, []plant.ItemID{p.Item}, lowest(p.From), p.To, p.From, int64(math.MinInt64), 0, nil).Query(func(rows pgx.Rows) error {
			some, err := pgx.CollectRows(rows, scanMeta)
			blocks = append(blocks, some...)
			return err
		})
	}
	return blocks, m.conn.SendBatch(ctx, &batch).Close()
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
		old    []block.ID
		merged []block.Block
	)
	for _, group := range groups {
		blocks, err := m.read(ctx, group)
		if err != nil {
			return err
		}
		if blocks == nil {
			continue
		}
		if err := m.clocks.Fetch(ctx, m, blocks); isCorrupt(err) {
			m.faults.Note(m.blockFault(group[0], err))
			continue
		} else if err != nil {
			return err
		}
		together, err := m.merger.Merge(blocks, &m.clocks)
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
		}
	}
	if len(merged) == 0 {
		return nil
	}
	err := m.Store.step(ctx, m.conn, func(ctx context.Context, tx pgx.Tx) error {
		runs, err := takeBlocks(ctx, tx, `SELECT unnest($1::bigint[])`, old)
		if err != nil {
			return err
		}
		// Nobody else deletes blocks meanwhile, unless a proxy lets our lock go: what
		// they held must not be stored again then.
		removed := sum(runs)
		if n := int64(len(old)); removed.blocks != n {
			return fmt.Errorf("%d of %d blocks are gone that were to be put together: somebody else was at them", n-removed.blocks, n)
		}
		var batch pgx.Batch
		added := queueBlocks(&batch, merged)
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

// Clocks implements block.ClockView.
func (m *merging) Clocks(ctx context.Context, blocks []block.Meta) ([]block.Meta, error) {
	return readClocks(ctx, m.conn, blocks)
}

// Data implements block.ClockView.
func (m *merging) Data(ctx context.Context, blocks []block.Meta) ([][]byte, error) {
	found, err := readData(ctx, m.conn, block.IDs(blocks))
	data := make([][]byte, len(blocks))
	for i := range blocks {
		data[i] = found[blocks[i].ID]
	}
	return data, err
}

// read gives the blocks of a group with their data: none where that of one cannot
// be read, or where one is gone, which is no fault of it.
func (m *merging) read(ctx context.Context, group []block.Meta) ([]block.Block, error) {
	found, err := readData(ctx, m.conn, block.IDs(group))
	if isCorrupt(err) {
		found, err = m.readEach(ctx, group)
	}
	if err != nil {
		return nil, err
	}
	blocks := make([]block.Block, len(group))
	for i, meta := range group {
		data, there := found[meta.ID]
		if !there {
			return nil, nil
		}
		blocks[i] = block.Block{Meta: meta, Data: data}
	}
	return blocks, nil
}

// readEach is readData block by block, which leaves out those that the database
// cannot read: they are among the faults.
func (m *merging) readEach(ctx context.Context, group []block.Meta) (map[block.ID][]byte, error) {
	all := make(map[block.ID][]byte, len(group))
	for _, meta := range group {
		found, err := readData(ctx, m.conn, []block.ID{meta.ID})
		if isCorrupt(err) {
			m.faults.Note(m.blockFault(meta, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	return all, nil
}
