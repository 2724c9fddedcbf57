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
		tracker := insight.NewMachine(d, s.items)
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
