package web

import (
	"strings"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

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

// scale is a unit in which numbers are shown that would be too large to read,
// and how much of it one of the original is.
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
	}
	return unitText(item.Units), 1
}
