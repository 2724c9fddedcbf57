package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// secondExecution is the execution of another path of the mill.
const secondExecution = offsets + 1

// withSecondPath gives the mill another path.
func withSecondPath(f *fake) {
	second := f.items[slices.IndexFunc(f.items, func(it plant.DataItem) bool { return it.ID == execution })]
	second.ID, second.DataItemID, second.Path, second.PathID = secondExecution, "exec2", "Controller[c]/Path[p2]", "p2"
	f.items = append(f.items, second)
}

func TestExecutions(t *testing.T) {
	minute := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	two := func(f *fake) {
		withSecondPath(f)
		f.commit(nil, text(execution, minute(-30), "ACTIVE"), text(execution, minute(-20), "READY"), text(secondExecution, minute(-10), "ACTIVE"))
		f.commit(nil, text(execution, minute(5), "ACTIVE"), text(secondExecution, minute(7), "FEED_HOLD"), text(execution, minute(9), "FEED_HOLD"))
	}
	lost := func(f *fake, last int) { // Behind what was said up to so many minutes after start.
		run := &f.runs[0]
		f.gaps = append(f.gaps, plant.Gap{Run: 1, From: run.Next, To: run.Next + 4, Reason: plant.GapOverrun, Noticed: start.Add(minute(last))})
		run.Next += 5
	}
	for name, test := range map[string]struct {
		commit   func(f *fake)
		from, to int
		want     []string
	}{
		"two paths": {two, 0, 9, []string{"-20 p1 READY", "-10 p2 ACTIVE", "5 p1 ACTIVE", "7 p2 FEED_HOLD"}},
		"where it is not known": {func(f *fake) {
			f.commit(nil, text(execution, minute(1), "ACTIVE"), unknown(execution, minute(2)), text(execution, minute(3), "ACTIVE"))
		}, 0, 9, []string{"1 p1 ACTIVE", "2 p1 null", "3 p1 ACTIVE"}},
		"behind a gap": {func(f *fake) {
			two(f)
			lost(f, 9)
			f.commit(nil, text(secondExecution, minute(20), "ACTIVE"))
		}, 5, 30, []string{"-10 p2 ACTIVE", "5 p1 ACTIVE", "7 p2 FEED_HOLD", "9 p1 null", "9 p2 null", "20 p2 ACTIVE"}},
		"behind a gap before the range": {func(f *fake) {
			two(f)
			lost(f, 9)
			f.commit(nil, text(secondExecution, minute(20), "ACTIVE"))
		}, 25, 30, []string{"9 p1 null", "20 p2 ACTIVE"}},
		"nothing said": {func(*fake) {}, 0, 9, nil},
	} {
		f := newFake()
		test.commit(f)
		steps, err := newQuietWorld(t, f, live.Options{}).service.Executions(t.Context(), "mill", start.Add(minute(test.from)), start.Add(minute(test.to)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, s := range steps {
			value := "null"
			if s.Value != nil {
				value = *s.Value
			}
			got = append(got, fmt.Sprintf("%v %s %s", s.Time.Sub(start).Minutes(), s.Path, value))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestExecutionsThatCannotBe(t *testing.T) {
	f := newFake()
	service := newQuietWorld(t, f, live.Options{}).service
	if _, err := service.Executions(t.Context(), "none", start, start.Add(time.Hour)); plant.ErrorCode(err) != plant.NotFound {
		t.Errorf("of no machine: %v", err)
	}
	f.commit(nil, text(execution, 0, "ACTIVE"))
	f.observations = append(f.observations, slices.Repeat(f.observations, api.MaxTracked)...)
	if _, err := service.Executions(t.Context(), "mill", start, start.Add(time.Hour)); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("of more than is read: %v", err)
	}
	f.items = slices.DeleteFunc(f.items, func(it plant.DataItem) bool { return it.Type == "EXECUTION" })
	if steps, err := newQuietWorld(t, f, live.Options{}).service.Executions(t.Context(), "mill", start, start.Add(time.Hour)); err != nil || steps != nil {
		t.Errorf("without an execution: %+v, %v", steps, err)
	}
}
