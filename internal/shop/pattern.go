package shop

import (
	"slices"
	"time"
)

// Pattern is a week of the calendar as people read it.
type Pattern struct {
	// From is the day from which it is in force; the zero Date for the first.
	From   Date
	Shifts []PlannedShift
}

// PlannedShift is a shift of a pattern with the days on which it is.
type PlannedShift struct {
	Name string
	// Time is when it is, such as 22:00–06:00, and Breaks are its breaks.
	Time   string
	Breaks []string
	// Days are the days of the week on which it begins, from Monday on.
	Days []time.Weekday
}

// Patterns gives the weeks of the calendar in the order of their days.
func (c Calendar) Patterns() []Pattern {
	patterns := make([]Pattern, len(c.patterns))
	for i, p := range c.patterns {
		patterns[i].From = p.from
		for d := range p.days {
			day := time.Weekday((d + 1) % len(p.days))
			for _, planned := range p.days[day] {
				patterns[i].add(planned, day)
			}
		}
	}
	return patterns
}

// add enters a shift of a day; one that is the same on several days stands once.
func (p *Pattern) add(planned plan, day time.Weekday) {
	s := PlannedShift{Name: planned.name, Time: span{planned.begin, planned.end}.String(), Days: []time.Weekday{day}}
	for _, b := range planned.breaks {
		s.Breaks = append(s.Breaks, b.String())
	}
	i := slices.IndexFunc(p.Shifts, func(o PlannedShift) bool {
		return o.Name == s.Name && o.Time == s.Time && slices.Equal(o.Breaks, s.Breaks)
	})
	if i < 0 {
		p.Shifts = append(p.Shifts, s)
		return
	}
	p.Shifts[i].Days = append(p.Shifts[i].Days, day)
}

// String writes the span as people do.
func (s span) String() string { return clock(s.begin) + "–" + clock(s.end) }

// Exceptions gives the days from one on, and before another, that are not as their
// week has them.
func (c Calendar) Exceptions(from, to Date) []Date {
	return slices.DeleteFunc(c.exceptionDays(), func(d Date) bool { return d < from || d >= to })
}
