package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

const agentColumns = `id, name, url, configured, added`

func scanAgent(row scanner) (plant.Agent, error) {
	var (
		a     plant.Agent
		added int64
	)
	err := row.Scan(&a.ID, &a.Name, &a.URL, &a.Configured, &added)
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
	err := s.update(ctx, "put agent", func(tx *sql.Tx) (err error) {
		stored, err = scanAgent(tx.QueryRowContext(ctx, `
			INSERT INTO agents (name, url, configured, added) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET url = excluded.url, configured = max(configured, excluded.configured)
			RETURNING `+agentColumns,
			agent.Name, agent.URL, agent.Configured, agent.Added.UnixMicro()))
		return err
	})
	return stored, err
}

// RemoveAgent implements store.Admin.
func (s *Store) RemoveAgent(ctx context.Context, name string) error {
	return s.update(ctx, "remove agent", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE agents SET configured = 0 WHERE name = ? AND configured = 1`, name)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return plant.Errorf(plant.NotFound, "agent %q: there is no agent of that name that was added by command", name)
	})
}

// Agents implements store.Reader.
func (s *Store) Agents(ctx context.Context) ([]plant.Agent, error) {
	return list(ctx, s, "list agents", scanAgent, `SELECT `+agentColumns+` FROM agents ORDER BY name`)
}

// checkAgent gives NotFound where there is no such agent.
func checkAgent(ctx context.Context, tx *sql.Tx, id plant.AgentID) error {
	err := tx.QueryRowContext(ctx, `SELECT id FROM agents WHERE id = ?`, id).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return plant.Errorf(plant.NotFound, "there is no agent with number %d", id)
	}
	return err
}

// fromMicros is the time of a column.
func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
