package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// shiftPart is a shift from its begin up to a moment, in microseconds: up to its end
// where all of it is meant.
type shiftPart struct {
	shop.Shift
	until int64
}

func (p shiftPart) span() shiftSpan { return shiftSpan{p.From, p.until} }

// working is the working time of the part.
func (p shiftPart) working() []insight.Window {
	var windows []insight.Window
	for _, w := range p.Working() {
		if w.To = min(w.To, p.until); w.From < w.To {
			windows = append(windows, w)
		}
	}
	return windows
}

// shiftFacts is what one machine did in a part of a shift.
type shiftFacts struct {
	// shares are those of the working time.
	shares insight.Shares
	// stops counts the stops that began, alarms the alarms that were raised.
	stops, alarms int
	// parts is what was made; nil where the counter was not known all the time, or
	// there is none.
	parts *float64
	// seen is what was made while the counter was known.
	seen float64
	// programs are those that were run in automatic mode, those that ran longest first.
	programs []programFacts
	// problem says why nothing could be told; empty where it could.
	problem string
}

// programFacts is how one program of a path was run.
type programFacts struct {
	path    int
	program string
	// running is for how long, in microseconds; median is that of the running times of
	// the whole cycles that ended, in microseconds; not set where whole is 0.
	running int64
	whole   int
	median  float64
}

// counted reports whether enough is known of a shift for others to be compared with it.
func (f *shiftFacts) counted() bool {
	return f.problem == "" && f.shares.Total > 0 && f.shares.Coverage() >= insight.DoubtfulBelow
}

// known gives a count; nil where nothing at all is known of the shift, since nothing
// that was seen is not nothing that happened.
func (f *shiftFacts) known(count int) *float64 {
	if f.shares.Known() == 0 {
		return nil
	}
	return new(float64(count))
}

// shiftFacts gives what a machine did in parts of shifts, which stand in order of
// time, as of a moment in microseconds: what is kept, and what is not from the store.
// The problem says for people what of it is in doubt. said is the shop whose shifts
// the parts are of.
func (s *Service) shiftFacts(ctx context.Context, said *shop.Shop, m *machine, parts []shiftPart, at int64) (list []shiftFacts, problem string, err error) {
	book, err := s.books.take(ctx, m.ID)
	if err != nil {
		return nil, "", err
	}
	defer book.putBack()
	book.forget(said, s.hearing(m), s.now())
	known := make(map[shiftSpan]keptFacts)
	var missing []shiftPart
	for _, p := range parts {
		if kept, ok := book.facts[p.span()]; ok {
			known[p.span()] = kept
		} else {
			missing = append(missing, p)
		}
	}
	for len(missing) > 0 {
		n := 1
		for n < len(missing) && missing[n].until-missing[0].From <= ShiftFactsPiece.Microseconds() {
			n++
		}
		if err := s.readShifts(ctx, m, book, known, missing[:n], at); err != nil {
			return nil, "", err
		}
		missing = missing[n:]
	}
	for _, p := range parts {
		facts := known[p.span()]
		list, problem = append(list, facts.shiftFacts), cmp.Or(facts.doubt, problem)
	}
	return list, problem, nil
}

// readShifts reads what a machine did in parts of shifts, which stand in order of time,
// at once with the others between them, and keeps in the book what may be relied on.
// More than is read at once is read in halves: that of one part is its problem, and of
// no other.
func (s *Service) readShifts(ctx context.Context, m *machine, book *shiftBook, known map[shiftSpan]keptFacts, parts []shiftPart, at int64) error {
	from, to := parts[0].From, parts[len(parts)-1].until
	heard := s.hearing(m)
	r, err := s.readWork(ctx, m, from, to, at)
	tooMuch := plant.ErrorCode(err) == plant.Invalid
	switch {
	case tooMuch && len(parts) > 1:
		half := len(parts) / 2
		if err := s.readShifts(ctx, m, book, known, parts[:half], at); err != nil {
			return err
		}
		return s.readShifts(ctx, m, book, known, parts[half:], at)
	case err != nil && !tooMuch:
		return err
	case len(parts) > 1:
		parts = withOthers(parts, book.said.Calendar)
	}
	// Else it was read by another shop's rules, or by what was heard meanwhile, or
	// partly so.
	same := s.shop() == book.said && s.hearing(m) == heard
	settled := s.now().Add(-ShiftSettled).UnixMicro()
	for _, p := range parts {
		facts := keptFacts{doubt: r.doubt, read: s.now(), heard: heard}
		if tooMuch {
			facts.problem = err.Error()
		} else {
			facts.shiftFacts = r.shiftFacts(p)
		}
		known[p.span()] = facts
		if same && p.until <= settled && len(book.facts) < MaxShiftFacts {
			book.facts[p.span()] = facts
		}
	}
	return nil
}

// withOthers adds the other shifts between the first and the last: what is read for
// some of them tells of them all, and somebody may ask of those next.
func withOthers(parts []shiftPart, calendar shop.Calendar) []shiftPart {
	from, to := parts[0].From, parts[len(parts)-1].until
	all := slices.Clone(parts)
	for _, shift := range calendar.Between(from, to) {
		whole := shiftPart{shift, shift.To}
		if shift.From >= from && shift.To <= to && !slices.ContainsFunc(parts, func(p shiftPart) bool { return p.From == whole.From && p.until == whole.until }) {
			all = append(all, whole)
		}
	}
	return all
}

// shiftReading is what was read of a machine over a range in which shifts lie.
type shiftReading struct {
	work
	intervals []insight.Interval
	alarms    []insight.Activation
	// doubt says for people what of it is in doubt.
	doubt string
}

// readWork reads what a machine did at from ≤ time < to, as of a moment. Invalid where
// that is more than is read at once.
func (s *Service) readWork(ctx context.Context, m *machine, from, to, at int64) (r shiftReading, err error) {
	breaks := newBreaks(s)
	if r.work, err = s.workUntil(ctx, breaks.locator, m, from, to, at); plant.ErrorCode(err) == plant.Invalid {
		return r, plant.Errorf(plant.Invalid, "in the shift and the %.0f hours before it, programs, tools, modes, executions and counts changed more often than the %d times that are read", WorkLead.Hours(), MaxTracked)
	} else if err != nil {
		return r, err
	}
	if r.intervals, err = s.history(ctx, breaks, m, from, to, at); err != nil {
		return r, err
	}
	reading, alarms, err := s.readAlarms(ctx, conditionsOf([]*machine{m}), from, to)
	if plant.ErrorCode(err) == plant.Invalid {
		return r, plant.Errorf(plant.Invalid, "conditions said more in the shift than the %d observations that are read", MaxAlarmObservations)
	} else if err != nil {
		return r, err
	}
	r.alarms = alarms
	r.doubt = strings.Join(slices.DeleteFunc([]string{breaks.locator.problem(), reading.problem()}, func(s string) bool { return s == "" }), "; ")
	return r, nil
}

// shiftFacts works out what the machine did in a part of a shift that lies in what was
// read.
func (r *shiftReading) shiftFacts(p shiftPart) shiftFacts {
	within := func(t int64) bool { return t >= p.From && t < p.until }
	f := shiftFacts{shares: insight.Share(r.intervals, p.working()), programs: r.programFacts(p)}
	for _, i := range r.intervals {
		if (i.State == plant.Stopped || i.State == plant.Alarmed) && within(i.Since) {
			f.stops++
		}
	}
	for _, a := range r.alarms {
		if within(a.Raised) {
			f.alarms++
		}
	}
	if steps := r.shown(); r.counter() != nil {
		if f.seen = insight.PartsWithin(steps, p.From, p.until); knownThrough(steps, p.From, p.until) {
			f.parts = new(f.seen)
		}
	}
	return f
}

// knownThrough reports whether a counter was known all the time at from ≤ time < until.
func knownThrough(steps []insight.PartStep, from, until int64) bool {
	known := false
	for _, s := range steps {
		switch {
		case s.Time >= until:
		case s.Time <= from:
			known = s.Kind != insight.PartsUnknown
		case s.Kind == insight.PartsUnknown || !known:
			return false
		}
	}
	return known
}

// programFacts works out how programs were run in a part of a shift.
func (w *work) programFacts(p shiftPart) []programFacts {
	var list []programFacts
	for path, cycles := range w.cycles {
		for _, runs := range insight.Programs(alone(cycles, p), p.From, p.until) {
			list = append(list, programFacts{path, runs.Program, runs.Running, runs.Whole, runs.Median})
		}
	}
	slices.SortStableFunc(list, func(a, b programFacts) int { return cmp.Compare(b.running, a.running) })
	return list
}

// alone gives the cycles of which some is in a part of a shift, as they are known where
// that part is all that is read.
func alone(cycles []insight.Cycle, p shiftPart) []insight.Cycle {
	var list []insight.Cycle
	for _, c := range cycles {
		if c.To <= p.From || c.From >= p.until {
			continue
		}
		if c.Seen = c.Seen && c.From >= leadOf(p.From); c.To >= p.until {
			c.End = insight.CycleOpen
		}
		list = append(list, c)
	}
	return list
}
