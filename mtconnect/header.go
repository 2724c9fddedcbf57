package mtconnect

import (
	"strconv"
	"time"
)

// Header is what every MTConnect document says of itself and of its agent.
// Fields that a document does not carry are zero.
type Header struct {
	// Sender is the host name that the agent gives itself.
	Sender string
	// Version is the build of the agent, not the version of the schema.
	Version string
	// SchemaVersion is the version of the standard the document follows, such
	// as "1.3": from the namespace in XML, from the header in JSON.
	SchemaVersion string
	// CreationTime is the agent's clock when it made the document.
	CreationTime time.Time
	// InstanceID names one run of the agent: sequence numbers mean something
	// within it only.
	InstanceID uint64
	// BufferSize is how many observations the agent's buffer can hold.
	BufferSize uint64
	// FirstSequence and LastSequence are the oldest and the newest observation
	// in the agent's buffer.
	FirstSequence, LastSequence uint64
	// NextSequence is where the next request for samples goes on.
	NextSequence uint64
	// AssetBufferSize is how many assets the agent can hold, AssetCount how
	// many it holds.
	AssetBufferSize, AssetCount uint64
	// DeviceModelChangeTime is when the agent's device model last changed
	// (schema 1.7 and later).
	DeviceModelChangeTime time.Time
	// TestIndicator is true where the agent says that its data is a test.
	TestIndicator bool
}

// setAttribute takes in one attribute. It reports false where the instance, a
// sequence or a size is no number; a time that cannot be read counts as missing.
// Attributes that have no field are passed over.
func (h *Header) setAttribute(name, value []byte, names *interner) (ok bool) {
	number := func(field *uint64) bool {
		n, ok := parseUint(value)
		*field = n
		return ok
	}
	switch string(name) {
	case "sender":
		h.Sender = names.string(value)
	case "version":
		h.Version = names.string(value)
	case "creationTime":
		h.CreationTime = headerTime(value)
	case "deviceModelChangeTime":
		h.DeviceModelChangeTime = headerTime(value)
	case "testIndicator":
		h.TestIndicator = isTrue(value)
	case "instanceId":
		return number(&h.InstanceID)
	case "bufferSize":
		return number(&h.BufferSize)
	case "firstSequence":
		return number(&h.FirstSequence)
	case "lastSequence":
		return number(&h.LastSequence)
	case "nextSequence":
		return number(&h.NextSequence)
	case "assetBufferSize":
		return number(&h.AssetBufferSize)
	case "assetCount":
		return number(&h.AssetCount)
	}
	return true
}

// headerTime reads a time, zero where it is none.
func headerTime(value []byte) time.Time {
	var c clock
	micros, ok := c.parse(value)
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// parseUint reads a number of digits only, up to 2^64-1. White space around it
// does not count.
func parseUint(b []byte) (n uint64, ok bool) {
	b = trimSpace(b)
	const safe = 19 // digits that cannot overflow
	if len(b) == 0 || len(b) > safe {
		n, err := strconv.ParseUint(string(b), 10, 64)
		return n, err == nil && b[0] != '+'
	}
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// isTrue reports whether a truth value of XML Schema is true.
func isTrue[T string | []byte](value T) bool {
	return string(value) == "true" || string(value) == "1"
}
