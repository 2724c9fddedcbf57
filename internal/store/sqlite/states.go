package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const (
	stateColumns = `device, instance, sequence, time, state, rule, since`
	stateFields  = 7
)

// stateReader reads state changes from rows of stateColumns. There may be hundreds
// of thousands, which have few rules among them.
type stateReader struct {
	*fields
	rules map[string]string
}

func newStateReader() stateReader {
	return stateReader{newFields(stateFields), make(map[string]string)}
}

func (r stateReader) change(row scanner) (c plant.StateChange, err error) {
	if err = r.read(row); err != nil {
		return c, err
	}
	rule, _ := r.values[5].(string)
	known, ok := r.rules[rule]
	if !ok {
		known = rule
		r.rules[rule] = rule
	}
	return plant.StateChange{
		Device: plant.DeviceID(r.int(0)), Run: plant.RunID(r.int(1)), Sequence: r.int(2), Time: r.int(3),
		State: plant.State(r.int(4)), Rule: known, Since: r.int(6),
	}, nil
}

// States implements store.Writer.
func (s *Store) States(ctx context.Context, agent plant.AgentID) ([]plant.StateChange, error) {
	return list(ctx, s, "read states", newStateReader().change, `
		SELECT `+prefixed("s", stateColumns)+` FROM devices d JOIN states s ON s.id = (
			SELECT id FROM states WHERE device = d.id ORDER BY instance DESC, sequence DESC LIMIT 1)
		WHERE d.agent = ? ORDER BY d.id`, agent)
}

// StatesBetween implements store.Reader.
func (s *Store) StatesBetween(ctx context.Context, device plant.DeviceID, from, to int64) ([]plant.StateChange, error) {
	const op = "read states"
	// The index has all that is looked at on the way to the change. By time, all
	// that is before would be sorted.
	reader := newStateReader()
	before, err := reader.change(s.read.QueryRowContext(ctx, `
		SELECT `+stateColumns+` FROM states WHERE id = (
			SELECT id FROM states INDEXED BY states_place WHERE device = ? AND time < ?
			ORDER BY instance DESC, sequence DESC LIMIT 1)`, device, from))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, s.fail(ctx, s.read, op, err)
	}
	known := err == nil
	changes, err := list(ctx, s, op, reader.change, `
		SELECT `+stateColumns+` FROM states WHERE device = ? AND time >= ? AND time < ?`, device, from, to)
	// They come in order of time, which is mostly theirs.
	slices.SortFunc(changes, func(a, b plant.StateChange) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
	})
	if err != nil || !known {
		return changes, err
	}
	return append([]plant.StateChange{before}, changes...), nil
}

// putState stores a change of a machine's state. The same change again takes the
// place of the first, since states may be worked out anew.
func putState(ctx context.Context, tx *sql.Tx, run plant.RunID, change plant.StateChange) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO states (device, instance, sequence, time, state, rule, since) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device, instance, sequence) DO UPDATE SET time = excluded.time, state = excluded.state, rule = excluded.rule, since = excluded.since`,
		change.Device, run, change.Sequence, change.Time, change.State, change.Rule, change.Since)
	return err
}

// ReplaceStates implements store.Upkeep.
func (s *Store) ReplaceStates(ctx context.Context, device plant.DeviceID, from int64, changes []plant.StateChange, runs []plant.Run) error {
	if err := store.CheckReplacement(device, from, changes); err != nil {
		return err
	}
	return s.update(ctx, "replace states", func(tx *sql.Tx) error {
		now, err := collect(ctx, tx, scanRun, `
			SELECT `+runColumns+` FROM instances WHERE agent = (SELECT agent FROM devices WHERE id = ?) ORDER BY id`, device)
		if err != nil {
			return err
		}
		if err := store.CheckUnmoved(runs, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM states WHERE device = ? AND time >= ?`, device, from); err != nil {
			return err
		}
		for _, c := range changes {
			if err := putState(ctx, tx, c.Run, c); err != nil {
				return err
			}
		}
		return nil
	})
}
