package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
)

// Parts is what became of the part counter of a machine over a range.
type Parts struct {
	Machine string    `json:"machine"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Item is the agent's id of the counter; left out where there is none, and
	// Problem says so.
	Item    string `json:"item,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Parts is how many were made as far as is known; nil without a counter.
	Parts *float64 `json:"parts"`
	// Steps are the changes of the counter, the oldest first; Left counts the older
	// ones that were left out.
	Steps []PartStep `json:"steps"`
	Left  int        `json:"left,omitempty"`
}

// PartStep is one change of a part counter.
type PartStep struct {
	Time time.Time        `json:"time"`
	Kind insight.PartKind `json:"kind" enum:"made,reset,glitch,base,unknown"`
	// Reason says why the counter is not known.
	Reason string `json:"reason,omitempty" enum:"unavailable,gap,restart"`
	// Before and Count are what it showed before and shows now, Parts what was made.
	Before   *float64 `json:"before,omitempty"`
	Count    *float64 `json:"count,omitempty"`
	Parts    float64  `json:"parts"`
	Sequence int64    `json:"sequence,string"`
}

// PartQuery asks for the parts of a machine over a range, bounded as that of a
// CycleQuery.
type PartQuery struct {
	Machine  string
	From, To time.Time
}

// noCount says why a machine has no parts.
const noCount = "This agent offers no PART_COUNT."

// Parts gives what became of the part counter of a machine: of the one that is
// shown as its parts. Errors are those of Cycles.
func (s *Service) Parts(ctx context.Context, q PartQuery) (Parts, error) {
	m, err := s.findMachine(q.Machine)
	if err != nil {
		return Parts{}, err
	}
	from, to, err := s.rangeOf(q.From, q.To)
	if err != nil {
		return Parts{}, err
	}
	l := newLocator(s.reader, leadOf(from))
	w, err := s.work(ctx, l, m, from, to)
	if err != nil {
		return Parts{}, err
	}
	v := Parts{Machine: m.Slug, From: timeOf(from), To: timeOf(to), Steps: []PartStep{}}
	counter := w.counter()
	if counter == nil {
		v.Problem = noCount
		return v, nil
	}
	v.Item = counter.DataItemID
	v.Problem = l.problem()
	steps := w.shown()
	v.Parts = new(insight.PartsWithin(steps, from, to))
	for _, p := range steps {
		if p.Time >= from && p.Time < to {
			v.Steps = append(v.Steps, newPartStep(p))
		}
	}
	if v.Left = max(0, len(v.Steps)-MaxPartSteps); v.Left > 0 {
		v.Steps = v.Steps[v.Left:]
	}
	return v, nil
}

// shown are the steps of the counter that is shown as parts.
func (w *work) shown() []insight.PartStep {
	if w.goodCount != nil {
		return w.good
	}
	return w.made
}

func newPartStep(p insight.PartStep) PartStep {
	v := PartStep{Time: timeOf(p.Time), Kind: p.Kind, Reason: p.Reason, Parts: p.Parts, Sequence: p.Sequence}
	if p.Kind != insight.PartsUnknown {
		v.Count = new(p.Count)
		if p.Kind != insight.PartsBase {
			v.Before = new(p.Before)
		}
	}
	return v
}
