package simulate

import (
	"slices"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// unavailable is the value that an agent gives while it knows none.
const unavailable = "UNAVAILABLE"

// signal is a data item as the machine's adapter sees it: what the machine last
// said, whether or not the agent could hear it.
type signal struct {
	id       string
	category mtconnect.Category

	// known is false until the machine has said something.
	known bool
	value string
	// detail goes with the value of a message, time series or asset event.
	detail *agent.Detail

	// number is the value of a sample before rounding to digits; a new one
	// counts only where it differs by delta at least.
	number, delta float64
	digits        int

	// alarms are the active ones of a condition, oldest first.
	alarms []alarm
	// entries are those of a data set or table, whole, in the order of their
	// first appearance.
	entries []agent.Entry
	// set is true for data sets and tables.
	set bool
}

// findAlarm gives where the alarm with a code stands, −1 where it is not active.
func (s *signal) findAlarm(code string) int {
	return slices.IndexFunc(s.alarms, func(al alarm) bool { return al.code == code })
}
