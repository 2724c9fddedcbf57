package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// commitAttempts is how often a commit is begun, where it finds that another
// writer was first, or that the partition it was to go to is sealed.
const commitAttempts = 10

// errMoved is what a commit meets where a cursor is not where its batch says, or
// where its partition takes no rows any more.
var errMoved = errors.New("a cursor has moved, or the partition was sealed")

// Commit implements store.Writer. It takes the cursors to be where the batches say:
// the statement that moves them fails where they are not. Only then it looks where
// they are, and commits what goes on from there. So it takes two round trips: for
// the rows, and for all else.
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
	var (
		cursors map[plant.RunID]cursor
		err     error
	)
	for range commitAttempts {
		cursors, err = s.commit(timed, valid, cursors)
		if !errors.Is(err, errMoved) {
			break
		}
	}
	return s.away.Note(s.now(), s.fail(ctx, "commit", err))
}

// cursor is where a run stands in the database.
type cursor struct {
	next  int64
	ended bool
}

// commit is one attempt of Commit, with the cursors that the one before has found,
// if any. Where it meets errMoved, it gives the cursors for the next one.
func (s *Store) commit(ctx context.Context, batches []*store.Batch, cursors map[plant.RunID]cursor) (map[plant.RunID]cursor, error) {
	p, err := s.currentPartition(ctx, s.now())
	if err != nil {
		return nil, err
	}
	conn, err := s.write.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release() // A connection with a transaction open is closed.
	splitter := s.splitters.Get().(*block.Splitter)
	defer s.splitters.Put(splitter)
	c := &commit{Store: s, conn: conn.Conn(), cursors: cursors, partition: p, splitter: splitter, runs: make(map[plant.RunID]*runState), bounds: make(drawn)}
	if err = c.admitAll(ctx, batches); err == nil {
		err = c.write(ctx)
	}
	if err == nil {
		c.drew()
	} else if !c.conn.IsClosed() {
		_, _ = c.conn.Exec(ctx, `ROLLBACK`) // Where that fails, the connection is closed.
	}
	if moved(err) {
		s.forgetPartition(p)
		if cursors, err = c.look(ctx, batches); err == nil {
			err = errMoved
		}
	}
	return cursors, err
}

// moved reports whether an error of the database means errMoved.
func moved(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == notNullViolation && e.TableName == "instances" || e.Code == undefinedTable
}

// commit is the work on one transaction.
type commit struct {
	*Store
	conn      *pgx.Conn
	cursors   map[plant.RunID]cursor
	partition *openPartition
	splitter  *block.Splitter
	// What the batches that were admitted bring: runs that go on, rows, blocks, what
	// is known, and the statements for the rest.
	runs       map[plant.RunID]*runState
	rows       []runRows
	bounds     drawn // of rows
	blocks     []block.Block
	latest     latestRows
	statements pgx.Batch
}

// runState is a run as a commit has it.
type runState struct {
	agent plant.AgentID
	// known is true where it is known, or taken to be, that the cursor is at expect.
	known, ended bool
	expect       int64
	// What follows is with the batches that were admitted: the cursor, how many
	// observations they have, those freed among them, and our clock when the newest
	// of them arrived; NULL where none says.
	admitted            bool
	next, stored, freed int64
	received            *int64
}

// run gives the state of a run. Conflict where there is no such run.
func (c *commit) run(ctx context.Context, id plant.RunID) (*runState, error) {
	if run := c.runs[id]; run != nil {
		return run, nil
	}
	agent, err := c.runAgents.of(ctx, c.conn, int32(id))
	if err != nil {
		return nil, err
	}
	if agent == 0 {
		return nil, plant.Errorf(plant.Conflict, "there is no run %d", id)
	}
	run := &runState{agent: agent}
	if at, known := c.cursors[id]; known {
		run.known, run.expect, run.next, run.ended = true, at.next, at.next, at.ended
	}
	c.runs[id] = run
	return run, nil
}

// admitAll sets the Err of those batches that are refused and prepares what the
// others bring.
func (c *commit) admitAll(ctx context.Context, batches []*store.Batch) error {
	for _, b := range batches {
		run, err := c.run(ctx, b.Run)
		if err == nil {
			err = c.admit(ctx, run, b)
		}
		var refused *plant.Error
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if b.Err = err; err != nil {
			continue
		}
		if err := c.add(run, b); err != nil {
			return err
		}
	}
	return nil
}

// admit reports whether the batch goes on from its run's cursor and is about
// items and devices of the run's agent: an Error with a code where not, which
// leaves this batch out, and any other error where that could not be found out.
func (c *commit) admit(ctx context.Context, run *runState, b *store.Batch) error {
	switch {
	case run.ended:
		return plant.Errorf(plant.Conflict, "run %d has ended: a newer one was started", b.Run)
	case run.known && run.next != b.Expect:
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
		owner, err := c.deviceAgents.of(ctx, c.conn, int32(change.Device))
		if err != nil {
			return err
		}
		if owner != run.agent {
			return plant.Errorf(plant.Invalid, "device %d is not one of the agent with number %d", change.Device, run.agent)
		}
	}
	return nil
}

// checkItem gives Invalid where the item is not one of the agent's.
func (c *commit) checkItem(ctx context.Context, agent plant.AgentID, item plant.ItemID) error {
	owner, err := c.itemAgents.of(ctx, c.conn, int32(item))
	if err == nil && owner != agent {
		err = plant.Errorf(plant.Invalid, "data item %d is not one of the agent with number %d", item, agent)
	}
	return err
}

// add adds a batch that was admitted to what is to be stored.
func (c *commit) add(run *runState, b *store.Batch) error {
	if !run.known {
		run.known, run.expect = true, b.Expect
	}
	run.admitted, run.next = true, b.Next
	run.stored, run.freed = run.stored+int64(len(b.Observations))+b.Freed, run.freed+b.Freed
	if !b.Received.IsZero() {
		received := b.Received.UnixMicro()
		run.received = &received
	}
	blocks, rows, err := c.splitter.Split(b.Run, b.Observations, blockLeast)
	if err != nil {
		return err
	}
	c.blocks = append(c.blocks, blocks...)
	if len(rows) > 0 {
		c.rows = append(c.rows, runRows{b.Run, rows})
		c.bounds.add(b.Run, block.BoundsOf(rows))
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

// write writes what was admitted, and ends the transaction.
func (c *commit) write(ctx context.Context) error {
	if len(c.rows) > 0 {
		// With the rows comes a lock on the partition, which cannot be sealed any more
		// until the transaction ends.
		_, err := c.conn.PgConn().CopyFrom(ctx, &rowStream{rows: c.rows},
			`BEGIN; COPY `+c.partition.table+` (`+rowColumns+`) FROM STDIN (FORMAT binary)`)
		if err != nil {
			return err
		}
	}
	var all pgx.Batch
	if len(c.rows) == 0 {
		all.Queue(`BEGIN`)
	}
	if !c.queueRuns(&all) {
		return nil
	}
	added := queueBlocks(&all, c.blocks)
	all.QueuedQueries = append(all.QueuedQueries, c.statements.QueuedQueries...)
	if err := c.latest.queue(&all); err != nil {
		return err
	}
	c.widen(&all)
	queueTotals(&all, added)
	all.Queue(`COMMIT`)
	return c.conn.SendBatch(ctx, &all).Close()
}

// queueRuns adds the statements that move the cursors, and reports whether there
// are any. A cursor becomes NULL, which it cannot, where it is not as expected,
// where the run has ended, and where the rows lie in a partition that is sealed. The
// runs are locked first, in the order in which all lock them: what follows sees
// what others have done that had them before.
func (c *commit) queueRuns(batch *pgx.Batch) bool {
	var (
		runs                        []plant.RunID
		expect, next, stored, freed []int64
		received                    []*int64
	)
	for id, run := range c.runs {
		if run.admitted {
			runs, expect, next = append(runs, id), append(expect, run.expect), append(next, run.next)
			stored, freed, received = append(stored, run.stored), append(freed, run.freed), append(received, run.received)
		}
	}
	if len(runs) == 0 {
		return false
	}
	batch.Queue(`SELECT 1 FROM instances WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`, runs)
	batch.Queue(`
		UPDATE instances i SET stored = i.stored + moved.stored, freed = i.freed + moved.freed,
			received = coalesce(moved.received, i.received), next = CASE
			WHEN i.next = moved.expect
				AND NOT EXISTS (SELECT 1 FROM instances newer WHERE newer.agent = i.agent AND newer.id > i.id)
				AND ($7 OR EXISTS (SELECT 1 FROM partitions WHERE number = $8 AND sealed IS NULL))
			THEN moved.next END
		FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) moved(run, expect, next, stored, freed, received)
		WHERE id = moved.run`,
		runs, expect, next, stored, freed, received, len(c.rows) == 0, c.partition.number)
	return true
}

// look gives where the runs of some batches stand.
func (c *commit) look(ctx context.Context, batches []*store.Batch) (map[plant.RunID]cursor, error) {
	runs := make([]plant.RunID, len(batches))
	for i, b := range batches {
		runs[i] = b.Run
	}
	rows, err := c.conn.Query(ctx, `
		SELECT id, next, EXISTS (SELECT 1 FROM instances newer WHERE newer.agent = i.agent AND newer.id > i.id)
		FROM instances i WHERE id = ANY($1)`, runs)
	if err != nil {
		return nil, err
	}
	var (
		id plant.RunID
		at cursor
	)
	cursors := make(map[plant.RunID]cursor, len(runs))
	_, err = pgx.ForEachRow(rows, []any{&id, &at.next, &at.ended}, func() error {
		cursors[id] = at
		return nil
	})
	return cursors, err
}

// queueState adds the statement that stores a change of a machine's state. The
// same change again takes the place of the first, since states may be worked out
// anew.
func queueState(batch *pgx.Batch, run plant.RunID, change plant.StateChange) {
	batch.Queue(`
		INSERT INTO states (device, instance, sequence, time, state, rule, since) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (device, instance, sequence) DO UPDATE SET time = excluded.time, state = excluded.state, rule = excluded.rule, since = excluded.since`,
		change.Device, run, change.Sequence, change.Time, change.State, text(change.Rule), change.Since)
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
