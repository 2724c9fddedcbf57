package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

// itemAgents knows the agent of each data item, so that a commit can check every
// observation without asking the file. A data item never changes its agent and
// is never removed.
type itemAgents struct {
	mu sync.Mutex
	// agents is indexed by the item's number; 0 where there is no such item.
	agents []plant.AgentID
}

// agentOf gives the agent of an item, 0 where there is no such item.
func (a *itemAgents) agentOf(ctx context.Context, tx *sql.Tx, item plant.ItemID) (plant.AgentID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if item < 0 {
		return 0, nil
	}
	if int(item) >= len(a.agents) {
		if err := a.load(ctx, tx); err != nil {
			return 0, err
		}
	}
	if int(item) >= len(a.agents) {
		return 0, nil
	}
	return a.agents[item], nil
}

// load adds the items that were made since the last time.
func (a *itemAgents) load(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT i.id, d.agent FROM data_items i JOIN devices d ON d.id = i.device WHERE i.id >= ? ORDER BY i.id`, len(a.agents))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			item  int
			agent plant.AgentID
		)
		if err := rows.Scan(&item, &agent); err != nil {
			return err
		}
		a.agents = append(a.agents, make([]plant.AgentID, item+1-len(a.agents))...)
		a.agents[item] = agent
	}
	return rows.Err()
}
