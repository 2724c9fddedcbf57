package storetest

import (
	"math"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// expire frees what is older than the cutoffs, and holds a dry run to what is
// freed then.
func expire(t tester, s UpkeepStore, cutoffs map[plant.AgentID]int64) store.Expired {
	t.Helper()
	before := must[store.Size](t)(s.Size(t.Context()))
	would := must[store.Expired](t)(s.Expire(t.Context(), cutoffs, true))
	after := must[store.Size](t)(s.Size(t.Context()))
	if after.Blocked != before.Blocked || after.Blocks != before.Blocks {
		t.Errorf("a dry run that would free %+v: from %+v to %+v", would, before, after)
	}
	did := must[store.Expired](t)(s.Expire(t.Context(), cutoffs, false))
	equal(t, "what was freed, against what would be", did, would)
	after = must[store.Size](t)(s.Size(t.Context()))
	if after.Blocked != before.Blocked-did.Observations || after.Blocks != before.Blocks-did.Blocks {
		t.Errorf("freed %+v: from %+v to %+v", did, before, after)
	}
	equal(t, "what is freed then", must[store.Expired](t)(s.Expire(t.Context(), cutoffs, false)), store.Expired{})
	return did
}

// timed commits n observations of each item of a line from a time on, and gives
// them.
func (l *line) timed(t tester, n int, from int64) []plant.Observation {
	t.Helper()
	b := l.batch(numbers(n * len(l.items))...)
	for i := range b.Observations {
		b.Observations[i].Item = l.items[i%len(l.items)].ID
		b.Observations[i].Time = from + int64(i)
	}
	l.commit(t, b)
	return b.Observations
}

// Sharing commits n observations of the items of the only agent of a store, of which
// three each have the same time, from a time on.
func Sharing(t testing.TB, s Store, n int, from int64) {
	t.Helper()
	run := OnlyRun(t, s)
	l := &line{store: s, run: run}
	for _, d := range must[[]plant.Device](t)(s.Devices(t.Context())) {
		l.items = append(l.items, must[[]plant.DataItem](t)(s.Items(t.Context(), d.ID))...)
	}
	l.commit(t, l.sharing(n, from))
}

// sharing gives n observations of the items of a line, of which three each have the
// same time, from a time on.
func (l *line) sharing(n int, from int64) *store.Batch {
	b := l.batch(numbers(n)...)
	for i := range b.Observations {
		b.Observations[i].Item = l.items[i%len(l.items)].ID
		b.Observations[i].Time = from + int64(i/3)*1000
	}
	return b
}

// testExpireSharedTimes seals observations that share their times, of which some go
// and at last all.
func testExpireSharedTimes(t *testing.T, s UpkeepStore) {
	a, b := newLine(t, s, "a", 3), newLine(t, s, "b", 3)
	for i := range int64(3) {
		a.commit(t, a.sharing(3_000, i*1_000_000)) // blocks at once
		b.commit(t, b.sharing(600, i*1_000_000))
	}
	before := a.observations(t)
	ofB := b.observations(t)
	sealAll(t, s)
	sound(t, s)
	equal(t, "observations of a", a.observations(t), before)
	equal(t, "observations of b", b.observations(t), ofB)
	must[store.Merged](t)(s.Merge(t.Context()))
	equal(t, "observations of b when merged", b.observations(t), ofB)
	expire(t, s, map[plant.AgentID]int64{a.agent.ID: 2_000_000})
	equal(t, "what is left of a", a.observations(t), before[6_000:])
	sound(t, s)
	expire(t, s, map[plant.AgentID]int64{a.agent.ID: math.MaxInt64, b.agent.ID: math.MaxInt64})
	sound(t, s)
	if size := must[store.Size](t)(s.Size(t.Context())); size.Blocks != 0 || size.Blocked != 0 {
		t.Errorf("of nothing there are %+v", size)
	}
}

func testExpire(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	const early, late = 1_000_000, 2_000_000
	a, b, c := newLine(t, s, "a", 3), newLine(t, s, "b", 1), newLine(t, s, "c", 1)
	a.timed(t, 50, early)
	kept := b.timed(t, 50, early)
	c.timed(t, 50, early)
	gap := a.batch()
	gap.Next += 10
	gap.Gaps = []plant.Gap{{Run: a.run.ID, From: gap.Expect, To: gap.Next - 1, Reason: plant.GapOverrun}}
	a.commit(t, gap)
	sealAll(t, s)
	rest := a.timed(t, 40, late)
	sealAll(t, s)
	straddling := a.timed(t, 2, late-3)
	sealAll(t, s)
	models := must[[]plant.Model](t)(s.Models(ctx, a.agent.ID))
	gaps := all(t, s.Gaps(ctx, a.run.ID, 0))

	none := expire(t, s, map[plant.AgentID]int64{a.agent.ID: early, c.agent.ID: math.MinInt64})
	equal(t, "freed with cutoffs before everything", none, store.Expired{})
	none = expire(t, s, nil)
	equal(t, "freed without cutoffs", none, store.Expired{})

	freed := expire(t, s, map[plant.AgentID]int64{a.agent.ID: late, c.agent.ID: math.MaxInt64})
	if freed.Observations != 200 || freed.Blocks < 4 || freed.Bytes < 1 {
		t.Errorf("freed %+v, want 200 observations", freed)
	}
	// What straddles the cutoff may be kept.
	for _, o := range append(rest, straddling[3:]...) {
		found := all(t, s.ItemObservations(ctx, []plant.ItemID{o.Item}, o.Time, o.Time+1, false))
		if len(found) == 0 {
			t.Fatalf("observation %+v is gone", o)
		}
	}
	equal(t, "the old ones", all(t, s.ItemObservations(ctx, []plant.ItemID{a.items[0].ID}, 0, late-10, true)), nil)
	equal(t, "observations of b", b.observations(t), kept)
	equal(t, "observations of c", c.observations(t), nil)
	for _, l := range []*line{a, b, c} {
		want := map[*line]int64{a: 150, c: 50}[l]
		if run := l.stored(t); run.Freed != want || run.Stored != l.run.Stored || run.Next != l.run.Next {
			t.Errorf("run %+v, want %d freed and the rest as it was: %+v", run, want, l.run)
		}
	}
	equal(t, "gaps", all(t, s.Gaps(ctx, a.run.ID, 0)), gaps)
	equal(t, "models", must[[]plant.Model](t)(s.Models(ctx, a.agent.ID)), models)
	sound(t, s)
	// It goes on.
	a.commit(t, a.batch(numbers(3)...))
	c.commit(t, c.batch(numbers(3)...))
	equal(t, "observations of c", len(c.observations(t)), 3)
	sealAll(t, s)
	sound(t, s)
}

// testExpireRows leaves what was not sealed.
func testExpireRows(t *testing.T, s UpkeepStore) {
	l := newLine(t, s, "a", 2)
	want := l.timed(t, 20, 1_000)
	cutoffs := map[plant.AgentID]int64{l.agent.ID: math.MaxInt64}
	equal(t, "freed of rows", expire(t, s, cutoffs), store.Expired{})
	equal(t, "observations", l.observations(t), want)
	sealAll(t, s)
	if freed := expire(t, s, cutoffs); freed.Observations != 40 {
		t.Errorf("freed %+v, want 40 observations", freed)
	}
	equal(t, "observations", l.observations(t), nil)
}

// testExpireQuietItem frees the only observation of an item, which is still what is
// known of it.
func testExpireQuietItem(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	l := newLine(t, s, "a", 2)
	b := l.batch(plant.Value{Kind: plant.Text, Text: "AUTOMATIC"}, plant.Value{Kind: plant.Text, Text: "ACTIVE"})
	b.Observations[0].Time, b.Observations[1].Time = 100, 900
	b.Observations[1].Item = l.items[1].ID
	b.Latest = []plant.Latest{{Observation: b.Observations[0]}, {Observation: b.Observations[1]}}
	l.commit(t, b)
	sealAll(t, s)
	if freed := expire(t, s, map[plant.AgentID]int64{l.agent.ID: 500}); freed.Observations != 1 {
		t.Errorf("freed %+v, want one observation", freed)
	}
	quiet, busy := l.items[0].ID, l.items[1].ID
	last := func(item plant.ItemID, from int64) []plant.Observation {
		t.Helper()
		return all(t, s.ItemObservations(ctx, []plant.ItemID{item}, from, math.MaxInt64, true))
	}
	equal(t, "what the quiet item said last", last(quiet, 800), b.Observations[:1])
	equal(t, "the same with the other item", all(t, s.ItemObservations(ctx, []plant.ItemID{quiet, busy}, 800, 1000, true)), b.Observations)
	equal(t, "at a moment", all(t, s.ItemObservations(ctx, []plant.ItemID{quiet}, 101, 101, true)), b.Observations[:1])
	equal(t, "before it was said", last(quiet, 100), nil)
	equal(t, "within a range", all(t, s.ItemObservations(ctx, []plant.ItemID{quiet}, 0, 1000, false)), nil)
	// When it has spoken, what was before is not known any more.
	b = l.batch(plant.Value{Kind: plant.Text, Text: "MANUAL"})
	b.Observations[0].Item, b.Observations[0].Time = quiet, 950
	b.Latest = []plant.Latest{{Observation: b.Observations[0]}}
	l.commit(t, b)
	equal(t, "behind what was freed", last(quiet, 800), b.Observations)
}

// testExpireDerived frees states and baselines, but none that is needed.
func testExpireDerived(t *testing.T, s UpkeepStore) {
	ctx := t.Context()
	l := newLine(t, s, "a", 1)
	state := func(sequence, time int64, state plant.State) plant.StateChange {
		return plant.StateChange{Device: l.device.ID, Run: l.run.ID, Sequence: sequence, Time: time, State: state, Rule: "1"}
	}
	known := func() []plant.Observation {
		return []plant.Observation{{Item: l.items[0].ID, Run: l.run.ID, Sequence: l.run.Next - 1, Time: 5}}
	}
	// A run of which nothing is left, and one of which something is.
	l.timed(t, 10, 100)
	b := l.batch()
	b.Baseline = known()
	b.States = []plant.StateChange{state(1, 100, plant.Idle), state(5, 104, plant.Running)}
	l.commit(t, b)
	gone := l.run.ID
	l.start(t, 2)
	l.timed(t, 10, 200)
	b = l.batch()
	b.Baseline = known()
	b.States = []plant.StateChange{state(1, 200, plant.Stopped), state(9, 208, plant.Alarmed)}
	b.Latest = []plant.Latest{{Observation: plant.Observation{Item: l.items[0].ID, Run: l.run.ID, Sequence: 10, Time: 209}}}
	l.commit(t, b)
	sealAll(t, s)

	const cutoff = 205
	before := must[[]plant.StateChange](t)(s.StatesBetween(ctx, l.device.ID, cutoff, math.MaxInt64))
	left := all(t, s.Baselines(ctx, l.run.ID))
	freed := expire(t, s, map[plant.AgentID]int64{l.agent.ID: cutoff})
	if freed.Observations != 10 || freed.States != 2 || freed.Baselines != 1 {
		t.Errorf("freed %+v, want 10 observations, 2 states and a baseline", freed)
	}
	equal(t, "states from the cutoff on", must[[]plant.StateChange](t)(s.StatesBetween(ctx, l.device.ID, cutoff, math.MaxInt64)), before)
	equal(t, "newest state", must[[]plant.StateChange](t)(s.States(ctx, l.agent.ID)), before[1:])
	equal(t, "baselines of the run that is left", all(t, s.Baselines(ctx, l.run.ID)), left)
	equal(t, "baselines of the run that is gone", all(t, s.Baselines(ctx, gone)), nil)
	equal(t, "observations that are left", len(l.observations(t)), 10)

	// Of all that is known now, nothing is freed.
	freed = expire(t, s, map[plant.AgentID]int64{l.agent.ID: math.MaxInt64})
	if freed.Observations != 10 || freed.States != 1 {
		t.Errorf("freed %+v, want 10 observations and a state", freed)
	}
	equal(t, "newest state", must[[]plant.StateChange](t)(s.States(ctx, l.agent.ID)), before[1:])
	equal(t, "latest", must[[]plant.Latest](t)(s.Latest(ctx, l.agent.ID)), b.Latest)
	equal(t, "runs", len(must[[]plant.Run](t)(s.Runs(ctx))), 2)
	sound(t, s)
}
