package web_test

import (
	"fmt"
	"strings"
	"testing"
)

// Shifts are picked by name, by day, and one after the other; the address says which,
// and leads there again.
func TestShiftPicker(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	b := newTab(t, server.URL, 1280, 800)
	b.openLanes(server.URL + "/timeline?q=vmc")
	at := func(query, label string) {
		t.Helper()
		b.await(fmt.Sprintf(`decodeURIComponent(location.search) === %q && document.querySelector("#field")?.dataset.loaded`, query))
		if got := b.text("#range-label .num"); got != label {
			t.Errorf("%s shows %q, want %q", query, got, label)
		}
	}
	click := func(selector string) {
		t.Helper()
		eval[bool](b, fmt.Sprintf("(document.querySelector(%q).click(), true)", selector))
	}
	click("#range-label")
	click(`#range-menu a[href*="shift%3Aprev"]`)
	at("?q=vmc&range=shift:prev", "Early · Wed 2026-11-25 06:00–14:00")
	click(`#range a[rel="prev"]`)
	at("?q=vmc&range=shift:2026-11-24.Night", "Night · Tue 2026-11-24 22:00–06:00")
	b.picture("picker-shift")
	click(`#range a[rel="next"]`)
	at("?q=vmc&range=shift:2026-11-25.Early", "Early · Wed 2026-11-25 06:00–14:00")
	// Any shift of any day, by the form.
	eval[bool](b, `(() => {
		const form = document.querySelector('#range-menu form:has([name="date"])')
		form.elements.date.value = "2026-11-17"; form.elements.of.value = "shift.Late"; form.requestSubmit()
		return true
	})()`)
	at("?q=vmc&range=shift:2026-11-17.Late", "Late · Tue 2026-11-17 14:00–22:00")
	b.openLanes(eval[string](b, "location.href"))
	at("?q=vmc&range=shift:2026-11-17.Late", "Late · Tue 2026-11-17 14:00–22:00")
	click("#range-follow")
	at("?q=vmc&range=shift:current", "Late · Wed 2026-11-25 14:00–22:00")
	// Two times, as the alternative to dragging.
	eval[bool](b, `(() => {
		const form = document.querySelector("#range-ends")
		form.elements.from.value = "2026-11-25 10:00"; form.elements.to.value = "2026-11-25 11:30"; form.requestSubmit()
		return true
	})()`)
	b.await(`document.querySelector("#field")?.dataset.loaded === "2026-11-25T09:00:00Z 2026-11-25T10:30:00Z"`)
	// Of the shift before it is said in words whether it was normal, which shifts that
	// stands on, and what the machine did in each.
	b.open(server.URL + "/handover")
	if got := b.text(`[data-machine="vmc-01"] [data-label="Normal?"]`); !strings.HasPrefix(got, "▼ worse than usual") {
		t.Errorf("of VMC-01 it says %q", got)
	}
	if got := b.text(`[data-machine="edm-1"] [data-label="Normal?"]`); !strings.HasPrefix(got, "? not said") {
		t.Errorf("of EDM-1 it says %q", got)
	}
	click(`[data-machine="vmc-01"] .stands`)
	b.await(`document.querySelector('[aria-labelledby="stands-title"]')?.innerText.includes("no: too little is known")`)
	click("[data-own] a")
	b.await(`location.pathname === "/m/vmc-01" && document.querySelector("#tracks-canvas")?.dataset.took !== undefined`)
	if got := b.text("#range-label .num"); got != "Early · Wed 2026-11-25 06:00–14:00" {
		t.Errorf("the machine's page is of %q", got)
	}
}
