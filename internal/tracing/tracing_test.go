package tracing_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/tracing"
)

// collector takes spans as a collector does.
type collector struct {
	*httptest.Server
	got chan span
}

type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	Start                               string `json:"startTimeUnixNano"`
	End                                 string `json:"endTimeUnixNano"`
	Attributes                          []struct {
		Key   string
		Value map[string]any
	}
	Status struct {
		Code    int
		Message string
	}
}

func newCollector(t *testing.T) *collector {
	c := &collector{got: make(chan span, 100)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			ResourceSpans []struct {
				Resource struct {
					Attributes []struct {
						Key   string
						Value struct{ StringValue string }
					}
				}
				ScopeSpans []struct{ Spans []span }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer secret" ||
			r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %v: %v", r.URL.Path, r.Header, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if a := body.ResourceSpans[0].Resource.Attributes[0]; a.Key != "service.name" || a.Value.StringValue != "fd" {
			t.Errorf("resource: %+v", a)
		}
		for _, s := range body.ResourceSpans[0].ScopeSpans[0].Spans {
			c.got <- s
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// env gives variables as os.Getenv does.
func env(all map[string]string) func(string) string {
	return func(name string) string { return all[name] }
}

func TestSpansReachTheCollector(t *testing.T) {
	c := newCollector(t)
	o, ok, err := tracing.FromEnvironment(env(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL + "/", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20secret", "OTEL_SERVICE_NAME": "fd",
	}))
	if err != nil || !ok {
		t.Fatal(err)
	}
	o.Log, o.Version = slog.New(slog.DiscardHandler), "v1"
	now := time.Unix(1_700_000_000, 5)
	o.Now = func() time.Time { now = now.Add(time.Second); return now }
	tracer := tracing.New(o)

	header := http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
	ctx, outer := tracer.Start(tracing.Extract(t.Context(), header), tracing.Server, "GET", slog.String("http.request.method", "GET"))
	_, inner := tracer.Start(ctx, tracing.Internal, "commit", slog.Int("observations", 7), slog.Bool("b", true))
	inner.End(errors.New("the store is away"))
	outer.Rename("GET /floor")
	outer.Set(slog.Int("http.response.status_code", 200))
	outer.End(nil)

	running, stop := context.WithCancel(t.Context())
	stop()
	if err := tracer.Run(running); err != nil { // What is left is sent at the end.
		t.Fatal(err)
	}
	child, parent := <-c.got, <-c.got
	if parent.Name != "GET /floor" || parent.Kind != 2 || parent.TraceID != "0af7651916cd43dd8448eb211c80319c" || parent.ParentSpanID != "b7ad6b7169203331" ||
		parent.Start != "1700000001000000005" || parent.End != "1700000004000000005" || parent.Status.Code != 0 || len(parent.Attributes) != 2 {
		t.Errorf("parent: %+v", parent)
	}
	if child.ParentSpanID != parent.SpanID || child.TraceID != parent.TraceID || child.Status.Code != 2 || child.Status.Message != "the store is away" {
		t.Errorf("child: %+v", child)
	}
	if diff := cmp.Diff(map[string]any{"intValue": "7"}, child.Attributes[0].Value); diff != "" {
		t.Error(diff)
	}
}

// Nobody is traced where nothing is configured, where the other side has decided so,
// and where the sampler says so.
func TestNotTraced(t *testing.T) {
	if _, ok, err := tracing.FromEnvironment(env(nil)); ok || err != nil {
		t.Errorf("without an endpoint: %v, %v", ok, err)
	}
	var none *tracing.Tracer
	_, s := none.Start(t.Context(), tracing.Internal, "x")
	s.Set(slog.Int("a", 1))
	s.Rename("y")
	s.End(nil)
	if err := none.Run(t.Context()); err != nil {
		t.Error(err)
	}
	o, _, err := tracing.FromEnvironment(env(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_TRACES_SAMPLER": "always_off"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, s := tracing.New(o).Start(t.Context(), tracing.Internal, "x"); s != nil {
		t.Error("a span that nobody wants")
	}
	header := http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
	if _, s := tracing.New(o).Start(tracing.Extract(t.Context(), header), tracing.Internal, "x"); s != nil {
		t.Error("a client has a span made that nobody wants")
	}
	o.Ratio, o.All = 1, false
	ctx := tracing.Extract(t.Context(), http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}})
	if _, s := tracing.New(o).Start(ctx, tracing.Internal, "x"); s != nil {
		t.Error("a span of a trace that is not kept")
	}
	for _, bad := range []string{"", "x", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"} {
		ctx := tracing.Extract(t.Context(), http.Header{"Traceparent": {bad}})
		if _, s := tracing.New(o).Start(ctx, tracing.Internal, "x"); s == nil {
			t.Errorf("%q ends a trace", bad)
		}
	}
}

func TestSamplingKeepsItsPart(t *testing.T) {
	o, _, err := tracing.FromEnvironment(env(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
	}))
	if err != nil {
		t.Fatal(err)
	}
	tracer, kept := tracing.New(o), 0
	for range 10_000 {
		if _, s := tracer.Start(t.Context(), tracing.Internal, "x"); s != nil {
			kept++
		}
	}
	if kept < 2000 || kept > 3000 {
		t.Errorf("%d of 10000 traces are kept, want about 2500", kept)
	}
}

func TestWrongVariables(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_HEADERS": "hunter2",
		"OTEL_TRACES_SAMPLER": "sometimes", "OTEL_RESOURCE_ATTRIBUTES": "=x",
	} {
		all := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318"}
		all[variable] = value
		_, ok, err := tracing.FromEnvironment(env(all))
		if ok || plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s=%s: %v, %v", variable, value, ok, err)
		}
	}
}
