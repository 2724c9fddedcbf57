package simulate

import (
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
