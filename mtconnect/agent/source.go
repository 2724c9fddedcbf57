package agent

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// Source is what an agent serves: device models, a run of observations and
// assets. [Ring] is the source that keeps the newest observations in memory.
//
// An implementation is safe for concurrent use.
type Source interface {
	// Info says what goes into the header of every document.
	Info() Info
	// Devices gives the device models. The caller does not change them.
	Devices() []mtconnect.Device
	// Bounds gives the sequence number of the oldest observation held and the
	// one that the next observation will get. They are equal where the source
	// holds nothing.
	Bounds() (first, next uint64)
	// Scan calls yield with the observations from ≤ sequence < to in ascending
	// order, or in descending order where down is true, until yield returns
	// false. Observations that the source no longer holds are passed over. The
	// observation belongs to the source and is valid during the call only.
	Scan(ctx context.Context, from, to uint64, down bool, yield func(*Observation) bool) error
	// Current calls yield with the state of every data item after the
	// observation with sequence number at: the last observation of a sample or
	// event, the merged set of a data set or table, every active activation of
	// a condition. It returns mtconnect.CodeOutOfRange where at is not held.
	Current(ctx context.Context, at uint64, yield func(*Observation)) error
	// Assets gives the assets, the most recently changed first.
	Assets() []mtconnect.Asset
	// Changed gives a channel that is closed when the next observation after
	// the call is added.
	Changed() <-chan struct{}
}

// Info is the part of a header that does not depend on the request.
type Info struct {
	Sender, Version string
	// SchemaVersion is the version of the standard that documents follow, such
	// as "1.3" or "2.7"; it chooses namespaces and the form of errors.
	SchemaVersion   string
	InstanceID      uint64
	BufferSize      uint64
	AssetBufferSize uint64
	// ModelChanged is when the device model last changed.
	ModelChanged time.Time
	// ClockSkew is added to the creation time of documents: an agent whose
	// clock is wrong.
	ClockSkew time.Duration
}

// Observation is one observation as a source holds it: small, since a source
// holds many. What the document says beyond it (element name, type, subType,
// name, device and component) comes from the device model.
type Observation struct {
	// Sequence is given by the source.
	Sequence uint64
	// Time is in microseconds since 1970-01-01 UTC.
	Time int64
	// DataItemID names the data item in the device models.
	DataItemID string
	// Value is the text of the value; UNAVAILABLE where it is not known. It is
	// empty for conditions and for data sets with entries.
	Value string
	// Detail holds what few observations have; nil for the others. It is not
	// changed once the observation is handed over.
	Detail *Detail
}

// Detail is what conditions, messages, data sets and tables say beyond a value.
type Detail struct {
	// Level is set on conditions; the text of a condition is the value.
	Level                                              mtconnect.Level
	NativeCode, NativeSeverity, Qualifier, ConditionID string
	ResetTriggered                                     string
	// Entries are those of a data set or table.
	Entries []Entry
	// Attributes are further attributes, such as sampleCount and sampleRate of
	// a time series or assetType of an asset event.
	Attributes []Attribute
}

// Entry is one key of a data set or one row of a table.
type Entry struct {
	Key, Value string
	Removed    bool
	Cells      []Cell
}

// Cell is one cell of a table's row.
type Cell struct{ Key, Value string }

// Attribute is a further attribute of an observation.
type Attribute struct{ Name, Value string }
