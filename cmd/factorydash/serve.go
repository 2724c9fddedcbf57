package main

import (
	"context"
	"errors"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// captureFlags is how agents are read.
type captureFlags struct {
	CommitDelay  time.Duration `help:"Longest that an observation waits for others to share its transaction." default:"100ms" env:"FACTORYDASH_COMMIT_DELAY"`
	PollInterval time.Duration `help:"Time between two requests to an agent that cannot stream." default:"10s" env:"POLL_INTERVAL"`
}

// The ranges of what captureFlags sets.
const (
	maxCommitDelay  = 10 * time.Second
	minPollInterval = 100 * time.Millisecond
	maxPollInterval = time.Hour
)

// Validate is called by the command line's parser.
func (f captureFlags) Validate() error {
	if f.CommitDelay <= 0 || f.CommitDelay > maxCommitDelay {
		return plant.Errorf(plant.Invalid, "--commit-delay %s: use more than 0 and at most %s", f.CommitDelay, maxCommitDelay)
	}
	if f.PollInterval < minPollInterval || f.PollInterval > maxPollInterval {
		return plant.Errorf(plant.Invalid, "--poll-interval %s: use %s to %s", f.PollInterval, minPollInterval, maxPollInterval)
	}
	return nil
}

// serveCommand is everything in one process.
type serveCommand struct {
	nodeFlags
	publicFlags
	shopFlags
	agentFlags
	captureFlags
	retentionFlags
	sealFlags
	Simulate bool `help:"Read a simulated shop as well, with hours of history." env:"FACTORYDASH_SIMULATE"`
}

// Validate is called by the command line's parser, which finds only one method of
// this name: it does not look into what is embedded.
func (c *serveCommand) Validate() error {
	return errors.Join(c.publicFlags.Validate(), c.captureFlags.Validate(), c.retentionFlags.Validate(), c.sealFlags.Validate())
}

// Run runs until the process is told to end or a part cannot go on.
func (c *serveCommand) Run(ctx context.Context, env *environment) error {
	n := node{
		env: env, flags: c.nodeFlags, public: c.publicFlags, shopFile: c.shopFlags, agents: c.agentFlags, capture: c.captureFlags,
		retention: c.retentionFlags, seal: c.sealFlags, simulate: c.Simulate,
		parts: showPages | captureAgents | runJobs | scheduleJobs,
	}
	return n.run(ctx)
}

// webCommand is the pages, the API and the event stream.
type webCommand struct {
	nodeFlags
	publicFlags
	shopFlags
	// What the pages say of it; workers are who delete.
	retentionFlags
}

// Validate is called by the command line's parser.
func (c *webCommand) Validate() error {
	return errors.Join(c.publicFlags.Validate(), c.retentionFlags.Validate())
}

// Run runs until the process is told to end.
func (c *webCommand) Run(ctx context.Context, env *environment) error {
	n := node{
		env: env, flags: c.nodeFlags, public: c.publicFlags, shopFile: c.shopFlags, retention: c.retentionFlags,
		parts: showPages, shared: true,
	}
	return n.run(ctx)
}

// workerCommand captures its part of the agents and runs jobs.
type workerCommand struct {
	nodeFlags
	shopFlags
	agentFlags
	captureFlags
	retentionFlags
	sealFlags
}

// Validate is called by the command line's parser.
func (c *workerCommand) Validate() error {
	return errors.Join(c.captureFlags.Validate(), c.retentionFlags.Validate(), c.sealFlags.Validate())
}

// Run runs until the process is told to end.
func (c *workerCommand) Run(ctx context.Context, env *environment) error {
	n := node{
		env: env, flags: c.nodeFlags, shopFile: c.shopFlags, agents: c.agentFlags, capture: c.captureFlags,
		retention: c.retentionFlags, seal: c.sealFlags,
		parts: captureAgents | runJobs, shared: true,
	}
	return n.run(ctx)
}

// schedulerCommand enqueues the periodic jobs.
type schedulerCommand struct{ nodeFlags }

// Run runs until the process is told to end.
func (c *schedulerCommand) Run(ctx context.Context, env *environment) error {
	n := node{env: env, flags: c.nodeFlags, parts: scheduleJobs, shared: true}
	return n.run(ctx)
}
