package web

import (
	"fmt"
	"time"
)

// laneRange is the range of time that the lanes on the cards show.
type laneRange struct {
	From, To time.Time
	// Label names the range.
	Label string
	// Moves is true where the range ends now, whatever the time is.
	Moves bool
}

// laneLength is how far the lanes go back where there is no shift.
const laneLength = 8 * time.Hour

// laneRange gives the range of the lanes at a moment: the shift that goes on, and
// the last hours where there is none.
func (s *site) laneRange(now time.Time) laneRange {
	shift, ok := s.shop().Calendar.At(now.UnixMicro())
	if !ok {
		return laneRange{From: now.Add(-laneLength), To: now, Label: "last 8 h", Moves: true}
	}
	from, to := time.UnixMicro(shift.From).In(now.Location()), time.UnixMicro(shift.To).In(now.Location())
	return laneRange{
		From: from, To: to,
		Label: fmt.Sprintf("shift %s, %s–%s", shift.Name, from.Format("15:04"), to.Format("15:04")),
	}
}
