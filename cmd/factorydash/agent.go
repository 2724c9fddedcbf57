package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

type agentCommand struct {
	Add    agentAddCommand    `cmd:"" help:"Add an agent, or change its URL; a running factorydash reads it within seconds."`
	List   agentListCommand   `cmd:"" help:"List the agents that were added."`
	Remove agentRemoveCommand `cmd:"" help:"End the reading of an agent; what is stored of it stays."`
}

type agentAddCommand struct {
	Name string `arg:"" help:"Name of the agent: letters, digits, dots, dashes, underscores."`
	URL  string `arg:"" help:"Where the agent answers, such as http://10.0.0.5:5000."`
}

// Run stores the agent.
func (c *agentAddCommand) Run(ctx context.Context, env *environment) error {
	agent := plant.Agent{Name: c.Name, URL: c.URL, Configured: true}
	if err := agent.Validate(); err != nil {
		return err
	}
	st, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if agent, err = st.PutAgent(ctx, agent); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is read from %s\n", agent.Name, agent.Redacted())
	return nil
}

type agentRemoveCommand struct {
	Name string `arg:"" help:"Name of the agent."`
}

// Run ends the reading of the agent.
func (c *agentRemoveCommand) Run(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.RemoveAgent(ctx, c.Name); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is read no more; what is stored of it stays\n", c.Name)
	return nil
}

type agentListCommand struct {
	JSON bool `help:"Print as JSON."`
}

// Run prints the agents that were added by command.
func (c *agentListCommand) Run(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	stored, err := st.Agents(ctx)
	if err != nil {
		return err
	}
	type row struct {
		Name  string    `json:"name"`
		URL   string    `json:"url"`
		Added time.Time `json:"added"`
	}
	rows := []row{}
	for _, agent := range stored {
		if agent.Configured {
			rows = append(rows, row{agent.Name, agent.Redacted(), agent.Added.UTC()})
		}
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintf(env.stdout, "no agent was added; without --agent, %s is read from %s\n", defaultAgent.Name, defaultAgent.URL)
		return nil
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tURL\tADDED")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.URL, r.Added.Format(time.RFC3339))
	}
	return table.Flush()
}
