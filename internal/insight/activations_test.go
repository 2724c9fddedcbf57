package insight_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// said is an observation of a condition: its level, key and text.
func said(run plant.RunID, sequence, at int64, level plant.Level, key, text string) plant.Observation {
	return plant.Observation{Item: system, Run: run, Sequence: sequence, Time: at, Alarm: &plant.Alarm{Level: level, NativeCode: key, Text: text}}
}

// brief gives activations as text: key, level, when and how they began and ended.
func brief(all []insight.Activation) []string {
	var list []string
	for _, a := range all {
		s := fmt.Sprintf("%s %s %d–%d %s", a.Key, a.Level, a.Raised, a.Cleared, a.ClearedBy)
		for _, c := range a.Changes {
			s += fmt.Sprintf(" %d:%s %s", c.Time, c.Alarm.Level, c.Alarm.Text)
		}
		list = append(list, s)
	}
	return list
}

func TestActivations(t *testing.T) {
	const (
		unavailable, normal, warning, fault = plant.LevelUnavailable, plant.LevelNormal, plant.LevelWarning, plant.LevelFault
	)
	base := func(at int64, observations ...plant.Observation) plant.Baseline {
		return plant.Baseline{At: at, Observations: observations}
	}
	for _, test := range []struct {
		name          string
		observations  []plant.Observation
		interruptions []insight.Interruption
		want          []string
	}{
		{"one", []plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 2, 30, normal, "7", "")}, nil, []string{"7 Fault 10–30 normal"}},
		{"still active", []plant.Observation{said(1, 1, 10, fault, "7", "")}, nil, []string{"7 Fault 10–0 "}},
		{
			"a normal for all",
			[]plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 2, 20, warning, "8", ""), said(1, 3, 30, normal, "", "")},
			nil,
			[]string{"7 Fault 10–30 normal-all", "8 Warning 20–30 normal-all"},
		},
		{"a normal of another key", []plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 2, 20, normal, "8", "")}, nil, []string{"7 Fault 10–0 "}},
		{"no key at all", []plant.Observation{said(1, 1, 10, fault, "", ""), said(1, 2, 20, normal, "", "")}, nil, []string{" Fault 10–20 normal"}},
		{
			"unavailable",
			[]plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 2, 20, unavailable, "", ""), said(1, 3, 30, fault, "7", "")},
			nil,
			[]string{"7 Fault 10–20 unavailable", "7 Fault 30–0 "},
		},
		{"level and text", []plant.Observation{
			said(1, 1, 10, warning, "7", "low"), said(1, 2, 20, warning, "7", "low"), said(1, 3, 30, fault, "7", "out"), said(1, 4, 40, warning, "7", "low"),
			said(1, 5, 50, normal, "7", ""),
		}, nil, []string{"7 Fault 10–50 normal 30:Fault out 40:Warning low"}},
		{"time backwards", []plant.Observation{said(1, 1, 100, fault, "7", ""), said(1, 2, 50, normal, "7", "")}, nil, []string{"7 Fault 100–100 normal"}},
		{
			"restart",
			[]plant.Observation{said(1, 1, 10, fault, "7", ""), said(2, 1, 90, fault, "7", "")},
			[]insight.Interruption{{Run: 1, From: 2, Time: 40, Restart: true}},
			[]string{"7 Fault 10–40 restart", "7 Fault 90–0 "},
		},
		{
			"restart and nothing more",
			[]plant.Observation{said(1, 1, 10, fault, "7", "")},
			[]insight.Interruption{{Run: 1, From: 2, Time: 40, Restart: true}},
			[]string{"7 Fault 10–40 restart"},
		},
		{
			"gap",
			[]plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 9, 90, normal, "7", "")},
			[]insight.Interruption{{Run: 1, From: 5, Time: 40}},
			[]string{"7 Fault 10–40 gap"},
		},
		{
			"over a gap by a baseline",
			[]plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 9, 90, normal, "7", "")},
			[]insight.Interruption{{Run: 1, From: 5, Time: 40, Baseline: base(9, said(1, 1, 10, fault, "7", ""))}},
			[]string{"7 Fault 10–90 normal"},
		},
		{
			"ended and raised in a gap",
			[]plant.Observation{said(1, 1, 10, fault, "7", ""), said(1, 9, 90, normal, "", "")},
			[]insight.Interruption{{Run: 1, From: 5, Time: 40, Baseline: base(9, said(1, 6, 60, fault, "8", ""))}},
			[]string{"7 Fault 10–40 gap", "8 Fault 60–90 normal-all"},
		},
		{
			"before first contact",
			[]plant.Observation{said(3, 70, 90, normal, "7", "")},
			[]insight.Interruption{{Run: 3, From: 50, Baseline: base(50, said(3, 2, 20, fault, "7", ""), said(3, 5, 30, warning, "8", ""))}},
			[]string{"7 Fault 20–90 normal", "8 Warning 30–0 "},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, brief(insight.Activations(test.observations, test.interruptions))); diff != "" {
				t.Errorf("activations (-want +got):\n%s", diff)
			}
		})
	}
}

// drawConditions draws what a condition says in a few runs.
func drawConditions(t *rapid.T) []plant.Observation {
	levels := []plant.Level{plant.LevelUnavailable, plant.LevelNormal, plant.LevelWarning, plant.LevelFault, plant.LevelFault}
	var all []plant.Observation
	run, sequence, at := plant.RunID(1), int64(0), int64(1000)
	for range rapid.IntRange(0, 60).Draw(t, "observations") {
		if rapid.IntRange(0, 19).Draw(t, "restart") == 0 {
			run, sequence = run+1, 0
		}
		sequence += rapid.Int64Range(1, 3).Draw(t, "step")
		at += rapid.Int64Range(-2, 20).Draw(t, "time")
		all = append(all, said(run, sequence, at, rapid.SampledFrom(levels).Draw(t, "level"),
			rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "key"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "text")))
	}
	return all
}

// What is active after each observation is what the live form says.
func TestActivationsAreThoseOfLatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		observations := drawConditions(t)
		var latest plant.Latest
		for n, o := range observations {
			latest.Apply(o.Run, o)
			var got []plant.Activation
			for _, a := range insight.Activations(observations[:n+1], nil) {
				if a.Active() {
					got = append(got, plant.Activation{Alarm: a.Last, Raised: a.Raised, RaisedSequence: a.RaisedSequence})
				}
			}
			want := slices.Clone(latest.Active)
			for i := range want {
				want[i].Changed = 0
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("active after %d observations (-latest +activations):\n%s", n+1, diff)
			}
		}
	})
}

// Read from any observation that settles what is known, or from the beginning of a
// run, activations are the same as of the whole history.
func TestActivationsFromACut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		observations := drawConditions(t)
		all := insight.Activations(observations, nil)
		for cut, o := range observations {
			if !o.Settles() && (cut == 0 || observations[cut-1].Run == o.Run) {
				continue
			}
			var want []insight.Activation
			for _, a := range all {
				if a.Run > o.Run || a.Run == o.Run && a.RaisedSequence >= o.Sequence {
					want = append(want, a)
				}
			}
			if diff := cmp.Diff(want, insight.Activations(observations[cut:], nil)); diff != "" {
				t.Fatalf("activations from observation %d on (-whole +cut):\n%s", cut+1, diff)
			}
		}
	})
}

// A gap whose far end the agent tells of leaves active what the live form leaves.
func TestActivationsOverABaselineAreThoseOfLatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		observations := drawConditions(t)
		if len(observations) < 2 {
			return
		}
		from := rapid.IntRange(1, len(observations)-1).Draw(t, "from")
		to := rapid.IntRange(from, len(observations)-1).Draw(t, "to")
		for to > from && observations[to].Run != observations[from-1].Run {
			to--
		}
		if observations[to].Run != observations[from-1].Run {
			return
		}
		var before, agent plant.Latest
		for _, o := range observations[:from] {
			before.Apply(o.Run, o)
		}
		agent = before
		for _, o := range observations[from : to+1] {
			agent.Apply(o.Run, o)
		}
		// The agent's current says of each activation what was last said of it.
		var base []plant.Observation
		for _, o := range observations[:to+1] {
			if o.Run == agent.Run && slices.ContainsFunc(agent.Active, func(a plant.Activation) bool { return a.Alarm == o.Alarm }) {
				base = append(base, o)
			}
		}
		if base == nil {
			o := agent.Observation
			o.Alarm = &plant.Alarm{Level: plant.LevelNormal}
			base = []plant.Observation{o}
		}
		place := agent.Sequence + 1
		var want plant.Latest
		for _, o := range base {
			want.Apply(agent.Run, o)
		}
		want.Bridge(before, place)
		var got []int64
		for _, a := range insight.Activations(observations[:from], []insight.Interruption{{
			Run: agent.Run, From: before.Sequence + 1, Time: before.Time, Baseline: plant.Baseline{At: place, Observations: base},
		}}) {
			if a.Active() {
				got = append(got, a.RaisedSequence)
			}
		}
		var raised []int64
		for _, a := range want.Active {
			raised = append(raised, a.RaisedSequence)
		}
		if diff := cmp.Diff(raised, got); diff != "" {
			t.Fatalf("active behind the gap, by where they were raised (-live +activations):\n%s", diff)
		}
	})
}
