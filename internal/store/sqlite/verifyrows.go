package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// rows checks every row of every partition.
func (v *verification) rows(ctx context.Context) error {
	var all []partition
	err := v.look(ctx, "verify rows", func(view *view) (err error) {
		all, err = view.partitions(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for i := range all {
		if err := v.partition(ctx, all[i]); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) partition(ctx context.Context, p partition) error {
	if p.missing {
		return v.found(missingFault(&p))
	}
	last := make(map[plant.RunID]int64) // sequence number of each run
	for next := p.firstRow; next <= p.lastRow; next += verifyRows {
		end := min(next+verifyRows, p.lastRow+1)
		var wrong string
		gone := false
		err := v.look(ctx, "verify rows", func(view *view) error {
			now, err := view.partition(ctx, p.id)
			if gone = now == nil; err != nil || gone {
				return err
			}
			wrong, err = view.checkRows(ctx, now, next, end, last)
			return err
		})
		if corrupt(err) {
			wrong, err = err.Error(), nil
		}
		if err != nil || gone {
			return err
		}
		if wrong == "" {
			continue
		}
		if err := v.found(store.Fault{What: p.name(), Detail: fmt.Sprintf("rows from %d to %d: %s", next, end-1, wrong)}); err != nil {
			return err
		}
	}
	return nil
}

// checkRows says what is wrong with the rows of a partition from first up to but
// not including end; nothing where they are sound. last has the sequence numbers
// before them.
func (v *view) checkRows(ctx context.Context, p *partition, first, end int64, last map[plant.RunID]int64) (wrong string, err error) {
	rows, err := v.tx.QueryContext(ctx, `SELECT `+rowColumns+` FROM `+p.table()+` o WHERE o.id >= ? AND o.id < ? ORDER BY o.id`, first, end)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	reader := newRowReader()
	n := int64(0)
	for ; rows.Next(); n++ {
		o, err := reader.observation(rows)
		if err != nil {
			return err.Error(), nil
		}
		if o.Sequence <= last[o.Run] {
			return fmt.Sprintf("sequence number %d of run %d stands behind %d", o.Sequence, o.Run, last[o.Run]), nil
		}
		last[o.Run] = o.Sequence
		if o.Time < p.minTime || o.Time > p.maxTime {
			return fmt.Sprintf("the time of sequence number %d of run %d is not within those of the partition, so that reads may not find it", o.Sequence, o.Run), nil
		}
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	if n != end-first {
		return fmt.Sprintf("there are %d", n), nil
	}
	return "", nil
}

// ledger checks for each run that what is stored of it, freed and lost makes up
// the sequence numbers that it has accounted for.
func (v *verification) ledger(ctx context.Context) error {
	var faults []store.Fault
	err := v.look(ctx, "verify the ledger", func(view *view) (err error) {
		faults, err = view.checkLedger(ctx)
		return err
	})
	if corrupt(err) {
		faults, err = append(faults, store.Fault{What: "ledger", Detail: err.Error()}), nil
	}
	for _, f := range faults {
		if err == nil {
			err = v.found(f)
		}
	}
	return err
}

// tally is what the ledger says of a run, and what is there.
type tally struct {
	run                                 plant.RunID
	agent                               plant.AgentID
	next, first, stored, freed          int64
	inBlocks, inRows, lostInKnownLength int64
}

func scanTally(row scanner) (t tally, err error) {
	err = row.Scan(&t.run, &t.agent, &t.first, &t.next, &t.stored, &t.freed, &t.inBlocks, &t.lostInKnownLength)
	return t, err
}

func (v *view) checkLedger(ctx context.Context) (faults []store.Fault, err error) {
	runs, err := collect(ctx, v.tx, scanTally, `
		SELECT id, agent, first, next, stored, freed,
			(SELECT coalesce(sum(count), 0) FROM blocks WHERE instance = i.id AND sequence_reach >= 0),
			(SELECT coalesce(sum(to_sequence - from_sequence + 1), 0) FROM gaps WHERE instance = i.id AND to_sequence >= from_sequence)
		FROM instances i ORDER BY id`)
	if err != nil {
		return nil, err
	}
	rows, err := v.rowsByRun(ctx)
	if err != nil {
		return nil, err
	}
	blocked := int64(0)
	for _, t := range runs {
		t.inRows = rows[t.run]
		delete(rows, t.run)
		blocked += t.inBlocks
		if there := t.inBlocks + t.inRows; there != t.stored-t.freed {
			faults = append(faults, t.fault("%d observations are there, %d in blocks and %d in rows, where %d were stored and %d of them freed",
				there, t.inBlocks, t.inRows, t.stored, t.freed))
		}
		if t.stored+t.lostInKnownLength != t.next-t.first {
			faults = append(faults, t.fault("%d stored and %d lost are not the %d sequence numbers from %d up to %d",
				t.stored, t.lostInKnownLength, t.next-t.first, t.first, t.next))
		}
	}
	for _, run := range slices.Sorted(maps.Keys(rows)) {
		faults = append(faults, (&tally{run: run}).fault("%d rows are of it, and it is not there", rows[run]))
	}
	t, err := readTotals(ctx, v.tx)
	if err != nil {
		return nil, err
	}
	var blocks int64
	if err := v.tx.QueryRowContext(ctx, `SELECT count(*) FROM blocks WHERE sequence_reach >= 0`).Scan(&blocks); err != nil {
		return nil, err
	}
	if t.blocks != blocks || t.observations != blocked {
		faults = append(faults, store.Fault{What: "block totals", Detail: fmt.Sprintf(
			"they say %d blocks with %d observations, and there are %d with %d", t.blocks, t.observations, blocks, blocked)})
	}
	return faults, nil
}

func (t *tally) fault(format string, args ...any) store.Fault {
	return store.Fault{What: fmt.Sprintf("run %d", t.run), Agent: t.agent, Detail: fmt.Sprintf(format, args...)}
}

// rowsByRun counts the rows of each run that do not lie in blocks too.
func (v *view) rowsByRun(ctx context.Context) (map[plant.RunID]int64, error) {
	partitions, err := v.partitions(ctx)
	if err != nil {
		return nil, err
	}
	counts := make(map[plant.RunID]int64)
	for _, p := range partitions {
		if p.missing {
			continue
		}
		type count struct {
			run  plant.RunID
			rows int64
		}
		all, err := collect(ctx, v.tx, func(row scanner) (c count, err error) {
			err = row.Scan(&c.run, &c.rows)
			return c, err
		}, `SELECT instance, count(*) FROM `+p.table()+` WHERE item > ? GROUP BY instance`, p.sealedItem)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			counts[c.run] += c.rows
		}
	}
	return counts, nil
}
