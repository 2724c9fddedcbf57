package web

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Durations, numbers and names as people read them. What the browser redraws
// is written the same way in ts/format.ts; a test compares the two.

// unknown stands for what is not known; zero is written as 0.
const unknown = "—"

// thin separates the thousands of a count: a narrow space that does not break.
const thin = "\u202f"

// durationText gives a duration as 12 s, 27 min, 1 h 04 min or 3 d 2 h. One
// below zero is 0 s: the clocks of agents are not ours.
func durationText(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case s < 0:
		return "0 s"
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 86400:
		return fmt.Sprintf("%d h %02d min", s/3600, s/60%60)
	}
	return fmt.Sprintf("%d d %d h", s/86400, s/3600%24)
}

// exactText gives microseconds exactly, as far as milliseconds: 1 h 04 min 05.250 s.
func exactText(micros int64) string {
	ms := (micros + 500) / 1000
	h, m, s := ms/3_600_000, ms/60_000%60, ms/1000%60
	seconds := strconv.FormatInt(s, 10)
	if part := ms % 1000; part != 0 {
		seconds += fmt.Sprintf(".%03d", part)
	}
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %02d min %s s", h, m, seconds)
	case m > 0:
		return fmt.Sprintf("%d min %s s", m, seconds)
	}
	return seconds + " s"
}

// secondsText gives a short duration in seconds with one decimal.
func secondsText(d time.Duration) string {
	if d.Abs() >= 10*time.Minute {
		sign := ""
		if d < 0 {
			sign = "−"
		}
		return sign + durationText(d.Abs())
	}
	return strings.Replace(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), "-", "−", 1) + " s"
}

// skewText gives a clock's deviation, always with its sign.
func skewText(d time.Duration) string {
	if d > 0 {
		return "+" + secondsText(d)
	}
	return secondsText(d)
}

// longDelay is the delay from which on its length says nothing more: so old an
// observation is history that is being read.
const longDelay = 10 * time.Minute

// delayText gives how late observations are stored.
func delayText(d time.Duration) string {
	if d >= longDelay {
		return "over " + durationText(longDelay)
	}
	return secondsText(d)
}

// tookText gives how long something took: in milliseconds below a second.
func tookText(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return secondsText(d)
}

// bytesText gives a number of bytes in the largest unit that leaves at least one.
func bytesText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if v /= 1000; v < 999.5 {
			break
		}
	}
	decimals := 0
	if v < 9.95 {
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + " " + unit
}

// numberText gives a number with at most four decimals, six where it is small,
// and a very large or very small one with an exponent.
func numberText(v float64) string {
	var s string
	switch a := math.Abs(v); {
	case a != 0 && (a < 1e-4 || a >= 1e15):
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 4, 64), "e")
		s = trimZeros(mantissa) + "e" + exponent
	case a < 1e-2:
		s = trimZeros(strconv.FormatFloat(v, 'f', 6, 64))
	default:
		s = trimZeros(strconv.FormatFloat(v, 'f', 4, 64))
	}
	if s == "-0" {
		return "0"
	}
	return strings.ReplaceAll(s, "-", "−")
}

// figures is how many figures of a number are enough to read it, decimals how many
// of them stand behind the point at most.
const figures, decimals = 6, 3

// measureText gives a number for reading, with what fits beside a unit: six figures of
// which three are decimals at most, all that stand before the point, and from 10,000
// on its thousands set apart. numberText tells it more exactly.
func measureText(v float64) string {
	a := math.Abs(v)
	if a < 0.1 || a >= 1e15 {
		return numberText(v)
	}
	before := len(strconv.FormatInt(int64(a), 10))
	text := strconv.FormatFloat(a, 'f', max(0, min(decimals, figures-before)), 64)
	whole, part, _ := strings.Cut(text, ".")
	if len(whole) > 4 {
		whole = grouped(whole)
	}
	if v < 0 {
		whole = "−" + whole
	}
	if part = strings.TrimRight(part, "0"); part != "" {
		return whole + "." + part
	}
	return whole
}

// countedText gives how many there are of something, by its name for one: 1 part,
// 3 parts.
func countedText(n float64, one string) string {
	if n != 1 {
		one += "s"
	}
	return measureText(n) + " " + one
}

// fieldText gives a number that came as text, times a factor; other text stays
// as it is.
func fieldText(s string, factor float64) string {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return s
	}
	return measureText(v * factor)
}

// trimZeros takes the zeros off the end of a decimal.
func trimZeros(s string) string {
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// countText gives a whole number with its thousands set apart.
func countText(n int64) string {
	digits, negative := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	if negative {
		return "−" + grouped(digits)
	}
	return grouped(digits)
}

// grouped sets the thousands of a row of digits apart.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + thin + digits[i:]
	}
	return digits
}

// lostText says how many observations are known to be lost in some gaps. A gap
// of known length has lost one at least.
func lostText(gaps, lost int64) string {
	switch {
	case gaps == 0:
		return ""
	case lost == 0:
		return "loss not known"
	}
	return countText(lost) + " known lost"
}

// damageText says how much of what is stored was found damaged.
func damageText(faults int) string {
	switch faults {
	case 0:
		return ""
	case 1:
		return "1 part of what is stored is damaged; factorydash verify-store tells more"
	}
	return countText(int64(faults)) + " parts of what is stored are damaged; factorydash verify-store tells more"
}

// percentText gives a part of 1 in percent: with one decimal where it is near all or
// nothing, so that 100 % means all and 0 % means nothing.
func percentText(part float64) string {
	switch p := 100 * part; {
	case p > 0 && p < 0.1:
		return "<0.1 %"
	case p >= 99.95 && p < 100:
		return "99.9 %"
	case p >= 99 && p < 100, p > 0 && p < 1:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	default:
		return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + " %"
	}
}

// rateText gives observations a second: whole from 10 on, with one decimal
// below.
func rateText(r float64) string {
	if r >= 10 {
		return countText(int64(math.Round(r)))
	}
	return strconv.FormatFloat(r, 'f', 1, 64)
}

// clockText gives a moment in the zone of now, with the date where it is not
// today.
func clockText(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}

// fullText gives a moment with its date and the zone of now, for whoever asks of a
// time that is shown shorter.
func fullText(t, now time.Time) string {
	_, zone := zoneNames(now)
	return t.In(now.Location()).Format(time.DateTime) + " " + zone
}

// knownText gives a text of an agent; unknown where there is none, and a word
// for an empty one.
func knownText(s *string) string {
	switch {
	case s == nil:
		return unknown
	case *s == "":
		return "none"
	}
	return *s
}

// placeText turns "Axes[base]/Linear[X]" into "Axes base › Linear X". A name that
// only repeats the component's type is left out.
func placeText(component string) string {
	if component == "" {
		return "Machine"
	}
	steps := strings.Split(component, "/")
	for i, step := range steps {
		kind, name, _ := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		if steps[i] = kind; name != "" && !strings.EqualFold(name, kind) {
			steps[i] += " " + name
		}
	}
	return strings.Join(steps, " › ")
}

// wordText turns PATH_FEEDRATE into Path feedrate. A vendor's prefix stands
// behind, in brackets.
func wordText(name string) string {
	prefix, rest, vendor := strings.Cut(name, ":")
	if !vendor {
		prefix, rest = "", name
	}
	s := strings.ToLower(strings.ReplaceAll(rest, "_", " "))
	if s == "" {
		return name
	}
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if prefix != "" {
		s += " (" + prefix + ")"
	}
	return s
}

// ruleText turns "5 executing", a rule's number and name, into "executing (rule
// 5)".
func ruleText(rule string) string {
	number, name, ok := strings.Cut(rule, " ")
	if !ok {
		return rule
	}
	return name + " (rule " + number + ")"
}

// address is an agent's address at the beginning of an error.
var address = regexp.MustCompile(`^https?://\S+: `)

// causeText gives why an agent cannot be reached without its address, which
// stands on the agent's own page.
func causeText(err string) string { return address.ReplaceAllString(err, "") }
