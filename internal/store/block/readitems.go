package block

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// ItemObservations is store.Reader's over the views of a store.
func ItemObservations(ctx context.Context, src Source, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	return itemObservations(ctx, src, items, from, to, before, standard())
}

func itemObservations(ctx context.Context, src Source, items []plant.ItemID, from, to int64, before bool, l limits) iter.Seq2[plant.Observation, error] {
	return func(yield func(plant.Observation, error) bool) {
		r := newItemReader(src, items, from, to, before, l)
		for r.next(ctx) {
			for _, o := range r.page.observations {
				if !yield(o, nil) {
					return
				}
			}
		}
		if r.err != nil {
			yield(plant.Observation{}, r.err)
		}
	}
}

// itemReader reads the observations of data items page by page.
type itemReader struct {
	limits
	source   Source
	items    []plant.ItemID
	from, to int64
	// before is true until what was last before from has been read.
	before bool
	// picture is set where observations are put together for one.
	picture *picture

	shelf     *shelf
	catalogue catalogue
	page      page
	// after is the position of the last observation read.
	after Position
	ended bool
	err   error
}

func newItemReader(src Source, items []plant.ItemID, from, to int64, before bool, l limits) *itemReader {
	items = slices.Compact(slices.Sorted(slices.Values(items)))
	return &itemReader{
		limits: l, source: src, items: items, from: from, to: to, before: before,
		shelf: newShelf(src, l), page: page{most: max(l.firstPage, min(firstOfItem*len(items), l.maxPage)), mostText: l.maxText},
		after: beginning(from), ended: len(items) == 0,
	}
}

// next reads the next page, and reports whether there is one. Where there is
// none, err says whether that is a fault.
func (r *itemReader) next(ctx context.Context) bool {
	if r.ended {
		return false
	}
	if r.page.len() > 0 {
		r.page.most = min(pageGrowth*r.page.most, r.maxPage)
		r.page.observations = slices.Grow(r.page.observations[:0], r.page.most)
	}
	var s *sweep
	r.err = r.source.View(ctx, func(v View) (err error) {
		s, err = r.read(ctx, v)
		return err
	})
	if r.err != nil {
		r.ended = true
		return false
	}
	r.before, r.ended = false, !r.page.full()
	if !r.ended {
		if r.after.before(r.page.last) {
			r.after = r.page.last
		}
		r.shelf.keep(&s.heads)
	}
	return r.page.len() > 0
}

// read reads a page within a view.
func (r *itemReader) read(ctx context.Context, v View) (*sweep, error) {
	r.page.clear()
	lost, err := v.LostOfItems(ctx, r.items)
	if err != nil {
		return nil, err
	}
	if r.before {
		if err := r.readBefore(ctx, v, lost); err != nil {
			return nil, err
		}
	}
	s := &sweep{itemReader: r, view: v}
	if r.from >= r.to {
		return s, nil
	}
	if err := r.whole(lost, r.after.Time); err != nil {
		return nil, err
	}
	return s, s.fill(ctx)
}

// readBefore adds the last observation before the range of each item to the page.
func (r *itemReader) readBefore(ctx context.Context, v View, lost []Lost) error {
	// Where it is not the first try, what lies there may have no more than is
	// within the range.
	r.shelf.keep(&heads{})
	rows, err := v.RowsBefore(ctx, r.items, r.from)
	if err != nil {
		return err
	}
	last := make(map[plant.ItemID]plant.Observation, len(rows))
	note := func(o plant.Observation) {
		if p, ok := last[o.Item]; !ok || positionOf(&p).before(positionOf(&o)) {
			last[o.Item] = o
		}
	}
	for _, o := range rows {
		note(o)
	}
	blocks, err := v.BlocksBefore(ctx, r.items, r.from)
	if err != nil {
		return err
	}
	// Those that end last come first, and what is summed up needs not be opened,
	// so that few are.
	slices.SortFunc(blocks, func(a, b Meta) int { return cmp.Compare(b.MaxTime, a.MaxTime) })
	for _, m := range blocks {
		if m.MaxTime < r.from && m.Summary != nil {
			sum, err := m.Summarize()
			if err != nil {
				return r.source.Damaged(m, err)
			}
			note(sum.Last)
		}
	}
	for len(blocks) > 0 {
		var due []Meta
		for ; len(blocks) > 0 && len(due) < r.maxData; blocks = blocks[1:] {
			m := blocks[0]
			if p, ok := last[m.Item]; m.MaxTime >= r.from || m.Summary == nil && (!ok || p.Time <= m.MaxTime) {
				due = append(due, m)
			}
		}
		for d, err := range r.shelf.each(ctx, v, due) {
			if err != nil {
				return err
			}
			n := d.behind(beginning(r.from))
			if n > 0 {
				note(d.observation(n - 1))
			}
			// What reaches into the range will be read next.
			if d.MaxTime < r.from || r.from >= r.to || r.shelf.full() {
				r.shelf.drop(d)
			} else {
				r.shelf.trim(d, n, d.behind(beginning(r.to)))
			}
		}
	}
	if err := r.known(lost, last); err != nil {
		return err
	}
	// What an item that is quiet said last is known for longer than its observation
	// is kept.
	quiet := slices.DeleteFunc(slices.Clone(r.items), func(item plant.ItemID) bool {
		_, found := last[item]
		return found
	})
	if len(quiet) > 0 {
		latest, err := v.LatestBefore(ctx, quiet, r.from)
		if err != nil {
			return err
		}
		for _, o := range latest {
			note(o)
		}
	}
	found := slices.SortedFunc(maps.Values(last), func(a, b plant.Observation) int {
		return positionOf(&a).compare(positionOf(&b))
	})
	for all := (strand{list: found}); all.next < len(found); all.next++ {
		r.page.add(&all)
	}
	return nil
}

// page is observations in order, complete up to the last one.
type page struct {
	observations []plant.Observation
	// sums are what was put together.
	sums []sum
	// last is the position of the last observation.
	last Position
	// text is how many bytes of text it has.
	text int
	// It ends with the entry, or the byte of text, of this number.
	most, mostText int
}

// sum is a summary that stands in a page before the observation with a place.
type sum struct {
	plant.Summary
	place int
}

func (p *page) len() int { return len(p.observations) + len(p.sums) }

// full reports whether the page ends here.
func (p *page) full() bool { return p.len() >= p.most || p.text >= p.mostText }

// add adds what comes next in a strand.
func (p *page) add(s *strand) {
	p.observations = append(p.observations, plant.Observation{})
	o := &p.observations[len(p.observations)-1]
	s.read(o)
	p.last = positionOf(o)
	p.text += o.TextBytes()
}

func (p *page) addSum(s plant.Summary) {
	p.sums = append(p.sums, sum{s, len(p.observations)})
	p.last = positionOf(&s.Last)
}

// clear empties the page, which keeps its memory.
func (p *page) clear() {
	clear(p.observations)
	clear(p.sums)
	*p = page{observations: p.observations[:0], sums: p.sums[:0], most: p.most, mostText: p.mostText}
}
