package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// SaveModel implements store.Writer. Of two data items with the same id in one
// device, the last one counts.
func (s *Store) SaveModel(ctx context.Context, m plant.Model) (store.Inventory, error) {
	var inventory store.Inventory
	err := s.update(ctx, "save model", func(tx *sql.Tx) error {
		if err := checkAgent(ctx, tx, m.Agent); err != nil {
			return err
		}
		var newest string
		err := tx.QueryRowContext(ctx, `SELECT digest FROM models WHERE agent = ? ORDER BY id DESC LIMIT 1`, m.Agent).Scan(&newest)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err != nil || newest != m.Digest {
			if err := putModel(ctx, tx, m); err != nil {
				return err
			}
		}
		inventory, err = readInventory(ctx, tx, m.Agent)
		return err
	})
	return inventory, err
}

// putModel stores a new version of an agent's models.
func putModel(ctx context.Context, tx *sql.Tx, m plant.Model) error {
	document, err := store.PackDocument(m.Document)
	if err != nil {
		return err
	}
	for _, change := range []struct {
		query string
		args  []any
	}{
		{
			`INSERT INTO models (agent, digest, document, since) VALUES (?, ?, ?, ?)`,
			[]any{m.Agent, m.Digest, document, m.From.UnixMicro()},
		},
		{`UPDATE devices SET present = 0 WHERE agent = ?`, []any{m.Agent}},
		{`UPDATE data_items SET position = NULL WHERE device IN (SELECT id FROM devices WHERE agent = ?)`, []any{m.Agent}},
	} {
		if _, err := tx.ExecContext(ctx, change.query, change.args...); err != nil {
			return err
		}
	}
	for _, d := range m.Devices {
		d.Device.Agent = m.Agent
		device, err := putDevice(ctx, tx, d.Device)
		if err != nil {
			return err
		}
		for position, item := range d.Items {
			item.Device = device
			if err := putItem(ctx, tx, item, position); err != nil {
				return err
			}
		}
	}
	return nil
}

func readInventory(ctx context.Context, tx *sql.Tx, agent plant.AgentID) (inventory store.Inventory, err error) {
	inventory.Devices, err = collect(ctx, tx, scanDevice,
		`SELECT `+deviceColumns+` FROM devices WHERE agent = ? ORDER BY name, id`, agent)
	if err != nil {
		return inventory, err
	}
	inventory.Items, err = collect(ctx, tx, scanItem,
		`SELECT `+itemColumns+` FROM data_items WHERE device IN (SELECT id FROM devices WHERE agent = ?)
		ORDER BY device, `+itemOrder, agent)
	return inventory, err
}

// Models implements store.Reader.
func (s *Store) Models(ctx context.Context, agent plant.AgentID) ([]plant.Model, error) {
	return list(ctx, s, "list models", scanModel,
		`SELECT agent, digest, document, since FROM models WHERE agent = ? ORDER BY id DESC`, agent)
}

func scanModel(row scanner) (m plant.Model, err error) {
	var (
		packed []byte
		since  int64
	)
	if err := row.Scan(&m.Agent, &m.Digest, &packed, &since); err != nil {
		return m, err
	}
	m.From = fromMicros(since)
	m.Document, err = store.UnpackDocument(packed)
	return m, err
}
