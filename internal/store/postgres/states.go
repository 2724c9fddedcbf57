package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
)

const stateColumns = `device, instance, sequence, time, state, rule, since`

// stateReader reads state changes from rows of stateColumns. There may be hundreds of
// thousands, which have few rules among them.
type stateReader struct{ rules map[string]string }

func newStateReader() stateReader { return stateReader{make(map[string]string)} }

func (r stateReader) change(row pgx.CollectableRow) (c plant.StateChange, err error) {
	columns := row.RawValues()
	for i, n := range [...]int{4, 4, 8, 8, 2, -1, 8} {
		if n >= 0 && len(columns[i]) != n {
			return c, fmt.Errorf("column %d of a change of state has %d bytes and not %d", i+1, len(columns[i]), n)
		}
	}
	rule, ok := r.rules[string(columns[5])]
	if !ok {
		if rule, err = decodeText(string(columns[5])); err != nil {
			return c, err
		}
		r.rules[string(columns[5])] = rule
	}
	return plant.StateChange{
		Device: plant.DeviceID(binary.BigEndian.Uint32(columns[0])), Run: plant.RunID(binary.BigEndian.Uint32(columns[1])),
		Sequence: int64(binary.BigEndian.Uint64(columns[2])), Time: int64(binary.BigEndian.Uint64(columns[3])),
		State: plant.State(binary.BigEndian.Uint16(columns[4])), Rule: rule, Since: int64(binary.BigEndian.Uint64(columns[6])),
	}, nil
}

// States implements store.Writer.
func (s *Store) States(ctx context.Context, agent plant.AgentID) ([]plant.StateChange, error) {
	return list(ctx, s, "read states", newStateReader().change, `
		SELECT `+prefixed("s", stateColumns)+` FROM devices d, LATERAL (
			SELECT * FROM states WHERE device = d.id ORDER BY instance DESC, sequence DESC LIMIT 1) s
		WHERE d.agent = $1 ORDER BY d.id`, agent)
}

// StatesBetween implements store.Reader.
func (s *Store) StatesBetween(ctx context.Context, device plant.DeviceID, from, to int64) ([]plant.StateChange, error) {
	const op = "read states"
	reader := newStateReader()
	before, err := one(ctx, s.read, reader.change, `
		SELECT `+stateColumns+` FROM states WHERE device = $1 AND time < $2
		ORDER BY instance DESC, sequence DESC LIMIT 1`, device, from)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, s.fail(ctx, op, err)
	}
	known := err == nil
	changes, err := list(ctx, s, op, reader.change, `
		SELECT `+stateColumns+` FROM states WHERE device = $1 AND time >= $2 AND time < $3`, device, from, to)
	// They come in order of time, which is mostly theirs.
	slices.SortFunc(changes, func(a, b plant.StateChange) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
	})
	if err != nil || !known {
		return changes, err
	}
	return append([]plant.StateChange{before}, changes...), nil
}
