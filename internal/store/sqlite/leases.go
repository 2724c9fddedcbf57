package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

var _ store.Leases = (*Store)(nil)

// clock is the time by which leases run out, in microseconds: that of the machine
// that all processes on the file are on. It is the same within a statement.
const clock = `(CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000)`

// Renew implements store.Leases.
func (s *Store) Renew(ctx context.Context, w store.Worker, ttl time.Duration) (store.Crew, error) {
	err := s.update(ctx, "renew leases", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO workers (id, name, version, started, seen, expires) VALUES (?, ?, ?, ?, `+clock+`, `+clock+` + ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version,
				started = excluded.started, seen = excluded.seen, expires = excluded.expires`,
			w.ID, w.Name, w.Version, w.Started.UnixMicro(), ttl.Microseconds())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE leases SET expires = `+clock+` + ?1 WHERE worker = ?2 AND expires > `+clock+` OR expires > `+clock+` + ?1`,
			ttl.Microseconds(), w.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE workers SET expires = `+clock+` + ?1 WHERE expires > `+clock+` + ?1`, ttl.Microseconds())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM workers WHERE expires < `+clock+` - ?`, store.WorkerMemory.Microseconds())
		return err
	})
	if err != nil {
		return store.Crew{}, err
	}
	return s.Crew(ctx)
}

// Take implements store.Leases.
func (s *Store) Take(ctx context.Context, worker string, agents []plant.AgentID, ttl time.Duration) ([]store.Lease, error) {
	var taken []store.Lease
	err := s.update(ctx, "take leases", func(tx *sql.Tx) (err error) {
		taken, err = collect(ctx, tx, scanLease, `
			INSERT INTO leases (agent, worker, number, expires)
			SELECT id, ?, 1, `+clock+` + ? FROM agents WHERE id IN (SELECT value FROM json_each(?))
			ON CONFLICT (agent) DO UPDATE SET worker = excluded.worker, number = number + 1, expires = excluded.expires
				WHERE expires <= `+clock+`
			RETURNING agent, worker, number, expires - `+clock,
			worker, ttl.Microseconds(), numberList(agents))
		return err
	})
	return taken, err
}

// Release implements store.Leases.
func (s *Store) Release(ctx context.Context, leases []store.Lease) error {
	return s.update(ctx, "release leases", func(tx *sql.Tx) error {
		for _, l := range leases {
			_, err := tx.ExecContext(ctx, `UPDATE leases SET expires = 0 WHERE agent = ? AND worker = ? AND number = ?`,
				l.Agent, l.Worker, l.Number)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Leave implements store.Leases.
func (s *Store) Leave(ctx context.Context, worker string) error {
	return s.update(ctx, "release all leases", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE leases SET expires = 0 WHERE worker = ?`, worker); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM workers WHERE id = ?`, worker)
		return err
	})
}

// Crew implements store.Leases. It reads by the writer: readers, who may all be at
// long work, must not keep it waiting.
func (s *Store) Crew(ctx context.Context) (store.Crew, error) {
	var c store.Crew
	var err error
	c.Workers, err = collect(ctx, s.write, scanWorker, `
		SELECT id, name, version, started, seen, expires - `+clock+` FROM workers ORDER BY name, id`)
	if err != nil {
		return store.Crew{}, s.fail(ctx, s.write, "list workers", err)
	}
	c.Leases, err = collect(ctx, s.write, scanLease, `
		SELECT agent, worker, number, expires - `+clock+` FROM leases WHERE expires > `+clock+` ORDER BY agent`)
	if err != nil {
		return store.Crew{}, s.fail(ctx, s.write, "list leases", err)
	}
	return c, nil
}

func scanWorker(row scanner) (store.Worker, error) {
	var w store.Worker
	var started, seen, left int64
	err := row.Scan(&w.ID, &w.Name, &w.Version, &started, &seen, &left)
	w.Started, w.Seen, w.Left = fromMicros(started), fromMicros(seen), time.Duration(left)*time.Microsecond
	return w, err
}

func scanLease(row scanner) (store.Lease, error) {
	var l store.Lease
	var left int64
	err := row.Scan(&l.Agent, &l.Worker, &l.Number, &left)
	l.Left = time.Duration(left) * time.Microsecond
	return l, err
}
