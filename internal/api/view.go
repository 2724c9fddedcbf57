package api

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// The types of this file are what the API answers with, what the event stream
// carries and what the pages are drawn from. Times are RFC 3339 in UTC; a field
// that is not known is null or left out, never zero.

// Machine is a machine as the floor shows it.
type Machine struct {
	Slug         string `json:"slug"`
	Name         string `json:"name"`
	Agent        string `json:"agent"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	// Area is where it stands; empty where nobody said so.
	Area string `json:"area,omitempty"`
	// State is the slug of the state, Word what people read.
	State string `json:"state"`
	Word  string `json:"word"`
	// Since is when the state began. SinceBefore is true where it began before
	// anything that is stored.
	Since       *time.Time `json:"since,omitempty"`
	SinceBefore bool       `json:"sinceBefore,omitempty"`
	// Rule says which rule decided the state.
	Rule string `json:"rule,omitempty"`
	// LastState and LastSeen say what was known last where the state is no
	// link.
	LastState string     `json:"lastState,omitempty"`
	LastSeen  *time.Time `json:"lastSeen,omitempty"`
	// LinkError and Retry say why the agent cannot be reached and when it is
	// tried next.
	LinkError string     `json:"linkError,omitempty"`
	Retry     *time.Time `json:"retry,omitempty"`
	// Program is the program of the machine's first path; nil where it is not
	// known or the machine has none.
	Program *string `json:"program,omitempty"`
	// Mode and Execution are those of the first path.
	Mode      *string `json:"mode,omitempty"`
	Execution *string `json:"execution,omitempty"`
	// Parts is the part count; nil where it is not known.
	Parts *float64 `json:"parts,omitempty"`
	// Paths are the paths of a machine that has more than one.
	Paths []Path `json:"paths,omitempty"`
	// Conditions are the active warnings and faults, gravest first.
	Conditions []Condition `json:"conditions,omitempty"`
	// Incomplete is true where it cannot be told which others were active at the
	// moment of the past that the card is of.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Path is one path of a machine.
type Path struct {
	Name      string  `json:"name"`
	Program   *string `json:"program,omitempty"`
	Mode      *string `json:"mode,omitempty"`
	Execution *string `json:"execution,omitempty"`
}

// Condition is an active warning or fault.
type Condition struct {
	Item           string    `json:"item"`
	Type           string    `json:"type"`
	Component      string    `json:"component,omitempty"`
	Level          string    `json:"level"`
	NativeCode     string    `json:"nativeCode,omitempty"`
	NativeSeverity string    `json:"nativeSeverity,omitempty"`
	Qualifier      string    `json:"qualifier,omitempty"`
	ConditionID    string    `json:"conditionId,omitempty"`
	Text           string    `json:"text,omitempty"`
	Since          time.Time `json:"since"`
}

// Item is a data item with what is known of it: now, or at a moment.
type Item struct {
	// ID is the store's number of the data item; DataItemID the agent's id.
	ID             plant.ItemID `json:"id"`
	DataItemID     string       `json:"dataItemId"`
	Name           string       `json:"name,omitempty"`
	Category       string       `json:"category"`
	Type           string       `json:"type"`
	SubType        string       `json:"subType,omitempty"`
	Units          string       `json:"units,omitempty"`
	Representation string       `json:"representation,omitempty"`
	// Component is where the data item stands in the device, such as
	// "Axes[base]/Linear[X]"; empty for the device itself.
	Component string `json:"component,omitempty"`
	// Observed is true where there is any observation of it.
	Observed bool `json:"observed"`
	// Value is a number, a text, an object (data set or table), or null while
	// it is not known. For a condition it is the gravest active level.
	Value any `json:"value"`
	// Time is the agent's timestamp of the last observation.
	Time     *time.Time `json:"time,omitempty"`
	Sequence int64      `json:"sequence,omitempty,string"`
	// Active are the active activations of a condition.
	Active []Condition `json:"active,omitempty"`
	// Incomplete is true where it cannot be told what else was active at the moment,
	// or in the set: then Value is null, and Active is what is sure.
	Incomplete bool `json:"incomplete,omitempty"`
}

// ItemEntry is a data item of the list of all of them.
type ItemEntry struct {
	// Machine is the slug of its machine, MachineName what people call it, Agent
	// the name of the agent.
	Machine     string `json:"machine"`
	MachineName string `json:"machineName"`
	Agent       string `json:"agent"`
	Item
}

// Current is what is known of a machine: now, or at a moment of the past.
type Current struct {
	Machine string `json:"machine"`
	// At is the moment that was asked for; it is left out for now.
	At *time.Time `json:"at,omitempty"`
	// State, Word, Since, SinceBefore and Rule are those of a Machine. They are left
	// out where it is not known what the machine was doing at the moment.
	State       string     `json:"state,omitempty"`
	Word        string     `json:"word,omitempty"`
	Since       *time.Time `json:"since,omitempty"`
	SinceBefore bool       `json:"sinceBefore,omitempty"`
	Rule        string     `json:"rule,omitempty"`
	Items       []Item     `json:"items"`
}

// MachineDetail is a machine with all its data items, in the order of its
// model.
type MachineDetail struct {
	Machine
	Description string `json:"description,omitempty"`
	Serial      string `json:"serial,omitempty"`
	UUID        string `json:"uuid,omitempty"`
	Items       []Item `json:"items"`
}

// Agent is an agent with how its reading goes.
type Agent struct {
	Name string          `json:"name"`
	Link plant.LinkState `json:"link"`
	// Since is when the link came to be as it is.
	Since time.Time `json:"since"`
	// Error says why the link is down; Retry is when the next attempt is made.
	Error string    `json:"error,omitempty"`
	Retry time.Time `json:"retry,omitzero"`
	// AgentVersion, SchemaVersion, Sender and InstanceID are the agent's own
	// words.
	AgentVersion  string `json:"agentVersion,omitempty"`
	SchemaVersion string `json:"schemaVersion,omitempty"`
	Sender        string `json:"sender,omitempty"`
	InstanceID    uint64 `json:"instanceId,string,omitempty"`
	// Next is the next sequence number to be read; Last is the newest that the
	// agent has; Lag is how many observations are still to be read.
	Next int64  `json:"next,omitempty"`
	Last int64  `json:"last,omitempty"`
	Lag  *int64 `json:"lag,omitempty"`
	// BufferSize is how many observations the agent's buffer holds;
	// HorizonSeconds is how long the agent can go on before it overwrites what
	// has not been read.
	BufferSize     int64    `json:"bufferSize,omitempty"`
	HorizonSeconds *float64 `json:"horizonSeconds,omitempty"`
	// Rate is observations stored a second, over the last minute;
	// DelayP95Seconds is the 95th percentile of the time from an observation to
	// its storing.
	Rate            float64  `json:"rate"`
	DelayP95Seconds *float64 `json:"delayP95Seconds,omitempty"`
	// SkewSeconds is the agent's clock less ours.
	SkewSeconds *float64 `json:"skewSeconds,omitempty"`
	// LastDocument is when the agent was heard last.
	LastDocument time.Time `json:"lastDocument,omitzero"`
	// Gaps and Lost count the entries of the gap ledger, and the sequence
	// numbers in those of known length.
	Gaps int64 `json:"gaps"`
	Lost int64 `json:"lost"`
	// Reconnects counts how often the link was built since the start.
	Reconnects int64 `json:"reconnects"`
	// Faults counts what was found damaged of what is stored of the agent: somebody
	// has to look after it.
	Faults int `json:"faults,omitempty"`
	// URL is without its password.
	URL string `json:"url"`
	// Machines counts the machines of the agent.
	Machines int `json:"machines"`
}

// Point is one point of a series: microseconds since 1970-01-01 UTC and a
// number, a text, or null where the value became unknown.
type Point [2]any

// Series is the observations of one data item over a range, thinned where there
// are more than were asked for.
type Series struct {
	Item Item      `json:"item"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Observations is how many there are in the range; Points what is left of
	// them: of each pixel column the first, the last, the lowest and the
	// highest, and begins and ends of gaps between them. Each is a stored
	// observation, but for the nulls where the ledger says that observations
	// are missing.
	Observations int     `json:"observations"`
	Points       []Point `json:"points"`
	// Before is true where the first point is the last observation before the
	// range.
	Before bool `json:"before,omitempty"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// Statistics is what is to be said of the observations of a data item over a
// range.
type Statistics struct {
	Item ItemEntry `json:"item"`
	From time.Time `json:"from"`
	// To is what was asked for, or now where that is earlier.
	To time.Time `json:"to"`
	// Observations is how many there are in the range.
	Observations int `json:"observations"`
	// KnownSeconds is for how long the value was known and UnknownSeconds for how
	// long it was not, since the agent said so or observations are missing: together
	// they are the range. Coverage is the share of the first, 0 to 1.
	KnownSeconds   float64 `json:"knownSeconds"`
	UnknownSeconds float64 `json:"unknownSeconds"`
	Coverage       float64 `json:"coverage"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
	// Numbers is set for samples that are numbers and for events that all are.
	Numbers *NumberStatistics `json:"numbers,omitempty"`
	// Values are the values of an event, or the levels of a condition, by how long
	// each held, the longest first; OtherSeconds is the time of those beyond the
	// first 100, and Changes how often a value became another one.
	Values       []ValueStatistics `json:"values,omitempty"`
	OtherSeconds float64           `json:"otherSeconds,omitempty"`
	Changes      *int              `json:"changes,omitempty"`
}

// NumberStatistics is what is to be said of numbers, in the units of the data
// item. Each observation counts the same, but for MeanOverTime; null is what there
// is none of.
type NumberStatistics struct {
	// Count is how many numbers were observed in the range.
	Count int      `json:"count"`
	Min   *float64 `json:"min"`
	Max   *float64 `json:"max"`
	// Mean is that of the observations, MeanOverTime lets each number count for as
	// long as it held.
	Mean         *float64 `json:"mean"`
	MeanOverTime *float64 `json:"meanOverTime"`
	// P5, P50 and P95 are the smallest numbers that 5, 50 and 95 % are not above.
	// ExactPercentiles is false for more than 131,072 numbers; then no more than
	// 0.01 % of all numbers lie between what is told and what is so.
	P5               *float64 `json:"p5"`
	P50              *float64 `json:"p50"`
	P95              *float64 `json:"p95"`
	ExactPercentiles bool     `json:"exactPercentiles"`
	// StandardDeviation is that of the observations as they are.
	StandardDeviation *float64 `json:"standardDeviation"`
}

// ValueStatistics is what is to be said of one value of an event.
type ValueStatistics struct {
	Value        string  `json:"value"`
	Seconds      float64 `json:"seconds"`
	Observations int     `json:"observations"`
}

// Event is what the event stream carries. Name is the SSE event name; Data is
// sent as JSON:
//
//	machines  []Machine  machines that changed (their cards)
//	values    Values     changed data items of the machine asked for
//	agents    []Agent    agents whose status changed
//	hello     Hello      first event of every connection
type Event struct {
	Name string
	Data any
}

// Values is the changed data items of one machine.
type Values struct {
	Machine string `json:"machine"`
	Items   []Item `json:"items"`
}

// Hello opens a stream. Resumed is true where every event since the client's
// Last-Event-ID follows; otherwise the client reads the current values anew.
type Hello struct {
	Resumed bool      `json:"resumed"`
	Now     time.Time `json:"now"`
	Version string    `json:"version"`
}

// Page is a part of a list. Next is given as "after" to get the part that
// follows; it is left out where the list ends.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// Gap is a range of sequence numbers that is not stored.
type Gap struct {
	Agent    string `json:"agent"`
	Instance uint64 `json:"instance,string"`
	// Epoch counts the runs of the same instance from 0.
	Epoch int32 `json:"epoch,omitempty"`
	// From and To are the first and the last number missing. To and Lost, how
	// many are missing, are null where nobody knows: the agent restarted.
	From    int64           `json:"from"`
	To      *int64          `json:"to"`
	Lost    *int64          `json:"lost"`
	Reason  plant.GapReason `json:"reason"`
	Detail  string          `json:"detail,omitempty"`
	Noticed time.Time       `json:"noticed"`
}

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
	Crew  *Crew      `json:"crew,omitempty"`
	Queue *Queue     `json:"queue,omitempty"`
	Store Store      `json:"store"`
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
