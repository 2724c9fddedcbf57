package insight_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// deciding gives the data items that decide.
func deciding(e insight.Explanation) []plant.ItemID {
	var items []plant.ItemID
	for _, in := range e.Inputs {
		if in.Decides {
			items = append(items, in.Item)
		}
	}
	return items
}

func TestExplain(t *testing.T) {
	type said struct {
		item  plant.ItemID
		words []string
	}
	say := func(item plant.ItemID, words ...string) said { return said{item, words} }
	ready := []said{say(avail, "AVAILABLE"), say(mode1, "AUTOMATIC"), say(mode2, "AUTOMATIC"), say(exec1, "READY"), say(exec2, "READY")}
	for _, test := range []struct {
		name   string
		said   []said
		waited bool
		state  plant.State
		rule   string
		want   []plant.ItemID
	}{
		{"one of two paths runs", []said{say(exec1, "ACTIVE")}, false, plant.Running, "5 executing", []plant.ItemID{exec1, mode1}},
		{"both emergency stop and fault", []said{say(estop, "TRIGGERED"), say(system, "Fault", "7")}, false, plant.Alarmed, "3 emergency stop", []plant.ItemID{estop}},
		{"one of two conditions", []said{say(system, "Fault", "7"), say(fault1, "Normal")}, false, plant.Alarmed, "3 active fault", []plant.ItemID{system, exec1, exec2}},
		{"two faults", []said{say(system, "Fault", "7"), say(fault1, "Fault", "7")}, false, plant.Alarmed, "3 active fault", []plant.ItemID{system, exec1, fault1, exec2}},
		{"waits", []said{say(exec1, "WAIT")}, false, plant.Running, "5 waiting", []plant.ItemID{exec1, mode1, mode2}},
		{"waits for too long", []said{say(exec1, "WAIT")}, true, plant.Stopped, "6 waited too long", []plant.ItemID{exec1, mode1, mode2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{})
			for _, s := range slices.Concat(ready, test.said) {
				m.Apply(h.says(s.item, s.words...))
			}
			e := m.Explain(test.waited)
			if e.State != test.state || e.Rule != test.rule {
				t.Errorf("%v by %q, want %v by %q", e.State, e.Rule, test.state, test.rule)
			}
			if got := deciding(e); !slices.Equal(got, test.want) {
				t.Errorf("%v decide, want %v", got, test.want)
			}
		})
	}
}

// Whatever a machine says, the explanation is of the state that it is in, one rule is
// chosen, which is the first that holds, something decides, and each rule has a text.
func TestExplainAnything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{})
		var last plant.StateChange
		for range rapid.IntRange(1, 30).Draw(r, "observations") {
			if change, ok := m.Apply(anything(r, h)); ok {
				last = change
			}
			e := m.Explain(false)
			if last.State == 0 {
				continue
			}
			first := slices.IndexFunc(e.Rules, func(f insight.Finding) bool { return f.Holds })
			if first < 0 {
				continue // Nothing is known any more that a rule looks at.
			}
			for i, f := range e.Rules {
				if insight.RuleText(f.Name) == "" || f.Chosen != (i == first) {
					r.Fatalf("%+v of %+v", f, e)
				}
			}
			if e.State != last.State || e.Rule != last.Rule || len(deciding(e)) == 0 {
				r.Fatalf("%+v after %+v", e, last)
			}
		}
	})
}
