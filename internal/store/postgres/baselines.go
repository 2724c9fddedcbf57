package postgres

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
)

// Baselines implements store.Reader.
func (s *Store) Baselines(ctx context.Context, run plant.RunID) iter.Seq2[plant.Baseline, error] {
	return func(yield func(plant.Baseline, error) bool) {
		const op = "read baselines"
		places, err := list(ctx, s, op, pgx.RowTo[int64], `SELECT DISTINCT at FROM baselines WHERE instance = $1 ORDER BY at`, run)
		if err != nil {
			yield(plant.Baseline{}, err)
			return
		}
		for _, at := range places {
			b := plant.Baseline{At: at}
			b.Observations, err = list(ctx, s, op, scanObservation, `
				SELECT `+rowColumns+` FROM baselines
				WHERE instance = $1 AND at = $2 ORDER BY sequence, item, id`, run, at)
			if err != nil {
				yield(plant.Baseline{}, err)
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func scanObservation(row pgx.CollectableRow) (plant.Observation, error) {
	return decodeRow(row.RawValues())
}
