package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// drawn is the bounds of a partition, by run.
type drawn map[plant.RunID]block.Bounds

// add draws the bounds of a run wider.
func (d drawn) add(run plant.RunID, b block.Bounds) {
	if known, is := d[run]; is {
		b = b.Join(known)
	}
	d[run] = b
}

// widen adds the statements that draw the bounds of a partition wide enough for
// others, where they are not. The commit holds the runs.
func (d drawn) widen(batch *pgx.Batch, p *partition, others drawn) {
	for run, b := range others {
		if known, is := d[run]; is && known.Cover(b) {
			continue
		}
		batch.Queue(`
			INSERT INTO partition_runs AS r (partition, instance, first_sequence, last_sequence, min_time, max_time)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (partition, instance) DO UPDATE SET
				first_sequence = least(r.first_sequence, excluded.first_sequence), last_sequence = greatest(r.last_sequence, excluded.last_sequence),
				min_time = least(r.min_time, excluded.min_time), max_time = greatest(r.max_time, excluded.max_time)`,
			p.number, run, b.FirstSequence, b.LastSequence, b.MinTime, b.MaxTime)
	}
}

const lostColumns = `r.partition, r.min_time, r.max_time, r.first_sequence, r.last_sequence`

// LostOfItems implements block.View.
func (v *view) LostOfItems(ctx context.Context, items []plant.ItemID) ([]block.Lost, error) {
	return v.lost(ctx, `
		SELECT `+lostColumns+`, i.id FROM partition_runs r
			JOIN instances n ON n.id = r.instance JOIN devices d ON d.agent = n.agent JOIN data_items i ON i.device = d.id
		WHERE r.partition = ANY($1) AND i.id = ANY($2)`, items)
}

// LostOfRun implements block.View.
func (v *view) LostOfRun(ctx context.Context, run plant.RunID) ([]block.Lost, error) {
	return v.lost(ctx, `SELECT `+lostColumns+`, 0 FROM partition_runs r WHERE r.partition = ANY($1) AND r.instance = $2`, run)
}

// lost is what a query finds in the partitions whose tables are missing: hardly
// ever are there any.
func (v *view) lost(ctx context.Context, query string, of any) ([]block.Lost, error) {
	if len(v.gone) == 0 {
		return nil, nil
	}
	numbers := make([]int32, len(v.gone))
	faults := make(map[int32]error, len(v.gone))
	for i := range v.gone {
		p := &v.gone[i]
		fault := missingFault(p)
		numbers[i], faults[p.number] = p.number, plant.Errorf(plant.Damaged, "%s is damaged: %s", fault.What, fault.Detail)
	}
	return collect(ctx, v.conn, func(row pgx.CollectableRow) (l block.Lost, err error) {
		var partition int32
		err = row.Scan(&partition, &l.MinTime, &l.MaxTime, &l.FirstSequence, &l.LastSequence, &l.Item)
		l.Err = faults[partition]
		return l, err
	}, query, numbers, of)
}
