package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// AlarmEntry is one activation of a condition.
type AlarmEntry struct {
	// ID names it in addresses.
	ID      string `json:"id"`
	Machine string `json:"machine"`
	Name    string `json:"name"`
	Agent   string `json:"agent"`
	// Item is the store's number of the data item; DataItemID the agent's id.
	Item       plant.ItemID `json:"item"`
	DataItemID string       `json:"dataItemId"`
	Type       string       `json:"type"`
	Component  string       `json:"component,omitempty"`
	// Level is the gravest level that it had: Warning or Fault. The texts are what
	// the condition last said of it.
	Level          string `json:"level" enum:"Warning,Fault"`
	NativeCode     string `json:"nativeCode,omitempty"`
	NativeSeverity string `json:"nativeSeverity,omitempty"`
	Qualifier      string `json:"qualifier,omitempty"`
	ConditionID    string `json:"conditionId,omitempty"`
	Text           string `json:"text,omitempty"`
	// Raised and Cleared are the agent's timestamps. Cleared is left out while it is
	// active; where ClearedBy is unavailable, gap, restart or limit, it is up to when
	// it is known to have been active.
	Raised    time.Time        `json:"raised"`
	Cleared   *time.Time       `json:"cleared,omitempty"`
	ClearedBy insight.Clearing `json:"clearedBy,omitempty" enum:"normal,normal-all,unavailable,gap,restart,limit"`
	// Seconds is from Raised to Cleared, or to now.
	Seconds float64 `json:"seconds"`
	// Changes are the changes of its level or its texts, and First is what was said of
	// it before them; both are left out where nothing changed.
	First   *AlarmStep  `json:"first,omitempty"`
	Changes []AlarmStep `json:"changes,omitempty"`
	// Doubt says for people why it is not known whether it is active still.
	Doubt string `json:"doubt,omitempty"`
	// Count is how often it was raised in the range, left out where none was asked
	// for; UsualSeconds is the median of how long it lasted before, by those of the
	// range whose end the machine told.
	Count        int      `json:"count,omitempty"`
	UsualSeconds *float64 `json:"usualSeconds,omitempty"`
	// Program and State are what the machine had and did when it was raised; left out
	// where that is not known or was not asked for.
	Program *string `json:"program,omitempty"`
	State   string  `json:"state,omitempty"`
	Word    string  `json:"word,omitempty"`
}

// AlarmStep is what was said of an activation from a time on.
type AlarmStep struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	Text  string    `json:"text,omitempty"`
}

// Active reports whether it is not known to have ended.
func (e *AlarmEntry) Active() bool { return e.Cleared == nil }

// alarmID names an activation: its data item, and the observation that raised it.
type alarmID struct {
	item     plant.ItemID
	run      plant.RunID
	sequence int64
	// raised is the time of it, in microseconds, by which it is found.
	raised int64
}

func idOf(a insight.Activation) alarmID {
	return alarmID{a.Item, a.Run, a.RaisedSequence, a.Raised}
}

func (id alarmID) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", id.item, id.run, id.sequence, id.raised)
}

func parseAlarmID(s string) (id alarmID, ok bool) {
	_, err := fmt.Sscanf(s, "%d.%d.%d.%d", &id.item, &id.run, &id.sequence, &id.raised)
	return id, err == nil && id.String() == s
}

// compare puts the later first, and gives all a place of their own.
func (id alarmID) compare(other alarmID) int {
	return cmp.Or(cmp.Compare(other.raised, id.raised), cmp.Compare(id.item, other.item),
		cmp.Compare(other.run, id.run), cmp.Compare(other.sequence, id.sequence))
}

// newAlarmEntry gives an activation as it is shown.
func newAlarmEntry(it *item, a insight.Activation, now time.Time) AlarmEntry {
	e := AlarmEntry{
		ID: idOf(a).String(), Machine: it.machine.Slug, Name: it.machine.title(), Agent: it.machine.agent.Name,
		Item: it.ID, DataItemID: it.DataItemID, Type: it.Type, Component: it.Path,
		Level: a.Level.String(), NativeCode: a.Last.NativeCode, NativeSeverity: a.Last.NativeSeverity,
		Qualifier: a.Last.Qualifier, ConditionID: a.Last.ConditionID, Text: a.Last.Text,
		Raised: timeOf(a.Raised), ClearedBy: a.ClearedBy,
	}
	end := now
	if !a.Active() {
		end = timeOf(a.Cleared)
		e.Cleared = &end
	}
	e.Seconds = max(0, end.Sub(e.Raised).Seconds())
	if len(a.Changes) > 0 {
		e.First = new(stepOf(a.Raised, a.First))
	}
	for _, c := range a.Changes {
		e.Changes = append(e.Changes, stepOf(c.Time, c.Alarm))
	}
	return e
}

func stepOf(at int64, said *plant.Alarm) AlarmStep {
	return AlarmStep{Time: timeOf(at), Level: said.Level.String(), Text: said.Text}
}

// alarmKey is what the activations of one alarm have in common.
type alarmKey struct {
	item plant.ItemID
	key  string
}

func keyOf(a insight.Activation) alarmKey { return alarmKey{a.Item, a.Key} }

// occurrences are the activations of each alarm, in the order in which they were
// raised.
type occurrences map[alarmKey][]insight.Activation

func newOccurrences(all []insight.Activation) occurrences {
	o := make(occurrences)
	for _, a := range all {
		o[keyOf(a)] = append(o[keyOf(a)], a)
	}
	return o
}

// count is how often the alarm of an activation was raised from a moment on.
func (o occurrences) count(a insight.Activation, from int64) int {
	n := 0
	for _, other := range o[keyOf(a)] {
		if other.Raised >= from {
			n++
		}
	}
	return n
}

// usual is the median of how long the last MaxUsual activations before one lasted,
// of those whose end was told; nil without any.
func (o occurrences) usual(a insight.Activation) *float64 {
	var lasted []int64
	for _, other := range slices.Backward(o[keyOf(a)]) {
		earlier := other.Run < a.Run || other.Run == a.Run && other.RaisedSequence < a.RaisedSequence
		if !earlier || !other.ClearedBy.Told() {
			continue
		}
		if lasted = append(lasted, other.Cleared-other.Raised); len(lasted) == MaxUsual {
			break
		}
	}
	if lasted == nil {
		return nil
	}
	slices.Sort(lasted)
	n := len(lasted)
	median := float64(lasted[(n-1)/2]+lasted[n/2]) / 2 / float64(time.Second/time.Microsecond)
	return &median
}

// levelOf reads the level of a filter; LevelNone where all are wanted.
func levelOf(s string) (plant.Level, error) {
	for _, l := range []plant.Level{plant.LevelNone, plant.LevelWarning, plant.LevelFault} {
		if strings.EqualFold(l.String(), s) {
			return l, nil
		}
	}
	return plant.LevelNone, plant.Errorf(plant.Invalid, "level: use fault or warning, not %s", quote(s))
}

// alarmMatches reports whether each word of a query is somewhere in what is said of
// an alarm.
func alarmMatches(it *item, a insight.Activation, query string) bool {
	if query == "" {
		return true
	}
	m := it.machine
	text := strings.ToLower(strings.Join([]string{
		m.title(), m.Slug, m.agent.Name, it.DataItemID, it.Name, it.Type, it.Path,
		a.Last.NativeCode, a.Last.ConditionID, a.Last.Text, a.First.Text, a.Last.Qualifier,
	}, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
