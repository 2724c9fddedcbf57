package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const deviceColumns = `id, agent, slug, name, uuid, manufacturer, model, serial, description, is_agent, present`

func scanDevice(row scanner) (d plant.Device, err error) {
	err = row.Scan(&d.ID, &d.Agent, &d.Slug, &d.Name, &d.UUID, &d.Manufacturer, &d.Model, &d.Serial,
		&d.Description, &d.IsAgent, &d.Present)
	return d, err
}

const itemColumns = `id, device, data_item_id, category, type, sub_type, name, units, native_units,
	representation, statistic, discrete, component_id, component_type, component_name, path, path_id, unmapped`

// itemOrder is the order of the model, with the items that it does not have at
// the end.
const itemOrder = `position IS NULL, position, id`

func scanItem(row scanner) (i plant.DataItem, err error) {
	err = row.Scan(&i.ID, &i.Device, &i.DataItemID, &i.Category, &i.Type, &i.SubType, &i.Name, &i.Units, &i.NativeUnits,
		&i.Representation, &i.Statistic, &i.Discrete, &i.ComponentID, &i.ComponentType, &i.ComponentName,
		&i.Path, &i.PathID, &i.Unmapped)
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
		`SELECT `+itemColumns+` FROM data_items WHERE device = ? ORDER BY `+itemOrder, device)
}

// AddDevice implements store.Writer.
func (s *Store) AddDevice(ctx context.Context, device plant.Device) (plant.Device, error) {
	var stored plant.Device
	err := s.update(ctx, "add device", func(tx *sql.Tx) (err error) {
		stored, err = findDevice(ctx, tx, device)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := checkAgent(ctx, tx, device.Agent); err != nil {
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
	err := s.update(ctx, "add data item", func(tx *sql.Tx) (err error) {
		find := func() (plant.DataItem, error) {
			return scanItem(tx.QueryRowContext(ctx,
				`SELECT `+itemColumns+` FROM data_items WHERE device = ? AND data_item_id = ?`, item.Device, item.DataItemID))
		}
		stored, err = find()
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var device int64
		err = tx.QueryRowContext(ctx, `SELECT id FROM devices WHERE id = ?`, item.Device).Scan(&device)
		if errors.Is(err, sql.ErrNoRows) {
			return plant.Errorf(plant.NotFound, "there is no device with number %d", item.Device)
		}
		if err != nil {
			return err
		}
		if err := putItem(ctx, tx, item, nil); err != nil {
			return err
		}
		stored, err = find()
		return err
	})
	return stored, err
}

// findDevice gives the stored device that d is, or sql.ErrNoRows.
func findDevice(ctx context.Context, tx *sql.Tx, d plant.Device) (plant.Device, error) {
	return scanDevice(tx.QueryRowContext(ctx,
		`SELECT `+deviceColumns+` FROM devices WHERE agent = ? AND identity = ?`, d.Agent, store.Identity(d)))
}

func insertDevice(ctx context.Context, tx *sql.Tx, d plant.Device) (plant.Device, error) {
	slug, err := freeSlug(ctx, tx, d)
	if err != nil {
		return plant.Device{}, err
	}
	return scanDevice(tx.QueryRowContext(ctx, `
		INSERT INTO devices (agent, identity, slug, name, uuid, manufacturer, model, serial, description, is_agent, present)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING `+deviceColumns,
		d.Agent, store.Identity(d), slug, d.Name, d.UUID, d.Manufacturer, d.Model, d.Serial, d.Description, d.IsAgent, d.Present))
}

// putDevice stores a device of a model and gives its number.
func putDevice(ctx context.Context, tx *sql.Tx, d plant.Device) (plant.DeviceID, error) {
	d.Present = true
	known, err := findDevice(ctx, tx, d)
	if errors.Is(err, sql.ErrNoRows) {
		known, err = insertDevice(ctx, tx, d)
		return known.ID, err
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE devices SET name = ?, manufacturer = ?, model = ?, serial = ?, description = ?, is_agent = ?, present = 1
		WHERE id = ?`,
		d.Name, d.Manufacturer, d.Model, d.Serial, d.Description, d.IsAgent, known.ID)
	return known.ID, err
}

// putItem stores a data item at a position of its device's model, nil for one
// that is not in it.
func putItem(ctx context.Context, tx *sql.Tx, i plant.DataItem, position any) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO data_items (device, data_item_id, category, type, sub_type, name, units, native_units,
			representation, statistic, discrete, component_id, component_type, component_name, path, path_id, unmapped, position)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (device, data_item_id) DO UPDATE SET
			category = excluded.category, type = excluded.type, sub_type = excluded.sub_type, name = excluded.name,
			units = excluded.units, native_units = excluded.native_units, representation = excluded.representation,
			statistic = excluded.statistic, discrete = excluded.discrete, component_id = excluded.component_id,
			component_type = excluded.component_type, component_name = excluded.component_name, path = excluded.path,
			path_id = excluded.path_id, unmapped = excluded.unmapped, position = excluded.position`,
		i.Device, i.DataItemID, i.Category, i.Type, i.SubType, i.Name, i.Units, i.NativeUnits,
		i.Representation, i.Statistic, i.Discrete, i.ComponentID, i.ComponentType, i.ComponentName,
		i.Path, i.PathID, i.Unmapped, position)
	return err
}

// freeSlug finds a slug for a new device that no other has.
func freeSlug(ctx context.Context, tx *sql.Tx, d plant.Device) (string, error) {
	var agent string
	if err := tx.QueryRowContext(ctx, `SELECT name FROM agents WHERE id = ?`, d.Agent).Scan(&agent); err != nil {
		return "", err
	}
	for slug := range store.Slugs(d, agent) {
		var taken bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM devices WHERE slug = ?)`, slug).Scan(&taken); err != nil || !taken {
			return slug, err
		}
	}
	return "", errors.New("there is no free slug")
}

// prefixed puts a table's name before each column of a list.
func prefixed(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}
