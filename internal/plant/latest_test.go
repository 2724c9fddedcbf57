package plant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
)

// apply makes what is known after alarms at the sequence numbers and times from
// 1 on.
func apply(alarms ...plant.Alarm) plant.Latest {
	var l plant.Latest
	for i, a := range alarms {
		l.Apply(1, plant.Observation{Item: 1, Sequence: int64(i + 1), Time: int64(i + 1), Alarm: &a})
	}
	return l
}

func TestConditionActivations(t *testing.T) {
	var (
		unavailable = plant.Alarm{Level: plant.LevelUnavailable}
		normal      = plant.Alarm{Level: plant.LevelNormal}
	)
	alarm := func(level plant.Level, code, id string) plant.Alarm {
		return plant.Alarm{Level: level, NativeCode: code, ConditionID: id}
	}
	tests := []struct {
		name   string
		alarms []plant.Alarm
		// active is level, key, time raised and time changed of each.
		active []string
		level  plant.Level
	}{
		{"unknown", []plant.Alarm{unavailable}, nil, plant.LevelUnavailable},
		{"normal after unknown", []plant.Alarm{unavailable, normal}, nil, plant.LevelNormal},
		{"raised", []plant.Alarm{normal, alarm(plant.LevelWarning, "A", "")}, []string{"Warning A 2 2"}, plant.LevelWarning},
		{
			"several at once, oldest first",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), alarm(plant.LevelWarning, "B", "")},
			[]string{"Fault A 1 1", "Warning B 2 2"},
			plant.LevelFault,
		},
		{
			"a known key changes and keeps when it was raised",
			[]plant.Alarm{alarm(plant.LevelWarning, "A", ""), alarm(plant.LevelWarning, "B", ""), alarm(plant.LevelFault, "A", "")},
			[]string{"Fault A 1 3", "Warning B 2 2"},
			plant.LevelFault,
		},
		{
			"the condition id goes before the native code",
			[]plant.Alarm{alarm(plant.LevelWarning, "A", "x"), alarm(plant.LevelWarning, "A", "y"), alarm(plant.LevelFault, "B", "x")},
			[]string{"Fault x 1 3", "Warning y 2 2"},
			plant.LevelFault,
		},
		{
			"normal with a key clears that one",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), alarm(plant.LevelWarning, "B", ""), alarm(plant.LevelNormal, "A", "")},
			[]string{"Warning B 2 2"},
			plant.LevelWarning,
		},
		{
			"normal with the last key",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), alarm(plant.LevelNormal, "A", "")},
			nil, plant.LevelNormal,
		},
		{
			"normal with an unknown key clears nothing",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), alarm(plant.LevelNormal, "B", "")},
			[]string{"Fault A 1 1"},
			plant.LevelFault,
		},
		{
			"normal without a key clears all",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), alarm(plant.LevelWarning, "B", ""), normal},
			nil, plant.LevelNormal,
		},
		{
			"unavailable replaces all",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), alarm(plant.LevelWarning, "B", ""), unavailable},
			nil, plant.LevelUnavailable,
		},
		{
			"afresh after unavailable",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), unavailable, alarm(plant.LevelFault, "A", "")},
			[]string{"Fault A 3 3"},
			plant.LevelFault,
		},
		{
			"afresh after normal",
			[]plant.Alarm{alarm(plant.LevelFault, "A", ""), normal, alarm(plant.LevelFault, "A", "")},
			[]string{"Fault A 3 3"},
			plant.LevelFault,
		},
		{
			"alarms without a key are one",
			[]plant.Alarm{alarm(plant.LevelWarning, "", ""), alarm(plant.LevelFault, "A", ""), alarm(plant.LevelFault, "", "")},
			[]string{"Fault  1 3", "Fault A 2 2"},
			plant.LevelFault,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := apply(test.alarms...)
			var active []string
			for _, a := range l.Active {
				if a.Raised != a.RaisedSequence {
					t.Errorf("raised at %d by %d", a.Raised, a.RaisedSequence)
				}
				active = append(active, fmt.Sprintf("%v %s %d %d", a.Alarm.Level, a.Alarm.Key(), a.Raised, a.Changed))
			}
			if diff := cmp.Diff(test.active, active); diff != "" {
				t.Errorf("active (-want +got):\n%s", diff)
			}
			if l.Level() != test.level {
				t.Errorf("level %v, want %v", l.Level(), test.level)
			}
			if last := test.alarms[len(test.alarms)-1]; *l.Alarm != last {
				t.Errorf("last observation %+v, want %+v", *l.Alarm, last)
			}
		})
	}
}

func TestActivationsAreLimited(t *testing.T) {
	var l plant.Latest
	for i := range int64(plant.MaxActive + 5) {
		l.Apply(1, plant.Observation{Sequence: i, Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: fmt.Sprint(i)}})
	}
	if len(l.Active) != plant.MaxActive || l.Active[0].RaisedSequence != 5 {
		t.Errorf("%d active, the oldest of %d; want %d, 5", len(l.Active), l.Active[0].RaisedSequence, plant.MaxActive)
	}
}

// Long texts make room as many activations do, whether they are raised or
// change; the newest stays, however long it is.
func TestActivationTextsAreLimited(t *testing.T) {
	var l plant.Latest
	sequence := int64(0)
	say := func(code string, bytes int) {
		sequence++
		l.Apply(1, plant.Observation{Sequence: sequence, Alarm: &plant.Alarm{
			Level: plant.LevelFault, NativeCode: code, Text: strings.Repeat("x", bytes-len(code)),
		}})
	}
	codes := func() string {
		var all []string
		for _, a := range l.Active {
			all = append(all, a.Alarm.NativeCode)
		}
		return strings.Join(all, " ")
	}
	const quarter = plant.MaxActiveText / 4
	for _, code := range []string{"a", "b", "c", "d"} {
		say(code, quarter)
	}
	for _, test := range []struct {
		code  string
		bytes int
		want  string
	}{
		{"e", quarter, "b c d e"},
		{"e", 2 * quarter, "c d e"},
		{"f", 2 * quarter, "e f"},
		{"g", 5 * quarter, "g"},
		{"h", 1, "h"},
		{"i", 1, "h i"},
	} {
		if say(test.code, test.bytes); codes() != test.want {
			t.Errorf("active after %s with %d bytes: %s; want %s", test.code, test.bytes, codes(), test.want)
		}
	}
}

func TestNewRunForgets(t *testing.T) {
	l := apply(plant.Alarm{Level: plant.LevelFault, NativeCode: "A"})
	l.Apply(2, plant.Observation{Sequence: 1, Time: 9, Alarm: &plant.Alarm{Level: plant.LevelWarning, NativeCode: "B"}})
	if len(l.Active) != 1 || l.Active[0].Alarm.NativeCode != "B" || l.Run != 2 {
		t.Errorf("after a new run: %+v", l)
	}
	set := plant.Latest{Observation: plant.Observation{Run: 1}, Merged: `{"a":1}`}
	set.Apply(2, plant.Observation{Value: plant.Value{Kind: plant.Set, Text: `{"b":2}`}})
	if set.Merged != `{"b":2}` {
		t.Errorf("merged %s after a new run", set.Merged)
	}
}

// What is known after an observation that settles is the same whatever was known
// before.
func TestSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(sequence int64, condition bool) plant.Observation {
			o := plant.Observation{Sequence: sequence, Time: sequence}
			switch {
			case condition:
				o.Alarm = drawAlarm(t)
			case rapid.Bool().Draw(t, "known"):
				o.Value = plant.Value{Kind: plant.Set, Text: rapid.SampledFrom([]string{`{"a":1}`, `{"a":null}`, `{"b":2}`}).Draw(t, "set")}
				o.Extra = rapid.SampledFrom([]string{"", `{"resetTriggered":"DAY"}`, `{"statistic":"x"}`}).Draw(t, "extra")
			}
			return o
		}
		condition := rapid.Bool().Draw(t, "condition")
		var l, fresh plant.Latest
		for i := range rapid.Int64Range(0, 10).Draw(t, "before") {
			l.Apply(1, draw(i, condition))
		}
		o := draw(100, condition)
		l.Apply(1, o)
		fresh.Apply(1, o)
		if diff := cmp.Diff(fresh, l); o.Settles() && diff != "" {
			t.Fatalf("%+v settles, and what was before makes a difference:\n%s", o, diff)
		}
	})
	normal := plant.Observation{Alarm: &plant.Alarm{Level: plant.LevelNormal}}
	one := plant.Observation{Alarm: &plant.Alarm{Level: plant.LevelNormal, NativeCode: "A"}}
	number := plant.Observation{Value: plant.Value{Kind: plant.Number}}
	reset := plant.Observation{Value: plant.Value{Kind: plant.Set, Text: "{}"}, Extra: `{"resetTriggered":"DAY"}`}
	if !normal.Settles() || one.Settles() || !number.Settles() || !reset.Settles() {
		t.Error("a whole Normal, a number and a reset settle, and the end of one alarm does not")
	}
}

// TestReadersKeepWhatTheyHave applies observations to copies of a Latest that
// share its slices.
func TestReadersKeepWhatTheyHave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			l    plant.Latest
			seen []plant.Latest
			kept [][]plant.Activation
		)
		for i := range rapid.IntRange(1, 30).Draw(t, "observations") {
			l.Apply(1, plant.Observation{Sequence: int64(i), Time: int64(i), Alarm: drawAlarm(t)})
			seen = append(seen, l)
			kept = append(kept, slices.Clone(l.Active))
		}
		for i := range seen {
			if diff := cmp.Diff(kept[i], seen[i].Active); diff != "" {
				t.Fatalf("what was known after observation %d changed later:\n%s", i, diff)
			}
		}
	})
}

func drawAlarm(t *rapid.T) *plant.Alarm {
	return &plant.Alarm{
		Level:       plant.Level(rapid.IntRange(int(plant.LevelUnavailable), int(plant.LevelFault)).Draw(t, "level")),
		NativeCode:  rapid.SampledFrom([]string{"", "A", "B", "C"}).Draw(t, "code"),
		ConditionID: rapid.SampledFrom([]string{"", "", "A", "x"}).Draw(t, "id"),
	}
}

// TestActivationsAsAMap holds the rules against the plainest form of them.
func TestActivationsAsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l plant.Latest
		model := map[string]plant.Level{}
		for i := range rapid.IntRange(1, 40).Draw(t, "observations") {
			a := drawAlarm(t)
			l.Apply(1, plant.Observation{Sequence: int64(i), Alarm: a})
			switch {
			case a.Level >= plant.LevelWarning:
				model[a.Key()] = a.Level
			case a.Level == plant.LevelNormal && a.Key() != "":
				delete(model, a.Key())
			default:
				clear(model)
			}
			got := map[string]plant.Level{}
			for _, active := range l.Active {
				got[active.Alarm.Key()] = active.Alarm.Level
			}
			if diff := cmp.Diff(model, got); diff != "" {
				t.Fatalf("after %+v (-want +got):\n%s", a, diff)
			}
			if !slices.IsSortedFunc(l.Active, func(a, b plant.Activation) int { return int(a.RaisedSequence - b.RaisedSequence) }) {
				t.Fatalf("not oldest first: %+v", l.Active)
			}
		}
	})
}
