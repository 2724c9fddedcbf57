package shop

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The calendar of a file.

// calendar reads patterns, exceptions and holidays, and checks that no two shifts
// are on at once.
func (r *reader) calendar(top map[string]node, zone *time.Location) Calendar {
	c := Calendar{zone: zone, exceptions: make(map[Date]exception)}
	places := make(map[Date]node)
	if n, ok := top["patterns"]; ok {
		c.patterns = r.patterns(n, places)
	}
	if n, ok := top["exceptions"]; ok {
		r.exceptions(n, c, places)
	}
	if n, ok := top["holidays"]; ok {
		r.holidays(n, c, places)
	}
	if len(r.list) == 0 {
		r.borders(c, places)
	}
	return c
}

// weekdays are the days of a week in the order in which people plan.
var weekdays = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// patterns reads the weeks; places takes where each begins.
func (r *reader) patterns(n node, places map[Date]node) []pattern {
	var patterns []pattern
	for i, e := range r.array(n, `[{"shifts": []}]`) {
		fields := r.object(e, `{"shifts": []}`, "from", "shifts")
		var p pattern
		if n, ok := fields["from"]; ok {
			p.from = r.date(n)
		} else if i > 0 {
			r.add(e, `say from which day on this pattern is in force, such as "from": "2026-01-01"`)
		}
		if i > 0 && p.from <= patterns[i-1].from {
			r.add(e, "the pattern before is in force from %s; order them by their days", patterns[i-1].from)
		}
		if shifts, ok := fields["shifts"]; ok {
			r.week(shifts, &p)
		} else {
			r.add(e, `shifts is missing; without any, write "shifts": []`)
		}
		places[p.from] = e
		patterns = append(patterns, p)
	}
	return patterns
}

// week reads the shifts of a pattern.
func (r *reader) week(n node, p *pattern) {
	for _, e := range r.array(n, `[{"name": "Early", "days": ["mon-fri"], "time": "06:00-14:00"}]`) {
		fields := r.object(e, `{"name": "Early", "days": ["mon-fri"], "time": "06:00-14:00"}`, "name", "days", "time", "breaks")
		shift, ok := r.plan(e, fields)
		days, given := fields["days"]
		if !given {
			r.add(e, `days is missing; write "days": ["mon-fri"]`)
			continue
		}
		for _, day := range r.days(days) {
			if ok {
				r.enter(e, &p.days[day], shift, day.String())
			}
		}
	}
	for day := range p.days {
		next := (day + 1) % len(p.days)
		r.checkNight(n, p.days[day], p.days[next], time.Weekday(next).String())
	}
}

// days reads days of the week, such as ["mon-fri", "sun"].
func (r *reader) days(n node) []time.Weekday {
	var days []time.Weekday
	for _, e := range r.array(n, `["mon-fri"]`) {
		text := r.string(e, "mon-fri")
		first, last, isRange := strings.Cut(strings.ToLower(text), "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(weekdays[:], first), slices.Index(weekdays[:], last)
		if from < 0 || to < 0 {
			r.add(e, "use %s, or a span of them such as mon-fri", strings.Join(weekdays[:], ", "))
			continue
		}
		for d := from; ; d = (d + 1) % len(weekdays) {
			day := time.Weekday((d + 1) % len(weekdays))
			if slices.Contains(days, day) {
				r.add(e, "%s is given twice", day)
			}
			days = append(days, day)
			if d == to {
				break
			}
		}
	}
	return days
}

// dates gives the days that an object has as its keys, in the order of the file; what
// is no day is noted.
func (r *reader) dates(n node, example string) iter.Seq2[Date, node] {
	return func(yield func(Date, node) bool) {
		members := r.object(n, example)
		if len(members) > maxDates {
			r.add(n, "there are %d days; use at most %d", len(members), maxDates)
			return
		}
		for _, key := range n.keys {
			d, err := ParseDate(key)
			if err != nil {
				r.add(members[key], "%v", err)
				continue
			}
			if !yield(d, members[key]) {
				return
			}
		}
	}
}

// exceptions reads the days with other shifts than their week has.
func (r *reader) exceptions(n node, c Calendar, places map[Date]node) {
	const example = `{"2026-12-24": {"reason": "Christmas Eve", "shifts": [{"name": "Early", "time": "06:00-12:00"}]}}`
	for d, e := range r.dates(n, example) {
		fields := r.object(e, example, "reason", "shifts")
		var x exception
		if n, ok := fields["reason"]; ok {
			x.reason = r.string(n, "Christmas Eve")
		}
		shifts, ok := fields["shifts"]
		if !ok {
			r.add(e, `shifts is missing; without any, write "shifts": []`)
			continue
		}
		for _, e := range r.array(shifts, `[{"name": "Early", "time": "06:00-12:00"}]`) {
			fields := r.object(e, `{"name": "Early", "time": "06:00-12:00"}`, "name", "time", "breaks")
			if p, ok := r.plan(e, fields); ok {
				r.enter(e, &x.shifts, p, d.String())
			}
		}
		c.exceptions[d], places[d] = x, e
	}
}

// holidays reads the days without shifts.
func (r *reader) holidays(n node, c Calendar, places map[Date]node) {
	for d, e := range r.dates(n, `{"2026-12-25": "Christmas Day"}`) {
		if _, twice := c.exceptions[d]; twice {
			r.add(e, "the day is among the exceptions as well; leave one of them out")
		}
		c.exceptions[d], places[d] = exception{reason: r.string(e, "Christmas Day"), holiday: true}, e
	}
}

// plan reads name, time and breaks of a shift.
func (r *reader) plan(n node, fields map[string]node) (plan, bool) {
	before := len(r.list) + r.more
	var p plan
	if name, ok := fields["name"]; ok {
		p.name = strings.TrimSpace(r.string(name, "Early"))
	} else {
		r.add(n, `name is missing; write "name": "Early"`)
	}
	if time, ok := fields["time"]; ok {
		s := r.span(time, "06:00-14:00")
		p.begin, p.end = s.begin, s.end
	} else {
		r.add(n, `time is missing; write "time": "06:00-14:00"`)
	}
	if n, ok := fields["breaks"]; ok {
		for _, e := range r.array(n, `["09:00-09:15"]`) {
			b := r.span(e, "09:00-09:15")
			if b.begin < p.begin { // the part of a night shift behind midnight
				b.begin, b.end = b.begin+minutesPerDay, b.end+minutesPerDay
			}
			if b.end > p.end {
				r.add(e, "the break is not within its shift")
			}
			p.breaks = append(p.breaks, b)
		}
		slices.SortFunc(p.breaks, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
		for i := range p.breaks[min(1, len(p.breaks)):] {
			if p.breaks[i+1].begin < p.breaks[i].end {
				r.add(n, "two breaks are at the same time, about %s", clock(p.breaks[i+1].begin))
			}
		}
	}
	return p, len(r.list)+r.more == before
}

// enter adds a shift to those of a day, which are kept in order.
func (r *reader) enter(n node, plans *[]plan, p plan, day string) {
	for _, other := range *plans {
		if other.name == p.name {
			r.add(n, "there are two shifts %q on %s", p.name, day)
		}
		if p.begin < other.end && other.begin < p.end {
			r.add(n, "the shift is on at the same time as %q on %s", other.name, day)
		}
	}
	if len(*plans) == maxShifts {
		r.add(n, "there are more than %d shifts on %s", maxShifts, day)
		return
	}
	*plans = append(*plans, p)
	slices.SortFunc(*plans, func(a, b plan) int { return cmp.Compare(a.begin, b.begin) })
}

// checkNight checks that the last shift of a day has ended when the first of the
// next one begins.
func (r *reader) checkNight(n node, day, next []plan, name string) {
	if len(day) == 0 || len(next) == 0 {
		return
	}
	if last := day[len(day)-1]; last.end > next[0].begin+minutesPerDay {
		r.add(n, "the shift %q goes on until %s on %s, when %q has begun", last.name, clock(last.end), name, next[0].name)
	}
}

// borders checks the nights into and out of days that are not as the week before
// has them.
func (r *reader) borders(c Calendar, places map[Date]node) {
	for d, n := range places {
		r.checkNight(n, c.plans(d-1), c.plans(d), d.String())
		if _, special := c.exceptions[d]; special {
			r.checkNight(n, c.plans(d), c.plans(d+1), (d + 1).String())
		}
	}
	slices.Sort(r.list)
}

func (r *reader) date(n node) Date {
	text, _ := n.value.(string)
	d, err := ParseDate(text)
	if err != nil {
		r.add(n, "%v", err)
	}
	return d
}

// span reads two times of day, such as 22:00-06:00. An end that is not behind the
// beginning is one of the next day.
func (r *reader) span(n node, example string) span {
	text, _ := n.value.(string)
	first, last, _ := strings.Cut(text, "-")
	begin, ok := parseClock(strings.TrimSpace(first))
	end, ok2 := parseClock(strings.TrimSpace(last))
	if !ok || !ok2 || begin == minutesPerDay {
		r.add(n, "use two times of day such as %q", example)
		return span{0, 1}
	}
	if end <= begin {
		end += minutesPerDay
	}
	return span{begin, end}
}

// parseClock reads a time of day from 00:00 to 24:00.
func parseClock(text string) (minute, bool) {
	if len(text) != len("06:00") || text[2] != ':' {
		return 0, false
	}
	h, err := strconv.ParseUint(text[:2], 10, 8)
	m, err2 := strconv.ParseUint(text[3:], 10, 8)
	at := minute(h*60 + m)
	return at, err == nil && err2 == nil && m < 60 && at <= minutesPerDay
}

// clock writes a time of day.
func clock(m minute) string {
	return fmt.Sprintf("%02d:%02d", m/60%24, m%60)
}
