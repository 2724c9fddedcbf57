package web

import (
	"fmt"
	"math"
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

// trimZeros takes the zeros off the end of a decimal.
func trimZeros(s string) string {
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// countText gives a whole number with its thousands set apart.
func countText(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + thin + digits[i:]
	}
	return sign + digits
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

// units leads from MTConnect's units (Part 2, UnitEnum) to what is shown.
var units = map[string]string{
	"AMPERE":                     "A",
	"CELSIUS":                    "°C",
	"COULOMB":                    "C",
	"COUNT":                      "",
	"COUNT/SECOND":               "/s",
	"CUBIC_METER":                "m³",
	"CUBIC_MILLIMETER":           "mm³",
	"CUBIC_MILLIMETER/SECOND":    "mm³/s",
	"DECIBEL":                    "dB",
	"DEGREE":                     "°",
	"DEGREE/SECOND":              "°/s",
	"DEGREE/SECOND^2":            "°/s²",
	"GRAM":                       "g",
	"GRAM/CUBIC_METER":           "g/m³",
	"HERTZ":                      "Hz",
	"JOULE":                      "J",
	"KILOGRAM":                   "kg",
	"KILOWATT":                   "kW",
	"LITER":                      "L",
	"LITER/SECOND":               "L/s",
	"METER":                      "m",
	"METER/SECOND":               "m/s",
	"METER/SECOND^2":             "m/s²",
	"MICRO_RADIAN":               "µrad",
	"MILLIGRAM/CUBIC_MILLIMETER": "mg/mm³",
	"MILLILITER":                 "mL",
	"MILLIMETER":                 "mm",
	"MILLIMETER/REVOLUTION":      "mm/rev",
	"MILLIMETER/SECOND":          "mm/s",
	"MILLIMETER/SECOND^2":        "mm/s²",
	"NEWTON":                     "N",
	"NEWTON_METER":               "N·m",
	"OHM":                        "Ω",
	"PASCAL":                     "Pa",
	"PASCAL_SECOND":              "Pa·s",
	"PASCAL/SECOND":              "Pa/s",
	"PERCENT":                    "%",
	"PH":                         "pH",
	"REVOLUTION/MINUTE":          "rev/min",
	"REVOLUTION/SECOND":          "rev/s",
	"REVOLUTION/SECOND^2":        "rev/s²",
	"SECOND":                     "s",
	"SIEMENS/METER":              "S/m",
	"SQUARE_MILLIMETER":          "mm²",
	"TESLA":                      "T",
	"UNIT_VECTOR":                "",
	"VOLT":                       "V",
	"VOLT_AMPERE":                "V·A",
	"VOLT_AMPERE_REACTIVE":       "var",
	"WATT":                       "W",
	"WATT_SECOND":                "W·s",
}

// unitText gives a unit as people write it; one that the standard does not
// have stays as it is.
func unitText(unit string) string {
	unit = strings.TrimSuffix(unit, "_3D")
	if short, ok := units[unit]; ok {
		return short
	}
	return strings.ToLower(strings.ReplaceAll(unit, "_", " "))
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
