package insight_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// counts makes the observations of a counter, one a second; "-" is UNAVAILABLE and
// "|" a restart of the agent.
func counts(values ...string) []plant.Observation {
	var all []plant.Observation
	run, sequence := plant.RunID(1), int64(0)
	for i, v := range values {
		if v == "|" {
			run, sequence = run+1, 0
			continue
		}
		sequence++
		o := plant.Observation{Item: 1, Run: run, Sequence: sequence, Time: int64(i) * 1e6}
		if v != "-" {
			o.Value = plant.Value{Kind: plant.Text, Text: v}
		}
		all = append(all, o)
	}
	return all
}

func TestParts(t *testing.T) {
	type step struct {
		Kind   insight.PartKind
		Reason string
		Count  float64
		Parts  float64
	}
	for _, c := range []struct {
		name   string
		values []string
		holes  []insight.Hole
		rules  insight.PartRules
		want   []step
	}{
		{name: "one by one", values: []string{"7", "8", "9"}, want: []step{{insight.PartsBase, "", 7, 0}, {insight.PartsMade, "", 8, 1}, {insight.PartsMade, "", 9, 1}}},
		{name: "several at once", values: []string{"7", "11"}, want: []step{{insight.PartsBase, "", 7, 0}, {insight.PartsMade, "", 11, 4}}},
		{name: "told again", values: []string{"7", "7", "8"}, want: []step{{insight.PartsBase, "", 7, 0}, {insight.PartsMade, "", 8, 1}}},
		{name: "reset to 0", values: []string{"40", "0", "1"}, want: []step{{insight.PartsBase, "", 40, 0}, {insight.PartsReset, "", 0, 0}, {insight.PartsMade, "", 1, 1}}},
		{name: "reset and going on", values: []string{"40", "2"}, want: []step{{insight.PartsBase, "", 40, 0}, {insight.PartsReset, "", 2, 2}}},
		{name: "reset and as many as can be made", values: []string{"900", "100"}, want: []step{{insight.PartsBase, "", 900, 0}, {insight.PartsReset, "", 100, 100}}},
		{name: "set to less", values: []string{"900", "500", "501"}, want: []step{{insight.PartsBase, "", 900, 0}, {insight.PartsReset, "", 500, 0}, {insight.PartsMade, "", 501, 1}}},
		{name: "a glitch passes", values: []string{"10", "9999", "11"}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsGlitch, "", 9999, 0}, {insight.PartsMade, "", 11, 1}}},
		{name: "a glitch back to the same", values: []string{"10", "9999", "10", "11"}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsGlitch, "", 9999, 0}, {insight.PartsMade, "", 11, 1}}},
		{name: "set to more", values: []string{"10", "9999", "10000"}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsGlitch, "", 9999, 0}, {insight.PartsMade, "", 10000, 1}}},
		{name: "unavailable", values: []string{"10", "-", "-", "15", "16"}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsUnknown, "unavailable", 0, 0}, {insight.PartsBase, "", 15, 0}, {insight.PartsMade, "", 16, 1}}},
		{name: "no count", values: []string{"10", "many", "-3", "12"}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsUnknown, "unavailable", 0, 0}, {insight.PartsBase, "", 12, 0}}},
		{name: "restart", values: []string{"10", "|", "15", "16"}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsBase, "restart", 15, 0}, {insight.PartsMade, "", 16, 1}}},
		{name: "gap", values: []string{"10", "15", "16"}, holes: []insight.Hole{{Run: 1, Sequence: 2, Time: 5e5}}, want: []step{{insight.PartsBase, "", 10, 0}, {insight.PartsUnknown, "gap", 0, 0}, {insight.PartsBase, "", 15, 0}, {insight.PartsMade, "", 16, 1}}},
		{name: "a small jump", values: []string{"1", "12"}, rules: insight.PartRules{MaxJump: 10}, want: []step{{insight.PartsBase, "", 1, 0}, {insight.PartsGlitch, "", 12, 0}}},
	} {
		var got []step
		for _, s := range insight.Parts(counts(c.values...), c.holes, c.rules) {
			got = append(got, step{s.Kind, s.Reason, s.Count, s.Parts})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// counterLife is what a counter may show, with what was made as far as it can be
// known: no glitches, which may be anything.
func counterLife(t *rapid.T) (values []string, made float64) {
	shown, known := 0, false
	for range rapid.IntRange(0, 60).Draw(t, "observations") {
		switch rapid.SampledFrom([]string{"make", "make", "make", "same", "reset", "lose", "restart"}).Draw(t, "event") {
		case "make":
			n := rapid.IntRange(1, insight.DefaultMaxJump).Draw(t, "parts")
			if shown += n; known {
				made += float64(n)
			}
		case "reset":
			// What was made behind a reset can be told where it is less than was shown.
			n := rapid.IntRange(0, max(0, min(shown-1, insight.DefaultMaxJump))).Draw(t, "since")
			if known && n < shown {
				made += float64(n)
			}
			shown = n
		case "lose":
			values, known = append(values, "-"), false
			continue
		case "restart":
			values, known = append(values, "|"), false
			continue
		}
		values, known = append(values, strconv.Itoa(shown)), true
	}
	return values, made
}

func TestPartsAreWhatWasMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, made := counterLife(t)
		steps := insight.Parts(counts(values...), nil, insight.PartRules{})
		if got := insight.PartsWithin(steps, math.MinInt64, math.MaxInt64); got != made {
			t.Fatalf("%v: %v parts, want %v", values, got, made)
		}
	})
}

// anyCounts is a counter that does what it likes.
func anyCounts(t *rapid.T) []plant.Observation {
	return counts(rapid.SliceOfN(rapid.SampledFrom([]string{"0", "1", "2", "3", "50", "99", "100", "101", "102", "5000", "5001", "-", "|"}), 0, 40).Draw(t, "values")...)
}

func TestPartsAreNeverNegativeAndAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := insight.Parts(anyCounts(t), nil, insight.PartRules{})
		for _, s := range steps {
			if s.Parts < 0 || s.Parts > insight.DefaultMaxJump {
				t.Fatalf("%+v", s)
			}
		}
		cut := rapid.Int64Range(0, 41e6).Draw(t, "cut")
		whole := insight.PartsWithin(steps, 0, 42e6)
		if first, second := insight.PartsWithin(steps, 0, cut), insight.PartsWithin(steps, cut, 42e6); first+second != whole {
			t.Fatalf("%v and %v parts on the two sides of %d, %v in all", first, second, cut, whole)
		}
	})
}

// TestPartsFromAnywhere: what is read from a value that is no glitch on gives the
// same as all of it.
func TestPartsFromAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyCounts(t)
		if len(all) == 0 {
			return
		}
		steps := insight.Parts(all, nil, insight.PartRules{})
		glitch := make(map[int64]bool)
		for _, s := range steps {
			glitch[s.Time] = s.Kind == insight.PartsGlitch
		}
		from := rapid.IntRange(0, len(all)-1).Draw(t, "from")
		for from > 0 && (all[from].Value.Kind == plant.Unknown || glitch[all[from].Time]) {
			from--
		}
		// What repeats a value says nothing of whether the one before was a glitch.
		var want []insight.PartStep
		for _, s := range steps {
			if s.Time > all[from].Time {
				want = append(want, s)
			}
		}
		var got []insight.PartStep
		for _, s := range insight.Parts(all[from:], nil, insight.PartRules{}) {
			if s.Time > all[from].Time {
				got = append(got, s)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("from %d of %v (-all +tail):\n%s", from, all, diff)
		}
	})
}
