package web_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// coloured gives the places of a colour of the theme on a canvas: in which of its
// columns it is between two heights, from 0 at the top to 1, as pixels of the screen.
const coloured = `((canvas, name, top, bottom) => {
	const w = canvas.width, h = canvas.height, ratio = w / canvas.clientWidth, found = [];
	const data = canvas.getContext("2d").getImageData(0, 0, w, h).data;
	const hue = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const want = [1, 3, 5].map(i => parseInt(hue.slice(i, i + 2), 16));
	for (let x = 0; x < w; x++) for (let y = Math.round(top * h); y < bottom * h; y++) {
		const i = 4 * (y * w + x);
		if (data[i + 3] > 200 && want.every((v, k) => Math.abs(data[i + k] - v) < 24)) { found.push(x / ratio); break }
	}
	return found })`

// TestAlarmsAreMarkedOnEveryChart reads the canvases back: the marks stand where the
// alarms were raised, on the lane and on each chart, with their names and as a table.
func TestAlarmsAreMarkedOnEveryChart(t *testing.T) {
	_, b, _ := openMachine(t, func(s *shop) {
		now := time.Now()
		s.book.left = 12
		s.book.alarms = []api.AlarmEntry{
			raised(now, "7.1.9.4", "vmc-01", "Warning", "207", "Lubricant level low", 15*time.Minute, 0),
			raised(now, "7.1.9.3", "vmc-02", "Fault", "1", "Of another machine", 30*time.Minute, time.Minute),
			raised(now, "7.1.9.2", "vmc-01", "Warning", "52", "Coolant low", 44*time.Minute+58*time.Second, time.Minute),
			raised(now, "7.1.9.1", "vmc-01", "Fault", "1010", "Spindle hot", 45*time.Minute, 5*time.Minute),
		}
	})
	eval[bool](b, `document.querySelector('tr[data-item="107"] [data-act=chart]').click() ?? true`)
	b.await(`document.querySelectorAll(".chart").length === 2 && [...document.querySelectorAll(".chart canvas")].every(c => c.getAttribute("aria-label").includes("3 alarms raised"))`)
	for i := range 2 {
		canvas := fmt.Sprintf(`document.querySelectorAll(".chart canvas")[%d]`, i)
		// The line goes from the begin of the hour to now, which are the ends of the axis.
		axis := eval[[]float64](b, fmt.Sprintf(`%s(%s, "--series-%d", 0, 1)`, coloured, canvas, i+1))
		left, right := axis[0], axis[len(axis)-1]
		for hue, share := range map[string]float64{"--fill-alarm": .25, "--fill-stopped": .75} {
			var off float64 = 1000
			for _, x := range eval[[]float64](b, fmt.Sprintf(`%s(%s, %q, .3, .5)`, coloured, canvas, hue)) {
				off = min(off, math.Abs(x-left-share*(right-left)))
			}
			if off > 3 {
				t.Errorf("chart %d: the mark of %s is %.0f pixels from where it was raised", i, hue, off)
			}
		}
	}
	// On the lane too: the bar begins there, in the row of alarms.
	bars := eval[[]float64](b, fmt.Sprintf(`(() => { const c = document.querySelector("#tracks-canvas"), y = (%s("Alarms") + 6) / c.clientHeight;
		return [...%s(c, "--fill-alarm", y, y + .01), c.clientWidth] })()`, laneRow, coloured))
	if len(bars) < 2 || math.Abs(bars[0]-.25*bars[len(bars)-1]) > 3 {
		t.Errorf("the bar of the fault begins at %v", bars)
	}
	if said := b.text("#tracks-said"); !strings.Contains(said, "12 older ones are not") {
		t.Errorf("of those that are not marked the page says %q", said)
	}
	// Those in one place are told of together, the gravest first.
	b.pointAt("Alarms", .25)
	b.await(`document.querySelector("#tracks-tip").innerText.startsWith("Fault: 1010 Spindle hot") && document.querySelector("#tracks-tip").innerText.includes("Warning: 52 Coolant low")`)
	box := eval[[]float64](b, `(() => { const c = document.querySelector(".chart canvas"); c.scrollIntoView({ block: "center", behavior: "instant" }); const r = c.getBoundingClientRect(), axis = `+coloured+`(c, "--fill-alarm", .3, .5); return [r.left + axis[0], r.top + r.height / 2] })()`)
	call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseMoved", X: box[0] + 1, Y: box[1]})
	b.await(`!document.querySelector(".chart .alarm-tip").hidden && document.querySelector(".chart .alarm-tip").textContent.startsWith("Fault: 1010 Spindle hot")`)
	eval[bool](b, `document.querySelector(".chart summary").click() ?? true`)
	b.await(`document.querySelectorAll(".chart .alarms-marked tr").length === 3 && document.querySelector('.chart .alarms-marked a[href="/alarms/7.1.9.1"]')`)
}

// TestUsualIsShownBehindLoads: what is usual stands about the bars and behind the line
// while it is so, with what it was worked out of; where too little is known, nothing.
func TestUsualIsShownBehindLoads(t *testing.T) {
	_, b, _ := openMachine(t, func(s *shop) {
		s.points = func(_ plant.ItemID, from, _ time.Time) []api.Point { return []api.Point{{from.UnixMicro(), 10.0}} }
	})
	b.await(`document.querySelector('.chart[data-chart="108"] [data-slot=usual]').textContent === "usually 30 – 60 %"`)
	title := eval[string](b, `document.querySelector('.chart[data-chart="108"] [data-slot=usual]').title`)
	for _, want := range []string{"12 complete runs of O2201", "observations over 1 h 36 min", "4711"} {
		if !strings.Contains(strings.ReplaceAll(title, "\u202f", ""), want) {
			t.Errorf("the tip says %q, not %q", title, want)
		}
	}
	bars := eval[string](b, `[...document.querySelectorAll(".loads li")].map(li => li.querySelector("meter").dataset.nowBar + (li.querySelector(".usual-mark").hidden ? " none" : " " + li.querySelector(".usual-mark").style.left + " " + li.querySelector(".usual-word").textContent)).join("; ")`)
	if want := "104 none; 108 20% usually 30 – 60 %"; bars != want {
		t.Errorf("the bars say %q, want %q", bars, want)
	}
	if n := eval[int](b, `performance.getEntriesByType("resource").filter(r => r.name.includes("/usual?")).length`); n != 1 {
		t.Errorf("what is usual was asked for %d times", n)
	}
	// O2201 was run from a tenth to two tenths of the hour: the band is there alone.
	filled := eval[[]bool](b, `[.15, .05, .4].map(share => {
		const c = document.querySelector('.chart[data-chart="108"] canvas'), data = c.getContext("2d");
		const line = `+coloured+`(c, "--series-1", 0, 1), left = line[0], right = line[line.length - 1], x = left + share * (right - left);
		const ground = data.getImageData(Math.round(x - 12), Math.round(c.height * .5), 24, 7).data.filter((v, i) => i % 4 === 3 && v > 20 && v < 60);
		return ground.length > 50 })`) // A line of the grid has 24 at most.
	if fmt.Sprint(filled) != "[true false false]" {
		t.Errorf("the band is at a run, before it and behind it: %v", filled)
	}
}

// TestLaneOfSeveralPaths: each path has what it was doing, and what was not scheduled
// is drawn behind the rows, and told.
func TestLaneOfSeveralPaths(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/m/mill-turn-1?range=1h")
	b.await(`document.querySelectorAll("#tracks-names span").length > 2 && document.querySelector("#tracks-canvas").dataset.took !== undefined`)
	if names := eval[string](b, `[...document.querySelectorAll("#tracks-names span")].map(e => e.textContent).join("; ")`); !strings.HasPrefix(names, "State; State P1; Program P1; Cycles P1; State P2; Program P2; Cycles P2; Alarms") {
		t.Errorf("the rows are %s", names)
	}
	b.pointAt("State P2", .8)
	b.await(`/^Stopped/.test(document.querySelector("#tracks-tip").innerText) && document.querySelector("#tracks-tip").innerText.includes("Planned: not scheduled")`)
	b.pointAt("State P1", .35)
	b.await(`/^Running/.test(document.querySelector("#tracks-tip").innerText) && document.querySelector("#tracks-tip").innerText.includes("Planned: shift Early, break")`)
	// The row of alarms is empty: what is seen there is the band, or a line of the grid,
	// which depends on the hour and is at one of two places only.
	drawn := eval[[]bool](b, `[.2, .35, .9].map(share => { const c = document.querySelector("#tracks-canvas"), r = c.width / c.clientWidth;
		return [share, share + .02].every(x => c.getContext("2d").getImageData(Math.round(x * c.width), Math.round(`+laneRow+`("Alarms") * r), 6, 6).data.some((v, i) => i % 4 === 3 && v > 0)) })`)
	if fmt.Sprint(drawn) != "[false true true]" {
		t.Errorf("the bands are in the shift, its break and behind it: %v", drawn)
	}
	if !eval[bool](b, `!document.querySelector("#tracks-plan").hidden`) {
		t.Error("nothing says what the bands are")
	}
}

// TestMachineViewStandsInTheAddress: what is shown is a step of the way back once it
// rests, and a link shows the same.
func TestMachineViewStandsInTheAddress(t *testing.T) {
	_, b, origin := openMachine(t, nil)
	steps := eval[int](b, "history.length")
	b.focus("#tracks-field")
	for range 5 {
		eval[bool](b, `document.querySelector("#tracks-field").dispatchEvent(new KeyboardEvent("keydown", {key: "+", bubbles: true}))`)
	}
	b.await(`location.search.includes("zoom=")`)
	if n := eval[int](b, "history.length"); n != steps+1 {
		t.Errorf("a zoom in five steps is %d steps of the way back", n-steps)
	}
	zoom := eval[string](b, `new URLSearchParams(location.search).get("zoom")`)
	eval[bool](b, `document.querySelector('tr[data-item="112"] [data-act=chart]').click() ?? true`)
	b.await(`location.search.includes("s=108,112")`)
	eval[bool](b, `document.querySelector("#tracks-details summary").click() ?? true`)
	b.await(`location.search.includes("open=lane")`)
	eval[bool](b, `document.querySelector("[data-compare]").click() ?? true`)
	b.await(`location.search.includes("compare=") && !document.querySelector("#compare").hidden`)
	eval[bool](b, `document.querySelector("#why-open").click() ?? true`)
	b.await(`location.search.includes("why=now")`)
	link := eval[string](b, `location.href`)
	copied := eval[string](b, `document.querySelector("#range a[data-copy]").href`)

	other := newTab(t, origin, 1000, 800)
	other.open(link)
	other.await(`document.querySelector("#why-dialog").open && !document.querySelector("#tracks-paused").hidden && document.querySelectorAll(".chart").length === 2 && document.querySelector("#tracks-details").open && document.querySelector("#tracks-table td") && !document.querySelector("#compare").hidden`)
	if got := eval[string](other, `location.href`); got != link {
		t.Errorf("the address has become %s, from %s", got, link)
	}
	for _, want := range []string{"zoom=", "s=108%2C112", "range=1h"} {
		if !strings.Contains(copied, want) {
			t.Errorf("the link to copy is %s, without %s", copied, want)
		}
	}

	// A chart that a link names and that there is not is no step: there would be no way back over it.
	steps = eval[int](other, "history.length")
	other.open(eval[string](other, `location.origin + location.pathname`) + "?s=108,999")
	other.await(`location.search === "?s=108"`)
	if n := eval[int](other, "history.length"); n != steps+1 {
		t.Errorf("a link is %d steps of the way back", n-steps)
	}

	// Back, step by step: the dialog, the comparison, the table, the chart, the zoom.
	for _, gone := range []string{
		`!document.querySelector("#why-dialog").open`, `document.querySelector("#compare").hidden`, `!document.querySelector("#tracks-details").open`,
		`document.querySelectorAll(".chart").length === 1`, `document.querySelector("#tracks-paused").hidden`,
	} {
		eval[bool](b, `history.back() ?? true`)
		b.await(gone)
	}
	if search := eval[string](b, "location.search"); search != "?s=108&range=1h" {
		t.Errorf("the way back ends at %s", search)
	}
	eval[bool](b, `history.forward() ?? true`)
	b.await(`!document.querySelector("#tracks-paused").hidden && new URLSearchParams(location.search).get("zoom") === ` + jsonText(zoom))
}
