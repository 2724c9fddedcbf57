package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

var _ store.Upkeep = (*Store)(nil)

// The advisory locks of upkeep, by which one process at a time does it. Merging
// and expiring take turns, since both delete blocks.
const (
	sealLock  = `hashtext(current_schema() || ' seal')`
	blockLock = `hashtext(current_schema() || ' blocks')`
)

// unlockTimeout is how long giving back an advisory lock may take, when the caller
// wants to end already. The lock of a connection that fails at it is gone with it.
const unlockTimeout = 5 * time.Second

// lockPause is how long a call waits between two attempts to take an advisory
// lock that another one holds. To have the database wait for it would hold a
// snapshot all the while, which keeps what is deleted from being cleaned away.
const lockPause = 200 * time.Millisecond

// tryAlone runs f while it holds an advisory lock, on the connection that does;
// not at all where another process or call holds it.
func (s *Store) tryAlone(ctx context.Context, lock string, f func(*pgx.Conn) error) error {
	return s.locked(ctx, func(conn *pgx.Conn) error {
		held, err := take(ctx, conn, lock)
		if err != nil || !held {
			return err
		}
		return f(conn)
	})
}

// alone is tryAlone, but waits for the lock.
func (s *Store) alone(ctx context.Context, lock string, f func(*pgx.Conn) error) error {
	return s.locked(ctx, func(conn *pgx.Conn) error {
		retry := time.NewTicker(lockPause)
		defer retry.Stop()
		for {
			held, err := take(ctx, conn, lock)
			if err != nil {
				return err
			}
			if held {
				return f(conn)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-retry.C:
			}
		}
	})
}

// take takes an advisory lock unless somebody else holds it.
func take(ctx context.Context, conn *pgx.Conn, lock string) (held bool, err error) {
	return one(ctx, conn, pgx.RowTo[bool], `SELECT pg_try_advisory_lock(`+lock+`)`)
}

// locked runs f on a connection of its own, and gives back the lock that it may
// have taken. A statement of upkeep may take longer than others: what ends it is
// its context and not a timeout that the database was given for all.
func (s *Store) locked(ctx context.Context, f func(*pgx.Conn) error) error {
	return s.write.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		conn := c.Conn()
		if _, err := conn.Exec(ctx, `SET statement_timeout = 0`); err != nil {
			return err
		}
		defer func() {
			if conn.IsClosed() {
				return
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTimeout)
			defer cancel()
			_, err := conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
			if err == nil {
				_, err = conn.Exec(ctx, `RESET statement_timeout`)
			}
			if err != nil {
				_ = conn.Close(ctx) // The lock is gone with it.
			}
		}()
		return f(conn)
	})
}

// step runs one step of upkeep: a transaction of its own, as short as a commit,
// whose statements f adds to a batch after what it does by itself.
func (s *Store) step(ctx context.Context, conn *pgx.Conn, f func(ctx context.Context, tx pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return f(ctx, tx) })
}

// ReplaceStates implements store.Upkeep. It locks the agent, so that no run begins, and
// its runs, so that no cursor moves, in the order in which StartRun does.
func (s *Store) ReplaceStates(ctx context.Context, device plant.DeviceID, from int64, changes []plant.StateChange, runs []plant.Run) error {
	if err := store.CheckReplacement(device, from, changes); err != nil {
		return err
	}
	return s.update(ctx, "replace states", func(ctx context.Context, tx pgx.Tx) error {
		agent, err := one(ctx, tx, pgx.RowTo[plant.AgentID], `SELECT agent FROM devices WHERE id = $1`, device)
		if err != nil {
			return err
		}
		if err := lockAgent(ctx, tx, agent); err != nil {
			return err
		}
		now, err := collect(ctx, tx, scanRun, `SELECT `+runColumns+` FROM instances WHERE agent = $1 ORDER BY id FOR NO KEY UPDATE`, agent)
		if err != nil {
			return err
		}
		if err := store.CheckUnmoved(runs, now); err != nil {
			return err
		}
		var batch pgx.Batch
		batch.Queue(`DELETE FROM states WHERE device = $1 AND time >= $2`, device, from)
		for _, c := range changes {
			queueState(&batch, c.Run, c)
		}
		return tx.SendBatch(ctx, &batch).Close()
	})
}

// Size implements store.Upkeep. What rows take counts partitions that are sealed
// until they are dropped.
func (s *Store) Size(ctx context.Context) (size store.Size, err error) {
	err = s.read.QueryRow(ctx, `
		SELECT (SELECT coalesce(sum(stored - freed), 0) FROM instances) - observations, observations, blocks,
			(SELECT coalesce(sum(pg_total_relation_size(to_regclass(quote_ident(name)))), 0) FROM partitions),
			pg_total_relation_size('blocks') + pg_total_relation_size('block_pages'),
			(SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace),
			coalesce((
				SELECT min((SELECT min_time FROM blocks WHERE item = i.id ORDER BY min_time LIMIT 1)) FROM data_items i
			), 0)
		FROM block_totals`).Scan(&size.Rows, &size.Blocked, &size.Blocks, &size.RowBytes, &size.BlockBytes, &size.TotalBytes, &size.Oldest)
	return size, s.fail(ctx, "read the store's size", err)
}
