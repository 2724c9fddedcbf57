package api

import (
	"encoding/json"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Record is an observation with all that tells what it is of: a line of an
// export, and what the API gives for one.
type Record struct {
	Agent    string `json:"agent"`
	Instance uint64 `json:"instance"`
	// Epoch counts the runs of the same instance from 0.
	Epoch    int32   `json:"epoch,omitempty"`
	Sequence int64   `json:"sequence"`
	Time     Instant `json:"time"`
	// Device is the device's name, DataItem the agent's id of the data item.
	Device   string `json:"device"`
	DataItem string `json:"dataItem"`
	Category string `json:"category"`
	Type     string `json:"type"`
	SubType  string `json:"subType"`
	Name     string `json:"name"`
	// Value is a number, a text, or an object with what changed of a data set
	// or table; null where the agent said that it is unavailable, and for
	// conditions, whose level says it.
	Value any `json:"value"`
	// Alarm is what a condition says; nil for samples and events.
	*Alarm
	// Extra is the further attributes that the agent gave.
	Extra json.RawMessage `json:"extra,omitempty"`
}

// Alarm is what a condition says. Level is Unavailable, Normal, Warning or
// Fault.
type Alarm struct {
	Level          string `json:"level"`
	NativeCode     string `json:"nativeCode"`
	NativeSeverity string `json:"nativeSeverity"`
	Qualifier      string `json:"qualifier"`
	ConditionID    string `json:"conditionId"`
	Text           string `json:"text"`
}

// newRecord puts an observation of a run together with what it is of.
func newRecord(it *item, run *plant.Run, o plant.Observation) Record {
	r := Record{
		Agent: it.machine.agent.Name, Instance: run.InstanceID, Epoch: run.Epoch,
		Sequence: o.Sequence, Time: instantOf(o.Time), Device: it.machine.title(),
		DataItem: it.DataItemID, Category: it.Category.String(),
		Type: it.Type, SubType: it.SubType, Name: it.Name,
		Extra: json.RawMessage(o.Extra),
	}
	switch a := o.Alarm; {
	case a != nil:
		r.Alarm = &Alarm{
			Level: a.Level.String(), NativeCode: a.NativeCode, NativeSeverity: a.NativeSeverity,
			Qualifier: a.Qualifier, ConditionID: a.ConditionID, Text: a.Text,
		}
	case o.Value.Kind == plant.Number:
		r.Value = o.Value.Number
	case o.Value.Kind == plant.Text:
		r.Value = o.Value.Text
	case o.Value.Kind == plant.Set:
		r.Value = json.RawMessage(o.Value.Text)
	}
	return r
}

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
