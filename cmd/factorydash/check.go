package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/factorydash/factorydash/internal/plant"
)

type checkCommand struct {
	listenFlags
	agentFlags
	captureFlags
}

// Run prints each setting with its value, and what is wrong with it. It fails
// where something is.
func (c *checkCommand) Run(ctx context.Context, env *environment) error {
	checks := []struct {
		name  string
		value func() (string, error)
	}{
		{"data", func() (string, error) { return env.cli.Data, checkFolder(env.cli.Data) }},
		{"listen", func() (string, error) { return c.checkListen(ctx) }},
		{"commit-delay", func() (string, error) { return c.CommitDelay.String(), nil }},
		{"poll-interval", func() (string, error) { return c.PollInterval.String(), nil }},
		{"log-level", func() (string, error) { return env.cli.Log.Level.String(), nil }},
		{"log-format", func() (string, error) { return env.cli.Log.Format, nil }},
		{"log-file", func() (string, error) { return orNone(env.cli.Log.File), nil }},
		{"agent-ca", func() (string, error) {
			_, err := c.dialer(userAgent(env.build))
			return orNone(c.CA), err
		}},
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	wrong := 0
	row := func(name, value string, err error) {
		verdict := "ok"
		if err != nil {
			wrong++
			verdict = err.Error()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", name, value, verdict)
	}
	for _, check := range checks {
		value, err := check.value()
		row(check.name, value, err)
	}
	agents, err := c.wanted(ctx, env)
	if err != nil {
		row("agents", "", err)
	}
	for _, agent := range agents {
		_, err := secret(tokenVariable(agent.Name))
		row("agent "+agent.Name, agent.Redacted(), err)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if wrong > 0 {
		return errSilent
	}
	return nil
}

// wanted gives the agents that `serve` would read, without touching the store
// where there is none.
func (c *checkCommand) wanted(ctx context.Context, env *environment) ([]plant.Agent, error) {
	named, err := c.named()
	if err != nil {
		return nil, err
	}
	st, err := env.openExistingStore(ctx)
	if plant.ErrorCode(err) == plant.NotFound {
		if len(named) == 0 {
			named = []plant.Agent{defaultAgent}
		}
		return named, nil
	}
	if err != nil {
		return nil, err
	}
	defer st.Close()
	stored, err := st.Agents(ctx)
	if err != nil {
		return nil, err
	}
	return chooseAgents(named, stored), nil
}

// checkListen finds out whether the address is free.
func (c *checkCommand) checkListen(ctx context.Context) (string, error) {
	address, err := c.address()
	if err != nil {
		return c.Listen, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return address, fmt.Errorf("not free: %w", err)
	}
	return address, listener.Close()
}

// checkFolder finds out whether the data folder can be written to, or made. It
// leaves nothing behind.
func checkFolder(path string) error {
	info, err := os.Stat(path)
	for errors.Is(err, os.ErrNotExist) { // not there yet: the folder that it would be made in
		path = filepath.Dir(path)
		info, err = os.Stat(path)
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return plant.Errorf(plant.Invalid, "%s is not a folder", path)
	}
	probe, err := os.CreateTemp(path, ".factorydash-check-*")
	if err != nil {
		return fmt.Errorf("not writable: %w", err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
