package collect

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// The defaults of the limits in Options.
const (
	DefaultCommitDelay        = 100 * time.Millisecond
	DefaultCommitObservations = 100_000
	DefaultStopGrace          = 5 * time.Second
	DefaultStoreRetry         = 2 * time.Second

	DefaultPageSize       = 10_000
	DefaultStreamInterval = 100 * time.Millisecond
	DefaultHeartbeat      = 10 * time.Second
	DefaultPollInterval   = 10 * time.Second

	DefaultShortestRetry   = 500 * time.Millisecond
	DefaultLongestRetry    = 30 * time.Second
	DefaultStandbyDelay    = 5 * time.Second
	DefaultReprobeInterval = 10 * time.Second
	DefaultStatusInterval  = time.Second

	DefaultAgentQueueBytes = 20 << 20
	DefaultTotalQueueBytes = 32 << 20
	DefaultDocumentBytes   = 8 << 20
	DefaultTextCache       = 4096
	DefaultDataItems       = 200_000
	DefaultUnmappedItems   = 10_000
	DefaultDamageRetries   = 3
	DefaultIsolateRequests = 1000
	DefaultFetchAttempts   = 4
)

// Options are what a Supervisor or an import is made of. Store is needed, and Dial
// to read agents; a limit of zero means its default.
type Options struct {
	// Store takes the observations.
	Store store.Writer
	// Ledger, where it is set, is asked when the reading of an agent starts for
	// the gaps that are in the ledger already, so that the status counts them.
	Ledger store.Reader
	// Dial gives the client of an agent, with its credentials and authorities.
	Dial func(plant.Agent) (*mtconnect.Client, error)
	// Publish is called after each commit, once per agent in it, in the order of
	// the commits. It must not block.
	Publish func(plant.Change)
	// Status is called when the status of an agent changed: at once when the
	// link did, otherwise at most once per StatusInterval. It must not block.
	Status func(plant.AgentStatus)
	// Stopped is called when the reading of an agent that SetAgents left out has
	// ended: all that was submitted of it is settled, and neither Publish nor Status
	// is called for it again. It must not block.
	Stopped func(plant.Agent)

	// Rules gives the rules of the states of a machine; those are the usual ones
	// where it is nil. It is asked with each observation that has a part in a state,
	// so that other rules hold from then on.
	Rules func(slug string) insight.Rules

	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time

	// CommitDelay is the longest that a parsed observation waits for others to
	// share its transaction.
	CommitDelay time.Duration
	// CommitObservations is how many waiting observations are committed at once,
	// without waiting any longer.
	CommitObservations int
	// StopGrace is how long the last commit may take when the supervisor stops.
	StopGrace time.Duration
	// StoreRetry is the longest pause between attempts to commit while the store
	// is away. The first pauses are shorter.
	StoreRetry time.Duration

	// PageSize is how many observations are asked for at once, at most. It is
	// lowered to the buffer size of the agent.
	PageSize int
	// StreamInterval is the least time between two documents of a stream that
	// has caught up. The agent gathers what happens meanwhile.
	StreamInterval time.Duration
	// Heartbeat is how often an agent shall say that it has nothing to say.
	Heartbeat time.Duration
	// PollInterval is the time between two requests to an agent that cannot
	// stream, once it has been caught up with.
	PollInterval time.Duration

	// ShortestRetry and LongestRetry are the shortest and the longest pause before an
	// agent is tried again. It doubles with every failure in a row; up to half
	// of it is taken off at random.
	ShortestRetry, LongestRetry time.Duration
	// StandbyDelay is how long the cursor of an agent that another process
	// captures must stand still before this one takes over.
	StandbyDelay time.Duration
	// ReprobeInterval is the least time between two readings of the device model,
	// and between two of what the agent knows now, that observations or headers
	// give reason for.
	ReprobeInterval time.Duration
	// StatusInterval is the least time between two reports of a status whose
	// link did not change.
	StatusInterval time.Duration

	// AgentQueueBytes and TotalQueueBytes bound the parsed observations that
	// wait for the store, per agent and in total. A document on its own may be
	// larger: one is always let through.
	AgentQueueBytes, TotalQueueBytes int64
	// DocumentBytes is how much the parsed observations of one document may
	// take. Where it is more, smaller pages are asked for.
	DocumentBytes int64
	// TextCache is how many distinct texts, and how many distinct alarms, are
	// shared between the observations of an agent.
	TextCache int
	// DataItems is how many data items the device models of an agent may have,
	// those of earlier models counted. A model with more is not taken.
	DataItems int
	// UnmappedItems is how many data items that are in no device model an agent
	// may have. Observations of further ones are rejected.
	UnmappedItems int
	// DamageRetries is how often a document that cannot be read is asked for
	// again before the unreadable place is looked for, and how often a single
	// observation is before it is given up.
	DamageRetries int
	// IsolateRequests bounds the requests of one search for an unreadable place.
	IsolateRequests int
	// FetchAttempts is how often in a row Fetch tries an agent without getting
	// on before it gives up.
	FetchAttempts int
}

// withDefaults fills in what is not set and reports what must be.
func (o Options) withDefaults() (Options, error) {
	if o.Store == nil {
		return o, errors.New("collect: Options.Store is not set: it takes the observations")
	}
	if o.Publish == nil {
		o.Publish = func(plant.Change) {}
	}
	if o.Status == nil {
		o.Status = func(plant.AgentStatus) {}
	}
	if o.Stopped == nil {
		o.Stopped = func(plant.Agent) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	orDefault(&o.CommitDelay, DefaultCommitDelay)
	orDefault(&o.CommitObservations, DefaultCommitObservations)
	orDefault(&o.StopGrace, DefaultStopGrace)
	orDefault(&o.StoreRetry, DefaultStoreRetry)
	orDefault(&o.PageSize, DefaultPageSize)
	orDefault(&o.StreamInterval, DefaultStreamInterval)
	orDefault(&o.Heartbeat, DefaultHeartbeat)
	orDefault(&o.PollInterval, DefaultPollInterval)
	orDefault(&o.ShortestRetry, DefaultShortestRetry)
	orDefault(&o.LongestRetry, DefaultLongestRetry)
	orDefault(&o.StandbyDelay, DefaultStandbyDelay)
	orDefault(&o.ReprobeInterval, DefaultReprobeInterval)
	orDefault(&o.StatusInterval, DefaultStatusInterval)
	orDefault(&o.AgentQueueBytes, DefaultAgentQueueBytes)
	orDefault(&o.TotalQueueBytes, DefaultTotalQueueBytes)
	orDefault(&o.DocumentBytes, DefaultDocumentBytes)
	orDefault(&o.TextCache, DefaultTextCache)
	orDefault(&o.DataItems, DefaultDataItems)
	orDefault(&o.UnmappedItems, DefaultUnmappedItems)
	orDefault(&o.DamageRetries, DefaultDamageRetries)
	orDefault(&o.IsolateRequests, DefaultIsolateRequests)
	orDefault(&o.FetchAttempts, DefaultFetchAttempts)
	return o, nil
}

// orDefault sets a limit that is zero or negative to its default.
func orDefault[T cmp.Ordered](limit *T, value T) {
	var zero T
	if *limit <= zero {
		*limit = value
	}
}
