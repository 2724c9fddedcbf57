package insight_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
)

func TestPrograms(t *testing.T) {
	lines := []string{"0 mode AUTOMATIC", "0 prog O1", "0 exec READY"}
	now := 10
	run := func(seconds int) {
		lines = append(lines, fmt.Sprintf("%d exec ACTIVE", now), fmt.Sprintf("%d exec READY", now+seconds))
		now += seconds + 10
	}
	for _, seconds := range []int{60, 61, 62, 63, 64, 300} {
		run(seconds)
	}
	lines = append(lines, fmt.Sprintf("%d prog O2", now))
	run(30)
	lines = append(lines, fmt.Sprintf("%d mode MANUAL", now))
	run(1000)
	cycles := insight.Cycles(saidBy(lines...), nil, pathItems, 0)
	programs := insight.Programs(cycles, 0, math.MaxInt64)
	if len(programs) != 2 {
		t.Fatalf("%+v", programs)
	}
	p := programs[0]
	if p.Program != "O1" || p.Runs != 6 || p.Whole != 6 || p.Median != 62.5e6 || p.P10 != 60.5e6 || p.P90 != 182e6 || p.Running != 610e6 {
		t.Errorf("%+v", p)
	}
	for i := range cycles[:6] {
		if got, want := p.Unusual(&cycles[i]), i == 5; got != want {
			t.Errorf("cycle of %d s: unusual %v", cycles[i].Running/1e6, got)
		}
	}
	// Of a range, what of them lies in it counts: here the whole of O2, and half a
	// minute of the last run of O1.
	last := cycles[5].To - 30e6
	if of := insight.Programs(cycles, last, math.MaxInt64); of[0].Running != 30e6 || of[0].Runs != 6 || of[0].Median != 62.5e6 || of[1].Running != 30e6 {
		t.Errorf("from the end of O1 on: %+v", of)
	}
	if p := programs[1]; p.Program != "O2" || p.Runs != 1 || p.Median != 30e6 || p.Unusual(&cycles[6]) {
		t.Errorf("%+v", p)
	}
}

// TestRunningAddsUp: the running times on the two sides of any moment are together
// that of the cycle.
func TestRunningAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.Int64Range(0, 260).Draw(t, "cut")
		for _, c := range insight.Cycles(anyPath(t), nil, pathItems, 0) {
			first, second := c.RunningWithin(0, cut), c.RunningWithin(cut, 300)
			if first < 0 || second < 0 || first+second != c.Running {
				t.Fatalf("%d and %d µs on the two sides of %d of %+v", first, second, cut, c)
			}
		}
	})
}
