package web

import (
	"math"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// The tests of this file are inside the package, since what they test is not
// exported; TestBrowserDrawsWhatTheServerDraws compares the browser's writing
// with it.

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour:                      "0 s",
		0:                               "0 s",
		59999 * time.Millisecond:        "59 s",
		time.Minute:                     "1 min",
		27*time.Minute + 59*time.Second: "27 min",
		time.Hour + 4*time.Minute:       "1 h 04 min",
		23*time.Hour + 59*time.Minute:   "23 h 59 min",
		24 * time.Hour:                  "1 d 0 h",
		75*time.Hour + 30*time.Minute:   "3 d 3 h",
		math.MaxInt64 / 1000 * 1000:     "106751 d 23 h",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func TestSecondsAndSkewText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                      "0.0 s",
		400 * time.Millisecond: "+0.4 s",
		-95 * time.Second:      "−95.0 s",
		90 * time.Minute:       "+1 h 30 min",
		-11 * time.Minute:      "−11 min",
	} {
		if got := skewText(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestNumberText(t *testing.T) {
	for v, want := range map[float64]string{
		0:                    "0",
		math.Copysign(0, -1): "0",
		38:                   "38",
		100:                  "100",
		-3.25:                "−3.25",
		123.45678:            "123.4568",
		0.1 + 0.2:            "0.3",
		0.0004:               "0.0004",
		-0.00012:             "−0.00012",
		0.000001234:          "1.234e−06",
		1e15:                 "1e+15",
		1.5e300:              "1.5e+300",
		16000:                "16000",
	} {
		if got := numberText(v); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
}

func TestMeasureText(t *testing.T) {
	for v, want := range map[float64]string{
		0:            "0",
		-3.25:        "−3.25",
		1449:         "1449",
		83.3333333:   "83.333",
		-341.373:     "−341.373",
		0.004:        "0.004",
		0.05678:      "0.0568",
		0.12345:      "0.123",
		9999.12346:   "9999.12",
		9999.999:     "10\u202f000",
		10000:        "10\u202f000",
		-12345.67891: "−12\u202f345.7",
		1234567.9:    "1\u202f234\u202f568",
		55041922:     "55\u202f041\u202f922",
		1e15:         "1e+15",
	} {
		if got := measureText(v); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
	for s, want := range map[string]string{"6191091": "61.911", "ON": "ON", "": "", "NaN": "NaN", "-Inf": "-Inf"} {
		if got := fieldText(s, 1e-5); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestCountedText(t *testing.T) {
	for n, want := range map[float64]string{0: "0 parts", 1: "1 part", 2: "2 parts", 1.5: "1.5 parts", 12000: "12\u202f000 parts"} {
		if got := countedText(n, "part"); got != want {
			t.Errorf("%g: %q, want %q", n, got, want)
		}
	}
}

func TestDelayText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond: "0.4 s",
		9 * time.Minute:        "540.0 s",
		10 * time.Minute:       "over 10 min",
		90000 * time.Hour:      "over 10 min",
	} {
		if got := delayText(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestLostText(t *testing.T) {
	for _, c := range []struct {
		gaps, lost int64
		want       string
	}{{0, 0, ""}, {1, 0, "loss not known"}, {3, 1412, "1\u202f412 known lost"}} {
		if got := lostText(c.gaps, c.lost); got != c.want {
			t.Errorf("%d gaps, %d lost: %q, want %q", c.gaps, c.lost, got, c.want)
		}
	}
}

func TestDamageText(t *testing.T) {
	for faults, want := range map[int]string{
		0: "",
		1: "1 part of what is stored is damaged; factorydash verify-store tells more",
		2: "2 parts of what is stored are damaged; factorydash verify-store tells more",
	} {
		if got := damageText(faults); got != want {
			t.Errorf("%d faults: %q, want %q", faults, got, want)
		}
	}
}

func TestRuleAndCauseText(t *testing.T) {
	for rule, want := range map[string]string{"5 executing": "executing (rule 5)", "6 feed override 0": "feed override 0 (rule 6)", "odd": "odd", "": ""} {
		if got := ruleText(rule); got != want {
			t.Errorf("%q: %q, want %q", rule, got, want)
		}
	}
	for cause, want := range map[string]string{
		"http://10.0.4.13:5000/probe: dial tcp 10.0.4.13:5000: connection refused": "dial tcp 10.0.4.13:5000: connection refused",
		"the store is away: see http://a: b":                                       "the store is away: see http://a: b",
	} {
		if got := causeText(cause); got != want {
			t.Errorf("%q: %q, want %q", cause, got, want)
		}
	}
}

func TestCountText(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1\u202f000", 677878: "677\u202f878", 12677878: "12\u202f677\u202f878", -4411: "−4\u202f411",
	} {
		if got := countText(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestTookText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "under 1 ms", 999 * time.Microsecond: "under 1 ms", time.Millisecond: "1 ms", 999*time.Millisecond + 999*time.Microsecond: "999 ms",
		time.Second: "1.0 s", 90 * time.Second: "90.0 s", time.Hour: "1 h 00 min",
	} {
		if got := tookText(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1049: "1.0 kB", 9_949: "9.9 kB", 9_950: "10 kB", 999_499: "999 kB", 999_500: "1.0 MB",
		1_234_567_890: "1.2 GB", 4_000_000_000_000: "4.0 TB", 4_000_000_000_000_000: "4000 TB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestUnitText(t *testing.T) {
	for unit, want := range map[string]string{
		"":                   "",
		"MILLIMETER":         "mm",
		"MILLIMETER_3D":      "mm",
		"MILLIMETER/SECOND":  "mm/s",
		"REVOLUTION/MINUTE":  "rev/min",
		"PERCENT":            "%",
		"COUNT":              "",
		"FURLONG/FORT_NIGHT": "furlong/fort night",
		"MILLIMETER/MINUTE":  "mm/min",
		"METER/SECOND^2":     "m/s²",
	} {
		if got := unitText(unit); got != want {
			t.Errorf("%q: %q, want %q", unit, got, want)
		}
	}
}

func TestShownUnit(t *testing.T) {
	for _, c := range []struct {
		item   api.Item
		unit   string
		factor float64
	}{
		{api.Item{Category: "SAMPLE", Type: "PRESSURE", Units: "PASCAL"}, "bar", 1e-5},
		{api.Item{Category: "SAMPLE", Type: "PRESSURE", Units: "PASCAL", Representation: "DATA_SET"}, "Pa", 1},
		{api.Item{Category: "EVENT", Type: "PRESSURE", Units: "PASCAL"}, "Pa", 1},
		{api.Item{Category: "SAMPLE", Type: "EQUIPMENT_TIMER", Units: "SECOND"}, "h", 1.0 / 3600},
		{api.Item{Category: "SAMPLE", Type: "PROCESS_TIMER", Units: "SECOND"}, "s", 1},
		{api.Item{Category: "SAMPLE", Type: "POSITION", Units: "MILLIMETER"}, "mm", 1},
		{api.Item{Category: "SAMPLE", Type: "PATH_FEEDRATE", Units: "MILLIMETER/SECOND", NativeUnits: "MILLIMETER/MINUTE"}, "mm/min", 60},
		{api.Item{Category: "SAMPLE", Type: "PATH_FEEDRATE", Units: "MILLIMETER/SECOND", NativeUnits: "INCH/MINUTE"}, "mm/s", 1},
	} {
		if unit, factor := shownUnit(c.item); unit != c.unit || factor != c.factor {
			t.Errorf("%+v: %s times %g, want %s times %g", c.item, unit, factor, c.unit, c.factor)
		}
	}
}

func TestWordAndPlaceText(t *testing.T) {
	for name, want := range map[string]string{
		"PATH_FEEDRATE": "Path feedrate", "x:FOO_BAR": "Foo bar (x)", "": "", ":": ":", "—": "—", "ÜBER": "Über",
	} {
		if got := wordText(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for component, want := range map[string]string{
		"": "Machine", "Axes[base]/Linear[X]": "Axes base › Linear X", "Controller[controller]/Path[path1]": "Controller › Path path1", "Systems": "Systems",
	} {
		if got := placeText(component); got != want {
			t.Errorf("%q: %q, want %q", component, got, want)
		}
	}
}

func TestClockText(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, berlin)
	if got := clockText(now.Add(-time.Hour).UTC(), now); got != "11:00:00" {
		t.Errorf("today: %q", got)
	}
	if got := clockText(now.AddDate(0, 0, -1), now); got != "2026-11-22 12:00:00" {
		t.Errorf("yesterday: %q", got)
	}
	if zone, word := zoneNames(now); zone != "Europe/Berlin" || word != "Europe/Berlin (UTC+01:00)" {
		t.Errorf("zone: %q, %q", zone, word)
	}
	if zone, word := zoneNames(now.UTC()); zone != "UTC" || word != "UTC" {
		t.Errorf("zone: %q, %q", zone, word)
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "*": true, "br": false, "gzipped": false, ";": false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
}
