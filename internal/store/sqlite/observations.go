package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
)

// Observations are read in pages, which are complete before their first
// observation is given out: a caller that takes its time, or writes to the store
// meanwhile, holds neither a connection nor an old state of the file, which
// could not be cleaned up while it is read.
const (
	// pageRows and pageBytes are how many observations a page has at most, and
	// after how many bytes of text it ends. The first page has firstRows at most
	// and each further one pageGrowth times as many as the one before, since many
	// callers want no more than a few.
	pageRows   = 5000
	firstRows  = 50
	pageGrowth = 10
	pageBytes  = 4 << 20
	// scanRows is how many rows a page of a run looks at, most of which may be
	// of other runs.
	scanRows = 50_000
)

// position is a row's place in the file and in time.
type position struct{ id, time int64 }

// page is a part of the answer to a query. More is true where the query has
// more than fitted.
type page struct {
	observations []plant.Observation
	last         position
	more         bool
}

const selectObservations = `SELECT id, item, instance, time, sequence, value, detail FROM observations `

// readPage reads a page of at most so many observations of a query for rows of
// selectObservations.
func (s *Store) readPage(ctx context.Context, most int, query string, args ...any) (p page, err error) {
	rows, err := s.read.QueryContext(ctx, selectObservations+query, args...)
	if err != nil {
		return p, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		if len(p.observations) == most || size > pageBytes {
			p.more = true
			return p, nil
		}
		var (
			o             plant.Observation
			value, detail any
		)
		if err := rows.Scan(&p.last.id, &o.Item, &o.Run, &o.Time, &o.Sequence, &value, &detail); err != nil {
			return p, err
		}
		if o.Value, err = decodeValue(value); err != nil {
			return p, err
		}
		if o.Alarm, o.Extra, err = decodeDetail(detail); err != nil {
			return p, err
		}
		p.last.time = o.Time
		size += o.TextBytes()
		p.observations = append(p.observations, o)
	}
	return p, rows.Err()
}

// ItemObservations implements store.Reader. Observations of one item at the same
// time stand in the order of their rows, which is that of run and sequence.
func (s *Store) ItemObservations(ctx context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	item := plant.ItemID(0)
	if len(items) > 0 {
		item = items[0] // The reader of package block takes its place.
	}
	return func(yield func(plant.Observation, error) bool) {
		const op = "read observations of an item"
		if before {
			p, err := s.readPage(ctx, 1, `WHERE item = ? AND time < ? ORDER BY time DESC, id DESC LIMIT 1`, item, from)
			if !s.give(ctx, op, p, err, yield) {
				return
			}
		}
		most := firstRows
		p, err := s.readPage(ctx, most, `WHERE item = ? AND time >= ? AND time < ? ORDER BY time, id`, item, from, to)
		for s.give(ctx, op, p, err, yield) && p.more {
			most = min(pageGrowth*most, pageRows)
			p, err = s.itemPageAfter(ctx, most, item, p.last, to)
		}
	}
}

// itemPageAfter reads on after a row: what is left of its time, then what is
// later. These are two queries because SQLite finds the place of each in its
// index, and would look at all rows of that time for one query with both.
func (s *Store) itemPageAfter(ctx context.Context, most int, item plant.ItemID, after position, to int64) (page, error) {
	p, err := s.readPage(ctx, most, `WHERE item = ? AND time = ? AND id > ? ORDER BY id`, item, after.time, after.id)
	if err != nil || len(p.observations) > 0 {
		p.more = true
		return p, err
	}
	return s.readPage(ctx, most, `WHERE item = ? AND time > ? AND time < ? ORDER BY time, id`, item, after.time, to)
}

// Observations implements store.Reader. It gives what was committed before the
// call.
func (s *Store) Observations(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Observation, error] {
	return func(yield func(plant.Observation, error) bool) {
		const op = "read observations of a run"
		row, last, err := s.runRows(ctx, run, sequence)
		if err != nil {
			yield(plant.Observation{}, s.fail(ctx, s.read, op, err))
			return
		}
		for most := firstRows; row <= last; most = min(pageGrowth*most, pageRows) {
			end := min(row+scanRows-1, last)
			p, err := s.readPage(ctx, most, `WHERE id BETWEEN ? AND ? AND instance = ? ORDER BY id`, row, end, run)
			if !s.give(ctx, op, p, err, yield) {
				return
			}
			row = end + 1
			if p.more {
				row = p.last.id + 1
			}
		}
	}
}

// runRows gives the first row of a run with at least a sequence number, and its
// last row; a first behind the last where there are none.
func (s *Store) runRows(ctx context.Context, run plant.RunID, sequence int64) (first, last int64, err error) {
	err = s.read.QueryRowContext(ctx,
		`SELECT coalesce(first_row, 1), coalesce(last_row, 0) FROM instances WHERE id = ?`, run).Scan(&first, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return 1, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	// Halving, since a run's sequence numbers rise with its rows and there is
	// no index for them.
	for high := last + 1; first < high; {
		middle := first + (high-first)/2
		var id, found int64
		err := s.read.QueryRowContext(ctx,
			`SELECT id, sequence FROM observations WHERE id >= ? AND id < ? AND instance = ? ORDER BY id LIMIT 1`,
			middle, high, run).Scan(&id, &found)
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return 0, 0, err
		case err == nil && found < sequence:
			first = id + 1
		default:
			high = middle
		}
	}
	return first, last, nil
}

// give yields a page, or the error of reading it, and reports whether to go on.
func (s *Store) give(ctx context.Context, op string, p page, err error, yield func(plant.Observation, error) bool) bool {
	if err != nil {
		yield(plant.Observation{}, s.fail(ctx, s.read, op, err))
		return false
	}
	for _, o := range p.observations {
		if !yield(o, nil) {
			return false
		}
	}
	return true
}

// ItemSummaries implements store.Reader.
func (s *Store) ItemSummaries(ctx context.Context, item plant.ItemID, from, to int64, _, _ int) iter.Seq2[plant.Summary, error] {
	return func(yield func(plant.Summary, error) bool) {
		for o, err := range s.ItemObservations(ctx, []plant.ItemID{item}, from, to, true) {
			if !yield(plant.Single(o), err) {
				return
			}
		}
	}
}
