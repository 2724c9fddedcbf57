package api

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Item is a data item with what is known of it: now, or at a moment.
type Item struct {
	// ID is the store's number of the data item; DataItemID the agent's id.
	ID         plant.ItemID `json:"id"`
	DataItemID string       `json:"dataItemId"`
	Name       string       `json:"name,omitempty"`
	Category   string       `json:"category"`
	Type       string       `json:"type"`
	SubType    string       `json:"subType,omitempty"`
	Units      string       `json:"units,omitempty"`
	// NativeUnits is the unit of the machine itself; values are in Units.
	NativeUnits    string `json:"nativeUnits,omitempty"`
	Representation string `json:"representation,omitempty"`
	// Component is where the data item stands in the device, such as
	// "Axes[base]/Linear[X]"; empty for the device itself.
	Component string `json:"component,omitempty"`
	// Observed is true where there is any observation of it.
	Observed bool `json:"observed"`
	// Value is a number, a text, an object (data set or table), or null while
	// it is not known. For a condition it is the gravest active level.
	Value any `json:"value"`
	// Time is the agent's timestamp of the last observation.
	Time     *time.Time `json:"time,omitempty"`
	Sequence int64      `json:"sequence,omitempty,string"`
	// Active are the active activations of a condition.
	Active []Condition `json:"active,omitempty"`
	// Incomplete is true where it cannot be told what else was active at the moment,
	// or in the set: then Value is null, and Active is what is sure.
	Incomplete bool `json:"incomplete,omitempty"`
}

// ItemEntry is a data item of the list of all of them.
type ItemEntry struct {
	// Machine is the slug of its machine, MachineName what people call it, Agent
	// the name of the agent.
	Machine     string `json:"machine"`
	MachineName string `json:"machineName"`
	Agent       string `json:"agent"`
	Item
}

// Point is one point of a series: microseconds since 1970-01-01 UTC and a
// number, a text, or null where the value became unknown.
type Point [2]any

// Series is the observations of one data item over a range, thinned where there
// are more than were asked for.
type Series struct {
	Item Item      `json:"item"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Observations is how many there are in the range; Points what is left of
	// them: of each pixel column the first, the last, the lowest and the
	// highest, and begins and ends of gaps between them. Each is a stored
	// observation, but for the nulls where the ledger says that observations
	// are missing.
	Observations int     `json:"observations"`
	Points       []Point `json:"points"`
	// Before is true where the first point is the last observation before the
	// range.
	Before bool `json:"before,omitempty"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// Statistics is what is to be said of the observations of a data item over a
// range.
type Statistics struct {
	Item ItemEntry `json:"item"`
	From time.Time `json:"from"`
	// To is what was asked for, or now where that is earlier.
	To time.Time `json:"to"`
	// Observations is how many there are in the range.
	Observations int `json:"observations"`
	// KnownSeconds is for how long the value was known and UnknownSeconds for how
	// long it was not, since the agent said so or observations are missing: together
	// they are the range. Coverage is the share of the first, 0 to 1.
	KnownSeconds   float64 `json:"knownSeconds"`
	UnknownSeconds float64 `json:"unknownSeconds"`
	Coverage       float64 `json:"coverage"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
	// Numbers is set for samples that are numbers and for events that all are.
	Numbers *NumberStatistics `json:"numbers,omitempty"`
	// Values are the values of an event, or the levels of a condition, by how long
	// each held, the longest first; OtherSeconds is the time of those beyond the
	// first 100, and Changes how often a value became another one.
	Values       []ValueStatistics `json:"values,omitempty"`
	OtherSeconds float64           `json:"otherSeconds,omitempty"`
	Changes      *int              `json:"changes,omitempty"`
}

// NumberStatistics is what is to be said of numbers, in the units of the data
// item. Each observation counts the same, but for MeanOverTime; null is what there
// is none of.
type NumberStatistics struct {
	// Count is how many numbers were observed in the range.
	Count int      `json:"count"`
	Min   *float64 `json:"min"`
	Max   *float64 `json:"max"`
	// Mean is that of the observations, MeanOverTime lets each number count for as
	// long as it held.
	Mean         *float64 `json:"mean"`
	MeanOverTime *float64 `json:"meanOverTime"`
	// P5, P50 and P95 are the smallest numbers that 5, 50 and 95 % are not above.
	// ExactPercentiles is false for more than 131,072 numbers; then no more than
	// 0.01 % of all numbers lie between what is told and what is so.
	P5               *float64 `json:"p5"`
	P50              *float64 `json:"p50"`
	P95              *float64 `json:"p95"`
	ExactPercentiles bool     `json:"exactPercentiles"`
	// StandardDeviation is that of the observations as they are.
	StandardDeviation *float64 `json:"standardDeviation"`
}

// ValueStatistics is what is to be said of one value of an event.
type ValueStatistics struct {
	Value        string  `json:"value"`
	Seconds      float64 `json:"seconds"`
	Observations int     `json:"observations"`
}
