package web_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

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

// press presses keys where the focus is.
func (b *tab) press(keys string) {
	b.t.Helper()
	if _, err := run(b, chromedp.KeyEvent(keys)); err != nil {
		b.t.Fatal(err)
	}
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

// TestExploreFindsDataItemsByTyping uses nothing but the keyboard.
func TestExploreFindsDataItemsByTyping(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	for words, id := range map[string]string{
		"m_temp":        "m_temp",   // the id
		"Sload":         "m_load",   // the name
		"part_count":    "m_count",  // the type
		"rotary temper": "m_temp",   // the component and a part of the type
		"mill system":   "m_system", // the machine
	} {
		b.open(d.URL + "/explore")
		b.focus("#pick")
		b.press(words)
		b.await(`document.querySelector("#pick").getAttribute("aria-expanded") === "true"`)
		b.await(fmt.Sprintf(`document.querySelector("#found [aria-selected=true] [data-slot=id]")?.textContent.includes(%q)`, id))
		active := eval[string](b, `document.querySelector("#" + document.querySelector("#pick").getAttribute("aria-activedescendant")).getAttribute("role")`)
		if active != "option" {
			t.Errorf("%q: the active descendant is of role %q", words, active)
		}
		b.press("\r")
		b.await(fmt.Sprintf(`location.search.startsWith("?items=%d&") && document.querySelector('tr[data-item="%[1]d"]')`, d.items[id].ID))
		b.drawn(1)
	}
	// The arrow keys choose another one; Escape closes the list.
	b.focus("#pick")
	b.press("mill")
	b.await(`document.querySelectorAll("#found li").length === 5`)
	first := eval[string](b, `document.querySelector("#pick").getAttribute("aria-activedescendant")`)
	b.press("\u0301") // ArrowDown
	b.await(fmt.Sprintf(`document.querySelector("#pick").getAttribute("aria-activedescendant") !== %q`, first))
	b.press("\u001b")
	b.await(`document.querySelector("#found").hidden && document.querySelector("#pick").getAttribute("aria-expanded") === "false"`)
}

// TestExploreShowsPeaksAndGapsOfADay: one sample of a day is seen, and no pixel of the
// line lies where nothing was known.
func TestExploreShowsPeaksAndGapsOfADay(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	for length, name := range map[time.Duration]string{24 * time.Hour: "24h", 7 * 24 * time.Hour: "7d"} {
		b.open(d.URL + d.path("&range="+name, "m_load"))
		b.drawn(1)
		from := eval[float64](b, `Date.parse(new URL(document.querySelector("#shown-csv").href).searchParams.get("from"))`)
		place := func(at time.Duration) float64 {
			return (float64(d.begin.Add(at).UnixMilli()) - from) / float64(length.Milliseconds())
		}
		pixels := columns(b)
		const width = 1100 // of the time axis, about
		highest, within := 0.0, 0
		for x, rows := range pixels {
			if math.Abs(x-place(peakAt)) < 4.0/width {
				for _, y := range rows {
					highest = max(highest, y)
				}
			}
			if x > place(gapAt)+2.0/width && x < place(gapAt+gapLength)-2.0/width {
				within++
			}
		}
		if highest < .9 {
			t.Errorf("%s: where the peak is, the line reaches to %.2f of the chart", name, highest)
		}
		if within > 0 {
			t.Errorf("%s: the line is in %d columns of the gap", name, within)
		}
		// The gap is hatched or marked: the hatch's colour is there, however narrow it is.
		marked := eval[bool](b, fmt.Sprintf(`(() => {
			const canvas = document.querySelector(".plot canvas"), x = Math.round(64 + %g * (canvas.width - 80));
			const data = canvas.getContext("2d").getImageData(x - 3, canvas.height - 34, 7, 9).data;
			const hue = getComputedStyle(document.documentElement).getPropertyValue("--hatch").trim();
			const want = [1, 3, 5].map(i => parseInt(hue.slice(i, i + 2), 16));
			for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 60 && want.every((v, k) => Math.abs(data[i + k] - v) < 40)) return true;
			return false;
		})()`, (place(gapAt)+place(gapAt+gapLength))/2))
		if !marked {
			t.Errorf("%s: the gap is not marked", name)
		}
		if label := eval[string](b, `document.querySelector(".plot canvas").getAttribute("aria-label")`); !strings.Contains(label, "97") || !strings.Contains(label, "gap") {
			t.Errorf("%s: the chart is called %q", name, label)
		}
	}
}

// TestExploreExports: the raw CSV has every sample with what it is of in front, the
// CSV of what is shown the points of the chart.
func TestExploreExports(t *testing.T) {
	d := newDay(t)
	span := "&from=" + d.begin.UTC().Format(time.RFC3339) + "&to=" + d.begin.Add(24*time.Hour).UTC().Format(time.RFC3339)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path(span, "m_load", "m_exec"))
	b.drawn(2)
	get := func(selector string) string {
		address := eval[string](b, fmt.Sprintf(`document.querySelector(%q).getAttribute("href")`, selector))
		status, body := page(t, d.Server, address)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", address, status, body)
		}
		return body
	}
	raw := get(`#signals tr [data-slot="raw"]`)
	for _, line := range []string{"# machine: Mill (mill)", "# item: m_load", "# unit: PERCENT", "# time zone: UTC", "# source: agent hall-a", "# instance: 7", "# coverage: 99."} {
		if !strings.Contains(raw, line) {
			t.Errorf("the raw CSV lacks %q: %.600s", line, raw)
		}
	}
	r := csv.NewReader(strings.NewReader(raw))
	r.Comment = '#'
	rows, err := r.ReadAll()
	// A sample each second, the one that says that there are none, and the names.
	if want := daySamples + 2; err != nil || len(rows) != want {
		t.Errorf("the raw CSV has %d rows, want %d: %v", len(rows), want, err)
	}
	shown, err := csv.NewReader(strings.NewReader(get("#shown-csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	points := map[string]int{}
	for _, row := range shown[1:] {
		points[row[1]]++
	}
	var data struct {
		Signals []struct {
			Series     struct{ Points []any }
			Statistics struct{ Observations int }
		}
	}
	if err := json.Unmarshal([]byte(get("#shown-json")), &data); err != nil || len(data.Signals) != 2 {
		t.Fatalf("%d signals, %v", len(data.Signals), err)
	}
	// The table behind the chart says how many points it has.
	eval[bool](b, `document.querySelector(".plot summary").click() ?? true`)
	b.await(`document.querySelector(".plot caption")`)
	inChart := eval[int](b, `Number(document.querySelector(".plot caption").textContent.replace(/.* of/, "").replace(/\D/g, ""))`)
	if n := len(data.Signals[0].Series.Points); n != points["m_load"] || n != inChart || n < 500 || n > 2100 || data.Signals[0].Statistics.Observations != daySamples+1 {
		t.Errorf("%d points as JSON, %d as CSV, %d in the chart, of %d observations", n, points["m_load"], inChart, data.Signals[0].Statistics.Observations)
	}
}

// TestExploreDrawsEventsAsStepsAndLanes: numbers as steps, words and levels as lanes.
func TestExploreDrawsEventsAsStepsAndLanes(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&range=8h", "m_count", "m_exec", "m_system"))
	b.drawn(3)
	// 16 counts in 8 hours: as many level stretches, and nearly no pixels between.
	level := 0
	pixels := columns(b)
	for _, rows := range pixels {
		if len(rows) <= 4 {
			level++
		}
	}
	if level < len(pixels)*9/10 {
		t.Errorf("in %d of %d columns the line is level", level, len(pixels))
	}
	for i, want := range map[int]string{1: "ACTIVE 4 h", 2: "Normal 8 h"} {
		is := eval[string](b, fmt.Sprintf(`document.querySelectorAll(".plot")[%d].className + ": " + document.querySelectorAll(".plot canvas")[%[1]d].getAttribute("aria-label")`, i))
		if !strings.Contains(is, "of-words") || !strings.Contains(is, want) && !strings.Contains(is, strings.ReplaceAll(want, "4 h", "3 h 59")) && !strings.Contains(is, "7 h 59") {
			t.Errorf("panel %d is %q, want a lane with %s", i, is, want)
		}
	}
	// A fault of two seconds is seen in a day.
	b.open(d.URL + d.path("&range=24h", "m_system"))
	b.drawn(1)
	wide := eval[int](b, `(() => {
		const canvas = document.querySelector(".plot canvas"), data = canvas.getContext("2d").getImageData(0, 5, canvas.width, 1).data;
		const hue = getComputedStyle(document.documentElement).getPropertyValue("--fill-alarm").trim();
		const want = [1, 3, 5].map(i => parseInt(hue.slice(i, i + 2), 16));
		let n = 0;
		for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 60 && want.every((v, k) => Math.abs(data[i + k] - v) < 60)) n++;
		return n;
	})()`)
	if wide < 2 {
		t.Errorf("the fault is %d pixels wide", wide)
	}
}

// TestExploreLinks: a link opened elsewhere shows the same, moving with the clock or
// fixed.
func TestExploreLinks(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&range=8h&layout=overlay", "m_load", "m_temp"))
	b.drawn(1)
	said := func(b *tab) string {
		return eval[string](b, `[...document.querySelectorAll("#signals [data-slot=label]")].map(e => e.textContent).join() + document.querySelector('#layout [aria-pressed="true"]').dataset.layout + document.querySelector("#range").dataset.name`)
	}
	for kind, part := range map[string]string{"relative": "range=8h", "fixed": "from="} {
		eval[bool](b, fmt.Sprintf(`document.querySelector('[data-copy="%s"]').click() ?? true`, kind))
		b.await(fmt.Sprintf(`document.querySelector("#link").value.includes(%q)`, part))
		link := eval[string](b, `document.querySelector("#link").value`)
		other := newTab(t, d.URL, 1000, 800)
		other.open(link)
		other.drawn(1)
		want := said(b)
		if kind == "fixed" {
			want = strings.TrimSuffix(want, "8h")
		}
		if got := said(other); got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
	// A part of the range stands in the address too.
	b.focus(".plot .canvas")
	b.press("+")
	b.await(`location.search.includes("from=") && !location.search.includes("range=")`)
	from := eval[string](b, `new URLSearchParams(location.search).get("from")`)
	b.open(eval[string](b, "location.href"))
	b.drawn(1)
	b.await(fmt.Sprintf(`new URL(document.querySelector("#shown-csv").href).searchParams.get("from") === %q`, from))
}

// TestExploreCursor: the cursor stands at one moment on all charts, and the table
// gives the values of that moment, for mouse, touch and keys.
func TestExploreCursor(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 1200)
	b.open(d.URL + d.path("&range=24h", "m_load", "m_temp", "m_exec"))
	b.drawn(3)
	box := eval[[]float64](b, `(() => { const r = document.querySelector(".plot .canvas").getBoundingClientRect(); return [r.left, r.top, r.width, r.height] })()`)
	shown := `[...document.querySelectorAll(".plot .cursor")].filter(c => !c.hidden).map(c => Math.round(c.getBoundingClientRect().left)).join()`
	at := func(share float64) (x, y float64) { return box[0] + 64 + share*(box[2]-80), box[1] + box[3]/2 }
	values := func() string {
		return eval[string](b, `[...document.querySelectorAll("#signals [data-slot=value]")].map(e => e.textContent).join(" ")`)
	}
	x, y := at(.5)
	call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseMoved", X: x, Y: y})
	want := fmt.Sprintf("%[1]d,%[1]d,%[1]d", int(math.Round(x)))
	b.await(fmt.Sprintf(`(%s) === %q`, shown, want))
	// At the middle of the day it is 12 hours from its begin: 32 °C, and ACTIVE or READY.
	if got := values(); !strings.Contains(got, " 32") && !strings.Contains(got, " 31.5") {
		t.Errorf("at the middle of the day the values are %q", got)
	}
	x, y = at(.25)
	call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchStart", TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
	call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchEnd", TouchPoints: []*input.TouchPoint{}})
	b.await(fmt.Sprintf(`Math.abs(Number((%s).split(",")[2]) - %g) <= 1`, shown, x))
	before := values()
	b.focus(".plot .canvas")
	for range 5 {
		eval[bool](b, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true }))`)
	}
	if after := values(); after == before {
		t.Errorf("with the keys the values stay %q", after)
	}
}

// TestExplorePausesWhileZoomed: what comes is counted, and drawn after Resume.
func TestExplorePausesWhileZoomed(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&range=1h", "m_load"))
	b.live()
	b.drawn(1)
	value := `document.querySelector("#signals [data-slot=value]").textContent`
	say := func(v float64) {
		d.commit(t, plant.Observation{Item: d.items["m_load"].ID, Time: time.Now().UnixMicro(), Value: plant.Value{Kind: plant.Number, Number: v}})
	}
	say(61.5)
	b.await(value + ` === "61.5"`)
	// A part of it, drawn with the mouse.
	box := eval[[]float64](b, `(() => { const r = document.querySelector(".plot .canvas").getBoundingClientRect(); return [r.left, r.top, r.width, r.height] })()`)
	drag := func(kind input.DispatchMouseEventType, share float64) {
		x, y := box[0]+64+share*(box[2]-80), box[1]+box[3]/2
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: "left", ClickCount: 1})
	}
	drag("mousePressed", .2)
	drag("mouseMoved", .3)
	drag("mouseMoved", .4)
	drag("mouseReleased", .4)
	call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseMoved", X: 5, Y: 5}) // It points at nothing.
	b.await(`!document.querySelector("#paused").hidden && location.search.includes("from=")`)
	length := eval[float64](b, `(q => Date.parse(q.get("to")) - Date.parse(q.get("from")))(new URLSearchParams(location.search)) / 60000`)
	if length < 11 || length > 13 {
		t.Errorf("a fifth of an hour is %g min", length)
	}
	say(62.5)
	b.await(`document.querySelector("#paused").textContent.includes("+1 new")`)
	if got := eval[string](b, value); got == "62.5" {
		t.Error("what came is drawn while the page is zoomed")
	}
	eval[bool](b, `document.querySelector("#paused button").click() ?? true`)
	b.await(`document.querySelector("#paused").hidden && location.search.includes("range=1h")`)
	b.await(value + ` === "62.5"`)
}

// TestExploreHidden draws nothing while the page is hidden.
func TestExploreHidden(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&range=1h", "m_load"))
	b.live()
	b.drawn(1)
	hide := `(hidden => { Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden }); document.dispatchEvent(new Event("visibilitychange")); return true })(%t)`
	eval[bool](b, fmt.Sprintf(hide, true))
	eval[bool](b, `(() => { window.drawings = 0; const c = CanvasRenderingContext2D.prototype, s = c.stroke; c.stroke = function (...a) { window.drawings++; return s.apply(this, a) }; return true })()`)
	d.commit(t, plant.Observation{Item: d.items["m_load"].ID, Time: time.Now().UnixMicro(), Value: plant.Value{Kind: plant.Number, Number: 77}})
	time.Sleep(1200 * time.Millisecond) // Longer than the pause between two drawings.
	if n := eval[int](b, "window.drawings"); n > 0 {
		t.Errorf("%d strokes were drawn on the hidden page", n)
	}
	eval[bool](b, fmt.Sprintf(hide, false))
	b.await(`window.drawings > 0 && document.querySelector("#signals [data-slot=value]").textContent === "77"`)
}

// TestExploreIsNamed: every chart has a name and a table behind it, and what is
// wrong with an address is said.
func TestExploreIsNamed(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&items=999&range=8h", "m_load", "m_exec", "m_system"))
	b.drawn(3)
	if n := eval[int](b, `[...document.querySelectorAll("main canvas")].filter(c => c.getAttribute("role") !== "img" || !c.getAttribute("aria-label")).length`); n > 0 {
		t.Errorf("%d charts have no name", n)
	}
	if notice := b.text(".notice"); !strings.Contains(notice, "999") {
		t.Errorf("the page says %q", notice)
	}
	eval[bool](b, `[...document.querySelectorAll(".plot summary")].forEach(s => s.click()) ?? true`)
	b.await(`[...document.querySelectorAll(".plot details")].every(d => d.querySelectorAll("tr").length > 0)`)
	b.await(`document.querySelectorAll("#statistics tr").length === 3 && document.querySelector("#statistics").textContent.includes("ACTIVE")`)
	for path, want := range map[string]string{
		"/explore?layout=circle":  "use stack or overlay",
		"/explore?range=eternity": "is not a range",
		"/explore?items=x":        "is not the number of a data item",
	} {
		if _, text := page(t, d.Server, path); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}

// TestExploreOverlay: numbers of two units share a chart, and more lines than can be
// told apart have charts of their own.
func TestExploreOverlay(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&range=8h&layout=overlay", "m_load", "m_temp", "m_count", "m_exec"))
	b.drawn(3)
	got := eval[string](b, `[...document.querySelectorAll(".plot")].map(p => p.dataset.signals.split(",").length + (p.classList.contains("of-words") ? " lane" : "")).join("; ")`)
	if got != "2; 1; 1 lane" {
		t.Errorf("the panels have so many signals: %s", got)
	}
	eval[bool](b, `document.querySelector('#layout [data-layout="stack"]').click() ?? true`)
	b.await(`document.querySelectorAll(".plot").length === 4 && location.search.includes("layout=stack")`)
}

// TestExploreZooms: by wheel with Ctrl and not without, by keys, buttons and the strip;
// each has the way back.
func TestExploreZooms(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 1000)
	span := "&from=" + d.begin.UTC().Format(time.RFC3339) + "&to=" + d.begin.Add(24*time.Hour).UTC().Format(time.RFC3339)
	b.open(d.URL + d.path(span, "m_load", "m_exec"))
	b.drawn(2)
	hours := `(q => (Date.parse(q.get("to")) - Date.parse(q.get("from"))) / 3600000)(new URLSearchParams(location.search))`
	wheel := func(selector string, modifiers int64) {
		box := eval[[]float64](b, fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2] })()`, selector))
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseWheel", X: box[0], Y: box[1], DeltaX: 0.1, DeltaY: -120, Modifiers: modifiers})
	}
	const ctrl = 2
	wheel(".plot .canvas", 0)
	b.await(`scrollY === 0`)
	if h := eval[float64](b, hours); h != 24 {
		t.Errorf("the wheel alone has made the range %g h long", h)
	}
	for _, selector := range []string{".plot .canvas", ".plot.of-words .canvas"} {
		wheel(selector, ctrl)
		b.await(hours + " < 23")
		b.focus(".plot .canvas")
		b.press("0")
		b.await(hours + " === 24")
	}
	for key, button := range map[string]string{"+": "in", "-": "out"} {
		b.focus(".plot .canvas")
		b.press(key)
		b.await(hours + " !== 24")
		h := eval[float64](b, hours)
		b.press("0")
		b.await(hours + " === 24")
		eval[bool](b, fmt.Sprintf(`document.querySelector('#moves [data-move=%q]').click() ?? true`, button))
		b.await(fmt.Sprintf("Math.abs(%s - %g) < .01", hours, h))
		eval[bool](b, `document.querySelector('#moves [data-move="reset"]').click() ?? true`)
		b.await(hours + " === 24")
	}
	// The strip: a window is drawn, and moved by the half of its length.
	drag := func(from, to float64) {
		eval[bool](b, `(document.querySelector("#strip").scrollIntoView({ block: "center" }), true)`)
		box := eval[[]float64](b, `(() => { const r = document.querySelector("#strip").getBoundingClientRect(); return [r.left + 64, r.top + r.height / 2, r.width - 80] })()`)
		at := func(kind input.DispatchMouseEventType, share float64) {
			call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: box[0] + share*box[2], Y: box[1], Button: "left", Buttons: 1, ClickCount: 1})
		}
		at("mousePressed", from)
		at("mouseMoved", (from+to)/2)
		at("mouseMoved", to)
		at("mouseReleased", to)
	}
	drag(.25, .5)
	b.await("Math.abs(" + hours + " - 6) < .2")
	from := eval[float64](b, `Date.parse(new URLSearchParams(location.search).get("from")) / 3600000`)
	drag(.4, .525)
	b.await(fmt.Sprintf(`Math.abs(Date.parse(new URLSearchParams(location.search).get("from")) / 3600000 - %g - 3) < .2`, from))
}
