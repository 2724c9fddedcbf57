package sqlite

import (
	"context"
	"database/sql"
	"errors"

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

func scanLatest(row scanner) (l plant.Latest, err error) {
	var (
		value, detail  any
		active, merged sql.NullString
	)
	err = row.Scan(&l.Item, &l.Time, &l.Sequence, &value, &detail, &l.Run, &active, &merged)
	if err != nil {
		return l, err
	}
	if l.Value, err = decodeValue(value); err != nil {
		return l, err
	}
	if l.Alarm, l.Extra, err = decodeDetail(detail); err != nil {
		return l, err
	}
	l.Merged = merged.String
	l.Active, err = store.DecodeActive(active.String)
	return l, err
}

const stateColumns = `device, instance, sequence, time, state, rule`

func scanState(row scanner) (c plant.StateChange, err error) {
	err = row.Scan(&c.Device, &c.Run, &c.Sequence, &c.Time, &c.State, &c.Rule)
	return c, err
}

// States implements store.Writer.
func (s *Store) States(ctx context.Context, agent plant.AgentID) ([]plant.StateChange, error) {
	return list(ctx, s, "read states", scanState, `
		SELECT `+prefixed("s", stateColumns)+` FROM devices d JOIN states s ON s.id = (
			SELECT id FROM states WHERE device = d.id ORDER BY instance DESC, sequence DESC LIMIT 1)
		WHERE d.agent = ? ORDER BY d.id`, agent)
}

// StatesBetween implements store.Reader.
func (s *Store) StatesBetween(ctx context.Context, device plant.DeviceID, from, to int64) ([]plant.StateChange, error) {
	const op = "read states"
	// The plus sign keeps SQLite from the index by time, for which it would
	// sort all that is before.
	before, err := scanState(s.read.QueryRowContext(ctx, `
		SELECT `+stateColumns+` FROM states WHERE device = ? AND +time < ?
		ORDER BY instance DESC, sequence DESC LIMIT 1`, device, from))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, s.fail(ctx, s.read, op, err)
	}
	known := err == nil
	changes, err := list(ctx, s, op, scanState, `
		SELECT `+stateColumns+` FROM states WHERE device = ? AND time >= ? AND time < ?
		ORDER BY instance, sequence`, device, from, to)
	if err != nil || !known {
		return changes, err
	}
	return append([]plant.StateChange{before}, changes...), nil
}
