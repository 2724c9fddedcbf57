package shop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

func TestParseReadsEveryField(t *testing.T) {
	s, err := shop.Parse([]byte(`{"zone": "America/New_York", "areas": ["Milling", "Turning"],
		"patterns": [{"shifts": [{"name": "Early", "days": ["mon-fri"], "time": "06:00-14:00", "breaks": ["09:00-09:15"]}]}],
		"machines": {"vmc-01": {"area": "Milling", "name": "VMC 1", "idealCycle": "4m10s", "idealCycles": {"O2201": "7m30s"},
			"partsPerCycle": 2, "targets": {"Early": 60}, "maxJump": 50, "microStop": "2m",
			"rules": {"wait": "90s", "semiAutomatic": "running", "path": "all"}}},
		"boards": {"hall-1": {"title": "Hall 1", "areas": ["Milling"], "machines": ["bl-01"], "distance": 8}}}`), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if s.Zone.String() != "America/New_York" {
		t.Errorf("the zone is %s", s.Zone)
	}
	want := shop.Machine{
		Area: "Milling", Name: "VMC 1", IdealCycle: 250 * time.Second, IdealCycles: map[string]time.Duration{"O2201": 450 * time.Second},
		PartsPerCycle: 2, Targets: map[string]float64{"Early": 60}, MaxJump: 50, MicroStop: 2 * time.Minute,
		Rules: insight.Rules{Wait: 90 * time.Second, SemiAutomatic: plant.Running, Path: "all"},
	}
	if d := cmp.Diff(want, s.Machine("vmc-01")); d != "" {
		t.Errorf("the machine (-want +got):\n%s", d)
	}
	if got := s.Machine("vmc-01"); got.Ideal("O2201") != 450*time.Second || got.Ideal("O1") != 250*time.Second {
		t.Error("a program's ideal cycle is not that of the machine")
	}
	if d := cmp.Diff(map[string]shop.Board{"hall-1": {Title: "Hall 1", Areas: []string{"Milling"}, Machines: []string{"bl-01"}, Distance: 8}}, s.Boards); d != "" {
		t.Errorf("the boards (-want +got):\n%s", d)
	}
	if d := cmp.Diff(shop.Machine{}, s.Machine("other")); d != "" {
		t.Errorf("a machine of which nothing is said (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"vmc-01"}, s.Unknown([]string{"vmc-02"})); d != "" {
		t.Errorf("machines that do not exist (-want +got):\n%s", d)
	}
}

func TestParseNamesPlaceAndRemedy(t *testing.T) {
	shifts := func(shifts string) string { return `{"patterns": [{"shifts": [` + shifts + `]}]}` }
	for _, test := range []struct{ name, file, want string }{
		{"not JSON", "{\n\"zone\": Berlin}", `line 2: invalid character`},
		{"nothing", ``, `unexpected EOF; use a JSON object`},
		{"half", `{"zone": `, `unexpected EOF`},
		{"two values", `{} {}`, `there is something behind the object`},
		{"no object", `[]`, `use an object such as {"zone": "Europe/Berlin"}`},
		{"a key twice", `{"areas": [], "areas": []}`, `areas is given twice`},
		{"deep", strings.Repeat(`{"areas":`, 20), `nested too deep`},
		{"unknown key", `{"zones": "UTC"}`, `zones: there is no such key; there are zone, areas, patterns`},
		{"unknown key of a machine", `{"machines": {"vmc-01": {"aera": "A"}}}`, `machines.vmc-01.aera: there is no such key; there are area, name`},
		{"zone", `{"zone": "Berlin"}`, `zone: "Berlin" is no time zone; use a name of the IANA list such as "Europe/Berlin"`},
		{"zone of the server", `{"zone": "Local"}`, `zone: "Local" is no time zone`},
		{"area", `{"areas": ["A"], "machines": {"m": {"area": "B"}}}`, `machines.m.area: there is no area "B"; areas has A`},
		{"area twice", `{"areas": ["A", "A"]}`, `areas[1]: "A" is given twice`},
		{"text", `{"areas": [5]}`, `areas[0]: use a text such as "Hall 1"`},
		{"long text", `{"areas": ["` + strings.Repeat("x", 300) + `"]}`, `areas[0]: the text has 300 bytes; use at most 200`},
		{"control", `{"areas": ["a\u0000"]}`, `control character`},
		{"duration", `{"machines": {"m": {"idealCycle": 250}}}`, `machines.m.idealCycle: use a duration from 1ms to 720h0m0s, such as "4m10s"`},
		{"number", `{"machines": {"m": {"partsPerCycle": -1}}}`, `machines.m.partsPerCycle: use a number from 0.001 to 10000, such as 1`},
		{"target of no shift", `{"machines": {"m": {"targets": {"Erly": 1}}}}`, `machines.m.targets.Erly: there is no such shift; there are none`},
		{"rule", `{"machines": {"m": {"rules": {"semiAutomatic": "idle"}}}}`, `machines.m.rules.semiAutomatic: use "setup" or "running"`},
		{"board", `{"boards": {"Hall 1": {}}}`, `boards.Hall 1: name a board by small letters`},
		{"no name", shifts(`{"days": ["mon"], "time": "06:00-14:00"}`), `patterns[0].shifts[0]: name is missing`},
		{"no days", shifts(`{"name": "A", "time": "06:00-14:00"}`), `patterns[0].shifts[0]: days is missing; write "days": ["mon-fri"]`},
		{"days", shifts(`{"name": "A", "days": ["monday"], "time": "06:00-14:00"}`), `patterns[0].shifts[0].days[0]: use mon, tue`},
		{"a day twice", shifts(`{"name": "A", "days": ["mon-fri", "tue"], "time": "06:00-14:00"}`), `days[1]: Tuesday is given twice`},
		{"time", shifts(`{"name": "A", "days": ["mon"], "time": "6-14"}`), `patterns[0].shifts[0].time: use two times of day such as "06:00-14:00"`},
		{"time of no clock", shifts(`{"name": "A", "days": ["mon"], "time": "06:00-25:00"}`), `use two times of day`},
		{"break outside", shifts(`{"name": "A", "days": ["mon"], "time": "06:00-14:00", "breaks": ["13:50-14:10"]}`), `breaks[0]: the break is not within its shift`},
		{"breaks at once", shifts(`{"name": "A", "days": ["mon"], "time": "06:00-14:00", "breaks": ["09:00-09:30", "09:15-09:45"]}`), `two breaks are at the same time, about 09:15`},
		{"overlap", shifts(`{"name": "A", "days": ["mon"], "time": "06:00-14:00"}, {"name": "B", "days": ["mon"], "time": "13:00-20:00"}`), `patterns[0].shifts[1]: the shift is on at the same time as "A" on Monday`},
		{"name twice", shifts(`{"name": "A", "days": ["mon"], "time": "06:00-14:00"}, {"name": "A", "days": ["mon"], "time": "14:00-20:00"}`), `there are two shifts "A" on Monday`},
		{"night into the week", shifts(`{"name": "N", "days": ["sun"], "time": "22:00-06:30"}, {"name": "A", "days": ["mon"], "time": "06:00-14:00"}`), `the shift "N" goes on until 06:30 on Monday, when "A" has begun`},
		{"night into an exception", `{"patterns": [{"shifts": [{"name": "N", "days": ["mon"], "time": "22:00-06:00"}]}],
			"exceptions": {"2026-11-24": {"shifts": [{"name": "A", "time": "05:00-12:00"}]}}}`, `exceptions.2026-11-24: the shift "N" goes on until 06:00 on 2026-11-24, when "A" has begun`},
		{"night out of an exception", `{"patterns": [{"shifts": [{"name": "A", "days": ["wed"], "time": "05:00-12:00"}]}],
			"exceptions": {"2026-11-24": {"shifts": [{"name": "N", "time": "22:00-06:00"}]}}}`, `goes on until 06:00 on 2026-11-25`},
		{"order of patterns", `{"patterns": [{"from": "2026-06-01", "shifts": []}, {"from": "2026-01-01", "shifts": []}]}`, `patterns[1]: the pattern before is in force from 2026-06-01`},
		{"pattern without a day", `{"patterns": [{"shifts": []}, {"shifts": []}]}`, `patterns[1]: say from which day on`},
		{"day", `{"holidays": {"25.12.2026": "Christmas"}}`, `holidays.25.12.2026: "25.12.2026" is not a day: write it as 2026-11-23`},
		{"day in both", `{"exceptions": {"2026-12-25": {"shifts": []}}, "holidays": {"2026-12-25": "Christmas"}}`, `holidays.2026-12-25: the day is among the exceptions as well`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := shop.Parse([]byte(test.file), time.UTC)
			if err == nil || !strings.Contains(err.Error(), test.want) || plant.ErrorCode(err) != plant.Invalid {
				t.Errorf("got %v; want an error with %q", err, test.want)
			}
		})
	}
}

func TestParseNamesAllProblemsUpToALimit(t *testing.T) {
	_, err := shop.Parse([]byte(`{"zone": "Berlin", "area": []}`), time.UTC)
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("got %v; want two problems", err)
	}
	_, err = shop.Parse([]byte(`{"areas": [`+strings.Repeat("1,", 99)+`1]}`), time.UTC)
	if err == nil || !strings.HasSuffix(err.Error(), "\nand 80 more") {
		t.Errorf("got %v; want 20 problems and how many more there are", err)
	}
}

func TestReadFileHasALimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.json")
	if err := os.WriteFile(path, make([]byte, shop.MaxFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := shop.ReadFile(path, time.UTC, time.Now())
	if err == nil || !strings.Contains(err.Error(), "more than 4194304 bytes") {
		t.Errorf("got %v; want an error that names the limit", err)
	}
}

// Whatever a file holds, it is read or refused with a reason, and the calendar of
// one that is read works.
func FuzzParse(f *testing.F) {
	f.Add([]byte(threeShifts))
	f.Add([]byte(`{"exceptions": {"2026-12-24": {"shifts": [{"name": "A", "time": "22:00-22:00", "breaks": ["01:00-02:00"]}]}}}`))
	f.Add([]byte(`{"machines": {"m": {"rules": {"wait": "1s"}}}, "boards": {"b": {"distance": 1}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := shop.Parse(data, time.UTC)
		if err != nil {
			if plant.ErrorCode(err) != plant.Invalid {
				t.Fatalf("%v is of code %s", err, plant.ErrorCode(err))
			}
			return
		}
		now := time.Date(2026, 12, 24, 23, 0, 0, 0, time.UTC).UnixMicro()
		shifts := s.Calendar.Between(now-7*24*time.Hour.Microseconds(), now+7*24*time.Hour.Microseconds())
		for i, shift := range shifts {
			if shift.From >= shift.To || i > 0 && shift.From < shifts[i-1].To {
				t.Fatalf("%s overlaps the shift before", shift.ID())
			}
		}
	})
}
