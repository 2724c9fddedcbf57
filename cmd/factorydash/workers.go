package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/factorydash/factorydash/internal/plant"
)

type workersCommand struct {
	JSON bool `help:"Print as JSON."`
}

// Run lists the workers on the store with the agents that each captures.
func (c *workersCommand) Run(ctx context.Context, env *environment) error {
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	crew, err := st.Crew(ctx)
	if err != nil {
		return err
	}
	agents, err := st.Agents(ctx)
	if err != nil {
		return err
	}
	names := make(map[plant.AgentID]string, len(agents))
	for _, a := range agents {
		names[a.ID] = a.Name
	}
	type row struct {
		Name    string   `json:"name"`
		Version string   `json:"version"`
		Started string   `json:"started"`
		Seen    string   `json:"seen"`
		Alive   bool     `json:"alive"`
		Agents  []string `json:"agents"`
	}
	rows := []row{}
	for _, w := range crew.Workers {
		r := row{Name: w.Name, Version: w.Version, Started: moment(w.Started), Seen: moment(w.Seen), Alive: w.Left > 0, Agents: []string{}}
		for _, l := range crew.Leases {
			if l.Worker == w.ID {
				r.Agents = append(r.Agents, names[l.Agent])
			}
		}
		rows = append(rows, r)
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(rows)
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WORKER\tVERSION\tSTARTED\tSEEN\tSTATE\tAGENTS")
	for _, r := range rows {
		state := "gone"
		if r.Alive {
			state = "alive"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d: %s\n", r.Name, r.Version, r.Started, r.Seen, state, len(r.Agents), strings.Join(r.Agents, " "))
	}
	return table.Flush()
}
