package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/web"
)

// send sends an event to all streams that are open.
func (s *shop) send(name string, data any) {
	s.Lock()
	defer s.Unlock()
	for stream := range s.streams {
		stream <- api.Event{Name: name, Data: data}
	}
}

// drop ends the streams that are open, as a server does that starts anew.
func (s *shop) drop() {
	s.Lock()
	defer s.Unlock()
	close(s.dropped)
	s.dropped = make(chan struct{})
}

// serve serves the pages with the API and the stream beside them.
func (s *shop) serve(t testing.TB) *httptest.Server {
	t.Helper()
	s.streams, s.ended = make(map[chan api.Event]struct{}), make(chan struct{})
	s.dropped = make(chan struct{})
	pages, err := web.New(web.Options{Views: s, Version: "1.2.3", Now: s.now, Shop: s.plan})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("GET /api/v1/machines", func(w http.ResponseWriter, r *http.Request) {
		s.Lock()
		s.polls++
		s.Unlock()
		list, err := s.Machines(r.Context())
		answer(w, api.Page[api.Machine]{Items: list}, err)
	})
	mux.HandleFunc("GET /api/v1/machines/{slug}", func(w http.ResponseWriter, r *http.Request) {
		s.Lock()
		reading := s.reading
		s.Unlock()
		if reading != nil {
			goOn := make(chan struct{})
			reading <- goOn
			<-goOn
		}
		m, err := s.Machine(r.Context(), r.PathValue("slug"))
		answer(w, m, err)
	})
	mux.HandleFunc("GET /api/v1/agents", func(w http.ResponseWriter, r *http.Request) {
		list, err := s.Agents(r.Context())
		answer(w, api.Page[api.Agent]{Items: list}, err)
	})
	mux.HandleFunc("GET /api/v1/alarms", s.serveAlarms)
	mux.HandleFunc("GET /api/v1/machines/{slug}/lane", s.lane)
	mux.HandleFunc("GET /api/v1/machines/{slug}/paths", s.paths)
	mux.HandleFunc("GET /api/v1/machines/{slug}/usual", s.usual)
	mux.HandleFunc("GET /api/v1/machines/{slug}/cycles", func(w http.ResponseWriter, r *http.Request) {
		v, err := s.Cycles(r.Context(), api.CycleQuery{Machine: r.PathValue("slug")})
		answer(w, v, err)
	})
	mux.HandleFunc("GET /api/v1/items/{id}/series", s.series)
	mux.HandleFunc("GET /api/v1/items/{id}/statistics", s.statistics)
	mux.HandleFunc("GET /api/v1/timeline", s.timeline)
	mux.HandleFunc("GET /api/v1/items", s.found)
	mux.HandleFunc("GET /api/v1/shift/parts", s.shiftParts)
	mux.HandleFunc("GET /api/v1/shift/usual", s.shiftUsual)
	mux.HandleFunc("GET /api/v1/stream", s.stream)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		close(s.ended)
		server.Close()
	})
	return server
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (s *shop) stream(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	blocked, dropped := s.blocked, s.dropped
	events := make(chan api.Event, 100)
	s.streams[events] = struct{}{}
	s.Unlock()
	defer func() {
		s.Lock()
		delete(s.streams, events)
		s.Unlock()
	}()
	if blocked {
		http.Error(w, "blocked", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 100\n")
	events <- api.Event{Name: "hello", Data: api.Hello{Now: s.now(), Version: "1.2.3"}}
	for {
		select {
		case e := <-events:
			data, _ := json.Marshal(e.Data)
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, data)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		case <-dropped:
			return
		case <-s.ended:
			return
		}
	}
}

// page gets a page and gives its status and text.
func page(t *testing.T, server *httptest.Server, path string) (int, string) {
	t.Helper()
	answer, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
