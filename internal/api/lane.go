package api

import (
	"context"
	"math"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// LaneQuery asks for what one machine did over a range, as its page shows it on one
// axis of time.
type LaneQuery struct {
	Machine string
	// From and To bound the range, as those of a CycleQuery.
	From, To time.Time
	// Columns is how many pixels wide it is shown: DefaultColumns where it is 0.
	Columns int
}

// Lane is what one machine did over a range. Times within it are microseconds since
// 1970 UTC.
type Lane struct {
	Machine string    `json:"machine"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Now is the moment, and Heard up to when the machine was listened to: nothing is
	// told of what is behind it.
	Now   time.Time `json:"now"`
	Heard int64     `json:"heard"`
	// Paths are the machine's paths in the order of its model.
	Paths []LanePath `json:"paths"`
	// Parts is left out where the agent offers no count.
	Parts *LaneParts `json:"parts,omitempty"`
	// Gaps are the gaps of the ledger in the range, of what the lane was made from.
	Gaps []LaneGap `json:"gaps"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
	// Shifts are those of the range: what of it lies in none of them was not
	// scheduled. It is left out where nobody says when shifts are, and where there
	// are too many to be seen.
	Shifts *[]LaneShift `json:"shifts,omitempty"`
}

// LanePath is what one path did. A list is empty where the agent does not offer
// such a data item.
type LanePath struct {
	Name    string      `json:"name,omitempty"`
	Program []LaneValue `json:"program"`
	Tool    []LaneValue `json:"tool"`
	Mode    []LaneValue `json:"mode"`
	// Execution is what the controller said it did.
	Execution []LaneValue `json:"execution"`
	Cycles    []LaneCycle `json:"cycles"`
	// Items are the numbers of the data items, by what they tell: program, tool,
	// mode, execution.
	Items map[string]plant.ItemID `json:"items"`
}

// LaneValue is a stretch of time with one value.
type LaneValue struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Since is when it truly began, Until when it truly ended, 0 while it lasts.
	Since int64 `json:"since"`
	Until int64 `json:"until"`
	Open  bool  `json:"open,omitempty"`
	// Value is null where it was not known, and Reason says why.
	Value  *string `json:"value"`
	Reason string  `json:"reason,omitempty" enum:"unavailable,gap,restart"`
	// Count is more than 1 where that many values, each too short to be seen, are
	// drawn as one; then Value is empty where they differ.
	Count int `json:"count"`
}

// LaneCycle is a run of a program; see Cycle.
type LaneCycle struct {
	From    int64   `json:"from"`
	To      int64   `json:"to"`
	Open    bool    `json:"open,omitempty"`
	Program *string `json:"program"`
	Whole   bool    `json:"whole"`
}

// LaneParts is the parts made, as a line that rises by steps.
type LaneParts struct {
	// Item is the number of the counter.
	Item plant.ItemID `json:"item"`
	// Made are points of time and the parts made since the begin of the range.
	Made [][2]float64 `json:"made"`
	// Target is what the range is to make, null where nobody says.
	Target *float64 `json:"target"`
	// Marks are where the counter was reset, had a glitch, or was not known.
	Marks []PartStep `json:"marks"`
}

// LaneGap is a gap of the ledger.
type LaneGap struct {
	// From is the time of the last observation before it, To that of the first one
	// behind it; equal where that is not known.
	From   int64           `json:"from"`
	To     int64           `json:"to"`
	Reason plant.GapReason `json:"reason"`
	// Lost is how many observations are missing, null where nobody knows.
	Lost   *int64 `json:"lost"`
	Detail string `json:"detail,omitempty"`
}

// Lane gives what one machine did over a range. Errors are those of Cycles.
func (s *Service) Lane(ctx context.Context, q LaneQuery) (Lane, error) {
	columns, err := checkCount("columns", q.Columns, DefaultColumns, 1, MaxColumns)
	if err != nil {
		return Lane{}, err
	}
	m, err := s.findMachine(q.Machine)
	if err != nil {
		return Lane{}, err
	}
	from, to, err := s.rangeOf(q.From, q.To)
	if err != nil {
		return Lane{}, err
	}
	l := newLocator(s.reader, leadOf(from))
	w, err := s.work(ctx, l, m, from, to)
	if err != nil {
		return Lane{}, err
	}
	v := Lane{
		Machine: m.Slug, From: timeOf(from), To: timeOf(to), Now: s.now().UTC(), Heard: w.heard,
		Paths: []LanePath{}, Gaps: w.laneGaps(), Parts: w.laneParts(columns), Problem: l.problem(),
		Shifts: laneShifts(s.shop().Calendar, w.shifts),
	}
	for i, p := range w.paths {
		v.Paths = append(v.Paths, LanePath{
			Name:    w.pathName(i),
			Program: w.values(p.program, columns), Tool: w.values(p.tool, columns),
			Mode: w.values(p.mode, columns), Execution: w.values(p.execution, columns),
			Cycles: laneCycles(w.cycles[i]), Items: p.numbers(),
		})
	}
	return v, nil
}

// numbers are the numbers of a path's data items.
func (p *workPath) numbers() map[string]plant.ItemID {
	numbers := make(map[string]plant.ItemID)
	for name, it := range map[string]*item{"program": p.program, "tool": p.tool, "mode": p.mode, "execution": p.execution} {
		if it != nil {
			numbers[name] = it.ID
		}
	}
	return numbers
}

// values gives the values of a data item over the range.
func (w *work) values(it *item, columns int) []LaneValue {
	values := []LaneValue{}
	if it == nil {
		return values
	}
	spans := insight.Spans(w.track.of(it), w.track.holes, w.from, w.to, w.heard)
	for _, span := range insight.Thin(spans, w.from, w.to, columns) {
		v := LaneValue{
			From: span.From, To: span.To, Since: span.Since, Until: span.Until, Open: span.Open && w.lasts(),
			Reason: span.Reason, Count: span.Count,
		}
		if span.Known {
			v.Value = new(cutText(span.Value))
		}
		values = append(values, v)
	}
	return values
}

// laneCycles are the newest MaxCycles cycles.
func laneCycles(cycles []insight.Cycle) []LaneCycle {
	all := []LaneCycle{}
	for _, c := range cycles[max(0, len(cycles)-MaxCycles):] {
		all = append(all, LaneCycle{From: c.From, To: c.To, Open: c.End == insight.CycleOpen, Program: nameOrNil(c.Program), Whole: c.Whole()})
	}
	return all
}

// laneParts gives the line of parts, with one point at most for each column; nil
// without a counter.
func (w *work) laneParts(columns int) *LaneParts {
	if w.counter() == nil {
		return nil
	}
	v := &LaneParts{Item: w.counter().ID, Made: [][2]float64{}, Marks: []PartStep{}, Target: w.target()}
	width := max(1, (w.to-w.from)/int64(columns))
	sum, column := 0.0, int64(-1)
	for _, step := range w.shown() {
		if step.Time < w.from || step.Time >= w.to {
			continue
		}
		if step.Kind != insight.PartsMade && step.Kind != insight.PartsBase && len(v.Marks) < columns {
			v.Marks = append(v.Marks, newPartStep(step))
		}
		if step.Parts == 0 {
			continue
		}
		sum += step.Parts
		point := [2]float64{float64(step.Time), sum}
		if at := (step.Time - w.from) / width; at != column || len(v.Made) == 0 {
			column = at
			v.Made = append(v.Made, point)
		} else {
			v.Made[len(v.Made)-1] = point
		}
	}
	return v
}

// target is how many parts the range is to make: where it is one or more whole
// shifts, what the shop says of them; nil where it says nothing of one of them.
func (w *work) target() *float64 {
	if len(w.shifts) == 0 {
		return nil
	}
	sum := 0.0
	for _, shift := range w.shifts {
		target, ok := w.said.Targets[shift.Name]
		if !ok || shift.From < w.from || shift.To > w.to {
			return nil
		}
		sum += target
	}
	return &sum
}

// laneGaps gives the gaps of the range.
func (w *work) laneGaps() []LaneGap {
	gaps := []LaneGap{}
	for _, g := range w.track.gaps {
		v := LaneGap{From: g.Begin, To: g.Begin, Reason: g.Reason, Detail: g.Detail}
		if n, known := g.Lost(); known {
			v.Lost = &n
		}
		if g.End != math.MaxInt64 {
			v.To = max(g.Begin, g.End)
		}
		if v.To >= w.from {
			gaps = append(gaps, v)
		}
	}
	return gaps
}
