package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

const (
	// lookInterval is how often a follower looks for what has been silent.
	lookInterval = 500 * time.Millisecond
	// pingAfter is after what silence a follower asks Redis whether it is there,
	// and how long that may take to answer.
	pingAfter = 5 * time.Second
)

// Receiver is what a Follower needs of a Redis client.
type Receiver interface {
	Subscribe(ctx context.Context, channels ...string) *redis.PubSub
}

// FollowerOptions are what a Follower is made of. Redis, Hub and Resync are
// needed.
type FollowerOptions struct {
	Redis Receiver
	// Namespace is that of the publishers.
	Namespace string
	// Hub gets what the publishers say.
	Hub *Hub
	// Resync is called when something may have been missed: what is known is to
	// be read from the store. It must not block.
	Resync func()
	// Own is the publisher of this same process, whose frames are passed over;
	// nil where there is none.
	Own *Publisher

	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Follower feeds the hub of a process with what workers in other processes
// commit, and notices when it may have missed something: Redis was away, a
// frame did not arrive, a publisher is new or has fallen silent. Then the store
// is to be read; since the hub takes only what is newer, the two may come in any
// order. Its methods are safe for concurrent use.
type Follower struct {
	redis   Receiver
	channel string
	hub     *Hub
	resync  func()
	own     *Publisher
	log     *slog.Logger
	now     func() time.Time
	metrics *followerMetrics

	mu    sync.Mutex
	heard *heard
	// complained are the kinds of bad frames that the log has been told of.
	complained map[error]bool
	// away is true where the log has been told that Redis is.
	away bool
}

// NewFollower makes a follower. Keep its Run running. It reports what is wrong
// with the options.
func NewFollower(o FollowerOptions) (*Follower, error) {
	if o.Redis == nil || o.Hub == nil || o.Resync == nil {
		return nil, errors.New("live: a follower needs Redis, a hub, and to be able to have the store read")
	}
	m, err := newFollowerMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	f := &Follower{
		redis: o.Redis, channel: channel(o.Namespace), hub: o.Hub, resync: o.Resync, own: o.Own,
		log: cmp.Or(o.Log, slog.Default()), now: o.Now, metrics: m,
		heard: newHeard(o.Hub), complained: make(map[error]bool),
	}
	if f.now == nil {
		f.now = time.Now
	}
	return f, nil
}

// PublishStatus puts the status of an agent that this process reads itself into
// the hub.
func (f *Follower) PublishStatus(s plant.AgentStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.readHere(s.Agent)
	f.hub.PublishStatus(s)
}

// Expect says that this process reads an agent no longer, and that another one is
// to be heard of it.
func (f *Follower) Expect(agent plant.AgentID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.expect(agent, f.now())
}

// Silence says why nobody is heard of an agent that has no status, for people.
func (f *Follower) Silence() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.heard.why(f.now())
}

// Run listens until ctx ends. It returns nil: that Redis is away is no reason to
// end. It is called once.
func (f *Follower) Run(ctx context.Context) error {
	var looking sync.WaitGroup
	looking.Go(func() { f.look(ctx) })
	for ctx.Err() == nil {
		f.lost(ctx, f.listen(ctx))
		select {
		case <-ctx.Done():
		case <-time.After(RetryPause):
		}
	}
	looking.Wait()
	return nil
}

// look looks for what has been silent, and has the store read where something
// was missed.
func (f *Follower) look(ctx context.Context) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		f.mu.Lock()
		resync := f.heard.look(f.now())
		f.mu.Unlock()
		if resync {
			f.metrics.resyncs.Inc()
			f.resync()
		}
	}
}

// listen subscribes and takes what comes, until that does not work any more or
// ctx ends.
func (f *Follower) listen(ctx context.Context) error {
	subscription := f.redis.Subscribe(ctx, f.channel)
	// Closing is what ends a wait for the next message.
	stop := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer func() {
		if stop() {
			_ = subscription.Close()
		}
	}()
	asked := false
	for {
		message, err := subscription.ReceiveTimeout(ctx, pingAfter)
		var wait net.Error
		switch {
		case err == nil:
			asked = false
		case errors.As(err, &wait) && wait.Timeout() && !asked:
			asked = true
			if err := subscription.Ping(ctx); err != nil {
				return err
			}
			continue
		default:
			return err
		}
		switch m := message.(type) {
		case *redis.Subscription:
			f.found()
		case *redis.Message:
			f.receive(m.Payload)
		}
	}
}

// found takes note that Redis is heard.
func (f *Follower) found() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.metrics.connected.Set(1)
	f.heard.found(f.now())
	if f.away {
		f.log.Info("Redis is back: workers are heard again")
		f.away = false
	}
}

// lost takes note that Redis is not heard.
func (f *Follower) lost(ctx context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.metrics.connected.Set(0)
	f.heard.connected = time.Time{}
	if ctx.Err() == nil && !f.away {
		f.log.Warn("Redis is away: what workers store is read from the store", slog.Any("error", err))
		f.away = true
	}
}

// receive takes a frame.
func (f *Follower) receive(payload string) {
	fr, rest, err := decodeHeader(payload)
	if err == nil && f.own != nil && fr.publisher == f.own.id {
		return
	}
	if err == nil {
		err = rest.records(fr)
	}
	f.metrics.bytes.Add(float64(len(payload)))
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.refuse(err)
		return
	}
	if missing := f.heard.count(fr, now); missing > 0 {
		f.metrics.missed.Add(float64(missing))
	}
	if refused := f.heard.take(fr, now); refused > 0 {
		f.complain(errTooMuch)
	}
	f.metrics.frames.Inc()
	f.metrics.received.Add(float64(len(fr.latest) + len(fr.states) + len(fr.statuses) + len(fr.gone)))
	f.metrics.lag.Observe(max(0, now.Sub(fr.since).Seconds()))
}

// refuse takes note of a frame that cannot be read. One that is damaged may have
// said something; one of another version is of a program that this one does not
// understand, which the log is told once.
func (f *Follower) refuse(err error) {
	var version versionError
	if errors.As(err, &version) {
		f.metrics.unknown.Inc()
	} else {
		f.metrics.damaged.Inc()
		f.heard.missed = true
	}
	f.complain(err)
}

// complain tells the log, once, what is wrong with what is heard.
func (f *Follower) complain(err error) {
	if !f.complained[err] {
		f.complained[err] = true
		f.log.Warn("a message in Redis is passed over", slog.String("channel", f.channel), slog.Any("error", err))
	}
}

// errTooMuch says that messages tell of more than a plant has.
var errTooMuch = fmt.Errorf("it tells of more than %d data items, devices or agents: do others write to this channel?", MaxThings)
