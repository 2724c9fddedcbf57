package simulate

import (
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// controlF names alarms by two letters and a number.
var controlF = control{
	halted: "STOPPED",
	troubles: []trouble{
		{perDay: 1.6, lasts: 25 * time.Minute, alarms: []alarm{
			{on: "hydraulic", level: mtconnect.Warning, code: "EX1042", severity: "3", qualifier: "LOW", text: "HYD. UNIT OIL LEVEL LOW"},
		}},
		{perDay: 1.4, lasts: 40 * time.Minute, alarms: []alarm{
			{on: "system", level: mtconnect.Warning, code: "EX2061", severity: "2", text: "LUBE OIL REFILL REQUEST"},
		}},
		{perDay: 1.2, lasts: 12 * time.Minute, alarms: []alarm{
			{on: "spindle", level: mtconnect.Warning, code: "SP7712", severity: "3", qualifier: "HIGH", text: "SPINDLE LOAD METER HIGH"},
			{on: "spindle", level: mtconnect.Warning, code: "SP7719", severity: "3", qualifier: "HIGH", text: "SPINDLE VIBRATION LIMIT 1"},
		}},
		{perDay: 0.9, lasts: 18 * time.Minute, alarms: []alarm{
			{on: "system", level: mtconnect.Warning, code: "FN5081", severity: "2", text: "CABINET FAN SPEED DOWN"},
		}},
		{perDay: 1.1, stops: true, lasts: 4 * time.Minute, alarms: []alarm{
			{on: "axis", level: mtconnect.Fault, code: "SV4023", severity: "5", qualifier: "HIGH", text: "AXIS EXCESS ERROR WHILE MOVING"},
			{on: "motion", level: mtconnect.Fault, code: "PS1187", severity: "5", text: "CYCLE ABORTED BY SERVO"},
		}},
		{perDay: 1.2, stops: true, lasts: 3 * time.Minute, whole: true, alarms: []alarm{
			{on: "logic", level: mtconnect.Fault, code: "EX1301", severity: "4", text: "TOOL CHANGE ARM NOT IN POSITION"},
			{on: "logic", level: mtconnect.Fault, code: "EX1304", severity: "4", text: "MAGAZINE POT NOT DOWN"},
		}},
		{perDay: 1.0, stops: true, lasts: 2 * time.Minute, alarms: []alarm{
			{on: "motion", level: mtconnect.Fault, code: "PS0394", severity: "4", text: "ILLEGAL OFFSET NUMBER IN BLOCK"},
		}},
		{perDay: 0.7, stops: true, lasts: 5 * time.Minute, alarms: []alarm{
			{on: "coolant", level: mtconnect.Fault, code: "EX1710", severity: "4", qualifier: "LOW", text: "COOLANT PUMP PRESSURE"},
			{on: "system", level: mtconnect.Warning, code: "EX1711", severity: "2", text: "FILTER CHANGE REQUIRED"},
		}},
		{perDay: 0.2, stops: true, emergency: true, lasts: 4 * time.Minute, whole: true, alarms: []alarm{
			{on: "system", level: mtconnect.Fault, code: "EX0001", severity: "5", text: "EMERGENCY STOP PUSHED"},
			{on: "communications", level: mtconnect.Fault, code: "SV4401", severity: "5", text: "SERVO READY OFF"},
		}},
	},
}
