package simulate

import (
	"math"
	"slices"
	"strconv"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// adapter carries a machine's signals to its agent, where they become
// observations. It sends what has changed. While it is away it keeps what the
// machine says, and sends all of it when it is back.
//
// Every method takes a nil signal, which is a signal that the machine does not
// have, and does nothing with it.
type adapter struct {
	clock     *agenda
	signals   []*signal
	connected bool
	// connection is what the agent says of the connection itself, nil where it
	// says nothing.
	connection *signal
	// out is what the agent has not taken yet.
	out []agent.Observation
}

// take hands over the observations since the last call.
func (a *adapter) take() []agent.Observation {
	out := a.out
	a.out = nil
	return out
}

func (a *adapter) send(s *signal, value string, detail *agent.Detail) {
	if a.connected {
		a.out = append(a.out, agent.Observation{Time: a.clock.now, DataItemID: s.id, Value: value, Detail: detail})
	}
}

// event says what state something is in.
func (a *adapter) event(s *signal, value string) {
	if s == nil || (s.known && s.value == value) {
		return
	}
	a.tell(s, value, nil)
}

// tell says a value even where it is the same as before.
func (a *adapter) tell(s *signal, value string, detail *agent.Detail) {
	if s == nil {
		return
	}
	s.known, s.value, s.detail = true, value, detail
	a.send(s, value, detail)
}

// count says a whole number, with why it began anew where it did.
func (a *adapter) count(s *signal, n int, reset string) {
	if s == nil {
		return
	}
	value := strconv.Itoa(n)
	if s.known && s.value == value {
		return
	}
	var detail *agent.Detail
	if reset != "" {
		detail = &agent.Detail{ResetTriggered: reset}
	}
	s.known, s.value = true, value
	a.send(s, value, detail)
}

// sample says what was measured.
func (a *adapter) sample(s *signal, v float64) {
	if s == nil || (s.known && math.Abs(v-s.number) < s.delta) {
		return
	}
	text := decimal(v, s.digits)
	if s.known && text == s.value {
		return
	}
	s.known, s.number, s.value = true, v, text
	a.send(s, text, nil)
}

// message says something to people.
func (a *adapter) message(s *signal, code, text string) {
	a.tell(s, text, &agent.Detail{NativeCode: code})
}

// entriesChanged says which entries of a data set or table are new.
func (a *adapter) entriesChanged(s *signal, changed ...agent.Entry) {
	if s == nil || len(changed) == 0 {
		return
	}
	s.known = true
	for _, e := range changed {
		i := slices.IndexFunc(s.entries, func(old agent.Entry) bool { return old.Key == e.Key })
		switch {
		case e.Removed && i >= 0:
			s.entries = slices.Delete(s.entries, i, i+1)
		case i >= 0:
			s.entries[i] = e
		case !e.Removed:
			s.entries = append(s.entries, e)
		}
	}
	a.send(s, "", &agent.Detail{Entries: changed})
}

// raise adds an alarm to a condition. One that is active already changes
// nothing.
func (a *adapter) raise(s *signal, al alarm) {
	if s == nil || s.findAlarm(al.code) >= 0 {
		return
	}
	s.known, s.alarms = true, append(s.alarms, al)
	a.sendAlarm(s, al)
}

// clear ends one alarm of a condition, by its code.
func (a *adapter) clear(s *signal, code string) {
	if s == nil {
		return
	}
	i := s.findAlarm(code)
	if i < 0 {
		return
	}
	s.alarms = slices.Delete(s.alarms, i, i+1)
	a.send(s, "", &agent.Detail{Level: mtconnect.Normal, NativeCode: code})
}

// reset ends all alarms of a condition.
func (a *adapter) reset(s *signal) {
	if s == nil || (s.known && len(s.alarms) == 0) {
		return
	}
	s.known, s.alarms = true, nil
	a.sendNormal(s)
}

func (a *adapter) sendAlarm(s *signal, al alarm) {
	a.send(s, al.text, &agent.Detail{
		Level: al.level, NativeCode: al.code, NativeSeverity: al.severity, Qualifier: al.qualifier,
	})
}

func (a *adapter) sendNormal(s *signal) {
	a.send(s, "", &agent.Detail{Level: mtconnect.Normal})
}

// disconnect makes all signals unavailable, as an agent does that has lost its
// adapter.
func (a *adapter) disconnect() {
	a.connected = true // what follows is still said, by the agent
	a.event(a.connection, "CLOSED")
	for _, s := range a.signals {
		if s.category == mtconnect.Condition {
			a.send(s, "", &agent.Detail{Level: mtconnect.Unavailable})
		} else {
			a.send(s, unavailable, nil)
		}
	}
	a.connected = false
}

// connect sends everything that the machine has said so far.
func (a *adapter) connect() {
	a.connected = true
	a.event(a.connection, "ESTABLISHED")
	for _, s := range a.signals {
		switch {
		case !s.known:
		case s.category == mtconnect.Condition && len(s.alarms) == 0:
			a.sendNormal(s)
		case s.category == mtconnect.Condition:
			for _, al := range s.alarms {
				a.sendAlarm(s, al)
			}
		case s.set:
			a.send(s, "", &agent.Detail{Entries: slices.Clone(s.entries)})
		default:
			a.send(s, s.value, s.detail)
		}
	}
}

// decimal gives a number with at most so many digits after the point.
func decimal(v float64, digits int) string {
	scale := math.Pow10(digits)
	v = math.Round(v*scale) / scale
	if v == 0 {
		return "0" // and never "-0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
