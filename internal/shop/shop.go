package shop

import (
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
)

// Shop is what people say of their plant. It does not change: a new file makes a
// new one.
type Shop struct {
	// Zone is where the plant is: its shifts, days and weeks are by the clock on
	// its wall.
	Zone     *time.Location
	Calendar Calendar
	// Machines are those of which something is said, by slug; see Machine.
	Machines map[string]Machine
	// Areas are the parts of the plant in the order in which they are shown.
	Areas []string
	// Boards are the displays on the shop floor, by the name in their address.
	Boards map[string]Board

	// File is the file it was read from, and Read when; File is empty where there
	// is none.
	File string
	Read time.Time
	// Problem says what is wrong with the newest file, in lines, where this Shop
	// is one that was read before it; empty otherwise. Found is when that was
	// found.
	Problem string
	Found   time.Time
}

// Defaults of a machine of which nothing else is said.
const (
	// DefaultMaxJump is the most parts that a counter may gain at once.
	DefaultMaxJump = 100
	// DefaultMicroStop is how long a stop may last to be a micro-stop.
	DefaultMicroStop = 5 * time.Minute
)

// Machine is what people say of one machine.
type Machine struct {
	// Area is the part of the plant that it stands in, one of Shop.Areas; empty
	// where that is not said.
	Area string
	// Name is what people call it; empty: as the agent does.
	Name string
	// IdealCycle is how long a cycle takes at best, whatever the program; 0 where
	// that is not said. IdealCycles has those of programs.
	IdealCycle  time.Duration
	IdealCycles map[string]time.Duration
	// PartsPerCycle is how many parts a cycle makes; 0 where that is not said,
	// which means 1.
	PartsPerCycle float64
	// Targets are the parts that a shift is to make, by its name.
	Targets map[string]float64
	// MaxJump is the most parts that the counter may gain at once: more is a
	// glitch. 0: DefaultMaxJump.
	MaxJump int
	// MicroStop is how long a stop may last to be a micro-stop. 0:
	// DefaultMicroStop.
	MicroStop time.Duration
	// Rules say how its states are to be understood.
	Rules insight.Rules
}

// Ideal is how long a cycle of a program takes at best; 0 where that is not said.
func (m Machine) Ideal(program string) time.Duration {
	if d, ok := m.IdealCycles[program]; ok {
		return d
	}
	return m.IdealCycle
}

// Board is a display on the shop floor.
type Board struct {
	Title string
	// Areas and Machines (by slug) are what it shows; all where both are empty.
	Areas    []string
	Machines []string
	// Distance is from how far away it is read, in metres; 0 where that is not
	// said.
	Distance float64
}

// None is the Shop of a plant of which nothing is said: no shifts, and the zone.
func None(zone *time.Location) *Shop { return &Shop{Zone: zone} }

// Machine gives what is said of a machine; the zero Machine where nothing is.
func (s *Shop) Machine(slug string) Machine { return s.Machines[slug] }

// Unknown gives the machines that the shop names and that are not among the slugs,
// in order: they were misspelt, renamed, or have not been seen yet.
func (s *Shop) Unknown(slugs []string) []string {
	var unknown []string
	for slug := range s.Machines {
		if !slices.Contains(slugs, slug) {
			unknown = append(unknown, slug)
		}
	}
	slices.Sort(unknown)
	return unknown
}
