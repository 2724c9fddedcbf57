package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/tracing"
)

// openTracer gives what traces requests, commits and jobs; nil where no collector is
// named by OTEL_EXPORTER_OTLP_ENDPOINT.
func openTracer(env *environment) (*tracing.Tracer, error) {
	o, ok, err := tracing.FromEnvironment(os.Getenv)
	if err != nil || !ok {
		return nil, err
	}
	o.Version, o.Log = env.build.Version, env.log
	return tracing.New(o), nil
}

// checkTraces says for people where traces go.
func checkTraces() (string, error) {
	o, ok, err := tracing.FromEnvironment(os.Getenv)
	if !ok {
		return "none", err
	}
	return fmt.Sprintf("%s (%g of all)", place(o.Endpoint), o.Ratio), nil
}

// untraced are the paths of which nobody wants to know how long they took: probes,
// files, and the event stream, which lasts.
var untraced = append(slices.Clone(healthPaths), "/metrics", "/robots.txt", "/assets/", "/api/v1/stream")

// traceRequests makes a span of each request, below the one that the client names.
func traceRequests(t *tracing.Tracer, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(untraced, func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, span := t.Start(tracing.Extract(r.Context(), r.Header), tracing.Server, r.Method,
			slog.String("http.request.method", r.Method), slog.String("url.path", r.URL.Path), slog.String("client.address", r.RemoteAddr))
		r = r.WithContext(ctx)
		recorded := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorded, r)
		if _, route, ok := strings.Cut(r.Pattern, " "); ok { // What the mux found: "GET /m/{machine}".
			span.Rename(r.Method + " " + route)
			span.Set(slog.String("http.route", route))
		}
		span.Set(slog.Int("http.response.status_code", recorded.status))
		var err error
		if recorded.status >= http.StatusInternalServerError {
			err = fmt.Errorf("status %d", recorded.status)
		}
		span.End(err)
	})
}

// tracedWriter makes a span of each commit.
type tracedWriter struct {
	store.Writer
	tracer *tracing.Tracer
}

// Commit implements store.Writer.
func (w tracedWriter) Commit(ctx context.Context, batches []*store.Batch) error {
	observations := 0
	for _, b := range batches {
		observations += len(b.Observations)
	}
	ctx, span := w.tracer.Start(ctx, tracing.Internal, "commit", slog.Int("agents", len(batches)), slog.Int("observations", observations))
	err := w.Writer.Commit(ctx, batches)
	span.End(err)
	return err
}

// traceJobs makes a span of each attempt of a job.
func traceJobs(t *tracing.Tracer, work map[string]jobs.Handler) map[string]jobs.Handler {
	if t == nil {
		return work
	}
	traced := make(map[string]jobs.Handler, len(work))
	for name, handle := range work {
		traced[name] = func(ctx context.Context, payload []byte) error {
			ctx, span := t.Start(ctx, tracing.Internal, "job "+name)
			err := handle(ctx, payload)
			span.End(err)
			return err
		}
	}
	return traced
}
