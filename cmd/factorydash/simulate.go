package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

const (
	// shopSeed is the seed of the shop that `serve --simulate` reads: with the
	// same seed the same machines do the same things.
	shopSeed = 1
	// shopContinue is how old a shop may be to go on as the same instance when
	// the process starts again; what it did until now is worked out anew.
	shopContinue = 12 * time.Hour
)

type simulateCommand struct {
	Listen   string        `help:"Address and port of the agents; each has a path of its own." default:"127.0.0.1:5000" placeholder:"ADDR"`
	Seed     uint64        `help:"Chooses everything that is left to chance." default:"1"`
	Machines int           `help:"Machines in the shop." default:"10"`
	Rate     float64       `help:"About how many observations a second each machine gives, 0.1 to 20 (0: as machines do)." default:"0"`
	History  time.Duration `help:"How much has happened before the start." default:"8h"`
}

// Run serves the shop until the process is told to end.
func (c *simulateCommand) Run(ctx context.Context, env *environment) error {
	shop, err := simulate.NewShop(simulate.ShopConfig{
		Seed: c.Seed, Machines: c.Machines, Rate: c.Rate, Start: time.Now().Add(-c.History), Zone: time.Local,
	})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	agents := serveShop(ctx, group, shop, listener, env.log)
	for _, a := range agents {
		env.log.Info("agent is up", "agent", a.Name, "url", a.URL)
	}
	return group.Wait()
}

// startShop starts the simulated shop within this process, on a free port, and
// gives its agents. Where the store holds a shop that is not old, that one goes
// on; else the history of the new one begins where that of the store ends, so
// that no time is told twice.
func startShop(ctx context.Context, group *errgroup.Group, st dataStore, log *slog.Logger) ([]plant.Agent, error) {
	now := time.Now()
	begin, err := shopStart(ctx, st, now)
	if err != nil {
		return nil, err
	}
	shop, err := simulate.NewShop(simulate.ShopConfig{Seed: shopSeed, Start: begin, Zone: time.Local})
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("simulated shop: %w", err)
	}
	log.Info("the simulated shop is open", "since", begin, "made_in", time.Since(now).Round(time.Millisecond))
	return serveShop(ctx, group, shop, listener, log), nil
}

// shopStart says when the shop shall have begun.
func shopStart(ctx context.Context, st dataStore, now time.Time) (time.Time, error) {
	usual := now.Add(-simulate.DefaultHistory)
	stored, err := st.Agents(ctx)
	if err != nil {
		return usual, err
	}
	for _, a := range stored {
		if a.Name != simulate.FirstHall {
			continue
		}
		run, err := st.LastRun(ctx, a.ID)
		if plant.ErrorCode(err) == plant.NotFound {
			return usual, nil
		}
		if err != nil {
			return usual, err
		}
		begin := time.Unix(int64(run.InstanceID), 0)
		if begin.Before(now) && now.Sub(begin) < shopContinue {
			return begin, nil
		}
		return lastObserved(ctx, st, a.ID, usual, now)
	}
	return usual, nil
}

// lastObserved is the newest timestamp that is stored of an agent, where it is
// between two times, or the nearer of them.
func lastObserved(ctx context.Context, st dataStore, id plant.AgentID, from, to time.Time) (time.Time, error) {
	known, err := st.Latest(ctx, id)
	if err != nil {
		return from, err
	}
	newest := from.UnixMicro()
	for _, l := range known {
		newest = max(newest, l.Time)
	}
	return time.UnixMicro(min(newest, to.UnixMicro())), nil
}

// serveShop serves each agent of a shop under its name, lets the shop work, and
// gives the agents. What it starts ends with ctx and belongs to the group.
func serveShop(ctx context.Context, group *errgroup.Group, shop *simulate.Shop, listener net.Listener, log *slog.Logger) []plant.Agent {
	mux := http.NewServeMux()
	var agents []plant.Agent
	var handlers []*agent.Agent
	base := pageURL(listener.Addr())
	for _, a := range shop.Agents() {
		handler := agent.New(a.Source, agent.Options{Namespaces: a.Namespaces, Logger: log})
		handlers = append(handlers, handler)
		mux.Handle("/"+a.Name+"/", http.StripPrefix("/"+a.Name, handler))
		agents = append(agents, plant.Agent{Name: a.Name, URL: base + a.Name})
	}
	group.Go(func() error { return shop.Run(ctx) })
	group.Go(func() error { return serveAgents(ctx, listener, mux, handlers, log) })
	return agents
}

// serveAgents serves simulated agents until ctx ends.
func serveAgents(ctx context.Context, listener net.Listener, handler http.Handler, agents []*agent.Agent, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: httpHeaderTimeout,
		IdleTimeout:       httpIdleTimeout,
		MaxHeaderBytes:    httpHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	for _, a := range agents {
		server.RegisterOnShutdown(a.Close)
	}
	return runServer(ctx, server, listener, log)
}
