package sqlite

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// rowText is after how many bytes of text a list of rows ends.
const rowText = 4 << 20

const (
	rowColumns = `o.item, o.instance, o.time, o.sequence, o.value, o.detail`
	rowFields  = 6
)

// rowReader reads observations from rows of rowColumns.
type rowReader struct{ *fields }

func newRowReader() rowReader { return rowReader{newFields(rowFields)} }

func (r rowReader) observation(row scanner) (o plant.Observation, err error) {
	if err = r.read(row); err != nil {
		return o, err
	}
	o.Item, o.Run, o.Time, o.Sequence = plant.ItemID(r.int(0)), plant.RunID(r.int(1)), r.int(2), r.int(3)
	if o.Value, err = decodeValue(r.values[4]); err != nil {
		return o, err
	}
	o.Alarm, o.Extra, err = decodeDetail(r.values[5])
	return o, err
}

// readRows reads the observations that a query finds, until they are limit or
// their texts are long: more is true where there are others.
func (v *view) readRows(ctx context.Context, limit int, query string, args ...any) (all []plant.Observation, more bool, err error) {
	rows, err := v.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	reader, text := newRowReader(), 0
	for rows.Next() {
		if len(all) == limit || text > rowText {
			return all, true, nil
		}
		o, err := reader.observation(rows)
		if err != nil {
			return nil, false, err
		}
		text += o.TextBytes()
		all = append(all, o)
	}
	return all, false, rows.Err()
}

// compareRows compares observations in the order of block.Position.
func compareRows(a, b plant.Observation) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
}

// RowsByTime implements block.View.
func (v *view) RowsByTime(ctx context.Context, items []plant.ItemID, after block.Position, to int64, limit int) (rows []plant.Observation, more bool, err error) {
	partitions, err := v.partitions(ctx)
	if err != nil {
		return nil, false, err
	}
	// The one that begins first comes first, since what it has may be enough.
	partitions = slices.SortedStableFunc(slices.Values(partitions), func(a, b partition) int { return cmp.Compare(a.minTime, b.minTime) })
	// last is what rows are known up to, where more is true.
	var last plant.Observation
	for i := range partitions {
		p := &partitions[i]
		items := p.unsealed(items)
		if p.missing || !p.overlaps(after.Time, to) || len(items) == 0 {
			continue
		}
		found, others, err := v.rowsOf(ctx, p, items, after, to, limit)
		if err != nil {
			return nil, false, err
		}
		if n := len(found); others && (!more || compareRows(found[n-1], last) < 0) {
			more, last = true, found[n-1]
		}
		rows = append(rows, found...)
		slices.SortFunc(rows, compareRows)
		if len(rows) > limit && (!more || compareRows(rows[limit-1], last) < 0) {
			more, last = true, rows[limit-1]
		}
		if more {
			rows = slices.DeleteFunc(rows, func(o plant.Observation) bool { return compareRows(o, last) > 0 })
			to = last.Time + 1
		}
	}
	return rows, more, nil
}

// rowsOf is RowsByTime for one partition. Where there are others, it gives
// at least one.
func (v *view) rowsOf(ctx context.Context, p *partition, items []plant.ItemID, after block.Position, to int64, limit int) (rows []plant.Observation, more bool, err error) {
	table := p.table()
	if len(items) == 1 {
		// The rows of one item and time stand in the order of run and sequence.
		return v.readRows(ctx, limit, `
			SELECT `+rowColumns+` FROM `+table+` o
			WHERE o.item = ?1 AND o.time >= ?2 AND o.time < ?5 AND (o.time, o.instance, o.sequence) > (?2, ?3, ?4)
			ORDER BY o.time, o.id LIMIT ?6`,
			items[0], after.Time, after.Run, after.Sequence, to, limit+1)
	}
	wanted := numberList(items)
	// Only numbers of rows are sorted, and the rows are read in that order. Within
	// an item the index has it, so that SQLite leaves an item where it has as many
	// rows as are wanted that come first.
	rows, more, err = v.readRows(ctx, limit, `
		SELECT `+rowColumns+` FROM (
			SELECT r.id FROM json_each(?1) i CROSS JOIN `+table+` r ON r.item = i.value
			WHERE r.time >= ?2 AND r.time < ?5 AND (r.time, r.instance, r.sequence) > (?2, ?3, ?4)
			ORDER BY r.time LIMIT ?6
		) k CROSS JOIN `+table+` o ON o.id = k.id`,
		wanted, after.Time, after.Run, after.Sequence, to, limit+1)
	if err != nil || !more {
		return rows, false, err
	}
	// There may be others at the time of the last one which come before it.
	last := rows[len(rows)-1].Time
	if first := slices.IndexFunc(rows, func(o plant.Observation) bool { return o.Time == last }); first > 0 {
		return rows[:first], true, nil
	}
	rows, _, err = v.readRows(ctx, limit, `
		SELECT `+rowColumns+` FROM json_each(?1) i CROSS JOIN `+table+` o ON o.item = i.value
		WHERE o.time = ?5 AND (o.time, o.instance, o.sequence) > (?2, ?3, ?4)
		ORDER BY o.instance, o.sequence LIMIT ?6`,
		wanted, after.Time, after.Run, after.Sequence, last, limit)
	return rows, true, err
}

// RowsBefore implements block.View.
func (v *view) RowsBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error) {
	partitions, err := v.partitions(ctx)
	if err != nil {
		return nil, err
	}
	// The one that ends last comes first: what it has need not be looked for in
	// those that have ended before.
	partitions = slices.SortedStableFunc(slices.Values(partitions), func(a, b partition) int { return cmp.Compare(b.maxTime, a.maxTime) })
	found := make(map[plant.ItemID]plant.Observation, len(items))
	for i := range partitions {
		p := &partitions[i]
		wanted := slices.DeleteFunc(slices.Clone(p.unsealed(items)), func(item plant.ItemID) bool {
			o, ok := found[item]
			return ok && o.Time > p.maxTime
		})
		if p.missing || !p.overlaps(math.MinInt64, time) || len(wanted) == 0 {
			continue
		}
		rows, err := collect(ctx, v.tx, newRowReader().observation, `
			SELECT `+rowColumns+` FROM json_each(?1) i CROSS JOIN `+p.table()+` o ON o.id = (
				SELECT id FROM `+p.table()+` WHERE item = i.value AND time < ?2 ORDER BY time DESC, id DESC LIMIT 1)`,
			numberList(wanted), time)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			if before, ok := found[o.Item]; !ok || compareRows(before, o) < 0 {
				found[o.Item] = o
			}
		}
	}
	return slices.Collect(maps.Values(found)), nil
}
