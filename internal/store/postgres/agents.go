package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
)

const agentColumns = `id, name, url, configured, added`

func scanAgent(row pgx.CollectableRow) (plant.Agent, error) {
	var (
		a     plant.Agent
		added int64
	)
	err := row.Scan(&a.ID, &a.Name, (*text)(&a.URL), &a.Configured, &added)
	a.Added = fromMicros(added)
	return a, err
}

// PutAgent implements store.Admin.
func (s *Store) PutAgent(ctx context.Context, agent plant.Agent) (plant.Agent, error) {
	if err := agent.Validate(); err != nil {
		return plant.Agent{}, err
	}
	if agent.Added.IsZero() {
		agent.Added = s.now()
	}
	var stored plant.Agent
	err := s.update(ctx, "put agent", func(ctx context.Context, tx pgx.Tx) (err error) {
		stored, err = one(ctx, tx, scanAgent, `
			INSERT INTO agents AS old (name, url, configured, added) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET url = excluded.url, configured = old.configured OR excluded.configured
			RETURNING `+agentColumns,
			agent.Name, text(agent.URL), agent.Configured, agent.Added.UnixMicro())
		return err
	})
	return stored, err
}

// RemoveAgent implements store.Admin.
func (s *Store) RemoveAgent(ctx context.Context, name string) error {
	return s.update(ctx, "remove agent", func(ctx context.Context, tx pgx.Tx) error {
		result, err := tx.Exec(ctx, `UPDATE agents SET configured = false WHERE name = $1 AND configured`, text(name))
		if err != nil || result.RowsAffected() > 0 {
			return err
		}
		return plant.Errorf(plant.NotFound, "agent %q: there is no agent of that name that was added by command", name)
	})
}

// Agents implements store.Reader.
func (s *Store) Agents(ctx context.Context) ([]plant.Agent, error) {
	return list(ctx, s, "list agents", scanAgent, `SELECT `+agentColumns+` FROM agents ORDER BY name`)
}

// lockAgent keeps others from changing what hangs on an agent until the
// transaction ends. NotFound where there is no such agent.
func lockAgent(ctx context.Context, tx pgx.Tx, id plant.AgentID) error {
	err := tx.QueryRow(ctx, `SELECT id FROM agents WHERE id = $1 FOR NO KEY UPDATE`, id).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return plant.Errorf(plant.NotFound, "there is no agent with number %d", id)
	}
	return err
}

// fromMicros is the time of a column.
func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
