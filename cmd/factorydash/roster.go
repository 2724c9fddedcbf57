package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

// rosterInterval is how soon a process notices that an agent was added or
// removed by another one.
const rosterInterval = 2 * time.Second

// roster keeps the holder capturing the right agents: those that the process
// was started with, those that were added by command, and, where there are
// neither, the NIST test bed.
type roster struct {
	store  dataStore
	named  []plant.Agent
	holder *collect.Holder
	log    *slog.Logger
	// moved are the URLs that the process was started with, without their passwords,
	// of agents that are read from another one, by name.
	moved *sync.Map
	// put is set once the named agents are in the store.
	put bool
}

// run looks for changes until ctx ends.
func (r *roster) run(ctx context.Context) error {
	tick := time.NewTicker(rosterInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := r.update(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn("agents could not be read from the store", "error", err)
		}
	}
}

// update tells the holder which agents there are.
func (r *roster) update(ctx context.Context) error {
	agents, err := r.wanted(ctx)
	if err != nil {
		return err
	}
	r.holder.SetAgents(agents)
	return nil
}

// wanted gives the agents to be read. The URLs that the process was started with are
// put into the store once: two processes that disagree would else change them in
// turn for ever.
func (r *roster) wanted(ctx context.Context) ([]plant.Agent, error) {
	stored, err := r.store.Agents(ctx)
	if err != nil {
		return nil, err
	}
	if r.put {
		r.giveWay(stored)
	}
	agents, err := numbered(ctx, r.store, chooseAgents(r.named, stored))
	r.put = r.put || err == nil
	return agents, err
}

// giveWay takes over the URL of each named agent that has been given another one
// since, by a process that was started later or by a command, and says so.
func (r *roster) giveWay(stored []plant.Agent) {
	for i, mine := range r.named {
		for _, known := range stored {
			if known.Name != mine.Name || known.URL == mine.URL {
				continue
			}
			r.log.Warn("an agent was given another URL by another process or by a command, and is read from there: name one URL for it everywhere",
				"agent", mine.Name, "was", mine.Redacted(), "is", known.Redacted())
			if first, _ := r.moved.LoadOrStore(mine.Name, mine.Redacted()); first == known.Redacted() {
				r.moved.Delete(mine.Name)
			}
			r.named[i].URL = known.URL
		}
	}
}

// wantedAgents gives the agents to be read, with their numbers in the store.
func wantedAgents(ctx context.Context, st dataStore, named []plant.Agent) ([]plant.Agent, error) {
	stored, err := st.Agents(ctx)
	if err != nil {
		return nil, err
	}
	return numbered(ctx, st, chooseAgents(named, stored))
}

// numbered puts the agents that have no number into the store, which gives them one.
func numbered(ctx context.Context, st dataStore, agents []plant.Agent) (_ []plant.Agent, err error) {
	for i, agent := range agents {
		if agent.ID != 0 {
			continue
		}
		if agents[i], err = st.PutAgent(ctx, agent); err != nil {
			return nil, err
		}
	}
	return agents, nil
}

// chooseAgents gives the agents to be read, out of those that the process was
// started with and those in the store. One that is not in the store, or there
// with another URL, has no number.
func chooseAgents(named, stored []plant.Agent) []plant.Agent {
	chosen := slices.Clone(named)
	for _, agent := range stored {
		isNamed := slices.ContainsFunc(named, func(n plant.Agent) bool { return n.Name == agent.Name })
		if agent.Configured && !isNamed {
			chosen = append(chosen, agent)
		}
	}
	if len(chosen) == 0 {
		chosen = append(chosen, defaultAgent)
	}
	for i, agent := range chosen {
		for _, known := range stored {
			if known.Name == agent.Name && known.URL == agent.URL && (known.Configured || !agent.Configured) {
				chosen[i] = known
			}
		}
	}
	return chosen
}
