package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/transfer"
)

type copyCommand struct {
	From string `help:"Store that is copied: sqlite:DIR or postgres://…" required:"" placeholder:"STORE" env:"FACTORYDASH_COPY_FROM"`
	To   string `help:"Store that takes the copy: sqlite:DIR or postgres://…" required:"" placeholder:"STORE" env:"FACTORYDASH_COPY_TO"`
}

// Run copies one store into another and compares their ledgers. Ended in the
// middle, it goes on from there when it is run again.
func (c *copyCommand) Run(ctx context.Context, env *environment) (err error) {
	from, err := openNamedStore(ctx, "--from", c.From, true)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openNamedStore(ctx, "--to", c.To, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	summary, err := env.copyStore(ctx, from, to, "copied")
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%d agents, %d instances: %d observations copied, %d were there; the ledgers agree\n",
		summary.Agents, summary.Runs, summary.Observations, summary.Present)
	return nil
}

const (
	// copyAttempts is how often a store is copied into another one before it is given
	// up: what comes in the middle of it, such as a connection that breaks, may end a
	// copy, and another one goes on from there.
	copyAttempts = 5
	// copyPause is the pause before the second attempt; each that follows is twice as
	// long as the one before. They are 30 s together: a database that starts anew is
	// there again by then.
	copyPause = 2 * time.Second
)

// copyStore copies a store into another one. verb says on a terminal what is done.
func (env *environment) copyStore(ctx context.Context, from, to dataStore, verb string) (transfer.Summary, error) {
	return env.copyPatiently(ctx, pause, func() (transfer.Summary, error) { return env.tryCopy(ctx, from, to, verb) })
}

// copyPatiently calls try until it succeeds, at most copyAttempts times, with a wait
// before each that follows. What another attempt cannot mend ends it at once.
func (env *environment) copyPatiently(ctx context.Context, wait func(context.Context, time.Duration) error, try func() (transfer.Summary, error)) (transfer.Summary, error) {
	copied := int64(0) // by attempts that failed
	for attempt := 1; ; attempt++ {
		s, err := try()
		s.Observations, s.Present = s.Observations+copied, s.Present-copied
		if err == nil || ctx.Err() != nil || plant.ErrorCode(err) == plant.Conflict || attempt == copyAttempts {
			return s, err
		}
		copied = s.Observations
		d := copyPause << (attempt - 1)
		fmt.Fprintf(env.stderr, "attempt %d of %d has failed, another one goes on from there in %v: %v\n", attempt, copyAttempts, d, err)
		if wait(ctx, d) != nil {
			return s, err
		}
	}
}

// pause waits for a time; the error of ctx where that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (env *environment) tryCopy(ctx context.Context, from, to dataStore, verb string) (transfer.Summary, error) {
	progress := newProgress(env.stderr, verb)
	defer progress.done()
	return transfer.Copy(ctx, from, to, transfer.Options{
		Devices:  modelDevices,
		Progress: progress.set,
	})
}

// modelDevices reads the devices and data items of a stored probe document.
func modelDevices(agent plant.AgentID, document []byte) ([]plant.ModelDevice, error) {
	m, err := collect.ParseModel(agent, document)
	return m.Devices, err
}
