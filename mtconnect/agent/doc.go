// Package agent is an MTConnect agent: it answers probe, current, sample (in
// pages or as a stream) and asset requests over HTTP, as the REST protocol of
// the standard and the agents in the field have it, for schema versions 1.0 to
// 2.7.
//
// What it serves comes from a [Source]. [Ring] is the source that keeps the
// newest observations in memory.
package agent
