package jobs

import (
	"context"
	"time"
)

// Queue takes tasks, has them run, and tells how they went. Its methods are safe
// for concurrent use. Errors carry the codes of plant: Unavailable where the
// queue cannot be reached or is full, Invalid, NotFound and Conflict as the
// methods say.
type Queue interface {
	// Enqueue gives a task to the workers and returns its id. A task whose id
	// is known already, as it waits, runs, has failed, or was done a while ago
	// (RememberDone, that of a period until the period is over besides), is not
	// taken again; that is no error. It fails with NotFound where there is no
	// such job and with Invalid where the task is malformed.
	Enqueue(ctx context.Context, task Task) (id string, err error)
	// Work runs tasks, with one handler for each job, until ctx ends. Then it
	// ends the contexts of the running handlers and waits for them; what does
	// not succeed within Options.StopGrace goes back to the queue, and this
	// does not count as an attempt. It returns an error only where it cannot
	// begin. There is one call at a time.
	Work(ctx context.Context, handlers map[string]Handler) error
	// Schedule enqueues each periodic job once a period, for as long as this
	// process leads, until ctx ends. A process that begins to lead enqueues
	// the present period too, unless that was done before. There is one call at
	// a time.
	Schedule(ctx context.Context) error
	// Inspect tells what there is.
	Inspect(ctx context.Context) (Snapshot, error)
	// Retry has a task run at once that has failed, as if its last attempt had
	// not been made, or that waits for its next attempt. It fails with NotFound
	// where there is no such task, and with Conflict where it waits or runs
	// anyway or has run.
	Retry(ctx context.Context, id string) error
}

// ListLimit is the most entries that each list of a Snapshot has.
const ListLimit = 100

// Snapshot is what there is in a queue at a moment. Times of other processes are
// those of their clocks.
type Snapshot struct {
	// Taken is the moment.
	Taken time.Time
	// Unfit says why the Redis is not fit for a queue; empty where it is, or does not
	// tell.
	Unfit string
	// Leader is the process that enqueues the periodic jobs. Its name is empty
	// where none leads.
	Leader Leader
	// Jobs are all jobs, by name.
	Jobs []Status
	// Depth counts the tasks.
	Depth Depth
	// Running are the tasks that are being run, those that began first, first.
	Running []Running
	// Failed are the tasks that were given up, the newest first.
	Failed []Failure
}

// Leader is the process that enqueues the periodic jobs.
type Leader struct {
	// Name is that of the process.
	Name string
	// Since is when it began to lead.
	Since time.Time
	// Term is the fencing number: it grows with every change of the leader.
	Term int64
}

// Status is how a job goes.
type Status struct {
	Name   string
	Period Period
	// Enqueued is the start of the newest period that was enqueued; zero where
	// none was.
	Enqueued time.Time
	// Next is when the next period starts; zero where the job has none.
	Next time.Time
	// Last is the newest attempt that ended; its ID is empty where there was
	// none. Over Redis it is kept across restarts.
	Last Run
}

// Run is an attempt of a task that has ended.
type Run struct {
	// ID is that of the task.
	ID string `json:"id"`
	// By names the process.
	By string `json:"by"`
	// Started is when the attempt began, and Took how long it ran.
	Started time.Time     `json:"started"`
	Took    time.Duration `json:"took"`
	// Error says why it failed; empty where it did not.
	Error string `json:"error,omitempty"`
}

// Running is a task that is being run.
type Running struct {
	ID, Job string
	// By names the process, and Since is when it began. Over Redis both are
	// empty until the heartbeat of the process has told, up to 5 s after.
	By    string
	Since time.Time
}

// Failure is a task that was given up.
type Failure struct {
	ID, Job string
	// At is when it failed for the last time.
	At time.Time
	// Attempts is how many there were; neither those count that ended with their
	// process nor those that a Retry has taken back.
	Attempts int
	// Reason says what went wrong, in up to 1000 bytes.
	Reason string
}

// Depth counts tasks by what becomes of them.
type Depth struct {
	// Waiting tasks have not been tried yet, Retrying ones wait for their next
	// attempt, and Failed ones were given up.
	Waiting, Running, Retrying, Failed int
}
