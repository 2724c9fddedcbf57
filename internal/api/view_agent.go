package api

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

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
	// NamedURL is the one that this process was started with, without its password,
	// where the agent is read from another: a command, or a process that was started
	// later, has given it that.
	NamedURL string `json:"namedUrl,omitempty"`
	// Machines counts the machines of the agent.
	Machines int `json:"machines"`
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
