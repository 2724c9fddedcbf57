package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

type replayCommand struct {
	Docs    []string `arg:"" name:"doc" help:"Recorded MTConnectStreams documents: .xml, .gz, .tgz." type:"existingfile"`
	Listen  string   `help:"Address and port of the agent." default:"127.0.0.1:5000" placeholder:"ADDR"`
	Devices string   `help:"MTConnectDevices document of the recorded agent; without it the device model is made from the observations." type:"existingfile" placeholder:"FILE"`
	Speed   float64  `help:"Replay at this many times the recorded pace; 0 has everything in the buffer at once." default:"0"`
}

// Run serves the recording until the process is told to end.
func (c *replayCommand) Run(ctx context.Context, env *environment) error {
	began := time.Now()
	config := simulate.ReplayConfig{Speed: c.Speed}
	if c.Devices != "" {
		var err error
		if config.Devices, err = os.ReadFile(c.Devices); err != nil {
			return fmt.Errorf("--devices: %w", err)
		}
	}
	replay, err := simulate.NewReplay(recording.Documents(c.Docs...), config)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	handler := agent.New(replay.Source(), agent.Options{Namespaces: replay.Namespaces(), Logger: env.log})
	group.Go(func() error { return replay.Run(ctx) })
	group.Go(func() error {
		return serveAgents(ctx, listener, handler, []*agent.Agent{handler}, env.log)
	})
	first, next := replay.Source().Bounds()
	env.log.Info("agent is up", "url", pageURL(listener.Addr()), "first", first, "next", next,
		"read_in", time.Since(began).Round(time.Millisecond))
	return group.Wait()
}
