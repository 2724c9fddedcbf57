package insight

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/factorydash/factorydash/internal/plant"
)

// Reason says why the state of a machine is not known.
type Reason string

// The reasons.
const (
	// ReasonGap: observations are missing, and what they said is not known.
	ReasonGap Reason = "gap"
	// ReasonNoData: nothing is stored, since it is before the first observation or
	// is still to be read.
	ReasonNoData Reason = "no-data"
	// ReasonRestart: the agent restarted, and has not yet said what the machine
	// does.
	ReasonRestart Reason = "restart"
)

// Interval is a stretch of time in which a machine was in one state. Times are
// microseconds since 1970 UTC.
type Interval struct {
	// State is 0 where it is not known: Reason says why. It is plant.NoLink from
	// the last that was heard of the machine's agent up to now.
	State  plant.State
	Reason Reason
	// Rule is the rule by which the state began; others may have confirmed it since.
	Rule string
	// From and To bound it within the range that was asked for: From < To.
	From, To int64
	// Since is when it began and Until when it ended, in the range or out of it.
	// Until is 0 while it lasts. Since is 0 where it began before all that is
	// stored.
	Since, Until int64
	// Run and Sequence are the observation that began it; 0 where none did.
	Run      plant.RunID
	Sequence int64
	// Detail says more for people, such as "lost 120 observations".
	Detail string
}

// Break is a stretch of an agent's run of which the observations are missing.
type Break struct {
	Run plant.RunID
	// From and To are the first and the last sequence number missing; To is
	// plant.OpenEnd where the run ended.
	From, To int64
	// Begin is the time of the last observation before it. End is that of the first
	// behind it, or math.MaxInt64 where there is none.
	Begin, End int64
	Reason     Reason
}

// Record is what is known of a machine's states.
type Record struct {
	// Changes are the changes in order of run and sequence: those of the range with
	// the last before it and the first of another state behind it, as the store
	// gives them.
	Changes []plant.StateChange
	// Breaks are the breaks between them, in any order.
	Breaks []Break
	// Heard is until when the agent was heard: up to now, or later, while it is;
	// math.MinInt64 where it never was.
	Heard int64
	// Behind is set while the agent is heard and much of what it has said is still
	// to be read: what came after Heard will be known.
	Behind bool
}

// Intervals gives what a machine was doing over a range of time, as far as that has
// passed: the first interval begins at from, each begins where the one before ends
// and is in another state or unknown for another reason, and the last ends at to, or
// at now where that is earlier. There are none where nothing of the range has
// passed.
//
// Changes count in order of run and sequence. Where the agent's clock was put back,
// what was said later holds: at each moment the state is that of the last change, in
// this order, of those with a time up to then. So any part of a range says the same
// as the whole.
//
// A state is not carried into a break. Behind it the machine is in the state of the
// last change, since a change was written where the agent said something else then;
// it stays unknown where that change says no more than that all was lost. A machine
// that waits for longer than the rules allow has stopped.
func Intervals(r Record, rules Rules, from, to, now int64) []Interval {
	to = min(to, now)
	if to <= from {
		return nil
	}
	l := &lane{spans: []span{{Interval: Interval{Reason: ReasonNoData}, from: math.MinInt64}}}
	events := r.events()
	l.spans = slices.Grow(l.spans, len(events)+1)
	for _, e := range events {
		switch {
		case e.change != nil:
			l.change(e.change)
		case e.begins:
			l.begin(e.hole)
		default:
			l.resume(e.hole)
		}
	}
	l.end(r, now)
	all := l.merged(rules.wait())
	intervals := all[:0]
	for _, i := range all {
		if i.To <= from || i.From >= to {
			continue
		}
		switch {
		case i.From == math.MinInt64:
			i.Since = 0
		case i.Since == 0:
			i.Since = i.From
		}
		if i.Until = i.To; i.To > now {
			i.Until = 0
		}
		i.From, i.To = max(i.From, from), min(i.To, to)
		intervals = append(intervals, i)
	}
	return intervals
}

// event is a change of what is known, at a place of a run.
type event struct {
	run      plant.RunID
	sequence int64
	// change is the change; nil at the ends of the break hole, of which begins tells
	// the first.
	change *plant.StateChange
	hole   *Break
	begins bool
}

// rank orders events at one place: a break ends before another begins, and changes
// in it come after its beginning.
func (e *event) rank() int {
	switch {
	case e.change != nil:
		return 2
	case e.begins:
		return 1
	}
	return 0
}

// events gives the changes and the ends of the breaks in order.
func (r *Record) events() []event {
	events := make([]event, 0, len(r.Changes)+2*len(r.Breaks))
	for i := range r.Changes {
		c := &r.Changes[i]
		events = append(events, event{run: c.Run, sequence: c.Sequence, change: c})
	}
	for i := range r.Breaks {
		b := &r.Breaks[i]
		events = append(events, event{run: b.Run, sequence: b.From, hole: b, begins: true})
		if b.To != plant.OpenEnd {
			events = append(events, event{run: b.Run, sequence: b.To + 1, hole: b})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.rank(), b.rank()))
	})
	return events
}

// lane is the states of a machine while they are put together.
type lane struct {
	// spans stand in order of time; each lasts until the next.
	spans []span
	// held is the last change, nil where none holds.
	held *plant.StateChange
	// within is the break that has begun and of which nothing more is known.
	within *Break
}

// span is an interval of which only the beginning is known yet.
type span struct {
	Interval
	from int64
	// since is when the state began, which is before from where a rule confirmed it;
	// changed is when the rule did.
	since, changed int64
	// lost counts the observations lost in it.
	lost int64
}

// put makes a span what holds from a time on, whatever was to hold later.
func (l *lane) put(s span) {
	n := len(l.spans)
	for n > 1 && l.spans[n-1].from >= s.from {
		n--
	}
	if n == 1 && s.from == math.MinInt64 {
		n = 0
	}
	l.spans = append(l.spans[:n], s)
}

func (l *lane) change(c *plant.StateChange) {
	if b := l.within; b != nil && b.loses(c) {
		l.held = nil
		return
	}
	l.held, l.within = c, nil
	l.put(stateFrom(c, c.Time))
}

// loses reports whether a change says no more than that all was lost in the break:
// it stands at the first number missing.
func (b *Break) loses(c *plant.StateChange) bool {
	return c.Run == b.Run && c.Sequence == b.From && c.State == plant.Offline
}

func stateFrom(c *plant.StateChange, from int64) span {
	return span{
		Interval: Interval{State: c.State, Rule: c.Rule, Run: c.Run, Sequence: c.Sequence},
		from:     from, since: c.Since, changed: c.Time,
	}
}

func (l *lane) begin(b *Break) {
	if b.To == plant.OpenEnd {
		l.held = nil
	}
	l.within = b
	s := span{Interval: Interval{Reason: b.Reason, Run: b.Run, Sequence: b.From}, from: b.Begin, since: b.Begin}
	if b.To != plant.OpenEnd {
		s.lost = b.To - b.From + 1
	}
	l.put(s)
}

func (l *lane) resume(b *Break) {
	if l.within != b {
		return
	}
	l.within = nil
	if l.held != nil && b.End != math.MaxInt64 {
		l.put(stateFrom(l.held, max(b.Begin, b.End)))
	}
}

// end puts what follows on the last that was heard.
func (l *lane) end(r Record, now int64) {
	heard := r.Heard
	for _, s := range l.spans {
		if s.from <= now {
			heard = max(heard, s.from)
		}
	}
	if heard == math.MinInt64 || heard >= now {
		return
	}
	s := span{Interval: Interval{State: plant.NoLink}, from: heard, since: heard}
	if r.Behind {
		s.State, s.Reason, s.Detail = 0, ReasonNoData, "still being read"
	}
	l.put(s)
}

// merged gives the spans with their ends, those of one state as one interval.
// Machines that wait for longer than the time given have stopped from then on.
func (l *lane) merged(wait int64) []Interval {
	intervals := make([]Interval, 0, len(l.spans)+1)
	lost := int64(0)
	add := func(s span, to int64) {
		if s.from >= to {
			return
		}
		if n := len(intervals); n > 0 && intervals[n-1].State == s.State && intervals[n-1].Reason == s.Reason {
			intervals[n-1].To = to
			lost += s.lost
		} else {
			s.From, s.To = s.from, to
			if len(intervals) < 2 && s.since != 0 && s.since < s.from {
				s.Since = s.since // The change by which the state began is before those at hand.
			}
			lost = s.lost
			intervals = append(intervals, s.Interval)
		}
		if lost > 0 {
			intervals[len(intervals)-1].Detail = lostText(lost)
		}
	}
	for i, s := range l.spans {
		to := int64(math.MaxInt64)
		if i+1 < len(l.spans) {
			to = l.spans[i+1].from
		}
		if s.Rule != ruleWaiting {
			add(s, to)
			continue
		}
		over := s.changed + wait
		add(s, min(over, to))
		stopped := s
		stopped.State, stopped.Rule, stopped.from = plant.Stopped, ruleWaited, max(over, s.from)
		add(stopped, to)
	}
	return intervals
}

// lostText says how many observations were lost.
func lostText(n int64) string {
	if n == 1 {
		return "lost 1 observation"
	}
	return "lost " + strconv.FormatInt(n, 10) + " observations"
}
