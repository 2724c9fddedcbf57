package web_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"github.com/factorydash/factorydash/internal/plant"
)

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
	// The way back leads to the whole range, and forth to the part.
	eval[bool](b, `history.back() ?? true`)
	b.await(`location.search.includes("range=8h") && document.querySelector("#paused").hidden && !document.querySelector("#strip").classList.contains("zoomed")`)
	eval[bool](b, `history.forward() ?? true`)
	b.await(fmt.Sprintf(`new URLSearchParams(location.search).get("from") === %q && document.querySelector("#strip").classList.contains("zoomed")`, from))
	// What is open stands there too.
	eval[bool](b, `document.querySelector(".plot summary").click() ?? true`)
	b.await(`location.search.includes("open=")`)
	b.open(eval[string](b, "location.href"))
	b.drawn(1)
	b.await(`document.querySelector(".plot details").open && document.querySelector(".plot details td")`)
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
	b.press(kb.ArrowDown) // Along which the cursor goes then.
	for range 5 {
		b.press(kb.ArrowRight)
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
	for key, button := range map[string]string{"+": "#zoom-in", "-": "#zoom-out"} {
		b.focus(".plot .canvas")
		b.press(key)
		b.await(hours + " !== 24")
		h := eval[float64](b, hours)
		b.press("0")
		b.await(hours + " === 24")
		eval[bool](b, fmt.Sprintf(`document.querySelector(%q).click() ?? true`, button))
		b.await(fmt.Sprintf("Math.abs(%s - %g) < .01", hours, h))
		eval[bool](b, `document.querySelector("#zoom-reset").click() ?? true`)
		b.await(hours + " === 24")
	}
	// The strip: a window is drawn, and moved by the half of its length.
	drag := func(from, to float64) {
		eval[bool](b, `(document.querySelector("#strip").scrollIntoView({ block: "center" }), true)`)
		// What is drawn anew above it may still move it.
		b.await(`(() => { const y = document.querySelector("#strip").getBoundingClientRect().top, was = window.stripAt; window.stripAt = y; return y === was })()`)
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

// TestExploreAtAMoment: what is explored as of a moment ends there, and stands still.
func TestExploreAtAMoment(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	at := d.begin.Add(10*time.Hour + time.Minute).UTC()
	b.open(d.URL + d.path("&range=1h&at="+at.Format(time.RFC3339), "m_load", "m_temp"))
	b.drawn(2)
	b.await(`document.querySelectorAll("#statistics tr").length === 2`)
	if to := eval[float64](b, `Date.parse(new URL(document.querySelector("#shown-csv").href).searchParams.get("to"))`); to != float64(at.UnixMilli()) {
		t.Errorf("the range ends at %s, want %s", time.UnixMilli(int64(to)).UTC(), at)
	}
	// The last temperature before that was told after ten hours.
	if value := eval[string](b, `document.querySelectorAll("#signals [data-slot=value]")[1].textContent`); value != "30" {
		t.Errorf("the temperature is %q, want 30", value)
	}
	if !eval[bool](b, `!document.querySelector("#live") && document.querySelector("#paused").hidden`) {
		t.Error("the page says that it is live, or paused")
	}
	// What is chosen on the page stays with another moment, and so does the moment's range.
	eval[bool](b, `(document.querySelector("#signals [data-act=remove]").click(), true)`)
	b.await(`document.querySelectorAll("#signals tr[data-item]").length === 1 && !new URLSearchParams(location.search).get("items").includes(",")`)
	eval[bool](b, `(document.querySelector("#then [data-key=b]").click(), true)`)
	b.await(fmt.Sprintf(`(q => Date.parse(q.get("at")) === %d && q.get("range") === "1h" && document.querySelectorAll("#signals tr[data-item]").length === 1)(new URLSearchParams(location.search))`, at.Add(-time.Minute).UnixMilli()))
}
