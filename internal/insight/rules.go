package insight

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// DefaultWait is for how long a machine that waits and resumes by itself counts as
// running.
const DefaultWait = time.Minute

// RulesVersion is that of the table of rules, which changes with it: what was
// derived by another one is derived anew by factorydash rebuild.
const RulesVersion = 2

// AllPaths is the Path of Rules for a machine that runs where all its paths do.
const AllPaths = "all"

// Rules say how the states of one machine are to be understood where it differs
// from others.
type Rules struct {
	// Wait is for how long WAIT counts as running; 0: DefaultWait.
	Wait time.Duration
	// SemiAutomatic is the state of a machine that works in that mode; 0:
	// plant.Setup.
	SemiAutomatic plant.State
	// Path says which paths must run for the machine to run: any where it is
	// empty, all of them for "all", or the one with this id or name.
	Path string
}

// wait is for how long WAIT counts as running, in microseconds.
func (r Rules) wait() int64 {
	if r.Wait > 0 {
		return r.Wait.Microseconds()
	}
	return DefaultWait.Microseconds()
}
