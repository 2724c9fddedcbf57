package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const selectLatest = `
	SELECT l.time, l.sequence, l.number, l.item, l.instance, l.text, l.set, l.detail, l.active, l.merged
	FROM latest l JOIN data_items i ON i.id = l.item `

// Latest implements store.Writer.
func (s *Store) Latest(ctx context.Context, agent plant.AgentID) ([]plant.Latest, error) {
	return list(ctx, s, "read latest", scanLatest,
		selectLatest+`WHERE i.device IN (SELECT id FROM devices WHERE agent = $1) ORDER BY l.item`, agent)
}

// Current implements store.Reader.
func (s *Store) Current(ctx context.Context, device plant.DeviceID) ([]plant.Latest, error) {
	return list(ctx, s, "read current", scanLatest, selectLatest+`WHERE i.device = $1 ORDER BY `+itemOrder, device)
}

// LatestBefore implements block.View.
func (v *view) LatestBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error) {
	rows, err := v.conn.Query(ctx, selectLatest+`JOIN instances r ON r.id = l.instance
		WHERE l.item = ANY($1) AND l.time < $2 AND r.freed > 0`, items, time)
	if err != nil {
		return nil, again(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (plant.Observation, error) {
		return decodeRow(row.RawValues()[:columnCount])
	})
	return found, again(err)
}

func scanLatest(row pgx.CollectableRow) (l plant.Latest, err error) {
	columns := row.RawValues()
	if l.Observation, err = decodeRow(columns[:columnCount]); err == nil {
		l.Merged, err = decodeText(string(columns[columnCount+1]))
	}
	if err == nil {
		l.Active, err = store.DecodeActive(string(columns[columnCount]))
	}
	if err != nil {
		return l, fmt.Errorf("item %d: %w", l.Item, err)
	}
	return l, nil
}
