package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

func testRuns(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newAgent(t, s, "a")
	_, err := s.LastRun(ctx, agent)
	refused(t, "last run of an agent never read", err, plant.NotFound)

	start := must[plant.Run](t)
	first := start(s.StartRun(ctx, 0, plant.Run{Agent: agent, InstanceID: math.MaxUint64, First: 17, Began: moment(1)}, nil))
	equal(t, "run", first, plant.Run{
		ID: first.ID, Agent: agent, InstanceID: math.MaxUint64, First: 17, Next: 17, Began: moment(1),
	})
	equal(t, "last run", start(s.LastRun(ctx, agent)), first)
	second := start(s.StartRun(ctx, first.ID, plant.Run{Agent: agent, InstanceID: math.MaxUint64, First: 1, Epoch: 9, Began: time.Time{}}, nil))
	if second.Epoch != 1 || second.ID == first.ID || !second.Began.IsZero() {
		t.Errorf("second run of the same instance: %+v", second)
	}
	third := start(s.StartRun(ctx, second.ID, plant.Run{Agent: agent, InstanceID: 5, First: 1}, nil))
	if third.Epoch != 0 {
		t.Errorf("first run of another instance: %+v", third)
	}
	fourth := start(s.StartRun(ctx, third.ID, plant.Run{Agent: agent, InstanceID: math.MaxUint64, First: 1}, nil))
	if fourth.Epoch != 2 {
		t.Errorf("third run of the first instance: %+v", fourth)
	}
	equal(t, "last run", start(s.LastRun(ctx, agent)), fourth)
}

func testRunsConflict(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newAgent(t, s, "a")
	run := plant.Run{Agent: agent, InstanceID: 1, First: 1}
	gap := plant.Gap{Run: 1, From: 1, To: plant.OpenEnd, Reason: plant.GapRestart}
	first := must[plant.Run](t)(s.StartRun(ctx, 0, run, nil))

	_, err := s.StartRun(ctx, 0, run, nil)
	refused(t, "a second first run", err, plant.Conflict)
	gap.Run = first.ID + 1
	_, err = s.StartRun(ctx, first.ID+1, run, []plant.Gap{gap})
	refused(t, "a run after an unknown one", err, plant.Conflict)
	second := must[plant.Run](t)(s.StartRun(ctx, first.ID, run, nil))
	gap.Run = first.ID
	_, err = s.StartRun(ctx, first.ID, run, []plant.Gap{gap})
	refused(t, "a run after one that has a follower", err, plant.Conflict)
	run.Agent = 77
	_, err = s.StartRun(ctx, 0, run, nil)
	refused(t, "a run of an unknown agent", err, plant.NotFound)

	equal(t, "runs", must[[]plant.Run](t)(s.Runs(ctx)), []plant.Run{first, second})
	equal(t, "gaps of what was refused", all(t, s.Gaps(ctx, first.ID, 0)), nil)
}

func testRunsInOrder(t *testing.T, s Store) {
	ctx := t.Context()
	instances := []uint64{1 << 63, 3, math.MaxUint64, math.MaxInt64, 3, 0}
	var last plant.RunID
	for _, name := range []string{"b", "a"} {
		agent := newAgent(t, s, name)
		last = 0
		for _, instance := range instances {
			run := must[plant.Run](t)(s.StartRun(ctx, last, plant.Run{Agent: agent, InstanceID: instance, First: 1}, nil))
			last = run.ID
		}
	}
	type key struct {
		Agent    plant.AgentID
		Instance uint64
		Epoch    int32
	}
	var got []key
	for _, r := range must[[]plant.Run](t)(s.Runs(ctx)) {
		got = append(got, key{r.Agent, r.InstanceID, r.Epoch})
	}
	agents := must[[]plant.Agent](t)(s.Agents(ctx))
	var want []key
	for _, a := range agents {
		want = append(want, key{a.ID, 0, 0}, key{a.ID, 3, 0}, key{a.ID, 3, 1},
			key{a.ID, math.MaxInt64, 0}, key{a.ID, 1 << 63, 0}, key{a.ID, math.MaxUint64, 0})
	}
	equal(t, "runs", got, want)
}

func testGapsOfRuns(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newAgent(t, s, "a")
	overrun := plant.Gap{From: 1, To: 99, Reason: plant.GapOverrun, Detail: "the buffer began at 100", Noticed: moment(1)}
	first := must[plant.Run](t)(s.StartRun(ctx, 0, plant.Run{Agent: agent, InstanceID: 1, First: 1}, []plant.Gap{overrun}))
	if first.First != 1 || first.Next != 100 {
		t.Errorf("run that begins with a gap: %+v, want it to go on at 100", first)
	}
	restart := plant.Gap{Run: first.ID, From: 100, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: moment(2)}
	lost := plant.Gap{From: 5, To: 6, Reason: plant.GapRejected, Detail: "later"}
	second := must[plant.Run](t)(s.StartRun(ctx, first.ID, plant.Run{Agent: agent, InstanceID: 2, First: 5}, []plant.Gap{restart, lost}))

	overrun.Run, lost.Run, lost.Noticed = first.ID, second.ID, time.Time{}
	equal(t, "gaps of the first run", all(t, s.Gaps(ctx, first.ID, 0)), []plant.Gap{overrun, restart})
	equal(t, "gaps of the second run", all(t, s.Gaps(ctx, second.ID, 0)), []plant.Gap{lost})

	end := plant.Gap{Run: second.ID, From: 7, To: plant.OpenEnd, Reason: plant.GapRestart}
	for what, gaps := range map[string][]plant.Gap{
		"a gap of a run long ago":               {{Run: first.ID, From: 100, To: plant.OpenEnd, Reason: plant.GapRestart}},
		"a gap over what the last run has":      {{Run: second.ID, From: 5, To: 6, Reason: plant.GapOverrun}},
		"a gap behind what the last run has":    {{Run: second.ID, From: 7, To: 8, Reason: plant.GapOverrun}},
		"two open ends":                         {end, end},
		"a gap of the new run behind its start": {{From: 9, To: 10, Reason: plant.GapOverrun}},
		"a gap that ends before it begins":      {{From: 1, To: 0, Reason: plant.GapOverrun}},
		"a gap without end in a new run":        {{From: 1, To: plant.OpenEnd, Reason: plant.GapRestart}},
	} {
		_, err := s.StartRun(ctx, second.ID, plant.Run{Agent: agent, InstanceID: 3, First: 1}, gaps)
		refused(t, what, err, plant.Invalid)
	}
	_, err := s.StartRun(ctx, second.ID, plant.Run{Agent: agent, InstanceID: 3, First: 0}, nil)
	refused(t, "a run that begins at 0", err, plant.Invalid)
	equal(t, "last run", must[plant.Run](t)(s.LastRun(ctx, agent)), second)
	equal(t, "gaps after what was refused", all(t, s.Gaps(ctx, second.ID, 0)), []plant.Gap{lost})
}

// testGapPages reads more gaps than a store may hold at once, from both ends.
func testGapPages(t *testing.T, s Store) {
	ctx := t.Context()
	const n = 1_500
	l := newLine(t, s, "a", 1)
	b := &store.Batch{Run: l.run.ID, Expect: 1, Next: 2*n + 1}
	for i := range int64(n) {
		b.Gaps = append(b.Gaps, plant.Gap{Run: l.run.ID, From: 2*i + 1, To: 2*i + 2, Reason: plant.GapMissing, Noticed: moment(i)})
	}
	l.commit(t, b)
	descending := slices.Clone(b.Gaps)
	slices.Reverse(descending)
	for _, sequence := range []int64{math.MinInt64, 0, 1, 2, 3, 999, 1000, 1001, 1002, 2*n - 1, 2 * n, math.MaxInt64} {
		i := slices.IndexFunc(b.Gaps, func(g plant.Gap) bool { return g.From >= sequence })
		if i < 0 {
			i = n
		}
		equal(t, fmt.Sprint("gaps from ", sequence), all(t, s.Gaps(ctx, l.run.ID, sequence)), b.Gaps[i:])
		equal(t, fmt.Sprint("gaps before ", sequence), all(t, s.GapsBefore(ctx, l.run.ID, sequence)), descending[n-i:])
	}
	equal(t, "gaps of no run", all(t, s.GapsBefore(ctx, 999, math.MaxInt64)), nil)
	for g, err := range s.Gaps(ctx, l.run.ID, 0) {
		if err != nil || g.From != 1 {
			t.Errorf("the first gap: %v, %v", g, err)
		}
		break
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for g, err := range s.Gaps(ended, l.run.ID, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v, %v", g, err)
		}
	}
}
