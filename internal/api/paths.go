package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// Paths is what the paths of a machine were doing over a range.
type Paths struct {
	Machine string    `json:"machine"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	// Now is the moment up to which there is anything to tell, where that is before
	// To.
	Now time.Time `json:"now"`
	// Paths stand in the order of the model: one without an ID for a machine that has
	// none.
	Paths []PathLane `json:"paths"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// PathLane is what one path was doing: what its execution, its mode and its feed
// override say. Alarms and the emergency stop are of the machine.
type PathLane struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Segments []Segment `json:"segments"`
	Shares   Shares    `json:"shares"`
}

// PathQuery asks for what the paths of a machine were doing; From, To and Columns are
// as those of a TimelineQuery.
type PathQuery struct {
	Machine  string
	From, To time.Time
	Columns  int
}

// Paths gives what the paths of a machine were doing over a range. NotFound where
// there is no machine with the slug, Invalid for a range that cannot be or has more
// than MaxTracked observations, and for a number of columns that cannot be.
func (s *Service) Paths(ctx context.Context, q PathQuery) (Paths, error) {
	m, err := s.findMachine(q.Machine)
	if err != nil {
		return Paths{}, err
	}
	if q.Columns != 0 {
		if _, err := checkCount("columns", q.Columns, 0, 1, MaxTimelineColumns); err != nil {
			return Paths{}, err
		}
	}
	now := s.now()
	if q.To.IsZero() {
		q.To = now
	}
	first, end, err := s.microseconds(q.From, q.To)
	if err != nil {
		return Paths{}, err
	}
	v := Paths{Machine: m.Slug, From: timeOf(first), To: timeOf(end), Now: now.UTC(), Paths: []PathLane{}}
	breaks := newBreaks(s)
	for _, id := range pathIDs(m.items) {
		intervals, err := s.pathIntervals(ctx, breaks, m, id, insight.Window{From: first, To: end}, now.UnixMicro())
		if err != nil {
			return Paths{}, err
		}
		v.Paths = append(v.Paths, PathLane{
			ID: id, Name: pathName(m.items, id), Segments: segments(intervals, first, end, q.Columns),
			Shares: newShares(insight.Share(intervals, []insight.Window{{From: first, To: end}})),
		})
	}
	v.Problem = breaks.problem(m.agent)
	return v, nil
}

// pathIntervals works out what a path was doing from the observations of the range.
func (s *Service) pathIntervals(ctx context.Context, breaks *breaks, m *machine, id string, in insight.Window, now int64) ([]insight.Interval, error) {
	rules := s.shop().Machine(m.Slug).Rules
	rules.Path = id
	var items []*item
	var model []plant.DataItem
	all := insight.NewMachine(m.Device, m.dataItems(), rules)
	for _, it := range m.items {
		of := it.PathID == id || it.PathID == ""
		if of && all.Follows(it.ID) && it.Category != plant.Condition && it.Type != "EMERGENCY_STOP" {
			items, model = append(items, it), append(model, it.DataItem)
		}
	}
	said, err := s.track(ctx, breaks.locator, m.agent, items, in.From, min(in.To, now))
	if err != nil {
		return nil, err
	}
	path := insight.NewMachine(m.Device, model, rules)
	var r insight.Record
	for _, o := range said.observations {
		var l plant.Latest
		l.Apply(o.Run, o)
		change, ok := path.Apply(l)
		// Of what was said before the range only the last of each data item is known,
		// so that only what comes of all of it counts.
		if n := len(r.Changes); ok && n > 0 && r.Changes[n-1].Time < in.From && change.Time < in.From {
			r.Changes, change.Since = r.Changes[:0], change.Time
		}
		if ok {
			r.Changes = append(r.Changes, change)
		}
	}
	if r.Breaks, err = breaks.between(ctx, m.agent, r.Changes, in.From, in.To); err != nil {
		return nil, err
	}
	r.Heard, r.Behind = s.heardUntil(m)
	return insight.Intervals(r, rules, in.From, in.To, now), nil
}
