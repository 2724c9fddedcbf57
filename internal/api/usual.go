package api

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// UsualQuery asks between which numbers samples of a machine usually are.
type UsualQuery struct {
	Machine string
	// Items are the numbers of samples of the machine, at most MaxUsualItems.
	Items []plant.ItemID
	// At is the moment of which it is asked, as the agent's clock had it: what came
	// later does not count. It is now where it is zero.
	At time.Time
}

// Usual is between which numbers samples of a machine usually are.
type Usual struct {
	Machine string    `json:"machine"`
	At      time.Time `json:"at"`
	// Items stand in the order in which they were asked for.
	Items []UsualItem `json:"items"`
}

// UsualItem is what is usual of one sample. Its numbers are null where there is too
// little to tell them.
type UsualItem struct {
	Item plant.ItemID `json:"item"`
	// Program is the one that the sample's path ran last. What it was in the last
	// complete runs of that program is what counts; where this is left out there are
	// too few of these, and all time counts in which the machine was running.
	Program *string `json:"program,omitempty"`
	// Runs is in how many runs of the program anything was observed, or in how many
	// stretches, of UsualPiece at most, in which the machine was running; the first of
	// them began at From.
	Runs int        `json:"runs"`
	From *time.Time `json:"from,omitempty"`
	// Observations is how many were looked at, and Seconds for how long their values
	// held.
	Observations int     `json:"observations"`
	Seconds      float64 `json:"seconds"`
	// P10, P50 and P90 are the numbers that were not passed for so many percent of
	// that time.
	P10 *float64 `json:"p10"`
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
}

// Usual gives between which numbers samples of a machine usually are. NotFound where
// there is no such machine, Invalid for a data item that is no sample of it, a moment
// that is still to come, and where the machine changed more often than is looked at.
func (s *Service) Usual(ctx context.Context, q UsualQuery) (Usual, error) {
	m, err := s.findMachine(q.Machine)
	if err != nil {
		return Usual{}, err
	}
	if q.At.IsZero() {
		q.At = s.now()
	}
	if err := s.checkPast(q.At); err != nil {
		return Usual{}, err
	}
	if len(q.Items) == 0 || len(q.Items) > MaxUsualItems {
		return Usual{}, plant.Errorf(plant.Invalid, "item: name 1 to %d data items, not %d", MaxUsualItems, len(q.Items))
	}
	v := Usual{Machine: m.Slug, At: q.At.UTC(), Items: make([]UsualItem, len(q.Items))}
	to := q.At.UnixMicro()
	from := to - UsualSpan.Microseconds()
	w, err := s.work(ctx, newLocator(s.reader, leadOf(from)), m, from, to)
	if plant.ErrorCode(err) == plant.Invalid {
		err = plant.Errorf(plant.Invalid, "at: %s changed more than %d times in the %d days before; use another moment", m.Slug, MaxTracked, UsualSpan/(24*time.Hour))
	}
	if err != nil {
		return Usual{}, err
	}
	running := sync.OnceValues(func() ([]insight.Window, error) { return s.runningRuns(ctx, m, from, to) })
	left := MaxUsualObservations
	for i, id := range q.Items {
		at := slices.IndexFunc(m.items, func(it *item) bool { return it.ID == id && it.Category == plant.Sample })
		if at < 0 {
			return Usual{}, plant.Errorf(plant.Invalid, "item: %d is no sample of %s", id, m.Slug)
		}
		it := m.items[at]
		runs, program := w.usualRuns(it)
		if program == nil {
			if runs, err = running(); err != nil {
				return Usual{}, err
			}
		}
		// Each has its part of what may be read, and what those before left of theirs.
		share := left / (len(q.Items) - i)
		if v.Items[i], err = s.usualItem(ctx, it, runs, share); err != nil {
			return Usual{}, err
		}
		v.Items[i].Program, left = program, left-v.Items[i].Observations
	}
	return v, nil
}

// usualRuns gives the last complete runs of the program that the path of a data item
// ran last, the newest first; no program where there are too few of them.
func (w *work) usualRuns(it *item) (runs []insight.Window, program *string) {
	path := max(0, slices.IndexFunc(w.paths, func(p workPath) bool { return p.id == it.PathID }))
	cycles := w.cycles[path]
	if len(cycles) == 0 || cycles[len(cycles)-1].Program == "" {
		return nil, nil
	}
	name := cycles[len(cycles)-1].Program
	for _, c := range slices.Backward(cycles) {
		if c.Program == name && c.Whole() && len(runs) < MaxUsualRuns {
			runs = append(runs, insight.Window{From: c.From, To: c.To})
		}
	}
	if len(runs) < UsualLeastRuns {
		return nil, nil
	}
	return runs, &name
}

// runningRuns gives when a machine was running over a range, the newest first; long
// ones in pieces, so that the newest of them are read first.
func (s *Service) runningRuns(ctx context.Context, m *machine, from, to int64) ([]insight.Window, error) {
	intervals, err := s.history(ctx, newBreaks(s), m, from, to, s.now().UnixMicro())
	if err != nil {
		return nil, err
	}
	var runs []insight.Window
	for _, i := range slices.Backward(intervals) {
		for end := i.To; i.State == plant.Running && end > i.From; end -= UsualPiece.Microseconds() {
			runs = append(runs, insight.Window{From: max(i.From, end-UsualPiece.Microseconds()), To: end})
		}
	}
	return runs, nil
}

// usualItem reads what a data item was in runs, the newest first, until about so many
// observations have been read. Of each run only what was observed in it counts, so
// that nothing is carried over what is not known.
func (s *Service) usualItem(ctx context.Context, it *item, runs []insight.Window, most int) (UsualItem, error) {
	v := UsualItem{Item: it.ID}
	var usual insight.Usual
	first := int64(math.MaxInt64)
	for _, run := range runs {
		if v.Observations >= most {
			break
		}
		var last plant.Observation
		hold := func(until int64) {
			if last.Value.Kind == plant.Number {
				usual.Add(last.Value.Number, until-last.Time)
			}
		}
		before := v.Observations
		for o, err := range s.reader.ItemObservations(ctx, []plant.ItemID{it.ID}, run.From, run.To, false) {
			if err != nil {
				return v, err
			}
			hold(o.Time)
			last = o
			if v.Observations++; v.Observations >= most {
				break
			}
		}
		if v.Observations == before {
			continue
		}
		if v.Observations < most {
			hold(run.To)
		}
		v.Runs, first = v.Runs+1, min(first, run.From)
	}
	v.Seconds = secondsOf(usual.Held())
	if v.Runs > 0 {
		from := timeOf(first)
		v.From = &from
	}
	if v.Observations >= UsualLeast && usual.Held() > 0 {
		p10, p50, p90 := usual.At(.1), usual.At(.5), usual.At(.9)
		v.P10, v.P50, v.P90 = &p10, &p50, &p90
	}
	return v, nil
}
