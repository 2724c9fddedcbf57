package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// LostOfItems implements block.View. A partition knows only between which times its
// rows are, of whatever item.
func (v *view) LostOfItems(ctx context.Context, items []plant.ItemID) (lost []block.Lost, err error) {
	missing, err := v.missing(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range missing {
		of := block.Lost{MinTime: p.minTime, MaxTime: p.maxTime, Err: damaged(v.faults, missingFault(p))}
		for _, of.Item = range p.unsealed(items) {
			lost = append(lost, of)
		}
	}
	return lost, nil
}

// LostOfRun implements block.View. Where rows of the run may be among those of a
// partition, they may be any of its sequence numbers.
func (v *view) LostOfRun(ctx context.Context, run plant.RunID) (lost []block.Lost, err error) {
	missing, err := v.missing(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range missing {
		var first, next int64
		err := v.tx.QueryRowContext(ctx,
			`SELECT first, next FROM instances WHERE id = ? AND last_row >= ? AND first_row <= ?`, run, p.firstRow, p.lastRow).Scan(&first, &next)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return nil, err
		default:
			lost = append(lost, block.Lost{FirstSequence: first, LastSequence: next - 1, Err: damaged(v.faults, missingFault(p))})
		}
	}
	return lost, nil
}

// missing gives the partitions whose rows are gone.
func (v *view) missing(ctx context.Context) (missing []*partition, err error) {
	all, err := v.partitions(ctx)
	for i := range all {
		if all[i].missing {
			missing = append(missing, &all[i])
		}
	}
	return missing, err
}
