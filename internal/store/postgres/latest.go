package postgres

import (
	"context"
	"errors"

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

func scanLatest(row pgx.CollectableRow) (l plant.Latest, err error) {
	columns := row.RawValues()
	if l.Observation, err = decodeRow(columns[:columnCount]); err != nil {
		return l, err
	}
	if l.Merged, err = decodeText(string(columns[columnCount+1])); err != nil {
		return l, err
	}
	l.Active, err = store.DecodeActive(string(columns[columnCount]))
	return l, err
}

const stateColumns = `device, instance, sequence, time, state, rule, since`

func scanState(row pgx.CollectableRow) (c plant.StateChange, err error) {
	err = row.Scan(&c.Device, &c.Run, &c.Sequence, &c.Time, &c.State, (*text)(&c.Rule), &c.Since)
	return c, err
}

// States implements store.Writer.
func (s *Store) States(ctx context.Context, agent plant.AgentID) ([]plant.StateChange, error) {
	return list(ctx, s, "read states", scanState, `
		SELECT `+prefixed("s", stateColumns)+` FROM devices d, LATERAL (
			SELECT * FROM states WHERE device = d.id ORDER BY instance DESC, sequence DESC LIMIT 1) s
		WHERE d.agent = $1 ORDER BY d.id`, agent)
}

// StatesBetween implements store.Reader.
func (s *Store) StatesBetween(ctx context.Context, device plant.DeviceID, from, to int64) ([]plant.StateChange, error) {
	const op = "read states"
	before, err := one(ctx, s.read, scanState, `
		SELECT `+stateColumns+` FROM states WHERE device = $1 AND time < $2
		ORDER BY instance DESC, sequence DESC LIMIT 1`, device, from)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, s.fail(ctx, op, err)
	}
	known := err == nil
	changes, err := list(ctx, s, op, scanState, `
		SELECT `+stateColumns+` FROM states WHERE device = $1 AND time >= $2 AND time < $3
		ORDER BY instance, sequence`, device, from, to)
	if err != nil || !known {
		return changes, err
	}
	return append([]plant.StateChange{before}, changes...), nil
}
