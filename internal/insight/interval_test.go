package insight_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// drawRecord draws what is known of a machine over about a hundred seconds: changes
// whose times run backwards now and then, breaks within runs and at their ends.
func drawRecord(t *rapid.T) insight.Record {
	var r insight.Record
	clock := int64(0)
	second := func(label string, from, to int) int64 {
		return int64(rapid.IntRange(from, to).Draw(t, label)) * 1e6 / 4
	}
	states := []plant.State{plant.Offline, plant.Alarmed, plant.Setup, plant.Running, plant.Stopped, plant.Idle}
	runs := rapid.IntRange(1, 3).Draw(t, "runs")
	for run := 1; run <= runs; run++ {
		sequence := int64(1)
		for range rapid.IntRange(0, 8).Draw(t, "events") {
			sequence += int64(rapid.IntRange(1, 9).Draw(t, "sequence"))
			clock += second("step", -8, 40)
			if rapid.IntRange(0, 4).Draw(t, "break") == 0 {
				b := insight.Break{
					Run: plant.RunID(run), From: sequence, To: sequence + int64(rapid.IntRange(0, 5).Draw(t, "lost")),
					Begin: clock, End: clock + second("long", -8, 80), Reason: insight.ReasonGap,
				}
				sequence = b.To + 1
				clock = max(clock, b.End)
				r.Breaks = append(r.Breaks, b)
				continue
			}
			c := plant.StateChange{Run: plant.RunID(run), Sequence: sequence, Time: clock, State: rapid.SampledFrom(states).Draw(t, "state"), Rule: "a rule"}
			if rapid.IntRange(0, 3).Draw(t, "waits") == 0 {
				c.State, c.Rule = plant.Running, "5 waiting"
			}
			r.Changes = append(r.Changes, c)
		}
		if run < runs {
			r.Breaks = append(r.Breaks, insight.Break{Run: plant.RunID(run), From: sequence + 1, To: plant.OpenEnd, Begin: clock, End: math.MaxInt64, Reason: insight.ReasonRestart})
		}
	}
	r.Heard = second("heard", 0, 600)
	if rapid.Bool().Draw(t, "up") {
		r.Heard = math.MaxInt64
	}
	return r
}

// moment is what is known of one moment.
type moment struct {
	state  plant.State
	reason insight.Reason
}

// momentOf tells it by the definition: the last, in order of run and sequence, of
// what has a time up to it.
func momentOf(r insight.Record, wait, now, at int64) moment {
	type event struct {
		run            plant.RunID
		sequence, rank int64
		change         *plant.StateChange
		begin, end     *insight.Break
	}
	var events []event
	for i := range r.Changes {
		events = append(events, event{run: r.Changes[i].Run, sequence: r.Changes[i].Sequence, rank: 2, change: &r.Changes[i]})
	}
	for i := range r.Breaks {
		b := &r.Breaks[i]
		events = append(events, event{run: b.Run, sequence: b.From, rank: 1, begin: b})
		if b.To != plant.OpenEnd {
			events = append(events, event{run: b.Run, sequence: b.To + 1, end: b})
		}
	}
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.rank, b.rank))
	})
	is := moment{reason: insight.ReasonNoData}
	heard := int64(math.MinInt64)
	var held *plant.StateChange
	var open *insight.Break
	holds := func(c *plant.StateChange) moment {
		if c.Rule == "5 waiting" && at >= c.Time+wait {
			return moment{state: plant.Stopped}
		}
		return moment{state: c.State}
	}
	put := func(time int64, m moment) {
		if time <= at {
			is = m
		}
		if time <= now {
			heard = time
		}
	}
	for _, e := range events {
		switch {
		case e.change != nil && open != nil && e.change.Run == open.Run && e.change.Sequence == open.From && e.change.State == plant.Offline:
			held = nil
		case e.change != nil:
			held, open = e.change, nil
			put(held.Time, holds(held))
		case e.begin != nil:
			if open = e.begin; open.To == plant.OpenEnd {
				held = nil
			}
			put(open.Begin, moment{reason: open.Reason})
		case e.end == open:
			if open = nil; held != nil {
				put(max(e.end.Begin, e.end.End), holds(held))
			}
		}
	}
	if heard = max(r.Heard, heard); heard != math.MinInt64 && at >= heard && heard < now {
		return moment{state: plant.NoLink}
	}
	return is
}

// The intervals of a range leave nothing out and nothing overlap, say of each moment
// what the definition says, and any part of the range says the same as the whole.
func TestIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		rules := insight.Rules{Wait: time.Duration(rapid.IntRange(1, 12).Draw(t, "wait")) * time.Second}
		wait := rules.Wait.Microseconds()
		now := int64(rapid.IntRange(0, 500).Draw(t, "now")) * 1e6 / 4
		from := int64(rapid.IntRange(-50, 500).Draw(t, "from")) * 1e6 / 4
		to := from + int64(rapid.IntRange(1, 400).Draw(t, "length"))*1e6/4
		intervals := insight.Intervals(r, rules, from, to, now)
		end := min(to, now)
		if end <= from {
			if len(intervals) > 0 {
				t.Fatalf("%v of what is still to come", intervals)
			}
			return
		}
		at := from
		for i, in := range intervals {
			if in.From != at || in.To <= in.From || in.Since > in.From && in.Since != 0 || in.Until != 0 && in.Until < in.To {
				t.Fatalf("%+v: want it to begin at %d", in, at)
			}
			if i > 0 && intervals[i-1].State == in.State && intervals[i-1].Reason == in.Reason {
				t.Fatalf("%+v and %+v are one", intervals[i-1], in)
			}
			if want := momentOf(r, wait, now, in.From); want != (moment{in.State, in.Reason}) {
				t.Fatalf("%+v, want %v at its begin", in, want)
			}
			if want := momentOf(r, wait, now, in.To-1); want != (moment{in.State, in.Reason}) {
				t.Fatalf("%+v, want %v at its end", in, want)
			}
			at = in.To
		}
		if at != end {
			t.Fatalf("the intervals end at %d, want %d", at, end)
		}
		// A part of it.
		first := from + int64(rapid.IntRange(0, int(end-from-1)).Draw(t, "first"))
		last := first + 1 + int64(rapid.IntRange(0, int(end-first-1)).Draw(t, "last"))
		var want []insight.Interval
		for _, in := range intervals {
			if in.To > first && in.From < last {
				in.From, in.To = max(in.From, first), min(in.To, last)
				want = append(want, in)
			}
		}
		if got := insight.Intervals(r, rules, first, last, now); !slices.Equal(got, want) {
			t.Fatalf("of a part %+v, want %+v", got, want)
		}
	})
}

// The shares of windows, such as shifts less their breaks, add up to the time in them
// to the microsecond, and those of two machines to the sum.
func TestShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const now = 100e6
		var all insight.Shares
		for range 2 {
			intervals := insight.Intervals(drawRecord(t), insight.Rules{}, -10e6, 200e6, now)
			var windows []insight.Window
			total, from := int64(0), int64(-10e6)
			for range rapid.IntRange(0, 5).Draw(t, "windows") {
				from += int64(rapid.IntRange(0, 20e6).Draw(t, "pause"))
				w := insight.Window{From: from, To: from + int64(rapid.IntRange(1, 40e6).Draw(t, "long"))}
				from = w.To
				windows = append(windows, w)
				total += max(0, min(w.To, now)-min(w.From, now))
			}
			s := insight.Share(intervals, windows)
			sum := int64(0)
			for _, d := range s.States {
				sum += d
			}
			if s.Total != total || sum != total {
				t.Fatalf("%+v, a sum of %d; want %d", s, sum, total)
			}
			before := all
			all = all.Add(s)
			if all.Total != before.Total+s.Total || all.Known() != before.Known()+s.Known() {
				t.Fatalf("%+v and %+v together are %+v", before, s, all)
			}
		}
	})
}

// A machine that waits has stopped when it waits too long, without any change; it ran
// on where it went on before.
func TestIntervalsOfWaiting(t *testing.T) {
	second := func(n int64) int64 { return n * 1e6 }
	change := func(sequence, at int64, s plant.State, rule string) plant.StateChange {
		return plant.StateChange{Run: 1, Sequence: sequence, Time: second(at), State: s, Rule: rule}
	}
	r := insight.Record{Heard: math.MaxInt64, Changes: []plant.StateChange{
		change(1, 0, plant.Running, "5 executing"), change(2, 10, plant.Running, "5 waiting"), change(3, 40, plant.Running, "5 executing"),
		change(4, 50, plant.Running, "5 waiting"),
	}}
	type line struct {
		state    plant.State
		rule     string
		from, to int64
	}
	for now, want := range map[int64][]line{
		second(109): {{plant.Running, "5 executing", 0, second(109)}},
		second(200): {{plant.Running, "5 executing", 0, second(110)}, {plant.Stopped, "6 waited too long", second(110), second(200)}},
	} {
		var got []line
		for _, i := range insight.Intervals(r, insight.Rules{}, 0, math.MaxInt64, now) {
			got = append(got, line{i.State, i.Rule, i.From, i.To})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// What is still being read is no lost link: it will be known.
func TestIntervalsBehind(t *testing.T) {
	r := insight.Record{Heard: 10e6, Behind: true, Changes: []plant.StateChange{{Run: 1, Sequence: 1, State: plant.Running, Rule: "5 executing"}}}
	got := insight.Intervals(r, insight.Rules{}, 0, 20e6, 20e6)
	if len(got) != 2 || got[1].From != 10e6 || got[1].State != 0 || got[1].Reason != insight.ReasonNoData || got[1].Detail != "still being read" {
		t.Errorf("%+v", got)
	}
}

func TestFigures(t *testing.T) {
	hour := int64(3600e6)
	a := insight.Shares{Total: 10 * hour}
	a.States[plant.Running], a.States[plant.Idle] = 9*hour, hour
	b := insight.Shares{Total: 2 * hour}
	b.States[plant.Idle], b.States[0], b.States[plant.NoLink] = hour, hour/2, hour/2
	value := func(f insight.Figure) float64 {
		if f.Value == nil {
			return -1
		}
		return *f.Value
	}
	for _, test := range []struct {
		name     string
		figure   insight.Figure
		value    float64
		note     string
		doubtful bool
	}{
		{"one machine", insight.RunningShare(a), 0.9, "", false},
		{"what is not known counts on neither side", insight.RunningShare(b), 0, "", true},
		{"two machines are the sum of both, not the mean", insight.RunningShare(a.Add(b)), 9.0 / 11, "", false},
		{"nothing is known", insight.RunningShare(insight.Shares{Total: hour, States: [8]int64{hour}}), -1, insight.NoteNoData, false},
		{"no working time", insight.RunningShareScheduled(insight.Shares{}), -1, insight.NoteNotScheduled, false},
		{"working time without data", insight.RunningShareScheduled(insight.Shares{Total: hour, States: [8]int64{hour}}), -1, insight.NoteNoData, false},
	} {
		if f := test.figure; value(f) != test.value || f.Note != test.note || f.Doubtful() != test.doubtful {
			t.Errorf("%s: %+v with %v, want %v", test.name, f, value(f), test)
		}
	}
}
