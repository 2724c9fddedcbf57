package web_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/web"
)

// aDay is a machine of which a day is stored, with the pages and the API over it:
// what the page of signals shows is what the store has.
type aDay struct {
	*httptest.Server
	store *sqlite.Store
	hub   *live.Hub
	run   plant.Run
	items map[string]plant.DataItem
	// begin is when the day begins; it is now when it ends.
	begin time.Time
}

// The day: a load each second, one of which is a peak, and for ten minutes none.
const (
	peakAt     = 5*time.Hour + 17*time.Minute
	peak       = 97.0
	gapAt      = 9 * time.Hour
	gapLength  = 10 * time.Minute
	daySamples = 24*60*60 - 10*60
)

func newDay(t *testing.T) *aDay {
	t.Helper()
	ctx := t.Context()
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "day.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	agent, err := st.PutAgent(ctx, plant.Agent{Name: "hall-a", URL: "http://hall-a:5000", Configured: true})
	if err != nil {
		t.Fatal(err)
	}
	d := &aDay{store: st, hub: live.NewHub(live.Options{}), items: make(map[string]plant.DataItem), begin: time.Now().Add(-24 * time.Hour).Truncate(time.Second)}
	item := func(id, name string, c plant.Category, kind, units, path string) plant.DataItem {
		return plant.DataItem{DataItemID: id, Name: name, Category: c, Type: kind, Units: units, Path: path, Representation: "VALUE"}
	}
	inventory, err := st.SaveModel(ctx, plant.Model{
		Agent: agent.ID, Digest: strings.Repeat("0", 64), Document: []byte("<x/>"), From: d.begin,
		Devices: []plant.ModelDevice{{
			Device: plant.Device{Slug: "mill", Name: "Mill", UUID: "m-1", Present: true},
			Items: []plant.DataItem{
				item("m_load", "Sload", plant.Sample, "LOAD", "PERCENT", "Axes[base]/Rotary[S]"),
				item("m_temp", "Stemp", plant.Sample, "TEMPERATURE", "CELSIUS", "Axes[base]/Rotary[S]"),
				item("m_exec", "execution", plant.Event, "EXECUTION", "", "Controller[c]/Path[p]"),
				item("m_count", "parts", plant.Event, "PART_COUNT", "", "Controller[c]/Path[p]"),
				item("m_system", "system", plant.Condition, "SYSTEM", "", "Controller[c]"),
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range inventory.Items {
		d.items[it.DataItemID] = it
	}
	if d.run, err = st.StartRun(ctx, 0, plant.Run{Agent: agent.ID, InstanceID: 7, First: 1, Began: d.begin}, nil); err != nil {
		t.Fatal(err)
	}
	d.fill(t)

	views := api.NewService(api.Options{Reader: st, Hub: d.hub})
	if err := views.Load(ctx); err != nil {
		t.Fatal(err)
	}
	d.hub.PublishStatus(plant.AgentStatus{Agent: agent.ID, Link: plant.LinkStreaming, Since: d.begin, LastDocument: time.Now(), InstanceID: 7})
	pages, err := web.New(web.Options{Views: views})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("/api/", views.Handler())
	d.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		views.CloseStreams()
		d.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// fill stores the day.
func (d *aDay) fill(t *testing.T) {
	t.Helper()
	var said []plant.Observation
	say := func(id string, at time.Duration, v plant.Value) {
		said = append(said, plant.Observation{Item: d.items[id].ID, Time: d.begin.Add(at).UnixMicro(), Value: v})
	}
	text := func(s string) plant.Value { return plant.Value{Kind: plant.Text, Text: s} }
	for s := range time.Duration(24 * 60 * 60) {
		at := s * time.Second
		if at%(30*time.Minute) == 0 {
			word := "ACTIVE"
			if at%time.Hour != 0 {
				word = "READY"
			}
			say("m_exec", at, text(word))
			say("m_count", at, text(fmt.Sprint(int64(at/(30*time.Minute)))))
			say("m_temp", at, plant.Value{Kind: plant.Number, Number: 20 + at.Hours()})
		}
		switch {
		case at == peakAt:
			say("m_load", at, plant.Value{Kind: plant.Number, Number: peak})
		case at == gapAt:
			say("m_load", at, plant.Value{})
		case at < gapAt || at >= gapAt+gapLength:
			say("m_load", at, plant.Value{Kind: plant.Number, Number: 20 + 5*math.Sin(float64(s)/900)})
		}
	}
	said = append(said, plant.Observation{Item: d.items["m_system"].ID, Time: d.begin.UnixMicro(), Alarm: &plant.Alarm{Level: plant.LevelNormal}},
		plant.Observation{Item: d.items["m_system"].ID, Time: d.begin.Add(12 * time.Hour).UnixMicro(), Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: "7", Text: "Door open"}},
		plant.Observation{Item: d.items["m_system"].ID, Time: d.begin.Add(12*time.Hour + 2*time.Second).UnixMicro(), Alarm: &plant.Alarm{Level: plant.LevelNormal}})
	d.commit(t, said...)
	d.hub.Publish(plant.Change{Agent: d.run.Agent, States: []plant.StateChange{{Device: d.items["m_load"].Device, Run: d.run.ID, Sequence: 1, Time: d.begin.UnixMicro(), State: plant.Running, Rule: "5 executing"}}})
}

// commit stores observations and publishes what is known then.
func (d *aDay) commit(t *testing.T, said ...plant.Observation) {
	t.Helper()
	b := &store.Batch{Run: d.run.ID, Expect: d.run.Next, Observations: said, Received: time.Now()}
	latest := make(map[plant.ItemID]plant.Latest)
	for i := range said {
		said[i].Run, said[i].Sequence = d.run.ID, b.Expect+int64(i)
		l := latest[said[i].Item]
		l.Apply(d.run.ID, said[i])
		latest[said[i].Item] = l
	}
	for _, l := range latest {
		b.Latest = append(b.Latest, l)
	}
	d.run.Next += int64(len(said))
	b.Next = d.run.Next
	if err := d.store.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Fatal(err, b.Err)
	}
	d.hub.Publish(plant.Change{Agent: d.run.Agent, Latest: b.Latest, Observations: len(said)})
}

// path is the address of the page with data items.
func (d *aDay) path(rest string, ids ...string) string {
	var numbers []string
	for _, id := range ids {
		numbers = append(numbers, fmt.Sprint(d.items[id].ID))
	}
	return "/explore?items=" + strings.Join(numbers, ",") + rest
}

// drawn waits until all charts have their points.
func (b *tab) drawn(charts int) {
	b.t.Helper()
	b.await(fmt.Sprintf(`document.querySelectorAll(".plot").length === %d && [...document.querySelectorAll(".plot .message")].every(m => m.textContent === "")`, charts))
}

// columns gives of each pixel column of the page's first chart the rows in which the
// line is, from the bottom up as shares of the plot, with the column's place as a
// share of the time axis.
func columns(b *tab) map[float64][]float64 {
	b.t.Helper()
	list := eval[[][2]float64](b, `(() => {
		const canvas = document.querySelector(".plot canvas"), w = canvas.width, h = canvas.height;
		const data = canvas.getContext("2d").getImageData(0, 0, w, h).data;
		const hue = getComputedStyle(document.documentElement).getPropertyValue("--series-1").trim();
		const want = [1, 3, 5].map(i => parseInt(hue.slice(i, i + 2), 16));
		const found = [];
		const left = 64, right = w - 16, top = 6, bottom = h - 24;
		for (let x = left; x <= right; x++) for (let y = 0; y < h; y++) {
			const i = 4 * (y * w + x);
			if (data[i + 3] > 128 && want.every((v, k) => Math.abs(data[i + k] - v) < 40)) found.push([(x - left) / (right - left), (bottom - y) / (bottom - top)]);
		}
		return found;
	})()`)
	found := make(map[float64][]float64)
	for _, p := range list {
		found[p[0]] = append(found[p[0]], p[1])
	}
	return found
}
