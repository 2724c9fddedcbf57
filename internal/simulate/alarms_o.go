package simulate

import (
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// controlO names alarms by a number and a letter that says how grave they are:
// A stops at once, B at the end of the block, C at the end of the cycle, and D
// only tells.
var controlO = control{
	halted: "INTERRUPTED",
	troubles: []trouble{
		{perDay: 1.6, lasts: 35 * time.Minute, alarms: []alarm{
			{on: "hydraulic", level: mtconnect.Warning, code: "4718", severity: "D", qualifier: "LOW", text: "4718 Alarm D Slideway lubricant low"},
		}},
		{perDay: 1.3, lasts: 15 * time.Minute, alarms: []alarm{
			{on: "spindle", level: mtconnect.Warning, code: "3652", severity: "D", qualifier: "HIGH", text: "3652 Alarm D Load monitor limit 1"},
			{on: "spindle", level: mtconnect.Warning, code: "3657", severity: "D", qualifier: "HIGH", text: "3657 Alarm D Spindle cooler outlet"},
		}},
		{perDay: 1.1, lasts: 30 * time.Minute, alarms: []alarm{
			{on: "system", level: mtconnect.Warning, code: "4881", severity: "C", text: "4881 Alarm C Work counter near preset"},
		}},
		{perDay: 1.2, stops: true, lasts: 3 * time.Minute, alarms: []alarm{
			{on: "logic", level: mtconnect.Fault, code: "2419", severity: "B", text: "2419 Alarm B Chuck not confirmed"},
			{on: "hydraulic", level: mtconnect.Fault, code: "1766", severity: "A", qualifier: "LOW", text: "1766 Alarm A Hydraulic pressure switch"},
		}},
		{perDay: 1.2, stops: true, lasts: 4 * time.Minute, alarms: []alarm{
			{on: "axis", level: mtconnect.Fault, code: "1154", severity: "A", qualifier: "HIGH", text: "1154 Alarm A Axis torque limiter"},
			{on: "motion", level: mtconnect.Fault, code: "2230", severity: "B", text: "2230 Alarm B Sequence restart needed"},
		}},
		{perDay: 1.0, stops: true, lasts: 2 * time.Minute, whole: true, alarms: []alarm{
			{on: "motion", level: mtconnect.Fault, code: "2507", severity: "B", text: "2507 Alarm B Data word: tool offset"},
		}},
		{perDay: 0.7, stops: true, lasts: 7 * time.Minute, alarms: []alarm{
			{on: "spindle", level: mtconnect.Fault, code: "1348", severity: "A", text: "1348 Alarm A Spindle drive converter"},
			{on: "spindle", level: mtconnect.Warning, code: "3659", severity: "D", text: "3659 Alarm D Spindle drive fan"},
		}},
		{perDay: 0.2, stops: true, emergency: true, lasts: 4 * time.Minute, whole: true, alarms: []alarm{
			{on: "system", level: mtconnect.Fault, code: "1000", severity: "A", text: "1000 Alarm A Emergency stop"},
			{on: "logic", level: mtconnect.Fault, code: "1006", severity: "A", text: "1006 Alarm A Control power off"},
		}},
	},
}
