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
	parameter := func(in, name, description string) *huma.Param {
		return &huma.Param{In: in, Name: name, Description: description, Schema: text}
	}
	return &huma.Operation{
		OperationID: operationID("/stream"), Method: http.MethodGet, Path: Prefix + "/stream",
		Summary: "Changes as they happen", Tags: []string{"stream"},
		Description: "Server-sent events: hello first, then machines (their cards), agents, and values " +
			"(the data items of a machine asked for) as they change. A client that comes back with its last " +
			"event id gets all that changed meanwhile, once; hello says where that is not possible.",
		Parameters: []*huma.Param{
			parameter("query", "machine", "The slug of a machine whose values are wanted; it may be there several times"),
			parameter("query", "lastEventId", "The id of the last event, for clients that cannot send the header"),
			parameter("header", "Last-Event-ID", "The id of the last event, as browsers send it"),
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
	changes, err := s.hub.Subscribe()
	if err != nil {
		s.metrics.refused.Inc()
		refuse(w, "There are too many event streams; try again later.")
		return
	}
	defer changes.Close()
	if r.Method == http.MethodHead {
		return
	}
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // Or nginx gathers events.
	st := &streamer{service: s, out: w, control: http.NewResponseController(w), feeds: s.feeds(slugs)}
	lastID := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("lastEventId"))
	// The server's own timeouts are not made for streams; the connection may
	// serve other requests afterwards. Errors show with the first write.
	_ = st.control.SetReadDeadline(time.Time{})
	defer func() { _ = st.control.SetWriteDeadline(time.Time{}) }()
	// An error means that the client has gone or is too slow.
	_ = st.run(r.Context(), changes, lastID)
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
	feeds   []*feed
}

// run greets the client and sends what changes until the client has gone or the
// service closes.
func (st *streamer) run(ctx context.Context, changes *live.Subscription, lastID string) error {
	s := st.service
	resumed := st.resume(lastID)
	if err := st.write(fmt.Appendf(nil, "retry: %d\n", StreamRetry.Milliseconds())); err != nil {
		return err
	}
	if err := st.send(Event{"hello", Hello{Resumed: resumed, Now: s.now().UTC(), Version: s.version}}); err != nil {
		return err
	}
	ping := time.NewTicker(PingInterval)
	defer ping.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return nil
		case <-changes.Changed():
			for _, f := range st.feeds {
				f.changed = true
			}
		case <-next.C:
		case <-ping.C:
			if err := st.write([]byte(": ping\n\n")); err != nil {
				return err
			}
		}
		wait, err := st.sendDue()
		if err != nil {
			return err
		}
		if wait > 0 {
			next.Reset(wait)
		}
	}
}

// sendDue sends what changed, as far as the feeds' pauses are over, and gives
// how long it is until the next one is; 0 where nothing waits for that.
func (st *streamer) sendDue() (wait time.Duration, err error) {
	for _, f := range st.feeds {
		if !f.changed {
			continue
		}
		if left := time.Until(f.pauseEnd); left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		update := st.service.hub.Since(f.mark)
		f.mark, f.changed = update.Mark, false
		if data := f.pick(update); data != nil {
			f.pauseEnd = time.Now().Add(f.pause)
			if err := st.send(Event{f.event, data}); err != nil {
				return 0, err
			}
		}
	}
	return wait, nil
}

// resume takes the feeds' marks from the id of the last event that the client
// has, and reports whether that is possible: ids of another process are not
// understood. Then the stream begins now.
func (st *streamer) resume(lastID string) bool {
	now := st.service.hub.Mark()
	epoch, rest, _ := strings.Cut(lastID, ".")
	words := strings.Split(rest, ".")
	marks := make([]live.Mark, len(st.feeds))
	ok := epoch == st.service.hub.Epoch() && len(words) == len(marks)
	for i := range marks {
		if !ok {
			break
		}
		n, err := strconv.ParseUint(words[i], 10, 64)
		marks[i] = live.Mark(n)
		ok = err == nil && marks[i] <= now
	}
	for i, f := range st.feeds {
		f.mark, f.changed = now, true
		if ok {
			f.mark = marks[i]
		}
	}
	return ok
}

// id is the id of an event: up to where each feed has been sent. It is of this
// process only.
func (st *streamer) id() string {
	b := []byte(st.service.hub.Epoch())
	for _, f := range st.feeds {
		b = strconv.AppendUint(append(b, '.'), uint64(f.mark), 10)
	}
	return string(b)
}

// send sends an event. One that cannot be written as JSON is left out.
func (st *streamer) send(e Event) error {
	body, err := json.Marshal(e.Data)
	if err != nil {
		st.service.log.Error("event left out", "event", e.Name, "error", err)
		return nil
	}
	st.service.metrics.events.WithLabelValues(e.Name).Inc()
	return st.write(fmt.Appendf(nil, "id: %s\nevent: %s\ndata: %s\n\n", st.id(), e.Name, body))
}

// write sends bytes and waits no longer than WriteTimeout for the client to take
// them.
func (st *streamer) write(b []byte) error {
	if err := st.control.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
		return err
	}
	if _, err := st.out.Write(b); err != nil {
		return err
	}
	return st.control.Flush()
}
