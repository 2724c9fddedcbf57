package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

const (
	// resyncPause is the pause before reading goes on where the agent answers and
	// only its numbers are not as expected.
	resyncPause = 50 * time.Millisecond
	// maxChases is how often in a row a full buffer that moves on is run after
	// with that pause. Each time the margin doubles.
	maxChases = 10
	// chaseMargin is how many observations are given up at the second time.
	chaseMargin = 64
	// growBelow is the part of Options.DocumentBytes below which a document lets
	// twice as many observations be asked for again, so that they fit.
	growBelow = 4
)

// collector reads one agent. Its fields belong to the goroutine that calls
// capture or fetch.
type collector struct {
	keeper
	client *mtconnect.Client

	// digest is that of the model in catalog; modelTime is when the agent says
	// that it changed, probed when we asked for it last, and stale is set where an
	// event said that it is not the newest.
	digest    string
	modelTime time.Time
	probed    time.Time
	stale     bool

	// held is the oldest observation that the agent is known to have had, and end
	// is behind the newest.
	held, end int64
	// unsure is set where what is known may not be what the agent knows; resurvey
	// is when it may be asked, and surveys gives the pauses where it does not say.
	unsure   bool
	resurvey time.Time
	surveys  backoff
	// twice is the run in which different observations were said to have one number.
	twice plant.RunID
	// suspects are the numbers that one document lacked.
	suspects []span
	// pageSize is how many observations are asked for at once: fullPage, or fewer
	// where so many took too much memory.
	pageSize, fullPage int
	// progress counts the numbers that documents accounted for.
	progress int64
	// chases counts the times in a row that the buffer had moved on.
	chases int
	damage damage
	// standby is set when another process was found to read the agent.
	standby bool
	// target is where Fetch ends.
	target plant.Run
	// linked is since when documents arrive; zero while they do not. told is set
	// where it was logged that they do not.
	linked     time.Time
	told       bool
	complaints complaints
}

// damage is where documents could not be read, and how often.
type damage struct {
	at    int64
	times int
}

func newCollector(opts *Options, a plant.Agent, committer *committer, queue *budget, m *metrics) *collector {
	return &collector{
		keeper: newKeeper(opts, a, committer, queue, m),

		surveys:    backoff{least: opts.ReprobeInterval, most: longestResurvey},
		complaints: complaints{now: opts.Now},
	}
}

// capture reads the agent until ctx ends, and waits until all that it submitted
// is settled.
func (c *collector) capture(ctx context.Context) {
	c.countLedger(ctx)
	retry := backoff{least: c.opts.ShortestRetry, most: c.opts.LongestRetry}
	for ctx.Err() == nil {
		before := c.progress
		err := c.session(ctx, c.follow)
		if ctx.Err() != nil {
			break
		}
		if c.progress > before {
			retry.reset()
		}
		c.pause(ctx, err, c.progress > before, &retry)
	}
	// What was refused now is read again by whoever goes on from the cursor.
	_ = c.finish(ctx)
}

// finish waits for the committer, which settles all that it has taken whatever
// becomes of ctx, and closes the connections. It gives the error of a batch that
// was refused.
func (c *collector) finish(ctx context.Context) error {
	if c.client != nil {
		c.client.Close()
	}
	return c.drain(context.WithoutCancel(ctx))
}

// session finds where to go on and calls read, until something is wrong. It
// returns nil only where read does. Where the store is what is wrong, it may be
// another one that answers next, as a standby that had not heard of the last commits:
// nothing of what it knew is taken to be there.
func (c *collector) session(ctx context.Context, read func(context.Context) error) (err error) {
	defer func() {
		if isStore(err) {
			c.catalog, c.digest, c.run = nil, "", plant.Run{}
		}
	}()
	if err := c.drain(ctx); err != nil {
		c.run = plant.Run{}
		return err
	}
	if c.standby {
		if err := c.standBy(ctx); err != nil {
			return err
		}
	}
	if c.client == nil {
		client, err := c.opts.Dial(c.agent)
		if err != nil {
			return err
		}
		c.client = client
	}
	if err := c.probe(ctx); err != nil {
		return err
	}
	if err := c.resync(ctx); err != nil {
		return err
	}
	return c.readOn(ctx, read)
}

// pause says how a session ended and waits before the next.
func (c *collector) pause(ctx context.Context, err error, progressed bool, retry *backoff) {
	text := errorText(c.agent, err)
	var resync *resyncError
	var agent *mtconnect.AgentError
	switch {
	case plant.ErrorCode(err) == plant.Conflict:
		c.standby = true
		c.log.Log(ctx, c.complaints.level("conflict"), "another process captures the agent", slog.String("error", text))
		_ = sleep(ctx, resyncPause)
	case plant.ErrorCode(err) == plant.Unavailable:
		text = "the store is away: " + text
		c.log.Log(ctx, c.complaints.level(text), "reading waits", slog.String("error", text))
		c.meter.link(plant.LinkWaiting, text, time.Time{})
		_ = sleep(ctx, c.opts.StoreRetry)
	case errors.Is(err, mtconnect.CodeOutOfRange) && c.chases < maxChases,
		progressed && (errors.As(err, &resync) || errors.As(err, &agent)):
		c.log.Log(ctx, min(c.complaints.level(text), slog.LevelInfo), "looking for where to go on", slog.String("reason", text))
		_ = sleep(ctx, resyncPause)
	default:
		if plant.ErrorCode(err) == plant.Invalid {
			text = "the store refuses what the agent said: " + text
		}
		wait := retry.next()
		c.metrics.failures.WithLabelValues(c.agent.Name).Inc()
		c.down(ctx, text, wait)
		c.meter.link(plant.LinkDown, text, c.opts.Now().Add(wait))
		_ = sleep(ctx, wait)
	}
}

// up says that documents arrive.
func (c *collector) up(state plant.LinkState) {
	if c.linked.IsZero() {
		c.linked = c.opts.Now()
	}
	if c.told {
		c.log.Info("the agent is read again", slog.String("link", string(state)))
		c.told = false
	}
	c.meter.up(state)
}

// down logs why no documents arrive.
func (c *collector) down(ctx context.Context, text string, wait time.Duration) {
	if !c.linked.IsZero() && c.opts.Now().Sub(c.linked) >= steadyLink {
		c.complaints.forget()
	}
	c.linked = time.Time{}
	level := c.complaints.level(text)
	c.told = c.told || level == slog.LevelWarn
	c.log.Log(ctx, level, "no link to the agent", slog.String("error", text), slog.Duration("retry", wait))
}

// standBy waits until the cursor of an agent that another process reads stands
// still.
func (c *collector) standBy(ctx context.Context) error {
	seen, err := c.lastRun(ctx)
	for err == nil {
		c.meter.link(plant.LinkConnecting, "another process captures this agent: standing by", c.opts.Now().Add(c.opts.StandbyDelay))
		if err := sleep(ctx, c.opts.StandbyDelay); err != nil {
			return err
		}
		var run plant.Run
		if run, err = c.lastRun(ctx); err == nil && run == seen {
			break
		}
		seen = run
	}
	if err != nil {
		return fmt.Errorf("stand by: %w", err)
	}
	c.standby = false
	return nil
}

// lastRun gives the newest run of the agent in the store; zero where there is none.
func (c *collector) lastRun(ctx context.Context) (plant.Run, error) {
	run, err := c.opts.Store.LastRun(ctx, c.agent.ID)
	if plant.ErrorCode(err) == plant.NotFound {
		return plant.Run{}, nil
	}
	if err != nil {
		return plant.Run{}, fmt.Errorf("read the cursor: %w", err)
	}
	return run, nil
}

// countLedger makes the status count the gaps that are in the ledger already.
// Where that fails it counts fewer; nothing else depends on it.
func (c *collector) countLedger(ctx context.Context) {
	if c.opts.Ledger == nil {
		return
	}
	runs, err := c.opts.Ledger.Runs(ctx)
	for _, r := range runs {
		if r.Agent != c.agent.ID || err != nil {
			continue
		}
		var g plant.Gap
		for g, err = range c.opts.Ledger.Gaps(ctx, r.ID, 0) {
			if err != nil {
				break
			}
			c.meter.noted([]plant.Gap{g})
		}
	}
	if err != nil && ctx.Err() == nil {
		c.log.Warn("the gaps of the ledger are not all counted in the status", slog.Any("error", err))
	}
}
