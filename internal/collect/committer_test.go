package collect_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// recorder is a store that only notes commits.
type recorder struct {
	store.Writer
	commits []commit
	// answer gives the error of a commit; nil for none.
	answer func([]*store.Batch) error
	// cursor is where runs stand, for LastRun: agents have the numbers of their runs.
	cursor map[plant.RunID]int64
}

func (r *recorder) LastRun(_ context.Context, agent plant.AgentID) (plant.Run, error) {
	run := plant.RunID(agent)
	return plant.Run{ID: run, Next: r.cursor[run]}, nil
}

// commit is the time since the start and the ranges by run.
type commit struct {
	At     time.Duration
	Ranges map[plant.RunID][2]int64
}

func (r *recorder) Commit(_ context.Context, batches []*store.Batch) error {
	if r.answer != nil {
		if err := r.answer(batches); err != nil {
			return err
		}
	}
	c := commit{At: time.Since(midnight), Ranges: map[plant.RunID][2]int64{}}
	for _, b := range batches {
		c.Ranges[b.Run] = [2]int64{b.Expect, b.Next}
	}
	r.commits = append(r.commits, c)
	return nil
}

// move commits batches as a store does whose runs stand at the cursors.
func move(cursor map[plant.RunID]int64, batches []*store.Batch) {
	for _, b := range batches {
		b.Err = nil
		if cursor[b.Run] != b.Expect {
			b.Err = plant.Errorf(plant.Conflict, "another reader has committed")
			continue
		}
		cursor[b.Run] = b.Next
	}
}

// midnight is when the clock of synctest begins.
var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func batch(run plant.RunID, from, next int64) *store.Batch {
	b := &store.Batch{Run: run, Expect: from, Next: next}
	for s := from; s < next; s++ {
		o := plant.Observation{Item: plant.ItemID(run), Run: run, Sequence: s}
		b.Observations = append(b.Observations, o)
		b.Latest = []plant.Latest{{Observation: o}}
	}
	return b
}

// run runs a committer within synctest while f submits batches.
func run(t *testing.T, r *recorder, o collect.Options, f func(submit func(b *store.Batch, settled func(error)))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Store, o.Dial = r, options(nil).Dial
		c, err := collect.NewCommitter(o)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(t.Context())
		}()
		f(func(b *store.Batch, settled func(error)) {
			if err := c.Submit(t.Context(), plant.AgentID(b.Run), b, settled); err != nil {
				t.Error(err)
			}
		})
		c.Close()
		<-done
	})
}

// commits is run for batches of observations.
func commits(t *testing.T, r *recorder, o collect.Options, f func(submit func(run plant.RunID, from, next int64), settled *[]error)) {
	t.Helper()
	run(t, r, o, func(submit func(*store.Batch, func(error))) {
		var settled []error
		f(func(run plant.RunID, from, next int64) {
			submit(batch(run, from, next), func(err error) { settled = append(settled, err) })
		}, &settled)
	})
}

// What comes within the delay of the first shares its transaction; batches of a
// run become one.
func TestCommitterGroups(t *testing.T) {
	r := &recorder{}
	var published []plant.Change
	o := collect.Options{CommitDelay: 100 * time.Millisecond, Publish: func(c plant.Change) { published = append(published, c) }}
	commits(t, r, o, func(submit func(plant.RunID, int64, int64), settled *[]error) {
		submit(1, 1, 5)
		time.Sleep(40 * time.Millisecond)
		submit(2, 7, 9)
		submit(1, 5, 6)
		submit(1, 6, 8)
		time.Sleep(70 * time.Millisecond)
		submit(2, 9, 10)
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]error{nil, nil, nil, nil, nil}, *settled); diff != "" {
			t.Errorf("settled (-want +got):\n%s", diff)
		}
	})
	want := []commit{
		{100 * time.Millisecond, map[plant.RunID][2]int64{1: {1, 8}, 2: {7, 9}}},
		{210 * time.Millisecond, map[plant.RunID][2]int64{2: {9, 10}}},
	}
	if diff := cmp.Diff(want, r.commits); diff != "" {
		t.Errorf("commits (-want +got):\n%s", diff)
	}
	if len(published) != 3 || published[0].Observations != 7 || len(published[0].Latest) != 1 || published[0].Latest[0].Sequence != 7 {
		t.Errorf("published %+v: want one change per agent and commit, with the newest of each item", published)
	}
}

// A baseline stays a batch of its own, in its place.
func TestCommitterKeepsBaselines(t *testing.T) {
	var stored [][3]int64
	r := &recorder{answer: func(batches []*store.Batch) error {
		for _, b := range batches {
			stored = append(stored, [3]int64{b.Expect, b.Next, int64(len(b.Baseline))})
		}
		return nil
	}}
	run(t, r, collect.Options{}, func(submit func(b *store.Batch, settled func(error))) {
		gap := &store.Batch{Run: 1, Expect: 3, Next: 5, Baseline: []plant.Observation{{Item: 1, Sequence: 4}}}
		for _, b := range []*store.Batch{batch(1, 1, 2), batch(1, 2, 3), gap, batch(1, 5, 6), batch(1, 6, 8)} {
			submit(b, func(error) {})
		}
	})
	if diff := cmp.Diff([][3]int64{{1, 3, 0}, {3, 5, 1}, {5, 8, 0}}, stored); diff != "" {
		t.Errorf("first, next and baseline (-want +got):\n%s", diff)
	}
}

func TestCommitterFull(t *testing.T) {
	r := &recorder{}
	commits(t, r, collect.Options{CommitDelay: time.Hour, CommitObservations: 10}, func(submit func(plant.RunID, int64, int64), _ *[]error) {
		submit(1, 1, 6)
		submit(1, 6, 11)
		synctest.Wait()
		if len(r.commits) != 1 {
			t.Errorf("commits %v: want one as soon as 10 observations wait", r.commits)
		}
		submit(1, 11, 12)
	})
	// The committer commits what is left when it ends, and waits for no delay.
	if len(r.commits) != 2 || r.commits[1].At != 0 {
		t.Errorf("commits %v: want the rest at the end", r.commits)
	}
}

// Who waits for what was submitted does not wait for the delay too.
func TestCommitterHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		c, err := collect.NewCommitter(collect.Options{Store: r, CommitDelay: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(t.Context())
		}()
		submit := func(from, next int64) {
			if err := c.Submit(t.Context(), 1, batch(1, from, next), func(error) {}); err != nil {
				t.Error(err)
			}
		}
		c.Hurry() // of nothing
		synctest.Wait()
		submit(1, 2)
		submit(2, 3)
		c.Hurry()
		synctest.Wait()
		if len(r.commits) != 1 || r.commits[0].At != 0 || r.commits[0].Ranges[1] != [2]int64{1, 3} {
			t.Errorf("commits %v: want one at once", r.commits)
		}
		submit(3, 4)
		synctest.Wait()
		if len(r.commits) != 1 {
			t.Errorf("commits %v: what came later was not hurried", r.commits)
		}
		c.Close()
		<-done
	})
}

// A store that is away is tried again, ever more seldom, and what waited is
// committed once.
func TestCommitterStoreAway(t *testing.T) {
	var tries []time.Duration
	r := &recorder{answer: func([]*store.Batch) error {
		tries = append(tries, time.Since(midnight))
		if len(tries) < 5 {
			return plant.Errorf(plant.Unavailable, "away")
		}
		return nil
	}}
	commits(t, r, collect.Options{CommitDelay: time.Millisecond, StoreRetry: 200 * time.Millisecond}, func(submit func(plant.RunID, int64, int64), settled *[]error) {
		submit(1, 1, 2)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Equal(*settled, []error{nil}) {
			t.Errorf("settled %v, want once, without an error", *settled)
		}
	})
	ms := time.Millisecond
	if diff := cmp.Diff([]time.Duration{1 * ms, 51 * ms, 151 * ms, 351 * ms, 551 * ms}, tries); diff != "" {
		t.Errorf("tries (-want +got):\n%s", diff)
	}
}

// What comes while a commit finds the store away is told so too, although its
// own turn has not come.
func TestCommitterStoreAwayIsToldToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back atomic.Bool
		r := &recorder{answer: func([]*store.Batch) error {
			if back.Load() {
				return nil
			}
			return plant.Errorf(plant.Unavailable, "away")
		}}
		c, err := collect.NewCommitter(collect.Options{Store: r, Dial: options(nil).Dial, CommitDelay: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(t.Context())
		}()
		var told [3]atomic.Value // what each run was told last
		submit := func(run plant.RunID, after time.Duration) {
			time.Sleep(after)
			err := c.SubmitWatched(t.Context(), plant.AgentID(run), batch(run, 1, 2),
				func(err error) { told[run].Store(string(plant.ErrorCode(err))) },
				func(err error) {
					if err == nil {
						told[run].Store("stored")
					}
				})
			if err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		submit(1, 0)
		submit(2, 1001*time.Millisecond) // the commit of 1 has found the store away
		for run := plant.RunID(1); run <= 2; run++ {
			if got := told[run].Load(); got != string(plant.Unavailable) {
				t.Errorf("run %d was told %v while the store is away", run, got)
			}
		}
		back.Store(true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for run := plant.RunID(1); run <= 2; run++ {
			if got := told[run].Load(); got != "stored" {
				t.Errorf("run %d was told %v with the store back", run, got)
			}
		}
		c.Close()
		<-done
	})
}

// An agent whose batch the store cannot take keeps no other from being stored.
func TestCommitterFaultOfOne(t *testing.T) {
	fault := errors.New("constraint")
	r := &recorder{answer: func(batches []*store.Batch) error {
		if slices.ContainsFunc(batches, func(b *store.Batch) bool { return b.Run == 2 }) {
			return fault
		}
		return nil
	}}
	commits(t, r, collect.Options{CommitDelay: time.Millisecond}, func(submit func(plant.RunID, int64, int64), settled *[]error) {
		for run := range plant.RunID(3) {
			submit(run+1, 1, 2)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := *settled; len(got) != 3 || got[0] != nil || !errors.Is(got[1], fault) || got[2] != nil {
			t.Errorf("settled %v, want the fault for the second alone", got)
		}
	})
	if len(r.commits) != 2 {
		t.Errorf("commits %v, want those of the other two", r.commits)
	}
}

// What a lost answer had stored is known as stored where the batches are taken
// apart afterwards, too.
func TestCommitterLostAnswerThenTakenApart(t *testing.T) {
	cursor := map[plant.RunID]int64{1: 1, 2: 1}
	attempts := 0
	r := &recorder{cursor: cursor, answer: func(batches []*store.Batch) error {
		move(cursor, batches)
		switch attempts++; attempts {
		case 1:
			return plant.Errorf(plant.Unavailable, "the answer is lost")
		case 2:
			return errors.New("out of shared memory")
		}
		return nil
	}}
	commits(t, r, collect.Options{CommitDelay: time.Millisecond}, func(submit func(plant.RunID, int64, int64), settled *[]error) {
		submit(1, 1, 3)
		submit(2, 1, 2)
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]error{nil, nil}, *settled); diff != "" {
			t.Errorf("settled (-want +got):\n%s", diff)
		}
	})
}

// Batches of a run that cannot be put together are taken apart too: where the answer to
// the commit of one alone is lost, it is known as stored though others are to follow.
func TestCommitterLostAnswerOfAPart(t *testing.T) {
	cursor := map[plant.RunID]int64{1: 1}
	attempts := 0
	r := &recorder{cursor: cursor, answer: func(batches []*store.Batch) error {
		if attempts++; attempts == 1 {
			return errors.New("out of shared memory")
		}
		move(cursor, batches)
		if attempts == 2 {
			return plant.Errorf(plant.Unavailable, "the answer is lost")
		}
		return nil
	}}
	settled := 0
	run(t, r, collect.Options{}, func(submit func(b *store.Batch, settled func(error))) {
		gap := &store.Batch{Run: 1, Expect: 3, Next: 5, Baseline: []plant.Observation{{Item: 1, Sequence: 4}}}
		for _, b := range []*store.Batch{batch(1, 1, 3), gap, batch(1, 5, 6)} {
			submit(b, func(err error) {
				if settled++; err != nil {
					t.Errorf("the batch up to %d: %v", b.Next, err)
				}
			})
		}
	})
	if settled != 3 || cursor[1] != 6 {
		t.Errorf("%d batches were settled, and the run stands at %d: want 3 and 6", settled, cursor[1])
	}
}
