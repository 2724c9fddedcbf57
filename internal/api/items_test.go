package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// found gives the ids of the data items that a query finds.
func found(t testing.TB, s *api.Service, q api.ItemQuery) string {
	t.Helper()
	page, err := s.Items(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, it := range page.Items {
		ids = append(ids, it.DataItemID)
	}
	return strings.Join(ids, " ")
}

func TestItemsAreFoundByWords(t *testing.T) {
	w := newQuietWorld(t, newFake(), live.Options{})
	for q, want := range map[string]string{
		"Cload":          "load",   // by name
		"LOAD":           "load",   // by id, in any case
		"rotary":         "load",   // by component
		"percent":        "load",   // by units
		"target":         "wanted", // by subtype
		"mill part tar":  "wanted", // every word, the machine's too
		"mill nothing":   "",
		"part_count":     "count wanted", // by type
		"count":          "count wanted", // the one with that id first
		"prog":           "prog",
		"hall-a mode":    "mode",
		"controller p1]": "exec prog count wanted",
		"so-of":          "",
		"mod":            "mode",
		"ystem":          "system", // within a word
	} {
		if got := found(t, w.service, api.ItemQuery{Text: q}); got != want {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
	if got := found(t, w.service, api.ItemQuery{Category: "CONDITION"}); got != "system" {
		t.Errorf("conditions are %q", got)
	}
	if _, err := w.service.Items(t.Context(), api.ItemQuery{Machine: "nowhere"}); plant.ErrorCode(err) != plant.NotFound {
		t.Errorf("a machine that is not there: %v", err)
	}
	if _, err := w.service.Items(t.Context(), api.ItemQuery{Text: strings.Repeat("a ", api.MaxSearchWords+1)}); plant.ErrorCode(err) != plant.Invalid {
		t.Errorf("too many words: %v", err)
	}
	if got := found(t, w.service, api.ItemQuery{Machine: "mill", Limit: 2}); got != "avail exec" {
		t.Errorf("the first two of mill are %q", got)
	}
}

// TestPagesOfItemsAreTheWholeList: whatever was searched for and however long a
// page is, the pages together are the list.
func TestPagesOfItemsAreTheWholeList(t *testing.T) {
	s := newLargePlant(t, 40, 25)
	rapid.Check(t, func(rt *rapid.T) {
		q := api.ItemQuery{
			Text:  rapid.SampledFrom([]string{"", "load", "axis 1", "mill-3 position", "x", "a1_load"}).Draw(rt, "q"),
			Limit: rapid.IntRange(1, 200).Draw(rt, "limit"),
		}
		whole := q
		whole.Limit = api.MaxPage
		want, err := s.Items(t.Context(), whole)
		if err != nil {
			rt.Fatal(err)
		}
		var got []api.ItemEntry
		for {
			page, err := s.Items(t.Context(), q)
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, page.Items...)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		same := func(a, b api.ItemEntry) bool { return a.ID == b.ID }
		if !slices.EqualFunc(got, want.Items, same) {
			rt.Errorf("%d entries in pages, %d at once, or in another order", len(got), len(want.Items))
		}
	})
}

// newLargePlant makes a service that knows so many machines with so many data items
// each.
func newLargePlant(t testing.TB, machines, items int) *api.Service {
	f := newFake()
	f.devices, f.items = nil, nil
	kinds := []string{"POSITION", "LOAD", "TEMPERATURE", "PATH_FEEDRATE", "ROTARY_VELOCITY"}
	for m := range machines {
		f.devices = append(f.devices, plant.Device{ID: plant.DeviceID(m + 1), Agent: 1, Slug: fmt.Sprint("mill-", m), Name: fmt.Sprint("Mill ", m), Present: true})
		for i := range items {
			kind := kinds[i%len(kinds)]
			f.items = append(f.items, plant.DataItem{
				ID: plant.ItemID(len(f.items) + 1), Device: plant.DeviceID(m + 1), DataItemID: fmt.Sprintf("a%d_%s", i, strings.ToLower(kind)),
				Name: fmt.Sprint("Axis", i, kind[:1]), Category: plant.Sample, Type: kind, SubType: "ACTUAL", Units: "MILLIMETER",
				Representation: "VALUE", Path: fmt.Sprintf("Axes[base]/Linear[X%d]", i),
			})
		}
	}
	s := api.NewService(api.Options{Reader: largePlant{f, items}, Hub: live.NewHub(live.Options{}), Now: func() time.Time { return start }})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// largePlant gives the data items of a device without looking through all.
type largePlant struct {
	*fake
	each int
}

func (p largePlant) Items(_ context.Context, device plant.DeviceID) ([]plant.DataItem, error) {
	return p.items[(int(device)-1)*p.each : int(device)*p.each], nil
}

func (p largePlant) Current(context.Context, plant.DeviceID) ([]plant.Latest, error) { return nil, nil }

// BenchmarkItems finds data items among 100,000 of 500 machines.
func BenchmarkItems(b *testing.B) {
	s := newLargePlant(b, 500, 200)
	for _, q := range []string{"", "load", "mill 77 load x1", "a17_temperature", "e", "nothing here"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Items(b.Context(), api.ItemQuery{Text: q, Limit: 20}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestItemsOverHTTP(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.publish(nil, number(load, 0, 12.5))
	answer, err := http.Get(w.server.URL + "/api/v1/items?q=cload&limit=5")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var page struct {
		Items []struct {
			ID                            int
			Machine, MachineName, Agent   string
			DataItemID, Name, Type, Units string
			Value                         any
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if it := page.Items[0]; it.Machine != "mill" || it.MachineName != "Mill" || it.Agent != "hall-a" || it.DataItemID != "load" || it.Value != 12.5 {
		t.Errorf("%+v", it)
	}
}
