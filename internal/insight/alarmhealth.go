package insight

import (
	"cmp"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// The figures of how well alarms serve people: EEMUA 191 and ISA-18.2.
const (
	// AlarmWindow is the time in which alarms are counted, and AlarmTarget how many of
	// them a person can attend to in it.
	AlarmWindow = 10 * time.Minute
	AlarmTarget = 1
	// FloodFrom is how many alarms in an AlarmWindow are a flood.
	FloodFrom = 10
	// An alarm chatters where it is raised ChatterCount times or more within
	// ChatterWindow.
	ChatterCount  = 3
	ChatterWindow = time.Minute
	// Fleeting is below what time an alarm that ended by itself was nothing that
	// anybody could act on.
	Fleeting = 10 * time.Second
	// Stale is for how long an alarm has been active that nobody acts on.
	Stale = 24 * time.Hour
)

// AlarmRate counts how often alarms were raised in each AlarmWindow of a range, which
// begins at the range's beginning; the last window may be cut short.
type AlarmRate []int

// NewAlarmRate counts the activations that were raised in a range.
func NewAlarmRate(all []Activation, in Window) AlarmRate {
	width := AlarmWindow.Microseconds()
	rate := make(AlarmRate, (in.To-in.From+width-1)/width)
	for _, a := range all {
		if in.From <= a.Raised && a.Raised < in.To {
			rate[(a.Raised-in.From)/width]++
		}
	}
	return rate
}

// Total is how many were raised.
func (r AlarmRate) Total() (total int) {
	for _, n := range r {
		total += n
	}
	return total
}

// Peak is the most that were raised in one window, and which one that is.
func (r AlarmRate) Peak() (most, window int) {
	for i, n := range r {
		if n > most {
			most, window = n, i
		}
	}
	return most, window
}

// Over is in how many windows more than limit were raised.
func (r AlarmRate) Over(limit int) (windows int) {
	for _, n := range r {
		if n > limit {
			windows++
		}
	}
	return windows
}

// AlarmConduct is how one alarm, a key of a data item, behaved in a range.
type AlarmConduct struct {
	// Last is its last activation.
	Last Activation
	// Count is how often it was raised in the range. Fleeting counts those that were
	// over within Fleeting by the machine's word, and Chatter those that were part of
	// ChatterCount or more within ChatterWindow.
	Count, Fleeting, Chatter int
	// Stale is how long its longest active one has been active at the end of the
	// range, in microseconds, where that is more than Stale; 0 otherwise.
	Stale int64
}

// AlarmConducts gives how each alarm behaved in a range, the most frequent first.
// The activations of each data item stand in the order in which they were raised.
func AlarmConducts(all []Activation, in Window) []AlarmConduct {
	type key struct {
		item plant.ItemID
		key  string
	}
	of := make(map[key][]Activation)
	for _, a := range all {
		k := key{a.Item, a.Key}
		of[k] = append(of[k], a)
	}
	var list []AlarmConduct
	for _, activations := range of {
		list = append(list, conductOf(activations, in))
	}
	slices.SortFunc(list, func(a, b AlarmConduct) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Last.Item, b.Last.Item), cmp.Compare(a.Last.Key, b.Last.Key))
	})
	return list
}

func conductOf(activations []Activation, in Window) AlarmConduct {
	c := AlarmConduct{Last: activations[len(activations)-1]}
	var raised []int64
	for _, a := range activations {
		if a.Active() || a.Cleared >= in.To {
			if lasted := in.To - a.Raised; lasted > Stale.Microseconds() {
				c.Stale = max(c.Stale, lasted)
			}
		}
		if a.Raised < in.From || a.Raised >= in.To {
			continue
		}
		c.Count++
		raised = append(raised, a.Raised)
		if a.ClearedBy.Told() && a.Cleared-a.Raised < Fleeting.Microseconds() {
			c.Fleeting++
		}
	}
	c.Chatter = chattering(raised)
	return c
}

// chattering counts the moments that are within ChatterWindow of others so that
// ChatterCount or more are together.
func chattering(raised []int64) int {
	slices.Sort(raised)
	n, counted := 0, 0 // those before counted are counted
	for i := ChatterCount - 1; i < len(raised); i++ {
		first := i - ChatterCount + 1
		if raised[i]-raised[first] <= ChatterWindow.Microseconds() {
			n += i + 1 - max(first, counted)
			counted = i + 1
		}
	}
	return n
}
