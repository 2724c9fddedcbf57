package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// testReadsAsBefore commits at random, with sealing and merging in between:
// everything that is read is as if it had been committed and nothing else.
func testReadsAsBefore(t *testing.T, s UpkeepStore) {
	made := 0
	rapid.Check(t, func(r *rapid.T) {
		made++
		h := &history{line: newLine(r, s, fmt.Sprintf("agent%d", made), 3)}
		h.runs = []plant.RunID{h.run.ID}
		h.random = rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		for range rapid.IntRange(1, 2).Draw(r, "rounds") {
			for range rapid.IntRange(1, 3).Draw(r, "commits") {
				h.commitSome(r, rapid.IntRange(0, 80).Draw(r, "observations"))
			}
			if rapid.Bool().Draw(r, "restart") {
				h.start(r, 1)
				h.runs = append(h.runs, h.run.ID)
			}
			before := h.ledger(r)
			switch rapid.SampledFrom([]string{"seal", "merge", "both"}).Draw(r, "upkeep") {
			case "seal":
				sealAll(r, s)
			case "merge":
				must[store.Merged](r)(s.Merge(r.Context()))
			case "both":
				sealAll(r, s)
				must[store.Merged](r)(s.Merge(r.Context()))
			}
			equal(r, "ledger", h.ledger(r), before)
			h.check(r)
		}
	})
	sound(t, s)
}

// history is a line with all that was committed to it.
type history struct {
	*line
	random *rand.Rand
	runs   []plant.RunID
	stored []plant.Observation
	gaps   []plant.Gap
}

// years are where the times of observations begin: of now, of a recording, and of
// clocks that are wrong.
var years = [...]int{2026, 2026, 2026, 2016, 1, 9999}

// commitSome commits n observations, mostly, with what goes with them.
func (h *history) commitSome(t tester, n int) {
	t.Helper()
	b := h.batch(make([]plant.Value, n)...)
	if n == 0 && h.random.IntN(2) == 0 {
		b.Baseline = h.baseline(b.Next)
		h.commit(t, b)
		return
	}
	at := time.Date(years[h.random.IntN(len(years))], 12, 31, 23, 0, h.random.IntN(60), 0, time.UTC).UnixMicro()
	step := []int64{-1, 0, 1, 1000}[h.random.IntN(4)]
	for i := range b.Observations {
		o := &b.Observations[i]
		at += step * h.random.Int64N(3)
		o.Item, o.Time = h.items[h.random.IntN(len(h.items))].ID, at
		h.say(o)
	}
	if h.random.IntN(3) == 0 {
		gap := plant.Gap{Run: h.run.ID, From: b.Next, To: b.Next + h.random.Int64N(100), Reason: plant.GapOverrun, Noticed: moment(b.Next)}
		b.Gaps, b.Next = []plant.Gap{gap}, gap.To+1
		h.gaps = append(h.gaps, gap)
	}
	if n > 0 {
		last := b.Observations[n-1]
		b.Latest = []plant.Latest{{Observation: last}}
		b.States = []plant.StateChange{{
			Device: h.device.ID, Run: h.run.ID, Sequence: last.Sequence, Time: last.Time, State: plant.Running, Rule: "5",
		}}
	}
	h.commit(t, b)
	h.stored = append(h.stored, b.Observations...)
}

// baseline is of a place in the run.
func (h *history) baseline(at int64) []plant.Observation {
	if at == 1 {
		return nil
	}
	o := plant.Observation{Item: h.items[0].ID, Run: h.run.ID, Sequence: at - 1, Time: at}
	h.say(&o)
	return []plant.Observation{o}
}

// say gives an observation something to say; of the first item it is always a
// number.
func (h *history) say(o *plant.Observation) {
	kind := h.random.IntN(8)
	if o.Item == h.items[0].ID {
		kind = 0
	}
	switch kind {
	case 0, 1:
		o.Value = plant.Value{Kind: plant.Number, Number: float64(h.random.IntN(1000)) / 8}
	case 2:
		o.Value = plant.Value{Kind: plant.Number, Number: h.random.NormFloat64()}
	case 3:
		o.Value = plant.Value{Kind: plant.Text, Text: []string{"", "READY", "ACTIVE", "Öl"}[h.random.IntN(4)]}
	case 4:
		o.Value = plant.Value{Kind: plant.Set, Text: fmt.Sprintf(`{"k":%d}`, h.random.IntN(9))}
	case 5:
		o.Alarm = &plant.Alarm{Level: plant.Level(1 + h.random.IntN(4)), NativeCode: fmt.Sprint(h.random.IntN(3))}
	case 6:
		o.Value = plant.Value{Kind: plant.Number, Number: 1}
		o.Extra = `{"statistic":"AVERAGE"}`
	}
}

// ledger is what is read of the line but for observations.
type ledger struct {
	Runs      []plant.Run
	Gaps      map[plant.RunID][]plant.Gap
	Baselines map[plant.RunID][]plant.Baseline
	Latest    []plant.Latest
	Current   []plant.Latest
	States    []plant.StateChange
	Newest    []plant.StateChange
}

func (h *history) ledger(t tester) ledger {
	t.Helper()
	ctx, s := t.Context(), h.store
	l := ledger{Gaps: make(map[plant.RunID][]plant.Gap), Baselines: make(map[plant.RunID][]plant.Baseline)}
	for _, r := range must[[]plant.Run](t)(s.Runs(ctx)) {
		if r.Agent == h.agent.ID {
			l.Runs = append(l.Runs, r)
		}
	}
	for _, r := range h.runs {
		l.Gaps[r] = all(t, s.Gaps(ctx, r, 0))
		l.Baselines[r] = all(t, s.Baselines(ctx, r))
	}
	l.Latest = must[[]plant.Latest](t)(s.Latest(ctx, h.agent.ID))
	l.Current = must[[]plant.Latest](t)(s.Current(ctx, h.device.ID))
	l.States = must[[]plant.StateChange](t)(s.StatesBetween(ctx, h.device.ID, math.MinInt64, math.MaxInt64))
	l.Newest = must[[]plant.StateChange](t)(s.States(ctx, h.agent.ID))
	return l
}

// check reads the observations in all ways.
func (h *history) check(t tester) {
	t.Helper()
	ctx := t.Context()
	items := []plant.ItemID{h.items[0].ID, h.items[1].ID, h.items[2].ID}
	ranges := [][2]int64{{math.MinInt64, math.MaxInt64}}
	for range 2 {
		from, to := h.someTime(), h.someTime()
		ranges = append(ranges, [2]int64{min(from, to), max(from, to)}, [2]int64{from, from})
	}
	for i, r := range ranges {
		of := [][]plant.ItemID{items, items[:1], items[1:2], items[2:]}[i%4]
		got := all(t, h.store.ItemObservations(ctx, of, r[0], r[1], i%2 == 0))
		equal(t, fmt.Sprintf("observations of the items %v in %v", of, r), got, ofItems(h.stored, of, r[0], r[1], i%2 == 0))
		q := summaryQuery{item: items[i%3], from: r[0], to: r[1], columns: 1 + h.random.IntN(20), room: h.random.IntN(80)}
		q.check(t, h.store, h.stored, h.gaps)
	}
	for _, run := range h.runs {
		for _, sequence := range []int64{0, 1 + h.random.Int64N(h.run.Next)} {
			got := all(t, h.store.Observations(ctx, run, sequence))
			equal(t, fmt.Sprintf("observations of run %d from %d", run, sequence), got, ofRun(h.stored, run, sequence))
		}
	}
}

// someTime is the time of an observation, or the one before or after it.
func (h *history) someTime() int64 {
	if len(h.stored) == 0 {
		return 0
	}
	return h.stored[h.random.IntN(len(h.stored))].Time + h.random.Int64N(3) - 1
}

// testUpkeepWithinReads seals and merges in the middle of reads, which must not
// notice.
func testUpkeepWithinReads(t *testing.T, s UpkeepStore) {
	const rounds, size = 6, 900
	l := newLine(t, s, "a", 3)
	ids := []plant.ItemID{l.items[0].ID, l.items[1].ID, l.items[2].ID}
	var want []plant.Observation
	commit := func() {
		t.Helper()
		b := l.batch(numbers(size)...)
		for i := range b.Observations {
			b.Observations[i].Item = ids[i%3]
		}
		l.commit(t, b)
		want = append(want, b.Observations...)
	}
	for range rounds {
		commit()
		sealAll(t, s)
	}
	for what, read := range map[string]iter.Seq2[plant.Observation, error]{
		"items": s.ItemObservations(t.Context(), ids, 0, math.MaxInt64, true),
		"run":   s.Observations(t.Context(), l.run.ID, 0),
	} {
		n, known := 0, len(want)
		for o, err := range read {
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if !sameObservation(o, want[n]) {
				t.Fatalf("%s: observation %d is %+v, want %+v", what, n, o, want[n])
			}
			n++
			switch n {
			case 40, 1_000:
				commit()
			case 200, 2_000, 5_000:
				sealAll(t, s)
			case 300, 3_000:
				must[store.Merged](t)(s.Merge(t.Context()))
			}
		}
		if n < known || (n-known)%size != 0 {
			t.Errorf("%s: %d observations, want %d and whole commits of %d", what, n, known, size)
		}
	}
	sound(t, s)
}

// testUpkeepBesideCapture seals and merges, twice at once, beside writers and
// readers.
func testUpkeepBesideCapture(t *testing.T, s UpkeepStore) {
	const commits, size = 40, 30
	lines := []*line{newLine(t, s, "a", 3), newLine(t, s, "b", 3)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writing, beside sync.WaitGroup
	defer beside.Wait()
	until := func(what string, f func() error) {
		beside.Go(func() {
			for ctx.Err() == nil {
				if err := f(); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	for range 2 {
		until("seal", func() error { _, err := s.Seal(ctx, always()); return err })
		until("merge", func() error { _, err := s.Merge(ctx); return err })
	}
	for _, l := range lines {
		ids := []plant.ItemID{l.items[0].ID, l.items[1].ID, l.items[2].ID}
		agent, run := l.agent.ID, l.run.ID
		until("read a run", func() error { return readConsistent(ctx, s, agent, run) })
		until("read items", func() error { return readTogether(ctx, s, ids) })
		until("read what is known", func() error { return knownTogether(ctx, s, ids) })
		writing.Go(func() {
			for range commits {
				b := l.batch(numbers(size)...)
				for i := range b.Observations {
					o := &b.Observations[i]
					o.Item, o.Time = ids[i%3], (o.Sequence-1)/3
				}
				if err := s.Commit(ctx, []*store.Batch{b}); err != nil || b.Err != nil {
					t.Errorf("commit: %v, %v", err, b.Err)
					return
				}
				l.run.Next = b.Next
			}
		})
	}
	writing.Wait()
	cancel()
	beside.Wait()
	sealAll(t, s)
	for _, l := range lines {
		equal(t, "observations", len(l.observations(t)), commits*size)
		if run := l.stored(t); run.Stored != commits*size {
			t.Errorf("run: %+v", run)
		}
	}
	sound(t, s)
}

// testUpkeepInterrupted ends sealing and merging in the middle, again and again.
func testUpkeepInterrupted(t *testing.T, s UpkeepStore) {
	h := &history{line: newLine(t, s, "a", 3), random: rand.New(rand.NewPCG(1, 2))}
	h.runs = []plant.RunID{h.run.ID}
	for limit := 50 * time.Microsecond; limit < 50*time.Millisecond; limit *= 2 {
		for range 4 {
			h.commitSome(t, 300)
		}
		before := h.ledger(t)
		for _, work := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := s.Seal(ctx, always()); return err },
			func(ctx context.Context) error { _, err := s.Merge(ctx); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			if err := work(ctx); err != nil && ctx.Err() == nil {
				t.Fatal(err)
			}
			cancel()
		}
		equal(t, "ledger", h.ledger(t), before)
		if got := all(t, s.Observations(t.Context(), h.run.ID, 0)); !slices.EqualFunc(got, h.stored, sameObservation) {
			t.Fatalf("%d observations, want %d", len(got), len(h.stored))
		}
	}
	sealAll(t, s)
	must[store.Merged](t)(s.Merge(t.Context()))
	h.check(t)
	sound(t, s)
}

// sameObservation reports whether two observations say the same.
func sameObservation(a, b plant.Observation) bool {
	if (a.Alarm == nil) != (b.Alarm == nil) || a.Alarm != nil && *a.Alarm != *b.Alarm {
		return false
	}
	a.Alarm, b.Alarm = nil, nil
	return a == b
}
