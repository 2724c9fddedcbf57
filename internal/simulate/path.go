package simulate

import (
	"slices"
	"strconv"
	"time"
)

// The values of Execution and ControllerMode that machines here take.
const (
	ready     = "READY"
	active    = "ACTIVE"
	feedHold  = "FEED_HOLD"
	optional  = "OPTIONAL_STOP"
	completed = "PROGRAM_COMPLETED"
	waiting   = "WAIT"

	automatic = "AUTOMATIC"
	manual    = "MANUAL"
	manualIn  = "MANUAL_DATA_INPUT"
)

// path is one of the paths on which a machine runs programs.
type path struct {
	machine *machine
	number  int

	execution, mode, program, comment, line, tool *signal
	feedrate, position                            *signal
	feedOverride, rapidOverride, spindleOverride  *signal

	// step is what it does since began; queue what it does next. done is true
	// where there is nothing left to do.
	step  step
	began int64
	queue []step
	done  bool

	// work is how hard it works, from 0 to 1.5 and without noise.
	work float64
}

// step is a piece of time in which a path does one thing.
type step struct {
	lasts           time.Duration
	execution, mode string
	// op is the operation it belongs to, nil for none; the step goes from one
	// share of it to another. block is the operation's first line.
	op       *operation
	from, to float64
	block    int
	// turns is true where the spindle turns, feeds where the axes move with
	// feed.
	turns, feeds bool
	// override is what the knobs stand at.
	override override
	// begin and end are what happens then, nil for nothing.
	begin, end func()
}

// run makes the paths do what the queues hold, one queue per path. When all
// have done so, the machine plans anew.
func (m *machine) run(queues [][]step) {
	for i, p := range m.paths {
		p.queue, p.done = queues[i], false
	}
	for _, p := range m.paths {
		p.next()
	}
}

// next begins the next step of the queue.
func (p *path) next() {
	m := p.machine
	if len(p.queue) == 0 {
		p.done = true
		if !slices.ContainsFunc(m.paths, func(p *path) bool { return !p.done }) {
			m.plan()
		}
		return
	}
	s := p.queue[0]
	p.queue = p.queue[1:]
	p.step, p.began = s, m.agenda.now
	p.show()
	if s.begin != nil {
		s.begin()
	}
	m.measureDrives(p)
	m.agenda.after(s.lasts, func() {
		if p.number == 0 {
			m.useCoolant(&s)
		}
		if s.end != nil {
			s.end()
		}
		p.next()
	})
}

// show tells the adapter what the step says.
func (p *path) show() {
	a, s := &p.machine.adapter, &p.step
	a.event(p.mode, s.mode)
	a.event(p.execution, s.execution)
	p.showOverride(p.feedOverride, s.override.feed)
	p.showOverride(p.rapidOverride, s.override.rapid)
	p.showOverride(p.spindleOverride, s.override.spindle)
	if s.op != nil && s.op.tool > 0 {
		a.event(p.tool, strconv.Itoa(s.op.tool))
	}
}

func (p *path) showOverride(s *signal, percent int) {
	if p.machine.idiom.overrideSamples {
		p.machine.adapter.sample(s, float64(percent))
	} else {
		p.machine.adapter.event(s, strconv.Itoa(percent))
	}
}

// share is how much of the step's operation is done now.
func (p *path) share() float64 {
	s := &p.step
	if s.lasts <= 0 {
		return s.to
	}
	gone := time.Duration(p.machine.agenda.now-p.began) * time.Microsecond
	return s.from + (s.to-s.from)*min(1, float64(gone)/float64(s.lasts))
}

// all gives every path the same steps; what they begin and end with happens
// once.
func (m *machine) all(steps ...step) [][]step {
	queues := make([][]step, len(m.paths))
	for i := range m.paths {
		queues[i] = slices.Clone(steps)
		if i > 0 {
			mute(queues[i])
		}
	}
	return queues
}

// mute takes from steps what they begin and end with.
func mute(steps []step) {
	for i := range steps {
		steps[i].begin, steps[i].end = nil, nil
	}
}

// length is how long a queue lasts.
func length(queue []step) (d time.Duration) {
	for _, s := range queue {
		d += s.lasts
	}
	return d
}

// pad makes all queues as long as the longest, which it gives: the others wait.
func (m *machine) pad(queues [][]step) time.Duration {
	var longest time.Duration
	for _, q := range queues {
		longest = max(longest, length(q))
	}
	for i, q := range queues {
		wait := step{lasts: longest - length(q), execution: m.idiom.waiting, mode: automatic, override: m.override}
		if wait.lasts > 0 {
			queues[i] = append(queues[i], wait)
		}
	}
	return longest
}

// interrupt puts steps into a queue after so long: what was under way is
// broken off and goes on after them.
func interrupt(queue []step, after time.Duration, stop []step) []step {
	for i, s := range queue {
		if after >= s.lasts {
			after -= s.lasts
			continue
		}
		mid := s.from + (s.to-s.from)*float64(after)/float64(s.lasts)
		first, rest := s, s
		first.lasts, first.to, first.end = after, mid, nil
		rest.lasts, rest.from, rest.begin = s.lasts-after, mid, nil
		stop = slices.Clone(stop)
		for j := range stop {
			stop[j].op, stop[j].block, stop[j].from, stop[j].to = s.op, s.block, mid, mid
			stop[j].override = s.override
		}
		return slices.Concat(queue[:i], []step{first}, stop, []step{rest}, queue[i+1:])
	}
	return append(queue, stop...)
}
