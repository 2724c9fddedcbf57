package plant

// Latest is what is known of a data item now: its last observation and, where
// one observation does not tell it all, what the observations before it add.
type Latest struct {
	Observation
	// Run is the run of the agent that the observation is of.
	Run RunID
	// Active are the active activations of a condition, oldest first: empty
	// while it is normal or unknown.
	Active []Activation
	// Merged is the whole data set or table after all changes, as canonical
	// JSON without removed keys; empty for other items and while unknown.
	Merged string
}

// Activation is one alarm that has been raised and not cleared.
type Activation struct {
	// Alarm is what the condition last said of this activation.
	Alarm *Alarm
	// Raised is the timestamp of the observation that raised it and
	// RaisedSequence its number; Changed is the timestamp of the last one.
	Raised         int64
	RaisedSequence int64
	Changed        int64
}
