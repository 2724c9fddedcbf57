package plant_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
)

func TestEncodeExtra(t *testing.T) {
	tests := []struct {
		fields []plant.Field
		want   string
	}{
		{nil, ``},
		{[]plant.Field{{"statistic", "AVERAGE"}, {"duration", "10"}}, `{"duration":"10","statistic":"AVERAGE"}`},
		{[]plant.Field{{"a", "1"}, {"a", "<2>"}}, `{"a":"<2>"}`},
		{[]plant.Field{{"x:\"q\"", "\x00\né"}}, `{"x:\"q\"":"\u0000\né"}`},
	}
	for _, test := range tests {
		if got := plant.EncodeExtra(test.fields); got != test.want {
			t.Errorf("EncodeExtra(%q) = %s, want %s", test.fields, got, test.want)
		}
	}
}

func TestEncodeSet(t *testing.T) {
	entries := []plant.SetEntry{
		{Key: "z", Removed: true, Value: "7"},
		{Key: "row", Cells: []plant.Field{{"X", "1.5"}, {"A", "text"}}},
		{Key: "bare row", Cells: []plant.Field{}},
		{Key: "empty"},
		{Key: "a", Value: "first"},
		{Key: "a", Value: "last"},
		{Key: "B", Value: "-12.25"},
	}
	want := `{"B":-12.25,"a":"last","bare row":{},"empty":"","row":{"A":"text","X":1.5},"z":null}`
	if got := plant.EncodeSet(entries); got != want {
		t.Errorf("EncodeSet:\n got %s\nwant %s", got, want)
	}
	if got := plant.EncodeSet(nil); got != `{}` {
		t.Errorf("EncodeSet(nil) = %s", got)
	}
}

func TestNumbersInSets(t *testing.T) {
	number := []string{"0", "1", "-1", "1.5", "0.001", "123456789", "1e+21", "-0"}
	text := []string{
		"", " 1", "1 ", "1.50", "+1", "01", ".5", "5.", "1e5", "1E5", "NaN", "Inf", "0x10", "1_000",
		"123456789012345678901234567890", "1e400", "UNAVAILABLE",
	}
	for _, value := range number {
		if got, want := plant.EncodeSet([]plant.SetEntry{{Key: "k", Value: value}}), `{"k":`+value+`}`; got != want {
			t.Errorf("%q becomes %s, want %s", value, got, want)
		}
	}
	for _, value := range text {
		if got, want := plant.EncodeSet([]plant.SetEntry{{Key: "k", Value: value}}), `{"k":"`+value+`"}`; got != want {
			t.Errorf("%q becomes %s, want %s", value, got, want)
		}
	}
}

func TestMergedSet(t *testing.T) {
	set := func(text string) plant.Observation {
		return plant.Observation{Value: plant.Value{Kind: plant.Set, Text: text}}
	}
	reset := func(text string) plant.Observation {
		o := set(text)
		o.Extra = `{"count":"1","resetTriggered":"DAY"}`
		return o
	}
	other := set(`{"b":2}`)
	other.Extra = `{"note":"resetTriggered"}`
	tests := []struct {
		name         string
		observations []plant.Observation
		want         string
	}{
		{"first", []plant.Observation{set(`{"b":1,"gone":null}`)}, `{"b":1}`},
		{"delta", []plant.Observation{set(`{"b":1,"c":"x"}`), set(`{"a":2,"b":3}`)}, `{"a":2,"b":3,"c":"x"}`},
		{"removed", []plant.Observation{set(`{"a":1,"b":2}`), set(`{"a":null,"unknown":null}`)}, `{"b":2}`},
		{"all removed", []plant.Observation{set(`{"a":1}`), set(`{"a":null}`)}, `{}`},
		{"reset", []plant.Observation{set(`{"a":1}`), reset(`{"b":2}`)}, `{"b":2}`},
		{"a value that looks like a reset", []plant.Observation{set(`{"a":1}`), other}, `{"a":1,"b":2}`},
		{"unknown", []plant.Observation{set(`{"a":1}`), {}}, ``},
		{"afresh after unknown", []plant.Observation{set(`{"a":1}`), {}, set(`{"b":2}`)}, `{"b":2}`},
		{"a row is replaced", []plant.Observation{set(`{"r":{"x":1,"y":2}}`), set(`{"r":{"x":3}}`)}, `{"r":{"x":3}}`},
		{"text is no set", []plant.Observation{set(`{"a":1}`), {Value: plant.Value{Kind: plant.Text, Text: "3"}}}, ``},
		{"no object", []plant.Observation{set(`{"a":1}`), set(`[1]`)}, `{"a":1}`},
		{"empty change", []plant.Observation{set(`{"a":1}`), set(`{}`)}, `{"a":1}`},
		{"numbers stay as written", []plant.Observation{set(`{"a":1e+21,"b":-0}`), set(`{"c":0.1}`)}, `{"a":1e+21,"b":-0,"c":0.1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l plant.Latest
			for _, o := range test.observations {
				l.Apply(1, o)
			}
			if l.Merged != test.want {
				t.Errorf("merged %s, want %s", l.Merged, test.want)
			}
		})
	}
}

func TestMergedSetIsLimited(t *testing.T) {
	var l plant.Latest
	half := strings.Repeat("x", plant.MaxMerged/2)
	for _, key := range []string{"a", "b", "c"} {
		l.Apply(1, plant.Observation{Value: plant.Value{
			Kind: plant.Set, Text: plant.EncodeSet([]plant.SetEntry{{Key: key, Value: half}}),
		}})
	}
	if len(l.Merged) > plant.MaxMerged || !strings.HasPrefix(l.Merged, `{"a":"x`) {
		t.Errorf("merged %d bytes, want at most %d and the first key", len(l.Merged), plant.MaxMerged)
	}
}

// TestMergeAsAMap holds merging against a map, with keys of all kinds.
func TestMergeAsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l plant.Latest
		model := map[string]any{}
		for range rapid.IntRange(1, 10).Draw(t, "changes") {
			var entries []plant.SetEntry
			for range rapid.IntRange(0, 6).Draw(t, "entries") {
				e := plant.SetEntry{
					Key:     rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.String()).Draw(t, "key"),
					Removed: rapid.Bool().Draw(t, "removed"),
					Value:   "v" + rapid.String().Draw(t, "value"),
				}
				entries = append(entries, e)
			}
			change := map[string]plant.SetEntry{}
			for _, e := range entries {
				change[e.Key] = e
			}
			for key, e := range change {
				if e.Removed {
					delete(model, key)
				} else {
					model[key] = e.Value
				}
			}
			l.Apply(1, plant.Observation{Value: plant.Value{Kind: plant.Set, Text: plant.EncodeSet(entries)}})
			var got map[string]any
			if err := json.Unmarshal([]byte(l.Merged), &got); err != nil {
				t.Fatalf("merged %s: %v", l.Merged, err)
			}
			if diff := cmp.Diff(model, got); diff != "" {
				t.Fatalf("after %+v (-want +got):\n%s", entries, diff)
			}
		}
	})
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"a":1,"b":{"c":"d"}}`, `{"a":null,"é":"\u2028"}`, ``)
	f.Add(`{"a":1}`, `{"a":1,"a":2}`, `{"resetTriggered":"DAY"}`)
	f.Add(`null`, `[]`, `{`)
	f.Fuzz(func(t *testing.T, first, second, extra string) {
		var l plant.Latest
		l.Apply(1, plant.Observation{Value: plant.Value{Kind: plant.Set, Text: first}})
		l.Apply(1, plant.Observation{Value: plant.Value{Kind: plant.Set, Text: second}, Extra: extra})
		var merged map[string]json.RawMessage
		if err := json.Unmarshal([]byte(l.Merged), &merged); err != nil || merged == nil {
			t.Fatalf("merged %q: %v", l.Merged, err)
		}
		for key, value := range merged {
			if string(value) == "null" {
				t.Errorf("key %q is null in %s", key, l.Merged)
			}
		}
		// Canonical: merging nothing into it gives the same bytes.
		again := l
		again.Apply(1, plant.Observation{Value: plant.Value{Kind: plant.Set, Text: `{}`}})
		if again.Merged != l.Merged {
			t.Errorf("merged %s is written anew as %s", l.Merged, again.Merged)
		}
	})
}
