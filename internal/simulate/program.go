package simulate

import (
	"math"
	"time"
)

// program is a part program as it stands in a machine's program book.
type program struct {
	name, comment string
	// second is the name of the program that the second path runs beside it.
	second string
	ops    []operation
}

// operation is what a program does with one tool.
type operation struct {
	// path is the path that does it.
	path int
	// spindle is the number of the spindle that turns, −1 for none.
	spindle int
	// tool is the number of the tool, 0 where there is none.
	tool int
	// speed is in revolutions per minute, feed in millimetres per minute.
	speed, feed float64
	// load is the load of what does the work, the spindle as a rule, with a
	// sharp tool, in per cent.
	load  float64
	shape shape
	moves motion
	// passes is how often the motion is gone through.
	passes float64
	lasts  time.Duration
	// stop is true where the program has an optional stop (M01) after it.
	stop bool
}

// shape is how the load goes over an operation.
type shape uint8

const (
	steady shape = iota
	// pulsing is one hole after another.
	pulsing
	// rising is a cut that gets deeper.
	rising
	// falling is a face turned to its middle, or a wheel that sparks out.
	falling
)

// at gives the load as a factor at the share f of an operation.
func (s shape) at(f, passes float64) float64 {
	entry := min(1, f*25, (1-f)*25) // in and out of the material
	switch s {
	case pulsing:
		return entry * (0.25 + 0.75*math.Max(0, math.Sin(2*math.Pi*f*passes)))
	case rising:
		return entry * (0.6 + 0.6*f)
	case falling:
		return entry * (1.15 - 0.75*f)
	default:
		return entry * (1 + 0.08*math.Sin(2*math.Pi*f*passes))
	}
}

// motion is the kind of path a tool goes.
type motion uint8

const (
	parked motion = iota
	facing
	contouring
	drilling
	turning
	grinding
	wiring
	reaching
)

// at gives where an axis is at the share f of an operation, from −1 to 1 of
// its reach. Axes are told apart by their place in the machine.
func (m motion) at(axis int, f, passes float64) float64 {
	turn := 2 * math.Pi * f * passes
	switch m {
	case facing: // to and fro along the first axis, step by step along the second
		return [...]float64{triangle(f * passes), 2*f - 1, -0.4, 0, 0, 0}[axis%6]
	case contouring: // round and round, deeper and deeper; rotary axes swing
		return [...]float64{math.Cos(turn), math.Sin(turn), -0.2 - 0.6*f, 0.5 * math.Sin(turn/3), math.Cos(turn / 5), 0}[axis%6]
	case drilling: // from hole to hole on a grid, up and down
		hole := math.Floor(f * passes)
		return [...]float64{math.Mod(hole, 5)/2 - 1, math.Mod(math.Floor(hole/5), 5)/2 - 1, -math.Abs(math.Sin(math.Pi * f * passes)), 0, 0, 0}[axis%6]
	case turning: // cut along the second axis, step inwards with the first
		return [...]float64{0.8 - 1.2*math.Floor(f*passes)/max(1, passes), 1 - 2*math.Mod(f*passes, 1), 0, 0, 0, 0}[axis%6]
	case grinding: // oscillate along one axis, feed slowly with the other
		return [...]float64{0.2 - 0.1*f, triangle(f * passes), 0, 0, 0, 0}[axis%6]
	case wiring: // once round the contour; the upper guides follow with taper
		return [...]float64{math.Cos(turn) * (1 - 0.2*math.Cos(3*turn)), math.Sin(turn), 0.05, 0.1 * math.Cos(turn), 0.1 * math.Sin(turn), 0}[axis%6]
	case reaching: // an arm between two places
		return math.Sin(turn+float64(axis)*0.7) * (1 - 0.1*float64(axis))
	default:
		return 0
	}
}

// triangle goes from −1 to 1 and back over each unit of x.
func triangle(x float64) float64 {
	return 1 - 4*math.Abs(math.Mod(x, 1)-0.5)
}
