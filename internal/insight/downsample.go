package insight

import (
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
)

// PointsPerColumn is how many points of a column Downsample keeps where no value
// became unknown within it: the first, the last, the lowest and the highest.
const PointsPerColumn = 4

// maxPerColumn is how many it keeps at most: between two of the four there may
// be the begin and the end of a gap.
const maxPerColumn = PointsPerColumn + 2*(PointsPerColumn-1)

// MaxPoints is how many points Downsample gives at most for observations that
// all lie within the range.
func MaxPoints(columns int) int { return columns * maxPerColumn }

// Downsample thins the observations of one data item, in order of time, to what
// a chart as wide as columns pixels over from ≤ time < to (microseconds) can
// show. It follows M4 (Jugel, Jerzak, Hackenbroich, Markl: "M4: A
// Visualization-Oriented Time Series Data Aggregation", VLDB 2014): of each
// pixel column it keeps the first, the last, the lowest and the highest
// observation, so that the line drawn is the same as from all of them. Of equal
// ones the first counts.
//
// Unknown values are part of the picture: a gap is the time from an unknown
// observation to the next that is known. Between two points that are kept there
// is always a gap where there was one, with its begin and its end; of several
// such gaps, which then lie within one column, the last is kept. A gap that
// reaches from one column into another is always kept with its begin and its
// end.
//
// Where there are no more than PointsPerColumn observations for each column, all
// of them are kept. Where there are more, those that repeat the text or the
// unknown before them go first, and where that is enough, every change of a text
// is kept. A condition counts as the text of its level.
//
// Observations outside of the range are kept as they are; the caller has no more
// than the last before it and the gap behind that. The memory used is proportional to columns, which is
// at least 1. The error of the observations is returned as it is.
func Downsample(observations iter.Seq2[plant.Observation, error], from, to int64, columns int) ([]plant.Observation, error) {
	d := downsampler{from: from, to: to, room: columns * PointsPerColumn}
	d.width = (span(from, to)-1)/uint64(columns) + 1
	for o, err := range observations {
		if err != nil {
			return nil, err
		}
		d.add(o)
	}
	d.column.flush(&d.points)
	return d.points, nil
}

// span is to−from, which may be more than an int64 holds; at least 1.
func span(from, to int64) uint64 {
	if to <= from {
		return 1
	}
	return uint64(to) - uint64(from)
}

// downsampler works in three stages, each of which begins when the points of the
// one before have no room: it keeps everything; it leaves repetitions out; it
// works by columns.
type downsampler struct {
	from, to int64
	width    uint64 // of a column, in microseconds
	room     int
	stage    int

	points []plant.Observation
	last   plant.Observation
	begun  bool

	column column
}

// The stages.
const (
	everything = iota
	changes
	columnwise
)

func (d *downsampler) add(o plant.Observation) {
	repeated := d.begun && repeats(d.last, o)
	d.last, d.begun = o, true
	if o.Time < d.from || o.Time >= d.to {
		d.column.flush(&d.points)
		d.points = append(d.points, o)
		d.room++
		return
	}
	if d.stage == everything && len(d.points) == d.room {
		d.stage = changes
		d.points = withoutRepeats(d.points)
	}
	if d.stage != everything && repeated {
		return
	}
	if d.stage == changes && len(d.points) == d.room {
		d.stage = columnwise
		d.regroup()
	}
	if d.stage == columnwise {
		d.place(o)
		return
	}
	d.points = append(d.points, o)
}

// regroup puts the points kept so far into columns.
func (d *downsampler) regroup() {
	kept := d.points
	d.points = make([]plant.Observation, 0, len(kept))
	for _, o := range kept {
		if o.Time < d.from || o.Time >= d.to {
			d.column.flush(&d.points)
			d.points = append(d.points, o)
			continue
		}
		d.place(o)
	}
}

// place puts an observation within the range into its column.
func (d *downsampler) place(o plant.Observation) {
	if n := (uint64(o.Time) - uint64(d.from)) / d.width; n != d.column.number {
		d.column.flush(&d.points)
		d.column.number = n
	}
	d.column.add(o)
}

// repeats reports whether o says of a text or of the unknown the same as the
// observation before it. A number is always a measurement of its own.
func repeats(before, o plant.Observation) bool {
	a, b := meaning(before), meaning(o)
	return a == b && b.Kind != plant.Number
}

// meaning is what an observation says: its value, or the level of a condition.
func meaning(o plant.Observation) plant.Value {
	switch {
	case o.Alarm == nil:
		return o.Value
	case o.Alarm.Level == plant.LevelUnavailable:
		return plant.Value{}
	default:
		return plant.Value{Kind: plant.Text, Text: o.Alarm.Level.String()}
	}
}

// withoutRepeats leaves out what repeats the observation before it.
func withoutRepeats(all []plant.Observation) []plant.Observation {
	kept := all[:0]
	var last plant.Observation
	for i, o := range all {
		if i == 0 || !repeats(last, o) {
			kept = append(kept, o)
		}
		last = o
	}
	return kept
}
