package insight

// The rules that time has a part in: a machine that waits runs at first, and has
// stopped when it waits too long.
const (
	ruleWaiting = "5 waiting"
	ruleWaited  = "6 waited too long"
)

// RulesVersion is that of the table of rules.
const RulesVersion = 2

// wait is for how long WAIT counts as running, in microseconds.
func (r Rules) wait() int64 {
	if r.Wait > 0 {
		return r.Wait.Microseconds()
	}
	return DefaultWait.Microseconds()
}
