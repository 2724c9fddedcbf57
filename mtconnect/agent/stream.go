package agent

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// errStreamEnded ends a stream without a last word: the client has left or the
// agent is closing.
var errStreamEnded = errors.New("stream ended")

// stream answers a request with an interval: documents as parts of a
// multipart body, until the client leaves.
func (x *exchange) stream(q *query) error {
	a := x.agent
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		return newProblem(mtconnect.CodeTooMany, "The agent serves no more than %d streams at a time", a.options.MaxStreams)
	}
	st := &stream{exchange: x, query: q, boundary: rand.Text(), control: http.NewResponseController(x.w)}
	st.begin()
	var err error
	if x.route.request == "current" {
		err = st.current()
	} else {
		err = st.sample()
	}
	if !errors.Is(err, errStreamEnded) {
		h := a.header()
		x.buf.doc = a.appendProblem(x.buf.doc[:0], x.model, &h, x.problem(err))
		_ = st.part() // The client may be gone: there is nobody else to tell.
	}
	return nil
}

// stream is an answer in parts.
type stream struct {
	*exchange
	query    *query
	boundary string
	control  *http.ResponseController
	sent     time.Time // when the last part went out
}

func (st *stream) begin() {
	kind := "multipart/mixed"
	if !st.model.schema.at(1, 8) {
		kind = "multipart/x-mixed-replace"
	}
	head := st.w.Header()
	head.Set("Content-Type", kind+";boundary="+st.boundary)
	head.Set("Cache-Control", "no-cache, no-store, max-age=0")
	head.Set("Expires", "-1")
	head.Set("Connection", "close")
	st.w.WriteHeader(http.StatusOK)
}

// current sends the current state once every interval.
func (st *stream) current() error {
	for {
		if err := st.refresh(); err != nil {
			return err
		}
		h, err := st.agent.current(st.r.Context(), st.model, st.query, &st.buf.batch)
		if err != nil {
			return err
		}
		if err := st.send(&h); err != nil {
			return err
		}
		if _, err := st.wait(nil, st.sent.Add(st.query.interval)); err != nil {
			return err
		}
	}
}

// sample sends observations as they come. While the reader is behind it gets
// documents one after the other; from then on at least the interval lies
// between two, and at most the heartbeat, which wins where it is the shorter.
func (st *stream) sample() error {
	q := st.query
	if q.from == 0 {
		q.from, _ = st.agent.source.Bounds()
	}
	q.to = 0 // A stream has no end.
	for {
		// The channel is taken before looking, so that what is added after the
		// look is not missed.
		changed, looked := st.agent.source.Changed(), time.Now()
		if err := st.refresh(); err != nil {
			return err
		}
		h, err := st.page()
		if err != nil {
			return err
		}
		waited := !time.Now().Before(st.sent.Add(q.heartbeat))
		if len(st.buf.batch.observations) > 0 || waited {
			if err := st.send(&h); err != nil {
				return err
			}
		}
		q.from = h.next
		if h.next <= h.last {
			continue
		}
		if err := st.idle(changed, looked); err != nil {
			return err
		}
	}
}

// page makes the next page, or says that the reader was too slow.
func (st *stream) page() (header, error) {
	h, err := st.agent.page(st.r.Context(), st.model, st.query, &st.buf.batch)
	var pr *problem
	if !errors.As(err, &pr) || pr.Code != mtconnect.CodeOutOfRange {
		return h, err
	}
	if !st.model.schema.at(2, 0) {
		return h, newProblem(mtconnect.CodeOutOfRange, "Client can't keep up with event stream, disconnecting")
	}
	return h, newProblem(mtconnect.CodeInternalError, "Client fell too far behind, disconnecting")
}

// idle waits for the next observation, then until the interval since the last
// look is over, found or not: a stream of data items that say little does not
// look each time another one speaks. It waits no longer than the heartbeat.
func (st *stream) idle(changed <-chan struct{}, looked time.Time) error {
	heartbeat := st.sent.Add(st.query.heartbeat)
	woken, err := st.wait(changed, heartbeat)
	if err != nil || !woken {
		return err
	}
	until := looked.Add(st.query.interval)
	if heartbeat.Before(until) {
		until = heartbeat
	}
	_, err = st.wait(nil, until)
	return err
}

// wait waits for a time, or until the channel is closed and then reports true.
func (st *stream) wait(changed <-chan struct{}, until time.Time) (bool, error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-changed:
		return true, nil
	case <-timer.C:
		return false, nil
	case <-st.r.Context().Done():
		return false, errStreamEnded
	case <-st.agent.closed:
		return false, errStreamEnded
	}
}

// refresh ends the stream where it should, and follows a change of the device
// models.
func (st *stream) refresh() error {
	select {
	case <-st.r.Context().Done():
		return errStreamEnded
	case <-st.agent.closed:
		return errStreamEnded
	default:
	}
	m, err := st.agent.model()
	if err != nil || m == st.model {
		return err
	}
	items, err := st.agent.selectItems(m, st.query)
	if err != nil {
		return err
	}
	st.model, st.query.items = m, items
	return nil
}

// send sends the batch as a document.
func (st *stream) send(h *header) error {
	st.buf.doc = st.agent.appendStreams(st.buf.doc[:0], st.model, h, &st.buf.batch)
	st.sent = time.Now()
	if err := st.part(); err != nil {
		return errStreamEnded
	}
	return nil
}

// part sends the document in the buffer as a part. Before version 2 the length
// counts the line break after the document.
func (st *stream) part() error {
	st.limitWrite()
	typeName, lengthName := "Content-Type", "Content-Length"
	if !st.model.schema.at(2, 0) {
		typeName, lengthName = "Content-type", "Content-length"
	}
	length := len(st.buf.doc)
	if !st.model.schema.at(2, 0) {
		length += len("\r\n")
	}
	head := "--" + st.boundary + "\r\n" + typeName + ": " + st.model.schema.contentType() + "\r\n" +
		lengthName + ": " + strconv.Itoa(length) + "\r\n\r\n"
	if _, err := st.w.Write([]byte(head)); err != nil {
		return err
	}
	st.buf.doc = append(st.buf.doc, "\r\n"...)
	if _, err := st.w.Write(st.buf.doc); err != nil {
		return err
	}
	if err := st.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
