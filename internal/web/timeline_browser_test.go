package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/factorydash/factorydash/internal/api"
)

// lanes makes what the tests of the lanes ask of the page: where an instant of a
// machine is on the screen, and which pixels are drawn there.
const lanes = `window.lanes = {
	view() { const [from, to] = document.querySelector("#field").dataset.loaded.split(" ").map(Date.parse); return {from, to} },
	at(slug, time) {
		const cell = document.querySelector('tr[data-machine="' + slug + '"] .track').getBoundingClientRect(), v = this.view()
		return {x: cell.left + (Date.parse(time) - v.from) / (v.to - v.from) * cell.width, y: cell.top + cell.height / 2, left: cell.left, width: cell.width}
	},
	colour(name) {
		const c = document.createElement("canvas").getContext("2d")
		c.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--" + name); c.fillRect(0, 0, 1, 1)
		return c.getImageData(0, 0, 1, 1).data.join()
	},
	// The colours along a machine's lane, so far from its middle, in pixels of the device.
	row(slug, off = 0) {
		const canvas = document.querySelector("#canvas"), box = canvas.getBoundingClientRect(), p = this.at(slug, 0)
		const y = Math.round((p.y + off - box.top) * canvas.height / box.height)
		const d = canvas.getContext("2d").getImageData(0, y, canvas.width, 1).data
		return Array.from({length: canvas.width}, (_, i) => d.slice(4 * i, 4 * i + 4).join())
	},
	count(slug, name, off = 0) { const c = this.colour(name); return this.row(slug, off).filter(p => p === c).length },
}; true`

// openTimeline opens a page of the timeline and waits until its lanes are drawn.
func openTimeline(t *testing.T, s *shop, path string, width, height int64) (*tab, string) {
	t.Helper()
	server := s.serve(t)
	b := newTab(t, server.URL, width, height)
	b.openLanes(server.URL + path)
	return b, server.URL
}

func (b *tab) openLanes(address string) {
	b.t.Helper()
	b.open(address)
	b.await(`document.querySelector("#field").dataset.loaded && document.querySelector("#canvas").dataset.took`)
	eval[bool](b, lanes)
	b.frame()
}

// frame waits until what was planned is drawn.
func (b *tab) frame() {
	b.t.Helper()
	if _, err := run(b, chromedp.Evaluate[bool](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, chromedp.EvalAwaitPromise)); err != nil {
		b.t.Fatal(err)
	}
}

// point moves the pointer to an instant of a machine.
func (b *tab) point(slug string, at time.Time) {
	b.t.Helper()
	p := b.place(slug, at)
	if _, err := run(b, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, p[0], p[1])); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) place(slug string, at time.Time) []float64 {
	b.t.Helper()
	return eval[[]float64](b, fmt.Sprintf(`(p => [p.x, p.y])(lanes.at(%q, %q))`, slug, at.Format(time.RFC3339Nano)))
}

// drag drags with the mouse over a machine's lane from one instant to another.
func (b *tab) drag(slug string, from, to time.Time) {
	b.t.Helper()
	p, q := b.place(slug, from), b.place(slug, to)
	if _, err := run(b, chromedp.DragAndDropXY(p[0], p[1], q[0], q[1])); err != nil {
		b.t.Fatal(err)
	}
}

// An alarm of two seconds in 24 hours is seen, two pixels wide at least, and its tip
// tells how long it was.
func TestShortAlarmIsSeenInADay(t *testing.T) {
	s := newPlant(t, inLateShift)
	// Before 23 h of idling: an alarm of two seconds, and one that stands for five.
	s.history = func(int) []stretch {
		return []stretch{
			{state: "idle", lasts: 24 * time.Hour},
			{state: "alarm", lasts: 2 * time.Second},
			{state: "idle", lasts: 6 * time.Hour},
			{state: "alarm", lasts: 40 * time.Second, count: 5, mix: map[string]int64{"alarm": 10e6, "running": 30e6}},
			{state: "idle", lasts: 6 * time.Hour},
		}
	}
	b, _ := openTimeline(t, s, "/timeline?range=24h", 1280, 800)
	s.Lock()
	// The script's first question: those behind it are of what came meanwhile.
	if q := s.asked[1]; q.Columns != eval[int](b, `document.querySelector("#canvas").width`) {
		t.Errorf("the page asked for %d columns", q.Columns)
	}
	s.Unlock()
	if n := eval[int](b, `lanes.count("vmc-01", "fill-alarm")`); n < 4 {
		t.Errorf("two alarms are %d pixels wide together; want 2 each at least", n)
	}
	now := inLateShift()
	b.point("vmc-01", now.Add(-12*time.Hour-41*time.Second))
	b.await(`!document.querySelector("#tip").hidden`)
	if got := b.text("#tip"); !strings.Contains(got, "Alarm") || !strings.Contains(got, "\n2 s\n") {
		t.Errorf("the tip of the alarm of two seconds: %q", got)
	}
	b.point("vmc-01", now.Add(-6*time.Hour-20*time.Second))
	b.await(`document.querySelector("#tip").innerText.includes("intervals")`)
	if got := b.text("#tip"); !strings.Contains(got, "5 intervals, Alarm the gravest") || !strings.Contains(got, "Running 30 s · Alarm 10 s") {
		t.Errorf("the tip of five that stand together: %q", got)
	}
	b.press("\x1b")
	b.await(`document.querySelector("#tip").hidden`)
}

// The tip tells of the whole segment: when it truly began, before the range too.
func TestTipTellsTheWholeSegment(t *testing.T) {
	b, _ := openTimeline(t, newPlant(t, inLateShift), "/timeline?range=1h", 1280, 800)
	b.point("vmc-01", inLateShift().Add(-30*time.Minute))
	b.await(`!document.querySelector("#tip").hidden`)
	got := b.text("#tip")
	// It has run for 90 min until 5 min ago.
	for _, want := range []string{"Running", "VMC-01", "2026-11-25 15:45:00.000, since before 2026-11-25 16:20:0", "– 2026-11-25 17:15:00.000", "1 h 30 min 0 s", "executing (rule 5)"} {
		if !strings.Contains(got, want) {
			t.Errorf("the tip lacks %q: %q", want, got)
		}
	}
}

// Nothing is drawn right of now; a gap, a lost link and a machine that is off are
// each drawn in their own way, and what was lost is marked.
func TestKindsOfNothing(t *testing.T) {
	s := newPlant(t, inLateShift)
	b, _ := openTimeline(t, s, "/timeline?range=shift:current", 1280, 800)
	now := inLateShift()
	if !eval[bool](b, fmt.Sprintf(`(() => {
		const p = lanes.at("vmc-01", %q), row = lanes.row("vmc-01"), now = Math.round(p.x - p.left)
		const states = ["running", "idle", "stopped", "setup", "alarm"].map(s => lanes.colour("fill-" + s))
		return states.includes(row[now - 2]) && !row.slice(now + 2).some(c => states.includes(c))
	})()`, now.Format(time.RFC3339))) {
		t.Error("the lane does not end at now")
	}
	// The mark stands above the beginning of the gap: a triangle in the colour of text.
	gap := now.Add(-(95 + 18) * time.Minute)
	if !eval[bool](b, fmt.Sprintf(`(() => {
		const p = lanes.at("vmc-02", %q), x = Math.round(p.x - p.left)
		return lanes.row("vmc-02", -14).slice(x - 3, x + 4).filter(c => c === lanes.colour("body")).length >= 4
			&& !lanes.row("vmc-01", -14).slice(x - 3, x + 4).includes(lanes.colour("body"))
	})()`, gap.Format(time.RFC3339))) {
		t.Error("there is no mark where observations were lost")
	}
	b.point("vmc-02", gap.Add(5*time.Minute))
	b.await(`document.querySelector("#tip").innerText.includes("Gap")`)
	if got := b.text("#tip"); !strings.Contains(got, "lost 1412 observations") || !strings.Contains(got, "18 min 0 s") {
		t.Errorf("the tip of the gap: %q", got)
	}
	fills := eval[[]int](b, `["vmc-02", "saw-1", "edm-1"].map(m => ["running", "idle", "stopped", "setup", "alarm", "offline", "none"].findIndex(s => lanes.row(m).slice(0, -1).includes(lanes.colour("fill-" + s))))`)
	if fills[1] == fills[2] && fills[1] < 0 {
		t.Errorf("offline and no link look alike: %v", fills)
	}
	if n := eval[int](b, `lanes.count("saw-1", "fill-offline")`); n < 50 {
		t.Errorf("the machine that is off has %d pixels of its colour", n)
	}
	if n := eval[int](b, `lanes.count("edm-1", "fill-offline") + lanes.count("vmc-02", "fill-offline")`); n != 0 {
		t.Errorf("a gap or a lost link has %d pixels of the colour of a machine that is off", n)
	}
	b.picture("timeline")
}

// What comes while the page is live is appended, and what was known before stays.
func TestTimelineFollowsTheStream(t *testing.T) {
	s := newPlant(t, inLateShift)
	b, _ := openTimeline(t, s, "/timeline?range=shift:current", 1280, 800)
	b.live()
	before := eval[int](b, `lanes.count("vmc-01", "fill-running")`)
	s.set(func() {
		s.history = func(machine int) []stretch {
			// It has stopped in the last minute and a half.
			h := madeUp(machine)
			h[len(h)-1].lasts -= 90 * time.Second
			return append(h, stretch{state: "stopped", lasts: 90 * time.Second})
		}
		s.asked = nil
	})
	m := s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "stopped", "Stopped" })
	s.send("machines", []api.Machine{m.Machine})
	b.await(`(() => { const p = lanes.at("vmc-01", "` + inLateShift().Format(time.RFC3339) + `"), now = Math.round(p.x - p.left); return lanes.row("vmc-01")[now - 2] === lanes.colour("fill-stopped") })()`)
	if after := eval[int](b, `lanes.count("vmc-01", "fill-running")`); after < before-5 {
		t.Errorf("%d pixels ran before the change, %d after it", before, after)
	}
	s.Lock()
	defer s.Unlock()
	for _, q := range s.asked {
		if q.To.Sub(q.From) > 10*time.Minute {
			t.Errorf("for what is new the page asked for %s", q.To.Sub(q.From))
		}
	}
}

// A zoom pauses the live page and counts what comes; Resume leads back to now.
func TestZoomPausesLive(t *testing.T) {
	s := newPlant(t, inLateShift)
	b, address := openTimeline(t, s, "/timeline?range=shift:current&q=vmc", 1280, 800)
	b.live()
	now := inLateShift()
	label := b.text("#range-label")
	s.set(func() { s.asked = nil })
	b.drag("vmc-01", now.Add(-2*time.Hour), now.Add(-time.Hour))
	b.await(`document.querySelector("#paused:not([hidden])")`)
	b.await(`new URLSearchParams(location.search).has("from") && lanes.view().to - lanes.view().from < 3700000`)
	if got := eval[string](b, `new URLSearchParams(location.search).get("q")`); got != "vmc" {
		t.Errorf("the filter is not in the address any more: %q", got)
	}
	s.Lock()
	finer := slices.ContainsFunc(s.asked, func(q api.TimelineQuery) bool { return q.To.Sub(q.From) < 62*time.Minute && q.Columns > 500 })
	s.Unlock()
	if !finer {
		t.Error("the zoom read nothing finer")
	}
	m := s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "stopped", "Stopped" })
	s.send("machines", []api.Machine{m.Machine})
	b.await(`document.querySelector("#paused").innerText.includes("Live paused · +1 new")`)

	// What the address says is what another browser sees.
	zoomed := eval[string](b, "location.href")
	other := newTab(t, address, 1280, 800)
	other.openLanes(zoomed)
	if got, want := eval[[]float64](other, "[lanes.view().from, lanes.view().to]"), eval[[]float64](b, "[lanes.view().from, lanes.view().to]"); !slices.Equal(got, want) {
		t.Errorf("the address leads to %v, the page shows %v", got, want)
	}

	eval[bool](b, `document.querySelector("#paused button").click() ?? true`)
	b.await(`document.querySelector("#paused").hidden && new URLSearchParams(location.search).get("range") === "shift:current"`)
	if got := b.text("#range-label"); got != label {
		t.Errorf("after Resume the range is %q, was %q", got, label)
	}
}

// Everything can be done by keys: choose a machine, go along its segments, zoom,
// move, go back, open.
func TestTimelineByKeys(t *testing.T) {
	s := newPlant(t, inLateShift)
	b, address := openTimeline(t, s, "/timeline?range=shift:current", 1280, 800)
	length := func() float64 { return eval[float64](b, "lanes.view().to - lanes.view().from") }
	b.focus("#field")
	whole := length()
	b.press("+")
	b.await(fmt.Sprintf("lanes.view().to - lanes.view().from < %f", whole))
	b.press("0")
	b.await(fmt.Sprintf("lanes.view().to - lanes.view().from === %f", whole))
	b.press(kb.ArrowDown)
	b.press(kb.ArrowDown)
	b.await(`document.querySelector('tr[data-machine="vmc-02"][data-chosen]')`)
	b.press(kb.ArrowLeft)
	b.await(`document.querySelector("#lanes-said").textContent.startsWith("VMC-02, ")`)
	b.press(kb.ArrowLeft)
	b.await(`document.querySelector("#lanes-said").textContent.includes("Gap")`)
	if got := b.text("#tip"); !strings.Contains(got, "lost 1412 observations") {
		t.Errorf("the tip of the chosen segment: %q", got)
	}
	b.forgive("404") // The fake has no machine at a moment.
	b.press("\r")
	b.await(`location.pathname === "/m/vmc-02"`)
	want := address + "/m/vmc-02?at=" + inLateShift().Add(-113*time.Minute).Format("2006-01-02T15:04:05.000Z")
	if got := eval[string](b, "location.href"); got != want {
		t.Errorf("Enter opened %s, want %s", got, want)
	}
}

// The wheel zooms with Ctrl and scrolls the page without.
func TestWheelZoomsWithCtrl(t *testing.T) {
	b, _ := openTimeline(t, newPlant(t, inLateShift), "/timeline?range=shift:current", 1280, 500)
	p := b.place("vmc-01", inLateShift().Add(-time.Hour))
	wheel := func(modifiers int64) {
		t.Helper()
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseWheel, X: p[0], Y: p[1], DeltaX: 1, DeltaY: -120, Modifiers: modifiers})
	}
	wheel(2)
	b.await("lanes.view().to - lanes.view().from < 8 * 3600 * 1000")
	zoomed := eval[float64](b, "lanes.view().to - lanes.view().from")
	wheel(0)
	b.frame()
	if got := eval[float64](b, "lanes.view().to - lanes.view().from"); got != zoomed {
		t.Error("the wheel without Ctrl zooms")
	}
}

// A finger that is dragged moves the view, and two of them zoom.
func TestTimelineByTouch(t *testing.T) {
	b, _ := openTimeline(t, newPlant(t, inLateShift), "/timeline?range=shift:prev", 360, 740)
	call(b, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
		t.Errorf("the page is %d px wide on a phone of 360", wide)
	}
	touch := func(kind input.DispatchTouchEventType, at ...[2]float64) {
		t.Helper()
		points := []*input.TouchPoint{}
		for i, p := range at {
			points = append(points, &input.TouchPoint{X: p[0], Y: p[1], ID: ptr(float64(i + 1))})
		}
		call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	eval[bool](b, `document.querySelector('tr[data-machine="vmc-01"]').scrollIntoView({block: "center"}), true`)
	y := eval[float64](b, `lanes.at("vmc-01", 0).y`)
	from := eval[float64](b, "lanes.view().from")
	touch(input.DispatchTouchEventTypeTouchStart, [2]float64{100, y})
	touch(input.DispatchTouchEventTypeTouchMove, [2]float64{150, y})
	touch(input.DispatchTouchEventTypeTouchMove, [2]float64{200, y})
	touch(input.DispatchTouchEventTypeTouchEnd)
	b.await(fmt.Sprintf("lanes.view().from < %f", from))
	length := eval[float64](b, "lanes.view().to - lanes.view().from")
	touch(input.DispatchTouchEventTypeTouchStart, [2]float64{150, y}, [2]float64{200, y})
	touch(input.DispatchTouchEventTypeTouchMove, [2]float64{100, y}, [2]float64{250, y})
	touch(input.DispatchTouchEventTypeTouchEnd)
	b.await(fmt.Sprintf("lanes.view().to - lanes.view().from < %f", length*0.7))
	b.picture("timeline-phone")
}

// The legend hides states, and the address says which.
func TestLegendHides(t *testing.T) {
	b, address := openTimeline(t, newPlant(t, inLateShift), "/timeline?range=shift:current", 1280, 800)
	if eval[int](b, `lanes.count("vmc-01", "fill-running")`) == 0 {
		t.Fatal("nothing runs")
	}
	eval[bool](b, `document.querySelector('#legend a[data-state="running"]').click() ?? true`)
	b.await(`lanes.count("vmc-01", "fill-running") === 0`)
	b.openLanes(address + eval[string](b, "location.pathname + location.search"))
	if n := eval[int](b, `lanes.count("vmc-01", "fill-running")`); n != 0 {
		t.Errorf("by its address, %d pixels of the hidden state are drawn", n)
	}
	if got := eval[string](b, `document.querySelector('#legend a[data-state="running"]').getAttribute("aria-pressed")`); got != "false" {
		t.Errorf("the entry of the legend is pressed: %s", got)
	}
}

// The filter hides machines as one types, sums up those that are left, and stands in
// the address.
func TestTimelineFilter(t *testing.T) {
	b, _ := openTimeline(t, newPlant(t, inLateShift), "/timeline?range=shift:current&group=agent", 1280, 800)
	b.focus("#q")
	b.press("milling vmc-0")
	b.await(`document.querySelectorAll("tr[data-machine]:not([hidden])").length === 3`)
	if got := b.text("tfoot th"); got != "All 3" {
		t.Errorf("the sum is called %q", got)
	}
	if got := eval[string](b, `new URLSearchParams(location.search).get("q")`); got != "milling vmc-0" {
		t.Errorf("the address has the filter %q", got)
	}
	if got := eval[string](b, `new URL(document.querySelector("#range a[rel=prev]").href).searchParams.get("q")`); got != "milling vmc-0" {
		t.Errorf("the link to the range before has the filter %q", got)
	}
}

// Links can be copied: one that moves with the clock, and one that does not.
func TestRangeLinksAreCopied(t *testing.T) {
	s := newPlant(t, inLateShift)
	b, _ := openTimeline(t, s, "/timeline?range=shift:current&q=vmc", 1280, 800)
	copied := func(word string) string {
		t.Helper()
		eval[bool](b, `(() => {
			navigator.clipboard.writeText = async text => { window.copied = text }
			document.querySelector("#range-menu").open = true
			return true
		})()`)
		eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll("#range a[data-copy]")].find(a => a.textContent === %q).click() ?? true`, word))
		b.await(`document.querySelector("#range-copied").textContent === "copied"`)
		return eval[string](b, "window.copied")
	}
	moving, fixed := copied("moving with the clock"), copied("fixed")
	if !strings.HasSuffix(moving, "/timeline?q=vmc&range=shift%3Acurrent") {
		t.Errorf("the link that moves is %s", moving)
	}
	view := eval[[]float64](b, "[lanes.view().from, lanes.view().to]")
	s.set(func() { now := inLateShift().Add(9 * time.Hour); s.now = func() time.Time { return now } })
	b.openLanes(fixed)
	if got := eval[[]float64](b, "[lanes.view().from, lanes.view().to]"); !slices.Equal(got, view) {
		t.Errorf("nine hours later the fixed link shows %v, the page that it was copied from %v", got, view)
	}
}

// What the browser writes into the table is what the server wrote.
func TestSharesAreWrittenAlike(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	const table = `JSON.stringify([...document.querySelectorAll(".shares td[data-column]")].map(c => [c.textContent, c.title, c.hasAttribute("data-doubtful")]))`
	b.openLanes(server.URL + "/timeline?range=shift:prev")
	drawn := eval[string](b, table)
	eval[bool](b, `document.querySelectorAll(".shares td[data-column]").forEach(c => { c.textContent = c.title = "" }) ?? true`)
	b.focus("#field")
	b.press("+")
	b.await(`document.querySelector("#zoom-reset:not([disabled])")`)
	b.press("0")
	b.await(table + " === " + fmt.Sprintf("%q", drawn))
}

// A hundred machines with a thousand segments each over 24 hours are drawn within 50
// ms a frame while the page is scrolled and zoomed. How long it takes is printed; the
// limit holds on the machine of the figures in docs/benchmarks.md, and here there is
// ten times as much room.
func TestTimelineOfAHundredMachines(t *testing.T) {
	s := newPlant(t, inLateShift)
	for i := range 100 {
		m := s.machines[i%9]
		m.Slug, m.Name = fmt.Sprintf("m-%03d", i), fmt.Sprintf("M-%03d", i)
		s.machines = append(s.machines, m)
	}
	s.machines = s.machines[9:]
	states := []string{"running", "idle", "running", "stopped", "running", "setup", "running", "alarm", "running", "offline"}
	s.history = func(machine int) (h []stretch) {
		for i := range 1000 {
			h = append(h, stretch{state: states[(i+machine)%len(states)], lasts: time.Duration(40+(i*37+machine*11)%93) * time.Second})
		}
		return h
	}
	b, _ := openTimeline(t, s, "/timeline?range=24h&group=none", 1440, 900)
	if n := eval[int](b, `document.querySelectorAll("tr[data-machine]").length`); n != 100 {
		t.Fatalf("there are %d machines", n)
	}
	// Each step is timed from its event to the end of the frame that draws it.
	took := func(step string) []float64 {
		t.Helper()
		times, err := run(b, chromedp.Evaluate[[]float64](`(async () => {
			const times = [], canvas = document.querySelector("#canvas"), field = document.querySelector("#field")
			for (let i = 0; i < 20; i++) {
				delete canvas.dataset.took
				`+step+`
				await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
				if (canvas.dataset.took) times.push(Number(canvas.dataset.took))
			}
			return times
		})()`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(times)
		return times
	}
	for name, step := range map[string]string{
		"scroll": `scrollTo({top: i * 1100 % 2600, behavior: "instant"})`,
		"zoom":   `field.dispatchEvent(new WheelEvent("wheel", {ctrlKey: true, deltaY: i % 2 ? 1 : -1, clientX: 600, clientY: 400, cancelable: true}))`,
	} {
		times := took(step)
		if len(times) < 5 {
			t.Errorf("%s: only %d frames were drawn", name, len(times))
			continue
		}
		median, worst := times[len(times)/2], times[len(times)-1]
		t.Logf("%s: %d frames of 100 machines with 1000 segments each: median %.1f ms, worst %.1f ms", name, len(times), median, worst)
		if median > 500 {
			t.Errorf("%s: a frame takes %.1f ms", name, median)
		}
	}
}
