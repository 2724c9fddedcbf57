package insight

import (
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// CycleItems are the data items of a path that tell of its cycles; 0 where there
// is none. Without Execution there are no cycles.
type CycleItems struct {
	Execution, Program, Mode plant.ItemID
}

// CycleEnd says how a cycle ended.
type CycleEnd string

// The ends.
const (
	// CycleOpen: it lasts.
	CycleOpen CycleEnd = ""
	// CycleCompleted: the program ran to its end (PROGRAM_COMPLETED or READY).
	CycleCompleted CycleEnd = "completed"
	// CycleStopped: the program was given up (STOPPED).
	CycleStopped CycleEnd = "stopped"
	// CycleProgram: another program took its place.
	CycleProgram CycleEnd = "program"
	// CycleUnknown: what the path does is not known any more.
	CycleUnknown CycleEnd = "unknown"
)

// Cycle is one run of a program on a path: from when it began to be executed to
// its end, with all interruptions.
type Cycle struct {
	// Program is empty where it is not known.
	Program string
	// Manual is true where the controller was not in automatic mode when it began.
	Manual bool
	// From and To are times of the agent, in microseconds. To is the time of the
	// newest observation that was taken where it lasts.
	From, To int64
	// Run and Sequence are those of the observation that began it.
	Run      plant.RunID
	Sequence int64
	// Running and Interrupted are how long it was executed and interrupted, in
	// microseconds; together To − From. Interruptions counts how often.
	Running, Interrupted int64
	Interruptions        int
	// Seen is true where its begin was seen: what the path did before is known.
	Seen bool
	End  CycleEnd
	// AllParts is what was counted from its begin up to the begin of the next one,
	// Parts what of it was counted in the range that is looked at.
	AllParts, Parts float64
	// turns are the moments at which it began to be executed or interrupted.
	turns []turn
}

// turn is a moment from which on a path does something.
type turn struct {
	at   int64
	does activity
}

// RunningWithin is for how many microseconds of from ≤ time < to the cycle was
// executed.
func (c *Cycle) RunningWithin(from, to int64) int64 {
	sum := int64(0)
	for i, t := range c.turns {
		until := c.To
		if i+1 < len(c.turns) {
			until = c.turns[i+1].at
		}
		if t.does == executing {
			sum += max(0, min(until, to)-max(t.at, from))
		}
	}
	return sum
}

// Whole reports whether the cycle was seen from begin to end and the program ran
// to its end. Others are cut off: how long such a run takes cannot be told by
// them.
func (c *Cycle) Whole() bool { return c.Seen && c.End == CycleCompleted }

// activity is what a path does, as far as cycles go.
type activity uint8

const (
	unclear activity = iota
	resting
	executing
	interrupted
)

// activities say what the values of Execution mean for a cycle, and rests how one
// ends by those that end it.
var (
	activities = map[string]activity{
		"ACTIVE": executing, "WAIT": executing,
		"FEED_HOLD": interrupted, "INTERRUPTED": interrupted, "PROGRAM_STOPPED": interrupted,
		"OPTIONAL_STOP": interrupted, "PROGRAM_OPTIONAL_STOP": interrupted,
		"READY": resting, "STOPPED": resting, "PROGRAM_COMPLETED": resting,
	}
	rests = map[string]CycleEnd{
		"READY": CycleCompleted, "PROGRAM_COMPLETED": CycleCompleted, "STOPPED": CycleStopped,
	}
)

// Cycles gives the cycles of a path, the oldest first, by the observations of its
// data items in order of run and sequence, and the holes in them in the same
// order. Times that run backwards within a cycle count as standing still.
//
// A cycle begins when the path begins to execute, and again where the program
// changes while it does. A program that is told at the moment of the begin, or
// becomes known only later, is the cycle's own and no change. What is not known
// ends a cycle. What is told last holds up to the moment heard, in microseconds.
func Cycles(observations []plant.Observation, holes []Hole, items CycleItems, heard int64) []Cycle {
	t := cycleTracker{}
	for o, hole := range broken(observations, holes) {
		if t.run != o.Run || hole != nil {
			t.forget(o)
			t.run = o.Run
		}
		switch {
		case hole != nil:
		case o.Item == items.Execution:
			t.execute(o)
		case o.Item == items.Program:
			t.load(o)
		case o.Item == items.Mode:
			t.mode = strings.ToUpper(o.Value.Text)
		}
		t.pass(o.Time)
	}
	t.pass(heard)
	return t.cycles
}

// CountParts sets the parts of each cycle: all that were counted from its begin up to
// the begin of the next one, and those of them at from ≤ time < to. Cycles and steps
// are in order of run and sequence.
func CountParts(cycles []Cycle, steps []PartStep, from, to int64) {
	for i := range cycles {
		cycles[i].AllParts, cycles[i].Parts = 0, 0
	}
	at := -1
	for _, s := range steps {
		for at+1 < len(cycles) && cycles[at+1].begunBy(s) {
			at++
		}
		if at < 0 || cycles[at].Run != s.Run {
			continue
		}
		cycles[at].AllParts += s.Parts
		if s.Time >= from && s.Time < to {
			cycles[at].Parts += s.Parts
		}
	}
}

func (c *Cycle) begunBy(s PartStep) bool {
	return c.Run < s.Run || c.Run == s.Run && c.Sequence <= s.Sequence
}

// cycleTracker follows a path.
type cycleTracker struct {
	cycles []Cycle
	run    plant.RunID
	// does is what the path does; rested is true where it is known to have been
	// without a cycle since it was last unknown.
	does          activity
	rested        bool
	program, mode string
	// open is true while the last cycle lasts; clock is the newest time in it.
	open  bool
	clock int64
}

// execute takes an observation of the execution.
func (t *cycleTracker) execute(o plant.Observation) {
	word := strings.ToUpper(o.Value.Text)
	does := activities[word]
	t.pass(o.Time)
	switch does {
	case unclear:
		t.end(CycleUnknown)
		t.rested = false
	case resting:
		t.end(rests[word])
		t.rested = true
	case executing:
		if !t.open {
			t.begin(o, t.rested)
		}
	case interrupted:
		if t.open && t.does == executing {
			t.last().Interruptions++
		}
	}
	if t.open && does != t.does {
		t.last().turns = append(t.last().turns, turn{t.clock, does})
	}
	t.does = does
}

// load takes an observation of the program.
func (t *cycleTracker) load(o plant.Observation) {
	before := t.program
	t.program = o.Value.Text
	if !t.open || t.program == before || t.program == "" {
		return
	}
	c := t.last()
	if c.Program == "" || o.Time <= c.From || c.Program == t.program {
		c.Program = t.program
		return
	}
	t.pass(o.Time)
	t.end(CycleProgram)
	t.rested = true
	if t.does == executing {
		t.begin(o, true)
	}
}

func (t *cycleTracker) begin(o plant.Observation, seen bool) {
	t.cycles = append(t.cycles, Cycle{
		Program: t.program, Manual: t.mode != "" && t.mode != "AUTOMATIC", Seen: seen,
		From: o.Time, To: o.Time, Run: o.Run, Sequence: o.Sequence,
		turns: []turn{{o.Time, executing}},
	})
	t.open, t.clock, t.rested = true, o.Time, false
}

// pass lets the time pass up to a moment.
func (t *cycleTracker) pass(now int64) {
	if !t.open || now <= t.clock {
		return
	}
	c := t.last()
	if t.does == interrupted {
		c.Interrupted += now - t.clock
	} else {
		c.Running += now - t.clock
	}
	t.clock, c.To = now, now
}

func (t *cycleTracker) end(how CycleEnd) {
	if t.open {
		t.last().End, t.open = how, false
	}
}

// forget ends what was known before a hole or of another run.
func (t *cycleTracker) forget(o plant.Observation) {
	if o.Run == t.run {
		t.pass(o.Time)
	}
	t.end(CycleUnknown)
	t.does, t.rested, t.program, t.mode = unclear, false, "", ""
}

func (t *cycleTracker) last() *Cycle { return &t.cycles[len(t.cycles)-1] }
