package postgres

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
)

// owners knows the agent of each thing of a kind, by its number, so that a commit
// can check every observation without asking the database. Nothing changes its
// agent or is removed while connections last.
type owners struct {
	// query gives numbers and agents: of all from $1 on, and that of $2.
	query string

	// agents is indexed by the number; 0 where there is no such thing, or where it
	// has not been asked for. It is replaced as a whole, by who has begun with what is
	// there: what was asked for before a forget is not kept.
	agents atomic.Pointer[[]plant.AgentID]
}

// The queries of the kinds of things.
const (
	itemOwners   = `SELECT i.id, d.agent FROM data_items i JOIN devices d ON d.id = i.device WHERE i.id >= $1 OR i.id = $2`
	deviceOwners = `SELECT id, agent FROM devices WHERE id >= $1 OR id = $2`
	runOwners    = `SELECT id, agent FROM instances WHERE id >= $1 OR id = $2`
)

// forget has everything asked for again. It is called once before all else.
func (o *owners) forget() { o.agents.Store(new([]plant.AgentID)) }

// of gives the agent of a thing, 0 where there is no such thing.
func (o *owners) of(ctx context.Context, q querier, number int32) (plant.AgentID, error) {
	if agent := o.known(number); agent != 0 {
		return agent, nil
	}
	agents, err := o.load(ctx, q, number)
	return agentOf(agents, number), err
}

// known gives the agent of a thing that has been loaded, 0 for any other.
func (o *owners) known(number int32) plant.AgentID { return agentOf(*o.agents.Load(), number) }

func agentOf(agents []plant.AgentID, number int32) plant.AgentID {
	if number < 0 || int(number) >= len(agents) {
		return 0
	}
	return agents[number]
}

// load gives what is known with what was made since the last time, and the thing with
// a number: one with a lower number may have been committed later.
func (o *owners) load(ctx context.Context, q querier, number int32) ([]plant.AgentID, error) {
	known := o.agents.Load()
	rows, err := q.Query(ctx, o.query, len(*known), number)
	if err != nil {
		return nil, err
	}
	agents := slices.Clone(*known)
	var (
		found int
		agent plant.AgentID
	)
	_, err = pgx.ForEachRow(rows, []any{&found, &agent}, func() error {
		if n := found + 1 - len(agents); n > 0 {
			agents = append(agents, make([]plant.AgentID, n)...)
		}
		agents[found] = agent
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.agents.CompareAndSwap(known, &agents)
	return agents, nil
}
