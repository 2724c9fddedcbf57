package plant

// Change is what a commit changed, as pages that are open need it. Receivers
// do not change it.
type Change struct {
	Agent AgentID
	// Latest is what is now known of the data items that the commit changed.
	Latest []Latest
	// States are the state changes it brought, in order.
	States []StateChange
	// Observations is how many observations it stored.
	Observations int
}
