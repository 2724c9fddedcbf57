package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/factorydash/factorydash/internal/api"
)

func TestKeysLeadThroughThePages(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	b.press("?")
	b.await(`document.querySelector("#keys").open`)
	list := b.text("#keys-list")
	for _, want := range []string{"this list", "search machines", "Floor", "Agents", "System"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list of keys lacks %q: %s", want, list)
		}
	}
	b.press(kb.Escape)
	b.await(`!document.querySelector("#keys").open`)
	key := eval[string](b, `[...document.querySelectorAll("#keys-list div")].find(r => r.textContent.endsWith("Agents")).querySelectorAll("kbd")[1].textContent`)
	b.press("g")
	b.press(key)
	b.await(`location.pathname === "/agents"`)
	b.live()

	// Keys are text in a field, and nothing at all where they are switched off.
	b.open(server.URL + "/floor")
	b.live()
	b.focus("#q")
	b.press("?/g" + key)
	b.await(fmt.Sprintf(`document.querySelector("#q").value === %q && !document.querySelector("dialog[open]")`, "?/g"+key))
	eval[bool](b, `document.querySelector("#keys-open").click() ?? true`)
	eval[bool](b, `document.querySelector("#keys-on").click() ?? true`)
	b.press(kb.Escape)
	b.await(`!document.querySelector("dialog[open]")`)
	b.open(server.URL + "/floor") // It is remembered.
	b.live()
	b.focus("#main")
	b.press("?")
	if eval[bool](b, `document.querySelector("#keys").open`) {
		t.Error("a key acts that is switched off")
	}
	eval[bool](b, `document.querySelector("#keys-open").click() ?? true`)
	b.await(`document.querySelector("#keys").open && !document.querySelector("#keys-on").checked`)
}

func TestSearchFindsMachinesAndDataItemsByKeyboard(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.open(server.URL + "/floor")
	b.live()
	b.press("/")
	b.await(`document.querySelector("#search").open && document.activeElement.id === "search-text"`)
	for _, letter := range "lathe" {
		b.press(string(letter))
	}
	b.await(`document.querySelector("#search-list").textContent.includes("LATHE-2") && document.querySelector("#search-list").textContent.includes("Load")`)
	b.press(kb.ArrowDown)
	b.await(`document.querySelector("#search-list [aria-selected=true]").textContent.includes("LATHE-2") && document.querySelector("#search-text").getAttribute("aria-activedescendant") === "found-0"`)
	b.press(kb.Enter)
	b.await(`location.pathname === "/m/lathe-2"`)
}

func TestFocusIsVisibleAndTheContentIsOneKeyAway(t *testing.T) {
	server := newShop(time.Now).serve(t)
	for _, theme := range []string{"light", "dark", "contrast"} {
		b := newTab(t, server.URL, 1280, 800)
		b.open(server.URL + "/floor")
		b.live()
		b.theme(theme)
		b.press(kb.Tab)
		b.await(`document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().left >= 0`)
		b.press(kb.Enter)
		b.await(`document.activeElement.id === "main" || location.hash === "#main"`)
		seen := make(map[string]bool)
		for range 25 {
			b.press(kb.Tab)
			where := eval[string](b, `(e => { const s = getComputedStyle(e), after = getComputedStyle(e, "::after");
				const ring = [s, after].some(x => x.outlineStyle !== "none" && parseFloat(x.outlineWidth) >= 2);
				return (ring ? "" : "no ring: ") + e.tagName + "." + e.className + "#" + e.id + e.textContent.slice(0, 20) })(document.activeElement)`)
			if strings.HasPrefix(where, "no ring") && !strings.Contains(where, "BODY") {
				t.Errorf("%s: %s", theme, where)
			}
			seen[where] = true
		}
		if len(seen) < 20 {
			t.Errorf("%s: the tab key leads to %d places only", theme, len(seen))
		}
	}
}

// theme chooses a theme as people do.
func (b *tab) theme(name string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector("#theme"); s.value = %q; s.dispatchEvent(new Event("change")); return true })()`, name))
}

func TestZoneOfTheBrowserChangesAllTimes(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"})
	b.open(server.URL + "/floor")
	b.live()
	if got := b.text("#attention-list"); !strings.Contains(got, "since 11:33:00") {
		t.Errorf("in the plant's zone: %s", got)
	}
	eval[bool](b, `(() => { const s = document.querySelector("#zone"); s.value = "browser"; window.left = true; s.dispatchEvent(new Event("change")); return true })()`)
	b.await(`!window.left && document.readyState === "complete" && document.querySelector("#attention-list").innerText.includes("since 20:33:00")`)
	b.live()
	// What the browser draws is in the same zone, and each time says which it is.
	b.await(`document.querySelector("#attention-list").innerText.includes("since 20:33:00")`)
	for _, path := range []string{"/floor", "/agents", "/agents/hall-b", "/m/vmc-04", "/system"} {
		b.open(server.URL + path)
		b.await(`document.querySelector("#live, #system")`)
		missing := eval[string](b, `[...document.querySelectorAll("main time[datetime]")].filter(t => t.checkVisibility() && !(t.closest("[title]")?.title ?? "").includes("Asia/Tokyo (UTC+09:00)")).map(t => t.outerHTML).join("\n")`)
		if missing != "" {
			t.Errorf("%s: times that do not say their zone:\n%s", path, missing)
		}
	}
	b.open(server.URL + "/floor")
	b.live()
	eval[bool](b, `(() => { const s = document.querySelector("#zone"); s.value = ""; window.left = true; s.dispatchEvent(new Event("change")); return true })()`)
	b.await(`!window.left && document.readyState === "complete" && document.querySelector("#attention-list").innerText.includes("since 11:33:00")`)
}

// TestPagesOnPaper checks that paper is light and shows the heads of tables, and
// none of the controls.
func TestPagesOnPaper(t *testing.T) {
	server := newPlant(t, time.Now).serve(t)
	b := newTab(t, server.URL, 1000, 1400)
	for _, path := range []string{"/floor", "/agents/hall-b", "/m/vmc-04", "/handover"} {
		b.open(server.URL + path)
		b.theme("dark")
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		b.await(`matchMedia("print").matches`)
		if got := eval[string](b, `getComputedStyle(document.documentElement).getPropertyValue("--body")`); got != "#000" && got != "#000000" {
			t.Errorf("%s: text on paper is %s", path, got)
		}
		if shown := eval[string](b, `[...document.querySelectorAll(".rail, .bar, #filter, main button, .keys-open")].filter(e => e.checkVisibility()).map(e => e.className + e.id).join(" ")`); shown != "" {
			t.Errorf("%s: on paper there is %s", path, shown)
		}
		if heads := eval[string](b, `[...document.querySelectorAll("thead")].map(h => getComputedStyle(h).display).filter(d => d !== "table-header-group").join(" ")`); heads != "" {
			t.Errorf("%s: heads of tables are %s", path, heads)
		}
		b.picture("print-" + strings.ReplaceAll(path[1:], "/", "-"))
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	}
}

// TestForcedColours checks that states are told apart by word and glyph, and the
// grave ones by their border, where the system has its own colours.
func TestForcedColours(t *testing.T) {
	server := newShop(time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 800)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}})
	b.open(server.URL + "/floor")
	b.live()
	widths := eval[string](b, `["vmc-01", "vmc-04", "lathe-2"].map(s => getComputedStyle(document.querySelector(".machine[data-slug=" + s + "]")).borderTopWidth).join(" ")`)
	if widths != "1px 3px 3px" {
		t.Errorf("borders of a running, an alarmed and a stopped machine: %s", widths)
	}
	if bad := eval[int](b, `[...document.querySelectorAll(".machine")].filter(c => !c.querySelector("[data-slot=word]").textContent || !c.querySelector("use")).length`); bad > 0 {
		t.Errorf("%d machines have no word or glyph", bad)
	}
	b.picture("floor-forced-colours")
}

// hide makes a page believe that it is hidden, or that it is not any more.
const hide = `(hidden => { Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden }); document.dispatchEvent(new Event("visibilitychange")); return true })(%t)`

// TestEightTabs checks that a person may have eight tabs open, of which browsers
// give one server six connections at a time over HTTP/1.1: those that are hidden
// give theirs up.
func TestEightTabs(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	first := newTab(t, server.URL, 1280, 800)
	tabs := []*tab{first}
	first.open(server.URL + "/floor")
	first.live()
	for range 7 {
		last := tabs[len(tabs)-1]
		eval[bool](last, fmt.Sprintf(hide, true))
		ctx, stop := chromedp.NewContext(first.ctx)
		t.Cleanup(stop)
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
			t.Fatal(err)
		}
		next := &tab{t: t, ctx: ctx}
		next.open(server.URL + "/floor")
		next.live()
		tabs = append(tabs, next)
	}
	m := s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "idle", "Idle" })
	s.send("machines", []api.Machine{m.Machine})
	tabs[7].await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "idle"`)
	for i, b := range tabs {
		eval[bool](tabs[(i+7)%8], fmt.Sprintf(hide, true))
		eval[bool](b, fmt.Sprintf(hide, false))
		b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "idle"`)
		b.live()
	}
}
