package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const deviceColumns = `id, agent, slug, name, uuid, manufacturer, model, serial, description, is_agent, present`

func scanDevice(row pgx.CollectableRow) (d plant.Device, err error) {
	err = row.Scan(&d.ID, &d.Agent, &d.Slug, (*text)(&d.Name), (*text)(&d.UUID), (*text)(&d.Manufacturer), (*text)(&d.Model),
		(*text)(&d.Serial), (*text)(&d.Description), &d.IsAgent, &d.Present)
	return d, err
}

const itemColumns = `id, device, data_item_id, category, type, sub_type, name, units, native_units,
	representation, statistic, discrete, component_id, component_type, component_name, path, path_id, unmapped`

// itemOrder is the order of the model, with the items that it does not have at
// the end.
const itemOrder = `position NULLS LAST, id`

func scanItem(row pgx.CollectableRow) (i plant.DataItem, err error) {
	err = row.Scan(&i.ID, &i.Device, (*text)(&i.DataItemID), &i.Category, (*text)(&i.Type), (*text)(&i.SubType), (*text)(&i.Name),
		(*text)(&i.Units), (*text)(&i.NativeUnits), (*text)(&i.Representation), (*text)(&i.Statistic), &i.Discrete,
		(*text)(&i.ComponentID), (*text)(&i.ComponentType), (*text)(&i.ComponentName), (*text)(&i.Path), (*text)(&i.PathID), &i.Unmapped)
	return i, err
}

// Devices implements store.Reader.
func (s *Store) Devices(ctx context.Context) ([]plant.Device, error) {
	return list(ctx, s, "list devices", scanDevice,
		`SELECT `+prefixed("d", deviceColumns)+` FROM devices d JOIN agents a ON a.id = d.agent ORDER BY a.name, d.name, d.id`)
}

// Items implements store.Reader.
func (s *Store) Items(ctx context.Context, device plant.DeviceID) ([]plant.DataItem, error) {
	return list(ctx, s, "list data items", scanItem,
		`SELECT `+itemColumns+` FROM data_items WHERE device = $1 ORDER BY `+itemOrder, device)
}

// inventoryLock is the advisory lock of those who change devices and data items:
// one at a time, so that each sees the slugs that are taken.
const inventoryLock = `SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' inventory'))`

// AddDevice implements store.Writer.
func (s *Store) AddDevice(ctx context.Context, device plant.Device) (plant.Device, error) {
	var stored plant.Device
	err := s.update(ctx, "add device", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, inventoryLock)
		if err != nil {
			return err
		}
		stored, err = findDevice(ctx, tx, device)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err := lockAgent(ctx, tx, device.Agent); err != nil {
			return err
		}
		stored, err = insertDevice(ctx, tx, device)
		return err
	})
	return stored, err
}

// AddItem implements store.Writer.
func (s *Store) AddItem(ctx context.Context, item plant.DataItem) (plant.DataItem, error) {
	var stored plant.DataItem
	err := s.update(ctx, "add data item", func(ctx context.Context, tx pgx.Tx) error {
		find := func() (err error) {
			stored, err = one(ctx, tx, scanItem, `SELECT `+itemColumns+` FROM data_items WHERE device = $1 AND data_item_id = $2`, item.Device, text(item.DataItemID))
			return err
		}
		if _, err := tx.Exec(ctx, inventoryLock); err != nil {
			return err
		}
		if err := find(); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		var device plant.DeviceID
		err := tx.QueryRow(ctx, `SELECT id FROM devices WHERE id = $1`, item.Device).Scan(&device)
		if errors.Is(err, pgx.ErrNoRows) {
			return plant.Errorf(plant.NotFound, "there is no device with number %d", item.Device)
		}
		if err != nil {
			return err
		}
		var batch pgx.Batch
		queueItem(&batch, item, nil)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		return find()
	})
	return stored, err
}

// findDevice gives the stored device that d is, or pgx.ErrNoRows.
func findDevice(ctx context.Context, tx pgx.Tx, d plant.Device) (plant.Device, error) {
	return one(ctx, tx, scanDevice, `SELECT `+deviceColumns+` FROM devices WHERE agent = $1 AND identity = $2`, d.Agent, text(store.Identity(d)))
}

func insertDevice(ctx context.Context, tx pgx.Tx, d plant.Device) (plant.Device, error) {
	slug, err := freeSlug(ctx, tx, d)
	if err != nil {
		return plant.Device{}, err
	}
	return one(ctx, tx, scanDevice, `
		INSERT INTO devices (agent, identity, slug, name, uuid, manufacturer, model, serial, description, is_agent, present)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING `+deviceColumns,
		d.Agent, text(store.Identity(d)), slug, text(d.Name), text(d.UUID), text(d.Manufacturer), text(d.Model), text(d.Serial),
		text(d.Description), d.IsAgent, d.Present)
}

// putDevice stores a device of a model and gives its number.
func putDevice(ctx context.Context, tx pgx.Tx, d plant.Device) (plant.DeviceID, error) {
	d.Present = true
	known, err := findDevice(ctx, tx, d)
	if errors.Is(err, pgx.ErrNoRows) {
		known, err = insertDevice(ctx, tx, d)
		return known.ID, err
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `
		UPDATE devices SET name = $2, manufacturer = $3, model = $4, serial = $5, description = $6, is_agent = $7, present = true
		WHERE id = $1`,
		known.ID, text(d.Name), text(d.Manufacturer), text(d.Model), text(d.Serial), text(d.Description), d.IsAgent)
	return known.ID, err
}

// queueItem adds the statements that store a data item at a position of its
// device's model, nil for one that is not in it. They are two, since an INSERT
// that finds the item there would use up a number each time.
func queueItem(batch *pgx.Batch, i plant.DataItem, position any) {
	args := []any{
		i.Device, text(i.DataItemID), i.Category, text(i.Type), text(i.SubType), text(i.Name), text(i.Units), text(i.NativeUnits),
		text(i.Representation), text(i.Statistic), i.Discrete, text(i.ComponentID), text(i.ComponentType), text(i.ComponentName),
		text(i.Path), text(i.PathID), i.Unmapped, position,
	}
	batch.Queue(`
		UPDATE data_items SET category = $3, type = $4, sub_type = $5, name = $6, units = $7, native_units = $8, representation = $9,
			statistic = $10, discrete = $11, component_id = $12, component_type = $13, component_name = $14, path = $15, path_id = $16,
			unmapped = $17, position = $18
		WHERE device = $1 AND data_item_id = $2`, args...)
	batch.Queue(`
		INSERT INTO data_items (device, data_item_id, category, type, sub_type, name, units, native_units,
			representation, statistic, discrete, component_id, component_type, component_name, path, path_id, unmapped, position)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
		WHERE NOT EXISTS (SELECT 1 FROM data_items WHERE device = $1 AND data_item_id = $2)`, args...)
}

// freeSlug finds a slug for a new device that no other has.
func freeSlug(ctx context.Context, tx pgx.Tx, d plant.Device) (string, error) {
	var agent string
	if err := tx.QueryRow(ctx, `SELECT name FROM agents WHERE id = $1`, d.Agent).Scan(&agent); err != nil {
		return "", err
	}
	for slug := range store.Slugs(d, agent) {
		var taken bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM devices WHERE slug = $1)`, slug).Scan(&taken); err != nil || !taken {
			return slug, err
		}
	}
	return "", errors.New("there is no free slug")
}

// prefixed puts a table's name before each column of a list.
func prefixed(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}
