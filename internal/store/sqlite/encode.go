package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/factorydash/factorydash/internal/store/block"
)

// errUnsound is what sealing meets where a row says what no observation can: it was
// not stored by us.
var errUnsound = errors.New("a row is not as it should be")

// unsound makes errUnsound of an error; nil stays nil.
func unsound(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errUnsound, err)
}

// encodePartition puts the rows of a partition that count into blocks. A
// partition is small enough for all its blocks to be held.
func (s *Store) encodePartition(ctx context.Context, p *partition) (blocks []block.Block, err error) {
	builder := block.NewBuilder(func(b block.Block) error {
		blocks = append(blocks, b)
		return nil
	})
	err = s.look(ctx, "read rows to seal", func(v *view) error {
		if now, err := v.partition(ctx, p.id); err != nil || now == nil || now.sealedItem != p.sealedItem {
			return cmp.Or(err, errTaken)
		}
		rows, err := v.tx.QueryContext(ctx, `SELECT `+rowColumns+` FROM `+p.table()+` o WHERE o.item > ? ORDER BY o.id`, p.sealedItem)
		if err != nil {
			return err
		}
		defer rows.Close()
		for reader := newRowReader(); rows.Next(); {
			o, err := reader.observation(rows)
			if err != nil {
				return unsound(err)
			}
			if err := builder.Add(o); err != nil {
				return unsound(err)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	err = unsound(builder.Flush())
	return blocks, err
}
