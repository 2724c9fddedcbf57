package api

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
	"github.com/factorydash/factorydash/internal/store"
)

// Options is what a Service is made of. Reader and Hub are needed.
type Options struct {
	Reader store.Reader
	// Hub is where capture publishes its commits and the status of its agents.
	Hub *live.Hub
	// NamedURL gives the URL, without its password, that this process was started with
	// for an agent that is read from another one; empty for all others. Where it is nil
	// there are none.
	NamedURL func(agent string) string
	// Silence says why the hub has no status of an agent, for people; it is not
	// read by this process where Silence is nil.
	Silence func() string
	// Faults gives what was found wrong with what is stored, as store.Upkeep does;
	// nothing was where it is nil.
	Faults func() []store.Fault
	// Size says what the store takes, as store.Upkeep does; that is not told where it
	// is nil.
	Size func(context.Context) (store.Size, error)
	// Crew says who captures, as store.Leases does, and Queue how the jobs go, as
	// jobs.Queue does; that is not told where they are nil. Redis is true where the
	// queue is one over Redis.
	Crew  func(context.Context) (store.Crew, error)
	Queue func(context.Context) (jobs.Snapshot, error)
	Redis bool
	// Streams is how many event streams there may be at once: MaxStreams where it is
	// zero.
	Streams int
	// RetentionDays is for how many days observations are kept; for ever where it is
	// 0.
	RetentionDays int
	// Devices reads the devices and data items of a stored probe document, as
	// collect.ParseModel does; what changed in them is not told where it is nil.
	Devices func(plant.AgentID, []byte) ([]plant.ModelDevice, error)
	// Shop gives what people say of their plant; nothing is said where it is nil.
	Shop func() *shop.Shop
	// Version is that of the program.
	Version string
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
	// Log takes what goes wrong beside requests, and the faults behind them;
	// slog.Default() where it is nil.
	Log *slog.Logger
	// Registerer takes the metrics; they are kept nowhere where it is nil.
	Registerer prometheus.Registerer
}

// Service puts together what pages and programs ask for. What is known now comes
// from the hub and from an inventory in memory, so that it costs no query; only
// the past is read from the store.
//
// It is safe for concurrent use. Load it before it is asked, and keep Run
// running.
type Service struct {
	reader  store.Reader
	hub     *live.Hub
	silence func() string
	// namedURL is Options.NamedURL.
	namedURL func(string) string
	faults   func() []store.Fault
	shop     func() *shop.Shop
	devices  func(plant.AgentID, []byte) ([]plant.ModelDevice, error)
	version  string
	now      func() time.Time
	log      *slog.Logger
	metrics  *metrics
	started  time.Time

	retentionDays int
	damages       damages

	// What servers are asked for, with the questions that are open.
	crew  source[store.Crew]
	queue source[jobs.Snapshot]
	size  source[store.Size]
	redis bool
	open  sync.WaitGroup

	// inventory is replaced as a whole and never changed.
	inventory atomic.Pointer[inventory]
	// reread holds one token when all is to be read anew.
	reread chan struct{}

	books shiftBooks

	// places is taken by each open stream; feeds are what they listen to.
	places    chan struct{}
	feeds     feeds
	closing   chan struct{}
	closeOnce sync.Once
}

// NewService makes a Service that knows nothing yet.
func NewService(o Options) *Service {
	s := &Service{
		reader: o.Reader, hub: o.Hub, silence: o.Silence, namedURL: o.NamedURL, version: o.Version, now: o.Now, log: o.Log,
		faults: o.Faults, shop: o.Shop, devices: o.Devices, retentionDays: o.RetentionDays, redis: o.Redis,
		metrics: newMetrics(o.Registerer),
		reread:  make(chan struct{}, 1),
		books:   shiftBooks{of: make(map[plant.DeviceID]*shiftBook)},
		places:  make(chan struct{}, cmp.Or(o.Streams, MaxStreams)),
		feeds:   feeds{byTopic: make(map[topic]*feed)},
		closing: make(chan struct{}),
	}
	if s.silence == nil {
		s.silence = func() string { return "this process does not read the agent" }
	}
	if s.faults == nil {
		s.faults = func() []store.Fault { return nil }
	}
	if s.devices == nil {
		s.devices = func(plant.AgentID, []byte) ([]plant.ModelDevice, error) {
			return nil, plant.Errorf(plant.Unavailable, "this process does not read device models")
		}
	}
	if s.shop == nil {
		s.shop = func() *shop.Shop { return shop.None(time.Local) }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.crew = source[store.Crew]{name: "crew", read: o.Crew, log: s.log, open: &s.open}
	s.queue = source[jobs.Snapshot]{name: "queue", read: o.Queue, log: s.log, open: &s.open}
	s.size = source[store.Size]{name: "size", read: o.Size, log: s.log, open: &s.open}
	s.started = s.now()
	s.inventory.Store(new(inventory))
	return s
}

// Load reads what the store holds now.
func (s *Service) Load(ctx context.Context) error { return s.refresh(ctx, nil, true) }

// Reread has Run read all that the store holds soon, for who may have missed what
// was committed. It does not block.
func (s *Service) Reread() {
	select {
	case s.reread <- struct{}{}:
	default:
	}
}

// Run keeps what the Service knows in step with the store until ctx ends: it
// looks for what is new when a change names what it does not know, and now and
// then for what other processes did. Failures are tried again.
func (s *Service) Run(ctx context.Context) error {
	changes, err := s.hub.Subscribe()
	if err != nil {
		return err
	}
	defer changes.Close()
	look := time.NewTicker(RefreshInterval)
	defer look.Stop()
	var seen live.Mark
	doubtful := make(map[plant.AgentID]bool)
	reload := s.now().Add(ReloadInterval)
	failing := false
	told := make(map[plant.DeviceID]plant.StateChange)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			s.retellWaits(told)
		case <-s.reread:
			reload = s.now()
		case <-changes.Changed():
			in := s.inventory.Load()
			update := s.hub.Between(seen, s.hub.Mark(), func(l *plant.Latest) bool { return !in.knows(l) })
			seen = update.Mark
			if !in.misses(update, doubtful) {
				continue
			}
		}
		all := !s.now().Before(reload)
		err := s.refresh(ctx, doubtful, all)
		if err == nil {
			clear(doubtful)
			if all {
				reload = s.now().Add(ReloadInterval)
			}
		}
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			failing = failed
			s.logReading(ctx, err)
		}
		if !pause(ctx, RefreshPause) {
			return nil
		}
	}
}

// retellWaits has the cards of the machines told again that have stopped since they
// wait for too long. told are the changes after which that was done.
func (s *Service) retellWaits(told map[plant.DeviceID]plant.StateChange) {
	now := s.now().UnixMicro()
	said := s.shop()
	for _, m := range s.inventory.Load().machines {
		change, ok := s.hub.State(m.ID)
		if ok && said.Machine(m.Slug).Rules.Waited(change, now) && told[m.ID] != change {
			told[m.ID] = change
			s.hub.Retell(m.ID)
		}
	}
}

// logReading tells when reading what is new begins to fail, and when it works
// again.
func (s *Service) logReading(ctx context.Context, err error) {
	if err != nil {
		s.log.WarnContext(ctx, "what is new in the store cannot be read", "error", err)
	} else {
		s.log.InfoContext(ctx, "what is new in the store can be read again")
	}
}

// CloseStreams ends all event streams and refuses new ones; for the shutdown of
// the server, which does not end them by itself.
func (s *Service) CloseStreams() { s.closeOnce.Do(func() { close(s.closing) }) }

// Wait waits for what was asked of servers and whose answer nobody waits for any
// more. It is for the end, when there are no requests any more and before what they
// read from is closed.
func (s *Service) Wait() { s.open.Wait() }

// pause waits and reports whether ctx is still going on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// status gives how the reading of an agent goes; for one that is not heard of,
// why.
func (s *Service) status(a plant.Agent) plant.AgentStatus {
	if status, ok := s.hub.Status(a.ID); ok {
		status.Name = a.Name
		return status
	}
	return plant.AgentStatus{
		Agent: a.ID, Name: a.Name, Link: plant.LinkDown, Since: s.started,
		Error: s.silence(),
	}
}
