package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

var _ block.Source = (*Store)(nil)

// viewAttempts is how often a view is begun. It begins anew where a table that it
// was to read has gone: partitions are dropped some time after they were sealed,
// and a view that begins after that finds their rows in blocks.
const viewAttempts = 5

// errGone is what a view meets where the table of a partition has gone.
var errGone = errors.New("a partition has gone while it was to be read")

// ItemObservations implements store.Reader.
func (s *Store) ItemObservations(ctx context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	return block.ItemObservations(ctx, s, items, from, to, before)
}

// ItemSummaries implements store.Reader.
func (s *Store) ItemSummaries(ctx context.Context, item plant.ItemID, from, to int64, columns, room int) iter.Seq2[plant.Summary, error] {
	return block.ItemSummaries(ctx, s, item, from, to, columns, room)
}

// Observations implements store.Reader.
func (s *Store) Observations(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Observation, error] {
	return block.RunObservations(ctx, s, run, sequence)
}

// View implements block.Source. It is one transaction that reads one state of the
// database.
func (s *Store) View(ctx context.Context, f func(block.View) error) error {
	return s.look(ctx, "read observations", func(v *view) error { return f(v) })
}

// look is View for what needs more than block.View. op is for the error.
func (s *Store) look(ctx context.Context, op string, f func(*view) error) error {
	v := &view{faults: &s.faults, pace: &s.pace, cache: s.cache}
	var err error
	for range viewAttempts {
		if err = s.lookOnce(ctx, v, f); !errors.Is(err, errGone) {
			break
		}
	}
	return s.fail(ctx, op, err)
}

// lookOnce is one attempt of look: v knows what those before have met.
func (s *Store) lookOnce(ctx context.Context, v *view, f func(*view) error) error {
	conn, err := s.read.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	v.conn = conn.Conn()
	err = v.begin(ctx)
	if err == nil {
		err = f(v)
	}
	if v.conn.IsClosed() {
		return err
	}
	_, e := v.conn.Exec(ctx, `COMMIT`) // What has failed is rolled back by it.
	return errors.Join(err, e)
}

// view is a block.View. Where its rows lie is in viewrows.go, where its blocks lie
// in viewblocks.go.
type view struct {
	faults  *store.Faults
	pace    *pace
	cache   *block.DataCache
	conn    *pgx.Conn
	edition string
	// partitions are those that are not sealed, the oldest first.
	partitions []partition
	// gone are those whose table has gone missing, and missing the tables that were
	// not there when a view began before.
	gone    []partition
	missing []string
	// careful is true where some data could not be read.
	careful bool
}

// begin begins the transaction, and reads which partitions have rows that lie in
// no block.
func (v *view) begin(ctx context.Context) error {
	var batch pgx.Batch
	batch.Queue(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`)
	v.partitions, v.gone = v.partitions[:0], v.gone[:0]
	batch.Queue(`SELECT ` + partitionColumns + `, ` + there + ` FROM partitions WHERE sealed IS NULL ORDER BY start, number`).Query(func(rows pgx.Rows) error {
		var p partition
		var is bool
		_, err := pgx.ForEachRow(rows, []any{&p.number, &p.table, &p.start, &p.finish, &is}, func() error {
			if is {
				v.partitions = append(v.partitions, p)
			} else {
				v.gone = append(v.gone, p)
			}
			return nil
		})
		return err
	})
	// All that add and delete blocks write this row anew. A standby that took over
	// without the last commits gives their numbers out again: it began at another time.
	batch.Queue(`SELECT xmin::text || ctid::text || pg_postmaster_start_time() FROM block_totals`).QueryRow(func(row pgx.Row) error { return row.Scan(&v.edition) })
	if err := v.conn.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	// A table that was not there before this state of the database, in which it is
	// not sealed, was not dropped by us.
	known := len(v.missing)
	for _, p := range v.gone {
		if !slices.Contains(v.missing[:known], p.table) {
			v.missing = append(v.missing, p.table)
		}
	}
	if len(v.missing) > known {
		return errGone
	}
	for _, p := range v.gone {
		v.faults.Note(missingFault(&p))
	}
	return nil
}

// again makes errGone of the error of a table that has gone.
func again(err error) error {
	if errorCode(err) == undefinedTable {
		return errGone
	}
	return err
}

// Faults implements store.Upkeep.
func (s *Store) Faults() []store.Fault { return s.faults.All() }

// Damaged implements block.Source.
func (s *Store) Damaged(m block.Meta, why error) error {
	fault := s.faults.Note(s.blockFault(m, why))
	return plant.Errorf(plant.Damaged, "%s is damaged: %s", fault.What, fault.Detail)
}

func (s *Store) blockFault(m block.Meta, why error) store.Fault {
	if m.IsClock() {
		return store.Fault{
			What:   fmt.Sprintf("clock %d of run %d", m.ID, m.Run),
			Detail: fmt.Sprintf("times of the sequence numbers from %d to %d: %v", m.FirstSequence, m.LastSequence, why),
		}
	}
	return store.Fault{
		What: fmt.Sprintf("block %d", m.ID), Agent: s.itemAgents.known(int32(m.Item)), Item: m.Item,
		Detail: fmt.Sprintf("%d observations with sequence numbers from %d to %d: %v", m.Count, m.FirstSequence, m.LastSequence, why),
	}
}

func missingFault(p *partition) store.Fault {
	return store.Fault{What: p.name(), Detail: fmt.Sprintf("its table %s is missing, with what was committed in it and not sealed yet", p.table)}
}
