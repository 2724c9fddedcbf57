package insight

import "github.com/factorydash/factorydash/internal/plant"

// Clearing says how an activation of a condition ended.
type Clearing string

// How activations end. When one of the last three ended is not known: it is known
// to have been active up to the time that stands in Cleared.
const (
	// ByNormal: a Normal with its key.
	ByNormal Clearing = "normal"
	// ByNormalAll: a Normal without a key, which clears all of the data item.
	ByNormalAll Clearing = "normal-all"
	// ByUnavailable: the agent no longer knew.
	ByUnavailable Clearing = "unavailable"
	// ByGap: the end lies in a gap of the ledger.
	ByGap Clearing = "gap"
	// ByRestart: the agent restarted.
	ByRestart Clearing = "restart"
	// ByLimit: more were active than are kept in mind (plant.MaxActive).
	ByLimit Clearing = "limit"
)

// Told reports whether the machine itself said that the alarm was over, so that how
// long it lasted is known.
func (c Clearing) Told() bool { return c == ByNormal || c == ByNormalAll }

// Activation is one alarm of a condition data item from its raising to its clearing.
type Activation struct {
	Item plant.ItemID
	Run  plant.RunID
	// Key tells the activations of one data item apart.
	Key string
	// First and Last are what the condition first and last said of it, and Level is
	// the gravest level that it had.
	First, Last *plant.Alarm
	Level       plant.Level
	// Raised is the timestamp of the observation that raised it and RaisedSequence
	// its number.
	Raised         int64
	RaisedSequence int64
	// Changes are the changes of its level or its texts, in order.
	Changes []AlarmChange
	// Cleared is when it ended, in microseconds of the agent's timestamps, and
	// ClearedBy how; 0 and empty while it is active. It is not before Raised.
	Cleared   int64
	ClearedBy Clearing
}

// AlarmChange is a moment at which an activation got another level or other texts.
type AlarmChange struct {
	Time, Sequence int64
	Alarm          *plant.Alarm
}

// Active reports whether the activation has not ended.
func (a *Activation) Active() bool { return a.ClearedBy == "" }

// Interruption is a place in a run at which observations do not tell how what was
// known of a data item goes on: a gap of the ledger, the end of the run, or a
// baseline.
type Interruption struct {
	Run plant.RunID
	// From is the first number that is missing, or the place of a baseline where
	// none is.
	From int64
	// Time is up to when what was known before is known to have held, in
	// microseconds of the agent's timestamps.
	Time int64
	// Restart is set at the end of a run.
	Restart bool
	// Baseline is what the agent said of the data item at the far end, At; without
	// it nothing is known there.
	Baseline plant.Baseline
}

// Activations gives the activations of one condition data item by its observations
// in order of run and sequence, and the interruptions in the same order. They stand
// in the order in which they were raised. What is active after each observation is
// what plant.Latest says.
func Activations(observations []plant.Observation, interruptions []Interruption) []Activation {
	var f alarmFollower
	next := 0
	for _, o := range observations {
		for ; next < len(interruptions) && interruptions[next].before(&o); next++ {
			f.interrupt(&interruptions[next])
		}
		f.observe(&o)
	}
	for ; next < len(interruptions); next++ {
		f.interrupt(&interruptions[next])
	}
	return f.all
}

// before reports whether an observation lies behind the interruption.
func (i *Interruption) before(o *plant.Observation) bool {
	return i.Run < o.Run || i.Run == o.Run && i.From <= o.Sequence
}

// alarmFollower follows the activations of one condition. What is active is decided
// by plant.Latest alone; the follower writes down what became of it.
type alarmFollower struct {
	latest plant.Latest
	all    []Activation
	// open are the places in all of those in latest.Active, in the same order.
	open []int
}

func (f *alarmFollower) observe(o *plant.Observation) {
	if o.Alarm == nil {
		return
	}
	if o.Run != f.latest.Run {
		f.become(&plant.Latest{}, f.latest.Time, 0, func(*Activation) Clearing { return ByRestart })
	}
	l := f.latest
	l.Apply(o.Run, *o)
	f.become(&l, o.Time, o.Sequence, func(a *Activation) Clearing { return clearing(a, o.Alarm) })
}

// clearing says how an observation ended an activation.
func clearing(a *Activation, said *plant.Alarm) Clearing {
	switch {
	case said.Level >= plant.LevelWarning:
		return ByLimit
	case said.Level == plant.LevelUnavailable:
		return ByUnavailable
	case said.Key() == a.Key:
		return ByNormal
	default:
		return ByNormalAll
	}
}

func (f *alarmFollower) interrupt(i *Interruption) {
	by := ByGap
	if i.Restart {
		by = ByRestart
	}
	var l plant.Latest
	for _, o := range i.Baseline.Observations {
		l.Apply(i.Run, o)
	}
	if l.Run != 0 && f.latest.Run == i.Run && !l.Bridge(f.latest, i.Baseline.At) {
		return
	}
	f.become(&l, i.Time, i.Baseline.At-1, func(*Activation) Clearing { return by })
}

// become makes l what is known, and ends, changes and raises activations with it.
// Both what was and what is active stands in order of raising.
func (f *alarmFollower) become(l *plant.Latest, at, sequence int64, by func(*Activation) Clearing) {
	var open []int
	next := 0
	for _, place := range f.open {
		a := &f.all[place]
		for ; next < len(l.Active) && l.Active[next].RaisedSequence < a.RaisedSequence; next++ {
			open = append(open, f.raise(l, next))
			a = &f.all[place]
		}
		if next == len(l.Active) || l.Active[next].RaisedSequence != a.RaisedSequence {
			a.Cleared, a.ClearedBy = max(at, a.Raised, a.changed()), by(a)
			continue
		}
		a.change(l.Active[next].Alarm, l.Active[next].Changed, sequence)
		open = append(open, place)
		next++
	}
	for ; next < len(l.Active); next++ {
		open = append(open, f.raise(l, next))
	}
	f.latest, f.open = *l, open
}

// raise begins an activation that is active in l, and gives its place.
func (f *alarmFollower) raise(l *plant.Latest, n int) int {
	active := l.Active[n]
	f.all = append(f.all, Activation{
		Item: l.Item, Run: l.Run, Key: active.Alarm.Key(), First: active.Alarm, Last: active.Alarm, Level: active.Alarm.Level,
		Raised: active.Raised, RaisedSequence: active.RaisedSequence,
	})
	return len(f.all) - 1
}

// change writes down what is said of an activation now, where that is news.
func (a *Activation) change(said *plant.Alarm, at, sequence int64) {
	if *said == *a.Last {
		return
	}
	a.Last, a.Level = said, max(a.Level, said.Level)
	a.Changes = append(a.Changes, AlarmChange{Time: at, Sequence: sequence, Alarm: said})
}

// changed is when something was last said anew of the activation.
func (a *Activation) changed() int64 {
	if n := len(a.Changes); n > 0 {
		return a.Changes[n-1].Time
	}
	return a.Raised
}
