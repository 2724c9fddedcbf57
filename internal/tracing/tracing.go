// Package tracing tells an OpenTelemetry collector what took how long: requests,
// commits and jobs, as spans over OTLP/HTTP in its JSON encoding, which every
// collector takes on port 4318.
//
// It is the part of OpenTelemetry that factorydash needs, without its SDK, which is
// bigger than factorydash. A nil *Tracer is one that does nothing.
package tracing

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Kind is what a span is of, as OTLP numbers it.
type Kind int

// The kinds of spans that there are here.
const (
	// Internal is work within the process, Server a request that it answers.
	Internal Kind = 1
	Server   Kind = 2
)

const (
	// queueSpans is how many finished spans wait to be sent at most; what comes when
	// they are there is dropped and counted.
	queueSpans = 4096
	// batchSpans is how many spans are sent at once, and flushInterval how long one
	// waits for others.
	batchSpans    = 512
	flushInterval = 5 * time.Second
	// sendTimeout is how long the collector may take, flushTimeout how long it may
	// take for what is left when the process ends.
	sendTimeout  = 10 * time.Second
	flushTimeout = 2 * time.Second
)

// spanContext is by what a span is known to others.
type spanContext struct {
	trace   [16]byte
	span    [8]byte
	sampled bool
}

// Span is something that takes time. Its methods do nothing on a nil Span, which is
// what an unsampled one is; they are for one goroutine.
type Span struct {
	tracer *Tracer
	spanContext
	parent     [8]byte
	name       string
	kind       Kind
	started    time.Time
	ended      time.Time
	attributes []slog.Attr
	err        string
}

// Tracer makes spans and sends them. It is safe for concurrent use.
type Tracer struct {
	options Options
	queue   chan *Span
	mu      sync.Mutex
	dropped int64
}

// New makes a tracer; Run sends what it gathers.
func New(o Options) *Tracer {
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Tracer{options: o, queue: make(chan *Span, queueSpans)}
}

type spanKey struct{}

// Start begins a span below the one of ctx, or below a remote one that ctx has from
// Extract; else it begins a trace. The context is for what belongs to it.
func (t *Tracer) Start(ctx context.Context, kind Kind, name string, attributes ...slog.Attr) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	s := &Span{tracer: t, kind: kind, name: name, started: t.options.Now(), attributes: attributes}
	if parent, ok := ctx.Value(spanKey{}).(spanContext); ok {
		s.spanContext, s.parent = parent, parent.span
	} else {
		random(s.trace[:])
	}
	if s.parent == [8]byte{} || t.options.All {
		s.sampled = sampled(s.trace, t.options.Ratio)
	}
	random(s.span[:])
	ctx = context.WithValue(ctx, spanKey{}, s.spanContext)
	if !s.sampled {
		return ctx, nil
	}
	return ctx, s
}

// sampled decides by the trace's number, so that all processes that see it decide
// alike.
func sampled(trace [16]byte, ratio float64) bool {
	return float64(binary.BigEndian.Uint64(trace[8:])>>11) < ratio*(1<<53)
}

// random fills b; never with zeros alone, which would be no number of a span.
func random(b []byte) {
	rand.Read(b)
	b[0] |= 1
}

// Rename gives the span another name, where what it is turned out late.
func (s *Span) Rename(name string) {
	if s != nil {
		s.name = name
	}
}

// Set adds attributes.
func (s *Span) Set(attributes ...slog.Attr) {
	if s != nil {
		s.attributes = append(s.attributes, attributes...)
	}
}

// End ends the span, as failed where err is not nil.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	s.ended = s.tracer.options.Now()
	if err != nil {
		s.err = err.Error()
	}
	select {
	case s.tracer.queue <- s:
	default:
		s.tracer.mu.Lock()
		s.tracer.dropped++
		s.tracer.mu.Unlock()
	}
}

// traceHeader is the header of W3C Trace Context.
const traceHeader = "Traceparent"

// Extract gives a context within the trace that a request says it belongs to.
func Extract(ctx context.Context, h http.Header) context.Context {
	parts := strings.Split(h.Get(traceHeader), "-")
	if len(parts) < 4 || len(parts[0]) != 2 || parts[0] == "ff" || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return ctx
	}
	var c spanContext
	var flags [1]byte
	for _, p := range []struct {
		to   []byte
		text string
	}{{c.trace[:], parts[1]}, {c.span[:], parts[2]}, {flags[:], parts[3]}} {
		if _, err := hex.Decode(p.to, []byte(p.text)); err != nil {
			return ctx
		}
	}
	if c.trace == [16]byte{} || c.span == [8]byte{} {
		return ctx
	}
	c.sampled = flags[0]&1 != 0
	return context.WithValue(ctx, spanKey{}, c)
}

// Run sends spans until ctx ends, and then what is left. What cannot be sent is
// dropped: a collector that is away holds nothing up.
func (t *Tracer) Run(ctx context.Context) error {
	if t == nil {
		return nil
	}
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	var batch []*Span
	failing := false
	send := func(ctx context.Context, timeout time.Duration) {
		if len(batch) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		err := t.send(ctx, batch)
		if failed := err != nil; failed != failing {
			failing = failed
			if failed {
				t.options.Log.Warn("traces cannot be sent", "error", err)
			} else {
				t.options.Log.Info("traces are sent again", "dropped", t.lost())
			}
		}
		batch = nil
	}
	for {
		select {
		case s := <-t.queue:
			if batch = append(batch, s); len(batch) == batchSpans {
				send(ctx, sendTimeout)
			}
		case <-tick.C:
			send(ctx, sendTimeout)
		case <-ctx.Done():
			for len(t.queue) > 0 && len(batch) < queueSpans {
				batch = append(batch, <-t.queue)
			}
			send(context.WithoutCancel(ctx), flushTimeout)
			return nil
		}
	}
}

// lost gives how many spans were dropped so far because too many waited.
func (t *Tracer) lost() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dropped
}
