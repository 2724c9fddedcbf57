package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// probe asks for the device model and stores it where it is new.
func (c *collector) probe(ctx context.Context) error {
	c.probed = c.opts.Now()
	doc, raw, err := c.client.Probe(ctx)
	if err != nil {
		return err
	}
	m := model(c.agent.ID, doc, raw)
	m.From = c.probed
	c.stale, c.modelTime = false, doc.Header.DeviceModelChangeTime
	if c.catalog != nil && c.digest == m.Digest {
		return nil
	}
	if err := c.saveModel(ctx, m); err != nil {
		return err
	}
	c.digest = m.Digest
	return nil
}

// modelChanged asks for the device model again where a header or an event says
// that there is a new one.
func (c *collector) modelChanged(ctx context.Context, h *mtconnect.Header) error {
	if !c.stale && (h.DeviceModelChangeTime.IsZero() || h.DeviceModelChangeTime.Equal(c.modelTime)) {
		return nil
	}
	return c.reprobe(ctx, "the agent says that its device model changed")
}

// reprobe asks for the device model while documents are being read, unless that
// was done a moment ago. Where the agent does not give it, reading goes on with
// the one that there is.
func (c *collector) reprobe(ctx context.Context, why string) error {
	if c.opts.Now().Sub(c.probed) < c.opts.ReprobeInterval {
		return nil
	}
	c.log.Log(ctx, min(c.complaints.level(why), slog.LevelInfo), "asking for the device model", slog.String("reason", why))
	err := c.probe(ctx)
	if err == nil || ctx.Err() != nil || isStore(err) {
		return err
	}
	text := errorText(c.agent, err)
	c.log.Log(ctx, c.complaints.level(text), "no device model from the agent", slog.String("error", text))
	return nil
}

// isStore reports whether an error is the store's.
func isStore(err error) bool {
	switch plant.ErrorCode(err) {
	case plant.Unavailable, plant.Conflict, plant.Invalid, plant.NotFound:
		return true
	default:
		return false
	}
}

// resync finds where reading goes on: it compares the newest run in the store
// with what the agent has.
func (c *collector) resync(ctx context.Context) error {
	last, err := c.lastRun(ctx)
	if err != nil {
		return err
	}
	h, err := c.head(ctx, last)
	if err != nil {
		return err
	}
	first := int64(max(h.FirstSequence, 1))
	c.held = first
	switch {
	case last.ID == 0:
		err = c.restart(ctx, last, plant.Run{InstanceID: h.InstanceID, First: c.chase(first)})
	case !goesOn(&h, last):
		// We were listening, so all that the new run said counts, from the
		// beginning.
		err = c.restart(ctx, last, plant.Run{InstanceID: h.InstanceID, First: 1})
	default:
		err = c.goOn(ctx, last)
	}
	if err != nil {
		return err
	}
	if first > c.run.Next {
		first = c.chase(first)
	}
	if first > c.run.Next {
		return c.skip(ctx, first)
	}
	return c.makeSure(ctx)
}

// goesOn reports whether a header is of a run, at its cursor or further.
func goesOn(h *mtconnect.Header, run plant.Run) bool {
	return h.InstanceID == run.InstanceID && (h.NextSequence == 0 || h.NextSequence >= uint64(run.Next))
}

// head asks for the agent's position and sets what depends on it. Where that is
// not one of the run last, which is to be gone on with, it asks twice.
func (c *collector) head(ctx context.Context, last plant.Run) (mtconnect.Header, error) {
	var h mtconnect.Header
	err := c.client.Current(ctx, mtconnect.CurrentQuery{}, keepHeader(&h))
	if err == nil && last.ID != 0 && !goesOn(&h, last) {
		err = c.confirm(ctx, last, &h)
	}
	if err != nil {
		return h, err
	}
	if max(h.NextSequence, h.LastSequence, h.FirstSequence) >= math.MaxInt64 {
		return h, fmt.Errorf("the agent is at sequence %d: numbers up to 2^63−2 can be stored", max(h.NextSequence, h.LastSequence, h.FirstSequence))
	}
	c.meter.header(&h, c.opts.Now(), true)
	c.end = int64(max(h.NextSequence, h.LastSequence+1))
	size := c.opts.PageSize
	if h.BufferSize > 0 {
		size = int(min(h.BufferSize, uint64(size)))
	}
	c.fullPage = size
	if c.pageSize == 0 || c.pageSize > size {
		c.pageSize = size
	}
	return h, nil
}

// keepHeader reads the header of a document into h.
func keepHeader(h *mtconnect.Header) func(*mtconnect.StreamsReader) error {
	return func(r *mtconnect.StreamsReader) error {
		header, err := r.Header()
		if err == nil {
			*h = *header
		}
		return err
	}
}

// confirm makes sure of a position that is not one of the run last. A cache on the
// way to the agent may have kept it from earlier, and a run that is begun by mistake
// stores all that the agent holds again. So the agent is asked for what is at the
// cursor, which only that run can give: where it does, h becomes its position.
func (c *collector) confirm(ctx context.Context, last plant.Run, h *mtconnect.Header) error {
	var now mtconnect.Header
	err := c.client.Sample(ctx, mtconnect.SampleQuery{From: uint64(last.Next), Count: 1}, keepHeader(&now))
	var agent *mtconnect.AgentError
	var page *mtconnect.HTTPError
	switch {
	case errors.As(err, &agent), errors.As(err, &page) && page.Status < http.StatusInternalServerError:
		return nil // it has no such number
	case err != nil:
		return err
	case goesOn(&now, last):
		const text = "the agent's current is older than what it has said: something on the way to it keeps answers"
		c.log.Log(ctx, c.complaints.level(text), text,
			slog.Uint64("instance", h.InstanceID), slog.Uint64("next", h.NextSequence), slog.Int64("cursor", last.Next))
		*h = now
	}
	return nil
}

// restart starts a new run, which follows the run last where there is one.
func (c *collector) restart(ctx context.Context, last, run plant.Run) error {
	err := c.begin(ctx, last, run, plant.Gap{
		Reason: plant.GapRestart, Detail: fmt.Sprintf("instanceId %d followed", run.InstanceID),
	})
	if err != nil {
		return err
	}
	c.log.Info("a run of the agent begins", slog.Uint64("instance", run.InstanceID), slog.Int64("first", run.First))
	c.suspects, c.unsure = nil, true
	return nil
}

// goOn makes run the one that is read, and loads what is known where the store
// may know otherwise.
func (c *collector) goOn(ctx context.Context, run plant.Run) error {
	if run.ID == c.run.ID && run.Next == c.run.Next {
		c.meter.cursor(run.Next)
		return nil
	}
	if err := c.adopt(ctx, run); err != nil {
		return err
	}
	c.suspects, c.unsure = nil, true
	return nil
}

// chase gives the first number to ask for. Where the buffer has moved on before
// it was asked for, again and again, some more is given up each time; the first
// time nothing that the agent still holds.
func (c *collector) chase(first int64) int64 {
	if c.chases < 2 {
		return first
	}
	return min(first+chaseMargin<<min(c.chases-2, maxChases), max(c.end, first))
}

// skip puts the numbers from the cursor up to but not including next, which the
// agent has dropped, into the ledger. What was known before is not carried over
// that gap: the agent is asked for what it knew at next.
func (c *collector) skip(ctx context.Context, next int64) error {
	known, err := c.survey(ctx, next)
	if err != nil {
		return err
	}
	now := c.opts.Now()
	return c.rebase(ctx, known, &store.Batch{
		Run: c.run.ID, Expect: c.run.Next, Next: next, Received: now,
		Gaps: []plant.Gap{{Run: c.run.ID, From: c.run.Next, To: next - 1, Reason: plant.GapOverrun, Noticed: now}},
	})
}
