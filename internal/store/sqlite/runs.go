package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const runColumns = `id, agent, instance_id, epoch, first, next, stored, freed, began`

func scanRun(row scanner) (plant.Run, error) {
	var (
		r        plant.Run
		instance int64
		began    int64
	)
	err := row.Scan(&r.ID, &r.Agent, &instance, &r.Epoch, &r.First, &r.Next, &r.Stored, &r.Freed, &began)
	r.InstanceID, r.Began = uint64(instance), fromMicros(began)
	return r, err
}

// LastRun implements store.Writer.
func (s *Store) LastRun(ctx context.Context, agent plant.AgentID) (plant.Run, error) {
	run, err := scanRun(s.read.QueryRowContext(ctx,
		`SELECT `+runColumns+` FROM instances WHERE agent = ? ORDER BY id DESC LIMIT 1`, agent))
	if errors.Is(err, sql.ErrNoRows) {
		return plant.Run{}, plant.Errorf(plant.NotFound, "nothing has been read of the agent with number %d", agent)
	}
	return run, s.fail(ctx, s.read, "read last run", err)
}

// StartRun implements store.Writer. The run's Next goes behind the gaps that
// begin at its First.
func (s *Store) StartRun(ctx context.Context, after plant.RunID, run plant.Run, gaps []plant.Gap) (plant.Run, error) {
	var stored plant.Run
	err := s.update(ctx, "start run", func(tx *sql.Tx) (err error) {
		if err := checkAgent(ctx, tx, run.Agent); err != nil {
			return err
		}
		var newest plant.RunID
		err = tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM instances WHERE agent = ?`, run.Agent).Scan(&newest)
		if err != nil {
			return err
		}
		if newest != after {
			return plant.Errorf(plant.Conflict, "another reader has started run %d of the agent; the newest run known here is %d", newest, after)
		}
		own, end, err := store.SplitGaps(after, gaps)
		if err != nil {
			return err
		}
		if err := checkEnd(ctx, tx, end); err != nil {
			return err
		}
		if run.Next, err = store.Account(run.First, nil, own, 0); err != nil {
			return err
		}
		stored, err = scanRun(tx.QueryRowContext(ctx, `
			INSERT INTO instances (agent, instance_id, epoch, first, next, stored, began)
			VALUES (?1, ?2, (SELECT count(*) FROM instances WHERE agent = ?1 AND instance_id = ?2), ?3, ?4, 0, ?5)
			RETURNING `+runColumns,
			run.Agent, int64(run.InstanceID), run.First, run.Next, run.Began.UnixMicro()))
		if err != nil {
			return err
		}
		if err := insertGaps(ctx, tx, stored.ID, own); err != nil {
			return err
		}
		return insertGaps(ctx, tx, after, end)
	})
	return stored, err
}

// checkEnd gives Conflict where the open end of a run is not at its cursor:
// another reader has gone on with that run.
func checkEnd(ctx context.Context, tx *sql.Tx, end []plant.Gap) error {
	for _, g := range end {
		var next int64
		if err := tx.QueryRowContext(ctx, `SELECT next FROM instances WHERE id = ?`, g.Run).Scan(&next); err != nil {
			return err
		}
		if next != g.From {
			return plant.Errorf(plant.Conflict, "run %d stands at %d and not at %d: another reader has committed", g.Run, next, g.From)
		}
	}
	return nil
}

func insertGaps(ctx context.Context, tx *sql.Tx, run plant.RunID, gaps []plant.Gap) error {
	for _, g := range gaps {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO gaps (instance, from_sequence, to_sequence, reason, detail, noticed) VALUES (?, ?, ?, ?, ?, ?)`,
			run, g.From, g.To, g.Reason, g.Detail, g.Noticed.UnixMicro())
		if err != nil {
			return err
		}
	}
	return nil
}

// Runs implements store.Reader.
func (s *Store) Runs(ctx context.Context) ([]plant.Run, error) {
	// Instances from 2^63 are negative in the column and come after the others.
	return list(ctx, s, "list runs", scanRun,
		`SELECT `+prefixed("i", runColumns)+` FROM instances i JOIN agents a ON a.id = i.agent
		ORDER BY a.name, i.instance_id < 0, i.instance_id, i.epoch`)
}

// gapRows is how many gaps are read at once: like observations, they are read in
// pages, since a bad agent makes many.
const gapRows = 500

const selectGaps = `SELECT instance, from_sequence, to_sequence, reason, detail, noticed FROM gaps `

// Gaps implements store.Reader. No two gaps of a run have the same From.
func (s *Store) Gaps(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Gap, error] {
	const rest = `WHERE instance = ? AND from_sequence >= ? ORDER BY from_sequence LIMIT ?`
	return s.gaps(ctx, rest, run, sequence, func(last plant.Gap) int64 { return last.From + 1 })
}

// GapsBefore implements store.Reader.
func (s *Store) GapsBefore(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Gap, error] {
	const rest = `WHERE instance = ? AND from_sequence < ? ORDER BY from_sequence DESC LIMIT ?`
	return s.gaps(ctx, rest, run, sequence, func(last plant.Gap) int64 { return last.From })
}

// gaps yields the gaps of a run page by page; next gives the sequence number at
// which the page behind a gap begins.
func (s *Store) gaps(ctx context.Context, rest string, run plant.RunID, sequence int64, next func(last plant.Gap) int64) iter.Seq2[plant.Gap, error] {
	return func(yield func(plant.Gap, error) bool) {
		for more := true; more; {
			page, err := list(ctx, s, "read gaps", scanGap, selectGaps+rest, run, sequence, gapRows)
			if err != nil {
				yield(plant.Gap{}, err)
				return
			}
			for _, g := range page {
				if !yield(g, nil) {
					return
				}
				sequence = next(g)
			}
			more = len(page) == gapRows
		}
	}
}

func scanGap(row scanner) (plant.Gap, error) {
	var (
		g       plant.Gap
		noticed int64
	)
	err := row.Scan(&g.Run, &g.From, &g.To, &g.Reason, &g.Detail, &noticed)
	g.Noticed = fromMicros(noticed)
	return g, err
}
