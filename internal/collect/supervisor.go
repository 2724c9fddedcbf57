package collect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

// Supervisor reads agents: those that it was told by SetAgents, for as long as
// it runs, or, by Fetch, a number of agents once. Its methods are safe for
// concurrent use.
type Supervisor struct {
	opts    Options
	metrics *metrics
	queue   *budget

	// changed holds one token when agents was changed, or a collector has ended,
	// and Run has not seen it.
	changed chan struct{}

	mu         sync.Mutex
	agents     map[string]plant.Agent
	collectors map[string]*running
}

// running is a collector with its goroutine.
type running struct {
	*collector
	// cancel makes it end, which ending says that it was told to; done is closed
	// when it has ended and all that it submitted is settled.
	cancel context.CancelFunc
	ending bool
	done   chan struct{}
}

// ended reports whether the collector has ended.
func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// New gives a supervisor that reads no agent yet. It reports what is wrong with
// the options.
func New(opts Options) (*Supervisor, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if opts.Dial == nil {
		return nil, errors.New("collect: Options.Dial is not set: it makes the client of an agent")
	}
	m, err := newMetrics(opts.Registerer)
	if err != nil {
		return nil, err
	}
	return &Supervisor{
		opts:       opts,
		metrics:    m,
		queue:      newBudget(opts.TotalQueueBytes),
		changed:    make(chan struct{}, 1),
		collectors: make(map[string]*running),
	}, nil
}

// SetAgents says which agents are to be read from now on, known by their names.
// Reading begins for new ones, ends for those that are gone, and begins again
// for those whose URL or number changed. It may be called at any time, before Run
// too, and does not wait for the change.
func (s *Supervisor) SetAgents(agents []plant.Agent) {
	wanted := make(map[string]plant.Agent, len(agents))
	for _, a := range agents {
		wanted[a.Name] = a
	}
	s.mu.Lock()
	s.agents = wanted
	s.mu.Unlock()
	s.wake()
}

// wake makes Run look at what there is to do.
func (s *Supervisor) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Reads reports whether an agent is read or about to be, or was and something of
// it is not settled. Once it is not, nothing more of it is stored or told until
// SetAgents names it again.
func (s *Supervisor) Reads(agent plant.Agent) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.agents[agent.Name]; ok && a.ID == agent.ID {
		return true
	}
	r := s.collectors[agent.Name]
	return r != nil && r.agent.ID == agent.ID
}

// Run reads the agents until ctx ends, and returns when all that it started has
// ended. It returns nil: what goes wrong with an agent is in its status. It is
// called once.
func (s *Supervisor) Run(ctx context.Context) error {
	committer := newCommitter(&s.opts, s.metrics)
	var committing sync.WaitGroup
	committing.Go(func() { committer.run(ctx) })
	for ctx.Err() == nil {
		s.adjust(ctx, committer)
		select {
		case <-s.changed:
		case <-ctx.Done():
		}
	}
	s.stopAll()
	close(committer.inbox)
	committing.Wait()
	return nil
}

// adjust makes the running collectors those that are wanted. An agent that was
// changed is started anew only when the old collector has ended, so that the two
// do not get in each other's way; no other waits for that.
func (s *Supervisor) adjust(ctx context.Context, committer *committer) {
	var ended []plant.Agent
	s.mu.Lock()
	for name, r := range s.collectors {
		if a, ok := s.agents[name]; !ok || a.ID != r.agent.ID || a.URL != r.agent.URL {
			r.ending = true
			r.cancel()
		}
		if r.ending && r.ended() {
			delete(s.collectors, name)
			s.metrics.forget(name)
			ended = append(ended, r.agent)
		}
	}
	for name, a := range s.agents {
		if s.collectors[name] == nil {
			s.collectors[name] = s.start(ctx, a, committer)
		}
	}
	s.mu.Unlock()
	for _, a := range ended {
		s.opts.Stopped(a)
	}
}

// start begins the reading of an agent.
func (s *Supervisor) start(ctx context.Context, a plant.Agent, committer *committer) *running {
	ctx, cancel := context.WithCancel(ctx)
	s.metrics.begin(a.Name)
	r := &running{
		collector: newCollector(&s.opts, a, committer, s.queue, s.metrics),
		cancel:    cancel,
		done:      make(chan struct{}),
	}
	go func() {
		r.capture(ctx)
		close(r.done)
		s.wake()
	}()
	return r
}

// stopAll ends the reading of all agents and waits for it.
func (s *Supervisor) stopAll() {
	s.mu.Lock()
	ending := s.collectors
	s.collectors = make(map[string]*running)
	s.mu.Unlock()
	for _, r := range ending {
		r.cancel()
	}
	for _, r := range ending {
		<-r.done
	}
}

// Status gives the status of every agent that is read, by name, without those
// whose reading is about to end.
func (s *Supervisor) Status() []plant.AgentStatus {
	s.mu.Lock()
	list := make([]plant.AgentStatus, 0, len(s.collectors))
	for _, r := range s.collectors {
		if !r.ending {
			list = append(list, r.meter.status())
		}
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b plant.AgentStatus) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Fetched is what Fetch did with one agent.
type Fetched struct {
	Agent plant.Agent
	// Observations is how many observations were stored.
	Observations int64
	// Gaps are the entries that were made in the ledger.
	Gaps []plant.Gap
	// Err says why the agent was not read to the end of what it had; nil where
	// it was.
	Err error
}

// Fetch reads each agent until what it has when it is first asked is stored or
// accounted for. It gives an agent up after FetchAttempts in a row that brought
// nothing. The results stand in the order of agents. The error is that of ctx.
func (s *Supervisor) Fetch(ctx context.Context, agents []plant.Agent) ([]Fetched, error) {
	committer := newCommitter(&s.opts, s.metrics)
	var committing, fetching sync.WaitGroup
	committing.Go(func() { committer.run(ctx) })
	results := make([]Fetched, len(agents))
	for i, a := range agents {
		fetching.Go(func() {
			results[i] = newCollector(&s.opts, a, committer, s.queue, s.metrics).fetch(ctx)
		})
	}
	fetching.Wait()
	close(committer.inbox)
	committing.Wait()
	return results, ctx.Err()
}
