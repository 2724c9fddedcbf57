package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	// ahead is how many periods after the present one have a partition made ready.
	ahead = 2
	// sealWait is how long sealing waits for commits into a partition whose period is
	// over: those of a process whose clock is late.
	sealWait = "5s"
	// dropAfter is how long a sealed partition stays for those who read it still, and
	// dropWait how long dropping it waits for them: others who come meanwhile wait
	// too.
	dropAfter = 5 * time.Minute
	dropWait  = "100ms"
)

// errSealed is what sealing meets where a partition is sealed already, or need not
// be.
var errSealed = errors.New("there is nothing to seal")

// errDisorder is what sealing meets where rows of a run do not lie in the order of
// their sequence numbers: sorted, they do, unless one is there twice.
var errDisorder = errors.New("the rows of a run are out of order, or one is there twice")

// Seal implements store.Upkeep. A partition whose rows cannot be read is left as
// it is, and is one of the faults.
func (s *Store) Seal(ctx context.Context, settled time.Time) (store.Sealed, error) {
	var done store.Sealed
	err := s.tryAlone(ctx, sealLock, func(conn *pgx.Conn) error {
		due, err := collect(ctx, conn, scanPartition, `
			SELECT `+partitionColumns+` FROM partitions WHERE sealed IS NULL AND finish <= $1 AND start <= $2 ORDER BY start, number`,
			settled.UnixMicro(), s.now().UnixMicro())
		if err != nil {
			return err
		}
		for _, p := range due {
			if err := s.sealPartition(ctx, conn, &p, &done); err != nil {
				return err
			}
		}
		if err := s.dropSealed(ctx, conn); err != nil {
			return err
		}
		for n := range ahead + 1 {
			if _, err := s.partitionFor(ctx, conn, s.now().Add(time.Duration(n)*s.period)); err != nil {
				return err
			}
		}
		return nil
	})
	return done, s.fail(ctx, "seal", err)
}

// sealPartition seals a partition, and counts what that did.
func (s *Store) sealPartition(ctx context.Context, conn *pgx.Conn, p *partition, done *store.Sealed) error {
	// Rows of a run are committed in the order of their sequence numbers, and lie so,
	// unless several connections have written them or a commit failed. To sort them
	// takes longer.
	added, err := s.sealRows(ctx, conn, p, `COPY `+p.table+` (`+rowColumns+`) TO STDOUT (FORMAT binary)`)
	if errors.Is(err, errDisorder) {
		added, err = s.sealRows(ctx, conn, p,
			`COPY (SELECT `+rowColumns+` FROM `+p.table+` ORDER BY instance, sequence) TO STDOUT (FORMAT binary)`)
	}
	switch {
	case errors.Is(err, errSealed), errorCode(err) == lockNotGranted:
		return nil
	case errorCode(err) == undefinedTable:
		s.faults.Note(missingFault(p))
		return nil
	case isCorrupt(err), errors.Is(err, errDisorder), errors.Is(err, errUnsound):
		// The other partitions need not wait for this one.
		s.faults.Note(store.Fault{What: p.name(), Detail: "its table " + p.table + " cannot be sealed: " + err.Error()})
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", p.name(), err)
	}
	done.Partitions++
	done.Observations += added.observations
	done.Blocks += added.blocks
	done.Bytes += added.columns()
	return nil
}

// sealRows stores what a COPY of a partition gives as blocks, and marks the
// partition as sealed, in one transaction: errSealed where there is nothing to do.
// It holds no more of it than the builder does.
func (s *Store) sealRows(ctx context.Context, conn *pgx.Conn, p *partition, query string) (added totals, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// From here on nobody adds rows.
		if err := lockForSealing(ctx, tx, p, s.now()); err != nil {
			return err
		}
		var err error
		if added, err = s.storeRows(ctx, tx, query); err != nil {
			return err
		}
		var batch pgx.Batch
		batch.Queue(`UPDATE partitions SET sealed = $2 WHERE number = $1`, p.number, s.now().UnixMicro())
		queueTotals(&batch, added)
		return tx.SendBatch(ctx, &batch).Close()
	})
	return added, err
}

// storeRows stores what a COPY gives as blocks: while some are stored, others are
// encoded.
func (s *Store) storeRows(ctx context.Context, tx pgx.Tx, query string) (added totals, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	encoded := make(chan []block.Block)
	failed := make(chan error, 1)
	go func() {
		defer close(encoded)
		failed <- s.encodeRows(ctx, query, func(blocks []block.Block) error {
			select {
			case encoded <- blocks:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	for blocks := range encoded {
		if err != nil {
			continue
		}
		var batch pgx.Batch
		added = added.plus(queueBlocks(&batch, blocks))
		if err = tx.SendBatch(ctx, &batch).Close(); err != nil {
			stop()
		}
	}
	if e := <-failed; err == nil {
		err = e
	}
	return added, err
}

// lockForSealing keeps commits from a partition until the transaction ends.
// errSealed where that has no rows yet and its period is not over, or where it is
// sealed.
func lockForSealing(ctx context.Context, tx pgx.Tx, p *partition, now time.Time) error {
	if p.covers(now.UnixMicro()) {
		empty, err := one(ctx, tx, pgx.RowTo[bool], `SELECT NOT EXISTS (SELECT 1 FROM `+p.table+`)`)
		if err != nil {
			return err
		}
		if empty {
			return errSealed
		}
	}
	if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '`+sealWait+`'`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `LOCK TABLE `+p.table+` IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	open, err := one(ctx, tx, pgx.RowTo[bool],
		`SELECT EXISTS (SELECT 1 FROM partitions WHERE number = $1 AND sealed IS NULL)`, p.number)
	if err == nil && !open {
		return errSealed
	}
	return err
}

// encodeRows gives the rows that a COPY gives as blocks to store, some at a time.
func (s *Store) encodeRows(ctx context.Context, query string, store func([]block.Block) error) error {
	var (
		blocks []block.Block
		bytes  int
		failed error // of store
	)
	flush := func() error {
		failed = store(blocks)
		blocks, bytes = nil, 0
		return failed
	}
	builder := block.NewBuilder(func(b block.Block) error {
		blocks, bytes = append(blocks, b), bytes+len(b.Data)
		if bytes < segmentBytes {
			return nil
		}
		return flush()
	})
	last := make(map[plant.RunID]int64) // the newest sequence number of each run
	// What cannot be encoded was not stored by us.
	sound := func(err error) error {
		if err == nil || failed != nil {
			return err
		}
		return fmt.Errorf("%w: %w", errUnsound, err)
	}
	rows := &rowReader{each: func(o plant.Observation) error {
		if o.Sequence <= last[o.Run] {
			return errDisorder
		}
		last[o.Run] = o.Sequence
		return sound(builder.Add(o))
	}}
	err := s.read.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		_, err := conn.Conn().PgConn().CopyTo(ctx, rows, query)
		return err
	})
	if err == nil {
		err = rows.ended()
	}
	if err == nil {
		err = sound(builder.Flush())
	}
	if err == nil && len(blocks) > 0 {
		err = flush()
	}
	return err
}

// dropSealed drops the tables of partitions that were sealed some time ago, but
// for those that are in use.
func (s *Store) dropSealed(ctx context.Context, conn *pgx.Conn) error {
	old, err := collect(ctx, conn, scanPartition, `SELECT `+partitionColumns+` FROM partitions WHERE sealed <= $1 ORDER BY number`,
		s.now().Add(-dropAfter).UnixMicro())
	if err != nil {
		return err
	}
	for _, p := range old {
		err := s.step(ctx, conn, func(ctx context.Context, tx pgx.Tx) error {
			var batch pgx.Batch
			batch.Queue(`SET LOCAL lock_timeout = '` + dropWait + `'`)
			batch.Queue(`DROP TABLE IF EXISTS ` + p.table)
			batch.Queue(`DELETE FROM partitions WHERE number = $1`, p.number)
			return tx.SendBatch(ctx, &batch).Close()
		})
		if err != nil && errorCode(err) != lockNotGranted {
			return err
		}
	}
	return nil
}
