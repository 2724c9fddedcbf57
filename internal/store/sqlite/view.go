package sqlite

import (
	"context"
	"database/sql"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

var _ block.Source = (*Store)(nil)

// View implements block.Source: all that a view gives is of the moment of its
// first read, since it is one read transaction. It holds a connection while f
// runs.
func (s *Store) View(ctx context.Context, f func(block.View) error) error {
	return s.look(ctx, "read observations", func(v *view) error { return f(v) })
}

// look is View for what needs more than block.View. op is for the error.
func (s *Store) look(ctx context.Context, op string, f func(*view) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(ctx, s.read, op, err)
	}
	defer tx.Rollback()
	err = f(&view{faults: &s.faults, reads: &s.reads, cache: s.cache, tx: tx})
	if corrupt(err) {
		return s.corrupted(op, err)
	}
	return s.fail(ctx, s.read, op, err)
}

// view is a block.View. Where its rows lie is in viewrows.go, where its blocks
// lie in viewblocks.go.
type view struct {
	faults *store.Faults
	reads  *reads
	cache  *block.DataCache
	tx     *sql.Tx
	// all is the catalogue of partitions when loaded is true.
	all    []partition
	loaded bool
}

// reads are statements that are prepared, since a read asks them again and again
// and parsing them takes as long as answering them.
type reads struct{ partitions, blocks, blocksOfItem, clocks, places, pages *sql.Stmt }

// prepareReads prepares them.
func prepareReads(ctx context.Context, db *sql.DB) (r reads, err error) {
	prepare := preparer(ctx, db, &err)
	return reads{
		partitions: prepare(selectPartitions), blocks: prepare(selectBlocks), blocksOfItem: prepare(selectBlocksOfItem),
		clocks: prepare(selectClocks), places: prepare(selectPlaces), pages: prepare(selectPages),
	}, err
}

// ask reads all rows of a prepared statement.
func ask[T any](ctx context.Context, v *view, prepared *sql.Stmt, scan func(scanner) (T, error), args ...any) ([]T, error) {
	statement := v.tx.StmtContext(ctx, prepared)
	defer statement.Close()
	rows, err := statement.QueryContext(ctx, args...)
	return gather(rows, err, scan)
}

// partitions gives those that have rows, the oldest first.
func (v *view) partitions(ctx context.Context) ([]partition, error) {
	if v.loaded {
		return v.all, nil
	}
	var err error
	v.all, err = ask(ctx, v, v.reads.partitions, scanPartition)
	v.loaded = err == nil
	return v.all, err
}

// partition gives the one with a number; nil where there is none.
func (v *view) partition(ctx context.Context, id int64) (*partition, error) {
	all, err := v.partitions(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].id == id {
			return &all[i], nil
		}
	}
	return nil, nil
}

// unsealed gives those of some items whose rows in a partition count.
func (p *partition) unsealed(items []plant.ItemID) []plant.ItemID {
	if p.sealedItem == 0 {
		return items
	}
	var rest []plant.ItemID
	for _, item := range items {
		if item > p.sealedItem {
			rest = append(rest, item)
		}
	}
	return rest
}
