package plant

import (
	"cmp"
	"slices"
)

// Baseline is what an agent knew at one place of a run that we had not read of
// it: values last observed before the first sequence number that we could read,
// or within a gap. It is read from the agent like an observation and stored like
// one, but it is none: the numbers before the place stay in the ledger, or before
// the run's first.
type Baseline struct {
	// At is the place: what is known is so just before this sequence number.
	At int64
	// Observations are what is known, in order of sequence; of a condition one for
	// each activation. They replace all that was known of the items that they name.
	// All are of numbers before At. What was known before a gap and the agent says
	// nothing of is in them as unknown, from the gap's first number on.
	Observations []Observation
}

// Bridge makes l, which was built from the observations of one item in a
// baseline at the number at, what follows before, which was known until then. It
// reports whether that is news; where it is not, l is before. Both are of one
// item.
//
// An activation that the agent has not touched since keeps when it was raised.
// Where l says something else than before and is no newer, as where an alarm
// ended, what changed it is not known and lies before at: l gets that number,
// since what is known of an item changes with rising numbers only.
func (l *Latest) Bridge(before Latest, at int64) (changed bool) {
	if before.Run != l.Run {
		return true
	}
	for i := range l.Active {
		a := &l.Active[i]
		same := func(b Activation) bool { return b.Alarm.Key() == a.Alarm.Key() }
		if j := slices.IndexFunc(before.Active, same); j >= 0 && a.RaisedSequence <= before.Sequence {
			a.Raised, a.RaisedSequence = before.Active[j].Raised, before.Active[j].RaisedSequence
		}
	}
	slices.SortStableFunc(l.Active, func(a, b Activation) int { return cmp.Compare(a.RaisedSequence, b.RaisedSequence) })
	switch {
	case l.Sequence > before.Sequence:
	case l.says(&before):
		*l = before
		return false
	default:
		l.Sequence = at - 1
	}
	return true
}

// says reports whether l says the same as another one of its item.
func (l *Latest) says(other *Latest) bool {
	switch {
	case l.Level() != other.Level(), l.Merged != other.Merged:
		return false
	case l.Alarm != nil:
		return slices.EqualFunc(l.Active, other.Active, func(a, b Activation) bool { return *a.Alarm == *b.Alarm })
	case l.Merged != "":
		return true
	default:
		return l.Value == other.Value && l.Extra == other.Extra
	}
}
