package main

import (
	"context"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/retention"
	"github.com/factorydash/factorydash/internal/store"
)

// retentionFlags is how long observations are kept.
type retentionFlags struct {
	RetentionDays  int      `help:"Days that observations are kept, by their own timestamps; 0 keeps everything." default:"30" env:"DATA_RETENTION_DAYS"`
	AgentRetention []string `help:"Days for one agent; repeat for more. In the environment, separate them by spaces." sep:"none" placeholder:"NAME=DAYS" env:"FACTORYDASH_AGENT_RETENTION"`
}

// Validate is called by the command line's parser.
func (f retentionFlags) Validate() error {
	_, err := f.policy()
	return err
}

func (f retentionFlags) policy() (retention.Policy, error) {
	return retention.ParsePolicy(f.RetentionDays, f.AgentRetention)
}

type cleanupCommand struct {
	retentionFlags
	OlderThan *int `help:"Delete what is older than this many days, of all agents, in place of the retention in force." placeholder:"DAYS"`
	DryRun    bool `help:"Only say what would be freed."`
}

// Validate is called by the command line's parser.
func (c *cleanupCommand) Validate() error {
	if c.OlderThan != nil && (*c.OlderThan < 1 || *c.OlderThan > retention.MaxDays) {
		return plant.Errorf(plant.Invalid, "--older-than %d: use 1 to %d days", *c.OlderThan, retention.MaxDays)
	}
	return c.retentionFlags.Validate()
}

// Run deletes what is older than the retention, and says what that freed.
func (c *cleanupCommand) Run(ctx context.Context, env *environment) error {
	policy, err := c.policy()
	if err != nil {
		return err
	}
	if c.OlderThan != nil {
		policy = retention.Policy{Days: *c.OlderThan}
	}
	st, err := env.openExistingStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	keeper, err := retention.New(retention.Options{Store: st, Policy: policy, Log: env.log})
	if err != nil {
		return err
	}
	if err := keeper.CheckNames(ctx); err != nil {
		return err
	}
	expired, err := keeper.Expire(ctx, c.DryRun)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, freed(expired, c.DryRun))
	return nil
}

// freed says what was freed, or would be.
func freed(e store.Expired, dry bool) string {
	verb := "freed"
	if dry {
		verb = "would free"
	}
	return fmt.Sprintf("%s %d observations in %d blocks (%d bytes), %d state changes, %d baseline values",
		verb, e.Observations, e.Blocks, e.Bytes, e.States, e.Baselines)
}
