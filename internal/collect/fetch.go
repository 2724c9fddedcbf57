package collect

import (
	"context"
	"errors"

	"github.com/factorydash/factorydash/internal/plant"
)

// fetch reads the agent until what it has now is stored.
func (c *collector) fetch(ctx context.Context) Fetched {
	retry := backoff{least: c.opts.RetryMin, most: c.opts.RetryMax}
	var err error
	for attempt := 0; attempt < c.opts.FetchAttempts; attempt++ {
		before := c.progress
		err = c.session(ctx, c.catchUp)
		if err == nil {
			err = c.outbox.drain(ctx)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
		if c.progress > before {
			attempt = -1
			retry.reset()
		}
		c.pause(ctx, err, c.progress > before, &retry)
		// Whoever else reads the agent brings its cursor to the target as well.
		c.standby = false
	}
	err = errors.Join(err, c.finish(ctx))
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	return Fetched{
		Agent:        c.agent,
		Observations: c.outbox.stored,
		Gaps:         append([]plant.Gap(nil), append(c.started, c.outbox.gaps...)...),
		Err:          err,
	}
}
