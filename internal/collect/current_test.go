package collect_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// current is what the machine's agent knows now, by data item. What it does not
// know is left out.
func (m *machine) current() map[string]string {
	said := make(map[string][]string)
	l := m.life()
	_, next := l.ring.Bounds()
	_ = l.ring.Current(context.Background(), next-1, func(o *agent.Observation) {
		switch {
		case o.Value == "UNAVAILABLE" || o.Detail != nil && o.Detail.Level == mtconnect.Unavailable:
		case o.DataItemID == "vars":
			said[o.DataItemID] = []string{set(o.Detail.Entries)}
		case o.Detail != nil && o.Detail.Level == mtconnect.Normal:
			said[o.DataItemID] = []string{"Normal"}
		case o.Detail != nil:
			said[o.DataItemID] = append(said[o.DataItemID], fmt.Sprint(o.Detail.Level, " ", o.Detail.NativeCode, " ", o.Value))
		default:
			said[o.DataItemID] = []string{o.Value}
		}
	})
	return joined(said)
}

// current is what is known of an agent's data items, in the words of
// machine.current.
func (m *memory) current(id plant.AgentID) map[string]string {
	var run plant.RunID
	for _, r := range m.runs {
		if r.Agent == id {
			run = r.ID
		}
	}
	said := make(map[string][]string)
	for _, l := range m.latest {
		name := m.items[l.Item-1].DataItemID
		switch {
		case l.Run != run, l.Level() == plant.LevelUnavailable, l.Alarm == nil && l.Value.Kind == plant.Unknown:
		case l.Value.Kind == plant.Set:
			said[name] = []string{l.Merged}
		case l.Level() == plant.LevelNormal:
			said[name] = []string{"Normal"}
		case l.Alarm != nil:
			for _, a := range l.Active {
				said[name] = append(said[name], fmt.Sprint(a.Alarm.Level, " ", a.Alarm.NativeCode, " ", a.Alarm.Text))
			}
		case l.Value.Kind == plant.Number:
			said[name] = []string{strconv.FormatFloat(l.Value.Number, 'f', -1, 64)}
		default:
			said[name] = []string{l.Value.Text}
		}
	}
	return joined(said)
}

func joined(said map[string][]string) map[string]string {
	all := make(map[string]string, len(said))
	for name, values := range said {
		slices.Sort(values)
		all[name] = strings.Join(values, ", ")
	}
	return all
}

// agrees waits until what is known of an agent's data items is what the agent
// knows of them, and checks that the machine's state is the one that follows.
func (m *machine) agrees(t tb, s *memory, id plant.AgentID) {
	t.Helper()
	m.caughtUp(t, s, id)
	want := m.current()
	var got map[string]string
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = s.wait(ctx, func(s *memory) bool {
		got = s.current(id)
		return cmp.Equal(want, got)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("known (-by the agent +here):\n%s", diff)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	run := plant.RunID(0)
	for _, r := range s.runs {
		if r.Agent == id {
			run = r.ID
		}
	}
	for _, d := range s.devices {
		if d.Agent != id {
			continue
		}
		tracker := insight.NewMachine(d, s.items, insight.Rules{})
		state := plant.State(0)
		for _, l := range s.latest {
			if l.Run != run {
				continue
			}
			if change, ok := tracker.Apply(l); ok {
				state = change.State
			}
		}
		if state != 0 && state != s.states[d.ID].State {
			t.Errorf("the state is %v, want %v, which follows from what is known", s.states[d.ID], state)
		}
	}
}

// event, alarm and set are things that an agent says at its next number.
func (m *machine) event(item, value string) {
	m.tell(agent.Observation{DataItemID: item, Value: value})
}

func (m *machine) alarm(level mtconnect.Level, code string) {
	m.tell(agent.Observation{DataItemID: "system", Detail: &agent.Detail{Level: level, NativeCode: code}})
}

func (m *machine) set(entries ...agent.Entry) {
	m.tell(agent.Observation{DataItemID: "vars", Detail: &agent.Detail{Entries: entries}})
}

func (m *machine) tell(o agent.Observation) {
	next := len(m.life().said) + 1
	o.Sequence, o.Time = uint64(next), int64(next)*1000
	m.add(o)
}

// chatter makes the agent say n things that tell nothing of the machine's state.
func (m *machine) chatter(n int) {
	for range n {
		m.event("feed", "1")
	}
}

// What was last said before the oldest observation that an agent holds is known
// all the same, from its current, and is counted nowhere.
func TestFirstContact(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults faults
	}{
		{"an agent that says what it knew then", faults{}},
		{"an agent that refuses", faults{noAt: true}},
		{"an agent that says what it knows now", faults{ignoreAt: true}},
		{"an agent that cannot stream", faults{noStream: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, m := newMemory(), newMachine(t, 50)
			m.spoilBy(test.faults)
			m.event("avail", "AVAILABLE") // 1
			m.event("exec", "READY")
			m.event("program", "O1")
			m.alarm(mtconnect.Warning, "7") // 4
			m.alarm(mtconnect.Fault, "8")
			m.set(agent.Entry{Key: "a", Value: "1"}, agent.Entry{Key: "b", Value: "2"})
			m.set(agent.Entry{Key: "a", Removed: true}, agent.Entry{Key: "c", Value: "3"})
			m.event("exec", "ACTIVE") // 8
			m.event("mode", "AUTOMATIC")
			m.chatter(51) // 10 to 60
			_, stop := supervise(t, options(s), m.agent(1, "mill"))
			m.agrees(t, s, 1)
			stop()
			if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" || s.runs[0].First != 11 || s.runs[0].Stored != 50 {
				t.Errorf("run %+v: want 50 stored from 11 on; lost (-want +got):\n%s", s.runs[0], diff)
			}
			want := plant.StateChange{Device: 1, Run: 1, Sequence: 9, Time: 9000, Since: 8000, State: plant.Running, Rule: "5 executing"}
			if diff := cmp.Diff(want, s.states[1]); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if b := s.baselines[1]; len(b) != 1 || b[0].At != 11 || len(b[0].Observations) != 7 {
				t.Errorf("baselines %+v: want one at 11 with an observation of each item and of each alarm", b)
			}
			if l := s.known("system"); len(l.Active) != 2 || l.Active[0].Raised != 4000 || l.Active[1].Raised != 5000 {
				t.Errorf("alarms %+v: want two, raised at 4 and 5", l.Active)
			}
		})
	}
}

// known is what is known of an item.
func (m *memory) known(name string) plant.Latest {
	for _, i := range m.items {
		if i.DataItemID == name {
			return m.latest[i.ID]
		}
	}
	return plant.Latest{}
}

// What changed within a gap is known behind it, and what did not is as it was.
func TestCurrentAfterOverrun(t *testing.T) {
	s, m := newMemory(), newMachine(t, 50)
	m.event("avail", "AVAILABLE") // 1
	m.event("exec", "ACTIVE")
	m.event("mode", "AUTOMATIC")
	m.alarm(mtconnect.Fault, "7") // 4
	m.alarm(mtconnect.Warning, "8")
	m.alarm(mtconnect.Warning, "8")          // 6
	m.set(agent.Entry{Key: "a", Value: "1"}) // 7
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.agrees(t, s, 1)
	stop()
	if state := s.states[1]; state.State != plant.Running || state.Since != 2000 {
		t.Errorf("state %+v, want running since 2", state)
	}
	m.alarm(mtconnect.Normal, "7") // 8, the last number before the gap that is not lost
	m.event("exec", "READY")
	m.event("program", "O2") // 10
	m.set(agent.Entry{Key: "b", Value: "2"})
	m.alarm(mtconnect.Warning, "9") // 12
	m.chatter(60)
	_, stop = supervise(t, options(s), m.agent(1, "mill"))
	m.agrees(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{plant.GapOverrun: 15}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	want := plant.StateChange{Device: 1, Run: 1, Sequence: 9, Time: 9000, Since: 9000, State: plant.Idle, Rule: "7 ready"}
	if diff := cmp.Diff(want, s.states[1]); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	l := s.known("system")
	var raised []int64
	for _, a := range l.Active {
		raised = append(raised, a.Raised)
	}
	if !slices.Equal(raised, []int64{5000, 12000}) {
		t.Errorf("alarms %+v: want that of 5 and that of 12", l.Active)
	}
}

// An alarm that ended within a gap leaves no observation behind: what it did to
// the machine's state is put at the end of the gap.
func TestAlarmEndsWithinGap(t *testing.T) {
	s, m := newMemory(), newMachine(t, 50)
	m.event("avail", "AVAILABLE") // 1
	m.event("exec", "READY")
	m.alarm(mtconnect.Warning, "8")
	m.alarm(mtconnect.Fault, "7") // 4
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.agrees(t, s, 1)
	stop()
	m.alarm(mtconnect.Normal, "7") // 5
	m.chatter(60)                  // up to 65: 16 is the first one held
	_, stop = supervise(t, options(s), m.agent(1, "mill"))
	m.agrees(t, s, 1)
	stop()
	want := plant.StateChange{Device: 1, Run: 1, Sequence: 15, Time: 16000, Since: 16000, State: plant.Idle, Rule: "7 ready"}
	if diff := cmp.Diff(want, s.states[1]); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if l := s.known("system"); l.Sequence != 15 || len(l.Active) != 1 {
		t.Errorf("alarms %+v at %d: want one, known at 15", l.Active, l.Sequence)
	}
}

// An agent whose current cannot be read keeps nothing from being captured. What
// was known before a gap is unknown behind it, until the agent says it.
func TestCurrentFails(t *testing.T) {
	s, m := newMemory(), newMachine(t, 50)
	m.event("avail", "AVAILABLE")
	m.event("exec", "ACTIVE")
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.agrees(t, s, 1)
	stop()
	m.spoilBy(faults{spoil: func(b []byte) []byte {
		eachElement(b, func(sequence int64, element []byte) {
			if sequence < 3 {
				garble(element)
			}
		})
		return b
	}})
	m.chatter(60) // up to 62: 13 is the first one held
	_, stop = supervise(t, options(s), m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	if diff := cmp.Diff(losses{plant.GapOverrun: 10}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	s.mu.Lock()
	want := plant.StateChange{Device: 1, Run: 1, Sequence: 3, Time: 2000, Since: 2000, State: plant.Offline, Rule: "2 unavailable"}
	if diff := cmp.Diff(want, s.states[1]); diff != "" {
		t.Errorf("state while the agent does not say (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"feed": "1"}, s.current(1)); diff != "" {
		t.Errorf("known while the agent does not say (-want +got):\n%s", diff)
	}
	s.mu.Unlock()
	m.spoilBy(faults{})
	m.agrees(t, s, 1)
	stop()
	want = plant.StateChange{Device: 1, Run: 1, Sequence: 62, Time: 62000, Since: 62000, State: plant.Running, Rule: "5 executing, mode assumed automatic"}
	if diff := cmp.Diff(want, s.states[1]); diff != "" {
		t.Errorf("state in the end (-want +got):\n%s", diff)
	}
}

// TestCurrent lets the agent's buffer overrun at random, and has nothing but
// that go wrong: in the end all that the agent knows is known.
func TestCurrent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s, m := newMemory(), newMachine(r, uint64(rapid.SampledFrom([]int{3, 10, 50, 300}).Draw(r, "buffer")))
		m.spoilBy(rapid.SampledFrom([]faults{{}, {noStream: true}, {noStream: true, clamp: true}, {noAt: true}, {clamp: true, ignoreAt: true}}).Draw(r, "agent"))
		m.say(rapid.IntRange(1, 700).Draw(r, "before"))
		for range rapid.IntRange(1, 4).Draw(r, "times") {
			_, stop := supervise(r, options(s), m.agent(1, "mill"))
			for range rapid.IntRange(1, 4).Draw(r, "bursts") {
				m.say(rapid.IntRange(1, 400).Draw(r, "while it is read"))
			}
			m.agrees(r, s, 1)
			stop()
			if rapid.IntRange(0, 3).Draw(r, "restart") == 0 {
				m.restart(m.life().instance + 1)
			}
			m.say(rapid.IntRange(1, 700).Draw(r, "while it is not"))
		}
		_, stop := supervise(r, options(s), m.agent(1, "mill"))
		m.agrees(r, s, 1)
		stop()
		m.prove(r, s, 1)
	})
}
