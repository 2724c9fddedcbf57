package web_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

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

// TestExploreHidden draws nothing while the page is hidden.
func TestExploreHidden(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path("&range=1h", "m_load"))
	b.live()
	b.drawn(1)
	eval[bool](b, eager)
	eval[bool](b, fmt.Sprintf(hidden, true))
	eval[bool](b, `(() => { window.drawings = 0; const c = CanvasRenderingContext2D.prototype, s = c.stroke; c.stroke = function (...a) { window.drawings++; return s.apply(this, a) }; return true })()`)
	d.commit(t, plant.Observation{Item: d.items["m_load"].ID, Time: time.Now().UnixMicro(), Value: plant.Value{Kind: plant.Number, Number: 77}})
	b.await("window.told > 0")
	if n := eval[int](b, "window.drawings"); n > 0 {
		t.Errorf("%d strokes were drawn on the hidden page", n)
	}
	eval[bool](b, fmt.Sprintf(hidden, false))
	b.await(`window.drawings > 0 && document.querySelector("#signals [data-slot=value]").textContent === "77"`)
}

// TestExploreIsNamed: every chart has a name and a table behind it, and what is
// wrong with an address is said.
func TestExploreIsNamed(t *testing.T) {
	d := newDay(t)
	b := newTab(t, d.URL, 1280, 900)
	b.open(d.URL + d.path(",999&range=8h", "m_load", "m_exec", "m_system"))
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
