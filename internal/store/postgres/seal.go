package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	// sealBytes is how many bytes of blocks are sent to the database at once.
	sealBytes = 64 << 10
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
		read, write := io.Pipe()
		copied := make(chan error, 1)
		go func() {
			_, err := conn.PgConn().CopyFrom(ctx, read, copyBlocks)
			_ = read.CloseWithError(errCopyEnded)
			copied <- err
		}()
		var err error
		added, err = s.encodeRows(ctx, query, write)
		_ = write.CloseWithError(err)
		if e := <-copied; err == nil || errors.Is(err, errCopyEnded) {
			err = e
		}
		if err != nil {
			return err
		}
		var batch pgx.Batch
		batch.Queue(`UPDATE partitions SET sealed = $2 WHERE number = $1`, p.number, s.now().UnixMicro())
		queueTotals(&batch, added)
		return tx.SendBatch(ctx, &batch).Close()
	})
	return added, err
}

// errCopyEnded is what a write of blocks meets where the database takes no more of
// them.
var errCopyEnded = errors.New("the database takes no more blocks")

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

// encodeRows writes the rows that a COPY gives as blocks.
func (s *Store) encodeRows(ctx context.Context, query string, to io.Writer) (added totals, err error) {
	var c copier
	c.begin()
	write := func() error {
		_, err := to.Write(c.data)
		c.data = c.data[:0]
		return err
	}
	builder := block.NewBuilder(func(b block.Block) error {
		added = added.plus(totalsOf(&b))
		c.block(&b)
		if len(c.data) < sealBytes {
			return nil
		}
		return write()
	})
	last := make(map[plant.RunID]int64) // the newest sequence number of each run
	// What cannot be encoded was not stored by us.
	sound := func(err error) error {
		if err == nil || errors.Is(err, errCopyEnded) {
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
	err = s.read.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		_, err := conn.Conn().PgConn().CopyTo(ctx, rows, query)
		return err
	})
	if err == nil {
		err = rows.ended()
	}
	if err == nil {
		err = sound(builder.Flush())
	}
	if err != nil {
		return totals{}, err
	}
	c.end()
	return added, write()
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
