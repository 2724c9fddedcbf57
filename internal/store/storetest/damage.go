package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Damage is a statement that damages what is stored, and the fault that Verify has
// to find: the beginning of its What and a part of its Detail.
type Damage struct{ Statement, What, Detail string }

// RunDamage damages an empty store with execute, in the ways that all stores have in
// common and in more of its own, and has Verify tell of each.
func RunDamage(t *testing.T, s UpkeepStore, execute func(statement string), more ...Damage) {
	l := newLine(t, s, "a", 1)
	alarm := &plant.Alarm{Level: plant.LevelFault, NativeCode: "A", Text: "overload"}
	known := plant.Observation{Item: l.items[0].ID, Sequence: 1, Time: 1, Alarm: alarm}
	l.run.Next = 2
	l.commit(t, &store.Batch{
		Run: l.run.ID, Expect: 1, Next: 2, Baseline: []plant.Observation{known},
		Gaps: []plant.Gap{{From: 1, To: 1, Reason: plant.GapOverrun}},
	})
	b := l.batch(numbers(10)...)
	b.Latest = []plant.Latest{{Observation: known, Active: []plant.Activation{{Alarm: alarm, Raised: 1, Changed: 1}}}}
	b.States = []plant.StateChange{{Device: l.device.ID, Sequence: 2, Time: 2, State: plant.Alarmed, Rule: "1"}}
	l.commit(t, b)
	sealAll(t, s)
	l.commit(t, l.sharing(1_500, 1_000))
	sound(t, s)
	for _, d := range append([]Damage{
		{`UPDATE models SET document = substr(document, 1, 12)`, "device models of agent a", "unpack"},
		{`UPDATE latest SET active = '[{'`, "what is known now of agent a", "activations"},
		{`UPDATE latest SET active = NULL, detail = '{"level":'`, "what is known now of agent a", "detail"},
		{`UPDATE baselines SET detail = '{'`, "baselines of run ", "detail"},
		{`UPDATE blocks SET min_time = min_time - 1 WHERE item = 0`, "block ", "clock"},
		{`UPDATE blocks SET sequence_reach = 0`, "block ", "may not find"},
	}, more...) {
		execute(d.Statement)
		faults := all(t, s.Verify(t.Context()))
		if !slices.ContainsFunc(faults, func(f store.Fault) bool {
			return strings.HasPrefix(f.What, d.What) && strings.Contains(f.Detail, d.Detail) && f.Agent == l.agent.ID && !f.Noticed.IsZero()
		}) {
			t.Errorf("%s: Verify finds %+v, and not %s…: …%s…", d.Statement, faults, d.What, d.Detail)
		}
	}
}
