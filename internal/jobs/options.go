package jobs

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
)

// The defaults of the limits in Options.
const (
	DefaultNamespace     = "factorydash"
	DefaultConcurrency   = 4
	DefaultStopGrace     = 2 * time.Second
	DefaultShortestRetry = 10 * time.Second
	DefaultLongestRetry  = 10 * time.Minute
	DefaultMaxWaiting    = 10_000
	DefaultMaxFailed     = 1_000
	DefaultPollInterval  = time.Second
	DefaultLeaderTTL     = 6 * time.Second
	DefaultSweepInterval = 5 * time.Second
	DefaultSweepAfter    = 15 * time.Second
	DefaultMaxCrashes    = 3
)

const (
	// RememberDone is how long the id of a task that was done is known, so that
	// the task is not taken again: longer than a process may hang between its
	// decision to enqueue a task and doing so.
	RememberDone = 10 * time.Minute
	// maxReason is the most bytes that are kept of an error.
	maxReason = 1000
)

// Options are what queues are made of. The Redis queue does not use MaxWaiting
// and MaxFailed, and the in-process one nothing from Namespace on.
type Options struct {
	// Jobs are all jobs there are.
	Jobs []Job
	// Name is what the process is called where it leads or runs tasks: host and
	// process id where it is empty.
	Name string

	Log        *slog.Logger
	Registerer prometheus.Registerer
	// Now is the wall clock; it goes on like time.Now.
	Now func() time.Time

	// Concurrency is how many tasks a process runs at once.
	Concurrency int
	// StopGrace is how long running tasks may take to end when the process
	// stops.
	StopGrace time.Duration
	// ShortestRetry and LongestRetry are the shortest and the longest pause
	// before the next attempt of a task. It doubles with every attempt; up to
	// half of it is taken off at random.
	ShortestRetry, LongestRetry time.Duration
	// MaxWaiting is how many tasks may wait; more are refused.
	MaxWaiting int
	// MaxFailed is how many failed tasks are kept; the oldest ones are
	// forgotten. Over Redis it is 10,000, and 90 days.
	MaxFailed int

	// Namespace sets the keys of this installation apart from those of others
	// on the same Redis.
	Namespace string
	// PollInterval is how often an idle worker looks for tasks, with some
	// chance in it, and the pause after Redis could not be reached.
	PollInterval time.Duration
	// LeaderTTL is how long a leader that says nothing is taken for alive; it
	// says something three times in that time. The next one leads a third of it
	// later at most. Periods must be longer than both.
	LeaderTTL time.Duration
	// SweepInterval is how often a worker looks for tasks whose worker is dead.
	SweepInterval time.Duration
	// SweepAfter is how long nobody must have vouched for a running task until
	// it is given to another worker. A worker vouches every 5 s.
	SweepAfter time.Duration
	// MaxCrashes is how many workers may die of a task before it is given up.
	MaxCrashes int
}

// withDefaults fills in what is not set and reports what is wrong.
func (o Options) withDefaults() (Options, table, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	orDefault(&o.Name, processName())
	orDefault(&o.Concurrency, DefaultConcurrency)
	orDefault(&o.StopGrace, DefaultStopGrace)
	orDefault(&o.ShortestRetry, DefaultShortestRetry)
	orDefault(&o.LongestRetry, DefaultLongestRetry)
	o.LongestRetry = max(o.LongestRetry, o.ShortestRetry)
	orDefault(&o.MaxWaiting, DefaultMaxWaiting)
	orDefault(&o.MaxFailed, DefaultMaxFailed)
	orDefault(&o.Namespace, DefaultNamespace)
	orDefault(&o.PollInterval, DefaultPollInterval)
	orDefault(&o.LeaderTTL, DefaultLeaderTTL)
	orDefault(&o.SweepInterval, DefaultSweepInterval)
	orDefault(&o.SweepAfter, DefaultSweepAfter)
	orDefault(&o.MaxCrashes, DefaultMaxCrashes)
	if !jobName.MatchString(o.Namespace) {
		return o, table{}, plant.Errorf(plant.Invalid, "namespace %q: it is lower case letters, digits and hyphens", o.Namespace)
	}
	t, err := newTable(o.Jobs)
	return o, t, err
}

// backoff gives the pause before the next attempt, after so many have failed.
func (o *Options) backoff(failed int) time.Duration {
	pause := o.ShortestRetry
	for i := 1; i < failed && pause < o.LongestRetry; i++ {
		pause *= 2
	}
	pause = min(pause, o.LongestRetry)
	return pause - rand.N(pause/2+1)
}

// remember gives how long the id of a done task is kept.
func remember(job Job) time.Duration { return job.Period.Length + RememberDone }

// processName names this process among those of an installation, as the
// heartbeats of asynq do.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// orDefault sets a value that is zero or negative to its default.
func orDefault[T cmp.Ordered](v *T, value T) {
	var zero T
	if *v <= zero {
		*v = value
	}
}
