package storetest

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// testCommitOfCopy commits what retention has deleted elsewhere.
func testCommitOfCopy(t *testing.T, s Store) {
	l := newLine(t, s, "a", 2)
	b := l.batch(numbers(5)...)
	// 1, 3, 8 and 9 were freed; 6 and 7 are lost.
	b.Observations = append(b.Observations[1:2], b.Observations[3:]...)
	b.Gaps = []plant.Gap{{From: 6, To: 7, Reason: plant.GapOverrun}}
	b.Next, b.Freed = 10, 4
	if err := s.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Fatalf("commit: %v, %v", err, b.Err)
	}
	if run := l.stored(t); run.Next != 10 || run.Stored != 7 || run.Freed != 4 {
		t.Errorf("run: %+v", run)
	}
	equal(t, "observations", l.observations(t), b.Observations)
	// It goes on as any other.
	l.run.Next, l.run.Stored = 10, 7
	l.commit(t, l.batch(numbers(2)...))
	if run := l.stored(t); run.Next != 12 || run.Stored != 9 || run.Freed != 4 {
		t.Errorf("run in the end: %+v", run)
	}
}

func testCommit(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLine(t, s, "a", 2)
	b := l.batch(numbers(5)...)
	// 3 is missing, and 6 to 8 behind the last observation.
	b.Observations = append(b.Observations[:2], b.Observations[3:]...)
	b.Next = 9
	b.Gaps = []plant.Gap{
		{From: 6, To: 8, Reason: plant.GapOverrun, Detail: "late", Noticed: moment(2)},
		{Run: l.run.ID, From: 3, To: 3, Reason: plant.GapRejected, Noticed: moment(1)},
	}
	l.commit(t, b)
	run := l.stored(t)
	if run.First != 1 || run.Next != 9 || run.Stored != 4 {
		t.Errorf("run after the commit: %+v", run)
	}
	equal(t, "observations", l.observations(t), b.Observations)
	equal(t, "gaps", all(t, s.Gaps(ctx, l.run.ID, 0)), []plant.Gap{
		{Run: l.run.ID, From: 3, To: 3, Reason: plant.GapRejected, Noticed: moment(1)},
		{Run: l.run.ID, From: 6, To: 8, Reason: plant.GapOverrun, Detail: "late", Noticed: moment(2)},
	})

	again := *b
	if err := s.Commit(ctx, []*store.Batch{&again}); err != nil {
		t.Fatalf("commit: %v", err)
	}
	refused(t, "the same batch again", again.Err, plant.Conflict)
	ahead := *b
	ahead.Expect, ahead.Next, ahead.Observations, ahead.Gaps = 10, 10, nil, nil
	if err := s.Commit(ctx, []*store.Batch{&ahead}); err != nil {
		t.Fatalf("commit: %v", err)
	}
	refused(t, "a batch ahead of the cursor", ahead.Err, plant.Conflict)
	equal(t, "run", l.stored(t), run)

	// A batch that only moves on, as after a heartbeat, and one of only a gap.
	l.commit(t, l.batch())
	l.commit(t, &store.Batch{Run: l.run.ID, Expect: 9, Next: 12, Gaps: []plant.Gap{{From: 9, To: 11, Reason: plant.GapMissing}}})
	l.commit(t, l.batch(numbers(1)...))
	if run := l.stored(t); run.Next != 13 || run.Stored != 5 {
		t.Errorf("run in the end: %+v", run)
	}
}

func testCommitInGroup(t *testing.T, s Store) {
	ctx := t.Context()
	var lines []*line
	for _, name := range []string{"a", "b", "c", "d"} {
		l := newLine(t, s, name, 2)
		l.commit(t, l.batch(numbers(3)...))
		lines = append(lines, l)
	}
	stale := lines[1].batch(numbers(4)...)
	stale.Expect, stale.Next = 3, 7
	for i := range stale.Observations {
		stale.Observations[i].Sequence--
	}
	stale.Latest = []plant.Latest{{Observation: stale.Observations[3]}}
	stale.States = []plant.StateChange{{Device: lines[1].device.ID, Run: lines[1].run.ID, Sequence: 3, State: plant.Running}}
	invalid := lines[2].batch(numbers(4)...)
	invalid.Next++
	invalid.Gaps = []plant.Gap{{From: 6, To: 6, Reason: plant.GapMissing}}
	batches := []*store.Batch{lines[0].batch(numbers(700)...), stale, invalid, lines[3].batch(numbers(2)...)}
	// What was left from an earlier try does not count.
	batches[0].Err = errors.New("earlier")
	if err := s.Commit(ctx, batches); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if batches[0].Err != nil || batches[3].Err != nil {
		t.Errorf("good batches: %v, %v", batches[0].Err, batches[3].Err)
	}
	refused(t, "stale batch", stale.Err, plant.Conflict)
	refused(t, "invalid batch", invalid.Err, plant.Invalid)
	for i, want := range []int{703, 3, 3, 5} {
		run := lines[i].stored(t)
		if n := len(lines[i].observations(t)); n != want || run.Stored != int64(want) || run.Next != int64(want)+1 {
			t.Errorf("agent %d: %d observations, run %+v; want %d", i, n, run, want)
		}
		equal(t, "latest", must[[]plant.Latest](t)(s.Latest(ctx, lines[i].agent.ID)), nil)
		equal(t, "states", must[[]plant.StateChange](t)(s.States(ctx, lines[i].agent.ID)), nil)
		equal(t, "gaps", all(t, s.Gaps(ctx, lines[i].run.ID, 0)), nil)
	}

	// Two batches of one run, one on the other, and one that is too late.
	lines[3].run = lines[3].stored(t)
	first := lines[3].batch(numbers(2)...)
	lines[3].run.Next = first.Next
	second, third := lines[3].batch(numbers(1)...), lines[3].batch(numbers(1)...)
	if err := s.Commit(ctx, []*store.Batch{first, second, third}); err != nil || first.Err != nil || second.Err != nil {
		t.Fatalf("commit: %v, %v, %v", err, first.Err, second.Err)
	}
	refused(t, "a third batch at the cursor of the second", third.Err, plant.Conflict)
}

func testCommitOfEndedRun(t *testing.T, s Store) {
	l := newLine(t, s, "a", 1)
	l.commit(t, l.batch(numbers(2)...))
	old := l.batch(numbers(3)...)
	l.start(t, 2)
	unknown := l.batch(numbers(1)...)
	unknown.Run, unknown.Observations[0].Run = unknown.Run+100, 0
	if err := s.Commit(t.Context(), []*store.Batch{old, unknown}); err != nil {
		t.Fatalf("commit: %v", err)
	}
	refused(t, "a batch of a run that another one followed", old.Err, plant.Conflict)
	refused(t, "a batch of an unknown run", unknown.Err, plant.Conflict)
	for _, run := range must[[]plant.Run](t)(s.Runs(t.Context())) {
		if want := map[uint64]int64{1: 2, 2: 0}[run.InstanceID]; run.Stored != want {
			t.Errorf("run of instance %d: %d stored, want %d", run.InstanceID, run.Stored, want)
		}
	}
}

func testInvalidCommit(t *testing.T, s Store) {
	ctx := t.Context()
	other := newLine(t, s, "other", 1)
	gap := func(from, to int64) plant.Gap { return plant.Gap{From: from, To: to, Reason: plant.GapMissing} }
	tests := []struct {
		name string
		// spoil changes a good batch of the sequence numbers 1 to 5.
		spoil func(b *store.Batch)
	}{
		{"a number is missing", func(b *store.Batch) { b.Observations = append(b.Observations[:2], b.Observations[3:]...) }},
		{"more are freed than are missing", func(b *store.Batch) {
			b.Observations = append(b.Observations[:2], b.Observations[3:]...)
			b.Freed = 2
		}},
		{"fewer are freed than are missing", func(b *store.Batch) { b.Next, b.Freed = 8, 1 }},
		{"fewer are freed than none", func(b *store.Batch) { b.Next, b.Freed = 5, -1 }},
		{"the last number is missing", func(b *store.Batch) { b.Next++ }},
		{"one number too many", func(b *store.Batch) { b.Next-- }},
		{"a number twice", func(b *store.Batch) { b.Observations[3].Sequence = 3 }},
		{"descending", func(b *store.Batch) {
			b.Observations[1].Sequence, b.Observations[2].Sequence = 3, 2
		}},
		{"a gap over observations", func(b *store.Batch) { b.Gaps = []plant.Gap{gap(2, 3)} }},
		{"a gap behind the end", func(b *store.Batch) { b.Gaps = []plant.Gap{gap(6, 7)} }},
		{"a gap before the beginning", func(b *store.Batch) { b.Gaps = []plant.Gap{gap(0, 0)} }},
		{"a gap that ends before it begins", func(b *store.Batch) { b.Gaps = []plant.Gap{gap(6, 5)} }},
		{"a gap twice", func(b *store.Batch) { b.Next = 7; b.Gaps = []plant.Gap{gap(6, 6), gap(6, 6)} }},
		{"a gap without end", func(b *store.Batch) { b.Gaps = []plant.Gap{gap(6, plant.OpenEnd)} }},
		{"a gap up to the last number", func(b *store.Batch) { b.Next = math.MinInt64; b.Gaps = []plant.Gap{gap(6, math.MaxInt64)} }},
		{"a gap of another run", func(b *store.Batch) {
			b.Next, b.Gaps = 7, []plant.Gap{{Run: other.run.ID, From: 6, To: 6, Reason: plant.GapMissing}}
		}},
		{"an observation of another run", func(b *store.Batch) { b.Observations[2].Run = other.run.ID }},
		{"latest of another run", func(b *store.Batch) {
			b.Latest = []plant.Latest{{Observation: b.Observations[0]}}
			b.Latest[0].Run = other.run.ID
		}},
		{"a state of another run", func(b *store.Batch) { b.States[0].Run = other.run.ID }},
		{"an unknown item", func(b *store.Batch) { b.Observations[0].Item = 12345 }},
		{"item 0", func(b *store.Batch) { b.Observations[4].Item = 0 }},
		{"a negative item", func(b *store.Batch) { b.Observations[4].Item = -1 }},
		{"an item of another agent", func(b *store.Batch) { b.Observations[2].Item = other.items[0].ID }},
		{"latest of another agent", func(b *store.Batch) {
			b.Latest = []plant.Latest{{Observation: plant.Observation{Item: other.items[0].ID}}}
		}},
		{"a state of another agent", func(b *store.Batch) {
			b.States = []plant.StateChange{{Device: other.device.ID, Run: b.Run, Sequence: 1}}
		}},
		{"a state of an unknown device", func(b *store.Batch) {
			b.States = []plant.StateChange{{Device: 999, Run: b.Run, Sequence: 1}}
		}},
		{"not a number", func(b *store.Batch) { b.Observations[0].Value.Number = math.NaN() }},
		{"infinity", func(b *store.Batch) { b.Observations[0].Value.Number = math.Inf(-1) }},
		{"latest is not a number", func(b *store.Batch) {
			b.Latest = []plant.Latest{{Observation: b.Observations[0]}}
			b.Latest[0].Value.Number = math.NaN()
		}},
		{"an alarm that is not UTF-8", func(b *store.Batch) {
			b.Observations[1].Alarm = &plant.Alarm{Level: plant.LevelFault, Text: "\xdcberlast"}
		}},
		{"an extra that is not UTF-8", func(b *store.Batch) { b.Observations[1].Extra = "\xff" }},
		{"an active alarm that is not UTF-8", func(b *store.Batch) {
			b.Latest = []plant.Latest{{Observation: b.Observations[0], Active: []plant.Activation{{Alarm: &plant.Alarm{NativeCode: "\xdc"}}}}}
		}},
		{"a kind of value that there is not", func(b *store.Batch) { b.Observations[0].Value.Kind = plant.Set + 1 }},
		{"backwards", func(b *store.Batch) { *b = store.Batch{Run: b.Run, Expect: 1, Next: 0} }},
	}
	l := newLine(t, s, "a", 1)
	before := l.stored(t)
	for _, test := range tests {
		b := l.batch(numbers(5)...)
		b.States = []plant.StateChange{{Device: l.device.ID, Run: l.run.ID, Sequence: 1, State: plant.Idle}}
		test.spoil(b)
		if err := s.Commit(ctx, []*store.Batch{b}); err != nil {
			t.Errorf("%s: commit: %v", test.name, err)
		}
		refused(t, test.name, b.Err, plant.Invalid)
	}
	equal(t, "run", l.stored(t), before)
	equal(t, "observations", l.observations(t), nil)
	equal(t, "gaps", all(t, s.Gaps(ctx, l.run.ID, 0)), nil)
	equal(t, "latest", must[[]plant.Latest](t)(s.Latest(ctx, l.agent.ID)), nil)
	equal(t, "states", must[[]plant.StateChange](t)(s.States(ctx, l.agent.ID)), nil)
	l.commit(t, l.batch(numbers(5)...))
}

func testCommitCanceled(t *testing.T, s Store) {
	l := newLine(t, s, "a", 1)
	before := l.stored(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, []*store.Batch{l.batch(numbers(5)...)}); !errors.Is(err, context.Canceled) {
		t.Errorf("commit with a context that has ended: %v", err)
	}
	// A deadline somewhere within the commit: all of it or nothing, and where the answer
	// was not waited for, all of it may come yet.
	for d := time.Microsecond; d < 100*time.Millisecond; d *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		b := l.batch(numbers(3000)...)
		err := s.Commit(ctx, []*store.Batch{b})
		cancel()
		run := l.stored(t)
		switch {
		case err != nil && (run == before || run.Next == b.Next):
		case err == nil && b.Err == nil && run.Next == b.Next:
		case err == nil && plant.ErrorCode(b.Err) == plant.Conflict && run.Next == b.Next: // the one before came
		default:
			t.Fatalf("commit: %v, %v; run %+v", err, b.Err, run)
		}
		if err == nil {
			break
		}
	}
	if n, run := len(l.observations(t)), l.stored(t); int64(n) != run.Stored {
		t.Errorf("%d observations, %d stored", n, run.Stored)
	}
}

func testCommitNothing(t *testing.T, s Store) {
	if err := s.Commit(t.Context(), nil); err != nil {
		t.Errorf("commit of nothing: %v", err)
	}
}
