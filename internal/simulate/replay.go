package simulate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// Limits of a [Replay].
const (
	// MaxReplay is the most observations that a replay holds.
	MaxReplay = 50_000_000
	// MaxPause is the longest time between two observations that a paced replay
	// waits, in the time of the recording: a night is not waited out.
	MaxPause = time.Minute
	// MinSpeed and MaxSpeed bound the speed of a paced replay.
	MinSpeed = 0.001
	MaxSpeed = 1_000_000
)

// paceTick is about how often a paced replay adds what is due.
const paceTick = 50 * time.Millisecond

// ReplayConfig says how recordings are served.
type ReplayConfig struct {
	// Devices is the MTConnectDevices document that the recorded agent served.
	// Where it is empty, the device models are made from the observations, and
	// so are data items that it does not have.
	Devices []byte
	// Speed is 0 where everything is in the buffer at once. Otherwise
	// observations come one after the other as they were recorded, Speed times
	// as fast, and with the timestamps they have.
	Speed float64
	// BufferSize is the size of the agent's buffer (default: the recorded one,
	// and all at once where Speed is 0).
	BufferSize uint64
	// Limits bound what is accepted of one document.
	Limits mtconnect.Limits
	// Now is the clock (default [time.Now]).
	Now func() time.Time
}

// Replay serves recorded MTConnectStreams documents as the agent that made
// them: with its instanceId, its schema version and its sequence numbers,
// between which there are holes where documents are missing.
type Replay struct {
	speed      float64
	now        func() time.Time
	ring       *agent.Ring
	namespaces []agent.Namespace
	// pending is what a paced replay has not served yet.
	pending run
	count   int
}

// NewReplay reads documents of one instance of an agent, in any order. They
// may overlap: an observation that stands in several counts once. It returns
// an error that names the document where one cannot be read, is of another
// instance, or gives other content for the same sequence number.
func NewReplay(documents iter.Seq2[recording.Document, error], c ReplayConfig) (*Replay, error) {
	if paced := c.Speed >= MinSpeed && c.Speed <= MaxSpeed; c.Speed != 0 && !paced {
		return nil, fmt.Errorf("replay: Speed %v: must be 0 (all at once), or %v to %d", c.Speed, MinSpeed, MaxSpeed)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l := newLoader(c.Limits)
	for d, err := range documents {
		if err != nil {
			return nil, err
		}
		if err := l.load(d); err != nil {
			return nil, fmt.Errorf("recording %s: %w", d.Name, err)
		}
	}
	runs, err := l.runs()
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, errors.New("replay: there is no observation in the recordings")
	}
	devices, err := l.models(c.Devices)
	if err != nil {
		return nil, err
	}
	r := &Replay{speed: c.Speed, now: c.Now, namespaces: l.namespaces, count: l.count}
	if r.ring, err = agent.NewRing(agent.RingConfig{Info: r.info(l, c), Devices: devices, Now: c.Now}); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	if c.Speed == 0 {
		return r, r.serve(runs)
	}
	r.pending = slices.Concat(runs...)
	return r, nil
}

// info is what the recorded agent said of itself.
func (r *Replay) info(l *loader, c ReplayConfig) agent.Info {
	size := l.header.BufferSize
	if c.Speed == 0 {
		size = max(size, uint64(l.count))
	}
	if c.BufferSize > 0 {
		size = c.BufferSize
	}
	return agent.Info{
		Sender: l.header.Sender, Version: l.header.Version, SchemaVersion: l.header.SchemaVersion,
		InstanceID: l.header.InstanceID, BufferSize: size, AssetBufferSize: l.header.AssetBufferSize,
	}
}

// serve puts all runs into the buffer.
func (r *Replay) serve(runs []run) error {
	for i := range runs {
		if err := r.add(runs[i]); err != nil {
			return err
		}
		runs[i] = nil // it is in the ring: two copies would be one too many
	}
	return nil
}

func (r *Replay) add(observations run) error {
	if _, err := r.ring.AddAll(observations); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// Source is what an agent serves the recordings from.
func (r *Replay) Source() agent.Source { return r.ring }

// Namespaces are those beside the standard's that the recordings use: an agent
// over the source needs them to give vendors' elements as they were.
func (r *Replay) Namespaces() []agent.Namespace { return r.namespaces }

// Count is how many observations the recordings hold.
func (r *Replay) Count() int { return r.count }

// Run serves what a paced replay has until all of it is served or the context
// ends, and then returns nil. A replay that is not paced has served everything
// already.
func (r *Replay) Run(ctx context.Context) error {
	due := r.now()
	for len(r.pending) > 0 {
		n := 0
		for now := r.now(); n < len(r.pending) && !due.After(now); {
			n++
			if n < len(r.pending) {
				due = due.Add(r.pause(r.pending[n].Time - r.pending[n-1].Time))
			}
		}
		if err := r.add(r.pending[:n]); err != nil {
			return err
		}
		r.pending = r.pending[n:]
		if len(r.pending) > 0 && !sleep(ctx, max(paceTick, due.Sub(r.now()))) {
			return nil
		}
	}
	return nil
}

// pause is how long to wait for an observation whose timestamp is so many
// microseconds after the one before.
func (r *Replay) pause(micros int64) time.Duration {
	recorded := min(max(0, time.Duration(micros)*time.Microsecond), MaxPause)
	return time.Duration(float64(recorded) / r.speed)
}

// sleep waits and reports whether it could: false where the context ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
