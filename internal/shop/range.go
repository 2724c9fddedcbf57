package shop

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Limits of a range.
const (
	MinRange = time.Second
	// MaxRange is the longest range: a year with a week to spare.
	MaxRange = 373 * 24 * time.Hour
)

// DefaultLength is the range where nothing is asked for and no shift is known.
const DefaultLength = "8h"

// Range is a stretch of time as people choose it. From is before To; To may lie
// in the future, as the end of a shift does that is on.
type Range struct {
	// Name is the range as it stands in addresses, such as 8h, shift:current,
	// shift:2026-11-23.Late, day:today or week:2026-11-23; empty for one from an
	// instant to another, which addresses say as from and to.
	Name     string
	From, To time.Time
	// Label is the range for people.
	Label string
	// Shift is set where the range is one.
	Shift *Shift
	// Live is true where ParseRange was given a name that moves with the clock, or a
	// shift, day or week that now is within. A range from one instant to another stays
	// as it is and is never live.
	Live bool

	shop *Shop
	unit unit
}

// unit is what a range moves by.
type unit int

const (
	byLength unit = iota
	byShift
	byDay
	byWeek
)

// ParseRange reads the range of an address: text is its parameter range, from and
// to those of these names. Text is a length of time up to now (30s, 5m, 1h, 8h,
// 24h, 7d, or another number of s, m, h or d), shift:current, shift:prev or
// shift:2026-11-23.Late, day:today, day:yesterday or day:2026-11-23, week:current,
// week:prev or week:2026-11-23 (the week with that day, from Monday on). Instants
// are written as RFC 3339 has them, or without an offset in the plant's zone; to
// is now where it is empty. Where all three are empty, the range is the shift that
// is on, or DefaultLength where there is none.
//
// While no shift is on, shift:current is the one that was on last. The error is of
// code plant.Invalid and says what would be right.
func ParseRange(text, from, to string, now time.Time, s *Shop) (Range, error) {
	if s == nil {
		s = None(now.Location())
	}
	now = now.In(s.Zone)
	r := Range{Name: text, shop: s}
	kind, which, _ := strings.Cut(text, ":")
	switch {
	case text != "" && (from != "" || to != ""):
		return Range{}, plant.Errorf(plant.Invalid, "range=%s is given beside from and to: use either.", short(text))
	case from != "" || to != "":
		return r.fixed(from, to, now)
	case text == "":
		return defaultRange(now, s), nil
	case kind == "shift":
		return r.shift(which, now)
	case kind == "day":
		return r.day(which, now)
	case kind == "week":
		return r.week(which, now)
	}
	return r.length(now)
}

// defaultRange is what is shown where nothing is asked for.
func defaultRange(now time.Time, s *Shop) Range {
	if r, err := (Range{Name: "shift:current", shop: s}).shift("current", now); err == nil {
		return r
	}
	r, _ := Range{Name: DefaultLength, shop: s}.length(now) // It is a length.
	return r
}

// Params puts the range into the parameters of an address, in place of the one
// that is there.
func (r Range) Params(q url.Values) {
	for _, name := range []string{"range", "from", "to"} {
		q.Del(name)
	}
	if r.Name != "" {
		q.Set("range", r.Name)
		return
	}
	q.Set("from", instantText(r.From))
	q.Set("to", instantText(r.To))
}

// Fixed is the range as one from an instant to another, which does not move with
// the clock.
func (r Range) Fixed() Range {
	fixed := Range{From: r.From, To: r.To, shop: r.shop}
	fixed.Label = spanText(r.From, r.To)
	return fixed
}

// Previous is the range before: the shift, day or week before, or as long a time.
// ok is false where there is none.
func (r Range) Previous() (previous Range, ok bool) { return r.step(-1) }

// Next is the range behind; see Previous.
func (r Range) Next() (next Range, ok bool) { return r.step(1) }

// Until is the range of the same kind that goes on right before an instant or ends
// with it: a shift, a day or a week, or as long a time up to it. ok is false where
// there is none.
func (r Range) Until(at time.Time) (until Range, ok bool) {
	last := at.Add(-time.Microsecond)
	d := DateOf(last, r.shop.Zone)
	moved := Range{shop: r.shop, unit: r.unit}
	switch r.unit {
	case byShift:
		s, ok := r.shop.Calendar.At(last.UnixMicro())
		if !ok {
			s, ok = r.shop.Calendar.Previous(at.UnixMicro())
		}
		if !ok {
			return Range{}, false
		}
		return moved.ofShift(s), true
	case byDay:
		return moved.ofDays("day:", d, 1), inYears(d)
	case byWeek:
		return moved.ofDays("week:", d.Monday(), 7), inYears(d.Monday())
	}
	moved.From, moved.To = at.Add(r.From.Sub(r.To)).In(r.shop.Zone), at.In(r.shop.Zone)
	moved.Label = spanText(moved.From, moved.To)
	return moved, inYears(DateOf(moved.From, r.shop.Zone))
}

func (r Range) step(by int) (Range, bool) {
	moved := Range{shop: r.shop, unit: r.unit}
	switch r.unit {
	case byShift:
		find := r.shop.Calendar.Next
		if by < 0 {
			find = r.shop.Calendar.Previous
		}
		s, ok := find(r.Shift.From)
		if !ok {
			return Range{}, false
		}
		return moved.ofShift(s), true
	case byDay:
		d := DateOf(r.From, r.shop.Zone) + Date(by)
		if !d.in(r.shop.Zone) {
			d += Date(by)
		}
		return moved.ofDays("day:", d, 1), inYears(d)
	case byWeek:
		d := DateOf(r.From, r.shop.Zone) + Date(7*by)
		return moved.ofDays("week:", d, 7), inYears(d)
	}
	length := r.To.Sub(r.From) * time.Duration(by)
	moved.From, moved.To = r.From.Add(length), r.To.Add(length)
	moved.Label = spanText(moved.From, moved.To)
	return moved, inYears(DateOf(moved.From, r.shop.Zone)) && inYears(DateOf(moved.To, r.shop.Zone))
}

// lengthUnits are the units of a length and their words.
var lengthUnits = map[byte]struct {
	length time.Duration
	word   string
}{
	's': {time.Second, "s"}, 'm': {time.Minute, "min"}, 'h': {time.Hour, "h"}, 'd': {24 * time.Hour, "days"},
}

func (r Range) length(now time.Time) (Range, error) {
	wrong := plant.Errorf(plant.Invalid, "range=%s is not a range: use 30s, 5m, 1h, 8h, 24h or 7d, shift:current, shift:prev or shift:2026-11-23.Late, "+
		"day:today or day:2026-11-23, week:current or week:2026-11-23, or from and to.", short(r.Name))
	last := len(r.Name) - 1
	u, ok := lengthUnits[r.Name[last]]
	n, err := strconv.ParseUint(r.Name[:last], 10, 32)
	if !ok || err != nil || strconv.FormatUint(n, 10) != r.Name[:last] {
		return Range{}, wrong
	}
	if n == 0 || n > uint64(MaxRange/u.length) {
		return Range{}, plant.Errorf(plant.Invalid, "range=%s: use a length from 1s to %dd.", short(r.Name), MaxRange/(24*time.Hour))
	}
	word := u.word
	if word == "days" && n == 1 {
		word = "day"
	}
	r.From, r.To, r.Live = now.Add(-time.Duration(n)*u.length), now, true
	r.Label = fmt.Sprintf("Last %d %s", n, word)
	return r, nil
}

func (r Range) shift(which string, now time.Time) (Range, error) {
	c := r.shop.Calendar
	if c.Empty() {
		return Range{}, plant.Errorf(plant.Invalid, "range=%s: there is no shift calendar; name a shop file with --shop, or use 8h, 24h or day:today.", short(r.Name))
	}
	if which != "current" && which != "prev" {
		s, ok := c.Find(which)
		if !ok {
			return Range{}, plant.Errorf(plant.Invalid, "range=%s: there is no such shift; use a day and a shift of it, such as shift:2026-11-23.Late.", short(r.Name))
		}
		moved := r.ofShift(s)
		moved.Live = !now.Before(moved.From) && now.Before(moved.To)
		return moved, nil
	}
	t := now.UnixMicro()
	s, ok := c.At(t)
	isOn := ok
	if !ok {
		s, ok = c.Previous(t)
	}
	if ok && which == "prev" {
		s, ok = c.Previous(s.From)
		isOn = false
	}
	if !ok {
		return Range{}, plant.Errorf(plant.Invalid, "range=%s: the calendar has no shift before now; use 8h, 24h or day:today.", short(r.Name))
	}
	name := r.Name
	r = r.ofShift(s)
	r.Name, r.Live = name, isOn
	return r, nil
}

func (r Range) ofShift(s Shift) Range {
	r.Name, r.Shift, r.unit = "shift:"+s.ID(), &s, byShift
	r.From, r.To = time.UnixMicro(s.From).In(r.shop.Zone), time.UnixMicro(s.To).In(r.shop.Zone)
	r.Label = fmt.Sprintf("%s · %s %s–%s", s.Name, dayText(s.Date), r.From.Format("15:04"), r.To.Format("15:04"))
	return r
}

func (r Range) day(which string, now time.Time) (Range, error) {
	today := DateOf(now, r.shop.Zone)
	d := today
	switch which {
	case "today":
	case "yesterday":
		if d--; !d.in(r.shop.Zone) {
			d--
		}
	default:
		var err error
		if d, err = ParseDate(which); err != nil || !d.in(r.shop.Zone) {
			return Range{}, plant.Errorf(plant.Invalid, "range=%s: use day:today, day:yesterday or a day such as day:2026-11-23.", short(r.Name))
		}
	}
	name := r.Name
	r = r.ofDays("day:", d, 1)
	r.Name, r.Live = name, d == today
	return r, nil
}

func (r Range) week(which string, now time.Time) (Range, error) {
	current := DateOf(now, r.shop.Zone).Monday()
	d := current
	switch which {
	case "current":
	case "prev":
		d -= 7
	default:
		day, err := ParseDate(which)
		if d = day.Monday(); err != nil || !inYears(d) {
			return Range{}, plant.Errorf(plant.Invalid, "range=%s: use week:current, week:prev or a day of the week, such as week:2026-11-23.", short(r.Name))
		}
	}
	name := r.Name
	r = r.ofDays("week:", d, 7)
	r.Live = d == current
	if which == "current" || which == "prev" {
		r.Name = name
	}
	return r, nil
}

// ofDays is the range of so many days, the first of which is d.
func (r Range) ofDays(kind string, d Date, days int) Range {
	r.Name, r.From, r.To = kind+d.String(), d.Begin(r.shop.Zone), (d + Date(days)).Begin(r.shop.Zone)
	r.unit, r.Label = byDay, dayText(d)
	if days > 1 {
		r.unit = byWeek
		r.Label = fmt.Sprintf("Week %d · %s – %s", d.Week(), dayText(d), dayText(d+Date(days-1)))
	}
	return r
}

func (r Range) fixed(from, to string, now time.Time) (Range, error) {
	var err error
	if r.From, err = parseInstant("from", from, r.shop.Zone); err != nil {
		return Range{}, err
	}
	r.To = now
	if to != "" {
		if r.To, err = parseInstant("to", to, r.shop.Zone); err != nil {
			return Range{}, err
		}
	}
	if length := r.To.Sub(r.From); length < MinRange || length > MaxRange {
		return Range{}, plant.Errorf(plant.Invalid, "from and to: the range must be from 1 s to %d days long, and from must be before to.", MaxRange/(24*time.Hour))
	}
	r.Label = spanText(r.From, r.To)
	return r, nil
}

// localForms are the forms of an instant without an offset: those of people and
// those of the browser's inputs.
var localForms = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// parseInstant reads an instant to the microsecond.
func parseInstant(name, text string, zone *time.Location) (time.Time, error) {
	// The plus of an offset becomes a space where it was not escaped.
	if len(text) > len(time.DateOnly) && text[len(time.DateOnly)] == 'T' {
		text = strings.Replace(text, " ", "+", 1)
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	for _, form := range localForms {
		if err == nil {
			break
		}
		var wall time.Time
		if wall, err = time.Parse(form, text); err == nil && inYears(DateOf(wall, time.UTC)) {
			at := wall.Sub(wall.Truncate(time.Minute))
			t = DateOf(wall, time.UTC).at(minute(wall.Hour()*60+wall.Minute()), zone).Add(at)
		}
	}
	if err != nil || !inYears(DateOf(t, time.UTC)) {
		return time.Time{}, plant.Errorf(plant.Invalid, "%s=%s is not a time: write it as 2026-11-23T14:05, in the plant's zone, or with an offset as 2026-11-23T14:05:00+01:00.",
			name, cmp.Or(short(text), `""`))
	}
	return t.Truncate(time.Microsecond).In(zone), nil
}

// inYears reports whether a day is one that a plant may plan for.
func inYears(d Date) bool {
	year := d.utc().Year()
	return year >= firstYear && year <= lastYear
}

// instantText writes an instant so that parseInstant reads the same.
func instantText(t time.Time) string { return t.Format(time.RFC3339Nano) }

// dayText writes a day for people.
func dayText(d Date) string { return d.utc().Format("Mon 2006-01-02") }

// spanText writes two instants for people; what the two share stands once.
func spanText(from, to time.Time) string {
	form := "15:04"
	if from.Second() != 0 || to.Second() != 0 || to.Sub(from) < time.Minute {
		form = time.TimeOnly
	}
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return from.Format("Mon 2006-01-02 "+form) + "–" + to.Format(form)
	}
	return from.Format("Mon 2006-01-02 "+form) + " – " + to.Format("Mon 2006-01-02 "+form)
}
