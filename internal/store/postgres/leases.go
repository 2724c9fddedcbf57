package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

var _ store.Leases = (*Store)(nil)

// clock is the time by which leases run out, in microseconds: when the server
// began with a statement. Each operation on leases is one statement that is a
// transaction by itself, so that a process which is stopped or cut off at any
// moment leaves no lock behind that others would wait for.
const clock = `(extract(epoch FROM statement_timestamp()) * 1000000)::bigint`

// Renew implements store.Leases.
func (s *Store) Renew(ctx context.Context, w store.Worker, ttl time.Duration) (store.Crew, error) {
	_, err := s.lease.Exec(ctx, `
		WITH lives AS (
			INSERT INTO workers (id, name, version, started, seen, expires)
			VALUES ($1, $2, $3, $4, `+clock+`, `+clock+` + $5::bigint)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version,
				started = excluded.started, seen = excluded.seen, expires = excluded.expires
		), gone AS (
			DELETE FROM workers WHERE id <> $1 AND expires < `+clock+` - $6::bigint
		)
		UPDATE leases SET expires = `+clock+` + $5::bigint WHERE worker = $1 AND expires > `+clock,
		text(w.ID), text(w.Name), text(w.Version), w.Started.UnixMicro(), ttl.Microseconds(), store.WorkerMemory.Microseconds())
	if err == nil {
		err = s.cutLeases(ctx, ttl)
	}
	if err != nil {
		return store.Crew{}, s.fail(ctx, "renew leases", err)
	}
	return s.Crew(ctx)
}

// cutLeases ends after ttl what is good for longer. It passes over what others are
// at, so that workers who do it at once do not wait for each other.
func (s *Store) cutLeases(ctx context.Context, ttl time.Duration) error {
	const tooLong = `expires > ` + clock + ` + $1::bigint FOR NO KEY UPDATE SKIP LOCKED`
	_, err := s.lease.Exec(ctx, `
		WITH alive AS (
			UPDATE workers SET expires = `+clock+` + $1::bigint WHERE id IN (SELECT id FROM workers WHERE `+tooLong+`)
		)
		UPDATE leases SET expires = `+clock+` + $1::bigint WHERE agent IN (SELECT agent FROM leases WHERE `+tooLong+`)`,
		ttl.Microseconds())
	return err
}

// Take implements store.Leases.
func (s *Store) Take(ctx context.Context, worker string, agents []plant.AgentID, ttl time.Duration) ([]store.Lease, error) {
	taken, err := collect(ctx, s.lease, scanLease, `
		INSERT INTO leases AS old (agent, worker, number, expires)
		SELECT id, $1, 1, `+clock+` + $2::bigint FROM agents WHERE id = ANY($3) ORDER BY id
		ON CONFLICT (agent) DO UPDATE SET worker = excluded.worker, number = old.number + 1, expires = excluded.expires
			WHERE old.expires <= `+clock+`
		RETURNING agent, worker, number, expires - `+clock,
		text(worker), ttl.Microseconds(), agents)
	return taken, s.fail(ctx, "take leases", err)
}

// Release implements store.Leases.
func (s *Store) Release(ctx context.Context, leases []store.Lease) error {
	agents, workers, numbers := make([]plant.AgentID, len(leases)), make([]text, len(leases)), make([]int64, len(leases))
	for i, l := range leases {
		agents[i], workers[i], numbers[i] = l.Agent, text(l.Worker), l.Number
	}
	_, err := s.lease.Exec(ctx, `
		UPDATE leases SET expires = 0 FROM unnest($1::integer[], $2::text[], $3::bigint[]) AS given (agent, worker, number)
		WHERE leases.agent = given.agent AND leases.worker = given.worker AND leases.number = given.number`,
		agents, workers, numbers)
	return s.fail(ctx, "release leases", err)
}

// Leave implements store.Leases.
func (s *Store) Leave(ctx context.Context, worker string) error {
	_, err := s.lease.Exec(ctx, `
		WITH gone AS (DELETE FROM workers WHERE id = $1)
		UPDATE leases SET expires = 0 WHERE worker = $1`, text(worker))
	return s.fail(ctx, "release all leases", err)
}

// Crew implements store.Leases.
func (s *Store) Crew(ctx context.Context) (store.Crew, error) {
	var c store.Crew
	var err error
	c.Workers, err = collect(ctx, s.lease, scanWorker, `
		SELECT id, name, version, started, seen, expires - `+clock+` FROM workers ORDER BY name, id`)
	if err != nil {
		return store.Crew{}, s.fail(ctx, "list workers", err)
	}
	c.Leases, err = collect(ctx, s.lease, scanLease, `
		SELECT agent, worker, number, expires - `+clock+` FROM leases WHERE expires > `+clock+` ORDER BY agent`)
	if err != nil {
		return store.Crew{}, s.fail(ctx, "list leases", err)
	}
	return c, nil
}

func scanWorker(row pgx.CollectableRow) (store.Worker, error) {
	var w store.Worker
	var started, seen, left int64
	err := row.Scan((*text)(&w.ID), (*text)(&w.Name), (*text)(&w.Version), &started, &seen, &left)
	w.Started, w.Seen, w.Left = fromMicros(started), fromMicros(seen), time.Duration(left)*time.Microsecond
	return w, err
}

func scanLease(row pgx.CollectableRow) (store.Lease, error) {
	var l store.Lease
	var left int64
	err := row.Scan(&l.Agent, (*text)(&l.Worker), &l.Number, &left)
	l.Left = time.Duration(left) * time.Microsecond
	return l, err
}
