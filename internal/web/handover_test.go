package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHandover(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	_, html := page(t, server, "/handover")
	text := words(html)
	for _, want := range []string{
		"Was it normal?", "0 of 2 machines as usual; 1 worse than usual (VMC-01)", "of 22 Early shifts of the same working time in the 30 days before, those 8 of which enough is known", "▼ worse than usual in: Running share (scheduled)", "? not said",
		"41 % usually 66 % (58 % – 71 %) less than usual: 7 of 8 Late shifts ran longer", "not said: only 62 % of the shift is known",
		"4:12 min O2201 too few shifts to say: 2 of the 5 that it takes", "takes 5 of them",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	// A figure has one name, at the head of its column and where there is none.
	for _, label := range []string{`<th scope="col">Running share (scheduled)`, `data-label="Running share (scheduled)"`} {
		if !strings.Contains(html, label) {
			t.Errorf("no %s in %s", label, html)
		}
	}
	// What needs a look stands first, and leads to what it stands on.
	if first := section(t, html, "<tbody>", "</tr>"); !strings.Contains(first, "VMC-01") || !strings.Contains(first, `href="/handover?machine=vmc-01&amp;range=shift%3A`) {
		t.Errorf("the first row is %s", first)
	}
	_, one := page(t, server, "/handover?machine=vmc-01")
	for _, want := range []string{"The shifts it stands on", "2026-11-20.Late", "no: too little is known", "1 lower, 7 higher"} {
		if !strings.Contains(words(one), want) {
			t.Errorf("no %q in %s", want, words(one))
		}
	}
	if _, csv := page(t, server, "/handover.csv"); !strings.Contains(csv, ",running-share-scheduled,Running share (scheduled),0.41,,less,less than usual: 7 of 8 Late shifts ran longer,0.58,0.66,0.71,8,1,7,") {
		t.Errorf("as CSV it is %s", csv)
	}
	if _, csv := page(t, server, "/handover.csv?machine=vmc-01"); !strings.Contains(csv, "vmc-01,2026-11-20.Late,") || !strings.Contains(csv, ",false,too little is known,0.4,,,,,Cycle time of O2201,") {
		t.Errorf("the shifts as CSV are %s", csv)
	}
	if status, body := page(t, server, "/handover.json?range=shift:prev"); status != http.StatusOK || !strings.Contains(body, `"verdict":"worse"`) {
		t.Errorf("as JSON it is %d: %s", status, body)
	}
	for path, want := range map[string]string{
		"/handover?range=shift:2026-11-25.Night": "The shift has not begun: it begins at 22:00:00.",
		"/m/vmc-01?range=shift:2026-11-26.Late":  "Shift Late : The shift has not begun: it begins at 2026-11-26 14:00:00.",
		"/handover?range=day:today":              "Choose a shift",
		"/m/vmc-01?range=shift:prev":             "worse than usual — ran 41 %, usually 66 %",
		"/m/vmc-01?range=day:today":              "Active conditions",
		"/m/vmc-01?range=shift:2026-11-24.Late":  "Active conditions now, whatever the range",
	} {
		if status, html := page(t, server, path); status != http.StatusOK || !strings.Contains(words(html), want) || strings.Contains(html, "could not be found out") {
			t.Errorf("%s: status %d, no %q in %s", path, status, want, words(html))
		}
	}
	if status, text := page(t, server, "/handover.json?range=shift:2026-11-25.Night"); status != http.StatusBadRequest || !strings.Contains(text, "use one that has begun") {
		t.Errorf("a shift to come as JSON is %d: %s", status, text)
	}
	if _, html := page(t, newShop(atNoon).serve(t), "/handover"); !strings.Contains(words(html), "No shifts are set") {
		t.Errorf("without a calendar it says %s", words(html))
	}
}

// Nothing that came after the moment that is shown counts: a view is asked for that
// moment, and for now where none is.
func TestHandoverIsOfTheMoment(t *testing.T) {
	s := newPlant(t, inLateShift)
	server := s.serve(t)
	moment := time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)
	for query, want := range map[string]time.Time{"": {}, "&at=2026-11-25T15:00:00Z": moment} {
		for _, path := range []string{"/handover?range=shift:2026-11-25.Late", "/m/vmc-01?range=shift:2026-11-25.Late"} {
			s.set(func() { s.compared = []time.Time{} })
			page(t, server, path+query)
			if diff := cmp.Diff([]time.Time{want}, s.compared); diff != "" {
				t.Errorf("%s%s asks for what is usual at (-want +got):\n%s", path, query, diff)
			}
		}
	}
}
