package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
)

// No text of an agent becomes a formula in a spreadsheet, and no number a text.
func TestCellText(t *testing.T) {
	for text, want := range map[string]string{
		`=cmd|"x"`: `'=cmd|"x"`, "+1-2": "'+1-2", "-A1": "'-A1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\n=1": "'\n=1", "＝1": "'＝1",
		"-5": "-5", "+0.5": "+0.5", "-1e-3": "-1e-3", "": "", "O2201": "O2201", "a=1": "a=1",
	} {
		if got := api.CellText(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	f := newFake()
	f.commit(nil, text(program, 0, "=HYPERLINK(1)"))
	_, _, body := newWorld(t, f, live.Options{}).ask(t, http.MethodGet, "/api/v1/items/4/observations.csv?from=2026-01-31T08:00:00Z&to=2026-01-31T09:00:00Z")
	if !strings.Contains(string(body), ",'=HYPERLINK(1),") {
		t.Errorf("the observations as CSV: %s", body)
	}
}

// Every parameter of every route refuses what it cannot be, what is there twice, and
// what there is not: nothing that is asked for is passed over in silence.
func TestParametersAreChecked(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	_, _, body := w.ask(t, http.MethodGet, "/api/v1/openapi.json")
	nothing := httptest.NewRecorder()
	w.service.Handler().ServeHTTP(nothing, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/nothing", nil))
	if nothing.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("what is not there may be kept by caches: %v", nothing.Header())
	}
	var document struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct {
					In, Name string
					Schema   struct{ Type any }
				}
			}
		}
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	// Any text is a word to search for, a name that an entry may stand behind, a
	// program, or the id of an event of another process.
	free := []string{"q", "program", "lastEventId", "/api/v1/agents after", "/api/v1/machines after"}
	names := strings.NewReplacer("{slug}", "mill", "{name}", "hall", "{id}", "7")
	for route, path := range document.Paths {
		address := names.Replace(route)
		refused := func(query string, says ...string) {
			t.Helper()
			status, contentType, body := w.ask(t, http.MethodGet, address+"?"+query)
			if status != http.StatusNotFound {
				checkProblem(t, status, contentType, body, http.StatusUnprocessableEntity, says...)
			} else if !strings.Contains(string(body), `\"zz\"`) {
				t.Errorf("%s?%s: %s", address, query, body)
			}
		}
		refused("zz=1", "zz", "there is no such parameter")
		refused("%zz=1", "cannot be read")
		for _, p := range path.Get.Parameters {
			if p.In != "query" {
				continue
			}
			if !slices.Contains(free, p.Name) && !slices.Contains(free, route+" "+p.Name) {
				refused(p.Name+"=zz", p.Name)
			}
			if p.Schema.Type != "array" {
				refused(p.Name+"=&"+p.Name+"=", p.Name, "give it once")
			}
		}
	}
}
