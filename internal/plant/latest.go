package plant

import "slices"

// What is known of one data item has limits, so that an agent that invents keys
// cannot fill the memory. The observations themselves are all kept.
const (
	// MaxActive is how many activations a condition may have at once, and
	// MaxActiveText how many bytes their texts may have together, but for one
	// that is longer by itself. What is more takes the place of the oldest.
	MaxActive     = 1000
	MaxActiveText = 1 << 20
	// MaxMerged is how long the JSON of a merged set may be, in bytes.
	MaxMerged = 1 << 20
)

// Latest is what is known of a data item now: its last observation and, where
// one observation does not tell it all, what the observations before it add.
type Latest struct {
	Observation
	// Active are the active activations of a condition, oldest first: empty
	// while it is normal or unknown.
	Active []Activation
	// Merged is the whole data set or table after all changes, as canonical
	// JSON without removed keys: {} where all are removed. It is empty for
	// other items and while unknown.
	Merged string
}

// Activation is one alarm that has been raised and not cleared.
type Activation struct {
	// Alarm is what the condition last said of this activation.
	Alarm *Alarm
	// Raised is the timestamp of the observation that raised it and
	// RaisedSequence its number; Changed is the timestamp of the last one.
	Raised         int64
	RaisedSequence int64
	Changed        int64
}

// Apply makes l what is known after o, an observation of run that follows
// those that l knows. The observations of one item are applied in order of
// sequence.
//
// With another run than before, all that was known is forgotten first: an agent
// that starts anew says everything anew, and what it does not say is unknown.
//
// The slices and alarms that l held before are not changed, since readers may
// share them.
func (l *Latest) Apply(run RunID, o Observation) {
	if run != l.Run {
		*l = Latest{}
	}
	if o.Alarm != nil {
		l.Active = activate(l.Active, o)
	}
	l.Merged = merged(l.Merged, o)
	o.Run = run
	l.Observation = o
}

// Settles reports whether what is known of an item after o does not depend on
// what was known before: it is so of values, of a condition that is normal as a
// whole or unknown, and of a set that begins anew.
func (o *Observation) Settles() bool {
	switch {
	case o.Alarm != nil:
		return o.Alarm.Level == LevelUnavailable || o.Alarm.Level == LevelNormal && o.Alarm.Key() == ""
	case o.Value.Kind == Set:
		return hasField(o.Extra, "resetTriggered")
	default:
		return true
	}
}

// Level is the gravest level of a condition's active activations, Normal where
// it has none, and Unavailable where it is not known. It is LevelNone for
// samples and events.
func (l *Latest) Level() Level {
	if l.Alarm == nil {
		return LevelNone
	}
	level := LevelNormal
	if len(l.Active) == 0 && l.Alarm.Level == LevelUnavailable {
		level = LevelUnavailable
	}
	for _, a := range l.Active {
		level = max(level, a.Alarm.Level)
	}
	return level
}

// activate gives the active activations of a condition after o. A Warning or
// Fault raises the activation with its key or changes it. A Normal with a key
// clears that one alone, and a Normal without a key clears all, as Unavailable
// does: what is not known is not active.
func activate(active []Activation, o Observation) []Activation {
	key := o.Alarm.Key()
	i := slices.IndexFunc(active, func(a Activation) bool { return a.Alarm.Key() == key })
	switch level := o.Alarm.Level; {
	case level >= LevelWarning && i < 0:
		return newest(append(slices.Clip(active), Activation{
			Alarm: o.Alarm, Raised: o.Time, RaisedSequence: o.Sequence, Changed: o.Time,
		}))
	case level >= LevelWarning:
		active = slices.Clone(active)
		active[i].Alarm, active[i].Changed = o.Alarm, o.Time
		return newest(active)
	case level == LevelUnavailable, key == "":
		return nil
	case i < 0:
		return active
	case len(active) == 1:
		return nil
	default:
		return slices.Concat(active[:i], active[i+1:])
	}
}

// newest leaves the oldest activations out where there are more than may be.
func newest(active []Activation) []Activation {
	n, text := 0, 0
	for _, a := range slices.Backward(active) {
		text += a.Alarm.textBytes()
		if n == MaxActive || n > 0 && text > MaxActiveText {
			break
		}
		n++
	}
	return active[len(active)-n:]
}

// merged gives the whole data set or table after o. A reset begins it anew.
func merged(set string, o Observation) string {
	if o.Value.Kind != Set {
		return ""
	}
	if set == "" || hasField(o.Extra, "resetTriggered") {
		set = "{}"
	}
	return mergeSet(set, o.Value.Text)
}
