package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const selectLatest = `
	SELECT l.item, l.time, l.sequence, l.value, l.detail, l.instance, l.active, l.merged
	FROM latest l JOIN data_items i ON i.id = l.item `

// Latest implements store.Writer.
func (s *Store) Latest(ctx context.Context, agent plant.AgentID) ([]plant.Latest, error) {
	return list(ctx, s, "read latest", scanLatest,
		selectLatest+`WHERE i.device IN (SELECT id FROM devices WHERE agent = ?) ORDER BY l.item`, agent)
}

// Current implements store.Reader.
func (s *Store) Current(ctx context.Context, device plant.DeviceID) ([]plant.Latest, error) {
	return list(ctx, s, "read current", scanLatest, selectLatest+`WHERE i.device = ? ORDER BY `+itemOrder, device)
}

// LatestBefore implements block.View.
func (v *view) LatestBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error) {
	return collect(ctx, v.tx, func(row scanner) (plant.Observation, error) {
		l, err := scanLatest(row)
		return l.Observation, err
	}, selectLatest+`JOIN instances r ON r.id = l.instance
		WHERE l.item IN (SELECT value FROM json_each(?)) AND l.time < ? AND r.freed > 0`, numberList(items), time)
}

func scanLatest(row scanner) (l plant.Latest, err error) {
	var (
		value, detail  any
		active, merged sql.NullString
	)
	err = row.Scan(&l.Item, &l.Time, &l.Sequence, &value, &detail, &l.Run, &active, &merged)
	if err != nil {
		return l, err
	}
	if l.Value, err = decodeValue(value); err == nil {
		l.Alarm, l.Extra, err = decodeDetail(detail)
	}
	if err == nil {
		l.Active, err = store.DecodeActive(active.String)
	}
	if err != nil {
		return l, fmt.Errorf("item %d: %w", l.Item, err)
	}
	l.Merged = merged.String
	return l, nil
}
