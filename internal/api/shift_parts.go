package api

import (
	"context"
	"fmt"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// ShiftParts is what machines made in the shift that is on at a moment, beside what
// they are to make.
type ShiftParts struct {
	At time.Time `json:"at"`
	// Shift is the shift; null where none is on, and then there are no machines.
	Shift *ShiftOn `json:"shift"`
	// Machines are those of which the shop says how many parts the shift is to make.
	Machines []MachineShiftParts `json:"machines"`
	// Problem says for people what of the gaps was left out.
	Problem string `json:"problem,omitempty"`
}

// ShiftOn is a shift that is on.
type ShiftOn struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// MachineShiftParts is what one machine made.
type MachineShiftParts struct {
	Machine string `json:"machine"`
	// Parts is what was made from the begin of the shift up to the moment; null where
	// that is not known, which Problem says for people.
	Parts   *float64 `json:"parts"`
	Problem string   `json:"problem,omitempty"`
	// Target is what the whole shift is to make, and Due what it should have made by
	// the moment: the same part of it as has passed of the shift's working time.
	Target float64 `json:"target"`
	Due    float64 `json:"due"`
}

// ShiftParts gives what the machines on the floor made in the shift that is on: now
// where at is zero, and otherwise as it was known at that moment. Invalid for a
// moment that is still to come. Only the counters are read, and only of machines
// with a target.
func (s *Service) ShiftParts(ctx context.Context, at time.Time) (ShiftParts, error) {
	now := s.now()
	if at.IsZero() {
		at = now
	}
	if err := s.checkPast(at); err != nil {
		return ShiftParts{}, err
	}
	v := ShiftParts{At: at.UTC(), Machines: []MachineShiftParts{}}
	said := s.shop()
	shift, ok := said.Calendar.At(at.UnixMicro())
	if !ok {
		return v, nil
	}
	v.Shift = &ShiftOn{ID: shift.ID(), Name: shift.Name, From: timeOf(shift.From), To: timeOf(shift.To)}
	machines, err := s.machinesOf(nil)
	if err != nil {
		return v, err
	}
	passed, l := passedOf(shift, at.UnixMicro()), newLocator(s.reader, leadOf(shift.From))
	for _, m := range machines {
		target, ok := said.Machine(m.Slug).Targets[shift.Name]
		if !ok {
			continue
		}
		one := MachineShiftParts{Machine: m.Slug, Target: target, Due: target * passed}
		if one.Parts, one.Problem, err = s.madeSince(ctx, l, m, shift.From, at.UnixMicro()); err != nil {
			return v, err
		}
		v.Machines = append(v.Machines, one)
	}
	v.Problem = l.problem()
	return v, nil
}

// passedOf gives which part of a shift's working time has passed at a moment, from 0
// to 1.
func passedOf(shift shop.Shift, at int64) float64 {
	whole := lengthOf(shift.Working())
	if whole == 0 {
		return 1
	}
	return float64(lengthOf(shiftPart{shift, at}.working())) / float64(whole)
}

// lengthOf is how long windows are together, in microseconds.
func lengthOf(windows []insight.Window) (sum int64) {
	for _, w := range windows {
		sum += w.To - w.From
	}
	return sum
}

// madeSince gives what a machine's counter counted from ≤ time ≤ at; nil with the
// reason where that is not known.
func (s *Service) madeSince(ctx context.Context, l *locator, m *machine, from, at int64) (parts *float64, problem string, err error) {
	w := newWorker(m.items)
	counter := w.counter()
	if counter == nil {
		return nil, "the machine tells of no part counter", nil
	}
	if heard, _ := s.heardUntil(m); heard < at {
		return nil, "the agent is not heard: what its counter shows is not known", nil
	}
	t, err := s.track(ctx, l, m.agent, []*item{counter}, leadOf(from), at+1)
	if plant.ErrorCode(err) == plant.Invalid {
		return nil, fmt.Sprintf("the counter changed more than the %d times that are read", MaxTracked), nil
	} else if err != nil {
		return nil, "", err
	}
	steps := insight.Parts(t.of(counter), t.holes, insight.PartRules{MaxJump: float64(s.shop().Machine(m.Slug).MaxJump)})
	if len(steps) == 0 || steps[len(steps)-1].Kind == insight.PartsUnknown {
		return nil, "what the counter shows is not known then", nil
	}
	return new(insight.PartsWithin(steps, from, at+1)), "", nil
}
