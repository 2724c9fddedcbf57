package sqlite

import (
	"fmt"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
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

// encodeDetail gives alarm and extra as they stand in the column detail: NULL
// for nearly all, the level of a condition that says nothing more, or JSON.
func encodeDetail(alarm *plant.Alarm, extra string) (any, error) {
	if alarm == nil && extra == "" {
		return nil, nil
	}
	if alarm != nil && extra == "" && *alarm == (plant.Alarm{Level: alarm.Level}) {
		return int64(alarm.Level), nil
	}
	return store.EncodeDetail(alarm, extra)
}

// decodeDetail is the reverse of encodeDetail.
func decodeDetail(column any) (*plant.Alarm, string, error) {
	switch c := column.(type) {
	case nil:
		return nil, "", nil
	case int64:
		return &plant.Alarm{Level: plant.Level(c)}, "", nil
	case string:
		return store.DecodeDetail(c)
	default:
		return nil, "", fmt.Errorf("column detail: a %T is no detail", column)
	}
}

// encodeActive gives the activations of a condition as they stand in their
// column.
func encodeActive(active []plant.Activation) (any, error) {
	if len(active) == 0 {
		return nil, nil
	}
	return store.EncodeActive(active)
}
