package insight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestDiffModels(t *testing.T) {
	device := func(uuid, name string, items ...plant.DataItem) plant.ModelDevice {
		return plant.ModelDevice{Device: plant.Device{UUID: uuid, Name: name}, Items: items}
	}
	load := plant.DataItem{DataItemID: "load", Category: plant.Sample, Type: "LOAD", Units: "PERCENT", Path: "Axes[base]/Linear[X]"}
	program := plant.DataItem{DataItemID: "program", Category: plant.Event, Type: "PROGRAM"}
	renamed := load
	renamed.Name, renamed.Units = "Xload", "NEWTON"
	before := []plant.ModelDevice{device("m-1", "Mill", load, program), device("", "Saw", program)}
	after := []plant.ModelDevice{device("m-1", "Mill 1", renamed, plant.DataItem{DataItemID: "mode", Type: "CONTROLLER_MODE"}), device("s-1", "Saw", program)}
	want := insight.ModelDiff{
		Added:   []insight.ModelItem{{Device: "Mill 1", Item: "mode", Type: "CONTROLLER_MODE"}, {Device: "Saw"}},
		Removed: []insight.ModelItem{{Device: "Mill 1", Item: "program", Type: "PROGRAM"}, {Device: "Saw"}},
		Changed: []insight.ItemChange{
			{ModelItem: insight.ModelItem{Device: "Mill 1"}, Fields: []insight.FieldChange{{Field: "name", Before: "Mill", After: "Mill 1"}}},
			{
				ModelItem: insight.ModelItem{Device: "Mill 1", Item: "load", Type: "LOAD", Component: "Axes[base]/Linear[X]"},
				Fields:    []insight.FieldChange{{Field: "name", After: "Xload"}, {Field: "units", Before: "PERCENT", After: "NEWTON"}},
			},
		},
	}
	if diff := cmp.Diff(want, insight.DiffModels(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDiffModelsBothWays checks that what one direction adds the other removes,
// and that a version does not differ from itself, in whatever order it stands.
func TestDiffModelsBothWays(t *testing.T) {
	models := rapid.Custom(func(t *rapid.T) []plant.ModelDevice {
		var devices []plant.ModelDevice
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID).Draw(t, "devices") {
			d := plant.ModelDevice{Device: plant.Device{Name: name}}
			for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 3, rapid.ID).Draw(t, "items") {
				d.Items = append(d.Items, plant.DataItem{DataItemID: id, Type: rapid.SampledFrom([]string{"LOAD", "POSITION"}).Draw(t, "type")})
			}
			devices = append(devices, d)
		}
		return devices
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := models.Draw(t, "a"), models.Draw(t, "b")
		there, back := insight.DiffModels(a, b), insight.DiffModels(b, a)
		names := func(items []insight.ModelItem) (all []string) {
			for _, it := range items {
				all = append(all, it.Device+"/"+it.Item)
			}
			return all
		}
		if diff := cmp.Diff(names(there.Added), names(back.Removed)); diff != "" {
			t.Errorf("added one way, removed the other (-/+):\n%s", diff)
		}
		if len(there.Changed) != len(back.Changed) {
			t.Errorf("%d changed one way, %d the other", len(there.Changed), len(back.Changed))
		}
		if same := insight.DiffModels(a, rapid.Permutation(a).Draw(t, "order")); !same.Empty() {
			t.Errorf("a version differs from itself: %+v", same)
		}
	})
}
