package insight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestSpans(t *testing.T) {
	type span struct {
		Value, Reason string
		From, To      int64 // seconds
		Since         int64
		Open          bool
	}
	for _, c := range []struct {
		name     string
		said     []string
		holes    []insight.Hole
		from, to int64
		want     []span
	}{
		{name: "since before", said: []string{"5 prog O1", "20 prog O2"}, from: 10, to: 60, want: []span{{"O1", "", 10, 20, 5, false}, {"O2", "", 20, 50, 20, true}}},
		{name: "nothing before", said: []string{"20 prog O2"}, from: 10, to: 30, want: []span{{"O2", "", 20, 30, 20, true}}},
		{name: "told again", said: []string{"11 prog O1", "20 prog O1", "25 prog O2"}, from: 10, to: 30, want: []span{{"O1", "", 11, 25, 11, false}, {"O2", "", 25, 30, 25, true}}},
		{name: "unavailable", said: []string{"11 prog O1", "20 prog -", "25 prog O1"}, from: 10, to: 30, want: []span{{"O1", "", 11, 20, 11, false}, {"", "unavailable", 20, 25, 20, false}, {"O1", "", 25, 30, 25, true}}},
		{name: "gap", said: []string{"11 prog O1", "25 prog O1"}, holes: []insight.Hole{{Run: 1, Sequence: 2, Time: 15e6}}, from: 10, to: 30, want: []span{{"O1", "", 11, 15, 11, false}, {"", "gap", 15, 25, 15, false}, {"O1", "", 25, 30, 25, true}}},
		{name: "restart", said: []string{"11 prog O1"}, holes: []insight.Hole{{Run: 1, Sequence: 2, Time: 15e6, Restart: true}}, from: 10, to: 30, want: []span{{"O1", "", 11, 15, 11, false}, {"", "restart", 15, 30, 15, true}}},
		{name: "backwards", said: []string{"11 prog O1", "9 prog O2", "20 prog O3"}, from: 5, to: 30, want: []span{{"O2", "", 11, 20, 11, false}, {"O3", "", 20, 30, 20, true}}},
	} {
		var got []span
		for _, s := range insight.Spans(saidBy(c.said...), c.holes, c.from*1e6, c.to*1e6, 50e6) {
			got = append(got, span{s.Value, s.Reason, s.From / 1e6, s.To / 1e6, s.Since / 1e6, s.Open})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestThinKeepsTheTime: thinned spans cover what the spans cover, in order, and are
// no more than a picture can show.
func TestThinKeepsTheTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var programs []plant.Observation
		for _, o := range anyPath(t) {
			if o.Item == pathItems.Program {
				programs = append(programs, o)
			}
		}
		spans := insight.Spans(programs, nil, 0, 200, 200)
		columns := rapid.IntRange(1, 20).Draw(t, "columns")
		thin := insight.Thin(spans, 0, 200, columns)
		count, covered, before := 0, int64(0), int64(0)
		for _, s := range thin {
			if s.From < before {
				t.Fatalf("%+v overlaps what is before it", s)
			}
			before, count, covered = s.To, count+s.Count, covered+s.To-s.From
		}
		want := int64(0)
		for _, s := range spans {
			want += s.To - s.From
		}
		if count != len(spans) || covered != want {
			t.Fatalf("%d spans of %d µs became %d of %d µs", len(spans), want, count, covered)
		}
	})
}
