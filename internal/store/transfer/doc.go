// Package transfer copies what one store holds into another one, over nothing
// but their contract: agents, device models, runs, observations, gaps,
// baselines, what is known now and state changes. It goes on where an earlier
// copy ended, since the cursors of the runs say how far that came, and it
// compares the ledgers at the end.
//
// What retention has deleted cannot be copied: it counts in the ledger of the
// copy as it does in that of the source.
package transfer
