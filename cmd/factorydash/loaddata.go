package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

type loaddataCommand struct {
	agentFlags
	captureFlags
	shopFlags
}

// Run reads each agent until what it has now is stored, and prints a summary.
// It fails where an agent could not be read to the end.
func (c *loaddataCommand) Run(ctx context.Context, env *environment) error {
	named, err := c.named()
	if err != nil {
		return err
	}
	dial, err := c.dialer(userAgent(env.build))
	if err != nil {
		return err
	}
	rules, err := c.stateRules()
	if err != nil {
		return err
	}
	st, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	progress := newProgress(env.stderr, "stored")
	supervisor, err := collect.New(collect.Options{
		Store: st, Ledger: st, Dial: dial, Rules: rules, Log: env.log,
		Publish:     func(change plant.Change) { progress.add(int64(change.Observations)) },
		CommitDelay: c.CommitDelay, PollInterval: c.PollInterval,
	})
	if err != nil {
		return err
	}
	agents, err := wantedAgents(ctx, st, named)
	if err != nil {
		return err
	}
	results, err := supervisor.Fetch(ctx, agents)
	progress.done()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGENT\tSTORED\tGAPS\tRESULT")
	failed := false
	for _, r := range results {
		verdict := "ok"
		if r.Err != nil {
			failed = true
			verdict = r.Err.Error()
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", r.Agent.Name, r.Observations, len(r.Gaps), verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed {
		return errSilent
	}
	return nil
}
