package postgres

import (
	"strconv"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// values is an observation's value and what it has beyond it, as they stand in the
// columns number, text, set and detail. At most one of the first three is there;
// none where the value is unknown.
type values struct {
	number            float64
	isNumber          bool
	text, set, detail optional
}

// optional is a text that may be NULL.
type optional struct {
	text  string
	there bool
}

// encodeValues gives an observation's value as it stands in its columns.
func encodeValues(o *plant.Observation) (v values, err error) {
	switch o.Value.Kind {
	case plant.Number:
		v.number, v.isNumber = o.Value.Number, true
	case plant.Text:
		v.text = optional{encodeText(o.Value.Text), true}
	case plant.Set:
		v.set = optional{encodeText(o.Value.Text), true}
	}
	v.detail, err = encodeDetail(o.Alarm, o.Extra)
	return v, err
}

// decodeInto is the reverse of encodeValues.
func (v *values) decodeInto(o *plant.Observation) (err error) {
	switch {
	case v.isNumber:
		o.Value = plant.Value{Kind: plant.Number, Number: v.number}
	case v.text.there:
		o.Value.Kind = plant.Text
		o.Value.Text, err = decodeText(v.text.text)
	case v.set.there:
		o.Value.Kind = plant.Set
		o.Value.Text, err = decodeText(v.set.text)
	}
	if err == nil && v.detail.there {
		o.Alarm, o.Extra, err = decodeDetail(v.detail.text)
	}
	return err
}

// encodeDetail gives alarm and extra as they stand in the column detail: NULL
// for nearly all, the level of a condition that says nothing more, or JSON.
func encodeDetail(alarm *plant.Alarm, extra string) (optional, error) {
	if alarm == nil && extra == "" {
		return optional{}, nil
	}
	if alarm != nil && extra == "" && *alarm == (plant.Alarm{Level: alarm.Level}) {
		return optional{strconv.Itoa(int(alarm.Level)), true}, nil
	}
	detail, err := store.EncodeDetail(alarm, extra)
	return optional{detail, true}, err
}

// decodeDetail is the reverse of encodeDetail.
func decodeDetail(detail string) (*plant.Alarm, string, error) {
	if level, err := strconv.ParseUint(detail, 10, 8); err == nil {
		return &plant.Alarm{Level: plant.Level(level)}, "", nil
	}
	return store.DecodeDetail(detail)
}
