package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/telemetry"
	"github.com/factorydash/factorydash/internal/web"
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

type serveCommand struct {
	listenFlags
	agentFlags
	captureFlags
	Simulate bool `help:"Read a simulated shop as well, with hours of history." env:"FACTORYDASH_SIMULATE"`
}

// Run wires the parts together and runs them until the process is told to end
// or one of them cannot go on.
func (c *serveCommand) Run(ctx context.Context, env *environment) error {
	named, err := c.named()
	if err != nil {
		return err
	}
	dial, err := c.dialer(userAgent(env.build))
	if err != nil {
		return err
	}
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer listener.Close()
	st, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer st.Close()

	registry := telemetry.NewRegistry(env.build)
	hub := live.NewHub(live.Options{})
	service := api.NewService(api.Options{
		Reader: st, Hub: hub, Version: env.build.Version, Log: env.log, Registerer: registry,
	})
	pages, err := web.New(web.Options{Views: service, Version: env.build.Version, Log: env.log})
	if err != nil {
		return err
	}
	supervisor, err := collect.New(collect.Options{
		Store: st, Ledger: st, Dial: dial, Publish: hub.Publish, Status: hub.PublishStatus,
		Log: env.log, Registerer: registry,
		CommitDelay: c.CommitDelay, PollInterval: c.PollInterval,
	})
	if err != nil {
		return err
	}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	err = c.start(ctx, group, env, parts{named: named, store: st, hub: hub, service: service, supervisor: supervisor})
	if err == nil {
		group.Go(func() error {
			return serveHTTP(ctx, listener, httpParts{
				pages: pages, api: service, store: st, registry: registry, log: env.log,
			})
		})
		env.log.Info("page is up", "address", listener.Addr().String(), "url", pageURL(listener.Addr()),
			"data", env.cli.Data, "version", env.build.Version)
	} else {
		stop()
	}
	return errors.Join(err, group.Wait())
}

// parts is what runs behind the page.
type parts struct {
	named      []plant.Agent
	store      dataStore
	hub        *live.Hub
	service    *api.Service
	supervisor *collect.Supervisor
}

// start starts what runs behind the page; it belongs to the group.
func (c *serveCommand) start(ctx context.Context, group *errgroup.Group, env *environment, p parts) error {
	if c.Simulate {
		agents, err := startShop(ctx, group, p.store, env.log)
		if err != nil {
			return err
		}
		p.named = append(p.named, agents...)
	}
	roster := &roster{store: p.store, named: p.named, supervisor: p.supervisor, hub: p.hub, log: env.log}
	if err := roster.update(ctx); err != nil {
		return err
	}
	if err := p.service.Load(ctx); err != nil {
		return err
	}
	group.Go(func() error { return p.supervisor.Run(ctx) })
	group.Go(func() error { return p.service.Run(ctx) })
	group.Go(func() error { return roster.run(ctx) })
	return nil
}

// listen takes the address of the page before anything else is done, so that a
// second process says at once that the first one has it.
func (c *serveCommand) listen(ctx context.Context) (net.Listener, error) {
	address, err := c.address()
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", address, err)
	}
	return listener, nil
}

// pageURL is the address as a person opens it.
func pageURL(a net.Addr) string {
	return "http://" + listenFlags{Listen: a.String()}.dialAddress() + "/"
}

// userAgent is how we call ourselves to agents.
func userAgent(b telemetry.Build) string { return "factorydash/" + b.Version }
