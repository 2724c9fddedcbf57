package insight

import (
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
)

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
// Where there are no more than Room observations, all of them are kept. Where
// there are more, those that repeat the text or the unknown before them go first,
// and where that is enough, every change of a text is kept. A condition counts as
// the text of its level.
//
// A summary of more than one gives what its observations give one by one, which
// is so where they are all numbers within one column, with no gap between them,
// and the range has more numbers than Room: then it comes to columns, and of a
// column no more is asked than the summary tells. That is what
// store.Reader.ItemSummaries yields for the same range, columns and Room.
//
// Observations outside of the range are kept as they are; the caller has no more
// than the last before it and the gap behind that. The memory used is
// proportional to columns, which is at least 1. The error of the observations is
// returned as it is.
func Downsample(summaries iter.Seq2[plant.Summary, error], from, to int64, columns int) ([]plant.Observation, error) {
	d := downsampler{from: from, to: to, width: columnWidth(from, to, columns), room: Room(columns)}
	for s, err := range summaries {
		switch {
		case err != nil:
			return nil, err
		case s.Count > 1:
			d.addMany(s)
		default:
			d.add(s.First)
		}
	}
	d.column.flush(&d.points)
	return d.points, nil
}

// downsampler works in three stages, each of which begins when the points of the
// one before have no room: it keeps everything; it leaves repetitions out; it
// works by columns. When a stage begins makes no difference, but that it does.
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

// add takes one observation.
func (d *downsampler) add(o plant.Observation) {
	repeated := d.begun && repeats(d.last, o)
	d.last, d.begun = o, true
	if !d.within(o) {
		d.column.flush(&d.points)
		d.points = append(d.points, o)
		d.room++
		return
	}
	if d.stage == everything && len(d.points) == d.room {
		d.advance(changes)
	}
	if d.stage != everything && repeated {
		return
	}
	if d.stage == changes && len(d.points) == d.room {
		d.advance(columnwise)
	}
	if d.stage == columnwise {
		d.enter(o.Time)
		d.column.add(o)
		return
	}
	d.points = append(d.points, o)
}

// addMany takes a summary of more than one observation.
func (d *downsampler) addMany(s plant.Summary) {
	d.last, d.begun = s.Last, true
	d.advance(columnwise)
	d.enter(s.First.Time)
	d.column.addMany(s)
}

// advance goes on to a stage, where it is not there yet.
func (d *downsampler) advance(stage int) {
	if d.stage < changes && stage >= changes {
		d.leaveRepeatsOut()
	}
	if d.stage < columnwise && stage >= columnwise {
		d.regroup()
	}
	d.stage = max(d.stage, stage)
}

// leaveRepeatsOut leaves out of the points what repeats the observation before
// it.
func (d *downsampler) leaveRepeatsOut() {
	kept := d.points[:0]
	var last plant.Observation
	for i, o := range d.points {
		if i == 0 || !d.within(o) || !repeats(last, o) {
			kept = append(kept, o)
		}
		last = o
	}
	d.points = kept
}

// regroup puts the points kept so far into columns.
func (d *downsampler) regroup() {
	kept := d.points
	d.points = make([]plant.Observation, 0, len(kept))
	for _, o := range kept {
		if !d.within(o) {
			d.column.flush(&d.points)
			d.points = append(d.points, o)
			continue
		}
		d.enter(o.Time)
		d.column.add(o)
	}
}

// enter goes to the column of a time within the range.
func (d *downsampler) enter(time int64) {
	if n := columnOf(time, d.from, d.width); n != d.column.number {
		d.column.flush(&d.points)
		d.column.number = n
	}
}

// within reports whether an observation lies within the range.
func (d *downsampler) within(o plant.Observation) bool {
	return o.Time >= d.from && o.Time < d.to
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
