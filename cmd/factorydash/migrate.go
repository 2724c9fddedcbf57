package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring the schema of the store up to date; nothing is done where it is."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and when each was applied."`
}

type migrateUpCommand struct{}

// Run brings the schema up to date.
func (c *migrateUpCommand) Run(ctx context.Context, env *environment) error {
	// A store that is opened is brought up to date by that.
	st, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.Ping(ctx); err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "the schema is up to date")
	return nil
}

type migrateStatusCommand struct{}

// Run lists the migrations. It fails where one is not applied.
func (c *migrateStatusCommand) Run(ctx context.Context, env *environment) error {
	migrations, err := env.migrations(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	behind := false
	for _, m := range migrations {
		applied := "no"
		if m.Applied.IsZero() {
			behind = true
		} else {
			applied = m.Applied.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if behind {
		fmt.Fprintln(env.stdout, "the schema is behind: run 'factorydash migrate up'")
		return errSilent
	}
	return nil
}
