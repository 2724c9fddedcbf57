package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// bounds are where the rows of a run lie in a partition.
type bounds struct{ first, last, min, max int64 }

const (
	// sequenceStep and timeStep are how wide bounds are drawn, so that few commits
	// change them: one in 65,536 observations of a run, and one an hour.
	sequenceStep = 1 << 16
	timeStep     = 3_600_000_000
)

// boundsOf gives the bounds of observations in order of sequence, drawn wide.
func boundsOf(observations []plant.Observation) bounds {
	b := bounds{first: observations[0].Sequence, last: observations[len(observations)-1].Sequence, min: observations[0].Time, max: observations[0].Time}
	for i := range observations {
		b.min, b.max = min(b.min, observations[i].Time), max(b.max, observations[i].Time)
	}
	return bounds{b.first, b.last | (sequenceStep - 1), hour(b.min), hour(b.max) + min(timeStep-1, math.MaxInt64-hour(b.max))}
}

// hour is the beginning of the hour of a time.
func hour(time int64) int64 {
	past := (time%timeStep + timeStep) % timeStep
	if time < math.MinInt64+past {
		return math.MinInt64
	}
	return time - past
}

// covers reports whether other bounds lie within.
func (b bounds) covers(o bounds) bool {
	return b.first <= o.first && b.last >= o.last && b.min <= o.min && b.max >= o.max
}

// join gives the bounds of both.
func (b bounds) join(o bounds) bounds {
	return bounds{min(b.first, o.first), max(b.last, o.last), min(b.min, o.min), max(b.max, o.max)}
}

// drawn is the bounds of a partition, by run.
type drawn map[plant.RunID]bounds

// add draws the bounds of a run wider.
func (d drawn) add(run plant.RunID, b bounds) {
	if known, is := d[run]; is {
		b = b.join(known)
	}
	d[run] = b
}

// widen adds the statements that draw the bounds of a partition wide enough for
// others, where they are not. The commit holds the runs.
func (d drawn) widen(batch *pgx.Batch, p *partition, others drawn) {
	for run, b := range others {
		if known, is := d[run]; is && known.covers(b) {
			continue
		}
		batch.Queue(`
			INSERT INTO partition_runs AS r (partition, instance, first_sequence, last_sequence, min_time, max_time)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (partition, instance) DO UPDATE SET
				first_sequence = least(r.first_sequence, excluded.first_sequence), last_sequence = greatest(r.last_sequence, excluded.last_sequence),
				min_time = least(r.min_time, excluded.min_time), max_time = greatest(r.max_time, excluded.max_time)`,
			p.number, run, b.first, b.last, b.min, b.max)
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
