package web_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/factorydash/factorydash/internal/api"
)

// TestDrawnStates checks that the floor, the boards and the pages of the agents say
// so where they are empty, being read, in error, in part or stale. With
// FACTORYDASH_TEST_PICTURES it keeps a picture of each, as docs/images/states has
// them.
func TestDrawnStates(t *testing.T) {
	fault := errors.New("the disk is full")
	type state struct {
		change func(*shop)
		// says is what the page says, older how much older its data is made.
		says  string
		older int
	}
	empty := func(s *shop) { s.machines, s.agents = nil, nil }
	silent := func(s *shop) { s.blocked = true }
	for page, states := range map[string]map[string]state{
		"floor": {
			"empty":   {change: empty, says: "No agents yet"},
			"loading": {change: silent, says: "econnecting"},
			"error":   {change: func(s *shop) { s.machinesErr = fault }, says: "Something went wrong"},
			"partial": {change: func(s *shop) { s.agentsErr = fault }, says: "The state of the agents could not be read"},
			"stale":   {says: "stale", older: 95_000},
		},
		"andon/all": {
			"empty":   {change: empty, says: "No machines on this board"},
			"loading": {change: silent, says: "econnecting"},
			"error":   {change: func(s *shop) { s.machinesErr = fault }, says: "Something went wrong"},
			"partial": {change: func(s *shop) { s.agentsErr = fault }, says: "VMC-01"},
			"stale":   {says: "DATA 01:3", older: 95_000},
		},
		"agents": {
			"empty":   {change: empty, says: "No agents yet"},
			"loading": {change: silent, says: "econnecting"},
			"error":   {change: func(s *shop) { s.agentsErr = fault }, says: "Something went wrong"},
			"partial": {change: func(s *shop) { s.agents = append(s.agents[:1:1], api.Agent{Name: "hall-new", Link: "connecting"}) }, says: "hall-new"},
			"stale":   {says: "stale", older: 95_000},
		},
		"agents/hall-b": {
			"empty":   {change: func(s *shop) { s.gaps = nil }, says: "None: every observation since the first is stored"},
			"loading": {change: silent, says: "econnecting"},
			"error":   {change: func(s *shop) { s.agentsErr = fault }, says: "Something went wrong"},
			"partial": {change: func(s *shop) { s.gapsErr = fault }, says: "could not be read"},
			"stale":   {says: "stale", older: 95_000},
		},
	} {
		for name, c := range states {
			s := newShop(time.Now)
			if c.change != nil {
				c.change(s)
			}
			server := s.serve(t)
			b := newTab(t, server.URL, 800, 500)
			b.open(server.URL + "/" + page)
			if c.older > 0 {
				b.live()
				eval[bool](b, fmt.Sprintf(halted, c.older))
			}
			b.await(fmt.Sprintf(`document.body.innerText.includes(%q)`, c.says))
			if stale := eval[bool](b, `document.body.classList.contains("stale")`); stale != (name == "stale") {
				t.Errorf("%s, %s: stale is %t", page, name, stale)
			}
			b.snapshot(filepath.Join("states", filepath.Base(filepath.Dir("/"+page+"/"))+"-"+name))
			for _, text := range []string{"403", "500", "ERR_"} {
				b.forgive(text)
			}
		}
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
