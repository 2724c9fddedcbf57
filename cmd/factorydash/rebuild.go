package main

import (
	"context"
	"fmt"

	"github.com/factorydash/factorydash/internal/collect"
)

type rebuildCommand struct {
	Agent string `help:"Only this agent's machines." placeholder:"NAME"`
}

// Run derives what is derived from the observations anew.
func (c *rebuildCommand) Run(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	agents, err := st.Agents(ctx)
	if err != nil {
		return err
	}
	failed := false
	for _, agent := range agents {
		if c.Agent != "" && agent.Name != c.Agent {
			continue
		}
		progress := newProgress(env.stderr, agent.Name+": read")
		done, err := collect.Rebuild(ctx, st, agent.ID, progress.set)
		progress.done()
		if ctx.Err() != nil {
			return err
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
