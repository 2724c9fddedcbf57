package plant

import (
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// AgentID is the store's number of an agent.
type AgentID int32

// Agent is an MTConnect agent that is read.
type Agent struct {
	ID   AgentID
	Name string
	// URL is where the agent answers; it may carry a device's path. Credentials
	// in it are never shown: use Redacted.
	URL string
	// Configured is true for an agent that was added by command: it is read by
	// every process on the store, until it is removed. Others are read only by
	// the process that was started with them.
	Configured bool
	Added      time.Time
}

// agentName is what an agent may be called: it stands in addresses and files.
var agentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Validate reports what is wrong with the name or the URL, or nil.
func (a Agent) Validate() error {
	if !agentName.MatchString(a.Name) {
		return Errorf(Invalid, "agent name %q: use 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit", a.Name)
	}
	if parseURL(a.URL) == nil {
		return Errorf(Invalid, "agent %s: URL: use http://host:port or https://host:port, with a path where the agent has one and nothing behind it", a.Name)
	}
	return nil
}

// Redacted is the URL without its password, or without a user name that has none: it
// is a key.
func (a Agent) Redacted() string { return RedactURL(a.URL) }

// RedactURL gives the URL of an agent with its password replaced, or its user name
// where it has no password; any other text
// is replaced whole, since nobody knows where in it a secret stands.
func RedactURL(s string) string {
	u := parseURL(s)
	if u == nil {
		return "(not an agent's URL)"
	}
	if password, _ := u.User.Password(); u.User != nil && password == "" {
		u.User = url.User("xxxxx")
	}
	return u.Redacted()
}

// parseURL gives the URL of an agent; nil for what is none.
func parseURL(s string) *url.URL {
	u, err := url.Parse(s)
	switch {
	case err != nil,
		u.Scheme != "http" && u.Scheme != "https",
		u.Hostname() == "",
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil
	}
	return u
}

// RunID is the store's number of one run of an agent.
type RunID int32

// Run is one run of an agent as we read it: the agent's instanceId, and how far
// we have read. Two runs have the same instanceId where an agent restarted
// without changing it; Epoch tells them apart.
type Run struct {
	ID         RunID
	Agent      AgentID
	InstanceID uint64
	// Epoch counts the runs of the same instanceId from 0.
	Epoch int32
	// First is the first sequence number accounted for.
	First int64
	// Next is the cursor: the next sequence number to read. Every number from
	// First up to but not including Next is stored exactly once or lies in a
	// gap.
	Next int64
	// Stored is how many observations of this run have been committed.
	// Retention does not lower it.
	Stored int64
	// Freed is how many of Stored retention has deleted since.
	Freed int64
	// Began is our clock when the run was first seen.
	Began time.Time
}

// GapReason says why sequence numbers are not stored.
type GapReason string

// The reasons.
const (
	// GapOverrun: the agent's buffer dropped them before we read.
	GapOverrun GapReason = "overrun"
	// GapRestart: the agent restarted; what we had not read of the old
	// instance is gone, length unknown.
	GapRestart GapReason = "restart"
	// GapRejected: the agent sent them and they could not be stored.
	GapRejected GapReason = "rejected"
	// GapMissing: the agent answered for a range that holds them, without
	// them, and did so again when asked again.
	GapMissing GapReason = "missing"
	// GapUnrecorded: a recording that was imported does not hold them.
	GapUnrecorded GapReason = "unrecorded"
)

// OpenEnd is the To of a gap whose length nobody knows.
const OpenEnd int64 = -1

// Gap is an entry of the gap ledger: a range of sequence numbers of one run
// that is not stored, and why.
type Gap struct {
	Run RunID
	// From and To are the first and the last sequence number missing. To is
	// OpenEnd where another run followed and how much this one had still to say
	// is not known.
	From, To int64
	Reason   GapReason
	// Detail says more for people; it never holds what an agent sent unescaped.
	Detail string
	// Noticed is our clock when the gap was found.
	Noticed time.Time
}

// Lost is how many sequence numbers the gap covers, and whether that is known.
func (g Gap) Lost() (n int64, known bool) {
	if g.To == OpenEnd {
		return 0, false
	}
	return g.To - g.From + 1, true
}

// String gives the range and the reason.
func (g Gap) String() string {
	if g.To == OpenEnd {
		return fmt.Sprintf("%d… (%s)", g.From, g.Reason)
	}
	return fmt.Sprintf("%d–%d (%s)", g.From, g.To, g.Reason)
}
