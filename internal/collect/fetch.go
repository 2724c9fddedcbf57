package collect

import (
	"context"
	"errors"

	"github.com/factorydash/factorydash/internal/plant"
)

// fetch reads the agent until what it has now is stored.
func (c *collector) fetch(ctx context.Context) Fetched {
	fetched := &Fetched{Agent: c.agent}
	c.outbox.tally = func(observations int, gaps []plant.Gap) {
		fetched.Observations += int64(observations)
		fetched.Gaps = append(fetched.Gaps, gaps...)
	}
	retry := backoff{least: c.opts.ShortestRetry, most: c.opts.LongestRetry}
	var err error
	for failures := 0; failures < c.opts.FetchAttempts; {
		before := c.progress
		err = c.session(ctx, c.catchUp)
		if err == nil {
			err = c.drain(ctx)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
		if c.progress > before {
			failures = 0
			retry.reset()
		}
		if failures++; failures < c.opts.FetchAttempts {
			c.pause(ctx, err, c.progress > before, &retry)
		}
		// Whoever else reads the agent brings its cursor to the target as well.
		c.standby = false
	}
	fetched.Err = errors.Join(err, c.finish(ctx))
	return *fetched
}
