package web_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

func TestAgentTellsHowItTells(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	_, html := page(t, server, "/agents/hall-b")
	text := words(html)
	for _, want := range []string{
		"Clock skew −95.0 s clock 95 s behind",
		"Of 412 data items, 9 are unavailable now (2 % of those that were ever observed). Counted among the newest 20 000 observations of this instance, from 11:23:00 to 12:00:00 .",
		"1 Time runs backwards", "VMC-01 Load Xabs Axes base › Linear X 3 12.5 s",
		"1 Flapping Went to UNAVAILABLE 3 times or more", "31 Never observed", "and 30 more", "1 Not in the model",
		"added device SAW-1", "removed Load Yload of VMC-01", "changed Load Xload of VMC-01, Axes base › Linear X: units PERCENT → NEWTON",
		"The first version that is stored.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if _, html = page(t, server, "/agents/hall-c"); !strings.Contains(words(html), "would lose data in 38 min") {
		t.Error("the page does not say when data would be lost")
	}
	_, csv := page(t, server, "/agents/hall-b.csv")
	for _, want := range []string{"backwards,vmc-01,Xabs,3,12.5,2026-11-23T12:00:00Z", "gap overrun,,,,,2026-11-23T11:10:00Z,80101,81512,the buffer began at 81513"} {
		if !strings.Contains(csv, want) {
			t.Errorf("no %q in %s", want, csv)
		}
	}
	if _, json := page(t, server, "/agents/hall-b.json"); !strings.Contains(json, `"flapping":{"count":1`) || !strings.Contains(json, `"models":[{`) {
		t.Errorf("json: %s", json)
	}
	// What cannot be had is said, and the rest is there.
	s.set(func() { s.gapsErr = errors.New("secret") })
	status, html := page(t, server, "/agents/hall-b")
	if status != 200 || strings.Contains(html, "secret") || strings.Count(html, "could not be read; the log says why") != 3 {
		t.Errorf("status %d: %s", status, words(html))
	}
}

// TestSkewIsMarkedLive checks that an agent whose clock goes wrong is marked while
// the page is open, wherever its times or those of its machines stand.
func TestSkewIsMarkedLive(t *testing.T) {
	s := newShop(atNoon)
	server := s.serve(t)
	for _, path := range []string{"/agents", "/agents/hall-a", "/floor", "/m/vmc-01"} {
		b := newTab(t, server.URL, 1280, 800)
		b.open(server.URL + path)
		b.live()
		if eval[bool](b, `document.querySelector('[data-agent="hall-a"] [data-slot="skewed"]').checkVisibility()`) {
			t.Errorf("%s: a clock that is right is marked", path)
		}
		wrong := s.agents[0]
		wrong.SkewSeconds, wrong.NamedURL = ptr(-1.2), "http://10.0.9.9:5000/"
		s.send("agents", append(s.agents[:0:0], wrong))
		b.await(`document.querySelector('[data-agent="hall-a"] [data-slot="skewed"]').checkVisibility()`)
		if path == "/agents" {
			b.await(`document.querySelector('[data-agent="hall-a"] [data-slot="named"]').innerText.includes("started with http://10.0.9.9:5000/")`)
		}
		wrong.SkewSeconds, wrong.Link = ptr(0.9), plant.LinkPolling
		s.send("agents", append(s.agents[:0:0], wrong))
		b.await(`!document.querySelector('[data-agent="hall-a"] [data-slot="skewed"]').checkVisibility()`)
	}
}
