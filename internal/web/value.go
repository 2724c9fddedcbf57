package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// cellLimit is how many entries of a data set, or rows of a table, a page
// shows; the API gives them all.
const cellLimit = 200

// shown is a data item's value as a page shows it. Kind says which: "value",
// "unavailable" (observed, and the agent does not know it), "never" (not
// observed yet), "condition" and "set".
type shown struct {
	Kind, Text string
	// Exact is a number as it is stored, with the unit that it has there; empty for
	// what is no number.
	Exact string
	// Parts are the coordinates of a 3-D value, named X, Y and Z.
	Parts []part
	// Head and Rows are a data set (no head, rows of key and value) or a table.
	Head []string
	Rows [][]string
	// More counts the rows that are left out.
	More int
}

// part is one coordinate of a 3-D value.
type part struct{ Name, Text string }

// show prepares the value of a data item, whose numbers are shown times factor.
func show(item api.Item, factor float64) shown {
	switch {
	case !item.Observed:
		return shown{Kind: "never", Text: "never observed"}
	case item.Value == nil:
		return shown{Kind: "unavailable", Text: unknown}
	case item.Category == plant.Condition.String():
		return shown{Kind: "condition", Text: valueText(item.Value)}
	case isSet(item):
		if s, ok := showSet(item.Value); ok {
			return s
		}
	case is3D(item):
		if fields := strings.Fields(valueText(item.Value)); len(fields) == 3 {
			s := shown{Kind: "value", Exact: exactly(valueText(item.Value), item.Units)}
			for i, name := range []string{"X", "Y", "Z"} {
				s.Parts = append(s.Parts, part{name, fieldText(fields[i], factor)})
			}
			return s
		}
	case item.Representation == "TIME_SERIES":
		if fields := strings.Fields(valueText(item.Value)); len(fields) > 0 {
			return shown{Kind: "value", Text: fmt.Sprintf("%s, last %s", countedText(float64(len(fields)), "value"), fieldText(fields[len(fields)-1], factor))}
		}
	}
	if v, ok := item.Value.(float64); ok {
		return shown{Kind: "value", Text: measureText(v * factor), Exact: exactly(strconv.FormatFloat(v, 'g', -1, 64), item.Units)}
	}
	return shown{Kind: "value", Text: valueText(item.Value)}
}

// exactly says which number is stored, and in which unit.
func exactly(number, unit string) string {
	return strings.TrimSpace("Stored: " + number + " " + unit)
}

// isSet reports whether the item's values are data sets or tables.
func isSet(item api.Item) bool {
	return item.Representation == "DATA_SET" || item.Representation == "TABLE"
}

// is3D reports whether the item's values are positions in space.
func is3D(item api.Item) bool { return strings.HasSuffix(item.Units, "_3D") }

// valueText gives a plain value.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return unknown
	case float64:
		return numberText(v)
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return unknown
	}
	return string(b)
}

// showSet prepares a data set (an object of plain values) or a table (an object
// of objects); ok is false where the value is neither.
func showSet(v any) (s shown, ok bool) {
	// The value may be raw JSON or what was read of it: both become the same.
	b, err := json.Marshal(v)
	if err != nil {
		return s, false
	}
	var entries map[string]any
	if err := json.Unmarshal(b, &entries); err != nil || entries == nil {
		return s, false
	}
	s.Kind = "set"
	keys := slices.Sorted(maps.Keys(entries))
	if len(keys) > cellLimit {
		s.More = len(keys) - cellLimit
		keys = keys[:cellLimit]
	}
	columns := tableColumns(entries, keys)
	if len(columns) > 0 {
		s.Head = append([]string{""}, columns...)
	}
	for _, key := range keys {
		row := []string{key}
		cells, isRow := entries[key].(map[string]any)
		if len(columns) == 0 {
			row = append(row, valueText(entries[key]))
		}
		for _, column := range columns {
			text := ""
			if cell, has := cells[column]; isRow && has {
				text = valueText(cell)
			}
			row = append(row, text)
		}
		s.Rows = append(s.Rows, row)
	}
	return s, true
}

// tableColumns gives the columns of a table, none for a data set.
func tableColumns(entries map[string]any, keys []string) []string {
	seen := make(map[string]bool)
	for _, key := range keys {
		if cells, ok := entries[key].(map[string]any); ok {
			for column := range cells {
				seen[column] = true
			}
		}
	}
	columns := slices.Sorted(maps.Keys(seen))
	return columns[:min(len(columns), cellLimit)]
}
