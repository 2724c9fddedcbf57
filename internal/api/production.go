package api

import (
	"context"
	"math"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// Production is what machines made over a range.
type Production struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Now  time.Time `json:"now"`
	// Scheduled is true where there is a calendar.
	Scheduled bool                `json:"scheduled"`
	Machines  []MachineProduction `json:"machines"`
	// Parts, Target and Figures are those of all machines together: sums, and figures
	// of sums. Target is nil where one of those that count parts has none.
	Parts   *float64 `json:"parts"`
	Target  *float64 `json:"target"`
	Figures []Figure `json:"figures"`
}

// MachineProduction is what one machine made.
type MachineProduction struct {
	Machine string `json:"machine"`
	Name    string `json:"name"`
	Area    string `json:"area,omitempty"`
	Agent   string `json:"agent"`
	// Parts is what was made as far as is known: the good ones, where the agent tells
	// them apart. It is nil where it offers no count, and PartsProblem says so.
	Parts        *float64 `json:"parts"`
	PartsProblem string   `json:"partsProblem,omitempty"`
	// PartsUnknown counts how often the counter was not known, Glitches how often it
	// jumped: what was made then is not in Parts.
	PartsUnknown int `json:"partsUnknown,omitempty"`
	Glitches     int `json:"glitches,omitempty"`
	// Bad is what was made and is not good, nil where that is not told.
	Bad *float64 `json:"bad"`
	// Target is what the shifts of the range are to make; nil where nobody says.
	Target   *float64            `json:"target"`
	Programs []ProgramProduction `json:"programs"`
	Shifts   []ShiftProduction   `json:"shifts"`
	// Figures are the running share, performance, quality where it is measured, and
	// what they come to.
	Figures  []Figure `json:"figures"`
	Coverage float64  `json:"coverage"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// ProgramProduction is what the runs of one program made within the range: of runs
// that reach out of it, what lies within. Times are as those of a ProgramCycle, of
// the whole runs.
type ProgramProduction struct {
	ProgramCycle
	// Performance is the ideal time of what was made, of the time that it took.
	Performance Figure `json:"performance"`
}

// ShiftProduction is what a machine made in one shift, or in what of it is in the
// range.
type ShiftProduction struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Parts        *float64  `json:"parts"`
	Target       *float64  `json:"target"`
	RunningShare Figure    `json:"runningShare"`
}

// Figure is a figure with what it was worked out from; see docs/production.md.
type Figure struct {
	ID          string  `json:"id"`
	Label       string  `json:"label"`
	Numerator   float64 `json:"numerator"`
	Denominator float64 `json:"denominator"`
	Unit        string  `json:"unit,omitempty"`
	// Coverage is the part of the time that is known, from 0 to 1; the figure is
	// doubtful where that is too little.
	Coverage float64 `json:"coverage"`
	Doubtful bool    `json:"doubtful,omitempty"`
	// Value is null where there is none, and Note says why.
	Value *float64 `json:"value"`
	Note  string   `json:"note,omitempty"`
}

func newFigure(f insight.Figure) Figure {
	return Figure{
		ID: f.ID, Label: f.Label, Numerator: f.Numerator, Denominator: f.Denominator, Unit: f.Unit,
		Coverage: f.Coverage, Doubtful: f.Doubtful(), Value: f.Value, Note: f.Note,
	}
}

// ProductionQuery asks for what machines made.
type ProductionQuery struct {
	// Machines are slugs: all machines on the floor where there are none.
	Machines []string
	// From and To bound the range, as those of a CycleQuery.
	From, To time.Time
	// At is the moment of the past as of which it is told: nothing that came later.
	// It is now where it is zero.
	At time.Time
}

// Production gives what machines made over a range. What of one machine cannot be
// told is its Problem and no error. Invalid for a range that cannot be, NotFound
// where there is no machine with a slug.
func (s *Service) Production(ctx context.Context, q ProductionQuery) (Production, error) {
	from, to, err := s.rangeOf(q.From, q.To)
	if err != nil {
		return Production{}, err
	}
	machines, err := s.machinesOf(q.Machines)
	if err != nil {
		return Production{}, err
	}
	now, until := s.now(), int64(math.MaxInt64)
	if !q.At.IsZero() {
		if err := s.checkPast(q.At); err != nil {
			return Production{}, err
		}
		now, until = q.At, q.At.UnixMicro()
	}
	said := s.shop()
	v := Production{From: timeOf(from), To: timeOf(to), Now: now.UTC(), Scheduled: !said.Calendar.Empty(), Machines: make([]MachineProduction, len(machines))}
	breaks := newBreaks(s)
	made := make([]output, len(machines))
	err = ofEach(ctx, machines, func(ctx context.Context, i int, m *machine) error {
		one := &v.Machines[i]
		*one = MachineProduction{
			Machine: m.Slug, Name: s.machine(m).Name, Area: said.Machine(m.Slug).Area, Agent: m.agent.Name,
			Programs: []ProgramProduction{}, Shifts: []ShiftProduction{}, Figures: []Figure{},
		}
		w, err := s.workUntil(ctx, breaks.locator, m, from, to, until)
		if plant.ErrorCode(err) == plant.Invalid {
			one.Problem = err.Error()
			return nil
		}
		if err != nil {
			return err
		}
		intervals, err := s.history(ctx, breaks, m, from, to, now.UnixMicro())
		if err != nil {
			return err
		}
		made[i] = w.output(intervals, said.Calendar)
		made[i].tell(one, &w, said.Calendar, intervals)
		return nil
	})
	if err != nil {
		return Production{}, err
	}
	all := output{}
	for i, o := range made {
		if one := &v.Machines[i]; one.Problem == "" {
			one.Problem = breaks.problem(machines[i].agent)
			all.add(o)
		}
	}
	v.Parts, v.Target = all.parts, all.target
	if all.targetless {
		v.Target = nil
	}
	v.Figures = all.figures(v.Scheduled)
	return v, nil
}

// output is what the figures of a machine, or of several, are worked out from.
type output struct {
	// calendar are the shares of the whole range, scheduled those of its working time.
	calendar, scheduled insight.Shares
	// ideal is how long what was made would have taken at best, of running, in
	// seconds: of the runs of programs with an ideal time.
	ideal, running float64
	// good and total are parts; measured is true where they are told apart, and
	// unmeasured where some are not.
	good, total   float64
	measured      bool
	unmeasured    bool
	parts, target *float64
	// targetless is true where there are parts of which nobody says how many there
	// are to be.
	targetless bool
}

func (o *output) add(other output) {
	o.calendar, o.scheduled = o.calendar.Add(other.calendar), o.scheduled.Add(other.scheduled)
	o.ideal += other.ideal
	o.running += other.running
	o.good += other.good
	o.total += other.total
	o.measured = o.measured || other.measured
	o.unmeasured = o.unmeasured || other.unmeasured
	o.parts, o.target = sum(o.parts, other.parts), sum(o.target, other.target)
	o.targetless = o.targetless || other.targetless || other.parts != nil && other.target == nil
}

// sum adds up what is known.
func sum(a, b *float64) *float64 {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	return new(*a + *b)
}

// figures are the figures: without a quality that is measured, what the others come
// to is no OEE and not called so.
func (o *output) figures(scheduled bool) []Figure {
	availability := insight.RunningShare(o.calendar)
	list := []insight.Figure{availability}
	if scheduled {
		availability = insight.RunningShareScheduled(o.scheduled)
		list = append(list, availability)
	}
	performance := insight.Performance(o.ideal, o.running, o.calendar.Coverage())
	list = append(list, performance)
	note := " (calendar)"
	if scheduled {
		note = ""
	}
	if o.measured && !o.unmeasured {
		quality := insight.Quality(o.good, o.total, o.calendar.Coverage())
		list = append(list, quality, insight.Product(insight.FigureOEE, "OEE"+note, availability, performance, quality))
	} else {
		list = append(list, insight.Product(insight.FigureAxP, "A × P"+note, availability, performance))
	}
	figures := make([]Figure, len(list))
	for i, f := range list {
		figures[i] = newFigure(f)
	}
	return figures
}

// output works out what a machine made.
func (w *work) output(intervals []insight.Interval, calendar shop.Calendar) output {
	o := output{
		calendar:  insight.Share(intervals, []insight.Window{{From: w.from, To: w.to}}),
		scheduled: insight.Share(intervals, calendar.Working(w.from, w.endOf(intervals))),
	}
	if w.counter() != nil {
		o.parts, o.target = new(insight.PartsWithin(w.shown(), w.from, w.to)), w.target()
	}
	// A count of bad parts alone does not tell of how many.
	if w.counter() != nil && w.badCount != nil || w.goodCount != nil && w.allCount != nil {
		o.measured = true
		o.good, o.total = w.quality()
	}
	o.unmeasured = !o.measured
	for i := range w.paths {
		for _, p := range w.programs(i) {
			o.ideal += p.Performance.Numerator
			o.running += p.Performance.Denominator
		}
	}
	return o
}

// quality gives how many parts are good, of how many.
func (w *work) quality() (good, total float64) {
	in := func(steps []insight.PartStep) float64 { return insight.PartsWithin(steps, w.from, w.to) }
	switch {
	case w.goodCount != nil && w.allCount != nil:
		total = in(w.made)
		return min(in(w.good), total), total
	case w.goodCount != nil:
		return in(w.good), in(w.good) + in(w.bad)
	default:
		total = in(w.made)
		return max(0, total-in(w.bad)), total
	}
}

// programs is what the runs of each program of a path made within the range.
func (w *work) programs(path int) []ProgramProduction {
	list := []ProgramProduction{}
	for _, p := range insight.Programs(w.cycles[path], w.from, w.to) {
		made := p.Parts / w.perCycle()
		if !w.counts(path) { // A path that counts nothing makes one thing a run.
			made = float64(w.ended(path, p.Program))
		}
		v := ProgramProduction{ProgramCycle: w.programCycle(path, p)}
		ideal := w.said.Ideal(p.Program).Seconds()
		running := p.Running
		if ideal == 0 {
			running = 0
		}
		v.Performance = newFigure(insight.Performance(made*ideal, inSeconds(running), 1))
		list = append(list, v)
	}
	return list
}

// ended counts the whole cycles of a program on a path that ended within the range.
func (w *work) ended(path int, program string) (n int) {
	for _, c := range w.cycles[path] {
		if c.Program == program && !c.Manual && c.Whole() && c.To >= w.from && c.To < w.to {
			n++
		}
	}
	return n
}

// tell fills in what a machine made.
func (o *output) tell(v *MachineProduction, w *work, calendar shop.Calendar, intervals []insight.Interval) {
	v.Parts, v.Target, v.Coverage, v.Figures = o.parts, o.target, o.calendar.Coverage(), o.figures(!calendar.Empty())
	if v.Parts == nil {
		v.PartsProblem = noCount
	}
	if o.measured {
		v.Bad = new(o.total - o.good)
	}
	for _, s := range w.shown() {
		if s.Time < w.from || s.Time >= w.to {
			continue
		}
		switch s.Kind {
		case insight.PartsUnknown:
			v.PartsUnknown++
		case insight.PartsGlitch:
			v.Glitches++
		}
	}
	for i := range w.paths {
		v.Programs = append(v.Programs, w.programs(i)...)
	}
	for _, shift := range w.shifts[:min(len(w.shifts), MaxShifts)] {
		v.Shifts = append(v.Shifts, w.shift(shift, intervals))
	}
}

// shift is what a machine made in what of a shift is in the range.
func (w *work) shift(shift shop.Shift, intervals []insight.Interval) ShiftProduction {
	from, to := max(shift.From, w.from), min(shift.To, w.to)
	v := ShiftProduction{ID: shift.ID(), Name: shift.Name, From: timeOf(from), To: timeOf(to)}
	if w.counter() != nil {
		v.Parts = new(insight.PartsWithin(w.shown(), from, to))
		if target, ok := w.said.Targets[shift.Name]; ok && from == shift.From && to == shift.To {
			v.Target = &target
		}
	}
	var windows []insight.Window
	for _, window := range shift.Working() {
		if window.From, window.To = max(window.From, from), min(window.To, to, w.endOf(intervals)); window.From < window.To {
			windows = append(windows, window)
		}
	}
	v.RunningShare = newFigure(insight.RunningShareScheduled(insight.Share(intervals, windows)))
	return v
}

// endOf is where the last of the intervals ends.
func (w *work) endOf(intervals []insight.Interval) int64 {
	if len(intervals) == 0 {
		return math.MinInt64
	}
	return intervals[len(intervals)-1].To
}
