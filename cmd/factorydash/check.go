package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
)

// checkTimeout is how long the database or Redis may take to answer.
const checkTimeout = 10 * time.Second

// checkCommand takes every setting that `serve` takes; the other processes take a
// part of them.
type checkCommand struct{ serveCommand }

// Run prints each setting with its value, and what is wrong with it. It fails
// where something is. Nothing is changed by it, and no secret is shown.
func (c *checkCommand) Run(ctx context.Context, env *environment) error {
	database, databaseErr := openDatabaseToCheck(ctx, env)
	if database.store != nil {
		defer database.store.Close()
	}
	agents, agentsErr := c.wanted(ctx, env, database)
	checks := []struct {
		name  string
		value func() (string, error)
	}{
		{"config", func() (string, error) { return orNone(string(env.cli.Config)), nil }},
		{"data", func() (string, error) {
			if database.named {
				return env.cli.Data + " (not used: there is a database)", nil
			}
			return env.cli.Data, checkFolder(env.cli.Data)
		}},
		{"database-url", func() (string, error) { return database.value, databaseErr }},
		{"redis-url", func() (string, error) { return c.checkRedis(ctx, env) }},
		{"redis-namespace", func() (string, error) { return c.RedisNamespace, nil }},
		{"listen", func() (string, error) { return c.checkListen(ctx) }},
		{"environment", productionReason},
		{"allowed-hosts", func() (string, error) { return orNone(c.AllowedHosts), c.checkNames() }},
		{"trusted-proxies", func() (string, error) { return orNone(c.TrustedProxies), nil }},
		{"secret-key", c.checkSecretKey},
		{"shop", func() (string, error) { return c.checkShop(c.Simulate) }},
		{"commit-delay", func() (string, error) { return c.CommitDelay.String(), nil }},
		{"poll-interval", func() (string, error) { return c.PollInterval.String(), nil }},
		{"retention-days", func() (string, error) { return strconv.Itoa(c.RetentionDays), nil }},
		{"agent-retention", func() (string, error) { return c.checkRetention(agents, agentsErr) }},
		{"seal-after", func() (string, error) { return c.SealAfter.String(), nil }},
		{"simulate", func() (string, error) { return strconv.FormatBool(c.Simulate), nil }},
		{"log-level", func() (string, error) { return env.cli.Log.Level.String(), nil }},
		{"log-format", func() (string, error) { return env.cli.Log.Format, nil }},
		{"log-file", func() (string, error) { return orNone(env.cli.Log.File), nil }},
		{"traces", checkTraces},
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
			verdict = oneLine(err.Error())
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", name, value, verdict)
	}
	for _, check := range checks {
		value, err := check.value()
		row(check.name, value, err)
	}
	if agentsErr != nil {
		row("agents", "", agentsErr)
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

// checkedDatabase is the PostgreSQL database as `check` finds it.
type checkedDatabase struct {
	// named is set where there is to be one, and store where it can be read.
	named bool
	store dataStore
	// value says for people which one it is.
	value string
}

// openDatabaseToCheck finds out whether the database answers and has a schema that
// fits. It leaves the schema as it is.
func openDatabaseToCheck(ctx context.Context, env *environment) (d checkedDatabase, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	url, err := env.cli.database()
	d.named = url != "" || err != nil
	if !d.named {
		d.value = "none (the embedded store is used)"
	}
	if url == "" {
		return d, err
	}
	d.value = place(url)
	migrations, err := postgres.Migrations(ctx, url)
	if err != nil {
		return d, err
	}
	if _, behind := firstMissing(migrations); behind {
		d.value += " (the schema is behind: 'factorydash migrate up' or 'serve' brings it up to date)"
		return d, nil
	}
	st, err := openPostgres(ctx, url, postgres.Options{NoMigrate: true})
	if err != nil {
		return d, err
	}
	if err := st.Ping(ctx); err != nil {
		return d, errors.Join(err, st.Close())
	}
	d.store = st
	return d, nil
}

// checkRedis finds out whether the broker answers and is fit for a queue.
func (c *checkCommand) checkRedis(ctx context.Context, env *environment) (string, error) {
	url, err := c.redis()
	if err != nil || url == "" {
		return orNone(url), err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	client, err := jobs.OpenRedis(url, env.log)
	if err != nil {
		return place(url), err
	}
	defer client.Close()
	err = jobs.CheckRedis(ctx, client)
	if errors.Is(err, jobs.ErrUnchecked) {
		return place(url) + " (it does not tell whether it is fit for a queue)", nil
	}
	return place(url), err
}

// place says for people where a URL leads: without user, password and parameters.
// Of one that cannot be taken apart for certain nothing is said, since any part of
// it may be a secret.
func place(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || strings.Contains(u.Host+u.Path+u.RawQuery+u.Fragment, "@") {
		return "set"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// wanted gives the agents that `serve` would read, without touching the store
// where there is none.
func (c *checkCommand) wanted(ctx context.Context, env *environment, database checkedDatabase) ([]plant.Agent, error) {
	named, err := c.named()
	if err != nil {
		return nil, err
	}
	st := database.store
	if !database.named {
		st, err = env.openExistingStore(ctx)
		if err == nil {
			defer st.Close()
		}
	}
	if st == nil && (err == nil || plant.ErrorCode(err) == plant.NotFound) { // Those of the settings are all that is known.
		return chooseAgents(named, nil), nil
	}
	if err != nil {
		return nil, err
	}
	stored, err := st.Agents(ctx)
	if err != nil {
		return nil, err
	}
	return chooseAgents(named, stored), nil
}

// checkRetention gives the exceptions to the retention, with those that are of no
// agent, where the agents are known: agents may yet come.
func (c *checkCommand) checkRetention(agents []plant.Agent, unknown error) (string, error) {
	value := orNone(strings.Join(c.AgentRetention, " "))
	policy, err := c.policy()
	if err != nil || unknown != nil {
		return value, err
	}
	if wrong := policy.Misnamed(agents); wrong != "" {
		value += " (warning: " + wrong + ")"
	}
	return value, nil
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
