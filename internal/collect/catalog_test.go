package collect_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// What is known after many observations at once is what is known after each of
// them, one by one.
func TestCatalogAppliesAll(t *testing.T) {
	inventory := store.Inventory{
		Devices: []plant.Device{{ID: 1, Agent: 1, Name: "mill"}},
		Items: []plant.DataItem{
			{ID: 1, Device: 1, DataItemID: "exec", Category: plant.Event, Type: "EXECUTION"},
			{ID: 2, Device: 1, DataItemID: "estop", Category: plant.Event, Type: "EMERGENCY_STOP"},
			{ID: 3, Device: 1, DataItemID: "system", Category: plant.Condition, Type: "SYSTEM"},
			{ID: 4, Device: 1, DataItemID: "load", Category: plant.Sample, Type: "LOAD"},
			{ID: 5, Device: 1, DataItemID: "vars", Category: plant.Event, Type: "VARIABLE", Representation: "DATA_SET"},
			{ID: 6, Device: 1, DataItemID: "temperature", Category: plant.Condition, Type: "TEMPERATURE", ComponentType: "Linear"},
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		atOnce, oneByOne := collect.NewCatalog(inventory, nil), collect.NewCatalog(inventory, nil)
		sequence := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			run := plant.RunID(sequence/30 + 1)
			batch := make([]plant.Observation, rapid.IntRange(0, 20).Draw(t, "observations"))
			for i := range batch {
				sequence++
				batch[i] = anything(t, sequence)
			}
			got, gotChanges := atOnce.Apply(run, batch, false)
			want, wantChanges := oneByOne.Apply(run, batch, true)
			byItem := func(a, b plant.Latest) int { return cmp.Compare(a.Item, b.Item) }
			slices.SortFunc(got, byItem)
			slices.SortFunc(want, byItem)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("known (-one by one +at once):\n%s", diff)
			}
			if diff := gocmp.Diff(wantChanges, gotChanges); diff != "" {
				t.Fatalf("states (-one by one +at once):\n%s", diff)
			}
		}
	})
}

// anything is an observation of one of the items 1 to 6, which need not say what
// the item's category has it say.
func anything(t *rapid.T, sequence int64) plant.Observation {
	o := plant.Observation{Item: plant.ItemID(rapid.IntRange(1, 6).Draw(t, "item")), Sequence: sequence, Time: sequence}
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		o.Value = plant.Value{Kind: plant.Text, Text: rapid.SampledFrom([]string{"ACTIVE", "READY", "TRIGGERED", "ARMED"}).Draw(t, "text")}
	case 1:
		o.Value = plant.Value{Kind: plant.Number, Number: float64(sequence)}
	case 2:
		key := strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "key"))
		o.Value = plant.Value{Kind: plant.Set, Text: plant.EncodeSet([]plant.SetEntry{{Key: key, Value: "1", Removed: sequence%2 == 0}})}
	case 3:
		o.Alarm = &plant.Alarm{
			Level:      plant.Level(rapid.IntRange(int(plant.LevelUnavailable), int(plant.LevelFault)).Draw(t, "level")),
			NativeCode: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "code"),
		}
	}
	return o
}

// Rules that change hold from the next observation on that has a part in the state.
func TestRulesThatChange(t *testing.T) {
	inventory := store.Inventory{
		Devices: []plant.Device{{ID: 1, Slug: "mill", Present: true}},
		Items: []plant.DataItem{
			{ID: 1, Device: 1, DataItemID: "exec", Category: plant.Event, Type: "EXECUTION"},
			{ID: 2, Device: 1, DataItemID: "mode", Category: plant.Event, Type: "CONTROLLER_MODE"},
		},
	}
	rules := insight.Rules{}
	c := collect.NewCatalog(inventory, func(string) insight.Rules { return rules })
	say := func(item plant.ItemID, sequence int64, text string) plant.State {
		t.Helper()
		_, changes := c.Apply(1, []plant.Observation{{Item: item, Run: 1, Sequence: sequence, Time: sequence, Value: plant.Value{Kind: plant.Text, Text: text}}}, false)
		if len(changes) != 1 {
			t.Fatalf("%s made the changes %+v, want one", text, changes)
		}
		return changes[0].State
	}
	say(1, 1, "ACTIVE")
	if state := say(2, 2, "SEMI_AUTOMATIC"); state != plant.Setup {
		t.Errorf("the state is %v, want setup", state)
	}
	rules.SemiAutomatic = plant.Running
	if state := say(2, 3, "SEMI_AUTOMATIC"); state != plant.Running {
		t.Errorf("the state by the new rules is %v, want running", state)
	}
}
