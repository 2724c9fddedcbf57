package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestHostsThatAreAllowed(t *testing.T) {
	for _, test := range []struct {
		allowed, host string
		want          bool
	}{
		{"", "127.0.0.1:8000", true},
		{"", "[::1]:8000", true},
		{"", "localhost", true},
		{"", "LOCALHOST:8000", true},
		{"", "10.0.0.5", true},
		{"", "attacker.example", false},
		{"", "", false},
		{"floor.example.com", "floor.example.com", true},
		{"floor.example.com", "Floor.Example.Com.:443", true},
		{"floor.example.com", "127.0.0.1", false},
		{"floor.example.com", "x.floor.example.com", false},
		{"a.example, .plant.example", "line1.plant.example:80", true},
		{"a.example, .plant.example", "plant.example", false},
		{"a.example, .plant.example", "evilplant.example", false},
		{".plant.example", "line1.plant.example", true},
		{"10.0.0.5", "10.0.0.5:8000", true},
		{"10.0.0.5", "10.0.0.6:8000", false},
	} {
		rules, err := parseHosts(test.allowed)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.allows(test.host); got != test.want {
			t.Errorf("with ALLOWED_HOSTS %q, host %q is allowed: %v, want %v", test.allowed, test.host, got, test.want)
		}
		if name := rules.example(); !rules.allows(name) {
			t.Errorf("with ALLOWED_HOSTS %q, %q is not allowed", test.allowed, name)
		}
	}
	for _, text := range []string{"https://floor.example.com", "floor.example.com:80", "*"} {
		if _, err := parseHosts(text); plant.ErrorCode(err) != plant.Invalid {
			t.Errorf("ALLOWED_HOSTS %q gives %v, want that it is invalid", text, err)
		}
	}
}

func TestHostGuard(t *testing.T) {
	rules, err := parseHosts("floor.example.com")
	if err != nil {
		t.Fatal(err)
	}
	handler := rules.guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, test := range []struct {
		host, path string
		want       int
	}{
		{"floor.example.com", "/floor", http.StatusNoContent},
		{"attacker.example", "/floor", http.StatusMisdirectedRequest},
		{"attacker.example", "/api/v1/stream", http.StatusMisdirectedRequest},
		{"healthcheck.railway.app", "/readyz", http.StatusNoContent},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, http.NoBody)
		r.Host = test.host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s under %s gives %d, want %d", test.path, test.host, w.Code, test.want)
		}
	}
}

// A process with pages guards all that it serves; one without serves its metrics
// under any name.
func TestPagesUnderForeignNames(t *testing.T) {
	rules, err := parseHosts("")
	if err != nil {
		t.Fatal(err)
	}
	status := func(parts httpParts, host, path string) int {
		t.Helper()
		parts.pages = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		parts.hosts, parts.store, parts.registry, parts.log = rules, answering{}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
		handler, err := parts.handler()
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	web := httpParts{api: api.NewService(api.Options{Hub: live.NewHub(live.Options{})})}
	for _, path := range []string{"/floor", "/metrics", "/api/v1/openapi.json"} {
		if got := status(web, "attacker.example", path); got != http.StatusMisdirectedRequest {
			t.Errorf("%s under a foreign name gives %d, want %d", path, got, http.StatusMisdirectedRequest)
		}
		if got := status(web, "127.0.0.1:8000", path); got != http.StatusOK {
			t.Errorf("%s gives %d, want %d", path, got, http.StatusOK)
		}
	}
	if got := status(httpParts{}, "worker-1", "/metrics"); got != http.StatusOK {
		t.Errorf("/metrics of a process without pages gives %d, want %d", got, http.StatusOK)
	}
}
