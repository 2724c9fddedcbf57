package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

type rebuildCommand struct {
	shopFlags
	Agent string `help:"Only this agent's machines." placeholder:"NAME"`
}

// Run derives what is derived from the observations anew. An agent that is captured
// meanwhile is left out: what it says would be lost from its states.
func (c *rebuildCommand) Run(ctx context.Context, env *environment) error {
	rules, err := c.stateRules()
	if err != nil {
		return err
	}
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	agents, err := st.Agents(ctx)
	if err != nil {
		return err
	}
	crew, err := st.Crew(ctx)
	if err != nil {
		return err
	}
	if c.Agent != "" {
		agents = slices.DeleteFunc(agents, func(a plant.Agent) bool { return a.Name != c.Agent })
		if len(agents) == 0 {
			return plant.Errorf(plant.NotFound, "--agent %s: the store has no agent of this name", c.Agent)
		}
	}
	captured, failed := collect.Captured(crew), false
	for _, agent := range agents {
		if captured[agent.ID] {
			failed = true
			fmt.Fprintf(env.stdout, "%s: states stay as they are: the agent is captured; stop what captures it first ('factorydash workers' lists it), and wait %s where that was killed\n",
				agent.Name, collect.LeaseTime)
			continue
		}
		progress := newProgress(env.stderr, agent.Name+": read")
		done, err := collect.Rebuild(ctx, st, agent.ID, rules, progress.set)
		progress.done()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = true
			fmt.Fprintf(env.stdout, "%s: states stay as they are: %v\n", agent.Name, err)
			continue
		}
		fmt.Fprintf(env.stdout, "%s: %d state changes from %d observations; %d machines had others\n",
			agent.Name, done.States, done.Observations, done.Changed)
	}
	if failed {
		return errSilent
	}
	return nil
}
