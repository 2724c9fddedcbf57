package live_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func latest(item plant.ItemID, run plant.RunID, sequence int64) plant.Latest {
	return plant.Latest{Observation: plant.Observation{Item: item, Run: run, Sequence: sequence}}
}

func change(all ...plant.Latest) plant.Change { return plant.Change{Latest: all} }

// equal compares updates by what they tell, without their marks.
func equal(t *testing.T, what string, got, want live.Update) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(live.Update{}, "Mark"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestSinceGivesTheNewestOfEachOnce(t *testing.T) {
	h := live.NewHub(live.Options{})
	h.Publish(change(latest(1, 1, 1), latest(2, 1, 2)))
	seen := h.Mark()
	h.Publish(change(latest(3, 1, 3)))
	h.Publish(change(latest(1, 1, 4)))
	h.Publish(change(latest(3, 1, 5)))
	equal(t, "since the first", h.Since(seen), live.Update{Latest: []plant.Latest{latest(1, 1, 4), latest(3, 1, 5)}})
	equal(t, "since ever", h.Since(0), live.Update{Latest: []plant.Latest{latest(2, 1, 2), latest(1, 1, 4), latest(3, 1, 5)}})
	equal(t, "since the last", h.Since(h.Since(seen).Mark), live.Update{})

	until := h.Mark()
	h.Publish(change(latest(1, 1, 6)))
	all := func(*plant.Latest) bool { return true }
	equal(t, "what changed again is left out", h.Between(seen, until, all), live.Update{Latest: []plant.Latest{latest(3, 1, 5)}})
	equal(t, "and comes then", h.Between(until, h.Mark(), all), live.Update{Latest: []plant.Latest{latest(1, 1, 6)}})
	third := func(l *plant.Latest) bool { return l.Item == 3 }
	equal(t, "what is wanted", h.Between(0, h.Mark(), third), live.Update{Latest: []plant.Latest{latest(3, 1, 5)}})
}

func TestPublishKeepsTheNewest(t *testing.T) {
	tests := []struct {
		name string
		then plant.Latest
		want plant.Latest
	}{
		{"later", latest(1, 2, 6), latest(1, 2, 6)},
		{"the same", latest(1, 2, 5), latest(1, 2, 5)},
		{"earlier", latest(1, 2, 4), latest(1, 2, 5)},
		{"later run", latest(1, 3, 1), latest(1, 3, 1)},
		{"earlier run", latest(1, 1, 9), latest(1, 2, 5)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := live.NewHub(live.Options{})
			h.Publish(change(latest(1, 2, 5)))
			before := h.Mark()
			h.Publish(change(test.then))
			got, ok := h.Latest(1)
			if diff := cmp.Diff(test.want, got); !ok || diff != "" {
				t.Errorf("latest (-want +got):\n%s", diff)
			}
			if changed := h.Mark() != before; changed == cmp.Equal(test.want, latest(1, 2, 5)) {
				t.Errorf("counted as a change: %t", changed)
			}
		})
	}
}

func TestStates(t *testing.T) {
	h := live.NewHub(live.Options{})
	if _, ok := h.State(1); ok {
		t.Error("a state before any was published")
	}
	idle := plant.StateChange{Device: 1, Run: 1, Sequence: 1, State: plant.Idle}
	running := plant.StateChange{Device: 1, Run: 1, Sequence: 2, State: plant.Running}
	h.Publish(plant.Change{States: []plant.StateChange{idle, running}})
	h.Publish(plant.Change{States: []plant.StateChange{idle}})
	if got, ok := h.State(1); !ok || got != running {
		t.Errorf("state %v, want %v", got, running)
	}
	equal(t, "update", h.Since(0), live.Update{States: []plant.StateChange{running}})
}

func TestStatuses(t *testing.T) {
	h := live.NewHub(live.Options{})
	up := plant.AgentStatus{Agent: 1, Link: plant.LinkStreaming}
	h.PublishStatus(up)
	equal(t, "first", h.Since(0), live.Update{Statuses: []plant.AgentStatus{up}, Links: []plant.AgentID{1}})

	seen := h.Mark()
	h.PublishStatus(up)
	equal(t, "the same", h.Since(seen), live.Update{})

	faster := up
	faster.Rate = 7
	h.PublishStatus(faster)
	equal(t, "another rate", h.Since(seen), live.Update{Statuses: []plant.AgentStatus{faster}})

	seen = h.Mark()
	down := plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Error: "refused", Retry: time.Unix(9, 0)}
	h.PublishStatus(down)
	equal(t, "link down", h.Since(seen), live.Update{Statuses: []plant.AgentStatus{down}, Links: []plant.AgentID{1}})

	seen = h.Mark()
	h.Forget(1)
	h.Forget(1)
	equal(t, "forgotten", h.Since(seen), live.Update{Links: []plant.AgentID{1}})
	if _, ok := h.Status(1); ok {
		t.Error("a status after it was forgotten")
	}
	h.PublishModel(1)
	equal(t, "model", h.Since(seen), live.Update{Links: []plant.AgentID{1}, Models: []plant.AgentID{1}})
}

// Whatever is published, the hub knows no more than it may; what it knows goes on, and
// what a store does not have gives its room back.
func TestThingsAreLimited(t *testing.T) {
	var log bytes.Buffer
	h := live.NewHub(live.Options{Things: 2, Log: slog.New(slog.NewTextHandler(&log, nil))})
	defer func() {
		if n := strings.Count(log.String(), "more than pages can show"); h.Refused() == 0 || n != 1 {
			t.Errorf("%d were refused, and the log was told %d times: want once", h.Refused(), n)
		}
	}()
	if n := h.Publish(change(latest(1, 1, 1), latest(2, 1, 1), latest(3, 1, 1), latest(2, 1, 2))); n != 1 {
		t.Errorf("%d refused, want 1", n)
	}
	states := plant.Change{States: []plant.StateChange{{Device: 1, Run: 1, Sequence: 1}, {Device: 2, Run: 1, Sequence: 1}, {Device: 3, Run: 1, Sequence: 1}}}
	if n := h.Publish(states); n != 1 {
		t.Errorf("%d states refused, want 1", n)
	}
	for agent, want := range map[plant.AgentID]bool{1: true, 2: true} {
		if h.PublishStatus(plant.AgentStatus{Agent: agent}) != want {
			t.Errorf("agent %d was refused", agent)
		}
	}
	if h.PublishStatus(plant.AgentStatus{Agent: 3}) || !h.PublishStatus(plant.AgentStatus{Agent: 1, Rate: 1}) {
		t.Error("a third agent was taken, or the first one not again")
	}
	equal(t, "the items", live.Update{Latest: h.Since(0).Latest}, live.Update{Latest: []plant.Latest{latest(1, 1, 1), latest(2, 1, 2)}})

	asked := h.Mark()
	h.Publish(change(latest(2, 1, 3)))
	h.Retain(asked,
		func(plant.ItemID) bool { return false },
		func(d plant.DeviceID) bool { return d == 2 },
		func(a plant.AgentID) bool { return a == 1 })
	u := h.Since(0)
	u.Mark = 0
	equal(t, "what is left", u, live.Update{
		Latest:   []plant.Latest{latest(2, 1, 3)}, // it came after the store was asked
		States:   states.States[1:2],
		Statuses: []plant.AgentStatus{{Agent: 1, Rate: 1}}, Links: []plant.AgentID{1},
	})
	if n := h.Publish(change(latest(4, 1, 1))); n != 0 {
		t.Error("no room was given back")
	}
}

func TestSubscriptionsAreLimited(t *testing.T) {
	h := live.NewHub(live.Options{Subscribers: 2})
	var open []*live.Subscription
	for range 2 {
		s, err := h.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, s)
	}
	if _, err := h.Subscribe(); !errors.Is(err, live.ErrFull) {
		t.Fatalf("one too many gave %v", err)
	}
	open[0].Close()
	open[0].Close()
	s, err := h.Subscribe()
	if err != nil {
		t.Fatalf("after one was closed: %v", err)
	}
	s.Close()
	open[1].Close()
}

func TestSubscriptionTellsOnce(t *testing.T) {
	h := live.NewHub(live.Options{})
	s, err := h.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// A publisher does not wait for a subscriber that never looks.
	for i := range int64(10_000) {
		h.Publish(change(latest(1, 1, i)))
	}
	<-s.Changed()
	select {
	case <-s.Changed():
		t.Error("told twice of what it can ask for at once")
	default:
	}
	h.Publish(change(latest(1, 1, 5))) // Nothing new.
	select {
	case <-s.Changed():
		t.Error("told of nothing")
	default:
	}
}

// Readers of any speed end with the newest of everything, and never see anything
// twice or go back.
func TestReadersOfAnySpeed(t *testing.T) {
	const items, rounds = 20, 300
	h := live.NewHub(live.Options{})
	done := make(chan struct{})
	var publishers, readers sync.WaitGroup
	for p := range plant.ItemID(2) {
		publishers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(p)))
			for n := range int64(rounds) {
				var c plant.Change
				for i := range plant.ItemID(items) {
					if n == rounds-1 || random.IntN(3) == 0 {
						c.Latest = append(c.Latest, latest(2*i+p, 1, n+1))
					}
				}
				h.Publish(c)
			}
		})
	}
	for r := range 3 {
		readers.Go(func() {
			s, err := h.Subscribe()
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			seen := make(map[plant.ItemID]int64)
			var mark live.Mark
			for open := true; open; {
				select {
				case <-s.Changed():
				case <-done:
					open = false
				}
				for range r * 1000 { // Some are slower.
					h.Mark()
				}
				u := h.Since(mark)
				mark = u.Mark
				for _, l := range u.Latest {
					if l.Sequence <= seen[l.Item] {
						t.Errorf("item %d: %d after %d", l.Item, l.Sequence, seen[l.Item])
					}
					seen[l.Item] = l.Sequence
				}
			}
			for i := range plant.ItemID(2 * items) {
				if seen[i] != rounds {
					t.Errorf("item %d: last seen %d, want %d", i, seen[i], rounds)
				}
			}
		})
	}
	publishers.Wait()
	close(done)
	readers.Wait()
}

func BenchmarkPublish(b *testing.B) {
	h := live.NewHub(live.Options{})
	for range 50 {
		s, err := h.Subscribe()
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
	}
	c := plant.Change{Latest: make([]plant.Latest, 100)}
	var sequence int64
	b.ReportAllocs()
	for b.Loop() {
		for i := range c.Latest {
			sequence++
			c.Latest[i] = latest(plant.ItemID(i), 1, sequence)
		}
		h.Publish(c)
	}
	b.ReportMetric(float64(sequence)/b.Elapsed().Seconds(), "items/s")
}
