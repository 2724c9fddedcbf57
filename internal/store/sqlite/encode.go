package sqlite

import (
	"cmp"
	"context"

	"github.com/factorydash/factorydash/internal/store/block"
)

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
				return err
			}
			if err := builder.Add(o); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return blocks, builder.Flush()
}
