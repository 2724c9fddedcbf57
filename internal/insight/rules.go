package insight

import (
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// DefaultWait is for how long a machine that waits and resumes by itself counts as
// running.
const DefaultWait = time.Minute

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
