package block

import (
	"context"

	"github.com/factorydash/factorydash/internal/plant"
)

// Lost says where observations are gone with the table that had their rows. A read
// that needs one of them cannot tell it from one that never was.
type Lost struct {
	// Item is that of observations of an item.
	Item plant.ItemID
	// MinTime to MaxTime and FirstSequence to LastSequence are where they can be:
	// hardly ever are they all that lies there.
	MinTime, MaxTime            int64
	FirstSequence, LastSequence int64
	// Err is what a read gives that needs them: plant.Damaged.
	Err error
}

// whole gives the error of what the range lacks from a time on.
func (r *itemReader) whole(lost []Lost, after int64) error {
	for _, l := range lost {
		if l.MinTime < r.to && l.MaxTime >= after {
			return l.Err
		}
	}
	return nil
}

// known gives the error of what may have come behind the last observations before
// the range.
func (r *itemReader) known(lost []Lost, last map[plant.ItemID]plant.Observation) error {
	for _, l := range lost {
		if o, ok := last[l.Item]; l.MinTime < r.from && (!ok || o.Time <= l.MaxTime) {
			return l.Err
		}
	}
	return nil
}

// whole gives the error of what the window lacks, unless it is complete.
func (w *window) whole(ctx context.Context, v View) error {
	if w.complete() {
		return nil
	}
	lost, err := v.LostOfRun(ctx, w.run)
	if err != nil {
		return err
	}
	for _, l := range lost {
		first, last := max(l.FirstSequence, w.from), min(l.LastSequence, w.to-1)
		for n := first; n <= last; n++ {
			if w.slots[n-w.from].Sequence == 0 {
				return l.Err
			}
		}
	}
	return nil
}

// between gives the error of what may lie between the window and the next sequence
// number that is stored.
func (w *window) between(ctx context.Context, v View, next int64) error {
	lost, err := v.LostOfRun(ctx, w.run)
	if err != nil {
		return err
	}
	for _, l := range lost {
		if l.LastSequence >= w.to && l.FirstSequence < next {
			return l.Err
		}
	}
	return nil
}
