package jobs

import "context"

// What tests of this package look at from the outside.
var (
	SentinelOptions = sentinelOptions
	CheckInfo       = func(text string) error { return checkInfo(parseInfo(text)) }
)

// Sweeper gives a sweep that a test calls when it likes.
func (q *Redis) Sweeper() func(context.Context) { return newSweeper(q).sweep }
