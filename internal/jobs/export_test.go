package jobs

// What tests of this package look at from the outside.
var (
	SentinelOptions = sentinelOptions
	CheckInfo       = func(text string) error { return checkInfo(parseInfo(text)) }
)
