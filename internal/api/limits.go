package api

import "time"

// The limits of the API. What is asked beyond them is refused with a message
// that names the limit.
const (
	// DefaultPage and MaxPage are how many entries a page of a list has.
	DefaultPage = 100
	MaxPage     = 1000
	// MaxSearchText and MaxSearchWords are how long the text of a search for data
	// items may be, in characters and in words.
	MaxSearchText  = 200
	MaxSearchWords = 10
	// MaxStatisticValues is how many texts the statistics of a data item name, those
	// that held longest; insight.MaxValues are told apart.
	MaxStatisticValues = 100
	// DefaultObservations and MaxObservations are how many observations a page
	// of them has.
	DefaultObservations = 1000
	MaxObservations     = 10_000
	// MaxPageBytes is after how many bytes of text a page of observations
	// ends, so that the longest texts do not fill the memory.
	MaxPageBytes = 8 << 20
	// DefaultPoints, MinPoints and MaxPoints are how many points a series is
	// thinned to.
	DefaultPoints = 1000
	MinPoints     = 4
	MaxPoints     = 5000
	// MaxPointText is how many bytes the text of a point has: a longer one is
	// cut, since a chart only names it.
	MaxPointText = 1000
	// MaxTimelineColumns is how many columns a timeline is put together for, and
	// MaxTimelineMachines how many machines may be named for one.
	MaxTimelineColumns  = 10_000
	MaxTimelineMachines = 1000
	// MaxTimelineRange is the longest range of a timeline, and MaxTimelineIntervals how
	// many intervals one gives without columns, of all its machines together.
	MaxTimelineRange     = 400 * 24 * time.Hour
	MaxTimelineIntervals = 250_000
	// MaxGapTimes is for how many gaps of the ledger an answer looks up when exactly
	// observations are missing, and MaxGaps how many of a run it tells of.
	MaxGapTimes = 2000
	MaxGaps     = 10_000
	// MaxMachineReads is of how many machines an answer about several reads at once.
	MaxMachineReads = 4
	// MaxGapWindow is how many gaps of the ledger a series holds at once.
	MaxGapWindow = 1000
	// MaxHistory is how many observations are read to find out which alarms were
	// active, and what was in the sets, at a moment of the past; their texts may
	// have MaxPageBytes.
	MaxHistory = 10_000
	// MaxBaselines is how many observations of baselines are read for a moment.
	MaxBaselines = 200_000
	// MaxAlarmObservations is how many observations of conditions are read for a list
	// of alarms, and MaxAlarmBytes how long their texts may be together.
	MaxAlarmObservations = 200_000
	MaxAlarmBytes        = 64 << 20
	// AlarmContext is how far before and after the raising of an alarm is told what
	// else happened, and MaxContext how many entries of each kind that are.
	AlarmContext = 10 * time.Minute
	MaxContext   = 200
	// AlarmHistory is how far back the earlier activations of an alarm are looked
	// for, and MaxUsual of how many of them the usual duration is the median.
	AlarmHistory = 30 * 24 * time.Hour
	MaxUsual     = 100
	// MaxHealthRange is the longest range of which the health of alarms is told.
	MaxHealthRange = 92 * 24 * time.Hour
	// MaxTracked is how many changes of programs, tools, modes, executions and counts
	// a machine may have in a range that its work is asked of.
	MaxTracked = 200_000
	// MaxWorkRange is the longest range that the work of machines is asked of.
	MaxWorkRange = 92 * 24 * time.Hour
	// WorkLead is how far before a range is read to find the begin of a cycle that
	// reaches into it, and what a part counter showed.
	WorkLead = 12 * time.Hour
	// MaxCycles is how many cycles an answer has; the newest of them where there are
	// more.
	MaxCycles = 2000
	// MaxPartSteps is how many changes of a part counter an answer has; the newest of
	// them where there are more.
	MaxPartSteps = 5000
	// MaxShifts is for how many shifts of a range what was made is told of each.
	MaxShifts = 45
	// DefaultColumns and MaxColumns are how many pixel columns a lane has.
	DefaultColumns = 1000
	MaxColumns     = 4000
	// MaxLaneShifts is how many shifts a lane tells of: more could not be told apart.
	MaxLaneShifts = 400
	// UsualSpan is how far back is looked for what is usual of samples, MaxUsualItems
	// of how many at once, and MaxUsualObservations how many observations of them are
	// read, the newest of them.
	UsualSpan            = 7 * 24 * time.Hour
	MaxUsualItems        = 20
	MaxUsualObservations = 200_000
	// MaxUsualRuns is how many runs of a program tell what is usual of it, and
	// UsualLeastRuns how many at least; otherwise the time does in which the machine
	// was running, looked at in stretches of UsualPiece. UsualLeast is how many
	// observations it takes at least.
	MaxUsualRuns   = 50
	UsualLeastRuns = 3
	UsualPiece     = time.Hour
	UsualLeast     = 30
	// ShiftHistory is how far before a shift others of its kind are looked for, to say
	// what is usual of it, and ShiftStep in which steps a shift that is on is compared
	// with as much of those.
	ShiftHistory = 30 * 24 * time.Hour
	ShiftStep    = 15 * time.Minute
	// ShiftFactsPiece is how much is read at once of what a machine did in its shifts.
	// ShiftFactsKept is how long that is kept in memory, since what was said too late,
	// or has been deleted, changes it, and ShiftFactsBehind how long while the agent of
	// the machine is behind with what it says; it is kept only of what ended ShiftSettled
	// ago, and of MaxShiftFacts parts of shifts of a machine: others are read each time.
	ShiftFactsPiece  = 7 * 24 * time.Hour
	ShiftFactsKept   = time.Hour
	ShiftFactsBehind = 5 * time.Minute
	ShiftSettled     = time.Minute
	MaxShiftFacts    = 1000
	// MaxUsualMachines is of how many machines is asked at once what is usual of their
	// shifts, and MaxNamed how many of them a sentence names.
	MaxUsualMachines = 500
	MaxNamed         = 3
	// MaxHealth is how many of an agent's newest observations are read to find out
	// how it tells, and MaxHealthItems how many data items a list of what was found
	// has.
	MaxHealth      = 20_000
	MaxHealthItems = 100
	// FlapLeast is how often a data item goes to UNAVAILABLE among them to be called
	// flapping. StaleAfter is how long nothing is heard of a sample that is stale.
	FlapLeast  = 3
	StaleAfter = 24 * time.Hour
	// MaxModels is how many versions of an agent's device models are compared, and
	// MaxModelChanges how many changes of a kind are listed for each.
	MaxModels       = 20
	MaxModelChanges = 200
	// DefaultRange is the range of series and observations that are asked for
	// without a beginning.
	DefaultRange = time.Hour
	// QueryTimeout is how long a request may read from the store.
	QueryTimeout = 30 * time.Second
	// SurveyTimeout is how long the observations of a data item may be read for what
	// stands in front of them as CSV. After that they may take any time, as long as
	// the client takes them.
	SurveyTimeout = 5 * time.Minute
	// SourceTimeout is how long the system page waits for the database and for Redis.
	SourceTimeout = 2 * time.Second
	// OverdueAfter is for how long a period of a job may have begun without having
	// been enqueued: longer than it takes another scheduler to lead.
	OverdueAfter = time.Minute
)

// The rhythm of the event stream.
const (
	// CardInterval is the least time between two events with machines or with
	// agents, ValueInterval that between two with values of one machine. The first
	// change after a pause goes out at once.
	CardInterval  = 500 * time.Millisecond
	ValueInterval = 100 * time.Millisecond
	// MaxStreams is how many streams there may be at once.
	MaxStreams = 500
	// MaxStreamMachines is of how many machines one stream tells the values.
	MaxStreamMachines = 8
	// MaxStreamBuffer is how many bytes of memory a stream keeps for its next event.
	MaxStreamBuffer = 64 << 10
	// PingInterval is how often a stream says that it lives: proxies cut
	// connections that are quiet for 30 s or more.
	PingInterval = 15 * time.Second
	// WriteTimeout is how long a client may take for what is sent at once. A slower one is
	// disconnected; it may come back and resume.
	WriteTimeout = 10 * time.Second
	// StreamRetry is what a client is told to wait before it connects anew.
	StreamRetry = 2 * time.Second
	// BusyRetry is what a client is told to wait where there are too many
	// streams.
	BusyRetry = 10 * time.Second
)

// The rhythm in which the Service looks for what others did to the store.
const (
	// RefreshInterval is how often it looks for new agents, machines and runs,
	// and for commits of other processes.
	RefreshInterval = 2 * time.Second
	// RefreshPause is the least time between two looks that changes ask for.
	RefreshPause = 500 * time.Millisecond
	// ReloadInterval is how often it reads everything anew, for what the looks
	// do not see, such as a new name of a data item.
	ReloadInterval = time.Minute
)
