package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A process that is told of a collector sends it spans of requests, commits and jobs;
// one that cannot follow what is set does not start.
func TestTraces(t *testing.T) {
	var mu sync.Mutex
	var got strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got.Write(body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--agent", "hall="+shopURL(t))
	address := p.address()
	p.waitLog("a run of the agent begins")
	get(t, "http://"+address+"/m/nobody")
	get(t, "http://"+address+"/api/v1/machines")
	get(t, "http://"+address+"/healthz")
	received := func() string {
		mu.Lock()
		defer mu.Unlock()
		return got.String()
	}
	eventually(t, "a job", func() bool { return strings.Contains(received(), `"name":"job `) })
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{`"name":"GET /m/{machine}"`, `"name":"GET /api/v1/machines"`, `"name":"commit"`} {
		if !strings.Contains(received(), want) {
			t.Errorf("no span has %s", want)
		}
	}
	if strings.Contains(received(), "healthz") {
		t.Error("probes are traced")
	}

	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if out, code := combined(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"); code != exitUsage || !strings.Contains(out, "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("a protocol that is not spoken: %d, %s", code, out)
	}
}
