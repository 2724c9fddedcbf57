package mtconnect

import "time"

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
