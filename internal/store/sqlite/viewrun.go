package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
)

// span is the rows of a partition among which those of a run are: their numbers
// from first up to but not including end.
type span struct {
	*partition
	first, end int64
}

// spans gives for each partition that may have rows of a run those with
// from ≤ sequence < to, and others of other runs between them.
func (v *view) spans(ctx context.Context, run plant.RunID, from, to int64) ([]span, error) {
	var first, last int64
	err := v.tx.QueryRowContext(ctx,
		`SELECT coalesce(first_row, 1), coalesce(last_row, 0) FROM instances WHERE id = ?`, run).Scan(&first, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	partitions, err := v.partitions(ctx)
	if err != nil {
		return nil, err
	}
	var all []span
	for i := range partitions {
		s := span{&partitions[i], max(first, partitions[i].firstRow), min(last, partitions[i].lastRow) + 1}
		if s.missing || s.first >= s.end {
			continue
		}
		if s.first, err = v.halve(ctx, s, run, from); err != nil {
			return nil, err
		}
		if s.end, err = v.halve(ctx, s, run, to); err != nil {
			return nil, err
		}
		if s.first < s.end {
			all = append(all, s)
		}
	}
	return all, nil
}

// halve gives the number of a row of a span before which the rows of a run have
// lower sequence numbers than the one given, and from which on they have not. It
// halves, since a run's sequence numbers rise with its rows and there is no index
// for them.
func (v *view) halve(ctx context.Context, s span, run plant.RunID, sequence int64) (int64, error) {
	find, err := v.tx.PrepareContext(ctx,
		`SELECT id, sequence FROM `+s.table()+` WHERE id >= ? AND id < ? AND instance = ? ORDER BY id LIMIT 1`)
	if err != nil {
		return 0, err
	}
	defer find.Close()
	first := s.first
	for end := s.end; first < end; {
		middle := first + (end-first)/2
		var id, found int64
		err := find.QueryRowContext(ctx, middle, end, run).Scan(&id, &found)
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return 0, err
		case err == nil && found < sequence:
			first = id + 1
		default:
			end = middle
		}
	}
	return first, nil
}

// RowsBySequence implements block.View.
func (v *view) RowsBySequence(ctx context.Context, run plant.RunID, from, to int64) (all []plant.Observation, more bool, err error) {
	spans, err := v.spans(ctx, run, from, to)
	if err != nil {
		return nil, false, err
	}
	text := 0
	for _, s := range spans {
		if text > rowText {
			return all, true, nil
		}
		rows, more, err := v.readRows(ctx, math.MaxInt, `
			SELECT `+rowColumns+` FROM `+s.table()+` o
			WHERE o.id >= ? AND o.id < ? AND o.instance = ? AND o.item > ? ORDER BY o.id`,
			s.first, s.end, run, s.sealedItem)
		if err != nil {
			return nil, false, err
		}
		if all = append(all, rows...); more {
			return all, true, nil
		}
		for i := range rows {
			text += rows[i].TextBytes()
		}
	}
	return all, false, nil
}

// NextSequence implements block.View.
func (v *view) NextSequence(ctx context.Context, run plant.RunID, from int64) (sequence int64, ok bool, err error) {
	next, err := v.firstBlock(ctx, run, from)
	if err != nil {
		return 0, false, err
	}
	spans, err := v.spans(ctx, run, from, math.MaxInt64)
	if err != nil {
		return 0, false, err
	}
	for _, s := range spans {
		var row int64
		err := v.tx.QueryRowContext(ctx, `
			SELECT sequence FROM `+s.table()+` WHERE id >= ? AND id < ? AND instance = ? AND item > ? ORDER BY id LIMIT 1`,
			s.first, s.end, run, s.sealedItem).Scan(&row)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		next = min(next, row)
		break
	}
	return next, next != math.MaxInt64, nil
}
