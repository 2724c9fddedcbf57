package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// maxRowText is after how many bytes of text a page of rows ends.
const maxRowText = 4 << 20

// rowsOf is a table expression with what a query finds in each partition, in which
// %s is the partition's table.
func (v *view) rowsOf(query string) string {
	var b strings.Builder
	for i, p := range v.partitions {
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		fmt.Fprintf(&b, `(`+query+`)`, p.table)
	}
	return `(` + b.String() + `) rows`
}

// RowsByTime implements block.View. The rows of one item are read in the order of
// their index. Those of several must be sorted, so that as few as possible should
// be: they are read for one span of time after the other, each of which has about
// as many as are still wanted.
func (v *view) RowsByTime(ctx context.Context, items []plant.ItemID, after block.Position, to int64, limit int) (rows []plant.Observation, more bool, err error) {
	if len(v.partitions) == 0 || len(items) == 0 {
		return nil, false, nil
	}
	if len(items) == 1 {
		return v.rowsByTime(ctx, nil, `item = $1`, items[0], after, to, limit, maxRowText)
	}
	text := 0
	for after.Time < to && len(rows) <= limit && text <= maxRowText {
		wanted := limit + 1 - len(rows)
		end := v.pace.end(after.Time, to, wanted)
		before := len(rows)
		rows, _, err = v.rowsByTime(ctx, rows, `item = ANY($1)`, items, after, end, wanted, maxRowText-text)
		if err != nil {
			return nil, false, err
		}
		last := end
		for i := range rows[before:] {
			last = rows[before+i].Time
			text += rows[before+i].TextBytes()
		}
		v.pace.note(len(rows)-before, after.Time, last)
		if more = text > maxRowText || len(rows) > limit; !more {
			after = block.Position{Time: end}
		}
	}
	return rows[:min(limit, len(rows))], more, nil
}

// rowsByTime appends to rows as RowsByTime does, for items as a condition says. What
// it appends ends where that has more than maxText bytes of text.
func (v *view) rowsByTime(ctx context.Context, rows []plant.Observation, item string, arg any, after block.Position, to int64, limit, maxText int) ([]plant.Observation, bool, error) {
	// The limit is a part of the statement, so that the plan is made for it.
	order := fmt.Sprintf(` ORDER BY time, instance, sequence LIMIT %d`, limit+1)
	return v.readRows(ctx, rows, limit, maxText, `SELECT `+rowColumns+` FROM `+v.rowsOf(`
		SELECT `+rowColumns+` FROM %s
		WHERE `+item+` AND time >= $2 AND time < $3 AND (time, instance, sequence) > ($2, $4, $5)`+order)+order,
		arg, after.Time, to, after.Run, after.Sequence)
}

// RowsBefore implements block.View.
func (v *view) RowsBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error) {
	if len(v.partitions) == 0 || len(items) == 0 {
		return nil, nil
	}
	const last = ` ORDER BY time DESC, instance DESC, sequence DESC LIMIT 1`
	rows, _, err := v.readRows(ctx, nil, math.MaxInt, math.MaxInt, `
		SELECT `+prefixed("found", rowColumns)+` FROM unnest($1::integer[]) wanted, LATERAL (
			SELECT `+rowColumns+` FROM `+v.rowsOf(`
				SELECT `+rowColumns+` FROM %s WHERE item = wanted AND time < $2`+last)+last+`) found`,
		items, time)
	return rows, err
}

// RowsBySequence implements block.View.
func (v *view) RowsBySequence(ctx context.Context, run plant.RunID, from, to int64) (rows []plant.Observation, more bool, err error) {
	if len(v.partitions) == 0 || from >= to {
		return nil, false, nil
	}
	return v.readRows(ctx, nil, math.MaxInt, maxRowText, `
		SELECT `+rowColumns+` FROM `+v.rowsOf(`
			SELECT `+rowColumns+` FROM %s WHERE instance = $1 AND sequence >= $2 AND sequence < $3`)+`
		ORDER BY sequence`, run, from, to)
}

// readRows appends at most limit observations to rows, or fewer where they have
// more than maxText bytes of text, and reports whether there are others.
func (v *view) readRows(ctx context.Context, rows []plant.Observation, limit, maxText int, query string, args ...any) (all []plant.Observation, more bool, err error) {
	found, err := v.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, false, again(err)
	}
	defer found.Close()
	text := 0
	for n := 0; found.Next(); n++ {
		if n == limit || text > maxText {
			return rows, true, nil
		}
		o, err := decodeRow(found.RawValues())
		if err != nil {
			return nil, false, err
		}
		text += o.TextBytes()
		if len(rows) == cap(rows) {
			rows = slices.Grow(rows, max(len(rows), 64)) // Twice as many: there may be thousands.
		}
		rows = append(rows, o)
	}
	return rows, false, again(found.Err())
}
