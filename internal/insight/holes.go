package insight

import (
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
)

// broken yields observations, in order of run and sequence, with an unknown one
// of no item for each hole in front of what comes behind it, and the hole that it
// is of; nil for the others.
func broken(observations []plant.Observation, holes []Hole) iter.Seq2[plant.Observation, *Hole] {
	return func(yield func(plant.Observation, *Hole) bool) {
		next := 0
		for _, o := range observations {
			for ; next < len(holes) && holes[next].before(o); next++ {
				if !yield(holes[next].observation(), &holes[next]) {
					return
				}
			}
			if !yield(o, nil) {
				return
			}
		}
		for ; next < len(holes); next++ {
			if !yield(holes[next].observation(), &holes[next]) {
				return
			}
		}
	}
}

// before reports whether an observation lies behind the hole.
func (h Hole) before(o plant.Observation) bool {
	return h.Run < o.Run || h.Run == o.Run && h.Sequence <= o.Sequence
}

func (h Hole) observation() plant.Observation {
	return plant.Observation{Run: h.Run, Sequence: h.Sequence, Time: h.Time}
}

// reason says why nothing is known in the hole.
func (h *Hole) reason() string {
	if h.Restart {
		return string(ReasonRestart)
	}
	return string(ReasonGap)
}
