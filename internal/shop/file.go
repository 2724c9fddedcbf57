package shop

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// Limits of what a file says; each message names the one that was broken.
const (
	maxMachines = 10_000
	maxDates    = 10_000
	maxShifts   = 24
)

// ReadFile reads a shop file. What is wrong with it, named with its place and what
// would be right, is an error of code plant.Invalid with a line for each problem.
// Where the file names no zone, the plant is in the given one.
func ReadFile(path string, zone *time.Location, now time.Time) (*Shop, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("shop file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("shop file %s: %w", path, err)
	}
	s, err := Parse(data, zone)
	if err != nil {
		return nil, err
	}
	s.File, s.Read = path, now
	return s, nil
}

// Parse reads what a shop file holds; see ReadFile.
func Parse(data []byte, zone *time.Location) (*Shop, error) {
	if len(data) > MaxFileBytes {
		return nil, plant.Errorf(plant.Invalid, "shop file: it has more than %d bytes, which is the most that is read", MaxFileBytes)
	}
	root, err := parseTree(data)
	if err != nil {
		return nil, plant.Errorf(plant.Invalid, `shop file: %v; use a JSON object such as {"zone": "Europe/Berlin"}`, err)
	}
	r := reader{zone: zone}
	s := r.shop(root)
	if text := r.text(); text != "" {
		return nil, plant.Errorf(plant.Invalid, "shop file: %s", text)
	}
	return s, nil
}

// reader makes a Shop from the tree of a file.
type reader struct {
	problems
	zone *time.Location
}

func (r *reader) shop(root node) *Shop {
	top := r.object(root, `{"zone": "Europe/Berlin"}`, "zone", "areas", "patterns", "exceptions", "holidays", "machines", "boards")
	s := &Shop{Zone: r.zone}
	if n, ok := top["zone"]; ok {
		s.Zone = r.location(n)
	}
	s.Calendar = r.calendar(top, s.Zone)
	if n, ok := top["areas"]; ok {
		s.Areas = r.areas(n)
	}
	if n, ok := top["machines"]; ok {
		s.Machines = r.machines(n, s)
	}
	if n, ok := top["boards"]; ok {
		s.Boards = r.boards(n, s)
	}
	return s
}

func (r *reader) location(n node) *time.Location {
	const example = "Europe/Berlin"
	name := r.string(n, example)
	if name == "" {
		return r.zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		r.add(n, "%q is no time zone; use a name of the IANA list such as %q", short(name), example)
		return r.zone
	}
	return zone
}

func (r *reader) areas(n node) []string {
	var areas []string
	for _, e := range r.array(n, `["Hall 1", "Hall 2"]`) {
		name := r.string(e, "Hall 1")
		if name != "" && slices.Contains(areas, name) {
			r.add(e, "%q is given twice", name)
		}
		areas = append(areas, name)
	}
	return areas
}

// area reads the name of an area that the file has.
func (r *reader) area(n node, s *Shop) string {
	name := r.string(n, "Hall 1")
	if name != "" && !slices.Contains(s.Areas, name) {
		r.add(n, "there is no area %q; areas has %s", short(name), orNothing(s.Areas))
	}
	return name
}

func (r *reader) machines(n node, s *Shop) map[string]Machine {
	members := r.object(n, `{"vmc-01": {"area": "Hall 1"}}`)
	if len(members) > maxMachines {
		r.add(n, "there are %d machines; use at most %d", len(members), maxMachines)
		return nil
	}
	shifts := s.Calendar.Names()
	machines := make(map[string]Machine, len(members))
	for _, slug := range n.keys {
		machines[slug] = r.machine(members[slug], s, shifts)
	}
	return machines
}

func (r *reader) machine(n node, s *Shop, shifts []string) Machine {
	fields := r.object(n, `{"area": "Hall 1"}`,
		"area", "name", "idealCycle", "idealCycles", "partsPerCycle", "targets", "maxJump", "microStop", "rules")
	var m Machine
	if n, ok := fields["area"]; ok {
		m.Area = r.area(n, s)
	}
	if n, ok := fields["name"]; ok {
		m.Name = r.string(n, "VMC 1")
	}
	if n, ok := fields["idealCycle"]; ok {
		m.IdealCycle = r.duration(n, time.Millisecond, maxCycle, "4m10s")
	}
	if n, ok := fields["idealCycles"]; ok {
		m.IdealCycles = make(map[string]time.Duration)
		for program, n := range r.object(n, `{"O2201": "7m30s"}`) {
			m.IdealCycles[program] = r.duration(n, time.Millisecond, maxCycle, "7m30s")
		}
	}
	if n, ok := fields["partsPerCycle"]; ok {
		m.PartsPerCycle = r.number(n, 0.001, 10_000, "1")
	}
	if n, ok := fields["targets"]; ok {
		m.Targets = make(map[string]float64)
		for shift, n := range r.object(n, `{"Early": 60, "Late": 60}`) {
			if !slices.Contains(shifts, shift) {
				r.add(n, "there is no such shift; there are %s", orNothing(shifts))
			}
			m.Targets[shift] = r.number(n, 0, 1e9, "60")
		}
	}
	if n, ok := fields["maxJump"]; ok {
		m.MaxJump = int(r.number(n, 1, 1e9, "100"))
	}
	if n, ok := fields["microStop"]; ok {
		m.MicroStop = r.duration(n, time.Second, 24*time.Hour, "5m")
	}
	if n, ok := fields["rules"]; ok {
		m.Rules = r.rules(n)
	}
	return m
}

// maxCycle is the longest that a cycle can take.
const maxCycle = 30 * 24 * time.Hour

func (r *reader) rules(n node) insight.Rules {
	var rules insight.Rules
	fields := r.object(n, `{"wait": "60s"}`, "wait", "semiAutomatic", "path")
	if n, ok := fields["wait"]; ok {
		rules.Wait = r.duration(n, time.Second, 24*time.Hour, "60s")
	}
	if n, ok := fields["semiAutomatic"]; ok {
		switch word := r.string(n, plant.Setup.Slug()); word {
		case plant.Setup.Slug():
			rules.SemiAutomatic = plant.Setup
		case plant.Running.Slug():
			rules.SemiAutomatic = plant.Running
		default:
			r.add(n, "use %q or %q", plant.Setup.Slug(), plant.Running.Slug())
		}
	}
	if n, ok := fields["path"]; ok {
		rules.Path = r.string(n, "all")
	}
	return rules
}

func (r *reader) boards(n node, s *Shop) map[string]Board {
	boards := make(map[string]Board)
	members := r.object(n, `{"hall-1": {"title": "Hall 1", "areas": ["Hall 1"]}}`)
	for _, name := range n.keys {
		n := members[name]
		if !isAddress(name) {
			r.add(n, "name a board by small letters, digits and dashes, since the name is a part of its address")
		}
		fields := r.object(n, `{"title": "Hall 1", "areas": ["Hall 1"]}`, "title", "areas", "machines", "distance")
		var b Board
		if n, ok := fields["title"]; ok {
			b.Title = r.string(n, "Hall 1")
		}
		if n, ok := fields["areas"]; ok {
			for _, e := range r.array(n, `["Hall 1"]`) {
				b.Areas = append(b.Areas, r.area(e, s))
			}
		}
		if n, ok := fields["machines"]; ok {
			for _, e := range r.array(n, `["vmc-01"]`) {
				b.Machines = append(b.Machines, r.string(e, "vmc-01"))
			}
		}
		if n, ok := fields["distance"]; ok {
			b.Distance = r.number(n, 0.5, 100, "8")
		}
		boards[name] = b
	}
	return boards
}

// duration reads a duration of a range, written as 4m10s.
func (r *reader) duration(n node, least, most time.Duration, example string) time.Duration {
	text, _ := n.value.(string)
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		r.add(n, "use a duration from %s to %s, such as %q", least, most, example)
		return 0
	}
	return d
}

// isAddress reports whether a name can stand in an address as it is.
func isAddress(name string) bool {
	return name != "" && len(name) <= 60 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
