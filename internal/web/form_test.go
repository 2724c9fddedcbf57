package web_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A page says the same in each of its forms.
func TestPagesForPrograms(t *testing.T) {
	s := newShop(atNoon)
	s.machines[0].Name = `=cmd|"x"`
	server := s.serve(t)
	get := func(path string) (*http.Response, string) {
		t.Helper()
		status, body := page(t, server, path)
		answer, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		answer.StatusCode = status
		return answer, body
	}

	answer, body := get("/floor.json")
	var machines []struct{ Slug, State string }
	if err := json.Unmarshal([]byte(body), &machines); err != nil || answer.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("/floor.json: %v, %s", err, answer.Header.Get("Content-Type"))
	}
	answer, body = get("/floor.csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("/floor.csv: %v, %s", err, answer.Header.Get("Content-Type"))
	}
	if len(machines) != len(s.machines) || len(rows) != 1+len(machines) {
		t.Fatalf("%d machines: %d as JSON, %d rows as CSV", len(s.machines), len(machines), len(rows)-1)
	}
	for i, m := range machines {
		if row := rows[i+1]; row[0] != m.Slug || row[3] != m.State {
			t.Errorf("row %d is %s %s, and the JSON %s %s", i, row[0], row[3], m.Slug, m.State)
		}
	}
	if got := rows[1][1]; got != `'=cmd|"x"` {
		t.Errorf("a name that looks like a formula is %s", got)
	}

	for path, want := range map[string]int{
		"/m/vmc-01.json": http.StatusOK, "/agents.json": http.StatusOK, "/agents.csv": http.StatusOK, "/system.json": http.StatusOK,
		"/system.csv": http.StatusNotFound, "/about.json": http.StatusNotFound,
		"/m/nobody.json": http.StatusNotFound, "/floor.csv.json": http.StatusNotFound, "/nowhere.csv": http.StatusNotFound,
	} {
		answer, body := get(path)
		if answer.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, answer.StatusCode, want)
		}
		if want == http.StatusNotFound && answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: a failure as %s: %s", path, answer.Header.Get("Content-Type"), body)
		}
	}
}
