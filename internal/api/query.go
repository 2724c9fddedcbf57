package api

import (
	"math"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// checkCount gives a count that was asked for, or what stands for 0. Invalid
// where it is out of its bounds.
func checkCount(field string, n, standard, least, most int) (int, error) {
	if n == 0 {
		return standard, nil
	}
	if n < least || n > most {
		return 0, plant.Errorf(plant.Invalid, "%s: use a number from %d to %d, not %d", field, least, most, n)
	}
	return n, nil
}

// errCursor says that a cursor is none.
func errCursor(s string) error {
	return plant.Errorf(plant.Invalid, "after: %s is not a cursor; use the \"next\" of the page before", quote(s))
}

// microseconds gives a range in microseconds: without a beginning, the last
// DefaultRange before its end; without an end, everything there is. Invalid
// where it ends before it begins.
func (s *Service) microseconds(from, to time.Time) (first, end int64, err error) {
	end = math.MaxInt64
	if !to.IsZero() {
		end = to.UnixMicro()
	}
	if from.IsZero() {
		from = s.now()
		if !to.IsZero() {
			from = to
		}
		from = from.Add(-DefaultRange)
	}
	first = from.UnixMicro()
	if end <= first {
		return 0, 0, plant.Errorf(plant.Invalid, "to: use a time after \"from\", which is %s", from.UTC().Format(time.RFC3339Nano))
	}
	return first, end, nil
}

// checkLength refuses a range that is longer than it may be.
func checkLength(first, end int64, longest time.Duration) error {
	if uint64(end)-uint64(first) > uint64(longest.Microseconds()) {
		return plant.Errorf(plant.Invalid, "from: use a time at most %d days before the end of the range", longest/(24*time.Hour))
	}
	return nil
}
