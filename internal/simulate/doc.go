// Package simulate makes MTConnect agents out of nothing or out of recordings.
//
// A [Shop] is a small factory that behaves like one: machines of different
// kinds work through orders with programs, tools and cycles that spread as
// cycles do; people change overrides, set up, take breaks and clear alarms;
// adapters drop out and come back. The machines are served by several agents,
// each with its own schema version, as in a shop that grew over the years. A
// [Replay] serves recorded MTConnectStreams documents with the sequence numbers
// they had.
//
// The shop is a discrete-event simulation. Each machine has an agenda of its
// own and random numbers of its own, both made from the seed and its name, and
// nothing it does depends on when or how often somebody looks: the same seed
// and start give the same observations, byte by byte, however time advances.
//
// What a machine is (axes, programs, alarms) stands in tables: kinds_*.go,
// programs_*.go and alarms_*.go. What it does stands beside them: plan.go
// decides what comes next, stops.go what comes in between, sampler.go what can
// be measured meanwhile.
package simulate
