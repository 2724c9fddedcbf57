package api

import "github.com/factorydash/factorydash/internal/shop"

// LaneShift is a shift of which a part is in the range.
type LaneShift struct {
	Name string `json:"name"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
	// Breaks are the begins and the ends of its breaks.
	Breaks [][2]int64 `json:"breaks"`
}

// laneShifts gives the shifts of a range; nil where there is no calendar, or where
// they are more than MaxLaneShifts: then nothing is told of what was planned.
func laneShifts(calendar shop.Calendar, shifts []shop.Shift) *[]LaneShift {
	if calendar.Empty() || len(shifts) > MaxLaneShifts {
		return nil
	}
	list := make([]LaneShift, len(shifts))
	for i, s := range shifts {
		list[i] = LaneShift{Name: s.Name, From: s.From, To: s.To, Breaks: [][2]int64{}}
		for _, b := range s.Breaks {
			list[i].Breaks = append(list[i].Breaks, [2]int64{b.From, b.To})
		}
	}
	return &list
}
