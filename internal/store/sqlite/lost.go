package sqlite

import (
	"context"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

const lostColumns = `r.min_time, r.max_time, r.first_sequence, r.last_sequence`

// LostOfItems implements block.View.
func (v *view) LostOfItems(ctx context.Context, items []plant.ItemID) ([]block.Lost, error) {
	return v.lost(ctx, func(p *partition) (string, []any) {
		return `
			SELECT ` + lostColumns + `, i.id FROM json_each(?2) w CROSS JOIN data_items i ON i.id = w.value
				JOIN devices d ON d.id = i.device JOIN instances n ON n.agent = d.agent
				JOIN partition_runs r ON r.partition = ?1 AND r.instance = n.id`, []any{p.id, numberList(p.unsealed(items))}
	})
}

// LostOfRun implements block.View.
func (v *view) LostOfRun(ctx context.Context, run plant.RunID) ([]block.Lost, error) {
	return v.lost(ctx, func(p *partition) (string, []any) {
		return `SELECT ` + lostColumns + `, 0 FROM partition_runs r WHERE r.partition = ?1 AND r.instance = ?2`, []any{p.id, run}
	})
}

// lost is what a query finds in the partitions whose tables are missing: hardly ever
// are there any.
func (v *view) lost(ctx context.Context, query func(*partition) (string, []any)) (lost []block.Lost, err error) {
	missing, err := v.missing(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range missing {
		fault := damaged(v.faults, missingFault(p))
		find, args := query(p)
		of, err := collect(ctx, v.tx, func(row scanner) (l block.Lost, err error) {
			l.Err = fault
			err = row.Scan(&l.MinTime, &l.MaxTime, &l.FirstSequence, &l.LastSequence, &l.Item)
			return l, err
		}, find, args...)
		if err != nil {
			return nil, err
		}
		lost = append(lost, of...)
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
