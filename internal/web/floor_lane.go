package web

import "time"

// laneRange is the range of time that the lanes on the cards show.
type laneRange struct {
	From, To time.Time
	// Label names the range.
	Label string
	// Moves is true where the range ends now, whatever the time is.
	Moves bool
}

// lastHours is how far the lanes go back where there is no shift.
const lastHours = 8 * time.Hour

// laneRange gives the range of the lanes at a moment.
func (s *site) laneRange(now time.Time) laneRange {
	return laneRange{From: now.Add(-lastHours), To: now, Label: "last 8 h", Moves: true}
}
