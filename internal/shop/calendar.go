package shop

import (
	"cmp"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
)

// Calendar says when the shifts are. The zero Calendar has none. It does not
// change, so it may be used from any goroutine.
type Calendar struct {
	zone *time.Location
	// patterns are the weeks, by the day from which each is valid.
	patterns []pattern
	// exceptions are the days that are not as their week has them.
	exceptions map[Date]exception
}

// pattern is a week that repeats.
type pattern struct {
	from Date
	days [7][]plan // by time.Weekday
}

// plan is a shift as it is planned: times on the wall's clock, the end and the
// breaks counted on past midnight where the shift goes over it.
type plan struct {
	name       string
	begin, end minute
	breaks     []span
}

type span struct{ begin, end minute }

// exception is what one day has instead of its week's shifts.
type exception struct {
	reason  string
	holiday bool
	shifts  []plan
}

// Shift is one shift of one day.
type Shift struct {
	// Date is the day on which it begins, which it belongs to.
	Date Date
	Name string
	// From and To are instants in microseconds since 1970 UTC, so that its length
	// is true on days on which clocks are changed.
	From, To int64
	// Breaks are within it, in order, and do not overlap.
	Breaks []insight.Window
}

// ID names the shift in addresses, such as 2026-11-23.Late.
func (s Shift) ID() string { return s.Date.String() + "." + s.Name }

// Working is the shift less its breaks.
func (s Shift) Working() []insight.Window {
	var windows []insight.Window
	from := s.From
	for _, b := range s.Breaks {
		if from < b.From {
			windows = append(windows, insight.Window{From: from, To: b.From})
		}
		from = b.To
	}
	if from < s.To {
		windows = append(windows, insight.Window{From: from, To: s.To})
	}
	return windows
}

// searchDays is how far the calendar looks for another shift: longer than any
// plant is closed.
const searchDays = 400

// Empty reports whether the calendar has no shifts at all.
func (c Calendar) Empty() bool { return len(c.patterns) == 0 && len(c.exceptions) == 0 }

// Day gives the shifts that belong to a day, in order. A shift that the change of
// clocks leaves no time is not among them.
func (c Calendar) Day(d Date) []Shift {
	var shifts []Shift
	for _, p := range c.plans(d) {
		s := Shift{Date: d, Name: p.name, From: c.instant(d, p.begin), To: c.instant(d, p.end)}
		if s.From >= s.To {
			continue
		}
		for _, b := range p.breaks {
			if w := (insight.Window{From: c.instant(d, b.begin), To: c.instant(d, b.end)}); w.From < w.To {
				s.Breaks = append(s.Breaks, w)
			}
		}
		shifts = append(shifts, s)
	}
	return shifts
}

// Exception says why a day is not as its week has it; ok is false where it is.
func (c Calendar) Exception(d Date) (reason string, holiday, ok bool) {
	e, ok := c.exceptions[d]
	return e.reason, e.holiday, ok
}

// Names gives the names of all shifts, in the order in which the file has them
// first.
func (c Calendar) Names() []string {
	var names []string
	add := func(plans []plan) {
		for _, p := range plans {
			if !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
	}
	for _, p := range c.patterns {
		for d := range p.days {
			add(p.days[(d+1)%7])
		}
	}
	for _, d := range c.exceptionDays() {
		add(c.exceptions[d].shifts)
	}
	return names
}

// Between gives the shifts of which a part is in the time from from to to
// (microseconds since 1970 UTC), in order.
func (c Calendar) Between(from, to int64) []Shift {
	if c.Empty() || from >= to {
		return nil
	}
	var shifts []Shift
	// A shift that began the day before may still be on, and where clocks are put
	// back over midnight one of the next day as well.
	last := c.date(to) + 1
	for d := c.date(from) - 1; d <= last; d++ {
		for _, s := range c.Day(d) {
			if s.From < to && s.To > from {
				shifts = append(shifts, s)
			}
		}
	}
	return shifts
}

// Working gives the time within shifts and outside their breaks, cut to the time
// from from to to (microseconds since 1970 UTC), in order.
func (c Calendar) Working(from, to int64) []insight.Window {
	var windows []insight.Window
	for _, s := range c.Between(from, to) {
		for _, w := range s.Working() {
			if w.From, w.To = max(w.From, from), min(w.To, to); w.From < w.To {
				windows = append(windows, w)
			}
		}
	}
	return windows
}

// At gives the shift that is on at an instant (microseconds since 1970 UTC).
func (c Calendar) At(t int64) (Shift, bool) {
	for _, s := range c.Between(t, t+1) {
		return s, true
	}
	return Shift{}, false
}

// Next gives the first shift that begins behind an instant (microseconds since
// 1970 UTC); ok is false where none does within 400 days.
func (c Calendar) Next(t int64) (s Shift, ok bool) {
	if c.Empty() {
		return Shift{}, false
	}
	first := c.date(t)
	for d := first; d <= first+searchDays; d++ {
		for _, s := range c.Day(d) {
			if s.From > t {
				return s, true
			}
		}
	}
	return Shift{}, false
}

// Previous gives the last shift that began before an instant (microseconds since
// 1970 UTC); ok is false where none did within 400 days.
func (c Calendar) Previous(t int64) (s Shift, ok bool) {
	if c.Empty() {
		return Shift{}, false
	}
	last := c.date(t) + 1
	for d := last; d >= last-searchDays; d-- {
		for _, s := range slices.Backward(c.Day(d)) {
			if s.From < t {
				return s, true
			}
		}
	}
	return Shift{}, false
}

// Find gives the shift with the ID.
func (c Calendar) Find(id string) (Shift, bool) {
	if len(id) < len(time.DateOnly) {
		return Shift{}, false
	}
	d, err := ParseDate(id[:len(time.DateOnly)])
	if err != nil {
		return Shift{}, false
	}
	for _, s := range c.Day(d) {
		if s.ID() == id {
			return s, true
		}
	}
	return Shift{}, false
}

// plans gives the shifts of a day as they are planned.
func (c Calendar) plans(d Date) []plan {
	if e, ok := c.exceptions[d]; ok {
		return e.shifts
	}
	// The last pattern that is valid from the day, or from one before it.
	for _, p := range slices.Backward(c.patterns) {
		if p.from <= d {
			return p.days[d.Weekday()]
		}
	}
	return nil
}

// exceptionDays gives the days with exceptions in order.
func (c Calendar) exceptionDays() []Date {
	days := make([]Date, 0, len(c.exceptions))
	for d := range c.exceptions {
		days = append(days, d)
	}
	slices.SortFunc(days, cmp.Compare)
	return days
}

// instant is a time on the wall's clock as microseconds since 1970 UTC.
func (c Calendar) instant(d Date, m minute) int64 { return d.at(m, c.zone).UnixMicro() }

// date is the day on which an instant falls.
func (c Calendar) date(t int64) Date { return DateOf(time.UnixMicro(t), c.zone) }
