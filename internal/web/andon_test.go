package web_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/factorydash/factorydash/internal/api"
	shopfile "github.com/factorydash/factorydash/internal/shop"
)

func TestBoards(t *testing.T) {
	s := newShop(atNoon)
	s.edit("grinder-1", func(m *api.MachineDetail) { m.Area = "Grinding" })
	s.said = shopfile.None(time.UTC)
	s.said.Boards = map[string]shopfile.Board{"gate": {Title: "At the gate", Areas: []string{"Grinding"}, Machines: []string{"edm-1"}, Distance: 8}}
	server := s.serve(t)
	_, html := page(t, server, "/andon/gate")
	text := words(html)
	for _, want := range []string{"At the gate", "EDM-1", "GRINDER-1", "read from 8 m on a 55-inch screen"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(text, "VMC-01") || strings.Contains(html, `class="rail"`) || strings.Contains(html, `class="bar"`) {
		t.Errorf("the board shows more than its machines: %s", text)
	}
	if _, html = page(t, server, "/andon/all"); !strings.Contains(words(html), "All machines") || !strings.Contains(html, `data-distance="5"`) {
		t.Error("there is no board of all machines, read from 5 m")
	}
	for path, want := range map[string]int{
		"/andon/none": http.StatusNotFound, "/andon/all?d=far": http.StatusBadRequest, "/andon/all?d=0m": http.StatusBadRequest,
		"/andon/all?panel=NaN": http.StatusBadRequest, "/andon/all?d=8m&panel=65in": http.StatusOK, "/andon/gate.json": http.StatusOK, "/andon/all.csv": http.StatusOK,
	} {
		if status, _ := page(t, server, path); status != want {
			t.Errorf("%s: status %d, want %d", path, status, want)
		}
	}
}

// tilesShown lists the tiles of the page that a board shows.
const tilesShown = `[...document.querySelectorAll(".tile:not([hidden])")].map(t => t.dataset.slug).join(" ")`

// TestBoardIsReadFromAfar checks the size of the type on a 55 inch panel against
// 20 minutes of arc, and how many tiles that leaves.
func TestBoardIsReadFromAfar(t *testing.T) {
	s := crowd(newShop(time.Now), 30)
	server := s.serve(t)
	b := newTab(t, server.URL, 1920, 1080)
	for _, c := range []struct {
		distance float64
		tiles    int
	}{{8, 12}, {3, 100}, {20, 1}} {
		b.open(fmt.Sprintf("%s/andon/all?d=%vm", server.URL, c.distance))
		b.live()
		pixels := math.Hypot(1920, 1080) / (55 * 25.4)
		want := c.distance * 1000 * math.Tan(math.Pi/180/3) * pixels
		if got := eval[float64](b, `Number(document.querySelector("#tiles").dataset.cap)`); got < want-0.1 || c.tiles < len(s.machines) && got > want+0.1 {
			t.Errorf("from %v m capitals are %.1f px high, want %.1f", c.distance, got, want)
		}
		if bottom := eval[float64](b, `innerHeight - Math.max(...[...document.querySelectorAll(".tile:not([hidden])")].map((t) => t.getBoundingClientRect().bottom))`); bottom > 1080/8 {
			t.Errorf("from %v m the lowest %v px of the screen are empty", c.distance, bottom)
		}
		shown := eval[int](b, `document.querySelectorAll(".tile:not([hidden])").length`)
		if shown != min(c.tiles, len(s.machines)) {
			t.Errorf("from %v m there are %d tiles on a page, want %d", c.distance, shown, c.tiles)
		}
		if over := eval[int](b, `document.documentElement.scrollHeight - innerHeight`); over > 0 {
			t.Errorf("from %v m the board is %d px higher than the screen", c.distance, over)
		}
	}
	b.picture("andon-wide")
}

func TestBoardShowsTheAbnormalFirstAndTurns(t *testing.T) {
	s := crowd(newShop(time.Now), 30)
	server := s.serve(t)
	b := newTab(t, server.URL, 1920, 1080)
	// The pages turn when the test says so, and not after 15 s.
	b.before(`const real = setInterval; window.setInterval = (f, ms) => ms === 15000 ? window.elapse = f : real(f, ms)`)
	b.open(server.URL + "/andon/all?d=8m")
	b.live()
	first := eval[string](b, tilesShown)
	if !strings.HasPrefix(first, "vmc-04 lathe-2 edm-1 ") {
		t.Errorf("the first page begins with %s", first)
	}
	// The pages turn by themselves, by key, and not while they are paused.
	b.press("p")
	b.await(`document.querySelector("#board-pause").getAttribute("aria-pressed") === "true"`)
	eval[bool](b, `elapse() ?? true`)
	b.await(`document.querySelector("#board-page").textContent === "page 1 of 4"`)
	b.press(kb.ArrowRight)
	b.await(`document.querySelector("#board-page").textContent === "page 2 of 4"`)
	if got := eval[string](b, tilesShown); got == first {
		t.Error("the second page is the first one")
	}
	m := s.edit("vmc-02", func(m *api.MachineDetail) { m.State, m.Word, m.Since = "alarm", "Alarm", ptr(time.Now()) })
	s.send("machines", []api.Machine{m.Machine})
	b.press(kb.ArrowLeft)
	b.await(tilesShown + `.startsWith("vmc-04 vmc-02 lathe-2 edm-1 ")`)
	// The button does what the key does.
	eval[bool](b, `document.querySelector("#board-pause").click() ?? true`)
	b.await(`document.querySelector("#board-pause").getAttribute("aria-pressed") === "false"`)
	eval[bool](b, `elapse() ?? true`)
	b.await(`document.querySelector("#board-page").textContent === "page 2 of 4"`)
}

func TestBoardSaysHowOldItsDataIs(t *testing.T) {
	s := newShop(time.Now)
	server := s.serve(t)
	b := newTab(t, server.URL, 1920, 1080)
	b.open(server.URL + "/andon/all")
	b.live()
	eval[bool](b, fmt.Sprintf(halted, 0))
	eval[bool](b, fmt.Sprintf(halted, 130_000))
	b.await(`document.querySelector("#board-old").checkVisibility() && document.querySelector("#board-old").textContent.startsWith("DATA 02:1")`)
	if filter := eval[string](b, `getComputedStyle(document.querySelector("main")).filter`); !strings.Contains(filter, "grayscale") {
		t.Errorf("the board is not grey: %s", filter)
	}
	// The server is gone, and comes back with a change.
	s.edit("vmc-01", func(m *api.MachineDetail) { m.State, m.Word = "alarm", "Alarm" })
	s.drop()
	b.await(`document.querySelector('[data-slug="vmc-01"]').dataset.state === "alarm" && !document.querySelector("#board-old").checkVisibility()`)
	b.forgive("ERR_INCOMPLETE_CHUNKED_ENCODING")
}

// crowd adds machines that run.
func crowd(s *shop, n int) *shop {
	for i := range n {
		s.machines = append(s.machines, api.MachineDetail{Machine: api.Machine{
			Slug: fmt.Sprint("extra-", i), Name: fmt.Sprint("EXTRA-", i), Agent: "hall-b", State: "running", Word: "Running", Since: ptr(s.now()), Parts: ptr(float64(i)),
		}})
	}
	return s
}
