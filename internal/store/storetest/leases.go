package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// LeaseStore is what is needed to hold the leases of a store to their contract.
type LeaseStore interface {
	store.Leases
	store.Admin
}

// RunLeases holds the leases of stores to the contract. open gives two stores
// that hold the same, as two processes would have them, and are empty; they are
// closed when the test ends.
func RunLeases(t *testing.T, open func(t *testing.T) (one, other LeaseStore)) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, one, other LeaseStore)
	}{
		{"Crew", testCrew},
		{"Take", testTake},
		{"Release", testRelease},
		{"Leave", testLeave},
		{"RunOut", testRunOut},
		{"RunOutIsNotRenewed", testNotRenewed},
		{"OfAClockAhead", testClockAhead},
		{"TakenOnce", testTakenOnce},
		{"TakenInTurn", testTakenInTurn},
	} {
		t.Run(test.name, func(t *testing.T) {
			one, other := open(t)
			test.run(t, one, other)
		})
	}
}

const (
	// long is a time for which a lease does not run out within a test, short one
	// for which it does soon.
	long  = time.Hour
	short = 50 * time.Millisecond
	// patience is how long a test waits for what must happen.
	patience = 20 * time.Second
)

// putAgents stores n agents and gives their numbers, which rise.
func putAgents(t *testing.T, s store.Admin, n int) []plant.AgentID {
	t.Helper()
	ids := make([]plant.AgentID, n)
	for i := range ids {
		a, err := s.PutAgent(t.Context(), plant.Agent{Name: fmt.Sprintf("agent%03d", i), URL: "http://a"})
		if err != nil {
			t.Fatalf("put agent: %v", err)
		}
		ids[i] = a.ID
	}
	slices.Sort(ids)
	return ids
}

// worker is a worker of the tests.
func worker(id string) store.Worker {
	return store.Worker{ID: id, Name: "host " + id, Version: "1.2", Started: moment(0)}
}

// holders gives who holds which agent with which number, and fails the test where
// a lease that is listed is not good for more than nothing and at most long.
func holders(t *testing.T, leases []store.Lease) map[plant.AgentID]string {
	t.Helper()
	who := make(map[plant.AgentID]string)
	for _, l := range leases {
		if l.Left <= 0 || l.Left > long {
			t.Errorf("lease %+v is good for %v, want up to %v", l, l.Left, long)
		}
		who[l.Agent] = fmt.Sprint(l.Worker, " ", l.Number)
	}
	return who
}

func testCrew(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	empty := must[store.Crew](t)(one.Crew(ctx))
	if len(empty.Workers) != 0 || len(empty.Leases) != 0 {
		t.Errorf("the crew of an empty store is %+v", empty)
	}
	must[store.Crew](t)(other.Renew(ctx, worker("b"), long))
	changed := worker("a")
	changed.Version = "1.1"
	must[store.Crew](t)(one.Renew(ctx, changed, 2*long))
	crew := must[store.Crew](t)(one.Renew(ctx, worker("a"), long))
	again := must[store.Crew](t)(other.Crew(ctx))
	for _, c := range []store.Crew{crew, again} {
		if len(c.Workers) != 2 {
			t.Fatalf("workers %+v, want two", c.Workers)
		}
		for i := range c.Workers {
			w := &c.Workers[i]
			if w.Seen.IsZero() || w.Left <= long-time.Minute || w.Left > long {
				t.Errorf("%s was seen at %v and lives for %v", w.ID, w.Seen, w.Left)
			}
			w.Seen, w.Left = time.Time{}, 0
		}
		equal(t, "workers", c.Workers, []store.Worker{worker("a"), worker("b")})
	}
	must[store.Crew](t)(one.Renew(ctx, worker("c"), short))
	until(t, "a worker that is silent is gone", func() bool {
		c := must[store.Crew](t)(one.Crew(ctx))
		return len(c.Workers) == 3 && c.Workers[2].Left <= 0
	})
}

// until waits until something holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

func testTake(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	agents := putAgents(t, one, 3)
	take := must[[]store.Lease](t)
	equal(t, "none are wanted", take(one.Take(ctx, "a", nil, long)), nil)
	taken := take(one.Take(ctx, "a", []plant.AgentID{agents[0], agents[1], agents[2] + 100}, long))
	equal(t, "taken", holders(t, taken), map[plant.AgentID]string{agents[0]: "a 1", agents[1]: "a 1"})
	equal(t, "taken by the other", holders(t, take(other.Take(ctx, "b", agents, long))), map[plant.AgentID]string{agents[2]: "b 1"})
	equal(t, "taken again", take(one.Take(ctx, "a", agents, long)), nil)
	crew := must[store.Crew](t)(other.Crew(ctx))
	equal(t, "held", holders(t, crew.Leases), map[plant.AgentID]string{agents[0]: "a 1", agents[1]: "a 1", agents[2]: "b 1"})
	if !slices.IsSortedFunc(crew.Leases, func(a, b store.Lease) int { return cmp.Compare(a.Agent, b.Agent) }) {
		t.Errorf("leases do not stand by agent: %+v", crew.Leases)
	}
}

func testRelease(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	agents := putAgents(t, one, 2)
	take := must[[]store.Lease](t)
	first := take(one.Take(ctx, "a", agents, long))
	release := func(s LeaseStore, leases ...store.Lease) {
		t.Helper()
		if err := s.Release(ctx, leases); err != nil {
			t.Fatalf("release: %v", err)
		}
	}
	release(one)
	release(other, store.Lease{Agent: agents[0], Worker: "b", Number: 1}, store.Lease{Agent: agents[0], Worker: "a", Number: 2})
	equal(t, "what others do not hold is taken", take(other.Take(ctx, "b", agents, long)), nil)
	release(one, first...)
	equal(t, "leases after all were released", must[store.Crew](t)(one.Crew(ctx)).Leases, nil)
	second := take(other.Take(ctx, "b", agents, long))
	equal(t, "taken", holders(t, second), map[plant.AgentID]string{agents[0]: "b 2", agents[1]: "b 2"})
	release(one, first...)
	equal(t, "a lease of before was released", len(must[store.Crew](t)(one.Crew(ctx)).Leases), 2)
}

func testLeave(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	agents := putAgents(t, one, 3)
	must[store.Crew](t)(one.Renew(ctx, worker("a"), long))
	must[store.Crew](t)(other.Renew(ctx, worker("b"), long))
	must[[]store.Lease](t)(one.Take(ctx, "a", agents[:2], long))
	must[[]store.Lease](t)(other.Take(ctx, "b", agents[2:], long))
	for range 2 {
		if err := one.Leave(ctx, "a"); err != nil {
			t.Fatalf("leave: %v", err)
		}
	}
	crew := must[store.Crew](t)(other.Crew(ctx))
	if len(crew.Workers) != 1 || crew.Workers[0].ID != "b" {
		t.Errorf("workers %+v, want b", crew.Workers)
	}
	equal(t, "held", holders(t, crew.Leases), map[plant.AgentID]string{agents[2]: "b 1"})
}

// testRunOut takes leases for a short time: they are renewed for as long as their
// worker lives, and another one's when it does not.
func testRunOut(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	agents := putAgents(t, one, 2)
	taken := must[[]store.Lease](t)(one.Take(ctx, "a", agents, short))
	if len(taken) != 2 {
		t.Fatalf("taken %+v", taken)
	}
	var renewed store.Crew
	until(t, "a lease is renewed before it runs out", func() bool {
		must[[]store.Lease](t)(one.Take(ctx, "a", agents, short))
		renewed = must[store.Crew](t)(one.Renew(ctx, worker("a"), long))
		return len(renewed.Leases) == 2
	})
	for _, l := range renewed.Leases {
		if l.Left <= long-time.Minute {
			t.Errorf("lease %+v is not renewed", l)
		}
	}
	if err := one.Leave(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	must[[]store.Lease](t)(one.Take(ctx, "a", agents, short))
	var next []store.Lease
	until(t, "another worker takes what has run out", func() bool {
		next = append(next, must[[]store.Lease](t)(other.Take(ctx, "b", agents, long))...)
		return len(next) == 2
	})
	for _, l := range next {
		if l.Worker != "b" || l.Number < 3 {
			t.Errorf("lease %+v, want one of b that was taken before", l)
		}
	}
}

func testNotRenewed(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	agents := putAgents(t, one, 1)
	must[[]store.Lease](t)(one.Take(ctx, "a", agents, short))
	until(t, "a lease runs out", func() bool { return len(must[store.Crew](t)(other.Crew(ctx)).Leases) == 0 })
	equal(t, "renewed after it ran out", must[store.Crew](t)(one.Renew(ctx, worker("a"), long)).Leases, nil)
	taken := must[[]store.Lease](t)(one.Take(ctx, "a", agents, long))
	equal(t, "taken by the same worker", holders(t, taken), map[plant.AgentID]string{agents[0]: "a 2"})
}

// testClockAhead has a worker take leases for longer than others ask for, as it seems
// when the clock was ahead: another one's Renew ends them in its time, and takes
// nothing from who holds them before that.
func testClockAhead(t *testing.T, one, other LeaseStore) {
	ctx := t.Context()
	agents := putAgents(t, one, 2)
	must[store.Crew](t)(one.Renew(ctx, worker("a"), long))
	must[[]store.Lease](t)(one.Take(ctx, "a", agents, long))
	crew := must[store.Crew](t)(other.Renew(ctx, worker("b"), long/2))
	if len(crew.Workers) != 2 || len(crew.Leases) != 2 {
		t.Fatalf("crew %+v, want two workers and two leases", crew)
	}
	for i := range 2 {
		if w, l := crew.Workers[i], crew.Leases[i]; w.Left > long/2 || l.Left > long/2 || l.Worker != "a" {
			t.Errorf("%s lives for %v; the lease %+v is good for %v: longer than anybody asks for", w.ID, w.Left, l, l.Left)
		}
	}
	equal(t, "taken from who holds them", must[[]store.Lease](t)(other.Take(ctx, "b", agents, long/2)), nil)
	equal(t, "renewed", len(must[store.Crew](t)(one.Renew(ctx, worker("a"), long/2)).Leases), 2)
	must[store.Crew](t)(other.Renew(ctx, worker("b"), short))
	var taken []store.Lease
	until(t, "another worker takes them in its time", func() bool {
		taken = append(taken, must[[]store.Lease](t)(other.Take(ctx, "b", agents, long))...)
		return len(taken) == 2
	})
}

// testTakenOnce lets many workers take the same agents at the same time.
func testTakenOnce(t *testing.T, one, other LeaseStore) {
	agents := putAgents(t, one, 40)
	const workers = 8
	var taking sync.WaitGroup
	var taken [workers][]store.Lease
	for i := range taken {
		s := []LeaseStore{one, other}[i%2]
		mine := slices.Concat(agents[i:], agents[:i])
		taking.Go(func() {
			for n := range mine {
				l, err := s.Take(t.Context(), fmt.Sprint(i), mine[n:], long)
				if err != nil {
					t.Errorf("take: %v", err)
					return
				}
				taken[i] = append(taken[i], l...)
			}
		})
	}
	taking.Wait()
	who := make(map[plant.AgentID]string)
	for i, leases := range taken {
		for _, l := range leases {
			if who[l.Agent] != "" || l.Number != 1 || l.Worker != fmt.Sprint(i) {
				t.Errorf("worker %d has taken %+v, which %s had", i, l, who[l.Agent])
			}
			who[l.Agent] = fmt.Sprint(l.Worker, " 1")
		}
	}
	equal(t, "held", holders(t, must[store.Crew](t)(one.Crew(t.Context())).Leases), who)
	equal(t, "agents that somebody holds", len(who), len(agents))
}

// testTakenInTurn has workers take a lease that runs out again and again. No two
// of them hold it at once, by their own clocks, and the numbers rise.
func testTakenInTurn(t *testing.T, one, other LeaseStore) {
	agents := putAgents(t, one, 1)
	var (
		mu     sync.Mutex
		until  time.Time
		number int64
		taking sync.WaitGroup
	)
	for i := range 4 {
		s := []LeaseStore{one, other}[i%2]
		taking.Go(func() {
			for end := time.Now().Add(10 * short); time.Now().Before(end); {
				asked := time.Now()
				taken, err := s.Take(t.Context(), fmt.Sprint(i), agents, short)
				if err != nil {
					t.Errorf("take: %v", err)
					return
				}
				if len(taken) == 0 {
					continue
				}
				mu.Lock()
				// The one before has held it until what it asked for was over, and
				// what a store rounds.
				if now := time.Now(); now.Before(until.Add(-2 * time.Millisecond)) {
					t.Errorf("taken by %d while it was held for another %v", i, until.Sub(now))
				}
				if taken[0].Number <= number {
					t.Errorf("number %d after %d", taken[0].Number, number)
				}
				until, number = asked.Add(short), taken[0].Number
				mu.Unlock()
			}
		})
	}
	taking.Wait()
	if number < 3 {
		t.Errorf("the lease was taken %d times", number)
	}
}
