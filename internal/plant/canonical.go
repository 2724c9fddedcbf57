package plant

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"strconv"
)

// Field is a name with the text of its value.
type Field struct{ Name, Value string }

// SetEntry is one key of a data set, or one row of a table.
type SetEntry struct {
	Key string
	// Removed is true where the observation takes the key away.
	Removed bool
	// Value is the text of a data set's key. It does not count for a row.
	Value string
	// Cells are the cells of a table's row; nil for a data set's key.
	Cells []Field
}

// EncodeExtra gives the canonical JSON for Observation.Extra: an object of
// strings with its keys in ascending order of their bytes, empty where there
// are no fields. Of fields with the same name the last one counts.
func EncodeExtra(fields []Field) string {
	if len(fields) == 0 {
		return ""
	}
	object := make(map[string]string, len(fields))
	for _, f := range fields {
		object[f.Name] = f.Value
	}
	return canonical(object)
}

// EncodeSet gives the canonical JSON of a Value of kind Set: an object with its
// keys in ascending order of their bytes, null for a removed key and an object
// for a table's row. Of entries with the same key the last one counts.
//
// A value is a JSON number where the text is exactly how JSON writes that
// number, and a JSON string otherwise: 1.5 becomes a number while 1.50, +1 and
// NaN stay text. So the agent's text can always be told from the JSON.
func EncodeSet(entries []SetEntry) string {
	object := make(map[string]any, len(entries))
	for _, e := range entries {
		switch {
		case e.Removed:
			object[e.Key] = nil
		case e.Cells != nil:
			row := make(map[string]any, len(e.Cells))
			for _, c := range e.Cells {
				row[c.Name] = scalar(c.Value)
			}
			object[e.Key] = row
		default:
			object[e.Key] = scalar(e.Value)
		}
	}
	return canonical(object)
}

// scalar is the JSON value of a text in a set.
func scalar(text string) any {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return text
	}
	if written, err := json.Marshal(n); err != nil || string(written) != text {
		return text
	}
	return json.Number(text)
}

// mergeSet gives the set after a change to it, both as canonical JSON. A row of
// a table is replaced as a whole, as agents do in their answers to current. A
// change changes nothing where it is no JSON object, or where the set would
// become longer than MaxMerged.
func mergeSet(set, change string) string {
	var known, changes map[string]json.RawMessage
	if json.Unmarshal([]byte(set), &known) != nil || json.Unmarshal([]byte(change), &changes) != nil {
		return set
	}
	entries := make(map[string]json.RawMessage, len(known)+len(changes))
	maps.Copy(entries, known)
	maps.Copy(entries, changes)
	maps.DeleteFunc(entries, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	merged := canonical(entries)
	if len(merged) > MaxMerged {
		return set
	}
	return merged
}

// hasField reports whether an object of strings, such as Observation.Extra, has
// a field of that name.
func hasField(object, name string) bool {
	if object == "" {
		return false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &fields); err != nil {
		return false
	}
	_, ok := fields[name]
	return ok
}

// canonical writes a map as JSON: no white space, keys ascending, no escapes
// but those that JSON needs (and those for the line separators of Unicode).
func canonical(object any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		// The maps above hold nothing that cannot be written.
		panic("plant: encode set: " + err.Error())
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
