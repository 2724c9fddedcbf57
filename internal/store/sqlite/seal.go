package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// errTaken ends the sealing of a partition that another process is at.
var errTaken = errors.New("another process seals the partition")

// Seal implements store.Upkeep. It seals partition by partition: the open one is
// closed first where no commit added to it since settled, or where it is old
// enough to be sealed the next time.
//
// A partition whose rows cannot be read is left as it is, and is one of the faults.
//
// The rows of a partition are encoded beside capture, since nothing changes in
// one that is closed. Its blocks are stored in steps, each with all those of some
// items; from then on the rows of these count no more. At last the table is
// dropped. So it may end after any step.
func (s *Store) Seal(ctx context.Context, settled time.Time) (store.Sealed, error) {
	var done store.Sealed
	if err := s.closeSettled(ctx, settled); err != nil {
		return done, err
	}
	for last := int64(0); ; {
		p, err := s.settledAfter(ctx, last, settled)
		if err != nil || p == nil {
			return done, err
		}
		last = p.id
		err = s.sealPartition(ctx, p, &done)
		switch {
		case errors.Is(err, errTaken):
		case errors.Is(err, errUnsound), plant.ErrorCode(err) == plant.Damaged:
			// The other partitions need not wait for this one.
			s.faults.Note(store.Fault{What: p.name(), Detail: "its table " + p.table() + " cannot be sealed: " + err.Error()})
		case err != nil:
			return done, err
		}
	}
}

// closeSettled closes the open partition where it is time.
func (s *Store) closeSettled(ctx context.Context, settled time.Time) error {
	due := func(p partition) bool {
		return p.rows() > 0 && (p.settledBy(settled, s.now()) || s.now().Sub(p.opened) >= partitionAge)
	}
	var p partition
	err := s.look(ctx, "seal", func(v *view) (err error) {
		p, err = openPartition(ctx, v.tx)
		return err
	})
	if err != nil || !due(p) {
		return err
	}
	return s.step(ctx, "close partition", func(tx *sql.Tx) error {
		p, err := openPartition(ctx, tx)
		if err != nil || !due(p) {
			return err
		}
		return p.close(ctx, tx)
	})
}

// settledAfter gives the first partition behind one that is closed and has not
// changed since settled; nil where there is none.
func (s *Store) settledAfter(ctx context.Context, last int64, settled time.Time) (found *partition, err error) {
	err = s.look(ctx, "seal", func(v *view) error {
		all, err := v.partitions(ctx)
		if err != nil {
			return err
		}
		for i := range all {
			p := &all[i]
			if p.id <= last || p.open || !p.settledBy(settled, s.now()) {
				continue
			}
			if p.missing {
				s.faults.Note(missingFault(p))
				continue
			}
			found = p
			break
		}
		return nil
	})
	return found, err
}

// sealPartition seals a partition, and counts what it did.
func (s *Store) sealPartition(ctx context.Context, p *partition, done *store.Sealed) error {
	all, err := s.encodePartition(ctx, p)
	if err != nil {
		return err
	}
	blocks, clocks := block.Part(all)
	slices.SortStableFunc(blocks, func(a, b block.Block) int { return cmp.Compare(a.Item, b.Item) })
	for len(blocks) > 0 {
		n := wholeItems(blocks)
		err := s.step(ctx, "seal", func(tx *sql.Tx) error {
			if err := p.sealUpTo(ctx, tx, blocks[n-1].Item); err != nil {
				return err
			}
			// Where an earlier step has stored a clock, it may have been freed since.
			return s.putBlocks(ctx, tx, slices.Concat(block.Needed(clocks, blocks[:n]), blocks[:n]))
		})
		if err != nil {
			return err
		}
		p.sealedItem = blocks[n-1].Item
		t := totalsOf(blocks[:n])
		done.Observations += t.observations
		done.Blocks += t.blocks
		done.Bytes += t.columns()
		blocks = blocks[n:]
	}
	err = s.step(ctx, "drop partition", func(tx *sql.Tx) error { return p.drop(ctx, tx) })
	if err == nil {
		done.Partitions++
	}
	return err
}

// wholeItems gives how many of some blocks, which are in order of items, a step
// stores: all those of the first items, which are no more than a step has room
// for unless the first item alone has more.
func wholeItems(blocks []block.Block) (n int) {
	bytes := 0
	for i := range blocks {
		if i > 0 && blocks[i].Item != blocks[i-1].Item {
			n = i
		}
		bytes += len(blocks[i].Data)
		if n > 0 && (i >= stepBlocks || bytes > stepBytes) {
			return n
		}
	}
	return len(blocks)
}

// sealUpTo notes that the rows of items up to one count no more.
func (p *partition) sealUpTo(ctx context.Context, tx *sql.Tx, item plant.ItemID) error {
	return taking(tx.ExecContext(ctx, `UPDATE partitions SET sealed_item = ? WHERE id = ? AND sealed_item = ?`, item, p.id, p.sealedItem))
}

// drop drops a partition all rows of which lie in blocks.
func (p *partition) drop(ctx context.Context, tx *sql.Tx) error {
	if err := taking(tx.ExecContext(ctx, `DELETE FROM partitions WHERE id = ? AND sealed_item = ?`, p.id, p.sealedItem)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM partition_runs WHERE partition = ?`, p.id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf(`DROP TABLE %s`, p.table()))
	return err
}

// taking gives errTaken where the partition was not found as it was.
func taking(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errTaken
}
