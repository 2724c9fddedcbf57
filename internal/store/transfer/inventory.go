package transfer

import (
	"context"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// names gives the numbers of the target for those of the source.
type names struct {
	devices map[plant.DeviceID]plant.DeviceID
	items   map[plant.ItemID]plant.ItemID
}

// inventory copies the device models of an agent, and the devices and data items
// that are in none.
func (c *copier) inventory(ctx context.Context, source, target plant.AgentID) (*names, error) {
	devices, err := devicesOf(ctx, c.from, source)
	if err != nil {
		return nil, err
	}
	if err := c.models(ctx, source, target, devices); err != nil {
		return nil, err
	}
	n := &names{devices: make(map[plant.DeviceID]plant.DeviceID), items: make(map[plant.ItemID]plant.ItemID)}
	for _, d := range devices {
		copied := d
		copied.ID, copied.Agent = 0, target
		if copied, err = c.to.AddDevice(ctx, copied); err != nil {
			return nil, err
		}
		n.devices[d.ID] = copied.ID
		if err := c.items(ctx, d.ID, copied.ID, n); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// models saves the versions of an agent's models that the target lacks, oldest
// first. The devices keep their slugs: by these the settings of the plant and
// people's bookmarks name them.
func (c *copier) models(ctx context.Context, source, target plant.AgentID, devices []plant.Device) error {
	slugs := make(map[string]string, len(devices))
	for _, d := range devices {
		slugs[store.Identity(d)] = d.Slug
	}
	versions, err := c.from.Models(ctx, source)
	if err != nil {
		return err
	}
	there, err := c.to.Models(ctx, target)
	if err != nil {
		return err
	}
	slices.Reverse(versions)
	for i, m := range versions {
		if i < len(there) {
			if there[len(there)-1-i].Digest != m.Digest {
				return plant.Errorf(plant.Conflict, "the target has another device model of %s: it is not a copy", m.From)
			}
			continue
		}
		m.Agent = target
		if m.Devices, err = c.opts.Devices(target, m.Document); err != nil {
			return err
		}
		for i := range m.Devices {
			d := &m.Devices[i].Device
			d.Slug = slugs[store.Identity(*d)]
		}
		if _, err := c.to.SaveModel(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// items makes sure that the target has the data items of a device.
func (c *copier) items(ctx context.Context, source, target plant.DeviceID, n *names) error {
	items, err := c.from.Items(ctx, source)
	if err != nil {
		return err
	}
	there, err := c.to.Items(ctx, target)
	if err != nil {
		return err
	}
	byID := make(map[string]plant.ItemID, len(there))
	for _, i := range there {
		byID[i.DataItemID] = i.ID
	}
	for _, i := range items {
		id, ok := byID[i.DataItemID]
		if !ok {
			copied := i
			copied.ID, copied.Device = 0, target
			if copied, err = c.to.AddItem(ctx, copied); err != nil {
				return err
			}
			id = copied.ID
		}
		n.items[i.ID] = id
	}
	return nil
}

func devicesOf(ctx context.Context, r interface {
	Devices(ctx context.Context) ([]plant.Device, error)
}, agent plant.AgentID,
) ([]plant.Device, error) {
	all, err := r.Devices(ctx)
	return slices.DeleteFunc(all, func(d plant.Device) bool { return d.Agent != agent }), err
}
