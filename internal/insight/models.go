package insight

import (
	"cmp"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// ModelItem names a data item, or a device as a whole where Item is empty.
type ModelItem struct {
	Device, Item string
	// Type and Component say what it is and where it stands; they are empty for a
	// device.
	Type, Component string
}

// FieldChange is what became of one field.
type FieldChange struct{ Field, Before, After string }

// ItemChange is what changed of a data item or device.
type ItemChange struct {
	ModelItem
	Fields []FieldChange
}

// ModelDiff is what one version of an agent's device models changed in the one
// before, by device and data item. The data items of a device that came or went
// are not listed one by one.
type ModelDiff struct {
	Added, Removed []ModelItem
	Changed        []ItemChange
}

// Empty reports whether nothing of devices and data items changed.
func (d ModelDiff) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// DiffModels compares two versions of an agent's device models. Devices are the
// same where they have the same UUID, or the same name where they have none; data
// items where they have the same id.
func DiffModels(before, after []plant.ModelDevice) ModelDiff {
	var d ModelDiff
	old := make(map[string]plant.ModelDevice)
	for _, m := range before {
		old[deviceKey(m.Device)] = m
	}
	for _, m := range after {
		key := deviceKey(m.Device)
		was, ok := old[key]
		delete(old, key)
		if !ok {
			d.Added = append(d.Added, ModelItem{Device: deviceTitle(m.Device)})
			continue
		}
		if fields := changedFields(deviceFields(was.Device), deviceFields(m.Device)); fields != nil {
			d.Changed = append(d.Changed, ItemChange{ModelItem{Device: deviceTitle(m.Device)}, fields})
		}
		d.items(deviceTitle(m.Device), was.Items, m.Items)
	}
	for _, m := range old {
		d.Removed = append(d.Removed, ModelItem{Device: deviceTitle(m.Device)})
	}
	slices.SortFunc(d.Added, compareModelItems)
	slices.SortFunc(d.Removed, compareModelItems)
	slices.SortFunc(d.Changed, func(a, b ItemChange) int { return compareModelItems(a.ModelItem, b.ModelItem) })
	return d
}

// items adds what changed of the data items of a device.
func (d *ModelDiff) items(device string, before, after []plant.DataItem) {
	old := make(map[string]plant.DataItem)
	for _, it := range before {
		old[it.DataItemID] = it
	}
	for _, it := range after {
		was, ok := old[it.DataItemID]
		delete(old, it.DataItemID)
		if !ok {
			d.Added = append(d.Added, modelItem(device, it))
		} else if fields := changedFields(itemFields(was), itemFields(it)); fields != nil {
			d.Changed = append(d.Changed, ItemChange{modelItem(device, it), fields})
		}
	}
	for _, it := range old {
		d.Removed = append(d.Removed, modelItem(device, it))
	}
}

func modelItem(device string, it plant.DataItem) ModelItem {
	return ModelItem{Device: device, Item: it.DataItemID, Type: it.Type, Component: it.Path}
}

func deviceKey(d plant.Device) string {
	if d.UUID != "" {
		return d.UUID
	}
	return "/" + d.Name // The slash keeps names apart from UUIDs.
}

func deviceTitle(d plant.Device) string { return cmp.Or(d.Name, d.UUID) }

func compareModelItems(a, b ModelItem) int {
	return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Item, b.Item))
}

// field is a field of a device or data item with its value.
type field struct{ name, value string }

func deviceFields(d plant.Device) []field {
	return []field{{"name", d.Name}, {"manufacturer", d.Manufacturer}, {"model", d.Model}, {"serial", d.Serial}, {"description", d.Description}}
}

func itemFields(it plant.DataItem) []field {
	return []field{
		{"category", it.Category.String()},
		{"type", it.Type},
		{"subType", it.SubType},
		{"name", it.Name},
		{"units", it.Units},
		{"nativeUnits", it.NativeUnits},
		{"representation", it.Representation},
		{"statistic", it.Statistic},
		{"component", it.Path},
	}
}

// changedFields gives what differs between two lists of the same fields.
func changedFields(before, after []field) (changes []FieldChange) {
	for i, f := range after {
		if was := before[i].value; was != f.value {
			changes = append(changes, FieldChange{f.name, was, f.value})
		}
	}
	return changes
}
