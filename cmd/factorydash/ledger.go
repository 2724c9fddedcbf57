package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/factorydash/factorydash/internal/api"
)

type ledgerCommand struct {
	JSON bool `help:"Print as JSON: an array with one object per agent and instance."`
}

// Run prints what is stored of each run of each agent, and what is not.
func (c *ledgerCommand) Run(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	entries, err := api.Ledger(ctx, st)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(entries)
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGENT\tINSTANCE\tFIRST\tNEXT\tSTORED\tGAPS")
	for _, e := range entries {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", e.Agent, e.Instance, e.First, e.Next, e.Stored, len(e.Gaps))
		if e.Freed > 0 {
			fmt.Fprintf(table, "\t\t\t\t%d\t\tdeleted by retention\n", e.Freed)
		}
		for _, g := range e.Gaps {
			to := "…"
			if g.To != nil {
				to = fmt.Sprint(*g.To)
			}
			fmt.Fprintf(table, "\t\t%d\t%s\t\t%s\n", g.From, to, g.Reason)
		}
	}
	return table.Flush()
}
