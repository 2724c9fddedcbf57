package web_test

import (
	"net/http"
	"strings"
	"testing"
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
		"/handover?range=day:today":             "Choose a shift",
		"/m/vmc-01?range=shift:prev":            "worse than usual — ran 41 %, usually 66 %",
		"/m/vmc-01?range=day:today":             "Active conditions",
		"/m/vmc-01?range=shift:2026-11-24.Late": "Active conditions now, whatever the range",
	} {
		if _, html := page(t, server, path); !strings.Contains(words(html), want) {
			t.Errorf("%s: no %q in %s", path, want, words(html))
		}
	}
	if _, html := page(t, newShop(atNoon).serve(t), "/handover"); !strings.Contains(words(html), "No shifts are set") {
		t.Errorf("without a calendar it says %s", words(html))
	}
}
