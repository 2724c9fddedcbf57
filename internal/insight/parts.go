package insight

import (
	"math"
	"strconv"

	"github.com/factorydash/factorydash/internal/plant"
)

// DefaultMaxJump is the most that a part counter gains at once where a plant says
// nothing else: more is a glitch.
const DefaultMaxJump = 100

// PartRules say how the counter of a machine is to be read.
type PartRules struct {
	// MaxJump is the most that the counter gains at once; DefaultMaxJump where it
	// is 0.
	MaxJump float64
}

// PartKind says what became of a part counter.
type PartKind string

// The kinds.
const (
	// PartsMade: the counter rose by what was made.
	PartsMade PartKind = "made"
	// PartsReset: the counter fell, so it began again from 0; what it shows was
	// made since.
	PartsReset PartKind = "reset"
	// PartsGlitch: the counter rose by more than it can; nothing is counted.
	PartsGlitch PartKind = "glitch"
	// PartsBase: the counter is known from here on; what was made before is not
	// known.
	PartsBase PartKind = "base"
	// PartsUnknown: the counter is not known from here on.
	PartsUnknown PartKind = "unknown"
)

// PartStep is one change of a part counter.
type PartStep struct {
	Kind PartKind
	// Reason says why a counter is not known: "unavailable", "gap" or "restart".
	Reason string
	// Time is the agent's timestamp, in microseconds; Run and Sequence are those of
	// the observation, or of the first that is missing.
	Time     int64
	Run      plant.RunID
	Sequence int64
	// Before and Count are what the counter showed before and shows now. They are
	// not set where it is not known.
	Before, Count float64
	// Parts is how many parts were made: 0 or more.
	Parts float64
}

// Hole is a gap of the ledger with the time of the last observation before it.
type Hole struct {
	Run plant.RunID
	// Sequence is the first number that is missing.
	Sequence int64
	Time     int64
	// Restart is true where the run ended with it.
	Restart bool
}

// Parts gives the changes of a part counter by its observations, in order of run
// and sequence, and the holes in them, in the same order.
//
// What the counter gains is counted, however many observations that takes. Behind
// a hole, in another run or after UNAVAILABLE nothing is carried over: the first
// value is a base, and what was made meanwhile is not known. A value that is no
// count, such as a negative one, is one that is not known.
//
// A glitch does not make a new base by itself: the next value may go on from what
// was shown before, or from the glitch, which then was somebody setting the
// counter. So whoever counts the parts of a range reads some observations before
// it too.
func Parts(observations []plant.Observation, holes []Hole, rules PartRules) []PartStep {
	c := counter{rules: rules}
	var steps []PartStep
	for o, hole := range broken(observations, holes) {
		if s, ok := c.take(o, hole); ok {
			steps = append(steps, s)
		}
	}
	return steps
}

// PartsWithin adds up the parts that were made at from ≤ time < to.
func PartsWithin(steps []PartStep, from, to int64) float64 {
	sum := 0.0
	for _, s := range steps {
		if s.Time >= from && s.Time < to {
			sum += s.Parts
		}
	}
	return sum
}

// counter follows a part counter.
type counter struct {
	rules PartRules
	run   plant.RunID
	begun bool
	known bool
	// base is what the counter showed last without a glitch; odd is what a glitch
	// showed after it, and doubtful is true where there was one.
	base, odd float64
	doubtful  bool
}

// take takes one observation, or the hole that it stands for, and gives the change
// that it makes, if any.
func (c *counter) take(o plant.Observation, hole *Hole) (PartStep, bool) {
	s := PartStep{Time: o.Time, Run: o.Run, Sequence: o.Sequence}
	restarted := c.begun && o.Run != c.run
	if restarted {
		c.known, c.doubtful = false, false
	}
	c.begun, c.run = true, o.Run
	n, ok := countOf(o)
	if !ok {
		was := c.known || restarted
		c.known, c.doubtful = false, false
		s.Kind, s.Reason = PartsUnknown, "unavailable"
		if hole != nil {
			s.Reason = hole.reason()
		}
		return s, was
	}
	s.Count = n
	if !c.known {
		c.known, c.base = true, n
		s.Kind = PartsBase
		if restarted {
			s.Reason = "restart"
		}
		return s, true
	}
	s.Before = c.base
	switch {
	case n == c.base && !c.doubtful:
		return s, false
	case c.reaches(c.base, n):
		s.Kind = PartsMade
	case c.doubtful && c.reaches(c.odd, n):
		s.Kind, s.Before = PartsMade, c.odd
	case n < c.base && n <= c.maxJump():
		s.Kind, s.Before, s.Parts = PartsReset, c.base, n
		c.base, c.doubtful = n, false
		return s, true
	case n < c.base:
		// It fell to more than can have been made at once: it was set.
		s.Kind = PartsReset
		c.base, c.doubtful = n, false
		return s, true
	default:
		s.Kind = PartsGlitch
		c.odd, c.doubtful = n, true
		return s, true
	}
	s.Parts = n - s.Before
	c.base, c.doubtful = n, false
	return s, s.Parts > 0
}

// reaches reports whether a counter that showed a may show b next.
func (c *counter) reaches(a, b float64) bool { return b >= a && b-a <= c.maxJump() }

func (c *counter) maxJump() float64 {
	if c.rules.MaxJump > 0 {
		return c.rules.MaxJump
	}
	return DefaultMaxJump
}

// countOf gives the count that an observation shows, and whether it shows one.
func countOf(o plant.Observation) (float64, bool) {
	n := o.Value.Number
	switch o.Value.Kind {
	case plant.Number:
	case plant.Text:
		var err error
		if n, err = strconv.ParseFloat(o.Value.Text, 64); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return n, n >= 0 && !math.IsInf(n, 0)
}
