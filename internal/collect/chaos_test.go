package collect_test

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
)

var chaosSteps = flag.Int("chaos.steps", 20, "the most steps of one run of TestChaos")

// TestChaos lets everything go wrong in any order and then, healed, proves that
// every observation from the first seen is stored once or in the ledger, with a
// reason that it has given cause for, and that what the agent knows is known.
func TestChaos(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := newChaos(r)
		for range rapid.IntRange(5, *chaosSteps).Draw(r, "steps") {
			step := rapid.SampledFrom(chaosActions).Draw(r, "action")
			step.do(c)
			time.Sleep(rapid.SampledFrom([]time.Duration{0, time.Millisecond, 10 * time.Millisecond}).Draw(r, "pause"))
		}
		c.end()
	})
}

// chaos is one run of everything going wrong.
type chaos struct {
	r       *rapid.T
	store   *memory
	machine *machine
	random  *rand.Rand // for faults, used under the locks of machine and store
	stops   []func()
	// left and damaged say whether observations were ever left out, or documents
	// damaged.
	left, damaged bool
	instance      uint64
}

type chaosAction struct {
	name string
	do   func(*chaos)
}

func (a chaosAction) String() string { return a.name }

var chaosActions = []chaosAction{
	{"say some", func(c *chaos) { c.machine.say(rapid.IntRange(1, 150).Draw(c.r, "n")) }},
	{"say in a burst", func(c *chaos) {
		for range rapid.IntRange(1, 20).Draw(c.r, "times") {
			c.machine.say(7)
			time.Sleep(200 * time.Microsecond)
		}
	}},
	{"overrun", func(c *chaos) { c.machine.say(int(c.machine.buffer) * 2) }},
	{"new instance", func(c *chaos) {
		c.instance++
		c.machine.restart(c.instance)
		c.machine.say(rapid.IntRange(1, 400).Draw(c.r, "n"))
	}},
	{"same instance", (*chaos).sameInstance},
	{"refuse", func(c *chaos) {
		c.spoil(faults{refuse: func(*http.Request) int {
			return []int{0, 0, http.StatusInternalServerError, http.StatusNotFound}[c.random.IntN(4)]
		}})
	}},
	{"cut", func(c *chaos) {
		c.spoil(faults{cut: func() (int, bool) { return c.random.IntN(20_000), c.random.IntN(2) == 0 }})
	}},
	{"damage", func(c *chaos) {
		c.damaged = true
		c.spoil(c.elements(garble))
	}},
	{"leave out", func(c *chaos) {
		c.left = true
		f := c.elements(blank)
		f.honest = true // what an agent never admits to, nobody can know
		c.spoil(f)
	}},
	{"heal", func(c *chaos) { c.heal() }},
	{"no stream", func(c *chaos) { c.spoil(faults{noStream: true}) }},
	{"store away", func(c *chaos) { c.fail(plant.Unavailable) }},
	{"store faulty", func(c *chaos) { c.fail(plant.Internal) }},
	{"lost acknowledgement", func(c *chaos) {
		c.store.mu.Lock()
		defer c.store.mu.Unlock()
		c.store.loseAck = true
	}},
	{"stop", func(c *chaos) {
		c.stops[0]()
		c.stops = c.stops[1:]
		c.start()
	}},
	{"second supervisor", func(c *chaos) {
		if len(c.stops) < 2 {
			c.start()
		}
	}},
	{"wait", func(c *chaos) {
		time.Sleep(time.Duration(rapid.IntRange(100, 5000).Draw(c.r, "µs")) * time.Microsecond)
	}},
}

func newChaos(r *rapid.T) *chaos {
	c := &chaos{
		r: r, store: newMemory(), instance: 1000,
		machine: newMachine(r, uint64(rapid.SampledFrom([]int{20, 300, 5000}).Draw(r, "buffer"))),
		random:  rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0)),
	}
	c.start()
	return c
}

func (c *chaos) start() {
	o := options(c.store)
	o.PageSize = rapid.SampledFrom([]int{10, 100, 10_000}).Draw(c.r, "page")
	o.CommitObservations = rapid.SampledFrom([]int{1, 50, 10_000}).Draw(c.r, "commit")
	o.AgentQueueBytes = rapid.SampledFrom([]int64{1, 10_000, 1 << 20}).Draw(c.r, "queue")
	_, stop := supervise(c.r, o, c.machine.agent(1, "mill"))
	c.stops = append(c.stops, stop)
}

func (c *chaos) spoil(f faults) { c.machine.spoilBy(f) }

// elements gives faults that do something to observations: to some each time
// that they are sent, or to any now and then.
func (c *chaos) elements(do func([]byte)) faults {
	always := rapid.Bool().Draw(c.r, "always")
	c.machine.say(rapid.IntRange(1, 150).Draw(c.r, "n"))
	return faults{spoil: func(b []byte) []byte {
		eachElement(b, func(sequence int64, element []byte) {
			if always && sequence*7919%31 < 2 || !always && c.random.IntN(60) == 0 {
				do(element)
			}
		})
		return b
	}}
}

// fail makes every other call of the store fail, until it is healed.
func (c *chaos) fail(code plant.Code) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(c.r, "seed"), 1))
	c.store.failWith(func(string) error {
		if random.IntN(2) == 0 {
			return plant.Errorf(code, "a fault of the store")
		}
		return nil
	})
}

func (c *chaos) heal() {
	c.spoil(faults{})
	c.store.failWith(nil)
}

// sameInstance restarts the agent without a new instanceId. That can be told
// only while the new run has less than was read of the old one, so it is waited
// for.
func (c *chaos) sameInstance() {
	c.heal()
	c.machine.say(20)
	c.machine.caughtUp(c.r, c.store, 1)
	c.machine.restart(c.instance)
	c.machine.say(rapid.IntRange(1, 5).Draw(c.r, "n"))
	c.machine.caughtUp(c.r, c.store, 1)
}

func (c *chaos) end() {
	c.heal()
	c.machine.say(1)
	c.machine.agrees(c.r, c.store, 1)
	for _, stop := range c.stops {
		stop()
	}
	lost := c.machine.prove(c.r, c.store, 1)
	if lost[plant.GapMissing] > 0 && !c.left {
		c.r.Errorf("%d numbers missing, and the agent left nothing out", lost[plant.GapMissing])
	}
	if lost[plant.GapRejected] > 0 && !c.damaged {
		c.r.Errorf("%d numbers rejected, and nothing was damaged", lost[plant.GapRejected])
	}
}
