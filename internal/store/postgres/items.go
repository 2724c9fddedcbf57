package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
)

// itemAgents knows the agent of each data item, so that a commit can check every
// observation without asking the database. A data item never changes its agent
// and is never removed.
type itemAgents struct {
	mu sync.RWMutex
	// agents is indexed by the item's number; 0 where there is no such item.
	agents []plant.AgentID
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

// load adds the items that were made since the last time: those who make them
// take turns, so that none with a lower number comes later.
func (a *itemAgents) load(ctx context.Context, q querier) error {
	a.mu.RLock()
	first := len(a.agents)
	a.mu.RUnlock()
	rows, err := q.Query(ctx, `SELECT i.id, d.agent FROM data_items i JOIN devices d ON d.id = i.device WHERE i.id >= $1`, first)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var (
		item  int
		agent plant.AgentID
	)
	_, err = pgx.ForEachRow(rows, []any{&item, &agent}, func() error {
		if n := item + 1 - len(a.agents); n > 0 {
			a.agents = append(a.agents, make([]plant.AgentID, n)...)
		}
		a.agents[item] = agent
		return nil
	})
	return err
}
