package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// insertBaseline stores the baseline of a batch. It takes the place of what
// another one at the same number said of the same items.
func insertBaseline(ctx context.Context, tx *sql.Tx, b *store.Batch) error {
	if len(b.Baseline) == 0 {
		return nil
	}
	var again bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM baselines WHERE instance = ? AND at = ?)`, b.Run, b.Next).Scan(&again)
	if err != nil {
		return err
	}
	for i := range b.Baseline {
		if !again {
			break
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM baselines WHERE instance = ? AND at = ? AND item = ?`, b.Run, b.Next, b.Baseline[i].Item)
		if err != nil {
			return err
		}
	}
	insert, err := tx.PrepareContext(ctx, `
		INSERT INTO baselines (instance, at, item, time, sequence, value, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range b.Baseline {
		o := &b.Baseline[i]
		detail, err := encodeDetail(o.Alarm, o.Extra)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, b.Run, b.Next, o.Item, o.Time, o.Sequence, encodeValue(o.Value), detail); err != nil {
			return err
		}
	}
	return nil
}

// Baselines implements store.Reader.
func (s *Store) Baselines(ctx context.Context, run plant.RunID) iter.Seq2[plant.Baseline, error] {
	return func(yield func(plant.Baseline, error) bool) {
		const op = "read baselines"
		places, err := list(ctx, s, op, scanAt, `SELECT DISTINCT at FROM baselines WHERE instance = ? ORDER BY at`, run)
		if err != nil {
			yield(plant.Baseline{}, err)
			return
		}
		for _, at := range places {
			b := plant.Baseline{At: at}
			b.Observations, err = list(ctx, s, op, newRowReader().observation, `
				SELECT `+rowColumns+` FROM baselines o
				WHERE instance = ? AND at = ? ORDER BY sequence, item, id`, run, at)
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

func scanAt(row scanner) (at int64, err error) {
	err = row.Scan(&at)
	return at, err
}
