// Package store is the contract between factorydash and its stores, split by
// use: Writer for capture, Reader for pages, API and exports, Admin for people,
// Upkeep for what runs now and then, Leases for workers that share the agents.
// storetest is the suite that every store passes.
//
// A store keeps observations exactly as often as they were committed, which
// the cursor makes once: see Writer.Commit.
//
// All methods are safe for concurrent use, by several processes too. They
// return errors with a plant code: Unavailable where the store is away or
// refuses writes for now (try again later), Conflict, NotFound, Invalid, Damaged
// where a read needs what is damaged or missing, which is one of Faults from then
// on and keeps nothing else from being read or written; anything else is a fault.
package store

import (
	"context"
	"iter"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Writer is what capture needs.
type Writer interface {
	// SaveModel stores a version of an agent's device models, unless it is the
	// newest one already, and gives the agent's devices and data items with
	// their numbers. Devices and items keep their numbers across versions; a
	// device that is gone from the model stays and is marked as not present.
	SaveModel(ctx context.Context, m plant.Model) (Inventory, error)
	// AddItem makes a data item that is in no model, for observations that
	// name it, and gives it with its number. An item that exists is returned
	// as it is.
	AddItem(ctx context.Context, item plant.DataItem) (plant.DataItem, error)
	// AddDevice does the same for a device that is in no model.
	AddDevice(ctx context.Context, device plant.Device) (plant.Device, error)
	// LastRun gives the newest run of an agent. NotFound where there is none.
	LastRun(ctx context.Context, agent plant.AgentID) (plant.Run, error)
	// StartRun begins a new run of an agent, at first; gaps are put into the
	// ledger with it: with Run 0, those at the beginning of the new run, and the
	// open end of the run that it follows. after is the newest run the caller
	// knows of (0 where it knows none): Conflict where another one was started
	// since, or where that run has gone on, so that its open end is not at its
	// cursor. The epoch is counted by the store.
	StartRun(ctx context.Context, after plant.RunID, run plant.Run, gaps []plant.Gap) (plant.Run, error)
	// Latest gives what is known now of every data item of an agent that has
	// been observed.
	Latest(ctx context.Context, agent plant.AgentID) ([]plant.Latest, error)
	// States gives the newest state change of each device of an agent.
	States(ctx context.Context, agent plant.AgentID) ([]plant.StateChange, error)
	// Commit stores the batches of several agents in one transaction. A batch
	// whose Expect is not the run's cursor is left out as a whole and gets a
	// Conflict in its Err; the others are stored. Where Commit returns an error, the
	// transaction failed as a whole and nothing was stored; or its answer was lost or
	// not waited for, and all of it is stored, now or a moment later: the runs' cursors
	// say which.
	Commit(ctx context.Context, batches []*Batch) error
}

// Inventory is the devices of an agent with their data items.
type Inventory struct {
	Devices []plant.Device
	Items   []plant.DataItem
}

// Batch is what one agent commits at once. All that it holds is of its Run:
// what names a run of its own names that one, or 0.
type Batch struct {
	Run plant.RunID
	// Expect is the cursor that the batch goes on from; Next is the cursor
	// after it. Each sequence number from Expect up to but not including Next
	// is in Observations once, or in one of Gaps, but for those that Freed counts.
	Expect, Next int64
	// Freed is how many of the numbers retention deleted in the store that this one
	// is a copy of: they count in the run as stored and as freed. 0 in all else.
	Freed int64
	// Baseline is what the agent knew just before Next and we had not read: the
	// Observations of a plant.Baseline at Next. A batch that has one has no
	// Observations, but may have the gap that makes it needed. It counts as
	// nothing: neither in the run's Stored nor among its observations. Of several
	// baselines at one number the last one holds for each item.
	Baseline []plant.Observation
	// Observations stand in ascending order of sequence.
	Observations []plant.Observation
	Gaps         []plant.Gap
	// Latest is what is now known of the items that the batch changed.
	Latest []plant.Latest
	// States are the state changes that the baseline and the observations made.
	States []plant.StateChange
	// Received is our clock when the newest of it arrived.
	Received time.Time
	// Err is set by Commit: nil for a batch that was stored.
	Err error
}

// Reader is what pages, API and exports need.
type Reader interface {
	// Agents gives all agents by name.
	Agents(ctx context.Context) ([]plant.Agent, error)
	// Devices gives all devices by agent and name.
	Devices(ctx context.Context) ([]plant.Device, error)
	// Items gives the data items of a device in the order of its model.
	Items(ctx context.Context, device plant.DeviceID) ([]plant.DataItem, error)
	// Current gives what is known now of the data items of a device.
	Current(ctx context.Context, device plant.DeviceID) ([]plant.Latest, error)
	// StatesBetween gives the state changes of a device with from ≤ time < to
	// in order of run and sequence, with the last change before from in front.
	StatesBetween(ctx context.Context, device plant.DeviceID, from, to int64) ([]plant.StateChange, error)
	// ItemObservations yields the observations of some items with
	// from ≤ time < to in order of time, then run and sequence, each with its
	// Run. Where before is true, the last observation before from (in that
	// order) of each item comes first, in the same order; where from = to, they
	// are all there is, which is what was known at a moment. Of an item that has
	// been quiet for so long that retention has deleted it, that is its Latest. What was committed
	// together is yielded together: observations of one commit behind the last
	// one yielded are either all still to come or none of them is.
	ItemObservations(ctx context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error]
	// ItemSummaries yields the observations of one item as ItemObservations does
	// with before true, each as a Summary of its own, but may put consecutive ones
	// together where nobody can see it in a picture of the range that has columns
	// columns (as insight.Downsample counts them) and room for room observations:
	// they are all within one column, all numbers, with no gap of the ledger
	// between them, and the range has more than room observations that are
	// numbers.
	ItemSummaries(ctx context.Context, item plant.ItemID, from, to int64, columns, room int) iter.Seq2[plant.Summary, error]
	// Observations yields the observations of one run in order of sequence,
	// each with its Run, beginning with the first whose sequence is at least
	// sequence.
	Observations(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Observation, error]
	// Baselines yields the baselines of a run in order of their place, the
	// observations of each in order of sequence, then item, with their Run.
	Baselines(ctx context.Context, run plant.RunID) iter.Seq2[plant.Baseline, error]
	// Runs gives all runs by agent name, instanceId and epoch.
	Runs(ctx context.Context) ([]plant.Run, error)
	// Gaps yields the gaps of a run in order of sequence, beginning with the
	// first whose From is at least sequence.
	Gaps(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Gap, error]
	// GapsBefore yields the gaps of a run in descending order of sequence,
	// beginning with the last whose From is less than sequence.
	GapsBefore(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Gap, error]
	// Models gives the versions of an agent's device models, newest first,
	// without their Devices.
	Models(ctx context.Context, agent plant.AgentID) ([]plant.Model, error)
}

// Admin is what commands that set up and look after a store need.
type Admin interface {
	// PutAgent stores an agent, or changes the URL of the one with its name.
	// Configured true marks it as added by command and false leaves that mark
	// as it is. Invalid where the agent does not pass Validate.
	PutAgent(ctx context.Context, agent plant.Agent) (plant.Agent, error)
	// RemoveAgent takes the mark of an agent away, which ends its reading. What
	// it has stored stays. NotFound where there is no such configured agent.
	RemoveAgent(ctx context.Context, name string) error
	// Ping reports whether the store answers, its schema is as this program needs it,
	// and the last commit of this process, unless that is long ago, found a store that
	// takes any.
	Ping(ctx context.Context) error
	Close() error
}

// Upkeep is what keeps a store small and sound. Each method may run beside
// capture and reads, in any number of processes: what another one is at is left
// to it. Ended in the middle, it leaves the store as sound as it was, and goes
// on from there the next time.
type Upkeep interface {
	// Seal turns the observations that lie in rows and were committed before
	// settled into sealed blocks, the oldest first, and frees the rows. It also
	// makes ready what commits of the next hours need.
	Seal(ctx context.Context, settled time.Time) (Sealed, error)
	// Merge puts small neighbouring blocks of an item together.
	Merge(ctx context.Context) (Merged, error)
	// Expire frees what is older than its agent's cutoff, in microseconds of the
	// agent's timestamps: blocks whose observations are all older, state changes
	// that none after them needs, baselines of runs of which nothing is left. It
	// counts in the ledger what it freed. Rows wait until they are sealed. Where
	// dry is true nothing is freed and the answer is what would be.
	Expire(ctx context.Context, cutoffs map[plant.AgentID]int64, dry bool) (Expired, error)
	// Verify reads everything that is stored and yields what is wrong with it:
	// checksums, order, counts against the ledger, what is missing.
	Verify(ctx context.Context) iter.Seq2[Fault, error]
	// Faults gives what this process has found wrong with what is stored, by
	// reading or by Verify, at most MaxFaults of them, oldest first.
	Faults() []Fault
	// ReplaceStates puts other state changes in the place of all that a device
	// has with a time of at least from: what was derived is derived anew. runs are
	// those of the device's agent by ID, as they were when what the changes were
	// derived from was read: Conflict where they are otherwise by now, since states
	// of what came since would be lost.
	ReplaceStates(ctx context.Context, device plant.DeviceID, from int64, changes []plant.StateChange, runs []plant.Run) error
	// Size says what the store takes.
	Size(ctx context.Context) (Size, error)
}

// MaxFaults is how many faults a process remembers.
const MaxFaults = 100

// Sealed is what Seal did.
type Sealed struct {
	Partitions   int
	Observations int64
	Blocks       int64
	// Bytes is what the blocks take, their columns counted.
	Bytes int64
}

// Merged is what Merge did: so many blocks became so many.
type Merged struct{ Before, After int64 }

// Expired is what Expire freed, or would free.
type Expired struct {
	Observations, Blocks, Bytes, States, Baselines int64
}

// Size is what a store takes. The counts of rows may be estimates.
type Size struct {
	// Rows and Blocked are the observations in rows and in blocks.
	Rows, Blocked, Blocks int64
	// RowBytes and BlockBytes are what they take, indexes counted; TotalBytes is
	// the whole store, and FreeBytes what of it is free for what comes, 0 where that
	// is not known.
	RowBytes, BlockBytes, TotalBytes, FreeBytes int64
	// Oldest is the oldest time in a block, 0 where there is none.
	Oldest int64
}

// Fault is something that is wrong with what is stored.
type Fault struct {
	// What names the thing: "block 12", "partition 2026-11-25T10".
	What string
	// Agent and Item say whose it is; 0 where that is not known.
	Agent plant.AgentID
	Item  plant.ItemID
	// Detail says what is wrong, for people.
	Detail string
	// Noticed is our clock when it was found.
	Noticed time.Time
}

// Leases share the agents among workers: who holds the lease of an agent captures
// it. All times are of the store's own clock, so that no two clocks have to
// agree: what a store tells is how long something is still good.
//
// A worker counts the time that it has asked for with a clock of its own, from
// before it asked, and has stopped before it is over. So no two workers capture
// an agent at once while clocks run alike. If ever they do, it is waste and no
// harm: that each observation is stored once is the work of Writer.Commit. All
// workers of a store ask for the same time.
type Leases interface {
	// Renew says that a worker lives, makes the leases that it holds good for ttl
	// from now, and gives who there is. A lease that has run out is not renewed,
	// whether another worker has taken it or not. What others have for longer than
	// ttl, they were given while the clock was ahead: it ends after ttl too. So who
	// died then is not waited for until the clock gets there, and who lives, and
	// counts no longer than ttl from when it asked, has stopped by then or renews.
	Renew(ctx context.Context, w Worker, ttl time.Duration) (Crew, error)
	// Take makes a worker the holder of those of the agents that nobody holds, for
	// ttl from now, and gives these leases. An agent that is not in the store is
	// passed over.
	Take(ctx context.Context, worker string, agents []plant.AgentID, ttl time.Duration) ([]Lease, error)
	// Release gives leases back, which others may take at once. One that its
	// worker does not hold any more, by number, is left as it is.
	Release(ctx context.Context, leases []Lease) error
	// Leave gives all leases of a worker back and forgets the worker.
	Leave(ctx context.Context, worker string) error
	// Crew gives who there is.
	Crew(ctx context.Context) (Crew, error)
}

// WorkerMemory is how long a worker that has not been heard of is listed.
const WorkerMemory = time.Hour

// Crew is the workers by name, then ID, and what they hold by agent.
type Crew struct {
	Workers []Worker
	// Leases are those that are good.
	Leases []Lease
}

// Worker is a process that captures agents under leases.
type Worker struct {
	// ID tells a worker from all others there ever were: it is made at its start.
	ID string
	// Name and Version say to people which one it is, Started is when it began,
	// by its own clock.
	Name, Version string
	Started       time.Time
	// Seen is when it was heard of last, and Left how long it counts as living
	// from then until it is heard of again: negative or zero for one that is gone.
	// Stores set both.
	Seen time.Time
	Left time.Duration
}

// Lease is a worker's right to capture an agent.
type Lease struct {
	Agent  plant.AgentID
	Worker string
	// Number counts how often the lease of the agent was taken, from 1.
	Number int64
	// Left is how long it was still good when the store was asked.
	Left time.Duration
}
