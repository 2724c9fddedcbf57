package web_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	shopfile "github.com/factorydash/factorydash/internal/shop"
)

// pageState is a state in which a page is drawn.
type pageState struct {
	change func(*shop)
	// says is what the page says.
	says string
	// older is by how many milliseconds its data is made older.
	older int
}

// TestDrawnStates checks that pages say so where they are empty, being read, in
// error, in part or stale. What the server draws is looked at without a browser,
// unless FACTORYDASH_TEST_PICTURES keeps a picture of each, as docs/images/states
// has them.
func TestDrawnStates(t *testing.T) {
	fault := errors.New("the disk is full")
	empty := func(s *shop) { s.machines, s.agents, s.production = nil, nil, api.Production{} }
	failing := func(s *shop) { s.machinesErr, s.productionErr = fault, fault }
	loading := pageState{change: func(s *shop) { s.blocked = true }, says: "econnecting"}
	broken := pageState{change: failing, says: "Something went wrong"}
	stale := pageState{says: "stale", older: 95_000}
	noAgents := pageState{change: func(s *shop) { s.agentsErr = fault }, says: "Something went wrong"}
	planned := newPlant(t, time.Now).said
	for path, states := range map[string]map[string]pageState{
		"floor": {
			"empty": {change: empty, says: "No agents yet"}, "loading": loading, "error": broken, "stale": stale,
			"partial": {change: func(s *shop) { s.agentsErr = fault }, says: "The state of the agents could not be read"},
		},
		"andon/all": {
			"empty": {change: empty, says: "No machines on this board"}, "loading": loading, "error": broken,
			"partial": {change: func(s *shop) { s.agentsErr = fault }, says: "VMC-01"},
			"stale":   {says: "DATA 01:3", older: 95_000},
		},
		"timeline": {
			"empty": {change: empty, says: "No machines yet"}, "loading": loading, "error": broken, "stale": stale,
			"partial": {change: func(s *shop) { s.machinesErr = plant.Errorf(plant.Unavailable, "The store is busy.") }, says: "The store is busy."},
		},
		"production": {
			"empty": {change: empty, says: "No machines yet"}, "loading": loading, "error": broken, "stale": stale,
			"partial": {change: func(s *shop) {
				s.production = api.Production{Machines: []api.MachineProduction{{Machine: "vmc-01", Problem: "It is known in part."}}}
			}, says: "It is known in part."},
		},
		"agents": {
			"empty": {change: empty, says: "No agents yet"}, "loading": loading, "error": noAgents, "stale": stale,
			"partial": {change: func(s *shop) { s.agents = append(s.agents[:1:1], api.Agent{Name: "hall-new", Link: "connecting"}) }, says: "hall-new"},
		},
		"agents/hall-b": {
			"empty":   {change: func(s *shop) { s.gaps = nil }, says: "None: every observation since the first is stored"},
			"partial": {change: func(s *shop) { s.gapsErr = fault }, says: "could not be read"},
			"loading": loading, "error": noAgents, "stale": stale,
		},
		// What is set is drawn once, of what is read already: it is neither being read
		// nor stale.
		"settings": {
			"empty": {says: "No shop file is named"}, "partial": {change: wrongFile(planned), says: "The newest shop file is wrong"},
		},
		"settings/shifts": {
			"empty": {says: "No shifts are set"}, "partial": {change: wrongFile(planned), says: "stays in force"},
			"error": {change: wrongFile(planned), says: "patterns: no shift"},
		},
		"about": {"empty": {says: "1.2.3"}},
	} {
		for name, state := range states {
			t.Run(path+" "+name, func(t *testing.T) {
				s := newShop(time.Now)
				if state.change != nil {
					state.change(s)
				}
				checkDrawn(t, s.serve(t), path, name, state)
			})
		}
	}
}

// wrongFile makes the newest shop file one that is wrong.
func wrongFile(said *shopfile.Shop) func(*shop) {
	return func(s *shop) {
		wrong := *said
		wrong.Problem, wrong.File, wrong.Read, wrong.Found = "shop file: patterns: no shift", "shop.json", time.Now(), time.Now()
		s.said = &wrong
	}
}

func checkDrawn(t *testing.T, server *httptest.Server, path, name string, state pageState) {
	t.Helper()
	if os.Getenv("FACTORYDASH_TEST_PICTURES") == "" && name != "loading" && name != "stale" {
		if _, html := page(t, server, "/"+path); !strings.Contains(words(html), state.says) {
			t.Errorf("no %q in %s", state.says, words(html))
		}
		return
	}
	b := newTab(t, server.URL, 800, 500)
	b.open(server.URL + "/" + path)
	if state.older > 0 {
		b.live()
		eval[bool](b, fmt.Sprintf(halted, state.older))
	}
	b.await(fmt.Sprintf(`document.body.innerText.includes(%q)`, state.says))
	if stale := eval[bool](b, `document.body.classList.contains("stale")`); stale != (name == "stale") {
		t.Errorf("it is stale: %t", stale)
	}
	b.snapshot(filepath.Join("states", filepath.Base(filepath.Dir("/"+path+"/"))+"-"+name))
	for _, text := range []string{"403", "500", "503", "ERR_"} {
		b.forgive(text)
	}
}

// snapshot keeps a picture of what the screen shows, as picture does of the page.
func (b *tab) snapshot(name string) {
	b.t.Helper()
	dir := os.Getenv("FACTORYDASH_TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	path := filepath.Join(dir, name+".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
