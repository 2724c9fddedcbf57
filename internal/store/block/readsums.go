package block

import (
	"context"
	"iter"
	"sort"

	"github.com/factorydash/factorydash/internal/plant"
)

// ItemSummaries is store.Reader's over the views of a store. Where the blocks
// hold more than room numbers, one that lies within a column is given as its
// summary, without being read, and of one that reaches over the edge of a column
// each part is given as one; unless anything else of the item comes between its
// observations, or the ledger has a gap between them.
func ItemSummaries(ctx context.Context, src Source, item plant.ItemID, from, to int64, columns, room int) iter.Seq2[plant.Summary, error] {
	return itemSummaries(ctx, src, item, from, to, columns, room, standard())
}

func itemSummaries(ctx context.Context, src Source, item plant.ItemID, from, to int64, columns, room int, l limits) iter.Seq2[plant.Summary, error] {
	// It is read to its end, as a rule.
	l.firstPage, l.firstListed = l.maxPage, l.maxListed
	return func(yield func(plant.Summary, error) bool) {
		r := newItemReader(src, []plant.ItemID{item}, from, to, true, l)
		r.picture = newPicture(from, to, columns, room)
		for r.next(ctx) {
			if !r.page.summaries(yield) {
				return
			}
		}
		if r.err != nil {
			yield(plant.Summary{}, r.err)
		}
	}
}

// summaries yields all of the page as summaries, and reports whether to go on.
func (p *page) summaries(yield func(plant.Summary, error) bool) bool {
	sums := p.sums
	for place := 0; place <= len(p.observations); place++ {
		for ; len(sums) > 0 && sums[0].place == place; sums = sums[1:] {
			if !yield(sums[0].Summary, nil) {
				return false
			}
		}
		if place < len(p.observations) && !yield(plant.Single(p.observations[place]), nil) {
			return false
		}
	}
	return true
}

// picture is what a chart can show of a range of time.
type picture struct {
	from, to int64
	// width is that of a column in microseconds. The time from + n·width is the
	// first of column n, counted from 0; insight.Downsample has the same columns,
	// and so what lies within one here does so there.
	width uint64
	room  int
	// crowded is true where the range has more than room numbers; counted, when
	// that is known.
	crowded, counted bool
}

// newPicture divides from ≤ time < to into columns, the last of which may be
// narrower than the others.
func newPicture(from, to int64, columns, room int) *picture {
	p := &picture{from: from, to: to, width: 1, room: room}
	if from < to {
		p.width = (uint64(to)-uint64(from)-1)/uint64(max(1, columns)) + 1
	}
	return p
}

// column is the number of the column of a time within the range.
func (p *picture) column(time int64) uint64 { return (uint64(time) - uint64(p.from)) / p.width }

// count finds out whether the range has more numbers than room, in the blocks that
// are listed first and those that rest lists.
func (p *picture) count(ctx context.Context, v View, found []Meta, rest listing) error {
	for numbers := 0; !p.counted; {
		for _, m := range found {
			if m.Summary != nil && m.MinTime >= p.from && m.MaxTime < p.to {
				numbers += m.Count
			}
		}
		p.crowded = numbers > p.room
		if p.counted = p.crowded || !rest.more; p.counted {
			break
		}
		var err error
		if found, err = rest.next(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// together says of each block whether its observations may be put together,
// unless others come between them: they are numbers in order of time, with no gap
// of the ledger between them. Nothing is put together for no picture, where it
// gives nil. rest lists what is behind them.
func (p *picture) together(ctx context.Context, v View, blocks []Meta, rest listing) ([]bool, error) {
	if p == nil {
		return nil, nil
	}
	if err := p.count(ctx, v, blocks, rest); err != nil || !p.crowded || len(blocks) == 0 {
		return nil, err
	}
	together, err := v.Gapless(ctx, blocks)
	if err != nil {
		return nil, err
	}
	for i := range blocks {
		together[i] = together[i] && blocks[i].Summary != nil
	}
	return together, nil
}

// whole reports whether a block of a picture is still to come as a whole and lies
// within one column.
func (s *sweep) whole(m Meta) bool {
	p := s.picture
	return m.MinTime >= p.from && m.MaxTime < p.to && p.column(m.MinTime) == p.column(m.MaxTime) &&
		s.after.before(Position{m.MinTime, m.Run, m.FirstSequence})
}

// addParts adds what is still to come of a block to the page, that of each column
// as one summary.
func (s *sweep) addParts(d *decoded) {
	next, end := d.behind(s.after), d.behind(beginning(s.to))
	for next < end {
		column := s.picture.column(d.columns.Times[next])
		n := sort.Search(end-next, func(i int) bool { return s.picture.column(d.columns.Times[next+i]) > column })
		if n == 1 {
			s.page.add(&strand{block: d, next: next})
		} else {
			s.page.addSum(d.sum(next, next+n))
		}
		next += n
	}
}

// sum puts those of the observations together that have the places from first up
// to but not including end: numbers in order of time.
func (d *decoded) sum(first, end int) plant.Summary {
	numbers := d.columns.numbers
	low, high := first, first
	for i := first + 1; i < end; i++ {
		if numbers[i] < numbers[low] {
			low = i
		}
		if numbers[i] > numbers[high] {
			high = i
		}
	}
	return plant.Summary{
		Count: end - first, First: d.observation(first), Last: d.observation(end - 1),
		Low: d.observation(low), LowAt: low - first,
		High: d.observation(high), HighAt: high - first,
	}
}
