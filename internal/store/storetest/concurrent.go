package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// testConcurrently has writers of several agents and readers of everything at
// work together.
func testConcurrently(t *testing.T, s Store) {
	const writers, commits, size = 4, 10, 40
	lines := make([]*line, writers)
	for i := range lines {
		lines[i] = newLine(t, s, fmt.Sprintf("agent%d", i), 3)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writing, reading sync.WaitGroup
	for _, l := range lines {
		writing.Go(func() {
			for range commits {
				b := l.batch(numbers(size)...)
				b.Latest = []plant.Latest{{Observation: b.Observations[size-1]}}
				if err := s.Commit(ctx, []*store.Batch{b}); err != nil || b.Err != nil {
					t.Errorf("commit: %v, %v", err, b.Err)
					return
				}
				l.run.Next = b.Next
			}
		})
		run, agent := l.run.ID, l.agent.ID
		reading.Go(func() {
			for ctx.Err() == nil {
				if err := readConsistent(ctx, s, agent, run); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	cancel()
	reading.Wait()
	for _, l := range lines {
		if run := l.stored(t); run.Stored != commits*size || run.Next != commits*size+1 {
			t.Errorf("run: %+v", run)
		}
		equal(t, "observations", len(l.observations(t)), commits*size)
	}
}

// readConsistent reads a run that is being written. What is read is without a
// hole, and at least as much as was known before.
func readConsistent(ctx context.Context, s Store, agent plant.AgentID, run plant.RunID) error {
	latest, err := s.Latest(ctx, agent)
	if err != nil {
		return err
	}
	last, err := s.LastRun(ctx, agent)
	if err != nil {
		return err
	}
	if len(latest) > 0 && latest[0].Sequence >= last.Next {
		return fmt.Errorf("latest is at %d while the cursor is at %d", latest[0].Sequence, last.Next)
	}
	next := int64(1)
	for o, err := range s.Observations(ctx, run, 0) {
		if err != nil {
			return err
		}
		if o.Sequence != next {
			return fmt.Errorf("observation %d where %d is due", o.Sequence, next)
		}
		next++
	}
	if next < last.Next {
		return fmt.Errorf("observations up to %d while the cursor was at %d", next-1, last.Next)
	}
	return nil
}

// testRacingWriters lets two writers that know nothing of each other read the
// same agent, as two processes would: whatever they send, every sequence number
// is stored once.
func testRacingWriters(t *testing.T, s Store) {
	var made atomic.Int64
	rapid.Check(t, func(r *rapid.T) {
		l := newLine(t, s, fmt.Sprintf("agent%d", made.Add(1)), 2)
		sizes := [2][]int{}
		for i := range sizes {
			sizes[i] = rapid.SliceOfN(rapid.IntRange(0, 30), 1, 8).Draw(r, "sizes")
		}
		var (
			writers sync.WaitGroup
			stored  atomic.Int64
		)
		for _, mine := range sizes {
			own := *l
			writers.Go(func() {
				for _, n := range mine {
					b := own.batch(numbers(n)...)
					if err := s.Commit(t.Context(), []*store.Batch{b}); err != nil {
						t.Errorf("commit: %v", err)
						return
					}
					switch {
					case b.Err == nil:
						stored.Add(int64(n))
						own.run.Next = b.Next
					case plant.ErrorCode(b.Err) == plant.Conflict:
						own.run = own.stored(t)
					default:
						t.Errorf("batch: %v", b.Err)
						return
					}
				}
			})
		}
		writers.Wait()
		run := l.stored(t)
		observations := l.observations(t)
		if run.Stored != stored.Load() || int64(len(observations)) != stored.Load() || run.Next != stored.Load()+1 {
			r.Fatalf("%d observations, %d were stored, run %+v", len(observations), stored.Load(), run)
		}
		for i, o := range observations {
			if o.Sequence != int64(i)+1 {
				r.Fatalf("observation %d has the sequence %d", i, o.Sequence)
			}
		}
		equal(t, "of the item", len(all(t, s.ItemObservations(t.Context(), []plant.ItemID{l.items[0].ID}, 0, math.MaxInt64, false))), len(observations))
	})
}
