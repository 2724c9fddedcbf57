package web

import (
	"strings"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// units leads from MTConnect's units (Part 2, UnitEnum and NativeUnitEnum) to what is
// shown. What is made of several with a slash has no row where each of them has one.
var units = map[string]string{
	"AMPERE":               "A",
	"CELSIUS":              "°C",
	"COULOMB":              "C",
	"COUNT":                "",
	"COUNT/SECOND":         "/s",
	"CUBIC_METER":          "m³",
	"CUBIC_MILLIMETER":     "mm³",
	"DECIBEL":              "dB",
	"DEGREE":               "°",
	"FOOT":                 "ft",
	"GRAM":                 "g",
	"HERTZ":                "Hz",
	"HOUR":                 "h",
	"INCH":                 "in",
	"JOULE":                "J",
	"KILOGRAM":             "kg",
	"KILOWATT":             "kW",
	"LITER":                "L",
	"METER":                "m",
	"MICRO_RADIAN":         "µrad",
	"MILLIGRAM":            "mg",
	"MILLILITER":           "mL",
	"MILLIMETER":           "mm",
	"MINUTE":               "min",
	"NEWTON":               "N",
	"NEWTON_METER":         "N·m",
	"OHM":                  "Ω",
	"PASCAL":               "Pa",
	"PASCAL_SECOND":        "Pa·s",
	"PERCENT":              "%",
	"PH":                   "pH",
	"REVOLUTION":           "rev",
	"SECOND":               "s",
	"SECOND^2":             "s²",
	"SIEMENS":              "S",
	"SQUARE_MILLIMETER":    "mm²",
	"TESLA":                "T",
	"UNIT_VECTOR":          "",
	"VOLT":                 "V",
	"VOLT_AMPERE":          "V·A",
	"VOLT_AMPERE_REACTIVE": "var",
	"WATT":                 "W",
	"WATT_SECOND":          "W·s",
}

// unitText gives a unit as people write it; one that the standard does not
// have stays as it is, in small letters.
func unitText(unit string) string {
	unit = strings.TrimSuffix(unit, "_3D")
	if short, ok := units[unit]; ok {
		return short
	}
	parts := strings.Split(unit, "/")
	for i, part := range parts {
		if parts[i] = units[part]; parts[i] == "" {
			parts[i] = strings.ToLower(strings.ReplaceAll(part, "_", " "))
		}
	}
	return strings.Join(parts, "/")
}

// scale is a unit in which numbers are shown that would be too large to read, or
// that machinists do not use, and how much of it one of the original is.
type scale struct {
	unit   string
	factor float64
}

// scales are by the original unit. The store, the API and exports keep that.
var scales = map[string]scale{
	"PASCAL":      {"bar", 1e-5},
	"WATT_SECOND": {"kW·h", 1 / 3.6e6},
}

// hours is for the timers that add up over the life of a machine.
var hours = scale{"h", 1.0 / 3600}

// shownUnit gives the unit in which a data item's numbers are shown, and what
// they are multiplied by for that; 1 where they stay.
func shownUnit(item api.Item) (unit string, factor float64) {
	if item.Category == plant.Sample.String() && !isSet(item) {
		if s, ok := scales[item.Units]; ok {
			return s.unit, s.factor
		}
		if item.Units == "SECOND" && (item.Type == "EQUIPMENT_TIMER" || item.Type == "ACCUMULATED_TIME") {
			return hours.unit, hours.factor
		}
		// MTConnect has seconds where controllers have minutes: feeds, above all.
		if base, ok := strings.CutSuffix(item.Units, "/SECOND"); ok && item.NativeUnits == base+"/MINUTE" {
			return unitText(item.NativeUnits), 60
		}
	}
	return unitText(item.Units), 1
}
