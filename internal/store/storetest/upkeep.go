package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// UpkeepStore is a store that is kept small and sound.
type UpkeepStore interface {
	Store
	store.Upkeep
}

// RunUpkeep holds stores to the contract of store.Upkeep. open gives an empty
// store, which is closed when its test ends.
func RunUpkeep(t *testing.T, open func(t *testing.T) UpkeepStore) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s UpkeepStore)
	}{
		{"Nothing", testUpkeepOfNothing},
		{"Seal", testSeal},
		{"Merge", testMerge},
		{"MergeWhereTheClockWasPutBack", testMergeClockPutBack},
		{"ReadsAsBefore", testReadsAsBefore},
		{"Values", func(t *testing.T, s UpkeepStore) { testValues(t, sealing{s}) }},
		{"Extremes", func(t *testing.T, s UpkeepStore) { testExtremes(t, sealing{s}) }},
		{"ItemObservations", func(t *testing.T, s UpkeepStore) { testItemObservations(t, sealing{s}) }},
		{"ItemObservationsInPages", func(t *testing.T, s UpkeepStore) { testItemPages(t, sealing{s}) }},
		{"ItemObservationsOfSeveral", func(t *testing.T, s UpkeepStore) { testSeveralItems(t, sealing{s}) }},
		{"ItemObservationsOfSeveralInPages", func(t *testing.T, s UpkeepStore) { testSeveralItemsInPages(t, sealing{s}) }},
		{"ItemSummaries", func(t *testing.T, s UpkeepStore) { testItemSummaries(t, sealing{s}) }},
		{"Observations", func(t *testing.T, s UpkeepStore) { testObservations(t, sealing{s}) }},
		{"WithinReads", testUpkeepWithinReads},
		{"BesideCapture", testUpkeepBesideCapture},
		{"Interrupted", testUpkeepInterrupted},
		{"Expire", testExpire},
		{"ExpireSharedTimes", testExpireSharedTimes},
		{"ExpireWhatIsDerived", testExpireDerived},
		{"ExpireRows", testExpireRows},
		{"ExpireQuietItem", testExpireQuietItem},
		{"ReplaceStates", testReplaceStates},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// sealing is a store that seals after each commit.
type sealing struct{ UpkeepStore }

func (s sealing) Commit(ctx context.Context, batches []*store.Batch) error {
	if err := s.UpkeepStore.Commit(ctx, batches); err != nil {
		return err
	}
	_, err := s.Seal(ctx, always())
	return err
}

// always is a time before which everything was committed.
func always() time.Time { return time.Now().Add(24 * time.Hour) }

// sealAll seals all rows.
func sealAll(t tester, s UpkeepStore) store.Sealed {
	t.Helper()
	return must[store.Sealed](t)(s.Seal(t.Context(), always()))
}

// sound fails the test where the store finds fault with itself.
func sound(t tester, s UpkeepStore) {
	t.Helper()
	equal(t, "what Verify finds", all(t, s.Verify(t.Context())), nil)
	equal(t, "faults", s.Faults(), nil)
}

func testUpkeepOfNothing(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	for range 2 {
		if sealed := sealAll(t, s); sealed.Observations != 0 || sealed.Blocks != 0 || sealed.Bytes != 0 {
			t.Errorf("sealed of nothing: %+v", sealed)
		}
		equal(t, "merged", must[store.Merged](t)(s.Merge(ctx)), store.Merged{})
		equal(t, "expired", must[store.Expired](t)(s.Expire(ctx, map[plant.AgentID]int64{1: 1 << 60}, false)), store.Expired{})
		sound(t, s)
	}
	size := must[store.Size](t)(s.Size(ctx))
	if size.Rows != 0 || size.Blocked != 0 || size.Blocks != 0 || size.Oldest != 0 {
		t.Errorf("size: %+v", size)
	}
	// What is sealed before anything was committed takes what comes then.
	l := newLine(t, s, "a", 1)
	l.commit(t, l.batch(numbers(3)...))
	equal(t, "observations", len(l.observations(t)), 3)
}

func testSeal(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	a, b := newLine(t, s, "a", 3), newLine(t, s, "b", 1)
	var want []plant.Observation
	for range 5 {
		batch := a.batch(numbers(60)...)
		for i := range batch.Observations {
			batch.Observations[i].Item = a.items[i%3].ID
			batch.Observations[i].Time = -batch.Observations[i].Sequence
		}
		a.commit(t, batch)
		want = append(want, batch.Observations...)
		b.commit(t, b.batch(numbers(1)...))
	}
	for _, settled := range []time.Time{{}, time.Now().Add(-48 * time.Hour)} {
		if sealed := must[store.Sealed](t)(s.Seal(ctx, settled)); sealed.Observations != 0 {
			t.Errorf("sealed %+v of what was committed after %v", sealed, settled)
		}
	}
	sealed := sealAll(t, s)
	if sealed.Observations != 305 || sealed.Blocks < 4 || sealed.Bytes < 1 || sealed.Partitions < 1 {
		t.Errorf("sealed %+v, want 305 observations of 4 items", sealed)
	}
	if again := sealAll(t, s); again.Observations != 0 || again.Blocks != 0 {
		t.Errorf("sealed again: %+v", again)
	}
	size := must[store.Size](t)(s.Size(ctx))
	if size.Blocked != 305 || size.Blocks != sealed.Blocks || size.BlockBytes < sealed.Bytes || size.TotalBytes < size.BlockBytes || size.Oldest != -300 {
		t.Errorf("size %+v after sealing %+v", size, sealed)
	}
	equal(t, "observations of a", a.observations(t), want)
	equal(t, "observations of b", len(b.observations(t)), 5)
	equal(t, "run", a.stored(t).Stored, 300)
	a.commit(t, a.batch(numbers(2)...))
	equal(t, "observations with later ones", len(a.observations(t)), 302)
	sound(t, s)
}

func testMerge(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	a, b := newLine(t, s, "a", 2), newLine(t, s, "b", 1)
	var want []plant.Observation
	for range 12 {
		batch := a.batch(numbers(20)...)
		for i := range batch.Observations {
			batch.Observations[i].Item = a.items[i%2].ID
		}
		a.commit(t, batch)
		want = append(want, batch.Observations...)
		b.commit(t, b.batch(numbers(1)...))
		sealAll(t, s)
	}
	before := must[store.Size](t)(s.Size(ctx))
	merged := store.Merged{}
	for range 10 {
		m := must[store.Merged](t)(s.Merge(ctx))
		merged.Before, merged.After = merged.Before+m.Before, merged.After+m.After
		if m == (store.Merged{}) {
			break
		}
	}
	after := must[store.Size](t)(s.Size(ctx))
	if merged.Before <= merged.After || after.Blocks != before.Blocks-merged.Before+merged.After || after.Blocked != before.Blocked {
		t.Errorf("merged %+v: from %+v to %+v", merged, before, after)
	}
	equal(t, "merged in the end", must[store.Merged](t)(s.Merge(ctx)), store.Merged{})
	equal(t, "observations of a", a.observations(t), want)
	equal(t, "observations of b", len(b.observations(t)), 12)
	sound(t, s)
}

// A block in which the clock was put back by months has neighbours at either end: it is
// merged with those of one of them only.
func testMergeClockPutBack(t *testing.T, s UpkeepStore) {
	const months = int64(90*24*time.Hour) / int64(time.Microsecond)
	l := newLine(t, s, "a", 1)
	var want []plant.Observation
	for _, before := range []int{20, 10, 0} { // of 20 observations
		batch := l.batch(numbers(20)...)
		for i := range batch.Observations[before:] {
			batch.Observations[before+i].Time -= months
		}
		l.commit(t, batch)
		want = append(want, batch.Observations...)
		sealAll(t, s)
	}
	if merged := must[store.Merged](t)(s.Merge(t.Context())); merged.Before <= merged.After {
		t.Errorf("merged %+v of three small blocks", merged)
	}
	equal(t, "merged in the end", must[store.Merged](t)(s.Merge(t.Context())), store.Merged{})
	equal(t, "observations", l.observations(t), want)
	sound(t, s)
}

func testReplaceStates(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	l, other := newLine(t, s, "a", 1), newLine(t, s, "b", 1)
	change := func(l *line, sequence, time int64, state plant.State) plant.StateChange {
		return plant.StateChange{Device: l.device.ID, Run: l.run.ID, Sequence: sequence, Time: time, State: state, Rule: "1"}
	}
	commit := func(l *line, changes ...plant.StateChange) {
		b := l.batch(numbers(9)...)
		b.States = changes
		l.commit(t, b)
	}
	old := []plant.StateChange{change(l, 1, 10, plant.Idle), change(l, 3, 40, plant.Running), change(l, 5, 20, plant.Alarmed), change(l, 7, 30, plant.Idle)}
	others := []plant.StateChange{change(other, 2, 25, plant.Running)}
	commit(l, old...)
	commit(other, others...)
	states := func(l *line) []plant.StateChange {
		t.Helper()
		return must[[]plant.StateChange](t)(s.StatesBetween(ctx, l.device.ID, 0, 100))
	}
	replace := func(from int64, changes ...plant.StateChange) {
		t.Helper()
		runs := []plant.Run{must[plant.Run](t)(s.LastRun(ctx, l.agent.ID))}
		if err := s.ReplaceStates(ctx, l.device.ID, from, changes, runs); err != nil {
			t.Fatal(err)
		}
	}
	renewed := []plant.StateChange{change(l, 3, 40, plant.Stopped), change(l, 7, 30, plant.Setup), change(l, 8, 50, plant.Running)}
	replace(21, renewed...)
	want := []plant.StateChange{old[0], renewed[0], old[2], renewed[1], renewed[2]}
	equal(t, "states", states(l), want)
	equal(t, "newest state", must[[]plant.StateChange](t)(s.States(ctx, l.agent.ID)), want[4:])
	replace(51)
	equal(t, "states after nothing was replaced", states(l), want)
	replace(20)
	equal(t, "states without those from 20 on", states(l), want[:1])
	replace(-1, renewed...)
	equal(t, "states anew", states(l), renewed)
	replace(-1)
	equal(t, "no states", states(l), nil)
	equal(t, "states of the other machine", states(other), others)

	before := []plant.Run{must[plant.Run](t)(s.LastRun(ctx, l.agent.ID))}
	l.commit(t, l.batch(numbers(1)...))
	grown := []plant.Run{must[plant.Run](t)(s.LastRun(ctx, l.agent.ID))}
	replace(-1, renewed...)
	for name, runs := range map[string][]plant.Run{"none": nil, "before a commit": before, "one more": append(grown, before...)} {
		if err := s.ReplaceStates(ctx, l.device.ID, -1, old, runs); plant.ErrorCode(err) != plant.Conflict {
			t.Errorf("states of runs that are otherwise by now (%s): %v", name, err)
		}
	}
	equal(t, "states that stay", states(l), renewed)
}
