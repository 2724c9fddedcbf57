package postgres

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pace
		for range rapid.IntRange(0, 20).Draw(t, "reads") {
			from, to := rapid.Int64().Draw(t, "from"), rapid.Int64().Draw(t, "to")
			if from >= to {
				continue
			}
			rows := rapid.IntRange(0, 20_000).Draw(t, "rows")
			end := p.end(from, to, rows)
			if end <= from || end > to {
				t.Fatalf("from %d to %d: the span ends at %d", from, to, end)
			}
			p.note(rows, from, rapid.Int64Range(from, end).Draw(t, "last"))
		}
		// However rarely rows come, all of time is soon gone through.
		for n, from := 0, int64(math.MinInt64); from < math.MaxInt64; n++ {
			if n > 30 {
				t.Fatalf("after %d spans without rows it is at %d", n, from)
			}
			end := p.end(from, math.MaxInt64, 50)
			p.note(0, from, end)
			from = end
		}
	})
}

func TestReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, place := rapid.Int64().Draw(t, "first"), rapid.Int64().Draw(t, "place")
		last := rapid.Int64Range(first, math.MaxInt64).Draw(t, "last")
		n := reach(first, last)
		if last >= place && first < lowest(place)[n] {
			t.Errorf("a block from %d to %d reaches %d and would not be found from %d on", first, last, place, lowest(place)[n])
		}
	})
	if n := reach(math.MinInt64, math.MaxInt64); n != maxReach {
		t.Errorf("the greatest reach is %d", n)
	}
	if n := reach(5, 5); n != 0 {
		t.Errorf("the reach of one observation is %d", n)
	}
}
