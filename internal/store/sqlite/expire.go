package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Expire implements store.Upkeep. The pages that become free are used again for
// what comes; the file does not become smaller.
func (s *Store) Expire(ctx context.Context, cutoffs map[plant.AgentID]int64, dry bool) (store.Expired, error) {
	e := expiry{Store: s, dry: dry}
	for _, agent := range slices.Sorted(maps.Keys(cutoffs)) {
		if err := e.agent(ctx, agent, cutoffs[agent]); err != nil {
			return e.done, err
		}
	}
	return e.done, nil
}

// expiry frees what is old. Where dry is true it only looks what is.
type expiry struct {
	*Store
	dry  bool
	done store.Expired
}

// oldBlocks are the blocks of an agent, ?1, that end before a cutoff, ?2.
const oldBlocks = `
	FROM devices d CROSS JOIN data_items i ON i.device = d.id CROSS JOIN blocks b ON b.item = i.id
	WHERE d.agent = ?1 AND b.min_time < ?2 AND b.max_time < ?2`

// The numbers of what else is old of an agent, ?1, at a cutoff, ?2: at most ?3 of
// them.
const (
	// oldStates come before the last one that is before the cutoff: that one says
	// how the machine stood then.
	oldStates = `
		SELECT s.id FROM devices d CROSS JOIN states last ON last.id = (
			SELECT id FROM states WHERE device = d.id AND +time < ?2 ORDER BY instance DESC, sequence DESC LIMIT 1
		) CROSS JOIN states s ON s.device = d.id
		WHERE d.agent = ?1 AND s.time < ?2 AND (s.instance, s.sequence) < (last.instance, last.sequence) LIMIT ?3`
	// oldBaselines are of runs of which nothing is left, when ?4 has been freed: an
	// array of runs and numbers of observations. That nothing was ever stored of a
	// run means that when another one has followed it.
	oldBaselines = `
		SELECT b.id FROM instances i CROSS JOIN baselines b ON b.instance = i.id
		WHERE i.agent = ?1 AND i.stored = i.freed + coalesce((
			SELECT sum(value ->> 1) FROM json_each(?4) WHERE value ->> 0 = i.id
		), 0) AND (i.stored > 0 OR i.began < ?2 AND EXISTS (SELECT 1 FROM instances n WHERE n.agent = i.agent AND n.id > i.id)) LIMIT ?3`
)

func (e *expiry) agent(ctx context.Context, agent plant.AgentID, cutoff int64) error {
	would, err := e.blocks(ctx, agent, cutoff)
	if err == nil && !e.dry {
		err = e.clocks(ctx, agent, cutoff)
	}
	if err != nil {
		return err
	}
	states, err := e.free(ctx, "states", oldStates, agent, cutoff)
	e.done.States += states
	if err != nil {
		return err
	}
	baselines, err := e.free(ctx, "baselines", oldBaselines, agent, cutoff, would)
	e.done.Baselines += baselines
	return err
}

// blocks frees the blocks of an agent. Where it only looks, it gives what would be
// freed of each run.
func (e *expiry) blocks(ctx context.Context, agent plant.AgentID, cutoff int64) (would string, err error) {
	if e.dry {
		old, err := e.countOld(ctx, agent, cutoff)
		e.count(sum(old))
		return runCounts(old), err
	}
	for {
		var freed totals
		err := e.step(ctx, "expire", func(tx *sql.Tx) error {
			runs, err := takeBlocks(ctx, tx, `SELECT b.id`+oldBlocks+` LIMIT ?3`, agent, cutoff, stepBlocks)
			if err != nil {
				return err
			}
			freed = sum(runs)
			for run, t := range runs {
				if _, err := tx.ExecContext(ctx, `UPDATE instances SET freed = freed + ? WHERE id = ?`, t.observations, run); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		e.count(freed)
		if freed.blocks < stepBlocks {
			return runCounts(nil), nil
		}
	}
}

// clocks frees the old clocks of an agent that no block needs. They are no
// observations, and not counted. Those that a call which was cut short has left, the
// next one frees.
func (e *expiry) clocks(ctx context.Context, agent plant.AgentID, cutoff int64) error {
	runs, err := list(ctx, e.Store, "expire", func(row scanner) (run plant.RunID, err error) {
		err = row.Scan(&run)
		return run, err
	}, `SELECT id FROM instances i WHERE agent = ? AND EXISTS (SELECT 1 FROM blocks WHERE instance = i.id AND sequence_reach = -1) ORDER BY id`, agent)
	for _, run := range runs {
		if err == nil {
			err = e.clocksOf(ctx, run, cutoff)
		}
	}
	return err
}

// clocksOf is clocks for a run. It looks at some after the other, and ends with the
// first of which none is old: to look at all that there are would take long.
func (e *expiry) clocksOf(ctx context.Context, run plant.RunID, cutoff int64) error {
	for after := int64(0); ; {
		var old, last int64
		err := e.look(ctx, "expire", func(v *view) error {
			return v.tx.QueryRowContext(ctx, `
				SELECT count(*) FILTER (WHERE max_time < ?3), coalesce(max(first_sequence), 0) FROM (
					SELECT max_time, first_sequence FROM blocks
					WHERE instance = ?1 AND sequence_reach = -1 AND first_sequence > ?2 ORDER BY first_sequence LIMIT ?4)`,
				run, after, cutoff, stepBlocks).Scan(&old, &last)
		})
		if err != nil || old == 0 {
			return err
		}
		err = e.step(ctx, "expire", func(tx *sql.Tx) error { return takeClocks(ctx, tx, run, after, last, cutoff) })
		if err != nil {
			return err
		}
		after = last
	}
}

// countOld gives what the old blocks of each run of an agent are together.
func (e *expiry) countOld(ctx context.Context, agent plant.AgentID, cutoff int64) (map[plant.RunID]totals, error) {
	old := make(map[plant.RunID]totals)
	_, err := list(ctx, e.Store, "expire", func(row scanner) (run plant.RunID, err error) {
		var t totals
		err = row.Scan(&run, &t.blocks, &t.observations, &t.bytes)
		old[run] = t
		return run, err
	}, `SELECT b.instance, count(*), sum(b.count), sum(b.bytes + coalesce(length(b.summary), 0))`+oldBlocks+` GROUP BY b.instance`, agent, cutoff)
	return old, err
}

func (e *expiry) count(freed totals) {
	e.done.Observations += freed.observations
	e.done.Blocks += freed.blocks
	e.done.Bytes += freed.columns()
}

// runCounts is the observations of runs as a JSON array of pairs.
func runCounts(runs map[plant.RunID]totals) string {
	pairs := [][2]int64{}
	for run, t := range runs {
		pairs = append(pairs, [2]int64{int64(run), t.observations})
	}
	b, _ := json.Marshal(pairs) // numbers always can be
	return string(b)
}

// free frees the rows of a table that a query finds, and gives how many they are.
// args are those of the query but for ?3.
func (e *expiry) free(ctx context.Context, table, old string, args ...any) (n int64, err error) {
	args = slices.Insert(args, 2, any(-1))
	if e.dry {
		err := e.look(ctx, "expire", func(v *view) error {
			return v.tx.QueryRowContext(ctx, `SELECT count(*) FROM (`+old+`)`, args...).Scan(&n)
		})
		return n, err
	}
	args[2] = stepRows
	for {
		var freed int64
		err := e.step(ctx, "expire", func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE id IN (`+old+`)`, args...)
			if err != nil {
				return err
			}
			freed, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return n, err
		}
		n += freed
		if freed < stepRows {
			return n, nil
		}
	}
}
