package shop_test

import (
	"encoding/json"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/shop"
)

// zones are some in which clocks are changed in all the ways there are: by an
// hour, by half an hour, at midnight, over midnight, and by a whole day.
var zones = []string{
	"Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe",
	"America/Havana", "America/St_Johns", "America/Sao_Paulo", "Pacific/Apia",
}

// drawShop draws a shop with a calendar: a week or two with nights, breaks,
// exceptions and holidays.
func drawShop(t *rapid.T) *shop.Shop {
	zone := rapid.SampledFrom(zones).Draw(t, "zone")
	// Every shift begins at this time or later, and the last of a day ends before
	// it on the next one: so days fit together whatever is drawn for each.
	border := rapid.IntRange(0, 8*60).Draw(t, "border")
	file := map[string]any{"zone": zone}
	patterns := []any{map[string]any{"shifts": drawWeek(t, border)}}
	if rapid.Bool().Draw(t, "two weeks") {
		patterns = append(patterns, map[string]any{"from": drawDate(t).String(), "shifts": drawWeek(t, border)})
	}
	file["patterns"] = patterns
	exceptions, holidays := map[string]any{}, map[string]any{}
	for range rapid.IntRange(0, 5).Draw(t, "exceptions") {
		d := drawDate(t).String()
		if rapid.Bool().Draw(t, "holiday") {
			delete(exceptions, d)
			holidays[d] = "holiday"
		} else {
			delete(holidays, d)
			exceptions[d] = map[string]any{"shifts": drawDay(t, border)}
		}
	}
	file["exceptions"], file["holidays"] = exceptions, holidays
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := shop.Parse(data, time.UTC)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return s
}

// drawWeek draws the shifts of a pattern.
func drawWeek(t *rapid.T, border int) []any {
	shifts := []any{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		for _, s := range drawDay(t, border) {
			s := s.(map[string]any)
			s["days"] = []string{day}
			shifts = append(shifts, s)
		}
	}
	return shifts
}

// drawDay draws the shifts of a day.
func drawDay(t *rapid.T, border int) []any {
	shifts := []any{}
	at := border
	for i := range rapid.IntRange(0, 3).Draw(t, "shifts") {
		begin := at + rapid.IntRange(0, 60).Draw(t, "idle")
		end := begin + rapid.IntRange(3, 480).Draw(t, "length")
		if end > border+24*60 || begin >= 24*60 {
			break
		}
		s := map[string]any{"name": string(rune('A' + i)), "time": clockSpan(begin, end)}
		if rapid.Bool().Draw(t, "break") {
			third := (end - begin) / 3
			s["breaks"] = []string{clockSpan(begin+third, begin+2*third)}
		}
		shifts = append(shifts, s)
		at = end
	}
	return shifts
}

func clockSpan(begin, end int) string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", begin/60%24, begin%60, end/60%24, end%60)
}

// drawDate draws a day of the years in which the zones change their clocks; that
// of Apia had no 30 December 2011.
func drawDate(t *rapid.T) shop.Date {
	return rapid.Custom(func(t *rapid.T) shop.Date {
		if rapid.IntRange(0, 9).Draw(t, "apia") == 0 {
			return 15337 + shop.Date(rapid.IntRange(0, 6).Draw(t, "day"))
		}
		return 13149 + shop.Date(rapid.IntRange(0, 366*5).Draw(t, "day")) // 2006 to 2010
	}).Draw(t, "date")
}

func drawInstant(t *rapid.T, s *shop.Shop) time.Time {
	micros := rapid.Int64Range(0, 24*60*60*1_000_000).Draw(t, "µs")
	return drawDate(t).Begin(s.Zone).Add(time.Duration(micros) * time.Microsecond)
}
