package api

import (
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// gravity orders the states for what is too narrow to be seen: what asks for a look
// comes first, and what is not known before what is well.
var gravity = [...]int{
	plant.Running: 0, plant.Idle: 1, plant.Setup: 2, plant.Offline: 3, 0: 4, plant.NoLink: 5, plant.Stopped: 6, plant.Alarmed: 7,
}

// segments gives the intervals of a range as so many columns show them; each by
// itself for 0 columns. Intervals at least as wide as a column stand for themselves.
// Of narrower ones, those that follow each other and begin in the same column are put
// together, so that there are never many more segments than columns and none of the
// time is left out.
func segments(intervals []insight.Interval, from, to int64, columns int) []Segment {
	list := make([]Segment, 0, min(len(intervals), 2*columns))
	if columns == 0 {
		list = slices.Grow(list, len(intervals))
		for _, i := range intervals {
			list = append(list, newSegment(i))
		}
		return list
	}
	width := (to - from) / int64(columns)
	last := int64(-1) // the column of the group at the end of the list
	var gravest plant.State
	for _, i := range intervals {
		if i.To-i.From >= width {
			list, last = append(list, newSegment(i)), -1
			continue
		}
		column := (i.From - from) / max(width, 1)
		if column != last {
			list, last, gravest = append(list, newSegment(i)), column, i.State
			continue
		}
		group := &list[len(list)-1]
		group.add(i, gravity[i.State] > gravity[gravest])
		if gravity[i.State] > gravity[gravest] {
			gravest = i.State
		}
	}
	return list
}

func newSegment(i insight.Interval) Segment {
	return Segment{
		From: i.From, To: i.To, State: stateSlug(i.State), Reason: i.Reason, Rule: i.Rule, Detail: i.Detail,
		Since: i.Since, Until: i.Until, Open: i.Until == 0,
	}
}

// add puts an interval to those of a segment. A graver one says what it is.
func (s *Segment) add(i insight.Interval, graver bool) {
	if s.Count == 0 {
		s.Count, s.Mix = 1, map[string]int64{s.State: s.To - s.From}
	}
	s.Count++
	s.Mix[stateSlug(i.State)] += i.To - i.From
	s.To, s.Until, s.Open = i.To, i.Until, i.Until == 0
	if graver {
		s.State, s.Reason, s.Rule, s.Detail = stateSlug(i.State), i.Reason, i.Rule, i.Detail
	}
}
