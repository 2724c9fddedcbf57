package storetest

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
)

// sameBits compares numbers by their bits, so that −0 is not 0.
var sameBits = cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })

func testValues(t *testing.T, s Store) {
	l := newLine(t, s, "a", 1)
	number := func(n float64) plant.Observation {
		return plant.Observation{Value: plant.Value{Kind: plant.Number, Number: n}}
	}
	text := func(kind plant.Kind, text string) plant.Observation {
		return plant.Observation{Value: plant.Value{Kind: kind, Text: text}}
	}
	alarm := func(a plant.Alarm) plant.Observation { return plant.Observation{Alarm: &a} }
	big := strings.Repeat("0123456789abcdef", 1<<16)
	observations := []plant.Observation{
		{},
		number(0), number(math.Copysign(0, -1)), number(1), number(-1), number(0.1), number(1e308), number(-1e308),
		number(math.MaxFloat64), number(math.SmallestNonzeroFloat64), number(-5e-324),
		number(1<<53 - 1), number(1 << 53), number(1<<53 + 2), number(-1 << 53), number(1 << 62), number(1 << 63), number(-1 << 63), number(1e19),
		text(plant.Text, ""), text(plant.Text, "ACTIVE"), text(plant.Text, "1.5"), text(plant.Text, "007"),
		text(plant.Text, "NaN"), text(plant.Text, "NULL"), text(plant.Text, " \t\n"), text(plant.Text, "a\x00b\x00"), text(plant.Text, "\x00"),
		text(plant.Text, "Ünïcödé 数控 \U0001F600 \u202e"), text(plant.Text, "2024-01-01 00:00:00"), text(plant.Text, "'; DROP TABLE x; --"),
		text(plant.Text, big), text(plant.Set, `{"a":1}`), text(plant.Set, `{}`), text(plant.Set, `{"é\u0000":null,"t":{"c":"`+big+`"}}`),
		alarm(plant.Alarm{}), alarm(plant.Alarm{Level: plant.LevelUnavailable}), alarm(plant.Alarm{Level: plant.LevelNormal}),
		alarm(plant.Alarm{Level: plant.LevelFault, Text: "only text"}), alarm(plant.Alarm{NativeCode: "no level"}),
		alarm(plant.Alarm{
			Level: plant.LevelWarning, NativeCode: "E\"1\"", NativeSeverity: "<2>", Qualifier: "HIGH",
			ConditionID: "c\x00", Text: "Öl \U0001F6E2 & more\n",
		}),
	}
	withExtra := alarm(plant.Alarm{Level: plant.LevelNormal})
	withExtra.Extra = `{"quality":"INVALID"}`
	sample := number(2)
	sample.Extra = `{"<x>":"\u0000","statistic":"AVERAGE"}`
	observations = append(observations, withExtra, sample)
	values := make([]plant.Value, len(observations))
	b := l.batch(values...)
	for i := range observations {
		o := observations[i]
		o.Item, o.Run, o.Sequence, o.Time = b.Observations[i].Item, l.run.ID, b.Observations[i].Sequence, b.Observations[i].Time
		b.Observations[i] = o
	}
	for i, o := range b.Observations {
		// One at a time, to see each of them as the latest too.
		one := l.batch(o.Value)
		one.Observations[0] = o
		one.Latest = []plant.Latest{{Observation: o}}
		l.commit(t, one)
		latest := must[[]plant.Latest](t)(s.Current(t.Context(), l.device.ID))
		if diff := cmp.Diff(one.Latest, latest, sameBits); diff != "" {
			t.Errorf("latest %d (-want +got):\n%.2000s", i, diff)
		}
	}
	if diff := cmp.Diff(b.Observations, l.observations(t), sameBits); diff != "" {
		t.Errorf("observations of the run (-want +got):\n%.2000s", diff)
	}
	read := all(t, s.ItemObservations(t.Context(), []plant.ItemID{l.items[0].ID}, 0, math.MaxInt64, false))
	if diff := cmp.Diff(b.Observations, read, sameBits); diff != "" {
		t.Errorf("observations of the item (-want +got):\n%.2000s", diff)
	}
}

func testExtremes(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newLine(t, s, "a", 1)
	const last = math.MaxInt64 - 1 // the cursor stands behind it
	run := must[plant.Run](t)(s.StartRun(ctx, agent.run.ID, plant.Run{Agent: agent.agent.ID, InstanceID: math.MaxUint64, First: last - 3}, nil))
	agent.run = run
	b := agent.batch(numbers(4)...)
	// The years 1 and 9999, the ends of what a number holds, and backwards.
	for i, time := range []int64{253402300799999999, -62135596800000000, math.MinInt64, math.MaxInt64} {
		b.Observations[i].Time = time
	}
	agent.commit(t, b)
	equal(t, "observations", agent.observations(t), b.Observations)
	if run := agent.stored(t); run.Next != math.MaxInt64 || run.InstanceID != math.MaxUint64 {
		t.Errorf("run: %+v", run)
	}
	item := agent.items[0].ID
	inTime := []int64{last - 1, last - 2, last - 3}
	equal(t, "in order of time", sequences(all(t, s.ItemObservations(ctx, []plant.ItemID{item}, math.MinInt64, math.MaxInt64, true))), inTime)
	equal(t, "before the end of time", sequences(all(t, s.ItemObservations(ctx, []plant.ItemID{item}, math.MaxInt64, math.MaxInt64, true))), inTime[2:])
	for sequence := int64(last - 4); sequence < last; sequence++ {
		if n := len(all(t, s.Observations(ctx, run.ID, sequence))); int64(n) != min(4, last-sequence+1) {
			t.Errorf("%d observations from %d", n, sequence)
		}
	}
	equal(t, "behind the last", all(t, s.Observations(ctx, run.ID, math.MaxInt64)), nil)
}

func testLatest(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLine(t, s, "a", 3)
	other := newLine(t, s, "b", 1)
	equal(t, "latest before anything", must[[]plant.Latest](t)(s.Latest(ctx, l.agent.ID)), nil)

	b := l.batch(numbers(3)...)
	condition := plant.Latest{Observation: plant.Observation{
		Run: l.run.ID, Item: l.items[2].ID, Sequence: 2, Time: -5, Alarm: &plant.Alarm{Level: plant.LevelNormal, NativeCode: "C"},
	}, Active: []plant.Activation{
		{Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: "A", Text: "<Öl>"}, Raised: math.MinInt64, RaisedSequence: math.MaxInt64, Changed: 7},
		{Alarm: &plant.Alarm{Level: plant.LevelWarning, ConditionID: "B"}, Raised: 2, RaisedSequence: 1, Changed: 2},
	}}
	set := plant.Latest{Observation: plant.Observation{
		Run: l.run.ID, Item: l.items[0].ID, Sequence: 3, Time: 3, Value: plant.Value{Kind: plant.Set, Text: `{"a":null}`}, Extra: `{"count":"1"}`,
	}, Merged: `{"b":"é"}`}
	b.Latest = []plant.Latest{condition, set}
	l.commit(t, b)
	b = other.batch(numbers(1)...)
	b.Latest = []plant.Latest{{Observation: b.Observations[0]}}
	other.commit(t, b)

	equal(t, "latest of the agent", must[[]plant.Latest](t)(s.Latest(ctx, l.agent.ID)), []plant.Latest{set, condition})
	equal(t, "current of the device", must[[]plant.Latest](t)(s.Current(ctx, l.device.ID)), []plant.Latest{set, condition})
	equal(t, "current of the other", must[[]plant.Latest](t)(s.Current(ctx, other.device.ID)), b.Latest)

	// What is known changes: cleared, unknown, and in another run.
	l.start(t, 2)
	b = l.batch(numbers(2)...)
	condition = plant.Latest{Observation: plant.Observation{
		Run: l.run.ID, Item: l.items[2].ID, Sequence: 1, Time: 1, Alarm: &plant.Alarm{Level: plant.LevelUnavailable},
	}}
	set = plant.Latest{Observation: plant.Observation{Run: l.run.ID, Item: l.items[0].ID, Sequence: 2, Time: 2}}
	b.Latest = []plant.Latest{set, condition}
	l.commit(t, b)
	equal(t, "latest after a new run", must[[]plant.Latest](t)(s.Latest(ctx, l.agent.ID)), []plant.Latest{set, condition})
	equal(t, "current of no device", must[[]plant.Latest](t)(s.Current(ctx, 999)), nil)
}

func testStates(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLine(t, s, "a", 1)
	idle := newLine(t, s, "b", 1)
	state := func(sequence, time int64, state plant.State) plant.StateChange {
		return plant.StateChange{Device: l.device.ID, Run: l.run.ID, Sequence: sequence, Time: time, State: state, Rule: "5 <executing>"}
	}
	first := []plant.StateChange{state(1, 10, plant.Offline), state(3, 30, plant.Running), state(4, 20, plant.Alarmed)}
	b := l.batch(numbers(5)...)
	b.States = first
	l.commit(t, b)
	l.start(t, 2)
	second := []plant.StateChange{state(1, 40, plant.NoLink), state(2, 50, plant.Idle)}
	b = l.batch(numbers(2)...)
	b.States = second
	l.commit(t, b)

	equal(t, "states now", must[[]plant.StateChange](t)(s.States(ctx, l.agent.ID)), second[1:])
	equal(t, "states of a machine without any", must[[]plant.StateChange](t)(s.States(ctx, idle.agent.ID)), nil)
	for _, test := range []struct {
		name     string
		from, to int64
		want     []plant.StateChange
	}{
		{"all", 0, 100, []plant.StateChange{first[0], first[1], first[2], second[0], second[1]}},
		{"from is within, to is not", 10, 50, []plant.StateChange{first[0], first[1], first[2], second[0]}},
		{"the last one before in front", 45, 60, []plant.StateChange{second[0], second[1]}},
		{"the last one before is that of the sequence", 35, 40, []plant.StateChange{first[2]}},
		{"before all", 0, 10, nil},
		{"behind all", 60, 70, second[1:]},
	} {
		got := must[[]plant.StateChange](t)(s.StatesBetween(ctx, l.device.ID, test.from, test.to))
		equal(t, test.name, got, test.want)
	}
}
