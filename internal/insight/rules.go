package insight

import (
	"cmp"
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

// Standing gives the state that holds at a time, in microseconds, after a change and
// no other, with the rule by which it does and since when. A machine that waits for
// too long has stopped without any observation that says so.
func (r Rules) Standing(c plant.StateChange, at int64) (s plant.State, rule string, since int64) {
	if r.Waited(c, at) {
		return plant.Stopped, ruleWaited, c.Time + r.wait()
	}
	return c.State, c.Rule, cmp.Or(c.Since, c.Time)
}

// Waited reports whether a machine whose last change is c has stopped by a time,
// since it waits for too long.
func (r Rules) Waited(c plant.StateChange, at int64) bool {
	return c.Rule == ruleWaiting && at-c.Time >= r.wait()
}

// WaitedTooLong reports whether a rule is that of a machine that has stopped since it
// waits for too long.
func WaitedTooLong(rule string) bool { return rule == ruleWaited }

// wait is for how long WAIT counts as running, in microseconds.
func (r Rules) wait() int64 {
	if r.Wait > 0 {
		return r.Wait.Microseconds()
	}
	return DefaultWait.Microseconds()
}
