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

// StateChange is the moment at which a machine's state became another one. The
// state holds until the device's next change.
type StateChange struct {
	Device DeviceID
	Run    RunID
	// Sequence is the observation that made the change; Time its timestamp.
	Sequence int64
	Time     int64
	State    State
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
	// LinkDown: the agent cannot be reached, or answers nonsense.
	LinkDown LinkState = "down"
	// LinkWaiting: the store is away; reading has stopped where it was.
	LinkWaiting LinkState = "waiting"
)

// Up reports whether observations arrive.
func (s LinkState) Up() bool { return s == LinkStreaming || s == LinkPolling }

// AgentStatus is how the reading of one agent goes. Rates are over the last
// minute.
type AgentStatus struct {
	Agent AgentID   `json:"-"`
	Name  string    `json:"name"`
	Link  LinkState `json:"link"`
	// Since is when the link came to be as it is.
	Since time.Time `json:"since"`
	// Error says why the link is down, for people; empty otherwise.
	Error string `json:"error,omitempty"`
	// Retry is when the next attempt is made; zero while the link is up.
	Retry time.Time `json:"retry,omitzero"`
	// AgentVersion, SchemaVersion, Sender and InstanceID are the agent's own
	// words.
	AgentVersion  string `json:"agentVersion,omitempty"`
	SchemaVersion string `json:"schemaVersion,omitempty"`
	Sender        string `json:"sender,omitempty"`
	InstanceID    uint64 `json:"instanceId,string,omitempty"`
	// Next is our cursor; Last is the newest sequence number the agent has;
	// Lag is how many observations we have still to read.
	Next int64 `json:"next"`
	Last int64 `json:"last"`
	Lag  int64 `json:"lag"`
	// BufferSize is how many observations the agent's buffer holds; Horizon is
	// how long the agent can go on before it overwrites what we have not read,
	// at the present rate; zero where it is not known.
	BufferSize int64         `json:"bufferSize"`
	Horizon    time.Duration `json:"horizon"`
	// Rate is observations committed a second.
	Rate float64 `json:"rate"`
	// DelayP95 is the 95th percentile of the time from an observation's
	// timestamp, corrected by the clock skew, to our commit of it.
	DelayP95 time.Duration `json:"delayP95"`
	// Skew is the agent's clock less ours.
	Skew time.Duration `json:"skew"`
	// LastDocument is when the last document arrived, heartbeats counted.
	LastDocument time.Time `json:"lastDocument,omitzero"`
	// Gaps and Lost count the ledger's entries of this agent and the sequence
	// numbers in those of known length.
	Gaps int64 `json:"gaps"`
	Lost int64 `json:"lost"`
	// Reconnects counts how often the link was built since the start.
	Reconnects int64 `json:"reconnects"`
}
