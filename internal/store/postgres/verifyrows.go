package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// rows checks every row of every partition.
func (v *verification) rows(ctx context.Context) error {
	var all, gone []partition
	err := v.look(ctx, "verify rows", func(view *view) error {
		all, gone = slices.Clone(view.partitions), slices.Clone(view.gone)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range gone {
		if err := v.found(missingFault(&gone[i])); err != nil {
			return err
		}
	}
	for i := range all {
		if err := v.partition(ctx, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// partition checks every row of a partition, unless that has been sealed since.
func (v *verification) partition(ctx context.Context, p *partition) error {
	var wrong error
	err := v.look(ctx, "verify rows", func(view *view) (err error) {
		if slices.Contains(view.partitions, *p) {
			wrong, err = view.checkRows(ctx, p)
		}
		return err
	})
	if isCorrupt(err) {
		wrong, err = err, nil
	}
	if err == nil && wrong != nil {
		err = v.found(store.Fault{What: p.name(), Detail: wrong.Error()})
	}
	return err
}

// checkRows gives what is wrong with the rows of a partition.
func (v *view) checkRows(ctx context.Context, p *partition) (wrong, err error) {
	rows, err := v.conn.Query(ctx, `SELECT `+rowColumns+` FROM `+p.table+` ORDER BY instance, sequence`)
	if err != nil {
		return nil, again(err)
	}
	defer rows.Close()
	var run plant.RunID
	var sequence int64
	for rows.Next() {
		o, err := decodeRow(rows.RawValues())
		switch {
		case err != nil:
			return err, nil
		case o.Run == run && o.Sequence == sequence:
			return fmt.Errorf("sequence number %d of run %d is there twice", sequence, run), nil
		}
		run, sequence = o.Run, o.Sequence
	}
	return nil, again(rows.Err())
}

// ledger checks for each run that what is stored of it, freed and lost makes up
// the sequence numbers that it has accounted for.
func (v *verification) ledger(ctx context.Context) error {
	var faults []store.Fault
	err := v.look(ctx, "verify the ledger", func(view *view) (err error) {
		faults, err = view.checkLedger(ctx)
		return err
	})
	if isCorrupt(err) {
		faults, err = []store.Fault{{What: "ledger", Detail: err.Error()}}, nil
	}
	if err != nil {
		return err
	}
	return v.found(faults...)
}

// tally is what the ledger says of a run, and what is there.
type tally struct {
	run                                   plant.RunID
	agent                                 plant.AgentID
	first, next, stored, freed            int64
	inBlocks, blocks, inRows, knownToMiss int64
}

func scanTally(row pgx.CollectableRow) (t tally, err error) {
	err = row.Scan(&t.run, &t.agent, &t.first, &t.next, &t.stored, &t.freed, &t.inBlocks, &t.blocks, &t.knownToMiss)
	return t, err
}

func (v *view) checkLedger(ctx context.Context) (faults []store.Fault, err error) {
	runs, err := collect(ctx, v.conn, scanTally, `
		SELECT id, agent, first, next, stored, freed, coalesce(b.observations, 0), coalesce(b.blocks, 0), coalesce(g.missing, 0)
		FROM instances i
		LEFT JOIN (SELECT instance, sum(count) AS observations, count(*) AS blocks FROM blocks WHERE item <> 0 GROUP BY instance) b ON b.instance = i.id
		LEFT JOIN (
			SELECT instance, sum(to_sequence - from_sequence + 1)::bigint AS missing FROM gaps WHERE to_sequence >= from_sequence GROUP BY instance
		) g ON g.instance = i.id
		ORDER BY id`)
	if err != nil {
		return nil, err
	}
	rows, err := v.rowsByRun(ctx)
	if err != nil {
		return nil, err
	}
	var sum totals
	for _, t := range runs {
		t.inRows = rows[t.run]
		delete(rows, t.run)
		sum.observations, sum.blocks = sum.observations+t.inBlocks, sum.blocks+t.blocks
		if there := t.inBlocks + t.inRows; there != t.stored-t.freed {
			faults = append(faults, t.fault("%d observations are there, %d in blocks and %d in rows, where %d were stored and %d of them freed",
				there, t.inBlocks, t.inRows, t.stored, t.freed))
		}
		if t.stored+t.knownToMiss != t.next-t.first {
			faults = append(faults, t.fault("%d stored and %d lost are not the %d sequence numbers from %d up to %d",
				t.stored, t.knownToMiss, t.next-t.first, t.first, t.next))
		}
	}
	for _, run := range slices.Sorted(maps.Keys(rows)) {
		faults = append(faults, (&tally{run: run}).fault("%d rows are of it, and it is not there", rows[run]))
	}
	var said totals
	err = v.conn.QueryRow(ctx, `SELECT blocks, observations FROM block_totals`).Scan(&said.blocks, &said.observations)
	if err == nil && said != sum {
		faults = append(faults, store.Fault{What: "block totals", Detail: fmt.Sprintf(
			"they say %d blocks with %d observations, and there are %d with %d", said.blocks, said.observations, sum.blocks, sum.observations)})
	}
	return faults, err
}

func (t *tally) fault(format string, args ...any) store.Fault {
	return store.Fault{What: fmt.Sprintf("run %d", t.run), Agent: t.agent, Detail: fmt.Sprintf(format, args...)}
}

// rowsByRun counts the rows of each run.
func (v *view) rowsByRun(ctx context.Context) (map[plant.RunID]int64, error) {
	counts := make(map[plant.RunID]int64)
	for _, p := range v.partitions {
		rows, err := v.conn.Query(ctx, `SELECT instance, count(*) FROM `+p.table+` GROUP BY instance`)
		if err != nil {
			return nil, again(err)
		}
		var run plant.RunID
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&run, &n}, func() error {
			counts[run] += n
			return nil
		})
		if err != nil {
			return nil, again(err)
		}
	}
	return counts, nil
}
