package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const (
	// insertRows is how many rows one statement inserts where there are that
	// many: the cost of a call is then spread over them.
	insertRows = 500
	// insertColumns is how many values a row takes.
	insertColumns = 6
)

// insertObservations is the statement that inserts n rows.
func insertObservations(n int) string {
	return `INSERT INTO observations (instance, item, time, sequence, value, detail) VALUES ` +
		strings.Repeat(`(?, ?, ?, ?, ?, ?), `, n-1) + `(?, ?, ?, ?, ?, ?)`
}

// Commit implements store.Writer.
func (s *Store) Commit(ctx context.Context, batches []*store.Batch) error {
	for _, b := range batches {
		b.Err = checkBatch(b)
	}
	return s.update(ctx, "commit", func(tx *sql.Tx) error {
		c := &commit{ctx: ctx, store: s, tx: tx}
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM observations`).Scan(&c.lastRow); err != nil {
			return err
		}
		for _, b := range batches {
			if b.Err != nil {
				continue
			}
			if b.Err = c.admit(b); b.Err != nil {
				var refused *plant.Error
				if !errors.As(b.Err, &refused) {
					return b.Err
				}
				continue
			}
			if err := c.add(b); err != nil {
				return err
			}
		}
		return c.flush()
	})
}

// commit is the work on one transaction. It lives no longer than the call that
// made it.
type commit struct {
	ctx   context.Context
	store *Store
	tx    *sql.Tx
	// lastRow is the number of the newest row of observations, those in args
	// counted: SQLite gives a new row the number after the greatest.
	lastRow int64
	// args are the values of the rows that are not inserted yet.
	args []any
}

// admit reports whether the batch goes on from its run's cursor and is about
// items and devices of the run's agent: an Error with a code where not, which
// leaves this batch out, and any other error where that could not be found out.
func (c *commit) admit(b *store.Batch) error {
	var (
		agent  plant.AgentID
		next   int64
		closed bool
	)
	err := c.tx.QueryRowContext(c.ctx, `
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
	for i := range b.Observations {
		if err := c.checkItem(agent, b.Observations[i].Item); err != nil {
			return err
		}
	}
	for i := range b.Latest {
		if err := c.checkItem(agent, b.Latest[i].Item); err != nil {
			return err
		}
	}
	for _, change := range b.States {
		if err := c.checkDevice(agent, change.Device); err != nil {
			return err
		}
	}
	return nil
}

// checkItem gives Invalid where the item is not one of the agent's.
func (c *commit) checkItem(agent plant.AgentID, item plant.ItemID) error {
	owner, err := c.store.items.agentOf(c.ctx, c.tx, item)
	if err != nil {
		return err
	}
	if owner != agent {
		return plant.Errorf(plant.Invalid, "data item %d is not one of the agent with number %d", item, agent)
	}
	return nil
}

// checkDevice gives Invalid where the device is not one of the agent's.
func (c *commit) checkDevice(agent plant.AgentID, device plant.DeviceID) error {
	var owner plant.AgentID
	err := c.tx.QueryRowContext(c.ctx, `SELECT agent FROM devices WHERE id = ?`, device).Scan(&owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if owner != agent {
		return plant.Errorf(plant.Invalid, "device %d is not one of the agent with number %d", device, agent)
	}
	return nil
}

// add stores a batch that was admitted.
func (c *commit) add(b *store.Batch) error {
	var firstRow, lastRow, received any
	if n := int64(len(b.Observations)); n > 0 {
		firstRow, lastRow = c.lastRow+1, c.lastRow+n
	}
	if !b.Received.IsZero() {
		received = b.Received.UnixMicro()
	}
	_, err := c.tx.ExecContext(c.ctx, `
		UPDATE instances SET next = ?, stored = stored + ?, received = coalesce(?, received),
			first_row = coalesce(first_row, ?), last_row = coalesce(?, last_row)
		WHERE id = ?`,
		b.Next, len(b.Observations), received, firstRow, lastRow, b.Run)
	if err != nil {
		return err
	}
	for i := range b.Observations {
		if err := c.observe(b.Run, &b.Observations[i]); err != nil {
			return err
		}
	}
	if err := insertGaps(c.ctx, c.tx, b.Run, b.Gaps); err != nil {
		return err
	}
	for i := range b.Latest {
		if err := c.know(&b.Latest[i]); err != nil {
			return err
		}
	}
	for _, change := range b.States {
		if err := c.change(change); err != nil {
			return err
		}
	}
	return nil
}

// observe adds a row to those that wait, and inserts them where there are
// enough for a statement.
func (c *commit) observe(run plant.RunID, o *plant.Observation) error {
	detail, err := encodeDetail(o.Alarm, o.Extra)
	if err != nil {
		return err
	}
	c.args = append(c.args, int64(run), int64(o.Item), o.Time, o.Sequence, encodeValue(o.Value), detail)
	c.lastRow++
	if len(c.args) < insertRows*insertColumns {
		return nil
	}
	err = c.exec(c.store.insert, c.args...)
	c.args = c.args[:0]
	return err
}

// flush inserts the rows that wait, one by one.
func (c *commit) flush() error {
	for row := range slices.Chunk(c.args, insertColumns) {
		if err := c.exec(c.store.insertOne, row...); err != nil {
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
func (c *commit) know(l *plant.Latest) error {
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
	return c.exec(c.store.upsertLatest, int64(l.Item), int64(l.Run), l.Time, l.Sequence, encodeValue(l.Value), detail, active, merged)
}

// change stores a change of a machine's state. The same change again takes the
// place of the first, since states may be worked out anew.
func (c *commit) change(change plant.StateChange) error {
	_, err := c.tx.ExecContext(c.ctx, `
		INSERT INTO states (device, instance, sequence, time, state, rule) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (device, instance, sequence) DO UPDATE SET time = excluded.time, state = excluded.state, rule = excluded.rule`,
		change.Device, change.Run, change.Sequence, change.Time, change.State, change.Rule)
	return err
}

// exec runs a prepared statement. When ctx ends, the transaction ends and with
// it the next statement; the driver need not watch ctx for each, which costs
// more than a row.
func (c *commit) exec(stmt *sql.Stmt, args ...any) error {
	ctx := context.WithoutCancel(c.ctx)
	_, err := c.tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	return err
}
