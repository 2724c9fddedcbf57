package insight

import (
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// Shares is for how long a machine, or several, were in each state, in
// microseconds. Those of several are added up with Add.
type Shares struct {
	// Total is the time that was looked at: the sum of States, to the microsecond.
	Total int64
	// States is the time by plant.State; at 0 is that of which nothing is known.
	States [8]int64
}

// Share gives for how long a machine was in each state within windows, which
// neither overlap nor need to stand in order. What of a window the intervals do not
// cover, such as time that is still to come, does not count.
func Share(intervals []Interval, windows []Window) Shares {
	var s Shares
	for _, w := range windows {
		first, _ := slices.BinarySearchFunc(intervals, w.From, func(i Interval, t int64) int {
			if i.To <= t {
				return -1
			}
			return 1
		})
		for _, i := range intervals[first:] {
			if i.From >= w.To {
				break
			}
			if d := min(i.To, w.To) - max(i.From, w.From); d > 0 {
				s.States[i.State] += d
				s.Total += d
			}
		}
	}
	return s
}

// Add gives the shares of two machines, or of two stretches of time, together.
func (s Shares) Add(other Shares) Shares {
	s.Total += other.Total
	for i := range s.States {
		s.States[i] += other.States[i]
	}
	return s
}

// Known is the time of which it is known what the machine was doing.
func (s Shares) Known() int64 { return s.Total - s.States[0] - s.States[plant.NoLink] }

// Coverage is the part of the time of which it is known what the machine was doing,
// from 0 to 1; 0 where there is no time at all.
func (s Shares) Coverage() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Known()) / float64(s.Total)
}

// DoubtfulBelow is the coverage below which a figure is marked as doubtful.
const DoubtfulBelow = 0.9

// Figure is a figure with what it was worked out from. That of several machines has
// the sums of theirs, and not the mean of theirs.
type Figure struct {
	// ID names the definition, Label is what people read.
	ID, Label string
	// Numerator and Denominator are in Unit.
	Numerator, Denominator float64
	Unit                   string
	// Coverage is the part of the time that is known, from 0 to 1.
	Coverage float64
	// Value is nil where there is none: Note says why.
	Value *float64
	Note  string
}

// Doubtful reports whether too little is known for the value to be relied on.
func (f Figure) Doubtful() bool { return f.Value != nil && f.Coverage < DoubtfulBelow }

// NewFigure gives the figure of a numerator and a denominator. Without a denominator
// it has no value, and the note says why.
func NewFigure(id, label, unit string, numerator, denominator, coverage float64, note string) Figure {
	f := Figure{ID: id, Label: label, Numerator: numerator, Denominator: denominator, Unit: unit, Coverage: coverage}
	if !(denominator > 0) || math.IsInf(denominator, 0) {
		f.Note = note
		return f
	}
	value := numerator / denominator
	f.Value = &value
	return f
}

// The definitions of figures that shares tell.
const (
	FigureRunningShare          = "running-share"
	FigureRunningShareScheduled = "running-share-scheduled"
)

// What stands in place of a value.
const (
	NoteNoData       = "no data"
	NoteNotScheduled = "not scheduled"
)

// RunningShare is the part of all time that machines were running, of that which is
// known.
func RunningShare(s Shares) Figure {
	return NewFigure(FigureRunningShare, "Running share (calendar)", "s",
		seconds(s.States[plant.Running]), seconds(s.Known()), s.Coverage(), NoteNoData)
}

// RunningShareScheduled is the part of the working time that machines were running,
// of that which is known. The shares are those within the working windows.
func RunningShareScheduled(s Shares) Figure {
	note := NoteNoData
	if s.Total == 0 {
		note = NoteNotScheduled
	}
	return NewFigure(FigureRunningShareScheduled, "Running share (scheduled)", "s",
		seconds(s.States[plant.Running]), seconds(s.Known()), s.Coverage(), note)
}

func seconds(micros int64) float64 { return float64(micros) / 1e6 }
