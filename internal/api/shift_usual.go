package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// ShiftUsualQuery asks whether a shift was as usual.
type ShiftUsualQuery struct {
	// Shift is the ID of a shift, such as 2026-11-23.Late: the one that ended last where
	// it is empty.
	Shift string
	// Machines are slugs, at most MaxUsualMachines: all machines on the floor where
	// there are none.
	Machines []string
	// Brief leaves the machines out of the answer.
	Brief bool
	// At is the moment as of which it is told: nothing that came later. It is now where
	// it is zero.
	At time.Time
}

// ShiftUsual is what machines did in a shift beside what is usual of them: what the
// same machine did in the shifts of the same name and working time that began in the
// ShiftHistory before. Of a shift that is on, and of the earlier ones, only what is
// before Until in each counts.
type ShiftUsual struct {
	At time.Time `json:"at"`
	// Shift is the shift; null where there is none, and Note says why.
	Shift *ShiftOn `json:"shift"`
	// Until is up to when it is told: the end of the shift, or while it is on, its last
	// ShiftStep that has passed. Lasts is true while it is on.
	Until time.Time `json:"until"`
	Lasts bool      `json:"lasts,omitempty"`
	// Earlier is how many shifts of the kind there were, and Since when the first of
	// them may have begun.
	Earlier int       `json:"earlier"`
	Since   time.Time `json:"since"`
	// Says says in a sentence how the machines did.
	Says string `json:"says"`
	// Machines stand as asked for, or by agent and name.
	Machines []MachineUsual `json:"machines"`
	// Note says for people why nothing is told.
	Note string `json:"note,omitempty"`
}

// MachineUsual is what one machine did in a shift beside what is usual of it.
type MachineUsual struct {
	Machine string `json:"machine"`
	Name    string `json:"name"`
	Area    string `json:"area,omitempty"`
	Agent   string `json:"agent"`
	// Coverage is the part of the working time that is known, from 0 to 1.
	Coverage float64 `json:"coverage"`
	// Verdict is worse where a figure is worse than usual, better where one is better
	// and none worse, usual where none is either, and unsaid where it cannot be said of
	// the running share. Says says so in words.
	Verdict string `json:"verdict" enum:"usual,worse,better,unsaid"`
	Says    string `json:"says"`
	// Figures are the running share, the stops, the alarms, the parts, and the cycle
	// time of the program that ran longest in the shift.
	Figures []UsualFigure `json:"figures"`
	// Shifts are those that it is compared with, the newest first, and in front of them
	// the shift itself; they are left out where several machines are asked for.
	Shifts []ShiftFacts `json:"shifts,omitempty"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// The verdicts on a machine.
const (
	VerdictUsual  = string(insight.AsUsual)
	VerdictWorse  = "worse"
	VerdictBetter = "better"
	VerdictUnsaid = "unsaid"
)

// The figures of a shift, behind insight.FigureRunningShareScheduled.
const (
	FigureStops     = "stops"
	FigureAlarms    = "alarms"
	FigureParts     = "parts"
	FigureCycleTime = "cycle-time"
)

// UsualFigure is a figure of a shift beside what it usually is.
type UsualFigure struct {
	ID    string `json:"id" enum:"running-share-scheduled,stops,alarms,parts,cycle-time"`
	Label string `json:"label"`
	// Program is whose cycle time it is; left out for the other figures, and where none
	// ran.
	Program string `json:"program,omitempty"`
	// Unit is s for a time; left out for a share from 0 to 1 and for a count.
	Unit string `json:"unit,omitempty"`
	// Value is null where it is not known: Says says why.
	Value *float64 `json:"value"`
	// Verdict is too-few where there are less than insight.StandingLeast shifts to
	// compare with, and unsaid where too little is known of this one. Worse is true for
	// what nobody wants. Says says it in words.
	Verdict string `json:"verdict" enum:"usual,less,more,too-few,unsaid"`
	Worse   bool   `json:"worse,omitempty"`
	Says    string `json:"says"`
	// P10, Median and P90 are quantiles of Shifts earlier shifts; null where there are
	// none. In Lower of them the figure was lower and in Higher it was higher.
	P10    *float64 `json:"p10"`
	Median *float64 `json:"median"`
	P90    *float64 `json:"p90"`
	Shifts int      `json:"shifts"`
	Lower  int      `json:"lower"`
	Higher int      `json:"higher"`
}

// ShiftFacts is what a machine did in one shift.
type ShiftFacts struct {
	ShiftOn
	// Counts is true where others are compared with it; Note says why not.
	Counts bool   `json:"counts"`
	Note   string `json:"note,omitempty"`
	// Coverage is the part of the working time that is known, from 0 to 1.
	Coverage float64 `json:"coverage"`
	// The figures are null where they are not known, CycleSeconds also where the
	// program had no whole cycle.
	RunningShare *float64 `json:"runningShare"`
	Stops        *float64 `json:"stops"`
	Alarms       *float64 `json:"alarms"`
	Parts        *float64 `json:"parts"`
	CycleSeconds *float64 `json:"cycleSeconds"`
}

// ShiftUsual says whether a shift was as usual. What of one machine cannot be told is
// its Problem and no error. NotFound where there is no such machine, Invalid for a
// shift that is not in the calendar or still to come, and for a moment that is.
func (s *Service) ShiftUsual(ctx context.Context, q ShiftUsualQuery) (ShiftUsual, error) {
	if q.At.IsZero() {
		q.At = s.now()
	}
	if err := s.checkPast(q.At); err != nil {
		return ShiftUsual{}, err
	}
	if len(q.Machines) > MaxUsualMachines {
		return ShiftUsual{}, plant.Errorf(plant.Invalid, "machine: use at most %d, not %d", MaxUsualMachines, len(q.Machines))
	}
	machines, err := s.machinesOf(q.Machines)
	if err != nil {
		return ShiftUsual{}, err
	}
	v := ShiftUsual{At: q.At.UTC(), Machines: []MachineUsual{}}
	said, at := s.shop(), q.At.UnixMicro()
	shift, ok, err := shiftAsked(said.Calendar, q.Shift, at)
	if err != nil {
		return ShiftUsual{}, err
	}
	if !ok {
		v.Note = "No shift has ended: a shop file says when shifts are."
		return v, nil
	}
	parts := likeShifts(said.Calendar, shift, at)
	own := parts[len(parts)-1]
	v.Shift = &ShiftOn{ID: shift.ID(), Name: shift.Name, From: timeOf(shift.From), To: timeOf(shift.To)}
	v.Until, v.Lasts, v.Earlier = timeOf(own.until), at < shift.To, len(parts)-1
	v.Since = timeOf(shift.From - ShiftHistory.Microseconds())
	if own.until == shift.From {
		v.Note = fmt.Sprintf("The shift has just begun: it is compared from %s on.", timeOf(shift.From+ShiftStep.Microseconds()).In(said.Zone).Format("15:04"))
		return v, nil
	}
	v.Machines = make([]MachineUsual, len(machines))
	err = ofEach(ctx, machines, func(ctx context.Context, i int, m *machine) error {
		facts, problem, err := s.shiftFacts(ctx, said, m, parts, at)
		if err != nil {
			return err
		}
		c := comparison{shift: shift, lasts: v.Lasts, worker: newWorker(m.items), parts: parts, facts: facts, program: mainProgram(&facts[len(facts)-1])}
		v.Machines[i] = c.machine()
		one := &v.Machines[i]
		one.Machine, one.Name, one.Area, one.Agent = m.Slug, s.machine(m).Name, said.Machine(m.Slug).Area, m.agent.Name
		if one.Problem == "" {
			one.Problem = problem
		}
		if len(machines) == 1 {
			one.Shifts = c.shifts()
		}
		return nil
	})
	v.Says = usualSentence(v.Machines)
	if q.Brief {
		v.Machines = []MachineUsual{}
	}
	return v, err
}

// shiftAsked gives the shift with an ID, or where that is empty the one that ended
// last before a moment; ok is false where none did.
func shiftAsked(calendar shop.Calendar, id string, at int64) (shift shop.Shift, ok bool, err error) {
	if id == "" {
		if shift, ok = calendar.At(at); ok {
			shift, ok = calendar.Previous(shift.From)
			return shift, ok, nil
		}
		shift, ok = calendar.Previous(at)
		return shift, ok, nil
	}
	shift, ok = calendar.Find(id)
	switch {
	case !ok:
		err = plant.Errorf(plant.Invalid, "shift %.60q: there is no such shift; use a day and a shift of it, such as 2026-11-23.Late, or leave it out for the one that ended last", id)
	case shift.From > at:
		err = plant.Errorf(plant.Invalid, "shift %.60q: it begins at %s; use one that has begun", id, timeOf(shift.From).Format(time.RFC3339))
	}
	return shift, ok, err
}

// likeShifts gives the shifts of the kind of one that began in the ShiftHistory before
// it, in order of time, and it itself behind them: each as far as that has come at a
// moment, in whole steps of ShiftStep.
func likeShifts(calendar shop.Calendar, shift shop.Shift, at int64) []shiftPart {
	length, working := shift.To-shift.From, lengthOf(shift.Working())
	if at < shift.To {
		length = (at - shift.From) / ShiftStep.Microseconds() * ShiftStep.Microseconds()
	}
	var parts []shiftPart
	for _, other := range calendar.Between(shift.From-ShiftHistory.Microseconds(), shift.From) {
		if other.Name == shift.Name && other.From >= shift.From-ShiftHistory.Microseconds() && lengthOf(other.Working()) == working {
			parts = append(parts, shiftPart{other, min(other.From+length, other.To)})
		}
	}
	return append(parts, shiftPart{shift, shift.From + length})
}

// shifts gives what the machine did in the shift and, the newest first, in those that
// it is compared with.
func (c *comparison) shifts() []ShiftFacts {
	list := make([]ShiftFacts, len(c.facts))
	for i, p := range slices.Backward(c.parts) {
		f := &c.facts[i]
		v := ShiftFacts{
			ShiftOn: ShiftOn{ID: p.ID(), Name: p.Name, From: timeOf(p.From), To: timeOf(p.until)},
			Counts:  f.counted(), Coverage: f.shares.Coverage(), Parts: f.parts, Note: f.problem,
		}
		if v.Note == "" && !v.Counts {
			v.Note = "too little is known"
		}
		if f.problem == "" {
			v.RunningShare = insight.RunningShareScheduled(f.shares).Value
			v.Stops, v.Alarms = f.known(f.stops), f.known(f.alarms)
			v.CycleSeconds = f.cycleSeconds(c.program)
		}
		list[len(c.facts)-1-i] = v
	}
	return list
}
