package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// openMachine opens the page of a machine with an hour on its lane.
func openMachine(t *testing.T, change func(*shop)) (*shop, *tab, string) {
	t.Helper()
	s := newShop(time.Now)
	s.cycles = someCycles(time.Now())
	if change != nil {
		change(s)
	}
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 900)
	b.open(server.URL + "/m/vmc-01?s=108&range=1h")
	b.live()
	b.await(`document.querySelectorAll("#tracks-names span").length > 2 && document.querySelector("#tracks-canvas").dataset.took !== undefined`)
	return s, b, server.URL
}

// laneRow gives the middle of a row of the lane, in CSS pixels from the top of the
// field.
const laneRow = `(name => { let y = 26; for (const e of document.querySelectorAll("#tracks-names span")) { if (e.textContent.startsWith(name)) return y + e.offsetHeight / 2; y += e.offsetHeight } })`

// pointAt moves the pointer over a row of the lane, to a part of its width.
func (b *tab) pointAt(row string, part float64) {
	b.t.Helper()
	eval[bool](b, `(([row, part]) => { const f = document.querySelector("#tracks-field"), box = f.getBoundingClientRect();
		f.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + part * box.width, clientY: box.top + `+laneRow+`(row), bubbles: true})); return true })(`+jsonText([]any{row, part})+`)`)
}

func TestLaneTellsTheWholeSegment(t *testing.T) {
	_, b, _ := openMachine(t, nil)
	b.pointAt("Program", 0.25)
	b.await(`!document.querySelector("#tracks-tip").hidden`)
	// It began an hour before the range.
	if tip := b.text("#tracks-tip"); !strings.Contains(tip, "O2201") || !strings.Contains(tip, "since before") || !strings.Contains(tip, "1 h 30 min") {
		t.Errorf("the tip says %q", tip)
	}
	b.pointAt("Program", 0.55)
	b.await(`document.querySelector("#tracks-tip").innerText.includes("Not known: a gap")`)
	b.pointAt("Parts", 0.9)
	b.await(`document.querySelector("#tracks-tip").innerText.includes("Parts 10 / 20")`)
}

// TestLaneLeavesGaps reads the canvas back: a program has a ground, and where nothing
// is known there is none behind the hatching.
func TestLaneLeavesGaps(t *testing.T) {
	_, b, _ := openMachine(t, nil)
	hollow := func(part float64) bool {
		return eval[bool](b, `(part => { const c = document.querySelector("#tracks-canvas"), r = c.width / c.clientWidth;
			const y = Math.round((`+laneRow+`("Program") + 6) * r), x = Math.round(part * c.width);
			const d = c.getContext("2d").getImageData(x, y, 24, 1).data;
			return d.some((v, i) => i % 4 === 3 && v === 0) })(`+jsonText(part)+`)`)
	}
	if hollow(0.3) || hollow(0.8) {
		t.Error("no program is drawn where it is known")
	}
	if !hollow(0.55) {
		t.Error("the gap is drawn as if a program were known")
	}
}

// TestLaneZoomPausesLive: what comes while a part is shown is counted, and a range is
// read anew for as long as something comes of it.
func TestLaneZoomPausesLive(t *testing.T) {
	s, b, _ := openMachine(t, nil)
	if !eval[bool](b, `document.querySelector("#tracks-paused").hidden`) {
		t.Error("the lane is paused before anybody zoomed")
	}
	b.focus("#tracks-field")
	eval[bool](b, `document.querySelector("#tracks-field").dispatchEvent(new KeyboardEvent("keydown", {key: "+", bubbles: true}))`)
	b.await(`!document.querySelector("#tracks-paused").hidden`)
	m := s.edit("vmc-01", func(m *api.MachineDetail) {})
	item := m.Items[7]
	item.ID, item.Value, item.Time = 114, "O9999", ptr(time.Now().UTC())
	s.send("values", api.Values{Machine: "vmc-01", Items: []api.Item{item}})
	b.await(`document.querySelector("#tracks-new").textContent === "+1 new"`)
	eval[bool](b, `document.querySelector("#tracks-resume").click() ?? true`)
	b.await(`document.querySelector("#tracks-paused").hidden`)

	// A page that is seen again is read anew, but not where nothing can have come.
	const readings = `(() => {
		const real = window.fetch;
		let n = 0;
		window.fetch = (address, how) => { n += String(address).includes("/lane?") ? 1 : 0; return real(address, how) };
		document.dispatchEvent(new Event("visibilitychange"));
		window.fetch = real;
		return n;
	})()`
	if n := eval[int](b, readings); n != 1 {
		t.Errorf("a range that goes on is read %d times, want once", n)
	}
	end := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	b.open(eval[string](b, "location.origin + location.pathname") + "?from=" + end.Add(-time.Hour).Format(time.RFC3339) + "&to=" + end.Format(time.RFC3339))
	b.live()
	b.await(`document.querySelector("#tracks-names span")`)
	if n := eval[int](b, readings); n != 0 {
		t.Errorf("a range that is over is read %d times more", n)
	}
}

func TestCursorIsShared(t *testing.T) {
	_, b, _ := openMachine(t, nil)
	before := eval[string](b, `document.querySelector(".chart [data-slot=now]").textContent`)
	b.pointAt("State", 0.3)
	b.await(`!document.querySelector("#tracks-cursor").hidden && document.querySelector("#tracks-time").textContent !== ""`)
	b.await(`document.querySelector(".chart [data-slot=now]").textContent !== ` + jsonText(before))
}

func TestCyclesAreBarsThatCanBePicked(t *testing.T) {
	_, b, _ := openMachine(t, nil)
	if n := eval[int](b, `document.querySelectorAll("#cycles .cycle").length`); n != 7 {
		t.Errorf("%d bars, want 7", n)
	}
	if n := eval[int](b, `document.querySelectorAll("#cycles .cycle[data-unusual] text").length`); n != 1 {
		t.Errorf("%d bars are labelled as unusual, want 1", n)
	}
	if ideal := eval[string](b, `document.querySelector("#cycles text.ideal").textContent`); ideal != "ideal 7:30 min" {
		t.Errorf("the ideal line says %q", ideal)
	}
	eval[bool](b, `document.querySelector("#cycles svg a").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}))`)
	b.await(`!document.querySelector("#tracks-paused").hidden`)
}

// TestRunsAreComparedFromTheirBegin: two runs that began at different times lie one
// upon the other, and the band is theirs.
func TestRunsAreComparedFromTheirBegin(t *testing.T) {
	_, b, _ := openMachine(t, func(s *shop) {
		s.points = func(_ plant.ItemID, from, to time.Time) []api.Point {
			return []api.Point{{from.UnixMicro(), 10.0}, {from.Add(to.Sub(from) / 2).UnixMicro(), 90.0}}
		}
	})
	eval[bool](b, `document.querySelector("[data-compare]").click() ?? true`)
	// The run that lasts is longer than the complete ones, which the band ends with.
	b.await(`Number(document.querySelector("#compare-canvas").dataset.band) > 150`)
	if said := b.text("#compare-said"); said != "The band is of 6 complete runs" {
		t.Errorf("it says %q", said)
	}
}

func TestWhyInADialog(t *testing.T) {
	s, b, _ := openMachine(t, nil)
	eval[bool](b, `document.querySelector("#why-open").click() ?? true`)
	b.await(`document.querySelector("#why-dialog").open`)
	text := b.text("#why-dialog")
	for _, want := range []string{"Running", "executing", "4711", "1699", "holds and decides", "does not hold", "holds, but comes later", "Spindle temperature high"} {
		if !strings.Contains(text, want) {
			t.Errorf("the dialog does not say %q: %s", want, text)
		}
	}
	eval[bool](b, `document.querySelector("#why-dialog").close() ?? true`)
	// A place on the lane asks why of its moment.
	b.pointAt("State", 0.7)
	b.focus("#tracks-field")
	for _, key := range []string{"ArrowDown", "Enter"} {
		eval[bool](b, `document.querySelector("#tracks-field").dispatchEvent(new KeyboardEvent("keydown", {key: `+jsonText(key)+`, bubbles: true})) || true`)
	}
	b.await(`document.querySelector("#why-dialog").open`)
	if s.set(func() {}); s.at.IsZero() || time.Since(s.at) > 2*time.Hour {
		t.Errorf("why was asked of %s", s.at)
	}
}

// jsonText gives a value as it stands in a script.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
