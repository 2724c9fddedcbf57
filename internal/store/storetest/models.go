package storetest

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// fullItem is a data item with every field set.
func fullItem(id string) plant.DataItem {
	return plant.DataItem{
		DataItemID: id, Category: plant.Event, Type: "x:PATH_FEEDRATE", SubType: "ACTUAL", Name: "Fräse <1>",
		Units: "MILLIMETER/SECOND", NativeUnits: "FOOT/MINUTE", Representation: "DATA_SET", Statistic: "AVERAGE",
		Discrete: true, ComponentID: "c", ComponentType: "Linear", ComponentName: "X",
		Path: "Axes[base]/Linear[X]", PathID: "p",
	}
}

// device makes a device of a model with data items of these ids.
func device(name, uuid string, ids ...string) plant.ModelDevice {
	d := plant.ModelDevice{Device: plant.Device{Name: name, UUID: uuid}}
	for _, id := range ids {
		d.Items = append(d.Items, plant.DataItem{DataItemID: id, Category: plant.Sample, Type: "LOAD"})
	}
	return d
}

func newAgent(t testing.TB, s Store, name string) plant.AgentID {
	t.Helper()
	return must[plant.Agent](t)(s.PutAgent(t.Context(), plant.Agent{Name: name, URL: "http://" + name})).ID
}

func save(t testing.TB, s Store, agent plant.AgentID, digest string, devices ...plant.ModelDevice) store.Inventory {
	t.Helper()
	return must[store.Inventory](t)(s.SaveModel(t.Context(), plant.Model{
		Agent: agent, Digest: digest, Document: []byte("document " + digest), From: moment(0), Devices: devices,
	}))
}

func testModel(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newAgent(t, s, "a")
	document := bytes.Repeat([]byte("<DataItem/>\x00"), 100_000)
	want := plant.Device{
		Agent: agent, Slug: "mill-1", Name: "Mill 1", UUID: "u", Manufacturer: "M", Model: "m", Serial: "s",
		Description: "d", IsAgent: true, Present: true,
	}
	given := want
	given.Slug, given.Present, given.Agent = "", false, 0
	inventory := must[store.Inventory](t)(s.SaveModel(ctx, plant.Model{
		Agent: agent, Digest: "digest", Document: document, From: moment(5),
		Devices: []plant.ModelDevice{{Device: given, Items: []plant.DataItem{fullItem("z"), fullItem("a")}}},
	}))
	if len(inventory.Devices) != 1 || len(inventory.Items) != 2 {
		t.Fatalf("inventory: %+v", inventory)
	}
	want.ID = inventory.Devices[0].ID
	equal(t, "device", inventory.Devices[0], want)
	wantItems := []plant.DataItem{fullItem("z"), fullItem("a")}
	for i := range wantItems {
		wantItems[i].ID, wantItems[i].Device = inventory.Items[i].ID, want.ID
	}
	if want.ID == 0 || wantItems[0].ID == 0 || wantItems[0].ID == wantItems[1].ID {
		t.Errorf("numbers: %+v", inventory)
	}
	equal(t, "data items", inventory.Items, wantItems)
	equal(t, "devices read", must[[]plant.Device](t)(s.Devices(ctx)), []plant.Device{want})
	equal(t, "items read, in the order of the model", must[[]plant.DataItem](t)(s.Items(ctx, want.ID)), wantItems)
	models := must[[]plant.Model](t)(s.Models(ctx, agent))
	if len(models) != 1 || !bytes.Equal(models[0].Document, document) {
		t.Fatalf("%d models, want one with its document as it was given", len(models))
	}
	models[0].Document = nil
	equal(t, "models", models, []plant.Model{{Agent: agent, Digest: "digest", From: moment(5)}})
}

func testModelChange(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newAgent(t, s, "a")
	other := save(t, s, newAgent(t, s, "b"), "1", device("other", "o", "x"))
	first := save(t, s, agent, "1", device("one", "u1", "x", "y"), device("two", "u2", "x"))
	same := save(t, s, agent, "1", device("ignored", "u9"))
	equal(t, "inventory of the same model", same, first)
	if models := must[[]plant.Model](t)(s.Models(ctx, agent)); len(models) != 1 {
		t.Errorf("%d models, want 1: the same again is no new version", len(models))
	}

	second := save(t, s, agent, "2", device("renamed", "u1", "new", "y"))
	if n := len(second.Devices); n != 2 {
		t.Fatalf("%d devices, want 2: one that is gone stays", n)
	}
	for _, d := range second.Devices {
		switch d.UUID {
		case "u1":
			if d.ID != first.Devices[0].ID || d.Slug != first.Devices[0].Slug || d.Name != "renamed" || !d.Present {
				t.Errorf("device that stayed: %+v, was %+v", d, first.Devices[0])
			}
			items := must[[]plant.DataItem](t)(s.Items(ctx, d.ID))
			var ids []string
			for _, i := range items {
				ids = append(ids, i.DataItemID)
			}
			equal(t, "items, gone ones last", ids, []string{"new", "y", "x"})
			if items[1].ID != first.Items[1].ID || items[2].ID != first.Items[0].ID {
				t.Errorf("items lost their numbers: %+v, were %+v", items, first.Items)
			}
		case "u2":
			if d.Present {
				t.Errorf("device that is gone: %+v", d)
			}
		}
	}
	third := save(t, s, agent, "1", device("one", "u1", "x", "y"), device("two", "u2", "x"))
	equal(t, "devices of the first model again", third.Devices, first.Devices)
	equal(t, "items of the first model again", third.Items[:2], first.Items[:2])
	var digests []string
	for _, m := range must[[]plant.Model](t)(s.Models(ctx, agent)) {
		digests = append(digests, m.Digest)
	}
	equal(t, "versions, newest first", digests, []string{"1", "2", "1"})
	for _, d := range must[[]plant.Device](t)(s.Devices(ctx)) {
		if d.ID == other.Devices[0].ID {
			equal(t, "device of another agent", d, other.Devices[0])
		}
	}
}

func testModelIdentity(t *testing.T, s Store) {
	a := save(t, s, newAgent(t, s, "a"), "1", device("m", "u", "x"), device("u", "", "x"), device("n", "", "x"))
	b := save(t, s, newAgent(t, s, "b"), "1", device("m", "u", "x"))
	seen := map[plant.DeviceID]bool{}
	for _, d := range append(a.Devices, b.Devices...) {
		seen[d.ID] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d devices, want 4: by UUID or else name, within the agent", len(seen))
	}
	again := save(t, s, a.Devices[0].Agent, "2", device("n", "", "x"), device("u", "", "x"), device("m", "u", "x"))
	equal(t, "the same devices in another order", again, a)
}

func testModelOfNobody(t *testing.T, s Store) {
	_, err := s.SaveModel(t.Context(), plant.Model{Agent: 77, Digest: "1"})
	refused(t, "model of an unknown agent", err, plant.NotFound)
	_, err = s.AddDevice(t.Context(), plant.Device{Agent: 77, Name: "m"})
	refused(t, "device of an unknown agent", err, plant.NotFound)
	_, err = s.AddItem(t.Context(), plant.DataItem{Device: 77, DataItemID: "x"})
	refused(t, "item of an unknown device", err, plant.NotFound)
	equal(t, "devices", must[[]plant.Device](t)(s.Devices(t.Context())), nil)
	equal(t, "items", must[[]plant.DataItem](t)(s.Items(t.Context(), 77)), nil)
	equal(t, "models", must[[]plant.Model](t)(s.Models(t.Context(), 77)), nil)
}

func testSlugs(t *testing.T, s Store) {
	a := save(t, s, newAgent(t, s, "North.1"), "1",
		device("Mill 1", "u1"), device("mill-1", "u2"), device("MILL  1!", "u3"), device("", "u4"), device("数控", "u5"))
	b := save(t, s, newAgent(t, s, "south"), "1", device("Mill 1", "u1"))
	slugs := map[string]string{}
	for _, d := range append(a.Devices, b.Devices...) {
		if other, taken := slugs[d.Slug]; taken {
			t.Errorf("devices %q and %q have the slug %q", d.Name, other, d.Slug)
		}
		slugs[d.Slug] = d.Name
	}
	equal(t, "slugs", slugs, map[string]string{
		"mill-1": "Mill 1", "mill-1-north-1": "mill-1", "mill-1-north-1-2": "MILL  1!",
		"machine": "", "machine-north-1": "数控", "mill-1-south": "Mill 1",
	})
}

func testUnmapped(t *testing.T, s Store) {
	ctx := t.Context()
	agent := newAgent(t, s, "a")
	save(t, s, agent, "1", device("m", "u", "x"))
	known := must[plant.Device](t)(s.AddDevice(ctx, plant.Device{Agent: agent, Name: "other", UUID: "u"}))
	if known.Name != "m" || !known.Present {
		t.Errorf("a device that exists is returned as it is: %+v", known)
	}
	added := must[plant.Device](t)(s.AddDevice(ctx, plant.Device{Agent: agent, Name: "ghost"}))
	if added.ID == known.ID || added.Name != "ghost" || added.Slug != "ghost" || added.Present {
		t.Errorf("device in no model: %+v", added)
	}
	equal(t, "the device again", must[plant.Device](t)(s.AddDevice(ctx, plant.Device{Agent: agent, Name: "ghost"})), added)

	item := fullItem("seen")
	item.Device, item.Unmapped = known.ID, true
	stored := must[plant.DataItem](t)(s.AddItem(ctx, item))
	item.ID = stored.ID
	equal(t, "item in no model", stored, item)
	item.Type = "OTHER"
	equal(t, "the item again", must[plant.DataItem](t)(s.AddItem(ctx, item)), stored)

	items := must[[]plant.DataItem](t)(s.Items(ctx, known.ID))
	if len(items) != 2 || items[1] != stored {
		t.Errorf("items: %+v, want the unmapped one last", items)
	}
	inventory := save(t, s, agent, "2", device("m", "u", "seen", "x"))
	now := inventory.Items[0]
	if now.ID != stored.ID || now.Unmapped || now.Type != "LOAD" {
		t.Errorf("item that came into the model: %+v", now)
	}
	ghosts := 0
	for _, d := range inventory.Devices {
		if cmp.Equal(d, added, cmpopts.EquateEmpty()) {
			ghosts++
		}
	}
	if ghosts != 1 {
		t.Errorf("inventory without the device in no model: %+v", inventory.Devices)
	}
}
