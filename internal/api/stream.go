package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// streamOperation describes the event stream in the OpenAPI document.
func streamOperation() *huma.Operation {
	text := &huma.Schema{Type: huma.TypeString}
	parameter := func(in, name, description string, schema *huma.Schema) *huma.Param {
		return &huma.Param{In: in, Name: name, Description: description, Schema: schema}
	}
	return &huma.Operation{
		OperationID: operationID("/stream"), Method: http.MethodGet, Path: Prefix + "/stream",
		Summary: "Changes as they happen", Tags: []string{"stream"},
		Description: "Server-sent events: hello first, then machines (their cards), agents, and values " +
			"(the data items of a machine asked for) as they change. A client that comes back with its last " +
			"event id gets all that changed meanwhile, once; hello says where that is not possible.",
		Parameters: []*huma.Param{
			parameter("query", "machine", "The slug of a machine whose values are wanted; it may be there several times", &huma.Schema{Type: huma.TypeArray, Items: text}),
			parameter("query", "lastEventId", "The id of the last event, for clients that cannot send the header", text),
			parameter("header", "Last-Event-ID", "The id of the last event, as browsers send it", text),
		},
		Responses: map[string]*huma.Response{
			"200": {Description: "Events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: text}}},
			"404": {Description: "There is no such machine"},
			"503": {Description: "There are too many streams, or the server is shutting down; Retry-After says when to try again"},
		},
	}
}

// stream serves the event stream.
func (s *Service) stream(w http.ResponseWriter, r *http.Request) {
	if err := CheckQuery(r.URL.RawQuery, []string{"lastEventId"}, []string{"machine"}); err != nil {
		writeProblem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	slugs := slices.DeleteFunc(r.URL.Query()["machine"], func(slug string) bool { return slug == "" })
	if len(slugs) > MaxStreamMachines {
		writeProblem(w, http.StatusUnprocessableEntity, fmt.Sprintf("machine: use at most %d, not %d", MaxStreamMachines, len(slugs)))
		return
	}
	for _, slug := range slugs {
		if _, err := s.findMachine(slug); err != nil {
			var e *plant.Error
			errors.As(err, &e)
			writeProblem(w, http.StatusNotFound, e.Msg)
			return
		}
	}
	select {
	case <-s.closing:
		refuse(w, "The server is shutting down; try again later.")
		return
	default:
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		s.refuseStream(w)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	st := &streamer{service: s, out: w, control: http.NewResponseController(w), news: make(chan struct{}, 1)}
	defer st.leave()
	if err := st.listen(slugs); err != nil {
		s.refuseStream(w)
		return
	}
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // Or nginx gathers events.
	// The server's own timeouts are not made for streams. Errors show with the first
	// write.
	_ = st.control.SetReadDeadline(time.Time{})
	defer func() { _ = st.control.SetWriteDeadline(time.Time{}) }()
	// An error means that the client has gone or is too slow.
	_ = st.run(r.Context(), cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("lastEventId")))
}

// refuseStream answers where there are as many streams as there may be.
func (s *Service) refuseStream(w http.ResponseWriter) {
	s.metrics.refused.Inc()
	refuse(w, "There are too many event streams; try again later.")
}

// refuse answers where a stream cannot be had now.
func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(BusyRetry.Seconds())))
	writeProblem(w, http.StatusServiceUnavailable, why)
}

// streamer is one event stream.
type streamer struct {
	service *Service
	out     http.ResponseWriter
	control *http.ResponseController
	// news has a value when a feed has told something.
	news   chan struct{}
	places []*place
	buf    []byte
}

// place is up to where a stream has sent what a feed tells.
type place struct {
	*feed
	mark live.Mark
}

// listen listens to the feeds of a stream: after those of all machines and agents,
// the values of each machine asked for. It fails with live.ErrFull.
func (st *streamer) listen(slugs []string) error {
	topics := []topic{{event: machinesEvent}, {event: agentsEvent}}
	for _, slug := range slugs {
		topics = append(topics, topic{valuesEvent, slug})
	}
	for _, t := range topics {
		f, err := st.service.listen(t, st.news)
		if err != nil {
			return err
		}
		st.places = append(st.places, &place{feed: f})
	}
	return nil
}

// leave ends what listen began.
func (st *streamer) leave() {
	for _, p := range st.places {
		p.leave(st.news)
	}
}

// run greets the client and sends what changes until the client has gone or the
// service closes.
func (st *streamer) run(ctx context.Context, lastID string) error {
	s := st.service
	now := s.hub.Mark()
	resumed := st.resume(lastID, now)
	st.buf = fmt.Appendf(st.buf, "retry: %d\n", StreamRetry.Milliseconds())
	hello, err := json.Marshal(Hello{Resumed: resumed, Now: s.now().UTC(), Version: s.version})
	if err != nil {
		return err
	}
	st.put("hello", hello)
	for _, p := range st.places {
		st.send(p, told{until: now})
	}
	ping := time.NewTicker(PingInterval)
	defer ping.Stop()
	for {
		if err := st.flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return nil
		case <-st.news:
			for _, p := range st.places {
				st.send(p, p.news())
			}
		case <-ping.C:
			st.buf = append(st.buf, ": ping\n\n"...)
		}
	}
}

// send sends what was told, as far as it was not sent before. A stream that is not
// where the telling began, as it has just come or was not quick enough, is told by
// itself what it lacks, and is then where the others are.
func (st *streamer) send(p *place, t told) {
	if t.until <= p.mark {
		return
	}
	data := t.data
	if t.after != p.mark || data == nil {
		data = p.changed(p.mark, t.until)
	}
	p.mark = t.until
	if data != nil {
		st.put(p.topic.event, data)
	}
}

// resume takes the marks of the feeds from the id of the last event that the client
// has, and reports whether that is possible: ids of another process are not
// understood. Then the stream begins now.
func (st *streamer) resume(lastID string, now live.Mark) bool {
	epoch, rest, _ := strings.Cut(lastID, ".")
	words := strings.Split(rest, ".")
	marks := make([]live.Mark, len(st.places))
	ok := epoch == st.service.hub.Epoch() && len(words) == len(marks)
	for i := range marks {
		if !ok {
			break
		}
		n, err := strconv.ParseUint(words[i], 10, 64)
		marks[i] = live.Mark(n)
		ok = err == nil && marks[i] <= now
	}
	for i, p := range st.places {
		p.mark = now
		if ok {
			p.mark = marks[i]
		}
	}
	return ok
}

// put puts an event behind what is to be sent at once. Its id says up to where each
// feed has been sent; it is of this process only.
func (st *streamer) put(event string, data []byte) {
	st.service.metrics.events.WithLabelValues(event).Inc()
	b := append(append(st.buf, "id: "...), st.service.hub.Epoch()...)
	for _, p := range st.places {
		b = strconv.AppendUint(append(b, '.'), uint64(p.mark), 10)
	}
	b = append(append(b, "\nevent: "...), event...)
	b = append(append(b, "\ndata: "...), data...)
	b = append(b, "\n\n"...)
	st.buf = b
}

// flush sends what was put together and waits no longer than WriteTimeout for the
// client to take it.
func (st *streamer) flush() error {
	if len(st.buf) == 0 {
		return nil
	}
	if err := st.control.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
		return err
	}
	if _, err := st.out.Write(st.buf); err != nil {
		return err
	}
	if cap(st.buf) > MaxStreamBuffer {
		st.buf = nil
	}
	st.buf = st.buf[:0]
	return st.control.Flush()
}
