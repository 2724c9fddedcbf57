package block

import (
	"context"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// sweep reads a page of an itemReader within one view. It goes through time, on
// from what was read before. The blocks are listed in the order in which they
// begin, and each is reached when what comes next may lie in it; so what comes
// next is known, and only blocks that overlap are open together.
type sweep struct {
	*itemReader
	view View
	// heads are of the blocks that are open, and of the rows.
	heads heads
	// listed are blocks that are listed and not reached yet: two at least, unless
	// they are the last ones.
	listed []listed
	// rowSize is how many rows are read at once, and moreRows whether there are
	// others behind those that were read.
	rowSize  int
	moreRows bool
}

// listed is a block that is listed.
type listed struct {
	Meta
	// together is true where its observations may be put together, unless others
	// come between them.
	together bool
}

// fill fills the page, or adds all there is.
func (s *sweep) fill(ctx context.Context) error {
	edition := s.view.Edition()
	if s.picture != nil {
		edition = "" // What may be put together is a matter of the ledger too.
	}
	if edition == "" || edition != s.catalogue.edition {
		s.catalogue = catalogue{edition: edition, unlisted: newListing(s.items, s.after.Time, s.to, s.limits)}
	}
	s.listed = s.catalogue.behind(s.after)
	if err := s.list(ctx); err != nil {
		return err
	}
	rows := strand{rows: true}
	s.rowSize, s.moreRows = s.firstRows, true
	if err := s.readRows(ctx, &rows, s.after); err != nil {
		return err
	}
	s.add(rows)
	for !s.page.full() {
		var err error
		switch {
		case len(s.listed) > 0 && (!s.heads.any() || s.listed[0].MinTime <= s.heads.time()):
			err = s.reach(ctx)
		case s.heads.any():
			err = s.take(ctx, &s.page)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list lists more blocks until there are two: what a block overlaps with is
// known when the next one is.
func (s *sweep) list(ctx context.Context) error {
	for s.catalogue.unlisted.more && len(s.listed) < 2 {
		found, err := s.catalogue.next(ctx, s.view)
		if err != nil {
			return err
		}
		together, err := s.picture.together(ctx, s.view, found, s.catalogue.unlisted)
		if err != nil {
			return err
		}
		for i, m := range found {
			// One that ends where the page begins has been read.
			if s.after.before(Position{m.MaxTime, m.Run, m.LastSequence}) {
				s.listed = append(s.listed, listed{m, together != nil && together[i]})
			}
		}
	}
	return nil
}

// reach passes the beginning of the first listed block.
func (s *sweep) reach(ctx context.Context) error {
	m := s.listed[0]
	alone := s.apart(0) && (!s.heads.any() || s.heads.time() > m.MaxTime)
	switch {
	case m.together && alone && s.whole(m.Meta):
		sum, err := m.Summarize()
		if err != nil {
			return s.source.Damaged(m.Meta, err)
		}
		s.page.addSum(sum)
	case m.together && alone:
		d, err := s.open(ctx, m.Meta)
		if err != nil {
			return err
		}
		s.addParts(d)
		s.shelf.drop(d)
	default:
		if s.shelf.full() {
			if err := s.fold(ctx); err != nil {
				return err
			}
		}
		d, err := s.open(ctx, m.Meta)
		if err != nil {
			return err
		}
		first, end := d.behind(s.after), d.behind(beginning(s.to))
		if s.shelf.trim(d, first, end) {
			first, end = 0, end-first
		}
		s.add(strand{block: d, next: first, end: end})
	}
	s.listed = s.listed[1:]
	return s.list(ctx)
}

// apart reports whether a listed block ends before the next one begins.
func (s *sweep) apart(i int) bool {
	return i+1 == len(s.listed) || s.listed[i].MaxTime < s.listed[i+1].MinTime
}

// open opens the first listed block. What must be fetched for that is fetched
// for others too that will be opened soon.
func (s *sweep) open(ctx context.Context, m Meta) (*decoded, error) {
	if !s.shelf.ready(m.ID) {
		if err := s.shelf.fetch(ctx, s.view, s.due()); err != nil {
			return nil, err
		}
	}
	return s.shelf.open(m)
}

// due gives the first listed block and those behind it that will be opened too,
// as far as can be told: those that are reached already, and as many as fill the
// page. A reader that has come to pages of full size goes on, and will open them
// all.
func (s *sweep) due() []Meta {
	reached := max(s.after.Time, s.listed[0].MinTime)
	var due []Meta
	room := s.page.most - s.page.len()
	end := int64(math.MinInt64) // of the blocks passed
	for i, m := range s.listed {
		if len(due) == s.maxData || room <= 0 && m.MinTime > reached && s.page.most < s.maxPage {
			break
		}
		if i == 0 || !m.together || !s.whole(m.Meta) || !s.apart(i) || m.MinTime <= end {
			due = append(due, m.Meta)
		}
		if !m.together {
			room -= m.Count
		}
		end = max(end, m.MaxTime)
	}
	return due
}

// take moves what comes next to a page.
func (s *sweep) take(ctx context.Context, p *page) error {
	next := s.heads.next()
	p.add(next)
	next.next++
	if next.next == next.end {
		switch {
		case next.block != nil:
			s.shelf.drop(next.block)
		case next.rows:
			if err := s.readRows(ctx, next, p.last); err != nil {
				return err
			}
		}
	}
	s.heads.settle()
	return nil
}

// readRows reads the rows behind a position into their strand.
func (s *sweep) readRows(ctx context.Context, rows *strand, after Position) error {
	if !s.moreRows {
		return nil
	}
	list, more, err := s.view.RowsByTime(ctx, s.items, after, s.to, min(s.rowSize, s.page.most))
	if err != nil {
		return err
	}
	s.moreRows = more && len(list) > 0
	s.rowSize *= growth
	rows.list, rows.next, rows.end = list, 0, len(list)
	return nil
}

// add adds a strand to the heads, unless nothing of it is to come.
func (s *sweep) add(t strand) {
	switch {
	case t.next < t.end:
		s.heads.add(t)
	case t.block != nil:
		s.shelf.drop(t.block)
	}
}

// fold makes room for other blocks: of those that are open only what has a place
// in the page is kept. Blocks whose times run wild may all overlap.
func (s *sweep) fold(ctx context.Context) error {
	rest := page{most: s.page.most - s.page.len(), text: s.page.text, mostText: s.maxText}
	for s.heads.any() && !rest.full() {
		if err := s.take(ctx, &rest); err != nil {
			return err
		}
	}
	s.heads = heads{}
	s.shelf.keep(&s.heads)
	s.add(strand{list: rest.observations, end: len(rest.observations)})
	return nil
}

// catalogue is the blocks that an edition has of those that are wanted: a later page
// of the same edition need not list them again.
type catalogue struct {
	edition string
	// blocks are those listed, in order, but for some that were passed; unlisted lists
	// the others.
	blocks   []Meta
	unlisted listing
}

// behind gives the blocks that have something behind a position, and keeps no other.
func (c *catalogue) behind(after Position) []listed {
	c.blocks = slices.DeleteFunc(c.blocks, func(m Meta) bool { return !after.before(Position{m.MaxTime, m.Run, m.LastSequence}) })
	all := make([]listed, len(c.blocks))
	for i, m := range c.blocks {
		all[i].Meta = m
	}
	return all
}

// next lists the next blocks. Where they would be too many to keep, a later page
// lists them again.
func (c *catalogue) next(ctx context.Context, v View) ([]Meta, error) {
	found, err := c.unlisted.next(ctx, v)
	if err != nil {
		return nil, err
	}
	if len(c.blocks)+len(found) > maxCatalogue {
		c.edition, c.blocks = "", nil
	}
	if c.edition != "" {
		c.blocks = append(c.blocks, found...)
	}
	return found, nil
}

// listing lists the blocks of items within a time in the order in which they
// begin.
type listing struct {
	items    []plant.ItemID
	from, to int64
	// time and id are of the last block listed.
	time          int64
	id            ID
	size, maxSize int
	// more is true where there may be others.
	more bool
}

func newListing(items []plant.ItemID, from, to int64, l limits) listing {
	// Of each item there is one block at least that reaches the beginning, mostly,
	// and in a range that is not long one behind it.
	size := min(max(l.firstListed, 3*len(items)), l.maxListed)
	return listing{items: items, from: from, to: to, time: math.MinInt64, size: size, maxSize: l.maxListed, more: true}
}

// next gives the next blocks.
func (l *listing) next(ctx context.Context, v View) ([]Meta, error) {
	found, err := v.BlocksByTime(ctx, l.items, l.from, l.to, l.time, l.id, l.size)
	if err != nil {
		return nil, err
	}
	l.more = len(found) == l.size
	if l.more {
		last := found[len(found)-1]
		l.time, l.id = last.MinTime, last.ID
	}
	l.size = min(growth*l.size, l.maxSize)
	return found, nil
}
