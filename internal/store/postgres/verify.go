package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// verifyBlocks is how many blocks are checked within one view.
const verifyBlocks = 256

// Verify implements store.Upkeep. It checks every block and every row, and for
// each run that as many observations are there as its ledger says.
func (s *Store) Verify(ctx context.Context) iter.Seq2[store.Fault, error] {
	return func(yield func(store.Fault, error) bool) {
		v := &verification{Store: s, yield: yield, decoder: block.NewDecoder()}
		for _, check := range []func(context.Context) error{v.blocks, v.rows, v.ledger} {
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
	all, err := collect(ctx, view.conn, scanMeta, `SELECT `+blockColumns+` FROM blocks WHERE id > $1 ORDER BY id LIMIT $2`, *next, verifyBlocks)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	data, err := view.storedData(ctx, block.IDs(all))
	if err != nil {
		return nil, 0, err
	}
	for i, m := range all {
		if data[i] == nil {
			faults = append(faults, v.blockFault(m, errors.New("its data cannot be read")))
			continue
		}
		if err := v.decoder.Decode(block.Block{Meta: m, Data: data[i]}, &v.columns); err != nil {
			faults = append(faults, v.blockFault(m, err))
		}
	}
	*next = all[len(all)-1].ID
	return faults, len(all), nil
}
