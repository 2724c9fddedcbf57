package agent

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/mtconnect"
)

// kind says how the observations of a data item add up to its state.
type kind uint8

const (
	plain     kind = iota // the last one is the state
	set                   // entries merge
	condition             // activations are raised and cleared
)

// String names the kind as a reader of an error knows it.
func (k kind) String() string {
	return [...]string{"a single value", "a data set or table", "a condition"}[k]
}

func kindOf(d *mtconnect.DataItem) kind {
	switch {
	case d.Category == mtconnect.Condition:
		return condition
	case d.Representation == mtconnect.DataSet, d.Representation == mtconnect.Table:
		return set
	default:
		return plain
	}
}

// state is the state of one data item after some observation. The zero state
// is that of an item without observations.
type state struct {
	// last is the last observation; unused for conditions.
	last slot
	// entries are the merged entries of a data set or table by key.
	entries map[string]Entry
	// active are the activations of a condition in the order in which they
	// were raised, or the one Normal or Unavailable.
	active []slot
}

func cloneStates(from []state) []state {
	states := slices.Clone(from)
	for i := range states {
		states[i].entries = maps.Clone(states[i].entries)
		states[i].active = slices.Clone(states[i].active)
	}
	return states
}

// check reports whether an observation fits the kind of its data item and the
// limits of its state.
func (st *state) check(k kind, s *slot) error {
	d := s.detail
	if d == nil {
		d = &Detail{}
	}
	if (k == condition) != (d.Level != mtconnect.LevelNone) {
		return fmt.Errorf("level %q: a condition must have one and nothing else may", d.Level)
	}
	if k != set && len(d.Entries) > 0 {
		return errors.New("entries: only a data set or table may have them")
	}
	if k == set && len(d.Entries) > 0 && s.value != "" {
		return errors.New("value: a data set or table with entries must have none")
	}
	if k == condition && len(st.active) >= MaxActivations && isActive(s) && st.find(key(s)) < 0 {
		return fmt.Errorf("more than %d activations at a time", MaxActivations)
	}
	if k == set && st.sizeAfter(d) > MaxEntries {
		return fmt.Errorf("more than %d entries", MaxEntries)
	}
	return nil
}

// sizeAfter gives an upper bound of the number of entries after d is merged.
func (st *state) sizeAfter(d *Detail) int {
	n := len(st.entries)
	if d.ResetTriggered != "" {
		n = 0
	}
	if n+len(d.Entries) <= MaxEntries {
		return n + len(d.Entries)
	}
	for _, e := range d.Entries {
		if _, ok := st.entries[e.Key]; !e.Removed && (!ok || d.ResetTriggered != "") {
			n++
		}
	}
	return n
}

// roll brings the state past one observation.
func (st *state) roll(k kind, s *slot) {
	switch k {
	case plain:
		st.last = *s
	case set:
		st.merge(s)
	case condition:
		st.activate(s)
	}
}

// merge applies a data set or table: it changes the entries that the
// observation names. A reset, and a text in place of entries, begin anew.
func (st *state) merge(s *slot) {
	st.last = *s
	if s.value != "" || s.detail != nil && s.detail.ResetTriggered != "" {
		st.entries = nil
	}
	if s.detail == nil {
		return
	}
	for _, e := range s.detail.Entries {
		if e.Removed {
			delete(st.entries, e.Key)
			continue
		}
		if st.entries == nil {
			st.entries = make(map[string]Entry)
		}
		st.entries[e.Key] = e
	}
}

// key tells the activations of one condition apart: the condition id, or the
// native code where there is none.
func key(s *slot) string {
	if s.detail.ConditionID != "" {
		return s.detail.ConditionID
	}
	return s.detail.NativeCode
}

func isActive(s *slot) bool {
	return s.detail.Level == mtconnect.Warning || s.detail.Level == mtconnect.Fault
}

// find gives the position of the activation with the key, -1 if there is none.
func (st *state) find(k string) int {
	return slices.IndexFunc(st.active, func(a slot) bool { return isActive(&a) && key(&a) == k })
}

// activate applies a condition. Warning and Fault raise an activation or
// replace the one with the same key. Normal with a key clears that one, and
// the last to be cleared leaves a Normal; without a key it clears all, and so
// does Unavailable.
func (st *state) activate(s *slot) {
	i := st.find(key(s))
	raised := len(st.active) > 0 && isActive(&st.active[0])
	switch {
	case !raised, s.detail.Level == mtconnect.Unavailable, s.detail.Level == mtconnect.Normal && key(s) == "":
		st.active = []slot{*s}
	case isActive(s) && i >= 0:
		st.active[i] = *s
	case isActive(s):
		st.active = append(st.active, *s)
	case i < 0:
		// A Normal for what was not raised changes nothing.
	case len(st.active) > 1:
		st.active = slices.Delete(st.active, i, i+1)
	default:
		cleared := *s
		cleared.detail = &Detail{Level: mtconnect.Normal}
		cleared.value = ""
		st.active = []slot{cleared}
	}
}

// yield gives the observations that make up the state, the entries of a set in
// the order of their keys.
func (st *state) yield(k kind, f func(*slot)) {
	for i := range st.active {
		f(&st.active[i])
	}
	if k == condition || st.last.sequence == 0 {
		return
	}
	s := st.last
	if k == set {
		s.detail = st.merged()
	}
	f(&s)
}

// merged gives the detail of a set's last observation with the entries that
// stand after it.
func (st *state) merged() *Detail {
	var d Detail
	if st.last.detail != nil {
		d = *st.last.detail
	}
	d.Entries = nil
	for _, k := range slices.Sorted(maps.Keys(st.entries)) {
		d.Entries = append(d.Entries, st.entries[k])
	}
	return &d
}
