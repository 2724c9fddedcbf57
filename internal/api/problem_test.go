package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestHTTPErrors(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	tests := []struct {
		path   string
		status int
		says   []string
	}{
		{"/machines/nil", 404, []string{"machine", `"nil"`}},
		{"/machines/nil/current", 404, []string{"machine"}},
		{"/agents/nil", 404, []string{"agent", "nil"}},
		{"/agents/nil/gaps", 404, []string{"agent"}},
		{"/items/999/series", 404, []string{"item", "999"}},
		{"/items/x/series", 422, []string{"path.id", "integer"}},
		{"/machines/mill/observations?item=x", 404, []string{"item", `"x"`}},
		{"/machines/mill/observations?from=yesterday", 422, []string{"query.from", "RFC 3339"}},
		{"/machines/mill/observations?from=2026-01-31T08:00:00Z&to=2026-01-31T08:00:00Z", 422, []string{"to:", "2026-01-31T08:00:00Z"}},
		{"/machines/mill/observations?limit=10001", 422, []string{"query.limit", "10000"}},
		{"/machines/mill/observations?after=1.2", 422, []string{"after", "next"}},
		{"/machines/mill/observations?form=x", 422, []string{"form", "use from, to, after, limit, item"}},
		{"/items/7/series?points=5001", 422, []string{"query.points", "5000"}},
		{"/items/7/series?points=3", 422, []string{"query.points", "4"}},
		{"/items/7/observations?limit=0", 422, []string{"query.limit", "1"}},
		{"/machines?limit=1001", 422, []string{"query.limit", "1000"}},
		{"/gaps?after=x", 422, []string{"after", "next"}},
		{"/stream?machine=nil", 404, []string{"machine", "nil"}},
		{"/timeline?from=2024-01-31T08:00:00Z", 422, []string{"from:", "400 days"}},
		{"/timeline?columns=10001", 422, []string{"query.columns", "10000"}},
		{"/timeline?machine=nil", 404, []string{"machine", "nil"}},
		{"/production?from=2025-01-31T08:00:00Z", 422, []string{"from:", "92 days"}},
		{"/alarms/health?from=2025-01-31T08:00:00Z", 422, []string{"from:", "92 days"}},
		{"/alarms?level=loud", 422, []string{"query.level", "warning"}},
		{"/alarms?active=true&after=x", 422, []string{"after", "next"}},
		{"/alarms?active=true&after=false.Fault.x", 422, []string{"after", "next"}},
		{"/machines/mill/why?at=2030-01-31T08:00:00Z", 422, []string{"at:", "2026-01-31T09:00:00Z"}},
		{"/nothing", 404, []string{"openapi.json"}},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			status, contentType, body := w.ask(t, http.MethodGet, "/api/v1"+test.path)
			checkProblem(t, status, contentType, body, test.status, test.says...)
		})
	}
	status, contentType, body := w.ask(t, http.MethodPost, "/api/v1/machines")
	checkProblem(t, status, contentType, body, 405, "GET")
}

// checkProblem checks that an answer is a problem that says certain things.
func checkProblem(t *testing.T, status int, contentType string, body []byte, want int, says ...string) {
	t.Helper()
	if status != want || contentType != "application/problem+json" {
		t.Errorf("%d, %s; want %d with a problem: %s", status, contentType, want, body)
	}
	var problem struct {
		Title  string
		Status int
		Detail string
		Errors []struct{ Message, Location string }
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Status != want || problem.Title == "" {
		t.Errorf("problem %s, %v", body, err)
	}
	text := problem.Detail
	for _, e := range problem.Errors {
		text += "\n" + e.Location + ": " + e.Message
	}
	for _, word := range says {
		if !strings.Contains(text, word) {
			t.Errorf("the problem does not say %q: %s", word, text)
		}
	}
}

// What goes wrong within is for the log, not for clients.
func TestHTTPFaults(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
	}{
		{errors.New("secret of the store"), 500},
		{&plant.Error{Code: plant.Unavailable, Msg: "secret of the store"}, 503},
		{&plant.Error{Code: plant.Internal, Msg: "secret of the store"}, 500},
	} {
		f := newFake()
		w := newWorld(t, f, live.Options{})
		f.mu.Lock()
		f.fails = test.err
		f.mu.Unlock()
		status, contentType, body := w.ask(t, http.MethodGet, "/api/v1/items/7/series")
		checkProblem(t, status, contentType, body, test.status)
		if strings.Contains(string(body), "secret") || !strings.Contains(w.log.String(), "secret of the store") {
			t.Errorf("answer %s\nlog %s", body, w.log)
		}
	}
}

// What is damaged is told to who asks for it, and is no fault of ours each time.
func TestHTTPDamage(t *testing.T) {
	f := newFake()
	w := newWorld(t, f, live.Options{})
	f.mu.Lock()
	f.fails = fmt.Errorf("read observations: %w", &plant.Error{Code: plant.Damaged, Msg: "block 12 of data item 7 does not match its checksum", Err: errors.New("secret")})
	f.mu.Unlock()
	for _, path := range []string{"/items/7/series", "/items/7/observations", "/machines/mill/current?at=2026-01-31T08:00:00Z"} {
		status, contentType, body := w.ask(t, http.MethodGet, "/api/v1"+path)
		checkProblem(t, status, contentType, body, 500, "block 12", "verify-store")
		var problem struct{ Type, Title string }
		if err := json.Unmarshal(body, &problem); err != nil || !strings.HasSuffix(problem.Type, "#damaged-data") || problem.Title != "Stored data is damaged" {
			t.Errorf("problem %s, %v", body, err)
		}
		if strings.Contains(string(body), "secret") {
			t.Errorf("answer %s", body)
		}
	}
	if lines := strings.Split(strings.TrimSpace(w.log.String()), "\n"); len(lines) != 1 || !strings.Contains(lines[0], "level=WARN") {
		t.Errorf("log %q, want it said once", lines)
	}
}
