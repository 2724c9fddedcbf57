package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// verifyBlocks is how many blocks are checked within one view.
const verifyBlocks = 256

// Verify implements store.Upkeep. It checks every block and every row, for each run
// that as many observations are there as its ledger says, and that all else can be
// read.
func (s *Store) Verify(ctx context.Context) iter.Seq2[store.Fault, error] {
	return func(yield func(store.Fault, error) bool) {
		v := &verification{Store: s, yield: yield, decoder: block.NewDecoder()}
		for _, check := range []func(context.Context) error{v.blocks, v.rows, v.ledger, v.knowledge} {
			switch err := check(ctx); {
			case errors.Is(err, errEnough):
				return
			case err != nil:
				yield(store.Fault{}, s.fail(ctx, "verify", err))
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

// found yields faults.
func (v *verification) found(faults ...store.Fault) error {
	for _, f := range faults {
		if !v.yield(v.faults.Note(f), nil) {
			return errEnough
		}
	}
	return nil
}

// knowledge reads what there is beside the observations.
func (v *verification) knowledge(ctx context.Context) error {
	return store.VerifyKnowledge(ctx, v.Store, func(f store.Fault) error { return v.found(f) })
}

// blocks checks every block.
func (v *verification) blocks(ctx context.Context) error {
	for next := block.ID(0); ; {
		var faults []store.Fault
		count := 0
		err := v.look(ctx, "verify blocks", func(view *view) (err error) {
			faults, count, err = v.someBlocks(ctx, view, &next)
			return err
		})
		if isCorrupt(err) {
			return v.found(store.Fault{What: fmt.Sprintf("blocks from %d on", next), Detail: err.Error()})
		}
		if err == nil {
			err = v.found(faults...)
		}
		if err != nil || count < verifyBlocks {
			return err
		}
	}
}

// someBlocks checks the blocks that follow a number, which it moves behind them,
// and gives how many they are.
func (v *verification) someBlocks(ctx context.Context, view *view, next *block.ID) (faults []store.Fault, count int, err error) {
	all, err := collect(ctx, view.conn, scanReached,
		`SELECT `+blockColumns+`, sequence_reach, time_reach FROM blocks WHERE id > $1 ORDER BY id LIMIT $2`, *next, verifyBlocks)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	ids := make([]block.ID, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	data, err := view.storedData(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	blocks := make([]block.Block, len(all))
	for i := range all {
		blocks[i] = block.Block{Meta: all[i].Meta, Data: data[i]}
	}
	if err := v.clocks.Fetch(ctx, stored{view}, blocks); err != nil {
		return nil, 0, err
	}
	for i, m := range all {
		switch {
		case data[i] == nil:
			faults = append(faults, v.blockFault(m.Meta, errors.New("its data cannot be read")))
		case m.sequenceReach != sequenceReach(&m.Meta), m.timeReach != reach(m.MinTime, m.MaxTime):
			faults = append(faults, v.blockFault(m.Meta, errors.New("its reach is not what its observations have, so that reads may not find it")))
		default:
			if err := v.decoder.Check(blocks[i], &v.clocks, &v.columns); err != nil {
				faults = append(faults, v.blockFault(m.Meta, err))
			}
		}
	}
	*next = ids[len(ids)-1]
	return faults, len(all), nil
}

// reached is a block with the reaches by which it is found.
type reached struct {
	block.Meta
	sequenceReach, timeReach int
}

// scanReached reads a block from its columns and the two reaches behind them.
func scanReached(row pgx.CollectableRow) (r reached, err error) {
	if r.Meta, err = scanMeta(row); err != nil {
		return r, err
	}
	columns := row.RawValues()
	c := columnReader{columns: columns[len(columns)-2:]}
	r.sequenceReach, r.timeReach = int(c.int(2)), int(c.int(2))
	return r, c.err
}
