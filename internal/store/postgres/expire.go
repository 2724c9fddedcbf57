package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// What a step of Expire frees at most: some 20 ms.
const (
	expireBlocks = 1000
	expireRows   = 10_000
)

// The old ones of an agent, $1, at a cutoff, $2; at most $3 of them.
const (
	// oldBlocks end before the cutoff.
	oldBlocks = `
		SELECT b.id FROM devices d JOIN data_items i ON i.device = d.id CROSS JOIN LATERAL (
			SELECT id FROM blocks WHERE item = i.id AND min_time < $2 AND max_time < $2 ORDER BY min_time LIMIT $3) b
		WHERE d.agent = $1 LIMIT $3`
	// oldStates come before the last one that is before the cutoff: that one says
	// how the machine stood then.
	oldStates = `
		SELECT s.ctid FROM devices d CROSS JOIN LATERAL (
			SELECT instance, sequence FROM states WHERE device = d.id AND time < $2 ORDER BY instance DESC, sequence DESC LIMIT 1
		) last JOIN states s ON s.device = d.id
		WHERE d.agent = $1 AND s.time < $2 AND (s.instance, s.sequence) < (last.instance, last.sequence) LIMIT $3`
	// oldBaselines are of runs of which nothing is left, when as many observations
	// have been freed of the runs $4 as $5 says. That nothing was ever stored of a
	// run means that when another one has followed it.
	oldBaselines = `
		SELECT b.ctid FROM instances i JOIN baselines b ON b.instance = i.id
		WHERE i.agent = $1 AND i.stored = i.freed + coalesce((
			SELECT sum(freed) FROM unnest($4::integer[], $5::bigint[]) would(run, freed) WHERE run = i.id
		), 0) AND (i.stored > 0 OR i.began < $2 AND EXISTS (SELECT 1 FROM instances n WHERE n.agent = i.agent AND n.id > i.id)) LIMIT $3`
)

// Expire implements store.Upkeep. The room that becomes free is used again for
// what comes.
func (s *Store) Expire(ctx context.Context, cutoffs map[plant.AgentID]int64, dry bool) (store.Expired, error) {
	e := expiry{Store: s, dry: dry}
	all := func(conn *pgx.Conn) error {
		e.conn = conn
		for _, agent := range slices.Sorted(maps.Keys(cutoffs)) {
			if err := e.agent(ctx, agent, cutoffs[agent]); err != nil {
				return err
			}
		}
		return nil
	}
	err := s.alone(ctx, blockLock, all)
	return e.done, s.fail(ctx, "expire", err)
}

// expiry frees what is old. Where dry is true it only looks what is.
type expiry struct {
	*Store
	conn *pgx.Conn
	dry  bool
	done store.Expired
}

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
	runs := slices.Sorted(maps.Keys(would))
	freed := make([]int64, len(runs))
	for i, run := range runs {
		freed[i] = would[run].observations
	}
	baselines, err := e.free(ctx, "baselines", oldBaselines, agent, cutoff, runs, freed)
	e.done.Baselines += baselines
	return err
}

// blocks frees the blocks of an agent. Where it only looks, it gives what would be
// freed of each run.
func (e *expiry) blocks(ctx context.Context, agent plant.AgentID, cutoff int64) (would map[plant.RunID]totals, err error) {
	if e.dry {
		would, _, err := taken(ctx, e.conn, `SELECT `+takenColumns+` FROM blocks WHERE id IN (`+oldBlocks+`)`, agent, cutoff, nil)
		e.count(sum(would))
		return would, err
	}
	for {
		var freed totals
		err := e.step(ctx, e.conn, func(ctx context.Context, tx pgx.Tx) error {
			runs, err := takeBlocks(ctx, tx, oldBlocks, agent, cutoff, expireBlocks)
			if err != nil || len(runs) == 0 {
				return err
			}
			freed = sum(runs)
			var batch pgx.Batch
			// In the order in which commits lock runs.
			for _, run := range slices.Sorted(maps.Keys(runs)) {
				batch.Queue(`UPDATE instances SET freed = freed + $2 WHERE id = $1`, run, runs[run].observations)
			}
			queueTotals(&batch, freed.negative())
			return tx.SendBatch(ctx, &batch).Close()
		})
		if err != nil {
			return nil, err
		}
		e.count(freed)
		if freed.blocks < expireBlocks {
			return nil, nil
		}
	}
}

// clocks frees the old clocks of an agent that no block needs. They are no
// observations, and not counted. Those that a call which was cut short has left, the
// next one frees.
func (e *expiry) clocks(ctx context.Context, agent plant.AgentID, cutoff int64) error {
	runs, err := collect(ctx, e.conn, pgx.RowTo[plant.RunID], `
		SELECT id FROM instances i WHERE agent = $1 AND EXISTS (SELECT 1 FROM blocks WHERE instance = i.id AND sequence_reach = -1) ORDER BY id`, agent)
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
		err := e.conn.QueryRow(ctx, `
			SELECT count(*) FILTER (WHERE max_time < $3), coalesce(max(first_sequence), 0) FROM (
				SELECT max_time, first_sequence FROM blocks
				WHERE instance = $1 AND sequence_reach = -1 AND first_sequence > $2 ORDER BY first_sequence LIMIT $4) c`,
			run, after, cutoff, expireBlocks).Scan(&old, &last)
		if err != nil || old == 0 {
			return err
		}
		err = e.step(ctx, e.conn, func(ctx context.Context, tx pgx.Tx) error {
			gone, err := takeClocks(ctx, tx, run, after, last, cutoff)
			if err != nil {
				return err
			}
			var batch pgx.Batch
			queueTotals(&batch, gone.negative())
			return tx.SendBatch(ctx, &batch).Close()
		})
		if err != nil {
			return err
		}
		after = last
	}
}

func (e *expiry) count(freed totals) {
	e.done.Observations += freed.observations
	e.done.Blocks += freed.blocks
	e.done.Bytes += freed.columns()
}

// free frees the rows of a table that a query finds, and gives how many they are.
// args are those of the query but for $3.
func (e *expiry) free(ctx context.Context, table, old string, args ...any) (n int64, err error) {
	args = slices.Insert(args, 2, any(nil))
	if e.dry {
		return one(ctx, e.conn, pgx.RowTo[int64], `SELECT count(*) FROM (`+old+`) old`, args...)
	}
	args[2] = expireRows
	for {
		var freed int64
		err := e.step(ctx, e.conn, func(ctx context.Context, tx pgx.Tx) error {
			result, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE ctid IN (`+old+`)`, args...)
			freed = result.RowsAffected()
			return err
		})
		n += freed
		if err != nil || freed < expireRows {
			return n, err
		}
	}
}
