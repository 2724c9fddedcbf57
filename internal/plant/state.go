package plant

import "time"

// State is what a machine is doing. The states exclude each other.
type State uint8

// The states, in the order in which they are decided: the first that holds
// wins. Unknown is not down: NoLink and Offline are states of their own.
const (
	// NoLink: we do not hear from the agent.
	NoLink State = iota + 1
	// Offline: the agent answers and says that the machine is unavailable.
	Offline
	// Alarmed: emergency stop, or an active fault while not running.
	Alarmed
	// Setup: the machine is in a manual mode.
	Setup
	// Running: the program is being executed automatically.
	Running
	// Stopped: stopped within a program.
	Stopped
	// Idle: ready, with no program under way.
	Idle
)

// String gives the word that is shown.
func (s State) String() string {
	if s > Idle {
		return ""
	}
	return [...]string{"", "No link", "Offline", "Alarm", "Setup", "Running", "Stopped", "Idle"}[s]
}

// Slug is the state as it stands in JSON and in style sheets.
func (s State) Slug() string {
	if s > Idle {
		return ""
	}
	return [...]string{"", "no-link", "offline", "alarm", "setup", "running", "stopped", "idle"}[s]
}

// StateChange is the moment at which a machine's state, or the rule that decided
// it, became another one. The state holds until the device's next change.
type StateChange struct {
	Device DeviceID
	Run    RunID
	// Sequence is the observation that made the change; Time its timestamp.
	Sequence int64
	Time     int64
	State    State
	// Since is the time of the change by which the machine came into the state: it
	// is less than Time where only the rule has changed.
	Since int64
	// Rule says which rule decided, such as "3 emergency stop".
	Rule string
}

// LinkState is how the connection to an agent stands.
type LinkState string

// The link states.
const (
	// LinkConnecting: not yet connected, or between attempts.
	LinkConnecting LinkState = "connecting"
	// LinkStreaming: the agent streams to us.
	LinkStreaming LinkState = "streaming"
	// LinkPolling: the agent cannot stream; it is asked again and again.
	LinkPolling LinkState = "polling"
	// LinkCatchingUp: observations arrive, and the newest that we have are far
	// behind what the agent has: what they tell is not the present.
	LinkCatchingUp LinkState = "catching-up"
	// LinkDown: the agent cannot be reached, or answers nonsense.
	LinkDown LinkState = "down"
	// LinkWaiting: the store is away; reading has stopped where it was.
	LinkWaiting LinkState = "waiting"
)

// Up reports whether observations arrive.
func (s LinkState) Up() bool {
	return s == LinkStreaming || s == LinkPolling || s == LinkCatchingUp
}

// Span is a duration that may not be known; the zero Span is not.
type Span struct {
	Duration time.Duration
	Known    bool
}

// AgentStatus is how the reading of one agent goes. Rates are over the last
// minute. Two of them can be compared.
type AgentStatus struct {
	Agent AgentID
	Name  string
	Link  LinkState
	// Since is when the link came to be as it is.
	Since time.Time
	// Error says why the link is down, for people; empty otherwise.
	Error string
	// Retry is when the next attempt is made; zero while the link is up.
	Retry time.Time
	// AgentVersion, SchemaVersion, Sender and InstanceID are the agent's own
	// words.
	AgentVersion, SchemaVersion, Sender string
	InstanceID                          uint64
	// Next is our cursor; Last is the newest sequence number the agent has;
	// both are 0 where they are not known. Lag is how many observations we have
	// still to read; it has no meaning without the two.
	Next, Last, Lag int64
	// BufferSize is how many observations the agent's buffer holds, 0 where it
	// does not say. Horizon is how long the agent can go on before it overwrites
	// what we have not read, at the present rate.
	BufferSize int64
	Horizon    Span
	// Rate is observations committed a second.
	Rate float64
	// DelayP95 is the 95th percentile of the time from an observation's
	// timestamp, corrected by the clock skew, to our commit of it.
	DelayP95 Span
	// Skew is the agent's clock less ours; good to half a second where the agent
	// writes whole seconds.
	Skew Span
	// LastDocument is when the last document arrived, heartbeats counted.
	LastDocument time.Time
	// Gaps and Lost count the ledger's entries of this agent and the sequence
	// numbers in those of known length.
	Gaps, Lost int64
	// Reconnects counts how often the link was built since the start.
	Reconnects int64
}

// catchingUpLag is how many observations there are to read at least where an
// agent is still being caught up with: more than come between two documents of
// a busy agent.
const catchingUpLag = 5000

// ShownLink is how the connection stands, for people: a link over which old
// observations still come is LinkCatchingUp.
func (s AgentStatus) ShownLink() LinkState {
	if s.Link.Up() && s.Next > 0 && s.Last > 0 && s.Lag >= catchingUpLag {
		return LinkCatchingUp
	}
	return s.Link
}
