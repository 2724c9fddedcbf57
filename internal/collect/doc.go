// Package collect reads agents and commits what they say, so that every
// sequence number from the first one seen is stored exactly once or stands in
// the gap ledger.
//
// A [Supervisor] owns one collector per agent and one committer for all. A
// collector asks its agent for the device model, finds where to go on (resync),
// and then reads documents, as a stream or in pages. Each document becomes a
// batch: the observations in order of sequence, the gaps before and between
// them, and what is known after them. The committer puts the waiting batches of
// all agents into one transaction; a collector parses its next document
// meanwhile.
//
// The agent's own buffer is the queue: parsed documents wait within a budget of
// bytes, and a collector that finds none left stops reading until the store has
// caught up. Values that were last observed before the first number that can be
// read, or within a gap, are read from the agent's current and stored as a
// baseline. Nothing is remembered outside of the store that could not be read
// again from the agent, so that any fault is answered in the same way: drop what
// is not committed, take the cursor from the store and go on from there.
//
// A [Holder] is a supervisor among others: workers share the agents by leases, each
// agent captured by one of them at a time.
//
// [ImportDocuments] and [ImportLines] store what was recorded elsewhere in the same
// way: by the same conversion, the same committer and the same ledger.
//
// Where a change goes: how a fault or a limit is answered, in collector.go; where
// reading goes on, in resync.go; which sequence numbers become a gap and why, in
// document.go; what is known at first contact and behind a gap, in baseline.go;
// what an observation becomes, in convert.go; the transaction, in
// committer.go; which worker should capture what, in share.go; in which order
// recordings are imported, in import_plan.go.
package collect
