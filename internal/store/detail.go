package store

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
)

// detail is the JSON of what few observations have beyond a value. The names
// are short, since they are in every such row.
type detail struct {
	// Level is nil where there is no alarm.
	Level          *plant.Level `json:"level,omitempty"`
	NativeCode     string       `json:"code,omitempty"`
	NativeSeverity string       `json:"severity,omitempty"`
	Qualifier      string       `json:"qualifier,omitempty"`
	ConditionID    string       `json:"id,omitempty"`
	Text           string       `json:"text,omitempty"`
	Extra          string       `json:"extra,omitempty"`
}

// EncodeDetail gives what an observation has beyond its value as JSON.
func EncodeDetail(alarm *plant.Alarm, extra string) (string, error) {
	d := detail{Extra: extra}
	if alarm != nil {
		d = detailOf(alarm)
		d.Extra = extra
	}
	return encodeJSON(d)
}

// DecodeDetail is the reverse of EncodeDetail.
func DecodeDetail(text string) (*plant.Alarm, string, error) {
	var d detail
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, "", fmt.Errorf("detail: %w", err)
	}
	return d.alarm(), d.Extra, nil
}

func detailOf(a *plant.Alarm) detail {
	return detail{
		Level: &a.Level, NativeCode: a.NativeCode, NativeSeverity: a.NativeSeverity,
		Qualifier: a.Qualifier, ConditionID: a.ConditionID, Text: a.Text,
	}
}

func (d detail) alarm() *plant.Alarm {
	if d.Level == nil {
		return nil
	}
	return &plant.Alarm{
		Level: *d.Level, NativeCode: d.NativeCode, NativeSeverity: d.NativeSeverity,
		Qualifier: d.Qualifier, ConditionID: d.ConditionID, Text: d.Text,
	}
}

// activation is the JSON of a plant.Activation.
type activation struct {
	detail
	Raised         int64 `json:"raised"`
	RaisedSequence int64 `json:"raisedSequence"`
	Changed        int64 `json:"changed"`
}

// EncodeActive gives the activations of a condition as JSON.
func EncodeActive(active []plant.Activation) (string, error) {
	all := make([]activation, len(active))
	for i, a := range active {
		all[i] = activation{detail: detailOf(a.Alarm), Raised: a.Raised, RaisedSequence: a.RaisedSequence, Changed: a.Changed}
	}
	return encodeJSON(all)
}

// DecodeActive is the reverse of EncodeActive; nothing is no activation.
func DecodeActive(text string) ([]plant.Activation, error) {
	if text == "" {
		return nil, nil
	}
	var all []activation
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("activations: %w", err)
	}
	active := make([]plant.Activation, len(all))
	for i, a := range all {
		active[i] = plant.Activation{Alarm: a.alarm(), Raised: a.Raised, RaisedSequence: a.RaisedSequence, Changed: a.Changed}
	}
	return active, nil
}

// encodeJSON gives v as JSON without escapes that only HTML needs.
func encodeJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
