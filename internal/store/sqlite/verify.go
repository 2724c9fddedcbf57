package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// verifyBlocks and verifyRows are how many blocks and rows are checked within
	// one view: while it lasts, the write-ahead log grows.
	verifyBlocks = 64
	verifyRows   = 20_000
)

// Verify implements store.Upkeep. It checks the tables and their indexes, every
// block and every row, for each run that as many observations are there as its
// ledger says, and that all else can be read.
func (s *Store) Verify(ctx context.Context) iter.Seq2[store.Fault, error] {
	return func(yield func(store.Fault, error) bool) {
		v := &verification{Store: s, yield: yield, decoder: block.NewDecoder()}
		for _, check := range []func(context.Context) error{v.tables, v.blocks, v.rows, v.ledger, v.knowledge} {
			switch err := check(ctx); {
			case errors.Is(err, errEnough):
				return
			case err != nil:
				yield(store.Fault{}, s.fail(ctx, s.read, "verify", err))
				return
			}
		}
	}
}

// errEnough ends a verification whose caller wants no more.
var errEnough = errors.New("enough")

// verification is a Verify that is under way.
type verification struct {
	*Store
	yield   func(store.Fault, error) bool
	decoder *block.Decoder
	columns block.Columns
	clocks  block.Clocks
}

// found yields a fault.
func (v *verification) found(f store.Fault) error {
	if !v.yield(v.faults.Note(f), nil) {
		return errEnough
	}
	return nil
}

// knowledge reads what there is beside the observations.
func (v *verification) knowledge(ctx context.Context) error {
	return store.VerifyKnowledge(ctx, v.Store, v.found)
}

// tables has SQLite check all tables with their indexes, one by one, but for that
// of the blocks' data, which may be so large that it would take too long at once.
func (v *verification) tables(ctx context.Context) error {
	names, err := list(ctx, v.Store, "verify", scanText, `
		SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'block_pages' ORDER BY name`)
	if err != nil {
		return err
	}
	for _, name := range names {
		faults, err := collect(ctx, v.read, scanText, fmt.Sprintf(`PRAGMA integrity_check(%s)`, name))
		if err != nil && !corrupt(err) {
			return err
		}
		if err != nil {
			faults = append(faults, err.Error())
		}
		for _, fault := range faults {
			// A partition that was dropped meanwhile is no fault.
			if fault == "ok" || fault == "no such table: "+name {
				continue
			}
			if err := v.found(store.Fault{What: "table " + name, Detail: fault}); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// blocks checks every block.
func (v *verification) blocks(ctx context.Context) error {
	for next := block.ID(0); ; {
		var faults []store.Fault
		err := v.look(ctx, "verify blocks", func(view *view) (err error) {
			next, faults, err = v.someBlocks(ctx, view, next)
			return err
		})
		if corrupt(err) {
			return v.found(store.Fault{What: fmt.Sprintf("blocks from %d on", next), Detail: err.Error()})
		}
		if err != nil {
			return err
		}
		for _, f := range faults {
			if err := v.found(f); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
	}
}

// someBlocks checks the blocks that follow a number, and gives the number from
// which on others follow: 0 where there are none.
func (v *verification) someBlocks(ctx context.Context, view *view, after block.ID) (next block.ID, faults []store.Fault, err error) {
	all, err := collect(ctx, view.tx, newMetaReader().meta,
		`SELECT `+metaColumns+` FROM blocks b WHERE b.id > ? ORDER BY b.id LIMIT ?`, after, verifyBlocks)
	if err != nil {
		return after, nil, err
	}
	ids := make([]block.ID, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	data, err := view.storedData(ctx, ids)
	if err != nil {
		return after, nil, err
	}
	hidden, err := hiddenBlocks(ctx, view, ids)
	if err != nil {
		return after, nil, err
	}
	blocks := make([]block.Block, len(all))
	for i := range all {
		blocks[i] = block.Block{Meta: all[i], Data: data[i]}
	}
	if err := v.clocks.Fetch(ctx, stored{view}, blocks); err != nil {
		return after, nil, err
	}
	for i, m := range all {
		switch {
		case data[i] == nil:
			faults = append(faults, v.blockFault(m, errors.New("its data cannot be read")))
		case hidden[m.ID]:
			faults = append(faults, v.blockFault(m, errors.New("it is longer than its reach says, or than the longest block known of its item, so that reads may not find it")))
		default:
			if err := v.decoder.Check(blocks[i], &v.clocks, &v.columns); err != nil {
				faults = append(faults, v.blockFault(m, err))
			}
		}
	}
	if len(all) < verifyBlocks {
		return 0, faults, nil
	}
	return ids[len(ids)-1], faults, nil
}

// hiddenBlocks gives those of some blocks that are longer than what is known of the
// longest of their item, or whose sequence numbers lie further apart than their
// reach, so that reads may not find them.
func hiddenBlocks(ctx context.Context, view *view, ids []block.ID) (map[block.ID]bool, error) {
	hidden, err := collect(ctx, view.tx, scanID, `
		SELECT b.id FROM json_each(?1) CROSS JOIN blocks b ON b.id = value
		WHERE CASE WHEN b.item = 0 THEN b.sequence_reach <> -1
			ELSE coalesce((SELECT longest_block FROM data_items WHERE id = b.item), -1) < b.max_time - b.min_time
				OR b.sequence_reach < b.last_sequence - b.first_sequence END`, numberList(ids))
	set := make(map[block.ID]bool, len(hidden))
	for _, id := range hidden {
		set[id] = true
	}
	return set, err
}

func scanID(row scanner) (id block.ID, err error) {
	err = row.Scan(&id)
	return id, err
}
