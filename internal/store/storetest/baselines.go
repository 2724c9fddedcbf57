package storetest

import (
	"math"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

func testBaselines(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLine(t, s, "a", 3)
	other := newLine(t, s, "b", 1)
	known := func(item int, sequence int64, v plant.Value) plant.Observation {
		return plant.Observation{Item: l.items[item].ID, Run: l.run.ID, Sequence: sequence, Time: 10 * sequence, Value: v}
	}
	values := numbers(5)
	fault := known(1, 7, plant.Value{})
	fault.Alarm = &plant.Alarm{Level: plant.LevelFault, NativeCode: "7", Text: "Öl"}
	warning := known(1, 9, plant.Value{})
	warning.Alarm, warning.Extra = &plant.Alarm{Level: plant.LevelWarning}, `{"a":"b"}`

	// At 21, behind a gap; what has no run of its own is of the batch's.
	first := l.batch()
	first.Next, first.Gaps = 21, []plant.Gap{{From: 1, To: 20, Reason: plant.GapOverrun}}
	first.Baseline = []plant.Observation{
		known(0, 3, values[1]), fault, warning, known(2, 20, plant.Value{Kind: plant.Set, Text: `{"k":1}`}),
	}
	first.Baseline[0].Run = 0
	first.Latest = []plant.Latest{{Observation: known(0, 3, values[1])}}
	first.States = []plant.StateChange{{Device: l.device.ID, Run: l.run.ID, Sequence: 3, Time: 30, State: plant.Idle}}
	l.commit(t, first)
	// At 21 again, by itself.
	second := l.batch()
	second.Baseline = []plant.Observation{known(1, 20, plant.Value{})}
	l.commit(t, second)
	// At 23, behind observations.
	observed := l.batch(values[:2]...)
	l.commit(t, observed)
	third := l.batch()
	third.Baseline = []plant.Observation{known(2, 22, values[4])}
	l.commit(t, third)

	first.Baseline[0].Run = l.run.ID
	want := []plant.Baseline{
		{At: 21, Observations: []plant.Observation{first.Baseline[0], second.Baseline[0], first.Baseline[3]}},
		{At: 23, Observations: third.Baseline},
	}
	got := all(t, s.Baselines(ctx, l.run.ID))
	equal(t, "baselines", got, want)
	equal(t, "baselines of another run", all(t, s.Baselines(ctx, other.run.ID)), nil)
	equal(t, "observations", l.observations(t), observed.Observations)
	equal(t, "latest", must[[]plant.Latest](t)(s.Latest(ctx, l.agent.ID)), first.Latest)
	equal(t, "states", must[[]plant.StateChange](t)(s.States(ctx, l.agent.ID)), first.States)
	if run := l.stored(t); run.Stored != 2 || run.Next != 23 {
		t.Errorf("run %+v: want 2 stored and 23 next: a baseline counts as nothing", run)
	}
	for b, err := range s.Baselines(ctx, l.run.ID) {
		if err != nil || b.At != 21 {
			t.Errorf("baseline at %d, %v: want the first one", b.At, err)
		}
		break
	}

	// A batch that is refused leaves no baseline, and one that cannot be is
	// refused.
	both := l.batch(values[0])
	both.Baseline = []plant.Observation{known(0, 5, values[0])}
	stale := *third
	stale.Expect, stale.Next = 22, 22
	stale.Baseline = []plant.Observation{known(0, 2, values[3])}
	for _, test := range []struct {
		name string
		code plant.Code
		b    *store.Batch
	}{
		{"at another cursor", plant.Conflict, &stale},
		{"with observations", plant.Invalid, both},
		{"at its own number", plant.Invalid, l.based(known(0, 23, values[0]))},
		{"before all numbers", plant.Invalid, l.based(known(0, 0, values[0]))},
		{"descending", plant.Invalid, l.based(known(0, 5, values[0]), known(1, 4, values[0]))},
		{"of another agent", plant.Invalid, l.based(plant.Observation{Item: other.items[0].ID, Sequence: 5})},
		{"of another run", plant.Invalid, l.based(plant.Observation{Item: l.items[0].ID, Run: other.run.ID, Sequence: 5})},
		{"no number", plant.Invalid, l.based(known(0, 5, plant.Value{Kind: plant.Number, Number: math.NaN()}))},
	} {
		if err := s.Commit(ctx, []*store.Batch{test.b}); err != nil {
			t.Errorf("%s: commit: %v", test.name, err)
		}
		refused(t, test.name, test.b.Err, test.code)
	}
	equal(t, "baselines in the end", all(t, s.Baselines(ctx, l.run.ID)), want)
}

// based is the next batch of the run, with nothing but a baseline.
func (l *line) based(baseline ...plant.Observation) *store.Batch {
	b := l.batch()
	b.Baseline = baseline
	return b
}
