package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// insertRows is how many rows one statement inserts where there are that
	// many: the cost of a call is then spread over them.
	insertRows = 500
	// insertColumns is how many values a row takes.
	insertColumns = 7
	// blockLeast is how many observations of an item go into blocks at once where a
	// batch has that many, as when an agent is caught up with: they would make rows
	// of fifty times the cost.
	blockLeast = 256
)

// insertObservations is the statement that inserts n rows.
func insertObservations(n int) string {
	return `INSERT INTO ` + openTable + ` (id, instance, item, time, sequence, value, detail) VALUES ` +
		strings.Repeat(`(?, ?, ?, ?, ?, ?, ?), `, n-1) + `(?, ?, ?, ?, ?, ?, ?)`
}

// Commit implements store.Writer.
func (s *Store) Commit(ctx context.Context, batches []*store.Batch) error {
	for _, b := range batches {
		b.Err = b.Check()
	}
	err := s.update(ctx, "commit", func(tx *sql.Tx) error {
		// When ctx ends, the transaction ends and with it the next statement.
		// The driver need not watch ctx for each of these too, which costs more
		// than a row.
		steady := context.WithoutCancel(ctx)
		insert := tx.StmtContext(steady, s.insert)
		defer insert.Close()
		insertOne := tx.StmtContext(steady, s.insertOne)
		defer insertOne.Close()
		know := tx.StmtContext(steady, s.upsertLatest)
		defer know.Close()
		c := &commit{Store: s, now: s.now(), tx: tx, insert: insert, insertOne: insertOne, upsertLatest: know}
		return c.store(ctx, batches)
	})
	return s.away.Note(s.now(), err)
}

// commit is the work on one transaction.
type commit struct {
	*Store
	now                             time.Time
	tx                              *sql.Tx
	insert, insertOne, upsertLatest *sql.Stmt
	// partition takes the rows; those in args are counted in it.
	partition partition
	// args are the values of the rows that are not inserted yet.
	args []any
}

// store stores the batches that are admitted, and sets the Err of the others.
func (c *commit) store(ctx context.Context, batches []*store.Batch) (err error) {
	if c.partition, err = openPartition(ctx, c.tx); err != nil {
		return err
	}
	before := c.partition.rows()
	for _, b := range batches {
		if b.Err != nil {
			continue
		}
		if err := c.admit(ctx, b); err != nil {
			var refused *plant.Error
			if !errors.As(err, &refused) {
				return err
			}
			b.Err = err
			continue
		}
		if err := c.add(ctx, b); err != nil {
			return err
		}
	}
	if c.partition.rows() == before {
		return nil
	}
	if err := c.flush(ctx); err != nil {
		return err
	}
	if err := c.partition.save(ctx, c.tx); err != nil {
		return err
	}
	if c.partition.rows() < c.partitionRows && c.partition.text < maxPartitionText {
		return nil
	}
	return c.partition.close(ctx, c.tx)
}

// admit reports whether the batch goes on from its run's cursor and is about
// items and devices of the run's agent: an Error with a code where not, which
// leaves this batch out, and any other error where that could not be found out.
func (c *commit) admit(ctx context.Context, b *store.Batch) error {
	var (
		agent  plant.AgentID
		next   int64
		closed bool
	)
	err := c.tx.QueryRowContext(ctx, `
		SELECT agent, next, EXISTS (SELECT 1 FROM instances newer WHERE newer.agent = i.agent AND newer.id > i.id)
		FROM instances i WHERE id = ?`, b.Run).Scan(&agent, &next, &closed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return plant.Errorf(plant.Conflict, "there is no run %d", b.Run)
	case err != nil:
		return err
	case closed:
		return plant.Errorf(plant.Conflict, "run %d has ended: a newer one was started", b.Run)
	case next != b.Expect:
		return plant.Errorf(plant.Conflict, "run %d stands at %d and not at %d: another reader has committed", b.Run, next, b.Expect)
	}
	for i := range b.Baseline {
		if err := c.checkItem(ctx, agent, b.Baseline[i].Item); err != nil {
			return err
		}
	}
	for i := range b.Observations {
		if err := c.checkItem(ctx, agent, b.Observations[i].Item); err != nil {
			return err
		}
	}
	for i := range b.Latest {
		if err := c.checkItem(ctx, agent, b.Latest[i].Item); err != nil {
			return err
		}
	}
	for _, change := range b.States {
		if err := c.checkDevice(ctx, agent, change.Device); err != nil {
			return err
		}
	}
	return nil
}

// checkItem gives Invalid where the item is not one of the agent's.
func (c *commit) checkItem(ctx context.Context, agent plant.AgentID, item plant.ItemID) error {
	owner, err := c.items.agentOf(ctx, c.tx, item)
	if err != nil {
		return err
	}
	if owner != agent {
		return plant.Errorf(plant.Invalid, "data item %d is not one of the agent with number %d", item, agent)
	}
	return nil
}

// checkDevice gives Invalid where the device is not one of the agent's.
func (c *commit) checkDevice(ctx context.Context, agent plant.AgentID, device plant.DeviceID) error {
	var owner plant.AgentID
	err := c.tx.QueryRowContext(ctx, `SELECT agent FROM devices WHERE id = ?`, device).Scan(&owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if owner != agent {
		return plant.Errorf(plant.Invalid, "device %d is not one of the agent with number %d", device, agent)
	}
	return nil
}

// add stores a batch that was admitted.
func (c *commit) add(ctx context.Context, b *store.Batch) error {
	blocks, rows, err := c.splitter.Split(b.Run, b.Observations, blockLeast)
	if err != nil {
		return err
	}
	var firstRow, lastRow, received any
	if n := int64(len(rows)); n > 0 {
		firstRow, lastRow = c.partition.lastRow+1, c.partition.lastRow+n
	}
	if !b.Received.IsZero() {
		received = b.Received.UnixMicro()
	}
	_, err = c.tx.ExecContext(ctx, `
		UPDATE instances SET next = ?, stored = stored + ?, freed = freed + ?, received = coalesce(?, received),
			first_row = coalesce(first_row, ?), last_row = coalesce(?, last_row)
		WHERE id = ?`,
		b.Next, int64(len(b.Observations))+b.Freed, b.Freed, received, firstRow, lastRow, b.Run)
	if err != nil {
		return err
	}
	if err := insertBaseline(ctx, c.tx, b); err != nil {
		return err
	}
	if err := c.bound(ctx, b.Run, rows); err != nil {
		return err
	}
	for i := range rows {
		if err := c.observe(ctx, b.Run, &rows[i]); err != nil {
			return err
		}
	}
	if err := c.putBlocks(ctx, c.tx, blocks); err != nil {
		return err
	}
	if err := insertGaps(ctx, c.tx, b.Run, b.Gaps); err != nil {
		return err
	}
	for i := range b.Latest {
		if err := c.know(ctx, b.Run, &b.Latest[i]); err != nil {
			return err
		}
	}
	for _, change := range b.States {
		if err := putState(ctx, c.tx, b.Run, change); err != nil {
			return err
		}
	}
	return nil
}

// bound draws the bounds of a run in the partition wide enough for rows, where they
// are not.
func (c *commit) bound(ctx context.Context, run plant.RunID, rows []plant.Observation) error {
	if len(rows) == 0 {
		return nil
	}
	b := block.BoundsOf(rows)
	_, err := c.tx.ExecContext(ctx, `
		INSERT INTO partition_runs AS r (partition, instance, first_sequence, last_sequence, min_time, max_time) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (partition, instance) DO UPDATE SET
			first_sequence = min(r.first_sequence, excluded.first_sequence), last_sequence = max(r.last_sequence, excluded.last_sequence),
			min_time = min(r.min_time, excluded.min_time), max_time = max(r.max_time, excluded.max_time)
		WHERE excluded.first_sequence < r.first_sequence OR excluded.last_sequence > r.last_sequence
			OR excluded.min_time < r.min_time OR excluded.max_time > r.max_time`,
		c.partition.id, run, b.FirstSequence, b.LastSequence, b.MinTime, b.MaxTime)
	return err
}

// observe adds a row to those that wait, and inserts them where there are
// enough for a statement.
func (c *commit) observe(ctx context.Context, run plant.RunID, o *plant.Observation) error {
	detail, err := encodeDetail(o.Alarm, o.Extra)
	if err != nil {
		return err
	}
	c.partition.add(o, c.now)
	c.args = append(c.args, c.partition.lastRow, int64(run), int64(o.Item), o.Time, o.Sequence, encodeValue(o.Value), detail)
	if len(c.args) < insertRows*insertColumns {
		return nil
	}
	_, err = c.insert.ExecContext(context.WithoutCancel(ctx), c.args...)
	c.args = c.args[:0]
	return err
}

// flush inserts the rows that wait, one by one.
func (c *commit) flush(ctx context.Context) error {
	for row := range slices.Chunk(c.args, insertColumns) {
		if _, err := c.insertOne.ExecContext(context.WithoutCancel(ctx), row...); err != nil {
			return err
		}
	}
	return nil
}

const upsertLatest = `
	INSERT INTO latest (item, instance, time, sequence, value, detail, active, merged) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (item) DO UPDATE SET instance = excluded.instance, time = excluded.time, sequence = excluded.sequence,
		value = excluded.value, detail = excluded.detail, active = excluded.active, merged = excluded.merged`

// know stores what is known of an item now.
func (c *commit) know(ctx context.Context, run plant.RunID, l *plant.Latest) error {
	detail, err := encodeDetail(l.Alarm, l.Extra)
	if err != nil {
		return err
	}
	active, err := encodeActive(l.Active)
	if err != nil {
		return err
	}
	var merged any
	if l.Merged != "" {
		merged = l.Merged
	}
	_, err = c.upsertLatest.ExecContext(context.WithoutCancel(ctx),
		int64(l.Item), int64(run), l.Time, l.Sequence, encodeValue(l.Value), detail, active, merged)
	return err
}
