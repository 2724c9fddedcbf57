package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// commitAttempts is how often a commit is begun, where the partition that it was
// to go to was sealed or went missing meanwhile.
const commitAttempts = 10

// errSealed is what a commit meets where its partition takes no rows any more.
var errSealed = errors.New("the partition has been sealed")

// Commit implements store.Writer.
func (s *Store) Commit(ctx context.Context, batches []*store.Batch) error {
	valid := make([]*store.Batch, 0, len(batches))
	for _, b := range batches {
		if b.Err = b.Check(); b.Err == nil {
			valid = append(valid, b)
		}
	}
	if len(valid) == 0 {
		return nil
	}
	timed, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	var err error
	for range commitAttempts {
		err = s.commit(timed, valid)
		if !errors.Is(err, errSealed) {
			break
		}
	}
	return s.fail(ctx, "commit", err)
}

// commit is one attempt of Commit. It takes three round trips: to lock the runs
// and see their cursors, for the rows, and for all else.
func (s *Store) commit(ctx context.Context, batches []*store.Batch) error {
	p, err := s.currentPartition(ctx, s.now())
	if err != nil {
		return err
	}
	conn, err := s.write.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // A connection with a transaction open is closed.
	c := &commit{conn: conn.Conn(), items: &s.items, partition: p, batches: batches, splitter: s.splitters.Get().(*block.Splitter)}
	defer s.splitters.Put(c.splitter)
	if err = c.gate(ctx); err == nil {
		err = c.store(ctx)
	}
	if err != nil && !c.conn.IsClosed() {
		_, _ = c.conn.Exec(ctx, `ROLLBACK`) // Where that fails, the connection is closed.
	}
	if errorCode(err) == undefinedTable {
		err = errSealed
	}
	if errors.Is(err, errSealed) {
		s.forgetPartition(p)
	}
	return err
}

// commit is the work on one transaction.
type commit struct {
	conn      *pgx.Conn
	items     *itemAgents
	partition partition
	batches   []*store.Batch
	// runs are those of the batches, and devices those of their states with their
	// agents, as far as they exist.
	runs    map[plant.RunID]*runState
	devices map[plant.DeviceID]plant.AgentID
	// rows are what goes into the partition: those of each batch up to its place in
	// ends. statements are what comes behind them.
	rows       copier
	ends       []int
	statements pgx.Batch
	latest     latestRows
	// sealed has the blocks of each batch, and blocks those that are to be stored.
	splitter *block.Splitter
	sealed   [][]block.Block
	blocks   []block.Block
}

// runState is a run as a commit finds it.
type runState struct {
	agent plant.AgentID
	// next is the cursor, with the batches counted that were admitted.
	next  int64
	ended bool
	// stored is how many observations those have, and received our clock when the
	// newest of them arrived; NULL where none says.
	stored   int64
	received *int64
	admitted bool
}

// gate begins the transaction and locks what decides on the batches: the runs,
// whose cursors nobody can move until it ends, and the partition, which nobody can
// seal until then. While the database does that, the rows are encoded.
func (c *commit) gate(ctx context.Context) error {
	var runs []plant.RunID
	var devices []plant.DeviceID
	for _, b := range c.batches {
		runs = append(runs, b.Run)
		for _, change := range b.States {
			devices = append(devices, change.Device)
		}
	}
	var gate pgx.Batch
	gate.Queue(`BEGIN`)
	gate.Queue(`LOCK TABLE ` + c.partition.table + ` IN ROW EXCLUSIVE MODE`)
	// Each statement sees what was committed before it, so that what follows sees
	// what others have done that had the locks before.
	gate.Queue(`SELECT 1 FROM instances WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`, runs)
	open := false
	gate.Queue(`SELECT EXISTS (SELECT 1 FROM partitions WHERE number = $1 AND sealed IS NULL)`, c.partition.number).QueryRow(func(row pgx.Row) error {
		return row.Scan(&open)
	})
	c.runs = make(map[plant.RunID]*runState, len(runs))
	gate.Queue(`
		SELECT id, agent, next, EXISTS (SELECT 1 FROM instances newer WHERE newer.agent = i.agent AND newer.id > i.id)
		FROM instances i WHERE id = ANY($1)`, runs).Query(func(rows pgx.Rows) error {
		var id plant.RunID
		var r runState
		_, err := pgx.ForEachRow(rows, []any{&id, &r.agent, &r.next, &r.ended}, func() error {
			found := r
			c.runs[id] = &found
			return nil
		})
		return err
	})
	if len(devices) > 0 {
		c.devices = make(map[plant.DeviceID]plant.AgentID)
		gate.Queue(`SELECT id, agent FROM devices WHERE id = ANY($1)`, devices).Query(func(rows pgx.Rows) error {
			var id plant.DeviceID
			var agent plant.AgentID
			_, err := pgx.ForEachRow(rows, []any{&id, &agent}, func() error {
				c.devices[id] = agent
				return nil
			})
			return err
		})
	}
	results := c.conn.SendBatch(ctx, &gate)
	invalid := c.encode()
	if err := results.Close(); err != nil {
		return err
	}
	if invalid == nil && !open {
		return errSealed
	}
	return invalid
}

// encode encodes the blocks and the rows of all batches.
func (c *commit) encode() error {
	c.rows.begin()
	for _, b := range c.batches {
		blocks, rows, err := c.splitter.Split(b.Run, b.Observations, blockLeast)
		if err != nil {
			return err
		}
		c.sealed = append(c.sealed, blocks)
		for i := range rows {
			if err := c.rows.observation(b.Run, &rows[i]); err != nil {
				return fmt.Errorf("observation with sequence %d: %w", rows[i].Sequence, err)
			}
		}
		c.ends = append(c.ends, len(c.rows.data))
	}
	return nil
}

// store stores the batches that are admitted, sets the Err of the others, and
// ends the transaction.
func (c *commit) store(ctx context.Context) error {
	all := c.rows.data
	c.rows.begin()
	begin := len(c.rows.data)
	empty := begin
	for i, b := range c.batches {
		rows := all[begin:c.ends[i]]
		begin = c.ends[i]
		err := c.admit(ctx, b)
		var refused *plant.Error
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if b.Err = err; err != nil {
			continue
		}
		c.rows.data = append(c.rows.data, rows...) // In place, since none grows.
		c.blocks = append(c.blocks, c.sealed[i]...)
		if err := c.add(b); err != nil {
			return err
		}
	}
	if len(c.rows.data) > empty {
		if err := c.copy(ctx); err != nil {
			return err
		}
	}
	added, err := putBlocks(ctx, c.conn, c.blocks)
	if err != nil {
		return err
	}
	c.queueRuns()
	if err := c.latest.queue(&c.statements); err != nil {
		return err
	}
	queueTotals(&c.statements, added)
	c.statements.Queue(`COMMIT`)
	return c.conn.SendBatch(ctx, &c.statements).Close()
}

// copy puts the rows into the partition.
func (c *commit) copy(ctx context.Context) error {
	c.rows.end()
	_, err := c.conn.PgConn().CopyFrom(ctx, bytes.NewReader(c.rows.data),
		`COPY `+c.partition.table+` (`+rowColumns+`) FROM STDIN (FORMAT binary)`)
	return err
}

// admit reports whether the batch goes on from its run's cursor and is about
// items and devices of the run's agent: an Error with a code where not, which
// leaves this batch out, and any other error where that could not be found out.
func (c *commit) admit(ctx context.Context, b *store.Batch) error {
	run := c.runs[b.Run]
	switch {
	case run == nil:
		return plant.Errorf(plant.Conflict, "there is no run %d", b.Run)
	case run.ended:
		return plant.Errorf(plant.Conflict, "run %d has ended: a newer one was started", b.Run)
	case run.next != b.Expect:
		return plant.Errorf(plant.Conflict, "run %d stands at %d and not at %d: another reader has committed", b.Run, run.next, b.Expect)
	}
	for _, observations := range [][]plant.Observation{b.Baseline, b.Observations} {
		for i := range observations {
			if err := c.checkItem(ctx, run.agent, observations[i].Item); err != nil {
				return err
			}
		}
	}
	for i := range b.Latest {
		if err := c.checkItem(ctx, run.agent, b.Latest[i].Item); err != nil {
			return err
		}
	}
	for _, change := range b.States {
		if c.devices[change.Device] != run.agent {
			return plant.Errorf(plant.Invalid, "device %d is not one of the agent with number %d", change.Device, run.agent)
		}
	}
	return nil
}

// checkItem gives Invalid where the item is not one of the agent's.
func (c *commit) checkItem(ctx context.Context, agent plant.AgentID, item plant.ItemID) error {
	owner := c.items.known(item)
	if owner == 0 {
		if err := c.items.load(ctx, c.conn); err != nil {
			return err
		}
		owner = c.items.known(item)
	}
	if owner != agent {
		return plant.Errorf(plant.Invalid, "data item %d is not one of the agent with number %d", item, agent)
	}
	return nil
}

// add adds a batch that was admitted to what is to be stored.
func (c *commit) add(b *store.Batch) error {
	run := c.runs[b.Run]
	run.admitted, run.next, run.stored = true, b.Next, run.stored+int64(len(b.Observations))
	if !b.Received.IsZero() {
		received := b.Received.UnixMicro()
		run.received = &received
	}
	if err := queueBaseline(&c.statements, b); err != nil {
		return err
	}
	queueGaps(&c.statements, b.Run, b.Gaps)
	c.latest.add(b)
	for _, change := range b.States {
		queueState(&c.statements, b.Run, change)
	}
	return nil
}

// queueRuns adds the statement that moves the cursors.
func (c *commit) queueRuns() {
	var (
		runs         []plant.RunID
		next, stored []int64
		received     []*int64
	)
	for id, run := range c.runs {
		if run.admitted {
			runs, next = append(runs, id), append(next, run.next)
			stored, received = append(stored, run.stored), append(received, run.received)
		}
	}
	if len(runs) > 0 {
		c.statements.Queue(`
			UPDATE instances SET next = moved.next, stored = instances.stored + moved.stored, received = coalesce(moved.received, instances.received)
			FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[]) moved(run, next, stored, received) WHERE id = moved.run`,
			runs, next, stored, received)
	}
}

// queueState adds the statement that stores a change of a machine's state. The
// same change again takes the place of the first, since states may be worked out
// anew.
func queueState(batch *pgx.Batch, run plant.RunID, change plant.StateChange) {
	batch.Queue(`
		INSERT INTO states (device, instance, sequence, time, state, rule) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (device, instance, sequence) DO UPDATE SET time = excluded.time, state = excluded.state, rule = excluded.rule`,
		change.Device, run, change.Sequence, change.Time, change.State, text(change.Rule))
}

// queueBaseline adds the statements that store the baseline of a batch. It takes
// the place of what another one at the same number said of the same items.
func queueBaseline(batch *pgx.Batch, b *store.Batch) error {
	if len(b.Baseline) == 0 {
		return nil
	}
	var rows columns
	for i := range b.Baseline {
		if err := rows.add(b.Run, &b.Baseline[i]); err != nil {
			return err
		}
	}
	batch.Queue(`DELETE FROM baselines WHERE instance = $1 AND at = $2 AND item = ANY($3)`, b.Run, b.Next, rows.items)
	batch.Queue(`INSERT INTO baselines (`+rowColumns+`, at) SELECT *, $9 FROM `+unnestColumns, append(rows.args(), b.Next)...)
	return nil
}
