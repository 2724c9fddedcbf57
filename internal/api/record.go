package api

import (
	"time"
)

// timeOf is a timestamp of an agent, which may be any, in UTC. It is brought
// into the years 0 to 9999, which is what RFC 3339 can write.
func timeOf(micros int64) time.Time {
	return time.UnixMicro(min(max(micros, earliest), latest)).UTC()
}

// The first and the last timestamp that RFC 3339 can write.
const (
	earliest = -62_167_219_200_000_000
	latest   = 253_402_300_799_999_999
)
