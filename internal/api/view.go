package api

import "time"

// The types of the files view*.go are what the API answers with, what the event stream
// carries and what the pages are drawn from. Times are RFC 3339 in UTC; a field
// that is not known is null or left out, never zero.

// Event is what the event stream carries. Name is the SSE event name; Data is
// sent as JSON:
//
//	machines  []Machine  machines that changed (their cards)
//	values    Values     changed data items of the machine asked for
//	agents    []Agent    agents whose status changed
//	hello     Hello      first event of every connection
type Event struct {
	Name string
	Data any
}

// Values is the changed data items of one machine.
type Values struct {
	Machine string `json:"machine"`
	Items   []Item `json:"items"`
}

// Hello opens a stream. Resumed is true where every event since the client's
// Last-Event-ID follows; otherwise the client reads the current values anew.
type Hello struct {
	Resumed bool      `json:"resumed"`
	Now     time.Time `json:"now"`
	Version string    `json:"version"`
}

// Page is a part of a list. Next is given as "after" to get the part that
// follows; it is left out where the list ends.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}
