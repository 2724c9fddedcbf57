package block

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"sort"

	"github.com/factorydash/factorydash/internal/plant"
)

// RunObservations is store.Reader's Observations over the views of a store.
func RunObservations(ctx context.Context, src Source, run plant.RunID, sequence int64) iter.Seq2[plant.Observation, error] {
	return runObservations(ctx, src, run, sequence, standard())
}

func runObservations(ctx context.Context, src Source, run plant.RunID, sequence int64, l limits) iter.Seq2[plant.Observation, error] {
	return func(yield func(plant.Observation, error) bool) {
		w := window{limits: l, source: src, shelf: newShelf(src, l), run: run, width: 1}
		for next, ok := max(sequence, 1), true; ok; {
			var err error
			if ok, err = w.read(ctx, next); err != nil {
				yield(plant.Observation{}, err)
				return
			}
			for _, o := range w.slots {
				if o.Sequence == 0 {
					continue
				}
				// What is behind the last one may be committed until the next window
				// is read.
				next = o.Sequence + 1
				if !yield(o, nil) {
					return
				}
			}
			w.adapt()
		}
	}
}

// window is a range of the sequence numbers of a run with what is stored of it.
type window struct {
	limits
	source Source
	shelf  *shelf
	run    plant.RunID
	// width is how many sequence numbers it is to have.
	width    int64
	from, to int64
	// slots has an observation for each sequence number from from on: with
	// sequence 0 where none is stored. found is how many there are, and text is
	// how many bytes of text they have.
	slots []plant.Observation
	found int64
	text  int
	// beyond is the lowest sequence number behind the window that was seen.
	beyond int64
}

// read reads the first window that is not empty from a sequence number on, and
// reports whether there is one.
func (w *window) read(ctx context.Context, sequence int64) (ok bool, err error) {
	err = w.source.View(ctx, func(v View) error {
		next := sequence
		for {
			w.open(next)
			if err := w.fill(ctx, v); err != nil {
				return err
			}
			if ok = w.found > 0; ok {
				return nil
			}
			next = w.beyond
			first, more, err := v.NextSequence(ctx, w.run, w.to)
			if err != nil {
				return err
			}
			if more {
				next = min(next, first)
			}
			if err := w.between(ctx, v, next); err != nil {
				return err
			}
			if next == math.MaxInt64 {
				return nil
			}
		}
	})
	return ok, err
}

// open makes the window an empty one that begins at a sequence number. None is
// as high as math.MaxInt64.
func (w *window) open(from int64) {
	w.from, w.to = from, from+min(w.width, math.MaxInt64-from)
	w.found, w.text, w.beyond = 0, 0, math.MaxInt64
	n := int(w.to - w.from)
	if n > cap(w.slots) {
		w.slots = make([]plant.Observation, n)
	}
	w.slots = w.slots[:n]
	clear(w.slots)
}

// fill puts what is stored into the window.
func (w *window) fill(ctx context.Context, v View) error {
	for _, d := range w.shelf.blocks {
		if d.LastSequence < w.from { // It was merged into another one.
			w.shelf.drop(d)
		}
	}
	rows, more, err := v.RowsBySequence(ctx, w.run, w.from, w.to)
	if err != nil {
		return err
	}
	if more { // What is behind them is read in the next window.
		w.to = rows[len(rows)-1].Sequence + 1
		w.slots, w.beyond = w.slots[:w.to-w.from], w.to
	}
	for _, o := range rows {
		w.put(o)
	}
	if w.complete() {
		return nil
	}
	blocks, err := v.BlocksBySequence(ctx, w.run, w.from, w.to)
	if err != nil {
		return err
	}
	// The densest come first: in a narrow window they have most likely what it
	// lacks, and the others need not be opened.
	slices.SortFunc(blocks, func(a, b Meta) int { return cmp.Compare(sparseness(a), sparseness(b)) })
	for d, err := range w.shelf.each(ctx, v, blocks) {
		if err != nil {
			return err
		}
		w.putBlock(d)
		// What reaches beyond is opened again for the next window.
		if d.LastSequence < w.to || w.shelf.full() {
			w.shelf.drop(d)
		}
		if w.complete() {
			return nil
		}
	}
	return w.whole(ctx, v)
}

// sparseness is how many sequence numbers of the run a block has for each
// observation.
func sparseness(m Meta) float64 {
	return float64(m.LastSequence-m.FirstSequence) / float64(m.Count)
}

func (w *window) complete() bool { return w.found == w.to-w.from }

// putBlock puts the observations of a block into the window.
func (w *window) putBlock(d *decoded) {
	numbers := d.columns.Sequences
	i := sort.Search(len(numbers), func(i int) bool { return numbers[i] >= w.from })
	for ; i < len(numbers); i++ {
		if numbers[i] >= w.to {
			w.beyond = min(w.beyond, numbers[i])
			return
		}
		slot := &w.slots[numbers[i]-w.from]
		d.read(i, slot)
		w.took(slot)
	}
}

// put puts an observation in a row into the window.
func (w *window) put(o plant.Observation) {
	if o.Sequence >= w.to {
		w.beyond = min(w.beyond, o.Sequence)
		return
	}
	slot := &w.slots[o.Sequence-w.from]
	*slot = o
	w.took(slot)
}

// took counts what was put into a slot, and cuts the window short where its texts
// become too long.
func (w *window) took(slot *plant.Observation) {
	w.found++
	w.text += slot.TextBytes()
	for w.text > w.maxText && len(w.slots) > 1 {
		w.halve()
	}
}

// halve takes the second half of the window away.
func (w *window) halve() {
	half := len(w.slots) / 2
	for i := range w.slots[half:] {
		o := &w.slots[half+i]
		if o.Sequence == 0 {
			continue
		}
		w.beyond = min(w.beyond, o.Sequence)
		w.found--
		w.text -= o.TextBytes()
		*o = plant.Observation{}
	}
	w.slots = w.slots[:half]
	w.to = w.from + int64(half)
}

// adapt sets the width of the next window: wider, unless its texts would likely
// be too long.
func (w *window) adapt() {
	if growth*w.text <= w.maxText {
		w.width = min(growth*w.width, int64(w.maxWindow))
	} else {
		w.width = w.to - w.from
	}
}
