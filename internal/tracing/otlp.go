package tracing

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// The shapes of OTLP's JSON encoding, as far as they are used.
type (
	otlpRequest struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Name         string          `json:"name"`
		Kind         Kind            `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes,omitempty"`
		Status       *otlpStatus     `json:"status,omitempty"`
	}
	otlpStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message,omitempty"`
	}
	otlpAttribute struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// statusError is OTLP's code for what has failed.
const statusError = 2

// send sends spans to the collector.
func (t *Tracer) send(ctx context.Context, spans []*Span) error {
	scope := otlpScopeSpans{Scope: otlpScope{Name: "factorydash", Version: t.options.Version}}
	for _, s := range spans {
		scope.Spans = append(scope.Spans, s.otlp())
	}
	resource := otlpResource{Attributes: encode([]slog.Attr{
		slog.String("service.name", t.options.Service), slog.String("service.version", t.options.Version),
	})}
	resource.Attributes = append(resource.Attributes, encode(t.options.Attributes)...)
	body, err := json.Marshal(otlpRequest{ResourceSpans: []otlpResourceSpans{{Resource: resource, ScopeSpans: []otlpScopeSpans{scope}}}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.options.Endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range t.options.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.options.Client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // So that the connection can be used again.
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answers %s", response.Status)
	}
	return nil
}

func (s *Span) otlp() otlpSpan {
	o := otlpSpan{
		TraceID: hex.EncodeToString(s.trace[:]), SpanID: hex.EncodeToString(s.span[:]), Name: s.name, Kind: s.kind,
		Start: nanos(s.started), End: nanos(s.ended), Attributes: encode(s.attributes),
	}
	if s.parent != [8]byte{} {
		o.ParentSpanID = hex.EncodeToString(s.parent[:])
	}
	if s.err != "" {
		o.Status = &otlpStatus{Code: statusError, Message: s.err}
	}
	return o
}

// nanos gives a time as OTLP has it: as text, since JSON's numbers are too short.
func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// encode gives attributes as OTLP has them.
func encode(attributes []slog.Attr) []otlpAttribute {
	encoded := make([]otlpAttribute, len(attributes))
	for i, a := range attributes {
		value := map[string]any{"stringValue": a.Value.String()}
		switch a.Value.Kind() {
		case slog.KindInt64:
			value = map[string]any{"intValue": strconv.FormatInt(a.Value.Int64(), 10)}
		case slog.KindBool:
			value = map[string]any{"boolValue": a.Value.Bool()}
		case slog.KindFloat64:
			value = map[string]any{"doubleValue": a.Value.Float64()}
		}
		encoded[i] = otlpAttribute{Key: a.Key, Value: value}
	}
	return encoded
}
