package web_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// later moves the clock by which a page measures ages.
const later = `(() => { const real = performance.now.bind(performance); performance.now = () => real() + %d; return true })()`

// halted sets that clock to a time after what it says now, at which it stays.
const halted = `(() => { const t = performance.now() + %d; performance.now = () => t; return true })()`

// hidden hides the page, or shows it again.
const hidden = `(hidden => { Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden }); document.dispatchEvent(new Event("visibilitychange")); return true })(%t)`

// eager ends all waits of the page at once, those of seconds never, and counts the
// messages of the stream: each when whatever it was to have drawn has been drawn.
const eager = `(() => {
	const soon = setTimeout, parse = JSON.parse;
	window.told = 0;
	window.setTimeout = (act, ms) => (ms < 2000 ? soon(act) : 0);
	JSON.parse = text => { queueMicrotask(() => soon(() => window.told++)); return parse(text) };
	return true;
})()`

func TestCardsFollowTheStream(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()

	m := s.edit("vmc-01", func(m *api.MachineDetail) {
		m.State, m.Word, m.Since, m.Execution = "stopped", "Stopped", ptr(time.Now().Add(-26*time.Hour-30*time.Minute)), ptr("FEED_HOLD")
		m.Parts = ptr(39.0)
	})
	s.send("machines", []api.Machine{m.Machine})
	took := b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "stopped"`)
	t.Logf("a change was on the page %d ms after it was sent", took.Milliseconds())
	card := eval[string](b, `document.querySelector('[data-slug="vmc-01"]').innerText`)
	for _, want := range []string{"Stopped", "1 d 2 h", "39"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q: %q", want, card)
		}
	}
	if got := eval[string](b, `document.querySelector('.chip[data-state="stopped"]').innerText.replace(/\s+/g, " ").trim()`); got != "2 Stopped" {
		t.Errorf("the count of stopped machines says %q", got)
	}
	if got := eval[string](b, `document.querySelector("#attention-list").innerText`); !strings.Contains(got, "VMC-01") {
		t.Errorf("the attention list lacks the machine: %q", got)
	}

	// A machine that is new gets a card at the end of its agent's, and no card
	// moves.
	s.set(func() {
		m.Slug, m.Name = "vmc-99", "VMC-99"
		s.machines = append(s.machines, m)
	})
	s.send("machines", []api.Machine{m.Machine})
	b.await(`document.querySelector('[data-agent="hall-a"] [data-slug="vmc-99"]')`)
	order := eval[string](b, `[...document.querySelectorAll(".machine")].map(c => c.dataset.slug).join(" ")`)
	if want := "vmc-01 vmc-02 vmc-04 lathe-2 mill-turn-1 vmc-99 grinder-1 robot-cell saw-1 edm-1"; order != want {
		t.Errorf("the cards stand in the order %s, want %s", order, want)
	}
}

// drawn gives what elements say, without ages, which go on meanwhile.
const drawn = `(root => [...root.querySelectorAll(%q)].map(e => {
	e = e.cloneNode(true);
	for (const x of e.querySelectorAll("[hidden],template,time,[data-until],.js-only")) x.remove();
	return e.textContent.replace(/\s+/g, "") + " " + [...e.querySelectorAll("use")].map(u => u.getAttribute("href")) + " " + (e.dataset.state ?? "") + (e.dataset.kind ?? "");
}).join("\n"))(%s)`

// TestBrowserDrawsWhatTheServerDraws compares pages that the browser has kept
// up to date with pages that the server draws anew.
func TestBrowserDrawsWhatTheServerDraws(t *testing.T) {
	s := newShop(atNoon)
	all := s.machines
	agents := s.agents
	s.machines, s.agents = nil, nil
	for _, m := range all {
		blank := m
		blank.Machine = api.Machine{Slug: m.Slug, Name: m.Name, Agent: m.Agent, State: "idle", Word: "Idle"}
		blank.Items = nil
		for _, item := range m.Items {
			item.Observed, item.Value, item.Time = false, nil, nil
			blank.Items = append(blank.Items, item)
		}
		s.machines = append(s.machines, blank)
	}
	for _, a := range agents {
		s.agents = append(s.agents, api.Agent{Name: a.Name, Link: plant.LinkConnecting})
	}
	// Numbers of every size, beside what the shop has.
	for i, v := range []float64{0, -0.00004567, 1e-5, 0.004567891, 12345.678901, 1e15, -2.5e20, 0.1 + 0.2, -1} {
		all[0].Items = append(all[0].Items, api.Item{ID: plant.ItemID(150 + i), DataItemID: fmt.Sprint("n", i), Category: "SAMPLE", Type: "LENGTH", Units: "MILLIMETER", Observed: true, Value: v, Time: &noon})
		s.machines[0].Items = append(s.machines[0].Items, api.Item{ID: plant.ItemID(150 + i), DataItemID: fmt.Sprint("n", i), Category: "SAMPLE", Type: "LENGTH", Units: "MILLIMETER"})
	}
	// Numbers that are shown in other units than the agent's.
	for i, kind := range []api.Item{
		{Type: "PRESSURE", Units: "PASCAL", Value: 6191091.0},
		{Type: "EQUIPMENT_TIMER", Units: "SECOND", Value: 55041922.0},
		{Type: "PRESSURE", Units: "PASCAL", Representation: "TIME_SERIES", Value: "100000 250000"},
	} {
		kind.ID, kind.DataItemID, kind.Category, kind.Observed, kind.Time = plant.ItemID(170+i), fmt.Sprint("k", i), "SAMPLE", true, &noon
		all[0].Items = append(all[0].Items, kind)
		kind.Observed, kind.Value, kind.Time = false, nil, nil
		s.machines[0].Items = append(s.machines[0].Items, kind)
	}
	server := s.serve(t)

	for _, c := range []struct {
		path     string
		elements []string
		arrived  string
	}{
		{"/floor", []string{".machine", ".entry", ".chip", ".group h2"}, `document.querySelector('[data-slug="vmc-01"]').dataset.state === "running"`},
		{"/m/vmc-01?s=", []string{"tr[data-item]", ".head"}, `document.querySelector('#machine').dataset.state === "running"`},
		{"/m/vmc-04?s=", []string{"tr[data-item]", ".head", ".condition"}, `document.querySelector('#machine').dataset.state === "alarm"`},
		{"/m/edm-1?s=", []string{".head"}, `document.querySelector('#machine').dataset.state === "no-link"`},
		{"/m/mill-turn-1?s=", []string{".head"}, `document.querySelector('#machine').dataset.state === "running"`},
		{"/agents", []string{"tr[data-agent]"}, `document.querySelector('[data-agent="hall-c"]').hasAttribute("data-away")`},
		{"/agents/hall-b", []string{".status"}, `document.querySelector('[data-slot="linkWord"]').textContent === "Polling"`},
	} {
		before, beforeAgents := s.machines, s.agents
		b := newTab(t, server.URL, 1280, 800)
		b.open(server.URL + c.path)
		b.live()
		b.await(`performance.getEntriesByType("resource").some(e => e.name.includes("/api/v1/agents") && e.responseEnd)`)
		s.set(func() { s.machines, s.agents = all, agents })
		var cards []api.Machine
		for _, m := range all {
			cards = append(cards, m.Machine)
			s.send("values", api.Values{Machine: m.Slug, Items: m.Items})
		}
		s.send("machines", cards)
		s.send("agents", agents)
		b.await(c.arrived)
		eval[bool](b, `(fetch(location.href).then(a => a.text()).then(text => { window.anew = new DOMParser().parseFromString(text, "text/html") }), true)`)
		b.await("window.anew")
		for _, elements := range c.elements {
			live, anew := eval[string](b, fmt.Sprintf(drawn, elements, "document")), eval[string](b, fmt.Sprintf(drawn, elements, "window.anew"))
			if live != anew || live == "" {
				t.Errorf("%s: the browser drew %s\n%s\nthe server\n%s", c.path, elements, live, anew)
			}
		}
		s.set(func() { s.machines, s.agents = before, beforeAgents })
	}
}

// A page that follows the stream and has not read the current values yet does not
// say that it is live.
func TestPageIsLiveWhenItHasReadTheValues(t *testing.T) {
	s := newShop(time.Now)
	s.reading = make(chan chan struct{})
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/m/vmc-01")
	goOn := <-s.reading
	age := b.text("#live-age")
	b.await(fmt.Sprintf(`document.querySelector("#live-age").textContent !== %q`, age)) // The pill has been drawn since.
	if link := eval[string](b, `document.querySelector("#live").dataset.link`); link != "connecting" {
		t.Errorf("the page says that it is %s", link)
	}
	s.set(func() { s.reading = nil })
	close(goOn)
	b.live()
}

func TestPagesFollowTheModel(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)

	// A machine gets a data item, which can be charted like the others.
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/m/vmc-01")
	b.live()
	eval[bool](b, fmt.Sprintf(later, 11_000))
	m := s.edit("vmc-01", func(m *api.MachineDetail) {
		item := m.Items[7]
		item.ID, item.Name, item.Time = 190, "extra", ptr(time.Now().UTC())
		m.Items = append(m.Items[1:], item)
	})
	s.send("values", api.Values{Machine: "vmc-01", Items: m.Items[len(m.Items)-1:]})
	b.await(`document.querySelector('tr[data-item="190"]') && !document.querySelector('tr[data-item="101"]')`)
	eval[bool](b, `document.querySelector('tr[data-item="190"] [data-act=chart]').click() ?? true`)
	b.await(`document.querySelector('.chart[data-chart="190"]')`)

	// An agent no longer has a machine.
	b = newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	eval[bool](b, fmt.Sprintf(later, 11_000))
	s.set(func() {
		s.machines = s.machines[1:]
		s.agents[0].Machines--
	})
	s.send("agents", s.agents[:1])
	b.await(`!document.querySelector('[data-slug="vmc-01"]')`)
}

func TestDataAgeCountsUpWhileTheSocketIsOpen(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	eval[bool](b, fmt.Sprintf(halted, 0))
	m := s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "idle", "Idle" })
	s.send("machines", []api.Machine{m.Machine})
	b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "idle"`)
	eval[bool](b, fmt.Sprintf(halted, 1600))
	b.await(`document.querySelector("#live-age").textContent === "1.6 s"`)
	if word := b.text("#live-word"); word != "live" {
		t.Errorf("the pill says %q", word)
	}
	eval[bool](b, fmt.Sprintf(halted, 20_000))
	b.await(`document.querySelector("#live-word").textContent === "stale" && document.body.classList.contains("stale")`)
	b.picture("floor-wide-stale")
	s.send("agents", s.agents)
	b.await(`document.querySelector("#live-word").textContent === "live" && !document.body.classList.contains("stale")`)
	// Where no agent is in reach nothing is expected, and nothing is stale.
	down := s.agents[2]
	s.send("agents", []api.Agent{with(s.agents[0], down), with(s.agents[1], down)})
	b.await(`document.querySelectorAll('#floor .link[data-link="down"]').length === 3`)
	eval[bool](b, fmt.Sprintf(halted, 60_000))
	b.await(`document.querySelector("#live-word").textContent.startsWith("no agent") && !document.body.classList.contains("stale")`)
}

// with gives an agent with the link of another one.
func with(a, link api.Agent) api.Agent {
	a.Link, a.Error = link.Link, link.Error
	return a
}

func TestPollingWhereTheStreamIsBlocked(t *testing.T) {
	s := newShop(time.Now)
	s.blocked = true
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.before(hurried)
	b.open(server.URL + "/floor")
	b.await(`document.querySelector("#live").dataset.link === "polling"`)
	s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "idle", "Idle" })
	took := b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "idle"`)
	t.Logf("a change was on the page after %d ms", took.Milliseconds())
	// The stream is tried again now and then.
	s.set(func() { s.blocked = false })
	eval[bool](b, fmt.Sprintf(later, 40_000))
	b.live()
	b.forgive("403")
}

func TestStreamComesBack(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "idle", "Idle" }) // Nobody is told.
	s.drop()
	b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "idle"`)
	b.live()
	b.forgive("ERR_INCOMPLETE_CHUNKED_ENCODING")
}

func TestHiddenPageDoesNotDraw(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	eval[bool](b, eager)
	eval[bool](b, fmt.Sprintf(hidden, true))
	m := s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "idle", "Idle" })
	s.send("machines", []api.Machine{m.Machine})
	b.await("window.told > 0")
	if got := eval[string](b, `document.querySelector('[data-slug="vmc-01"]').dataset.state`); got != "running" {
		t.Errorf("the hidden page has drawn %q", got)
	}
	eval[bool](b, fmt.Sprintf(hidden, false))
	took := b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "idle"`)
	t.Logf("right again %d ms after the return", took.Milliseconds())
}

func TestHostileTextFromTheStreamIsOnlyText(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	for _, path := range []string{"/floor", "/m/vmc-04", "/agents"} {
		b := newTab(t, server.URL, 1280, 800)
		b.open(server.URL + path)
		b.live()
		scripts := eval[int](b, "document.scripts.length")
		poison(s)
		m := s.edit("vmc-04", func(*api.MachineDetail) {})
		s.send("machines", []api.Machine{m.Machine})
		s.send("values", api.Values{Machine: m.Slug, Items: m.Items})
		s.send("agents", s.agents)
		b.await(`document.querySelector("main").textContent.includes("alert(1)")`)
		if n := eval[int](b, `document.images.length + document.scripts.length`); n != scripts {
			t.Errorf("%s: text from an agent has become %d elements", path, n-scripts)
		}
	}
}

func TestFilterStandsInTheAddress(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	visible := `[...document.querySelectorAll(".machine")].filter(c => c.checkVisibility()).map(c => c.dataset.slug).join(" ")`
	b.focus("#q")
	b.press("haas")
	b.await(`location.search === "?q=haas" && ` + visible + ` === "vmc-01 vmc-02"`)
	eval[bool](b, `document.querySelector('.chip[data-state="alarm"]').click() ?? true`)
	b.await(`location.search === "?q=haas&state=alarm" && document.querySelector("#no-match").checkVisibility()`)
	b.open(server.URL + "/floor?state=alarm")
	b.live()
	b.await(visible + ` === "vmc-04"`)
	// The same chip takes the filter away, by keyboard too.
	b.focus(`.chip[data-state="alarm"]`)
	b.press(kb.Enter)
	b.await(`location.search === "" && document.querySelectorAll(".machine:not([hidden])").length === 9`)
}

func TestThemeIsRemembered(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	b.open(server.URL + "/floor")
	b.await(`document.documentElement.dataset.bsTheme === "dark"`)
	eval[bool](b, `(() => { const s = document.querySelector("#theme"); s.value = "light"; s.dispatchEvent(new Event("change")); return true })()`)
	b.await(`document.documentElement.dataset.bsTheme === "light"`)
	b.open(server.URL + "/agents")
	b.await(`document.documentElement.dataset.bsTheme === "light" && document.querySelector("#theme").value === "light"`)
}

func TestNormalCardsAreMuted(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	tinted := eval[string](b, `[...document.querySelectorAll(".machine")].filter(c => !["rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"].includes(getComputedStyle(c).backgroundColor)).map(c => c.dataset.state).sort().join(" ")`)
	if tinted != "alarm stopped" {
		t.Errorf("these cards have a tint: %s", tinted)
	}
}

func TestPagesReadWithoutScripts(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open(server.URL + "/m/vmc-01")
	text := b.text("main")
	for _, want := range []string{"Running", "O2201 BRACKET", "123.457 mm", "Charts need JavaScript"} {
		if !strings.Contains(text, want) {
			t.Errorf("without scripts the page lacks %q: %s", want, text)
		}
	}
}

// TestPagesFitTheirScreens opens each page on screens of many widths: nothing is
// wider than the screen. For pictures it does so in each theme.
func TestPagesFitTheirScreens(t *testing.T) {
	themes := []string{"light"}
	if os.Getenv("FACTORYDASH_TEST_PICTURES") != "" {
		themes = append(themes, "dark", "contrast")
	}
	server := newPlant(t, time.Now).serve(t)
	b := newTab(t, server.URL, 1440, 900)
	for name, path := range map[string]string{
		"floor": "/floor", "machine": "/m/vmc-01", "alarm": "/m/vmc-04", "agents": "/agents",
		"handover": "/handover", "handover-machine": "/handover?machine=vmc-01",
		"agent": "/agents/hall-b", "system": "/system", "production": "/production", "why": "/m/vmc-01/why", "about": "/about", "explore": "/explore?items=108,112,111&range=1h", "missing": "/nowhere",
	} {
		b.open(server.URL + path)
		if !slices.Contains([]string{"system", "about", "missing", "why", "handover", "handover-machine"}, name) {
			b.live()
		}
		b.await(`[...document.querySelectorAll(".chart .message, .plot .message")].every(m => m.textContent === "")`)
		for _, screen := range []struct {
			name          string
			width, height int64
		}{{"wide", 1440, 900}, {"tablet", 820, 1180}, {"phone", 360, 740}, {"narrow", 320, 640}} {
			if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(screen.width, screen.height)); err != nil {
				t.Fatal(err)
			}
			b.await(fmt.Sprintf("innerWidth === %d", screen.width))
			for _, theme := range themes {
				eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector("#theme"); s.value = %q; s.dispatchEvent(new Event("change")); return true })()`, theme))
				if over := overflow(b); over > 0 {
					t.Errorf("%s on %s: %d px wider than the screen", path, screen.name, over)
				}
				b.picture(fmt.Sprintf("%s-%s-%s", name, screen.name, theme))
			}
			if name == "about" {
				const unseen = `(() => {
					document.querySelector("#more").open = true;
					const seen = a => { const r = a.getBoundingClientRect(); return r.width > 0 && r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight };
					const links = [...document.querySelectorAll(".rail a")], shown = links.filter(seen).map(a => a.pathname);
					return links.map(a => a.pathname).filter(p => !shown.includes(p)).join(" ");
				})()`
				if out := eval[string](b, unseen); out != "" {
					t.Errorf("on %s these pages cannot be chosen: %s", screen.name, out)
				}
				b.picture("more-" + screen.name)
				b.press(kb.Escape)
			}
		}
	}
	b.forgive("404")
}

// overflow says by how many pixels a page is wider than its screen, once its
// canvases have had the time to follow a screen that has changed.
func overflow(b *tab) int {
	b.t.Helper()
	over, err := run(b, chromedp.Evaluate[int](`new Promise(done => {
		const end = performance.now() + 3000;
		const look = () => {
			const over = document.documentElement.scrollWidth - innerWidth;
			if (over <= 0 || performance.now() > end) done(over);
			else requestAnimationFrame(look);
		};
		requestAnimationFrame(look);
	})`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return over
}
