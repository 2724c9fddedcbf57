package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
)

// exactInt is the size up to which every whole number is a float64 exactly.
const exactInt = 1 << 53

// encodeValue gives a value as it stands in its column. Whole numbers go as
// integers, which take 1 to 7 bytes where a float takes 8.
func encodeValue(v plant.Value) any {
	switch v.Kind {
	case plant.Number:
		n := v.Number
		if math.Abs(n) < exactInt && n == math.Trunc(n) && (n != 0 || !math.Signbit(n)) {
			return int64(n)
		}
		return n
	case plant.Text:
		return v.Text
	case plant.Set:
		return []byte(v.Text)
	default:
		return nil
	}
}

// decodeValue is the reverse of encodeValue.
func decodeValue(column any) (plant.Value, error) {
	switch c := column.(type) {
	case nil:
		return plant.Value{}, nil
	case int64:
		return plant.Value{Kind: plant.Number, Number: float64(c)}, nil
	case float64:
		return plant.Value{Kind: plant.Number, Number: c}, nil
	case string:
		return plant.Value{Kind: plant.Text, Text: c}, nil
	case []byte:
		return plant.Value{Kind: plant.Set, Text: string(c)}, nil
	default:
		return plant.Value{}, fmt.Errorf("column value: a %T is no value", column)
	}
}

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

// encodeDetail gives alarm and extra as they stand in the column detail.
func encodeDetail(alarm *plant.Alarm, extra string) (any, error) {
	if alarm == nil && extra == "" {
		return nil, nil
	}
	if alarm != nil && extra == "" && *alarm == (plant.Alarm{Level: alarm.Level}) {
		return int64(alarm.Level), nil
	}
	d := detail{Extra: extra}
	if alarm != nil {
		d = detailOf(alarm)
		d.Extra = extra
	}
	return encodeJSON(d)
}

// decodeDetail is the reverse of encodeDetail.
func decodeDetail(column any) (*plant.Alarm, string, error) {
	switch c := column.(type) {
	case nil:
		return nil, "", nil
	case int64:
		return &plant.Alarm{Level: plant.Level(c)}, "", nil
	case string:
		var d detail
		if err := json.Unmarshal([]byte(c), &d); err != nil {
			return nil, "", fmt.Errorf("column detail: %w", err)
		}
		return d.alarm(), d.Extra, nil
	default:
		return nil, "", fmt.Errorf("column detail: a %T is no detail", column)
	}
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

// encodeActive gives the activations of a condition as they stand in their
// column.
func encodeActive(active []plant.Activation) (any, error) {
	if len(active) == 0 {
		return nil, nil
	}
	all := make([]activation, len(active))
	for i, a := range active {
		all[i] = activation{detail: detailOf(a.Alarm), Raised: a.Raised, RaisedSequence: a.RaisedSequence, Changed: a.Changed}
	}
	return encodeJSON(all)
}

// decodeActive is the reverse of encodeActive.
func decodeActive(column string) ([]plant.Activation, error) {
	if column == "" {
		return nil, nil
	}
	var all []activation
	if err := json.Unmarshal([]byte(column), &all); err != nil {
		return nil, fmt.Errorf("column active: %w", err)
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
