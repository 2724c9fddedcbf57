package simulate

import (
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// controlS names alarms by a number and a sentence.
var controlS = control{
	halted: "INTERRUPTED",
	troubles: []trouble{
		{perDay: 1.5, lasts: 30 * time.Minute, alarms: []alarm{
			{on: "logic", level: mtconnect.Warning, code: "708114", severity: "warning", text: "Chip conveyor: clean the discharge"},
		}},
		{perDay: 1.3, lasts: 20 * time.Minute, alarms: []alarm{
			{on: "coolant", level: mtconnect.Warning, code: "708230", severity: "warning", qualifier: "HIGH", text: "Coolant: return temperature above set point"},
			{on: "coolant", level: mtconnect.Warning, code: "708233", severity: "warning", qualifier: "LOW", text: "Coolant: flow of the high pressure pump reduced"},
		}},
		{perDay: 1.2, lasts: 9 * time.Minute, alarms: []alarm{
			{on: "axis", level: mtconnect.Warning, code: "329014", severity: "warning", qualifier: "HIGH", text: "Drive: motor temperature advance warning"},
		}},
		{perDay: 1.0, lasts: 45 * time.Minute, alarms: []alarm{
			{on: "system", level: mtconnect.Warning, code: "160522", severity: "info", text: "Maintenance interval of the guideways expires"},
		}},
		{perDay: 1.2, stops: true, lasts: 4 * time.Minute, alarms: []alarm{
			{on: "motion", level: mtconnect.Fault, code: "26108", severity: "alarm", text: "Channel 1 axis following error outside tolerance"},
			{on: "axis", level: mtconnect.Fault, code: "327850", severity: "alarm", qualifier: "HIGH", text: "Drive: encoder signal amplitude out of range"},
		}},
		{perDay: 1.2, stops: true, lasts: 3 * time.Minute, whole: true, alarms: []alarm{
			{on: "logic", level: mtconnect.Fault, code: "708402", severity: "alarm", text: "Door: safety switch does not report closed"},
			{on: "logic", level: mtconnect.Fault, code: "708405", severity: "alarm", text: "Clamping: end position not reached"},
			{on: "logic", level: mtconnect.Warning, code: "708407", severity: "warning", text: "Clamping: repeat the clamping"},
		}},
		{perDay: 1.0, stops: true, lasts: 2 * time.Minute, alarms: []alarm{
			{on: "motion", level: mtconnect.Fault, code: "15230", severity: "alarm", text: "Channel 1 block: tool with edge is not loaded"},
		}},
		{perDay: 0.7, stops: true, lasts: 6 * time.Minute, alarms: []alarm{
			{on: "communications", level: mtconnect.Fault, code: "381204", severity: "alarm", text: "Bus: node has left the ring"},
			{on: "system", level: mtconnect.Warning, code: "380077", severity: "warning", text: "Bus: retry counter raised"},
		}},
		{perDay: 0.2, stops: true, emergency: true, lasts: 5 * time.Minute, whole: true, alarms: []alarm{
			{on: "system", level: mtconnect.Fault, code: "3007", severity: "alarm", text: "Emergency stop"},
			{on: "logic", level: mtconnect.Fault, code: "708001", severity: "alarm", text: "Safety circuit open at the control panel"},
		}},
	},
}
