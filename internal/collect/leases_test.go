package collect

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

func TestWorkersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 60)
		defer h.close()
		h.join("a", 100*time.Millisecond)
		h.captured(map[string]int{"a": 60}, time.Second)

		h.join("b", 100*time.Millisecond)
		h.captured(map[string]int{"a": 30, "b": 30}, 3*LookInterval)
		if n := len(h.workers["a"].told().handed); n != 30 {
			t.Errorf("%d agents were told to be handed over, want 30", n)
		}
		h.join("c", 100*time.Millisecond)
		h.captured(map[string]int{"a": 20, "b": 20, "c": 20}, 3*LookInterval)

		if took := h.leave("b"); took > 200*time.Millisecond {
			t.Errorf("leaving took %v", took)
		}
		if took := h.captured(map[string]int{"a": 30, "c": 30}, 3*LookInterval); took > LookInterval {
			t.Errorf("after a worker left its agents were read after %v", took)
		}

		h.kill("a")
		if took := h.captured(map[string]int{"c": 60}, 15*time.Second); took > LeaseTime+LookInterval {
			t.Errorf("after a worker died its agents were read after %v", took)
		}
		crew, err := h.ledger.Crew(t.Context())
		if err != nil || len(crew.Leases) != 60 {
			t.Errorf("crew %+v, %v", crew, err)
		}
		h.leave("c")
		if crew, err = h.ledger.Crew(t.Context()); err != nil || len(crew.Leases) != 0 {
			t.Errorf("when all have left the crew is %+v, %v", crew, err)
		}
	})
}

// A worker that cannot reach the store stops before others take its agents, and
// goes on when it can again.
func TestWorkerThatIsCutOff(t *testing.T) {
	for name, fault := range map[string]struct {
		hangs     time.Duration
		cut, lost bool
		why       string
	}{
		"refused":                {0, true, false, errCut.Error()},
		"hanging":                {time.Hour, false, false, context.DeadlineExceeded.Error()},
		"answers are lost":       {0, false, true, errCut.Error()},
		"slow, and answers lost": {2 * time.Second, false, true, errCut.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHall(t, 10)
				defer h.close()
				a := h.join("a", LeaseMargin/2)
				h.captured(map[string]int{"a": 10}, time.Second)
				a.line.set(fault.hangs, fault.cut, fault.lost)
				time.Sleep(LeaseTime)
				if n := h.floor.parts()["a"]; n != 0 {
					t.Errorf("it still reads %d agents", n)
				}
				statuses, told := a.Status(), a.told().statuses
				if len(statuses) != 10 || statuses[0].Link != plant.LinkWaiting || !slices.Equal(told, statuses) {
					t.Errorf("statuses %+v, told %+v", statuses, told)
				}
				if why := statuses[0].Error; !strings.HasPrefix(why, "the store is away") || !strings.HasSuffix(why, ": "+fault.why) {
					t.Errorf("it says %q", why)
				}
				if !fault.lost { // Otherwise its leases are renewed, though it does not know.
					h.join("b", 0)
					h.captured(map[string]int{"b": 10}, LeaseTime)
				}
				a.line.set(0, false, false)
				want, handed := map[string]int{"a": 5, "b": 5}, 10
				if fault.lost {
					want, handed = map[string]int{"a": 10}, 0
				}
				h.captured(want, 5*LookInterval)
				if statuses := a.Status(); len(statuses) != want["a"] || statuses[0].Link != plant.LinkStreaming {
					t.Errorf("statuses when all is well: %+v", statuses)
				}
				if told := a.told().handed; len(told) != handed {
					t.Errorf("handed over are %v, want %d", told, handed)
				}
			})
		})
	}
}

// A store that is away for a moment does not stop anything.
func TestShortAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 10)
		defer h.close()
		a := h.join("a", 0)
		h.captured(map[string]int{"a": 10}, time.Second)
		for range 10 {
			a.line.set(0, true, false)
			time.Sleep(LeaseTime - LeaseMargin - RenewInterval - LookInterval)
			a.line.set(0, false, false)
			time.Sleep(RenewInterval + LookInterval)
		}
		if told := a.told(); len(told.handed) > 0 || len(told.statuses) > 0 {
			t.Errorf("told %+v", told)
		}
	})
}

// An agent that is slow to stop is released when it has stopped, and not before.
func TestSlowStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 2)
		defer h.close()
		h.join("a", 2*LeaseTime)
		h.captured(map[string]int{"a": 2}, time.Second)
		h.join("b", 0)
		time.Sleep(LeaseTime)
		if diff := h.floor.parts(); !maps.Equal(diff, map[string]int{"a": 2}) {
			t.Errorf("read by %v while it is being stopped", diff)
		}
		h.captured(map[string]int{"a": 1, "b": 1}, 2*LeaseTime)
	})
}

func TestAgentsThatAreAddedAndRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 4)
		defer h.close()
		a := h.join("a", 50*time.Millisecond)
		b := h.join("b", 50*time.Millisecond, plant.Agent{ID: 100, Name: "own"})
		h.captured(map[string]int{"a": 2, "b": 3}, 5*LookInterval)

		h.agents = append(h.agents, plant.Agent{ID: 5, Name: "agent05", Configured: true}, plant.Agent{ID: 6, Name: "agent06", Configured: true})
		for _, w := range h.workers {
			w.SetAgents(slices.Concat(h.agents, []plant.Agent{{ID: 100, Name: "own"}}))
		}
		h.captured(map[string]int{"a": 3, "b": 4}, 5*LookInterval)

		// a knows of the agent of b's own by now, and leaves it to b.
		h.kill("b")
		h.captured(map[string]int{"a": 7}, 2*LeaseTime)
		a.SetAgents(h.agents[:1])
		h.captured(map[string]int{"a": 1}, 2*LookInterval)
		time.Sleep(LookInterval)
		if removed := a.told().removed; len(removed) != 6 {
			t.Errorf("removed %v, want six", removed)
		}
		if removed := b.told().removed; len(removed) != 0 {
			t.Errorf("removed from b: %v", removed)
		}
		crew, err := h.ledger.Crew(t.Context())
		if err != nil || len(crew.Leases) != 1 {
			t.Errorf("leases %+v, %v", crew.Leases, err)
		}
	})
}

// What nobody takes though there is one whose part it is, is taken by another.
func TestWorkerThatDoesNotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, 4)
		defer h.close()
		if _, err := h.ledger.Renew(t.Context(), store.Worker{ID: "idle"}, time.Hour); err != nil {
			t.Fatal(err)
		}
		h.join("a", 0)
		h.captured(map[string]int{"a": 4}, staleAfter+2*LookInterval)
		for range int(keepTime/LookInterval) - 1 {
			time.Sleep(LookInterval)
			if n := h.floor.parts()["a"]; n != 4 {
				t.Fatalf("it reads %d agents, and nobody the others", n)
			}
		}
		// Then the other one has its chance.
		h.captured(map[string]int{"a": 2}, 2*LookInterval)
		h.captured(map[string]int{"a": 4}, staleAfter+2*LookInterval)
	})
}

// Workers come, go, die, are cut off and come back, at random. Never do two of
// them read an agent, and when it is over all agents are read soon.
func TestWorkersAtRandom(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { workersAtRandom(t, uint64(seed)) })
		})
	}
}

func workersAtRandom(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(1, seed))
	h := newHall(t, 1+random.IntN(40))
	defer h.close()
	h.join("w0", 0)
	for i := range 60 {
		time.Sleep(time.Duration(random.Int64N(int64(4 * time.Second))))
		names := slices.Sorted(maps.Keys(h.workers))
		one := names[random.IntN(len(names))]
		switch random.IntN(8) {
		case 0, 1:
			if len(names) < 6 {
				// Stopping takes less than the margin, as cancelling a request does.
				h.join(fmt.Sprint("w", i+1), time.Duration(random.Int64N(int64(LeaseMargin*9/10))))
			}
		case 2:
			if len(names) > 1 {
				h.leave(one)
			}
		case 3:
			if len(names) > 1 {
				h.kill(one)
			}
		case 4, 5:
			h.workers[one].line.set(time.Duration(random.Int64N(int64(5*time.Second))), random.IntN(2) == 0, random.IntN(3) == 0)
		default:
			for _, w := range h.workers {
				w.line.set(0, false, false)
			}
		}
	}
	for _, w := range h.workers {
		w.line.set(0, false, false)
	}
	time.Sleep(LeaseTime + keepTime + 5*LookInterval)
	parts := h.floor.parts()
	total := 0
	for _, n := range parts {
		total += n
	}
	least, most := len(h.agents), 0
	for name := range h.workers {
		least, most = min(least, parts[name]), max(most, parts[name])
	}
	if total != len(h.agents) || most-least > 1 {
		t.Errorf("%d agents are read as %v by %d workers", len(h.agents), parts, len(h.workers))
	}
	crew, err := h.ledger.Crew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held := make(map[string]int)
	for name, w := range h.workers {
		for _, l := range crew.Leases {
			if l.Worker == w.ID() {
				held[name]++
			}
		}
	}
	if !maps.Equal(held, parts) {
		t.Errorf("agents are read as %v, and leases are held as %v", parts, held)
	}
}

func TestHolderOptions(t *testing.T) {
	if _, err := NewHolder(HolderOptions{}); err == nil {
		t.Error("a holder without leases")
	}
	if _, err := NewHolder(HolderOptions{Leases: newLedger()}); err == nil {
		t.Error("a holder without a store")
	}
}
