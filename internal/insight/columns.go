package insight

// PointsPerColumn is how many points of a column Downsample keeps where no value
// became unknown within it: the first, the last, the lowest and the highest.
const PointsPerColumn = 4

// maxPerColumn is how many it keeps at most: between two of the four there may
// be the begin and the end of a gap.
const maxPerColumn = PointsPerColumn + 2*(PointsPerColumn-1)

// Columns is how many pixel columns a chart has that shall have no more than
// points points where no value became unknown; at least 1.
func Columns(points int) int { return max(1, points/PointsPerColumn) }

// Room is how many observations of a range Downsample keeps all of, whatever
// they are.
func Room(columns int) int { return columns * PointsPerColumn }

// MaxPoints is how many points Downsample gives at most for observations that
// all lie within the range.
func MaxPoints(columns int) int { return columns * maxPerColumn }

// columnWidth is how many microseconds a pixel column of the range
// from ≤ time < to takes: the range divided by the number of columns, rounded up,
// and at least 1. Column n, from 0, has the times
//
//	from + n·width ≤ time < from + (n+1)·width
//
// so that the last column may reach beyond the range, and columns behind it stay
// empty where the range is short. Stores that put observations of one column
// together (store.Reader.ItemSummaries) count columns in the same way.
//
// The differences of times are unsigned, since a range may be longer than an
// int64 holds.
func columnWidth(from, to int64, columns int) uint64 {
	span := uint64(1)
	if to > from {
		span = uint64(to) - uint64(from)
	}
	return (span-1)/uint64(columns) + 1
}

// columnOf is the number of the column in which a time within the range lies.
func columnOf(time, from int64, width uint64) uint64 {
	return (uint64(time) - uint64(from)) / width
}
