package sqlite

import (
	"context"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

// itemAgents knows the agent of each data item, so that a commit can check every
// observation without asking the file. A data item never changes its agent and
// is never removed.
type itemAgents struct {
	mu sync.RWMutex
	// agents is indexed by the item's number; 0 where there is no such item.
	agents []plant.AgentID
}

// agentOf gives the agent of an item, 0 where there is no such item.
func (a *itemAgents) agentOf(ctx context.Context, q querier, item plant.ItemID) (plant.AgentID, error) {
	if agent := a.known(item); agent != 0 {
		return agent, nil
	}
	if err := a.load(ctx, q); err != nil {
		return 0, err
	}
	return a.known(item), nil
}

// known gives the agent of an item that has been loaded, 0 for any other.
func (a *itemAgents) known(item plant.ItemID) plant.AgentID {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if item < 0 || int(item) >= len(a.agents) {
		return 0
	}
	return a.agents[item]
}

// load adds the items that were made since the last time.
func (a *itemAgents) load(ctx context.Context, q querier) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	rows, err := q.QueryContext(ctx, `
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
