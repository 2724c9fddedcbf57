package main

import (
	"context"
	"fmt"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

type exportCommand struct {
	Format  string `help:"jsonl (one JSON object a line) or csv." enum:"jsonl,csv" default:"jsonl"`
	Agent   string `help:"Only observations of this agent." placeholder:"NAME"`
	Machine string `help:"Only observations of this machine." placeholder:"NAME"`
	From    string `help:"Only observations with this timestamp or a later one (RFC 3339)." placeholder:"TIME"`
	To      string `help:"Only observations with an earlier timestamp (RFC 3339)." placeholder:"TIME"`
}

// Run writes the observations in order of agent, instance and sequence.
func (c *exportCommand) Run(ctx context.Context, env *environment) error {
	options := api.ExportOptions{Format: api.Format(c.Format), Agent: c.Agent, Machine: c.Machine}
	var err error
	if options.From, err = parseTime("--from", c.From); err != nil {
		return err
	}
	if options.To, err = parseTime("--to", c.To); err != nil {
		return err
	}
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	progress := newProgress(env.stderr, "exported")
	options.Progress = progress.set
	n, err := api.Export(ctx, st, env.stdout, options)
	progress.done()
	if err != nil {
		return fmt.Errorf("after %d observations: %w", n, err)
	}
	return nil
}

// parseTime reads a time of a flag; the zero time where it is not given.
func parseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, plant.Errorf(plant.Invalid, "%s %q: use a time such as 2026-11-23T06:00:00Z", flag, text)
	}
	return t, nil
}
