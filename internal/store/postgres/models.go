package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// SaveModel implements store.Writer. Of two data items with the same id in one
// device, the last one counts.
func (s *Store) SaveModel(ctx context.Context, m plant.Model) (store.Inventory, error) {
	var inventory store.Inventory
	err := s.update(ctx, "save model", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, inventoryLock); err != nil {
			return err
		}
		if err := lockAgent(ctx, tx, m.Agent); err != nil {
			return err
		}
		var newest text
		err := tx.QueryRow(ctx, `SELECT digest FROM models WHERE agent = $1 ORDER BY id DESC LIMIT 1`, m.Agent).Scan(&newest)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err != nil || string(newest) != m.Digest {
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
func putModel(ctx context.Context, tx pgx.Tx, m plant.Model) error {
	document, err := store.PackDocument(m.Document)
	if err != nil {
		return err
	}
	var batch pgx.Batch
	batch.Queue(`INSERT INTO models (agent, digest, document, since) VALUES ($1, $2, $3, $4)`,
		m.Agent, text(m.Digest), document, m.From.UnixMicro())
	batch.Queue(`UPDATE devices SET present = false WHERE agent = $1`, m.Agent)
	batch.Queue(`UPDATE data_items SET position = NULL WHERE device IN (SELECT id FROM devices WHERE agent = $1)`, m.Agent)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	for _, d := range m.Devices {
		d.Device.Agent = m.Agent
		device, err := putDevice(ctx, tx, d.Device)
		if err != nil {
			return err
		}
		var batch pgx.Batch
		for position, item := range d.Items {
			item.Device = device
			queueItem(&batch, item, position)
		}
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
	}
	return nil
}

func readInventory(ctx context.Context, tx pgx.Tx, agent plant.AgentID) (inventory store.Inventory, err error) {
	inventory.Devices, err = collect(ctx, tx, scanDevice,
		`SELECT `+deviceColumns+` FROM devices WHERE agent = $1 ORDER BY name, id`, agent)
	if err != nil {
		return inventory, err
	}
	inventory.Items, err = collect(ctx, tx, scanItem,
		`SELECT `+itemColumns+` FROM data_items WHERE device IN (SELECT id FROM devices WHERE agent = $1)
		ORDER BY device, `+itemOrder, agent)
	return inventory, err
}

// Models implements store.Reader.
func (s *Store) Models(ctx context.Context, agent plant.AgentID) ([]plant.Model, error) {
	return list(ctx, s, "list models", scanModel,
		`SELECT agent, digest, document, since FROM models WHERE agent = $1 ORDER BY id DESC`, agent)
}

func scanModel(row pgx.CollectableRow) (m plant.Model, err error) {
	var (
		packed []byte
		since  int64
	)
	if err := row.Scan(&m.Agent, (*text)(&m.Digest), &packed, &since); err != nil {
		return m, err
	}
	m.From = fromMicros(since)
	m.Document, err = store.UnpackDocument(packed)
	return m, err
}
