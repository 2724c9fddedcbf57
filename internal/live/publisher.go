package live

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

// The rhythm of a publisher.
const (
	// FramePause is the least time between two sendings: what changes meanwhile
	// goes together.
	FramePause = 5 * time.Millisecond
	// RepeatInterval is how often a publisher repeats all its statuses, so that
	// who begins to listen knows them, and that its frames are noticed where one
	// was lost.
	RepeatInterval = 3 * time.Second
	// PublishTimeout is how long a frame may take to Redis.
	PublishTimeout = 2 * time.Second
	// RetryPause is how long a publisher or follower that cannot reach Redis waits
	// before it tries again.
	RetryPause = time.Second
	// maxBytesPerSecond is how fast a publisher sends at most: longer pauses, in
	// which more is coalesced, keep agents with huge values from filling the
	// network.
	maxBytesPerSecond = 32 << 20
)

// DefaultNamespace begins the names of all that we have in Redis where options do
// not say otherwise.
const DefaultNamespace = "factorydash"

// channel is the Redis channel that carries the frames of an installation.
func channel(namespace string) string { return cmp.Or(namespace, DefaultNamespace) + ":live" }

// Sender is what a Publisher needs of a Redis client. It should obey the deadline
// of ctx (redis.Options.ContextTimeoutEnabled), or a Redis that hangs holds up the
// end of Publisher.Run for as long as its own timeouts are.
type Sender interface {
	Publish(ctx context.Context, channel string, message any) *redis.IntCmd
}

// PublisherOptions are what a Publisher is made of. Redis is needed.
type PublisherOptions struct {
	Redis Sender
	// Namespace begins the name of the channel, so that several installations share
	// a Redis: DefaultNamespace where it is empty.
	Namespace string
	// Statuses gives the statuses of all agents that this process reads; they are
	// repeated every RepeatInterval. It must not block.
	Statuses func() []plant.AgentStatus

	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Publisher sends what capture commits, and how it goes, to the followers in
// other processes over Redis.
//
// It is no queue. While Redis is slow, the newest of each thing waits once; while
// it is away, what changed is left out, and the frames' numbers tell followers
// that something is missing, which they read from the store. So a publisher never
// takes more memory than the things there are, and never holds capture up.
type Publisher struct {
	id       uint64
	redis    Sender
	channel  string
	statuses func() []plant.AgentStatus
	log      *slog.Logger
	now      func() time.Time
	metrics  *publisherMetrics

	mu      sync.Mutex
	waiting waiting
	// wake holds one token when something waits.
	wake chan struct{}

	// What follows belongs to Run.

	encoder encoder
	// number is that of the last frame; one that was not sent counts too.
	number uint64
	away   bool
}

// NewPublisher makes a publisher. Keep its Run running. It reports what is wrong
// with the options.
func NewPublisher(o PublisherOptions) (*Publisher, error) {
	if o.Redis == nil {
		return nil, errors.New("live: a publisher needs Redis")
	}
	m, err := newPublisherMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	p := &Publisher{
		id: rand.Uint64(), redis: o.Redis, channel: channel(o.Namespace), statuses: o.Statuses,
		log: cmp.Or(o.Log, slog.Default()), now: o.Now, metrics: m,
		wake: make(chan struct{}, 1),
	}
	if p.now == nil {
		p.now = time.Now
	}
	return p, nil
}

// Publish takes what a commit changed. It never blocks.
func (p *Publisher) Publish(c plant.Change) {
	p.hand(func(w *waiting) { w.add(c, p.now()) })
}

// PublishStatus takes how the reading of an agent goes. It never blocks.
func (p *Publisher) PublishStatus(s plant.AgentStatus) {
	p.hand(func(w *waiting) { w.addAgent(agentNews{AgentStatus: s}, p.now()) })
}

// Forget says that an agent is not to be read any more, by nobody. An agent that
// this process hands over to another one is not forgotten. It never blocks.
func (p *Publisher) Forget(agent plant.AgentID) {
	p.hand(func(w *waiting) {
		w.addAgent(agentNews{AgentStatus: plant.AgentStatus{Agent: agent}, gone: true}, p.now())
	})
}

// hand puts something among what waits, and wakes Run.
func (p *Publisher) hand(add func(*waiting)) {
	p.mu.Lock()
	add(&p.waiting)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run sends what is handed over until ctx ends, and then what still waits, for
// which each frame has PublishTimeout as ever. It returns nil: that Redis is away
// is no reason to end. It is called once.
func (p *Publisher) Run(ctx context.Context) error {
	sending := context.WithoutCancel(ctx)
	repeat := time.NewTicker(RepeatInterval)
	defer repeat.Stop()
	p.repeat()
	for {
		select {
		case <-ctx.Done():
			p.send(sending, p.take())
			return nil
		case <-repeat.C:
			p.repeat()
		case <-p.wake:
			pause := p.send(sending, p.take())
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// repeat hands all statuses over again. Where there are none a frame is sent all
// the same: it says that the publisher lives.
func (p *Publisher) repeat() {
	var all []plant.AgentStatus
	if p.statuses != nil {
		all = p.statuses()
	}
	p.hand(func(w *waiting) {
		now := p.now()
		w.begin(now)
		for _, s := range all {
			// What was handed over meanwhile is newer.
			if !w.agents.has(s.Agent) {
				w.addAgent(agentNews{AgentStatus: s}, now)
			}
		}
	})
}

// take gives what waits, and nothing waits any more.
func (p *Publisher) take() waiting {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.waiting
	p.waiting = waiting{}
	return w
}

// send sends what waited, in frames, and gives how long to wait before the next
// is sent. What does not get through is left out.
func (p *Publisher) send(ctx context.Context, w waiting) (pause time.Duration) {
	if w.since.IsZero() {
		return 0
	}
	p.metrics.coalesced.Add(float64(w.replaced))
	if w.left > 0 {
		p.number++ // No frame has this number, so that followers miss it.
		p.metrics.dropped.Add(float64(w.left))
	}
	bytes := 0
	for r := (records{waiting: &w}); ; {
		before := r.done()
		p.number++
		if !r.encode(&p.encoder, p.id, p.number) {
			p.metrics.dropped.Inc()
			continue
		}
		if err := p.publish(ctx, p.encoder.buf); err != nil {
			p.metrics.dropped.Add(float64(w.size() - before))
			if r.done() < w.size() {
				p.number++ // Redis may have taken this frame all the same: of the rest, followers miss a number.
			}
			return RetryPause
		}
		bytes += len(p.encoder.buf)
		p.metrics.published.Add(float64(r.done() - before))
		if r.done() == w.size() {
			return max(FramePause, time.Duration(bytes)*time.Second/maxBytesPerSecond)
		}
	}
}

// publish sends one frame. It tells when that begins to fail and when it works
// again.
func (p *Publisher) publish(ctx context.Context, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, PublishTimeout)
	defer cancel()
	began := p.now()
	err := p.redis.Publish(ctx, p.channel, frame).Err()
	p.metrics.took.Observe(p.now().Sub(began).Seconds())
	if err != nil {
		p.metrics.failures.Inc()
		if !p.away {
			p.log.Warn("Redis is away: capture goes on, and web processes read from the store", slog.Any("error", err))
		}
		p.away = true
		return err
	}
	p.metrics.frames.Inc()
	p.metrics.bytes.Add(float64(len(frame)))
	if p.away {
		p.log.Info("Redis is back: web processes hear of this worker again")
	}
	p.away = false
	return nil
}

// records goes through what waits, frame by frame.
type records struct {
	*waiting
	latestAt, statesAt, agentsAt int
}

// done is how many things are in frames.
func (r *records) done() int { return r.latestAt + r.statesAt + r.agentsAt }

// encode writes the next frame. It reports whether that is small enough to be
// sent.
func (r *records) encode(e *encoder, publisher, number uint64) bool {
	e.begin(publisher, number, r.since)
	for ; r.latestAt < len(r.latest.values) && !e.full(); r.latestAt++ {
		e.latest(&r.latest.values[r.latestAt])
	}
	for ; r.statesAt < len(r.states.values) && !e.full(); r.statesAt++ {
		e.state(&r.states.values[r.statesAt])
	}
	for ; r.agentsAt < len(r.agents.values) && !e.full(); r.agentsAt++ {
		if n := &r.agents.values[r.agentsAt]; n.gone {
			e.gone(n.Agent)
		} else {
			e.status(&n.AgentStatus)
		}
	}
	return len(e.buf) <= MaxFrameBytes
}
