package simulate

import "time"

// calendar says when people are in the shop: two shifts on weekdays. Outside
// them somebody on call looks after machines that run unattended.
type calendar struct{ zone *time.Location }

// The shifts begin and end at these times of day; the late one follows the
// early one without a gap.
const (
	shiftsBegin = 6 * time.Hour
	shiftsEnd   = 22 * time.Hour
)

// breaks are the times of day at which people are away, with the late shift's
// as the early shift's.
var breaks = []struct{ begin, lasts time.Duration }{
	{9 * time.Hour, 15 * time.Minute},
	{12 * time.Hour, 30 * time.Minute},
	{17 * time.Hour, 15 * time.Minute},
	{19*time.Hour + 30*time.Minute, 30 * time.Minute},
}

// split gives the local day and the time since its midnight by the clock on
// the wall.
func (c calendar) split(t int64) (day time.Time, clock time.Duration) {
	local := time.UnixMicro(t).In(c.zone)
	y, m, d := local.Date()
	hour, minute, second := local.Clock()
	clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return time.Date(y, m, d, 0, 0, 0, 0, c.zone), clock
}

// staffed reports whether a shift is on.
func (c calendar) staffed(t int64) bool {
	day, clock := c.split(t)
	return workday(day) && clock >= shiftsBegin && clock < shiftsEnd
}

// breakLeft gives how long the break that is on at t still lasts, 0 where none is.
// People take breaks in turns: stagger shifts them for one machine.
func (c calendar) breakLeft(t int64, stagger time.Duration) time.Duration {
	day, clock := c.split(t)
	if !workday(day) {
		return 0
	}
	for _, b := range breaks {
		if left := b.begin + stagger + b.lasts - clock; left > 0 && left <= b.lasts {
			return left
		}
	}
	return 0
}

// untilShift is the time from t to the next moment at which a shift is on.
func (c calendar) untilShift(t int64) time.Duration {
	if c.staffed(t) {
		return 0
	}
	day, clock := c.split(t)
	if clock >= shiftsBegin || !workday(day) {
		day = day.AddDate(0, 0, 1)
	}
	for !workday(day) {
		day = day.AddDate(0, 0, 1)
	}
	y, m, d := day.Date()
	begin := time.Date(y, m, d, int(shiftsBegin.Hours()), 0, 0, 0, c.zone)
	return begin.Sub(time.UnixMicro(t))
}

func workday(day time.Time) bool {
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}
