package collect

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
)

// ids gives n agents from a number on.
func ids(from plant.AgentID, n int) []plant.AgentID {
	list := make([]plant.AgentID, n)
	for i := range list {
		list[i] = from + plant.AgentID(i)
	}
	return list
}

// heldBy gives the holders where each worker holds so many of the agents from 1 on.
func heldBy(counts map[string]int) map[plant.AgentID]string {
	holders := make(map[plant.AgentID]string)
	next := plant.AgentID(1)
	for _, w := range slices.Sorted(maps.Keys(counts)) {
		for range counts[w] {
			holders[next] = w
			next++
		}
	}
	return holders
}

func TestPlan(t *testing.T) {
	ab := []string{"a", "b"}
	tests := []struct {
		name       string
		share      share
		take, give int
	}{
		{"nothing there is", share{workers: ab}, 0, 0},
		{"alone", share{workers: []string{"a"}, shared: ids(1, 7)}, 7, 0},
		{"alone, and not on the list yet", share{shared: ids(1, 7)}, 7, 0},
		{"half", share{workers: ab, shared: ids(1, 8)}, 4, 0},
		{"a new worker came", share{workers: ab, shared: ids(1, 8), holders: heldBy(map[string]int{"a": 8})}, 0, 4},
		{"a new worker came to an odd number", share{workers: ab, shared: ids(1, 7), holders: heldBy(map[string]int{"a": 7})}, 0, 3},
		{"one more", share{workers: ab, shared: ids(1, 7), holders: heldBy(map[string]int{"a": 4, "b": 3})}, 0, 0},
		{"one fewer", share{workers: ab, shared: ids(1, 7), holders: heldBy(map[string]int{"a": 3, "b": 4})}, 0, 0},
		{"two more", share{workers: ab, shared: ids(1, 8), holders: heldBy(map[string]int{"a": 5, "b": 3})}, 0, 1},
		{"the other has gone", share{workers: []string{"a"}, shared: ids(1, 8), holders: heldBy(map[string]int{"a": 4})}, 4, 0},
		{"the other has gone and its leases have not", share{workers: []string{"a"}, shared: ids(1, 8), holders: heldBy(map[string]int{"a": 4, "b": 4})}, 0, 0},
		{"more workers than agents", share{workers: []string{"a", "b", "c"}, shared: ids(1, 2), holders: heldBy(map[string]int{"b": 1, "c": 1})}, 0, 0},
		{"giving already", share{workers: ab, shared: ids(1, 8), holders: heldBy(map[string]int{"a": 8}), giving: map[plant.AgentID]bool{5: true, 6: true, 7: true, 8: true}}, 0, 0},
		{"own ones are not shared", share{workers: ab, shared: ids(1, 8), own: ids(100, 5), holders: heldBy(map[string]int{"a": 4, "b": 4})}, 5, 0},
		{"own ones that another holds", share{workers: ab, own: ids(1, 2), holders: heldBy(map[string]int{"b": 2})}, 0, 0},
		{"own ones are kept", share{workers: ab, own: ids(1, 2), holders: heldBy(map[string]int{"a": 2})}, 0, 0},
		{"removed", share{workers: ab, shared: ids(3, 2), holders: heldBy(map[string]int{"a": 3, "b": 1})}, 0, 2},
		{"nobody takes them", share{workers: ab, shared: ids(1, 4), holders: heldBy(map[string]int{"a": 2}), stale: map[plant.AgentID]bool{3: true, 4: true}}, 2, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.share.me = "a"
			take, give := test.share.plan()
			if len(take) != test.take || len(give) != test.give {
				t.Errorf("takes %v and gives %v, want %d and %d", take, give, test.take, test.give)
			}
			for _, a := range take {
				if test.share.holders[a] != "" {
					t.Errorf("takes %d, which %s holds", a, test.share.holders[a])
				}
			}
			for _, a := range give {
				if test.share.holders[a] != "a" || test.share.giving[a] {
					t.Errorf("gives %d, which it does not hold, again", a)
				}
			}
		})
	}
}

// crew is workers that share agents.
type crew struct {
	shared  []plant.AgentID
	workers []string
	holders map[plant.AgentID]string
	giving  map[string]map[plant.AgentID]bool
	// seen is what workers saw when they looked.
	seen  map[string]share
	moves int
}

func newCrew(agents int) *crew {
	c := &crew{
		shared: ids(1, agents), holders: make(map[plant.AgentID]string),
		giving: make(map[string]map[plant.AgentID]bool), seen: make(map[string]share),
	}
	c.join("w0")
	return c
}

// look lets a worker see who captures what.
func (c *crew) look(me string) {
	c.seen[me] = share{me: me, workers: slices.Clone(c.workers), holders: maps.Clone(c.holders), shared: c.shared}
}

// act lets a worker do what it plans by what it saw, which may not be so any
// more. Where stopped is true, the agents that it gives have been stopped.
func (c *crew) act(me string, stopped bool) {
	s, ok := c.seen[me]
	if !ok {
		return
	}
	if stopped {
		for a := range c.giving[me] {
			delete(c.holders, a)
			delete(s.holders, a)
			delete(c.giving[me], a)
		}
	}
	s.giving = c.giving[me]
	take, give := s.plan()
	take = slices.DeleteFunc(take, func(a plant.AgentID) bool { return c.holders[a] != "" })
	for _, a := range take {
		c.holders[a] = me
	}
	delete(c.seen, me)
	for _, a := range give {
		c.giving[me][a] = true
	}
	c.moves += len(take) + len(give)
}

func (c *crew) join(w string) {
	c.workers = append(c.workers, w)
	c.giving[w] = make(map[plant.AgentID]bool)
}

func (c *crew) leave(i int) {
	w := c.workers[i]
	c.workers = slices.Delete(c.workers, i, i+1)
	delete(c.giving, w)
	delete(c.seen, w)
	maps.DeleteFunc(c.holders, func(_ plant.AgentID, holder string) bool { return holder == w })
}

// counts gives how many agents each worker holds.
func (c *crew) counts() []int {
	var counts []int
	for _, w := range c.workers {
		n := 0
		for _, holder := range c.holders {
			if holder == w {
				n++
			}
		}
		counts = append(counts, n)
	}
	return counts
}

// Whatever workers come and go, and in whatever order they look, they come to
// hold all agents, one as many as the other or one more, and then nothing moves.
func TestSharesBecomeFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCrew(rapid.IntRange(0, 40).Draw(t, "agents"))
		for i := range rapid.IntRange(0, 30).Draw(t, "events") {
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				c.join(fmt.Sprint("w", i+1))
			case 1:
				if len(c.workers) > 1 {
					c.leave(rapid.IntRange(0, len(c.workers)-1).Draw(t, "leaves"))
				}
			case 2, 3, 4, 5:
				c.look(rapid.SampledFrom(c.workers).Draw(t, "looks"))
			default:
				c.act(rapid.SampledFrom(c.workers).Draw(t, "acts"), rapid.Bool().Draw(t, "stopped"))
			}
		}
		// From now on nobody comes or goes. Each looks now and then.
		rounds := 0
		for quiet := 0; quiet < 2; rounds++ {
			if rounds == 20 {
				t.Fatalf("still moving after %d rounds: %v", rounds, c.counts())
			}
			before := c.moves
			for _, w := range rapid.Permutation(c.workers).Draw(t, "order") {
				c.look(w)
				c.act(w, rapid.Bool().Draw(t, "stopped"))
			}
			for _, w := range c.workers {
				if len(c.giving[w]) > 0 {
					before = -1 // Something is on its way.
				}
			}
			quiet++
			if c.moves != before {
				quiet = 0
			}
		}
		counts := c.counts()
		total := 0
		for _, n := range counts {
			total += n
		}
		if total != len(c.shared) || slices.Max(counts)-slices.Min(counts) > 1 {
			t.Errorf("%d agents are held as %v", len(c.shared), counts)
		}
	})
}

// As few agents move as can be.
func TestSharesMoveOnce(t *testing.T) {
	c := newCrew(60)
	round := func() int {
		before := c.moves
		for range 5 {
			for _, w := range c.workers {
				c.look(w)
				c.act(w, true)
			}
		}
		return c.moves - before
	}
	moves := []int{round()}
	for i := range 3 {
		c.join(fmt.Sprint("w", i+1))
		moves = append(moves, round())
	}
	c.leave(0)
	moves = append(moves, round())
	// Taken once; given and taken once each where a worker came.
	if diff := cmp.Diff([]int{60, 60, 40, 30, 15}, moves); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
}
