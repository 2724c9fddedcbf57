package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Instant is a timestamp of an observation. It is written in UTC with all six
// digits of its microseconds, so that instants sort as texts too.
type Instant struct{ time.Time }

const instantLayout = "2006-01-02T15:04:05.000000Z"

// instantOf is a timestamp of an agent, which may be any. It is brought into the
// years 0 to 9999, which is what RFC 3339 can write.
func instantOf(micros int64) Instant { return Instant{timeOf(micros)} }

func (t Instant) append(b []byte) []byte { return t.UTC().AppendFormat(b, instantLayout) }

// MarshalJSON gives the instant as a string.
func (t Instant) MarshalJSON() ([]byte, error) {
	return append(t.append([]byte{'"'}), '"'), nil
}

// Schema says what an instant is in OpenAPI.
func (Instant) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}
