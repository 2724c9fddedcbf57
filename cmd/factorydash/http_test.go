package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/store"
)

// answering is a store that answers and can do nothing else.
type answering struct{ store.Admin }

func (answering) Ping(context.Context) error { return nil }

// What is damaged is told by /readyz, and the process stays ready.
func TestReadyWithFaults(t *testing.T) {
	var faults []store.Fault
	handler, err := httpParts{
		pages: http.NotFoundHandler(), api: api.NewService(api.Options{Hub: live.NewHub(live.Options{})}), store: answering{},
		faults: func() []store.Fault { return faults }, registry: prometheus.NewRegistry(), log: slog.New(slog.DiscardHandler),
	}.handler()
	if err != nil {
		t.Fatal(err)
	}
	ready := func() string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		if w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
		}
		return w.Body.String()
	}
	if got := ready(); got != "ready\n" {
		t.Errorf("without faults: %q", got)
	}
	for n := range readyFaults + 1 {
		faults = append(faults, store.Fault{What: fmt.Sprint("block ", n), Detail: "the checksum is wrong"})
	}
	got := strings.Split(strings.TrimSpace(ready()), "\n")
	if len(got) != readyFaults+2 || got[0] != "ready" || got[1] != "warning: stored data is damaged: block 0: the checksum is wrong" ||
		!strings.Contains(got[readyFaults+1], "verify-store") {
		t.Errorf("with faults: %q", got)
	}
}
