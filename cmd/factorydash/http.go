package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/tracing"
)

// The limits of the web server. Event streams set a deadline for each write
// themselves and outlive the write timeout.
const (
	httpConnections   = 2048
	httpHeaderTimeout = 10 * time.Second
	httpReadTimeout   = 30 * time.Second
	httpWriteTimeout  = 60 * time.Second
	httpIdleTimeout   = 2 * time.Minute
	httpHeaderBytes   = 64 << 10
	// httpStopTimeout is how long requests that are under way may take when the
	// process ends.
	httpStopTimeout = 8 * time.Second
	// readyTimeout is how long the store may take to answer for /readyz.
	readyTimeout = 3 * time.Second
	// readyFaults is how many faults of the store /readyz lists.
	readyFaults = 10
	// gzipBytes is the least size of an answer that is compressed.
	gzipBytes = 1 << 10
)

// httpParts is what is served.
type httpParts struct {
	pages http.Handler
	// hosts are the names under which the pages may be asked for.
	hosts hostRules
	// proxies are believed what they say of the requests that they pass on.
	proxies proxies
	// api is nil where the process has no pages.
	api   *api.Service
	store store.Admin
	// faults gives what was found wrong with what is stored; nil where the store
	// does not tell.
	faults   func() []store.Fault
	registry *prometheus.Registry
	tracer   *tracing.Tracer
	log      *slog.Logger
}

// handler puts the parts under their addresses.
func (p httpParts) handler() (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(gzipBytes))
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	mux := http.NewServeMux()
	if p.api != nil {
		programs := p.api.Handler()
		mux.Handle("/", compress(p.pages))
		mux.Handle("/api/", compress(programs))
		mux.Handle("/api/v1/stream", programs) // a stream is not held back to be compressed
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := p.store.Ping(ctx); err != nil {
			p.log.Warn("not ready", "error", err)
			why := "the log says why"
			if known := (*plant.Error)(nil); errors.As(err, &known) && known.Code == plant.Unavailable {
				why = known.Msg
			}
			answer(w, http.StatusServiceUnavailable, "the store is away: "+why)
			return
		}
		answer(w, http.StatusOK, "ready"+p.warnings())
	})
	mux.HandleFunc("GET /robots.txt", robots)
	handler := traceRequests(p.tracer, mux)
	if p.api != nil { // Without pages, nothing here is worth a name.
		handler = p.hosts.guard(handler)
	}
	return p.proxies.unwrap(logged(p.log, secure(handler))), nil
}

// warnings gives a line for each fault of the store. Data that is damaged is no
// reason to serve nothing: all else can be read, and capture goes on.
func (p httpParts) warnings() string {
	if p.faults == nil {
		return ""
	}
	var b strings.Builder
	for i, f := range p.faults() {
		if i == readyFaults {
			b.WriteString("\nwarning: there is more; `factorydash verify-store` lists it")
			break
		}
		fmt.Fprintf(&b, "\nwarning: stored data is damaged: %s: %s", f.What, f.Detail)
	}
	return b.String()
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// serveHTTP serves until ctx ends; then it ends the event streams, lets other
// requests finish and returns.
func serveHTTP(ctx context.Context, listener net.Listener, parts httpParts) error {
	handler, err := parts.handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: httpHeaderTimeout,
		ReadTimeout:       httpReadTimeout,
		WriteTimeout:      httpWriteTimeout,
		IdleTimeout:       httpIdleTimeout,
		MaxHeaderBytes:    httpHeaderBytes,
		ErrorLog:          slog.NewLogLogger(parts.log.Handler(), slog.LevelWarn),
	}
	if parts.api != nil {
		server.RegisterOnShutdown(parts.api.CloseStreams)
	}
	return runServer(ctx, server, netutil.LimitListener(listener, httpConnections), parts.log)
}

// runServer serves until ctx ends or the server fails. Requests that are under
// way at the end have httpStopTimeout to finish.
func runServer(ctx context.Context, server *http.Server, listener net.Listener, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpStopTimeout)
		defer cancel()
		stopped <- server.Shutdown(stopping)
	}()
	err := server.Serve(listener)
	cancel()
	unfinished := <-stopped
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("web server on %s: %w", listener.Addr(), err)
	}
	if unfinished != nil {
		log.Warn("requests were cut off at the end", "error", unfinished)
		return server.Close()
	}
	return nil
}
