package shop_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

const threeShifts = `{"zone": "Europe/Berlin", "patterns": [{"shifts": [
	{"name": "Early", "days": ["mon-fri"], "time": "06:00-14:00"},
	{"name": "Late", "days": ["mon-fri"], "time": "14:00-22:00"},
	{"name": "Night", "days": ["mon-thu"], "time": "22:00-06:00"}]}]}`

func TestParseRange(t *testing.T) {
	s, err := shop.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 11, 23, 15, 30, 0, 0, s.Zone)
	sunday := time.Date(2026, 11, 29, 15, 30, 0, 0, s.Zone)
	for _, test := range []struct {
		text, from, to string
		now            time.Time
		want, label    string
		live           bool
	}{
		{"30s", "", "", monday, "2026-11-23T15:29:30+01:00 2026-11-23T15:30:00+01:00", "Last 30 s", true},
		{"8h", "", "", monday, "2026-11-23T07:30:00+01:00 2026-11-23T15:30:00+01:00", "Last 8 h", true},
		{"7d", "", "", monday, "2026-11-16T15:30:00+01:00 2026-11-23T15:30:00+01:00", "Last 7 days", true},
		{"", "", "", monday, "2026-11-23T14:00:00+01:00 2026-11-23T22:00:00+01:00", "Late · Mon 2026-11-23 14:00–22:00", true},
		{"shift:current", "", "", monday, "2026-11-23T14:00:00+01:00 2026-11-23T22:00:00+01:00", "Late · Mon 2026-11-23 14:00–22:00", true},
		{"shift:prev", "", "", monday, "2026-11-23T06:00:00+01:00 2026-11-23T14:00:00+01:00", "Early · Mon 2026-11-23 06:00–14:00", false},
		// No shift is on: the one that was on last, and the one before it.
		{"shift:current", "", "", sunday, "2026-11-27T14:00:00+01:00 2026-11-27T22:00:00+01:00", "Late · Fri 2026-11-27 14:00–22:00", false},
		{"shift:prev", "", "", sunday, "2026-11-27T06:00:00+01:00 2026-11-27T14:00:00+01:00", "Early · Fri 2026-11-27 06:00–14:00", false},
		{"shift:2026-11-24.Night", "", "", monday, "2026-11-24T22:00:00+01:00 2026-11-25T06:00:00+01:00", "Night · Tue 2026-11-24 22:00–06:00", false},
		{"day:today", "", "", monday, "2026-11-23T00:00:00+01:00 2026-11-24T00:00:00+01:00", "Mon 2026-11-23", true},
		{"day:yesterday", "", "", monday, "2026-11-22T00:00:00+01:00 2026-11-23T00:00:00+01:00", "Sun 2026-11-22", false},
		{"day:2026-10-25", "", "", monday, "2026-10-25T00:00:00+02:00 2026-10-26T00:00:00+01:00", "Sun 2026-10-25", false},
		{"week:current", "", "", sunday, "2026-11-23T00:00:00+01:00 2026-11-30T00:00:00+01:00", "Week 48 · Mon 2026-11-23 – Sun 2026-11-29", true},
		{"week:2026-11-05", "", "", sunday, "2026-11-02T00:00:00+01:00 2026-11-09T00:00:00+01:00", "Week 45 · Mon 2026-11-02 – Sun 2026-11-08", false},
		{"", "2026-11-23T06:00:00+01:00", "2026-11-23T07:00:00Z", monday, "2026-11-23T06:00:00+01:00 2026-11-23T08:00:00+01:00", "Mon 2026-11-23 06:00–08:00", false},
		{"", "2026-11-23T06:00:00 01:00", "", monday, "2026-11-23T06:00:00+01:00 2026-11-23T15:30:00+01:00", "Mon 2026-11-23 06:00–15:30", false},
		{"", "2026-11-22 22:00", "2026-11-23T06:00", monday, "2026-11-22T22:00:00+01:00 2026-11-23T06:00:00+01:00", "Sun 2026-11-22 22:00 – Mon 2026-11-23 06:00", false},
		// A time that does not exist means the moment at which clocks are put forward.
		{"", "2026-03-29T02:30", "2026-03-29T04:00", monday, "2026-03-29T03:00:00+02:00 2026-03-29T04:00:00+02:00", "Sun 2026-03-29 03:00–04:00", false},
	} {
		r, err := shop.ParseRange(test.text, test.from, test.to, test.now, s)
		if err != nil {
			t.Errorf("%s %s %s: %v", test.text, test.from, test.to, err)
			continue
		}
		if got := r.From.Format(time.RFC3339) + " " + r.To.Format(time.RFC3339); got != test.want {
			t.Errorf("%s %s %s is %s; want %s", test.text, test.from, test.to, got, test.want)
		}
		if r.Label != test.label || r.Live != test.live {
			t.Errorf("%s %s %s is called %q, live %v; want %q, %v", test.text, test.from, test.to, r.Label, r.Live, test.label, test.live)
		}
	}
}

func TestParseRangeSaysWhatWouldBeRight(t *testing.T) {
	s, err := shop.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 15, 30, 0, 0, s.Zone)
	for _, test := range []struct {
		text, from, to string
		shop           *shop.Shop
		want           string
	}{
		{"8x", "", "", s, "range=8x is not a range: use 30s"},
		{"08h", "", "", s, "range=08h is not a range"},
		{"é", "", "", s, "is not a range"},
		{"0h", "", "", s, "use a length from 1s to 373d"},
		{"99999d", "", "", s, "use a length from 1s to 373d"},
		{"shift:2026-11-23.Erly", "", "", s, "there is no such shift"},
		{"shift:", "", "", s, "there is no such shift"},
		{"shift:current", "", "", shop.None(time.UTC), "there is no shift calendar; name a shop file with --shop"},
		{"day:2026-02-30", "", "", s, "use day:today"},
		{"day:2011-12-30", "", "", apia(t), "use day:today"},
		{"week:x", "", "", s, "use week:current"},
		{"8h", "2026-11-23T06:00", "", s, "use either"},
		{"", "", "2026-11-23T06:00", s, `from="" is not a time`},
		{"", "yesterday", "", s, "from=yesterday is not a time: write it as 2026-11-23T14:05"},
		{"", "2026-11-23T06:00", "2026-11-23T06:00", s, "from must be before to"},
		{"", "2020-11-23T06:00", "2026-11-23T06:00", s, "to 373 days long"},
		{"", "0001-01-01T00:00", "2026-11-23T06:00", s, "is not a time"},
	} {
		_, err := shop.ParseRange(test.text, test.from, test.to, now, test.shop)
		if err == nil || !strings.Contains(err.Error(), test.want) || plant.ErrorCode(err) != plant.Invalid {
			t.Errorf("%s %s %s: %v; want an error with %q", test.text, test.from, test.to, err, test.want)
		}
	}
}

// A range can be read from the address that it writes.
func TestRangesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		now := drawInstant(t, s)
		r := drawRange(t, s, now)
		q := url.Values{"range": {"8h"}, "q": {"mill"}}
		r.Params(q)
		if q.Get("q") != "mill" {
			t.Fatalf("other parameters are lost: %v", q)
		}
		same(t, r, parse(t, q, now, s))
		r.Fixed().Params(q)
		same(t, r, parse(t, q, now, s))
	})
}

// One forward and one back leads to where one was.
func TestPreviousOfNextIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShop(t)
		r := drawRange(t, s, drawInstant(t, s))
		if next, ok := r.Next(); ok {
			if !next.From.After(r.From) {
				t.Fatalf("%s is not behind %s", next.Label, r.Label)
			}
			if r.Shift == nil && !next.From.Equal(r.To) {
				t.Fatalf("%s does not begin where %s ends", next.Label, r.Label)
			}
			previous, ok := next.Previous()
			if !ok {
				t.Fatalf("there is nothing before %s", next.Label)
			}
			same(t, r, previous)
		}
	})
}

// apia is a plant where 30 December 2011 was left out.
func apia(t *testing.T) *shop.Shop {
	t.Helper()
	s, err := shop.Parse([]byte(`{"zone": "Pacific/Apia"}`), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func drawRange(t *rapid.T, s *shop.Shop, now time.Time) shop.Range {
	day := drawDate(t)
	if s.Zone.String() == "Pacific/Apia" && day == 15338 {
		day++ // 30 December 2011 was left out.
	}
	texts := []string{
		"", "30s", "5m", "1h", "8h", "24h", "7d", "day:today", "day:yesterday", "week:current", "week:prev",
		"day:" + day.String(), "week:" + drawDate(t).String(),
	}
	t0 := now.UnixMicro()
	for _, shift := range s.Calendar.Between(t0-48*time.Hour.Microseconds(), t0) {
		texts = append(texts, "shift:current", "shift:prev", "shift:"+shift.ID())
	}
	text := rapid.SampledFrom(texts).Draw(t, "range")
	r, err := shop.ParseRange(text, "", "", now, s)
	if err != nil && text == "shift:prev" { // There may be only one shift.
		r, err = shop.ParseRange("8h", "", "", now, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parse(t *rapid.T, q url.Values, now time.Time, s *shop.Shop) shop.Range {
	r, err := shop.ParseRange(q.Get("range"), q.Get("from"), q.Get("to"), now, s)
	if err != nil {
		t.Fatalf("%v: %v", q, err)
	}
	return r
}

func same(t *rapid.T, want, got shop.Range) {
	if !got.From.Equal(want.From) || !got.To.Equal(want.To) {
		t.Fatalf("got %s to %s; want %s to %s", got.From, got.To, want.From, want.To)
	}
}

func FuzzParseRange(f *testing.F) {
	s, err := shop.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 15, 30, 0, 0, s.Zone)
	for _, seed := range []string{"8h", "shift:current", "shift:2026-11-24.Night", "day:today", "week:2026-11-05", ":", "s"} {
		f.Add(seed, "", "")
	}
	f.Add("", "2026-11-23T06:00:00+01:00", "2026-11-23 07:00")
	f.Fuzz(func(t *testing.T, text, from, to string) {
		r, err := shop.ParseRange(text, from, to, now, s)
		if err != nil {
			if plant.ErrorCode(err) != plant.Invalid {
				t.Fatalf("%v is of code %s", err, plant.ErrorCode(err))
			}
			return
		}
		if length := r.To.Sub(r.From); length <= 0 || length > shop.MaxRange+2*time.Hour {
			t.Fatalf("%q %q %q is %s long", text, from, to, length)
		}
		q := make(url.Values)
		r.Params(q)
		again, err := shop.ParseRange(q.Get("range"), q.Get("from"), q.Get("to"), now, s)
		if err != nil || !again.From.Equal(r.From) || !again.To.Equal(r.To) {
			t.Fatalf("%q %q %q becomes %v, which is read as %s to %s, %v", text, from, to, q, again.From, again.To, err)
		}
	})
}

// Until gives the range of the same kind that a moment ends or is within: rapid looks
// for a moment and a range for which it lies elsewhere.
func TestRangeUntil(t *testing.T) {
	s, err := shop.Parse([]byte(threeShifts), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 15, 30, 0, 0, s.Zone)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"1s", "8h", "7d", "shift:current", "day:today", "day:2026-10-25", "week:current"}).Draw(t, "range")
		at := now.Add(-time.Duration(rapid.Int64Range(0, int64(300*24*time.Hour/time.Microsecond)).Draw(t, "before")) * time.Microsecond)
		picked, err := shop.ParseRange(text, "", "", now, s)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := picked.Until(at)
		if !ok || !got.From.Before(at) || (got.Shift == nil) != (picked.Shift == nil) {
			t.Fatalf("%s until %s is %s (%s – %s), %t", text, at, got.Name, got.From, got.To, ok)
		}
		if next, ok := got.Next(); !ok || next.From.Before(at) {
			t.Fatalf("%s until %s is %s, and there is a later one at %s", text, at, got.Name, next.From)
		}
	})
}
