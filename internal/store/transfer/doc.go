// Package transfer copies what one store holds into another one, over nothing
// but their contract: agents, device models, runs, observations, gaps,
// baselines, what is known now and state changes. It goes on where an earlier
// copy ended, since the cursors of the runs say how far that came, and it
// compares the ledgers at the end.
//
// What retention has deleted cannot be copied. The numbers up to the last one
// that is missing stand in the new ledger as one gap of each run, with the
// reason plant.GapExpired.
package transfer
