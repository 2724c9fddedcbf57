package web_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// linePixels gives where the line of the page's first chart is: the columns as
// shares of what the line covers, the rows in pixels from the top.
func linePixels(b *tab) [][2]float64 {
	b.t.Helper()
	return eval[[][2]float64](b, `(() => {
		const canvas = document.querySelector(".chart canvas"), w = canvas.width, h = canvas.height;
		const data = canvas.getContext("2d").getImageData(0, 0, w, h).data;
		const hue = getComputedStyle(document.documentElement).getPropertyValue("--series-1").trim();
		const want = [1, 3, 5].map(i => parseInt(hue.slice(i, i + 2), 16));
		const touched = [];
		for (let x = 0; x < w; x++) for (let y = 0; y < h; y++) {
			const i = 4 * (y * w + x);
			if (data[i + 3] > 128 && want.every((v, k) => Math.abs(data[i + k] - v) < 24)) touched.push([x, y]);
		}
		const first = touched[0][0], last = touched[touched.length - 1][0];
		return touched.map(([x, y]) => [(x - first) / (last - first), y]);
	})()`)
}

// TestChartHoldsWhatIsNotToldOf: agents tell of changes only, so between two
// values that are far apart the line is level, and after the last one too.
func TestChartHoldsWhatIsNotToldOf(t *testing.T) {
	s := newShop(time.Now)
	s.points = func(_ plant.ItemID, _, to time.Time) []api.Point {
		return []api.Point{{to.Add(-70 * time.Minute).UnixMicro(), 20.0}, {to.Add(-30 * time.Minute).UnixMicro(), 80.0}}
	}
	s.edit("vmc-01", func(m *api.MachineDetail) {
		m.Items[7].Value, m.Items[7].Time = 80.0, ptr(time.Now().Add(-30*time.Minute))
	})
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/m/vmc-01?s=108&range=1h")
	b.live()
	b.await(`document.querySelector(".chart .message").textContent === ""`)
	rows := make(map[float64]bool)
	for _, p := range linePixels(b) {
		if p[0] < 0.48 || p[0] > 0.52 {
			rows[p[1]] = true
		}
	}
	if len(rows) > 6 { // Two level lines of one to three pixels.
		t.Errorf("the line is on the rows %v: it slopes", slices.Sorted(maps.Keys(rows)))
	}
}

func TestChartLeavesGaps(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/m/vmc-01?s=108&range=1h")
	b.live()
	b.await(`document.querySelector(".chart .message").textContent === ""`)
	// The series has values for an hour, but for the time from 25 to 15 minutes
	// ago.
	pixels := linePixels(b)
	count := func(from, to float64) (n int) {
		for _, p := range pixels {
			if p[0] >= from && p[0] <= to {
				n++
			}
		}
		return n
	}
	if n := count(0, 0.57); n < 100 {
		t.Errorf("the line has %d pixels before the gap: it is not drawn", n)
	}
	if n := count(0.77, 1); n < 50 {
		t.Errorf("the line has %d pixels behind the gap: it is not drawn", n)
	}
	if n := count(0.60, 0.735); n > 0 {
		t.Errorf("the line has %d pixels within the gap", n)
	}
	label := eval[string](b, `document.querySelector(".chart canvas").getAttribute("aria-label")`)
	if !strings.Contains(label, "1 gap") || !strings.Contains(label, "%") {
		t.Errorf("the chart is called %q", label)
	}
	if said := eval[string](b, `document.querySelector(".chart [data-slot=said]").textContent`); !strings.Contains(said, "gaps beyond the first 1000") {
		t.Errorf("below the chart stands %q", said)
	}
	eval[bool](b, `document.querySelector(".chart summary").click() ?? true`)
	b.await(`[...document.querySelectorAll(".chart details td")].some(c => c.textContent === "Unavailable")`)
}

func TestChartFollowsTheStreamAndTheChoice(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/m/vmc-01?s=108&range=1h")
	b.live()
	b.await(`document.querySelector(".chart .message").textContent === ""`)
	value := func(v any) {
		m := s.edit("vmc-01", func(m *api.MachineDetail) { m.Items[7].Value, m.Items[7].Time = v, ptr(time.Now().UTC()) })
		s.send("values", api.Values{Machine: "vmc-01", Items: m.Items[7:8]})
	}
	value(99.5)
	b.await(`document.querySelector(".chart [data-slot=now]").textContent === "99.5"`)
	b.await(`document.querySelector('tr[data-item="108"] .value').innerText.trim() === "99.5 %"`)
	time.Sleep(2 * time.Millisecond) // The agent's timestamps are of its own time.
	value(nil)
	b.await(`document.querySelector(".chart [data-slot=now]").textContent === "Unavailable"`)
	b.await(`document.querySelector('tr[data-item="108"]').dataset.kind === "unavailable"`)

	// The choice of charts and range stands in the address.
	eval[bool](b, `document.querySelector('tr[data-item="112"] [data-act=chart]').click() ?? true`)
	b.await(`location.search === "?s=108,112&range=1h" && document.querySelectorAll(".chart").length === 2`)
	eval[bool](b, `[...document.querySelectorAll("#range a.choice")].find(a => a.textContent === "8 h").click() ?? true`)
	b.await(`/range=8h/.test(location.search) && /s=108(,|%2C)112/.test(location.search) && document.readyState === "complete" && document.querySelectorAll(".chart").length === 2`)
	b.live()
	eval[bool](b, `document.querySelector('[data-chart="108"] [data-act=remove]').click() ?? true`)
	b.await(`/s=112(&|$)/.test(location.search) && document.querySelectorAll(".chart").length === 1`)
	b.open(eval[string](b, "location.href"))
	b.await(`document.querySelector('.chart[data-chart="112"]') && document.querySelector('#range').dataset.name === "8h"`)
	// No more charts than fit.
	eval[bool](b, `[...document.querySelectorAll("[data-act=chart]")].forEach(c => { if (c.getAttribute("aria-pressed") === "false") c.click() }) ?? true`)
	if n := eval[int](b, `document.querySelectorAll(".chart").length`); n != 6 {
		t.Errorf("%d charts, want 6", n)
	}
}

// TestChartEndsWithOldData: what a recording tells is long ago, and so is what a
// machine told before its link went.
func TestChartEndsWithOldData(t *testing.T) {
	s := newShop(time.Now)
	last := time.Now().Add(-3650 * 24 * time.Hour).Truncate(time.Second)
	s.edit("vmc-01", func(m *api.MachineDetail) {
		for i := range m.Items {
			if m.Items[i].Observed {
				m.Items[i].Time = ptr(last)
			}
		}
	})
	s.points = func(_ plant.ItemID, from, to time.Time) []api.Point {
		if last.Before(from) || !last.Before(to) {
			return nil
		}
		return []api.Point{{last.Add(-30 * time.Minute).UnixMicro(), 20.0}, {last.UnixMicro(), 80.0}}
	}
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/m/vmc-01?s=108&range=1h")
	b.live()
	b.await(`document.querySelector(".chart .message").textContent === ""`)
	if got, want := eval[string](b, `document.querySelector(".chart .past").textContent`), "up to "+last.UTC().Format(time.DateTime); got != want {
		t.Errorf("the chart says %q, want %q", got, want)
	}
	if got := eval[string](b, `document.querySelector(".chart [data-slot=now]").textContent`); got != "80" {
		t.Errorf("the chart's last value is %q", got)
	}
	// New data, and the chart ends now again.
	m := s.edit("vmc-01", func(m *api.MachineDetail) { m.Items[7].Value, m.Items[7].Time = 12.5, ptr(time.Now().UTC()) })
	s.send("values", api.Values{Machine: "vmc-01", Items: m.Items[7:8]})
	b.await(`document.querySelector(".chart .past").textContent === "" && document.querySelector(".chart [data-slot=now]").textContent === "12.5"`)
}
