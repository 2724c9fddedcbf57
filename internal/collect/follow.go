package collect

import (
	"context"
	"errors"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

// follow reads what the agent says, as a stream or, where it cannot stream, by
// asking again and again. It never returns nil.
func (c *collector) follow(ctx context.Context) error {
	err := c.stream(ctx)
	if errors.Is(err, mtconnect.ErrNotStreaming) {
		return c.poll(ctx)
	}
	return err
}

// stream reads documents as the agent sends them.
func (c *collector) stream(ctx context.Context) error {
	q := mtconnect.SampleQuery{
		From: uint64(c.run.Next), Count: c.pageSize,
		Interval: c.opts.StreamInterval, Heartbeat: c.opts.Heartbeat,
	}
	return c.client.Stream(ctx, q, func(r *mtconnect.StreamsReader) error {
		err := c.document(ctx, r, ask{count: q.Count})
		if err == nil {
			c.up(plant.LinkStreaming)
			if c.pageSize > q.Count { // a stream keeps the count that it was begun with
				return errAgain
			}
		}
		return err
	})
}

// poll asks for one page after the other, and waits where there is no more.
func (c *collector) poll(ctx context.Context) error {
	for {
		before := c.run.Next
		if err := c.page(ctx); err != nil {
			return err
		}
		c.up(plant.LinkPolling)
		if c.run.Next > before && c.run.Next < c.end {
			continue
		}
		if err := sleep(ctx, c.opts.PollInterval); err != nil {
			return err
		}
	}
}

// catchUp reads up to what the agent had when the run was first met.
func (c *collector) catchUp(ctx context.Context) error {
	if c.target.ID != c.run.ID {
		c.target = plant.Run{ID: c.run.ID, Next: c.end}
	}
	for c.run.Next < c.target.Next {
		before := c.run.Next
		if err := c.page(ctx); err != nil {
			return err
		}
		if c.run.Next == before {
			return fmt.Errorf("the agent has observations up to %d and gives none from %d on", c.target.Next-1, before)
		}
	}
	return nil
}

// page asks for the observations from the cursor on.
func (c *collector) page(ctx context.Context) error {
	return c.sample(ctx, c.run.Next, ask{count: c.pageSize})
}

func (c *collector) sample(ctx context.Context, from int64, a ask) error {
	q := mtconnect.SampleQuery{From: uint64(from), Count: a.count}
	return c.client.Sample(ctx, q, func(r *mtconnect.StreamsReader) error { return c.document(ctx, r, a) })
}

// readOn calls read, and mends what stands in its way: numbers that a document
// left out, documents that are too large, documents that cannot be read.
func (c *collector) readOn(ctx context.Context, read func(context.Context) error) error {
	for {
		err := read(ctx)
		for errors.Is(err, errHole) {
			err = c.page(ctx)
			if err == nil {
				err = errAgain
			}
		}
		switch {
		case errors.Is(err, errTooLarge) && c.pageSize > 1:
			c.pageSize /= 2
		case errors.Is(err, mtconnect.CodeOutOfRange):
			c.chases++
			return err
		case damaged(err):
			if err := c.mend(ctx, err); err != nil {
				return err
			}
		case !errors.Is(err, errAgain):
			return err
		}
	}
}

// errAgain says that reading can go on.
var errAgain = errors.New("read on")

// damaged reports whether an error is that of a document that cannot be read.
func damaged(err error) bool {
	var syntax *mtconnect.SyntaxError
	var limit *mtconnect.LimitError
	return errors.As(err, &syntax) || errors.As(err, &limit) || errors.Is(err, errTooLarge)
}

// mend is called for a document that cannot be read. The first times it gives
// the error back, so that the same is tried again after a pause. Then it looks
// for the place, and returns nil once that lies behind the cursor. It gives the
// error back too where nothing lies behind the cursor that could be looked through.
func (c *collector) mend(ctx context.Context, cause error) error {
	if c.damage.at != c.run.Next {
		c.damage = damage{at: c.run.Next}
	}
	c.damage.times++
	if c.damage.times < c.opts.DamageRetries {
		return cause
	}
	if err := c.isolate(ctx); err != nil || c.run.Next > c.damage.at {
		return err
	}
	return cause
}

// isolate reads on from the cursor in ever smaller pages until what cannot be
// read stands alone, and then in ever larger ones until all is well.
func (c *collector) isolate(ctx context.Context) error {
	size, full := max(1, c.pageSize/2), c.pageSize
	var err error
	for range c.opts.IsolateRequests {
		err = c.sample(ctx, c.run.Next, ask{count: size})
		switch {
		case err == nil && (size >= full || c.run.Next >= c.end):
			return nil
		case err == nil, errors.Is(err, errHole):
			size = min(2*size, full)
		case !damaged(err):
			return err
		case size > 1:
			size /= 2
		default:
			if err := c.reject(ctx, err); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%d requests did not get beyond what cannot be read: %w", c.opts.IsolateRequests, err)
}

// reject is called where the observation at the cursor alone cannot be read. It
// looks for the next one that can be and gives up those before it; where there
// is none yet, nothing is given up.
func (c *collector) reject(ctx context.Context, cause error) error {
	why := errorText(c.agent, cause)
	for range c.opts.DamageRetries {
		err := c.sample(ctx, c.run.Next, ask{count: 1})
		if !damaged(err) {
			return err
		}
	}
	before := c.run.Next
	for from := before + 1; from < min(before+int64(c.opts.IsolateRequests), c.end); from++ {
		for range c.opts.DamageRetries {
			err := c.sample(ctx, from, ask{count: 1, skipTo: from, why: why})
			switch {
			case err == nil, errors.Is(err, errHole):
				if c.run.Next > before {
					return nil
				}
			case !damaged(err):
				return err
			}
		}
	}
	return cause
}
