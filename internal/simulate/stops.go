package simulate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// stop is an interruption of a cycle.
type stop struct {
	after time.Duration
	steps []step
}

// Feed holds by people happen this often a day of running.
const feedHoldsPerDay = 36.0

// unattendedShare is how much less often a machine is stopped by a trouble
// while nobody is there: only what runs well is left alone.
const unattendedShare = 0.5

// alarmGap is about the time between alarms that come together.
const alarmGap = 700 * time.Millisecond

// stops draws what interrupts a cycle of a length, the last one first, so that
// putting one in does not shift the others. Troubles that do not stop the
// machine are entered into the agenda.
func (m *machine) stops(length time.Duration, attended bool) []stop {
	var list []stop
	sometime := func() time.Duration { return time.Duration(m.behave.Float64() * float64(length)) }
	if attended && m.behave.within(length, feedHoldsPerDay) {
		list = append(list, stop{sometime(), []step{{
			lasts: m.behave.about(60*time.Second, 0.7), execution: feedHold, mode: automatic, turns: true,
		}}})
	}
	for i := range m.kind.control.troubles {
		t := &m.kind.control.troubles[i]
		perDay := t.perDay
		if t.stops && !attended {
			perDay *= unattendedShare
		}
		if !m.suffers(t) || !m.behave.within(length, perDay) {
			continue
		}
		at := sometime()
		if t.stops {
			list = append(list, stop{at, m.stopFor(t, at)})
		} else {
			m.agenda.after(at, func() { m.warn(t) })
		}
	}
	slices.SortStableFunc(list, func(a, b stop) int { return cmp.Compare(b.after, a.after) })
	return list
}

// answer is how long it takes until somebody comes, some time from now.
func (m *machine) answer(in time.Duration) time.Duration {
	if m.calendar.staffed(m.agenda.now + in.Microseconds()) {
		return m.behave.about(8*time.Minute, 0.5)
	}
	return m.behave.about(9*time.Minute, 0.5)
}

// raised is an alarm that has been raised on a condition.
type raised struct {
	on *signal
	alarm
}

// suffers reports whether a machine has what a trouble is about.
func (m *machine) suffers(t *trouble) bool {
	for _, al := range t.alarms {
		switch {
		case al.on == "spindle" && len(m.spindles) == 0:
			return false
		case al.on != "spindle" && al.on != "axis" && m.panel.conditions[al.on] == nil:
			return false
		}
	}
	return true
}

// place finds the condition on which each alarm of a trouble belongs; which
// axis it is, is left to chance.
func (m *machine) place(t *trouble) []raised {
	list := make([]raised, len(t.alarms))
	for i, al := range t.alarms {
		on := m.panel.conditions[al.on]
		switch al.on {
		case "axis":
			x := pick(m.behave, m.axes)
			on = x.condition
			al.text = strings.Replace(al.text, "xis", "xis "+x.name, 1)
			al.text = strings.Replace(al.text, "AXIS", "AXIS "+x.name, 1)
		case "spindle":
			on = m.spindles[0].condition
		}
		list[i] = raised{on, al}
	}
	return list
}

// raise raises alarms one after the other.
func (m *machine) raise(list []raised) {
	for i, r := range list {
		m.agenda.after(time.Duration(i)*alarmGap, func() { m.adapter.raise(r.on, r.alarm) })
	}
}

// warn raises the alarms of a trouble that does not stop the machine, and
// clears them when it is over.
func (m *machine) warn(t *trouble) {
	list := m.place(t)
	m.raise(list)
	m.agenda.after(m.behave.about(t.lasts, 0.5)+time.Minute, func() { m.clear(list) })
}

// clear clears alarms one after the other, the last one raised first.
func (m *machine) clear(list []raised) {
	for i := range list {
		r := list[len(list)-1-i]
		m.agenda.after(time.Duration(i)*alarmGap, func() { m.adapter.clear(r.on, r.code) })
	}
}

// stopFor is what happens when a trouble stops the machine some time from now:
// it stands until somebody comes, is put right by hand and goes on.
func (m *machine) stopFor(t *trouble, in time.Duration) []step {
	list := m.place(t)
	wait, repair := m.answer(in), m.behave.about(t.lasts, 0.4)
	return []step{
		{lasts: wait, execution: m.kind.control.halted, mode: automatic, begin: func() {
			if t.emergency {
				m.adapter.event(m.panel.emergency, "TRIGGERED")
			}
			m.raise(list)
		}},
		{
			lasts: repair, execution: m.kind.control.halted, mode: manual,
			begin: func() { m.adapter.event(m.panel.door, "OPEN") },
			end: func() {
				m.adapter.event(m.panel.door, "CLOSED")
				m.adapter.event(m.panel.emergency, "ARMED")
				m.acknowledge(t, list)
			},
		},
		{lasts: m.behave.about(20*time.Second, 0.3), execution: ready, mode: automatic},
	}
}

// acknowledge clears the faults of a trouble. Its warnings go on for a while:
// somebody will see to them later.
func (m *machine) acknowledge(t *trouble, list []raised) {
	var later []raised
	for _, r := range list {
		switch {
		case t.whole:
			m.adapter.reset(r.on)
		case r.level == mtconnect.Warning:
			later = append(later, r)
		default:
			m.adapter.clear(r.on, r.code)
		}
	}
	m.agenda.after(m.behave.about(35*time.Minute, 0.5), func() { m.clear(later) })
}
