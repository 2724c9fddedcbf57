package shop_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/shop"
)

// Shifts are in order, do not overlap and are on when they say, in any zone and
// over every change of clocks.
func TestShiftsAreOrderedAndApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		from := drawInstant(t, s)
		to := from.Add(time.Duration(rapid.IntRange(1, 20*24*60).Draw(t, "minutes")) * time.Minute)
		shifts := s.Calendar.Between(from.UnixMicro(), to.UnixMicro())
		var all, working int64
		for i, shift := range shifts {
			if shift.From >= shift.To || shift.To <= from.UnixMicro() || shift.From >= to.UnixMicro() {
				t.Fatalf("%s is not in the range", shift.ID())
			}
			if i > 0 && shift.From < shifts[i-1].To {
				t.Fatalf("%s begins while %s is on", shift.ID(), shifts[i-1].ID())
			}
			for _, at := range []int64{shift.From, shift.To - 1} {
				if on, ok := s.Calendar.At(at); !ok || on.ID() != shift.ID() {
					t.Fatalf("%s is on at %d, not %s", on.ID(), at, shift.ID())
				}
			}
			if found, ok := s.Calendar.Find(shift.ID()); !ok || found.From != shift.From {
				t.Fatalf("%s is not found by its ID", shift.ID())
			}
			all += min(shift.To, to.UnixMicro()) - max(shift.From, from.UnixMicro())
			at := shift.From
			for _, b := range shift.Breaks {
				if b.From < at || b.To <= b.From || b.To > shift.To {
					t.Fatalf("%s: a break %v is not within it, or not in order", shift.ID(), b)
				}
				at = b.To
				all -= max(0, min(b.To, to.UnixMicro())-max(b.From, from.UnixMicro()))
			}
		}
		for _, w := range s.Calendar.Working(from.UnixMicro(), to.UnixMicro()) {
			working += w.To - w.From
		}
		if working != all {
			t.Fatalf("working time is %d µs; shifts less breaks are %d µs", working, all)
		}
	})
}

// The shifts that Next and Previous find are those that Between lists.
func TestNextAndPreviousLeaveNoneOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		from := drawInstant(t, s).UnixMicro()
		to := from + 10*24*time.Hour.Microseconds()
		shifts := s.Calendar.Between(from, to)
		for i := 1; i < len(shifts); i++ {
			if next, ok := s.Calendar.Next(shifts[i-1].From); !ok || next.ID() != shifts[i].ID() {
				t.Fatalf("behind %s comes %s, not %s", shifts[i-1].ID(), shifts[i].ID(), next.ID())
			}
			if before, ok := s.Calendar.Previous(shifts[i].From); !ok || before.ID() != shifts[i-1].ID() {
				t.Fatalf("before %s is %s, not %s", shifts[i].ID(), shifts[i-1].ID(), before.ID())
			}
		}
	})
}

// Three shifts round the clock fill every day, be it of 23, 24 or 25 hours.
func TestShiftsRoundTheClockFillDays(t *testing.T) {
	for _, name := range zones {
		s, err := shop.Parse([]byte(`{"zone": "`+name+`", "patterns": [{"shifts": [
			{"name": "Early", "days": ["mon-sun"], "time": "06:00-14:00"},
			{"name": "Late", "days": ["mon-sun"], "time": "14:00-22:00"},
			{"name": "Night", "days": ["mon-sun"], "time": "22:00-06:00"}]}]}`), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			d := drawDate(t)
			from, to := d.Begin(s.Zone).UnixMicro(), (d + 1).Begin(s.Zone).UnixMicro()
			var sum int64
			for _, w := range s.Calendar.Working(from, to) {
				sum += w.To - w.From
			}
			if sum != to-from {
				t.Fatalf("%s in %s: the shifts have %d µs, the day has %d µs", d, name, sum, to-from)
			}
		})
	}
}

func TestShiftsOverMidnightAndTheChangeOfClocks(t *testing.T) {
	s, err := shop.Parse([]byte(`{"zone": "Europe/Berlin", "patterns": [{"shifts": [
		{"name": "Night", "days": ["sat", "sun"], "time": "22:00-06:00", "breaks": ["02:15-02:45"]},
		{"name": "Day", "days": ["sun"], "time": "06:00-18:00"}]}]}`), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, day  string
		hours      time.Duration
		breakTime  time.Duration
		breakBegin string
	}{
		{"an ordinary night", "2026-01-10", 8 * time.Hour, 30 * time.Minute, "2026-01-11T01:15:00Z"},
		// From 02:00 to 03:00: the break does not exist.
		{"clocks go forward", "2026-03-28", 7 * time.Hour, 0, ""},
		// The time from 02:00 to 03:00 exists twice: the first one is meant.
		{"clocks go back", "2026-10-24", 9 * time.Hour, 30 * time.Minute, "2026-10-25T00:15:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			shift, ok := s.Calendar.Find(test.day + ".Night")
			if !ok {
				t.Fatal("there is no such shift")
			}
			if got := time.Duration(shift.To-shift.From) * time.Microsecond; got != test.hours {
				t.Errorf("the night has %s; want %s", got, test.hours)
			}
			if shift.Date.String() != test.day {
				t.Errorf("the night belongs to %s; want %s, when it begins", shift.Date, test.day)
			}
			var pause time.Duration
			for _, b := range shift.Breaks {
				pause += time.Duration(b.To-b.From) * time.Microsecond
				if got := time.UnixMicro(b.From).UTC().Format(time.RFC3339); got != test.breakBegin {
					t.Errorf("the break begins at %s; want %s", got, test.breakBegin)
				}
			}
			if pause != test.breakTime {
				t.Errorf("the break has %s; want %s", pause, test.breakTime)
			}
		})
	}
}

func TestExceptionsHolidaysAndPatterns(t *testing.T) {
	s, err := shop.Parse([]byte(`{"zone": "Europe/Berlin",
		"patterns": [
			{"shifts": [{"name": "Day", "days": ["mon-fri"], "time": "07:00-16:00"}]},
			{"from": "2026-06-01", "shifts": [{"name": "Early", "days": ["mon-fri"], "time": "06:00-14:00"}, {"name": "Late", "days": ["mon-fri"], "time": "14:00-22:00"}]}],
		"exceptions": {"2026-12-24": {"reason": "Christmas Eve", "shifts": [{"name": "Early", "time": "06:00-12:00"}]}},
		"holidays": {"2026-12-25": "Christmas Day"}}`), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]string{
		"2026-05-29": "Day 07:00-16:00 ", "2026-05-30": "", "2026-06-01": "Early 06:00-14:00 Late 14:00-22:00 ",
		"2026-12-24": "Early 06:00-12:00 ", "2026-12-25": "", "2026-12-28": "Early 06:00-14:00 Late 14:00-22:00 ",
	} {
		d, err := shop.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, shift := range s.Calendar.Day(d) {
			got += shift.Name + " " + wall(s, shift.From) + "-" + wall(s, shift.To) + " "
		}
		if got != want {
			t.Errorf("%s has %q; want %q", day, got, want)
		}
	}
	if reason, holiday, ok := s.Calendar.Exception(20812); reason != "Christmas Day" || !holiday || !ok {
		t.Errorf("2026-12-25 is %q, %v, %v; want the holiday", reason, holiday, ok)
	}
}

func TestWorkingIsTheShiftLessItsBreaks(t *testing.T) {
	shift := shop.Shift{From: 0, To: 100, Breaks: []insight.Window{{From: 0, To: 10}, {From: 40, To: 50}, {From: 50, To: 60}}}
	want := []insight.Window{{From: 10, To: 40}, {From: 60, To: 100}}
	got := shift.Working()
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v; want %v", got, want)
	}
}

func wall(s *shop.Shop, t int64) string { return time.UnixMicro(t).In(s.Zone).Format("15:04") }
