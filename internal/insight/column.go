package insight

import "github.com/factorydash/factorydash/internal/plant"

// column is the observations of one pixel column while they come in. The zero
// value is an empty column.
type column struct {
	number uint64
	// count is how many observations came in; each is known by its place among
	// them, from 1.
	count int

	first, last spot
	// min and max are the lowest and the highest number; place 0 where there
	// is none. minGap and maxGap are the gaps before them.
	min, max       spot
	minGap, maxGap gap
	// gap is the last gap that began in the column.
	gap gap
	// open is true from the begin of that gap until its end.
	open bool
}

// spot is an observation with its place in the column.
type spot struct {
	plant.Observation
	place int
}

// gap is a gap with its begin and its end; places 0 where there was none.
type gap struct{ begin, end spot }

// add takes one observation.
func (c *column) add(o plant.Observation) {
	s := spot{o, c.count + 1}
	c.take(s, s, 1)
	value := meaning(o)
	if value.Kind == plant.Unknown {
		c.gap, c.open = gap{begin: s}, true
		return
	}
	c.close(s)
	if value.Kind == plant.Number {
		c.lower(s)
		c.raise(s)
	}
}

// addMany takes the observations of a summary of more than one, which are all
// numbers: as add does one by one.
func (c *column) addMany(s plant.Summary) {
	first := spot{s.First, c.count + 1}
	c.take(first, spot{s.Last, c.count + s.Count}, s.Count)
	c.close(first)
	c.lower(spot{s.Low, first.place + s.LowAt})
	c.raise(spot{s.High, first.place + s.HighAt})
}

// take counts observations, of which first and last are the ends.
func (c *column) take(first, last spot, count int) {
	if c.count == 0 {
		c.first = first
	}
	c.last = last
	c.count += count
}

// close ends the gap that is open with an observation that is known.
func (c *column) close(s spot) {
	if c.open {
		c.gap.end, c.open = s, false
	}
}

// lower makes a number the lowest where it is lower than all before it.
func (c *column) lower(s spot) {
	if c.min.place == 0 || s.Value.Number < c.min.Value.Number {
		c.min, c.minGap = s, c.gap
	}
}

// raise makes a number the highest where it is higher than all before it.
func (c *column) raise(s spot) {
	if c.max.place == 0 || s.Value.Number > c.max.Value.Number {
		c.max, c.maxGap = s, c.gap
	}
}

// flush appends what the column keeps to points, in order, and empties it.
func (c *column) flush(points *[]plant.Observation) {
	if c.count == 0 {
		return
	}
	low, lowGap, high, highGap := c.min, c.minGap, c.max, c.maxGap
	if low.place > high.place {
		low, lowGap, high, highGap = high, highGap, low, lowGap
	}
	done := 0
	for _, s := range []spot{c.first, lowGap.begin, lowGap.end, low, highGap.begin, highGap.end, high, c.gap.begin, c.gap.end, c.last} {
		// Places not taken are 0; what is kept already is not kept twice.
		if s.place > done {
			*points = append(*points, s.Observation)
			done = s.place
		}
	}
	*c = column{number: c.number}
}
