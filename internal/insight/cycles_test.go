package insight_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// The data items of the path in these tests.
var pathItems = insight.CycleItems{Execution: 1, Program: 2, Mode: 3}

// saidBy makes the observations of a path from words such as "10 exec ACTIVE": the
// second, the data item and its value, "-" for UNAVAILABLE. "restart" begins
// another run.
func saidBy(lines ...string) []plant.Observation {
	items := map[string]plant.ItemID{"exec": pathItems.Execution, "prog": pathItems.Program, "mode": pathItems.Mode, "count": 4}
	var all []plant.Observation
	run, sequence := plant.RunID(1), int64(0)
	for _, line := range lines {
		if line == "restart" {
			run, sequence = run+1, 0
			continue
		}
		words := strings.Fields(line)
		var second int64
		for _, digit := range words[0] {
			second = 10*second + int64(digit-'0')
		}
		sequence++
		o := plant.Observation{Item: items[words[1]], Run: run, Sequence: sequence, Time: second * 1e6}
		if words[2] != "-" {
			o.Value = plant.Value{Kind: plant.Text, Text: words[2]}
		}
		all = append(all, o)
	}
	return all
}

func TestCycles(t *testing.T) {
	type cycle struct {
		Program              string
		From, To             int64 // seconds
		Running, Interrupted int64
		Interruptions        int
		Seen                 bool
		End                  insight.CycleEnd
	}
	for _, c := range []struct {
		name  string
		said  []string
		holes []insight.Hole
		want  []cycle
	}{
		{name: "one", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "70 exec READY"}, want: []cycle{{"O1", 10, 70, 60, 0, 0, true, insight.CycleCompleted}}},
		{name: "interrupted", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "20 exec FEED_HOLD", "25 exec INTERRUPTED", "50 exec ACTIVE", "55 exec WAIT", "70 exec PROGRAM_COMPLETED"}, want: []cycle{{"O1", 10, 70, 30, 30, 1, true, insight.CycleCompleted}}},
		{name: "given up", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "20 exec STOPPED"}, want: []cycle{{"O1", 10, 20, 10, 0, 0, true, insight.CycleStopped}}},
		{name: "lasting", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "30 mode AUTOMATIC"}, want: []cycle{{"O1", 10, 30, 20, 0, 0, true, insight.CycleOpen}}},
		{name: "begin not seen", said: []string{"0 prog O1", "5 exec ACTIVE", "20 exec READY"}, want: []cycle{{"O1", 5, 20, 15, 0, 0, false, insight.CycleCompleted}}},
		{name: "unavailable", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "30 exec -", "40 exec ACTIVE", "50 exec READY"}, want: []cycle{{"O1", 10, 30, 20, 0, 0, true, insight.CycleUnknown}, {"O1", 40, 50, 10, 0, 0, false, insight.CycleCompleted}}},
		{name: "another program", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "30 prog O2", "50 exec READY"}, want: []cycle{{"O1", 10, 30, 20, 0, 0, true, insight.CycleProgram}, {"O2", 30, 50, 20, 0, 0, true, insight.CycleCompleted}}},
		{name: "program told at the begin", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "10 prog O2", "50 exec READY"}, want: []cycle{{"O2", 10, 50, 40, 0, 0, true, insight.CycleCompleted}}},
		{name: "program known later", said: []string{"0 exec READY", "10 exec ACTIVE", "20 prog O2", "50 exec READY"}, want: []cycle{{"O2", 10, 50, 40, 0, 0, true, insight.CycleCompleted}}},
		{name: "program changed while interrupted", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "20 exec FEED_HOLD", "30 prog O2", "40 exec ACTIVE", "50 exec READY"}, want: []cycle{{"O1", 10, 30, 10, 10, 1, true, insight.CycleProgram}, {"O2", 40, 50, 10, 0, 0, true, insight.CycleCompleted}}},
		{name: "restart", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "30 mode AUTOMATIC", "restart", "90 exec ACTIVE", "99 exec READY"}, want: []cycle{{"O1", 10, 30, 20, 0, 0, true, insight.CycleUnknown}, {"", 90, 99, 9, 0, 0, false, insight.CycleCompleted}}},
		{name: "gap", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "60 exec READY"}, holes: []insight.Hole{{Run: 1, Sequence: 4, Time: 20e6}}, want: []cycle{{"O1", 10, 20, 10, 0, 0, true, insight.CycleUnknown}}},
		{name: "time runs backwards", said: []string{"0 prog O1", "0 exec READY", "10 exec ACTIVE", "8 exec FEED_HOLD", "20 exec READY"}, want: []cycle{{"O1", 10, 20, 0, 10, 1, true, insight.CycleCompleted}}},
	} {
		var got []cycle
		for _, o := range insight.Cycles(saidBy(c.said...), c.holes, pathItems, 0) {
			if whole := o.Seen && o.End == insight.CycleCompleted; o.Whole() != whole {
				t.Errorf("%s: %+v is whole: %t, want %t", c.name, o, o.Whole(), whole)
			}
			got = append(got, cycle{o.Program, o.From / 1e6, o.To / 1e6, o.Running / 1e6, o.Interrupted / 1e6, o.Interruptions, o.Seen, o.End})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestCycleInManualMode(t *testing.T) {
	cycles := insight.Cycles(saidBy("0 mode MANUAL_DATA_INPUT", "1 exec ACTIVE", "2 exec READY", "3 mode AUTOMATIC", "4 exec ACTIVE"), nil, pathItems, 0)
	if len(cycles) != 2 || !cycles[0].Manual || cycles[1].Manual {
		t.Errorf("%+v", cycles)
	}
}

func TestPartsOfCycles(t *testing.T) {
	all := saidBy("0 count 5", "0 prog O1", "0 exec READY", "1 count 6", "10 exec ACTIVE", "20 count 7", "30 exec READY", "31 count 9", "40 exec ACTIVE", "50 exec READY", "50 count 10")
	var events, counter []plant.Observation
	for _, o := range all {
		if o.Item == 4 {
			counter = append(counter, o)
		} else {
			events = append(events, o)
		}
	}
	cycles := insight.Cycles(events, nil, pathItems, 0)
	insight.CountParts(cycles, insight.Parts(counter, nil, insight.PartRules{}), 0, 100e6)
	if len(cycles) != 2 || cycles[0].Parts != 3 || cycles[1].Parts != 1 {
		t.Errorf("%+v", cycles)
	}
	// A part of the range's end is of the range behind it.
	if insight.CountParts(cycles, insight.Parts(counter, nil, insight.PartRules{}), 20e6, 50e6); cycles[0].Parts != 3 || cycles[1].Parts != 0 || cycles[1].AllParts != 1 {
		t.Errorf("from 20 s to 50 s: %+v", cycles)
	}
}

// anyPath is what a path may say, with its times in order.
func anyPath(t *rapid.T) []plant.Observation {
	var all []plant.Observation
	run, sequence, now := plant.RunID(1), int64(0), int64(0)
	values := map[plant.ItemID][]string{
		pathItems.Execution: {"ACTIVE", "ACTIVE", "READY", "READY", "STOPPED", "FEED_HOLD", "WAIT", "PROGRAM_COMPLETED", "nonsense", ""},
		pathItems.Program:   {"O1", "O2", ""},
		pathItems.Mode:      {"AUTOMATIC", "MANUAL"},
	}
	for range rapid.IntRange(0, 50).Draw(t, "observations") {
		if rapid.IntRange(0, 19).Draw(t, "restart") == 0 {
			run, sequence = run+1, 0
		}
		now += rapid.Int64Range(0, 5).Draw(t, "pause")
		sequence += rapid.Int64Range(1, 3).Draw(t, "step")
		item := rapid.SampledFrom([]plant.ItemID{1, 1, 1, 2, 3}).Draw(t, "item")
		o := plant.Observation{Item: item, Run: run, Sequence: sequence, Time: now}
		if text := rapid.SampledFrom(values[item]).Draw(t, "value"); text != "" {
			o.Value = plant.Value{Kind: plant.Text, Text: text}
		}
		all = append(all, o)
	}
	return all
}

func TestCyclesAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyPath(t)
		var before insight.Cycle
		for i, c := range insight.Cycles(all, nil, pathItems, 0) {
			if c.Running < 0 || c.Interrupted < 0 || c.Running+c.Interrupted != c.To-c.From {
				t.Fatalf("times of %+v", c)
			}
			if i > 0 && (c.From < before.To || before.End == insight.CycleOpen) {
				t.Fatalf("%+v overlaps %+v", before, c)
			}
			before = c
		}
	})
}

// TestCyclesFromAnywhere: what is read from a moment of rest on gives the same
// cycles as all of it, and what is read up to any moment those that had ended by
// then.
func TestCyclesFromAnywhere(t *testing.T) {
	items := insight.CycleItems{Execution: pathItems.Execution}
	rapid.Check(t, func(t *rapid.T) {
		all := anyPath(t)
		whole := insight.Cycles(all, nil, items, 0)
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		early := insight.Cycles(all[:cut], nil, items, 0)
		if n := len(early); n > 0 && early[n-1].End == insight.CycleOpen {
			early = early[:n-1]
		}
		if diff := cmp.Diff(whole[:len(early)], early, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(insight.Cycle{})); diff != "" {
			t.Fatalf("up to %d (-all +read):\n%s", cut, diff)
		}
		for cut < len(all) && (all[cut].Item != items.Execution || all[cut].Value.Text != "READY") {
			cut++
		}
		late := insight.Cycles(all[cut:], nil, items, 0)
		if diff := cmp.Diff(whole[len(whole)-len(late):], late, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(insight.Cycle{})); diff != "" {
			t.Fatalf("from %d (-all +read):\n%s", cut, diff)
		}
	})
}

// TestInterrupts: what is said to interrupt a program stops a machine, and counts as an
// interruption of a cycle.
func TestInterrupts(t *testing.T) {
	for word, want := range map[string]bool{
		"FEED_HOLD": true, "feed_hold": true, "INTERRUPTED": true, "PROGRAM_STOPPED": true, "OPTIONAL_STOP": true, "PROGRAM_OPTIONAL_STOP": true,
		"ACTIVE": false, "WAIT": false, "READY": false, "STOPPED": false, "PROGRAM_COMPLETED": false, "UNAVAILABLE": false, "HURRY": false,
	} {
		if got := insight.Interrupts(word); got != want {
			t.Errorf("%s interrupts: %v", word, got)
		}
		cycles := insight.Cycles(saidBy("0 exec READY", "10 exec ACTIVE", "20 exec "+word), nil, pathItems, 30e6)
		if got := cycles[0].Interruptions == 1; got != want {
			t.Errorf("%s interrupts a cycle: %v", word, got)
		}
	}
}
