package api

import (
	"time"
)

// Store is how the store stands.
type Store struct {
	// Size is left out where the store does not tell it.
	Size *StoreSize `json:"size,omitempty"`
	// RetentionDays is for how many days of the agents' timestamps observations are
	// kept, where an agent has no number of its own; left out where all are.
	RetentionDays int `json:"retentionDays,omitempty"`
	// Faults are what this process has found wrong with what is stored, the oldest
	// first: not all there may be.
	Faults []Fault `json:"faults"`
}

// StoreSize is what is stored, and what it takes. The counts of rows may be
// estimates.
type StoreSize struct {
	// Rows are the observations of the last hours, Blocked those that are sealed
	// into Blocks.
	Rows    int64 `json:"rows"`
	Blocked int64 `json:"blocked"`
	Blocks  int64 `json:"blocks"`
	// RowBytes and BlockBytes are what they take, TotalBytes is the whole store, and
	// FreeBytes what of that is free for what comes, left out where that is not
	// known.
	RowBytes   int64 `json:"rowBytes"`
	BlockBytes int64 `json:"blockBytes"`
	TotalBytes int64 `json:"totalBytes"`
	FreeBytes  int64 `json:"freeBytes,omitempty"`
	// Oldest is the oldest time in a block.
	Oldest *time.Time `json:"oldest,omitempty"`
}

// Fault is something that is wrong with what is stored.
type Fault struct {
	// What names the thing.
	What string `json:"what"`
	// Agent is the agent's name, Machine the machine's slug and DataItem the agent's
	// id of the data item that it is of; left out where that is not known.
	Agent    string    `json:"agent,omitempty"`
	Machine  string    `json:"machine,omitempty"`
	DataItem string    `json:"dataItem,omitempty"`
	Detail   string    `json:"detail"`
	Noticed  time.Time `json:"noticed"`
}

// System is how an installation stands, as one of its processes sees it. What
// could not be had is left out, and Missing says why; what this process is not told
// of is left out without a reason.
type System struct {
	// Now is the moment. Version is that of the process that tells this, and Started
	// when it began.
	Now     time.Time `json:"now"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// Redis is how the Redis that joins the processes stands.
	Redis RedisState `json:"redis,omitempty" enum:"none,reachable,away"`
	// RedisUnfit says why a Redis that can be reached is not fit for jobs.
	RedisUnfit string `json:"redisUnfit,omitempty"`
	Crew       *Crew  `json:"crew,omitempty"`
	Queue      *Queue `json:"queue,omitempty"`
	Store      Store  `json:"store"`
	// Refused is how often this process could not take in what was observed, since it
	// keeps no more data items, machines and agents: pages show such as not observed.
	Refused int64 `json:"refused,omitempty"`
	// Missing says for people why something could not be had: crew, queue, or the
	// size of the store.
	Missing map[string]string `json:"missing"`
}

// RedisState is how the Redis that joins the processes of an installation stands.
type RedisState string

// The states. RedisNone is that of a process that does everything itself.
const (
	RedisNone      RedisState = "none"
	RedisReachable RedisState = "reachable"
	RedisAway      RedisState = "away"
)

// Crew is who captures agents.
type Crew struct {
	// Workers are those of the last hour by name, with those that have gone.
	Workers []Worker `json:"workers"`
	// Unheld are the names of the agents that are to be read and that no worker has.
	Unheld []string `json:"unheld"`
}

// Worker is a process that captures agents.
type Worker struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// Seen is when the database heard of it last. Alive is false where that is too
	// long ago: others take its agents.
	Seen  time.Time `json:"seen"`
	Alive bool      `json:"alive"`
	// Agents are the names of those that it captures.
	Agents []string `json:"agents"`
	// Rate is the observations a second of those of its agents whose link is up; left
	// out where it has agents and this process hears of none.
	Rate *float64 `json:"rate,omitempty"`
}

// Queue is how the jobs go.
type Queue struct {
	// Leader is the process that enqueues the periodic jobs; left out where none does.
	Leader *Leader `json:"leader,omitempty"`
	Depth  Depth   `json:"depth"`
	// Jobs are all jobs by name.
	Jobs []Job `json:"jobs"`
	// Running are tasks that are being run, the oldest first, and Failed those that
	// were given up, the newest first: at most 100 of each.
	Running []RunningTask `json:"running"`
	Failed  []FailedTask  `json:"failed"`
}

// Leader is the process that enqueues the periodic jobs.
type Leader struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

// Depth counts the tasks of a queue.
type Depth struct {
	Waiting int `json:"waiting"`
	Running int `json:"running"`
	// Retrying tasks wait for their next attempt.
	Retrying int `json:"retrying"`
	Failed   int `json:"failed"`
}

// Job is a kind of work.
type Job struct {
	Name string `json:"name"`
	// Period says in words how often it is run.
	Period string `json:"period"`
	// Next is when it is enqueued next; left out for one that runs only when it is
	// asked to.
	Next *time.Time `json:"next,omitempty"`
	// Overdue is true where the period after the newest that was enqueued began a
	// minute ago or more.
	Overdue bool `json:"overdue"`
	// Last is the newest attempt that ended; left out where there was none.
	Last *JobRun `json:"last,omitempty"`
}

// JobRun is an attempt of a task that has ended.
type JobRun struct {
	ID string `json:"id"`
	// By is the process that ran it.
	By          string    `json:"by"`
	Started     time.Time `json:"started"`
	TookSeconds float64   `json:"tookSeconds"`
	// Error says why it failed; left out where it did not.
	Error string `json:"error,omitempty"`
}

// RunningTask is a task that is being run. By is the process and Since when it
// began; neither is known in the first seconds.
type RunningTask struct {
	ID    string     `json:"id"`
	Job   string     `json:"job"`
	By    string     `json:"by,omitempty"`
	Since *time.Time `json:"since,omitempty"`
}

// FailedTask is a task that was given up.
type FailedTask struct {
	ID  string `json:"id"`
	Job string `json:"job"`
	// At is when the last of so many Attempts failed, and Reason why.
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason"`
}
