package mtconnect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// maxSnippet is how many bytes of an answer an HTTPError repeats.
	maxSnippet = 200
	// maxDrain is how many bytes behind a document are read so that the
	// connection can be used again.
	maxDrain = 4 << 10
)

// answer is what the agent answers to one request.
type answer struct {
	status      int
	contentType string
	encoding    string
	body        *timedBody
	cancel      context.CancelCauseFunc
}

// ask sends a request. The caller closes the answer.
func (c *Client) ask(ctx context.Context, path string, v url.Values, compressed bool) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	resp, err := c.send(ctx, cancel, path, v, compressed) //nolint:bodyclose // answer.close closes it
	if err != nil {
		cancel(nil)
		return nil, err
	}
	body := &timedBody{src: resp.Body, ctx: ctx, cancel: cancel}
	body.allow(c.options.DocumentTimeout, c.options.slowDocument())
	return &answer{
		status:      resp.StatusCode,
		contentType: resp.Header.Get("Content-Type"),
		encoding:    resp.Header.Get("Content-Encoding"),
		body:        body,
		cancel:      cancel,
	}, nil
}

// send sends the request and waits for the header of the answer.
func (c *Client) send(ctx context.Context, cancel context.CancelCauseFunc, path string, v url.Values, compressed bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+path, nil)
	if err != nil {
		return nil, err
	}
	req.URL.RawQuery = v.Encode()
	req.Header.Set("User-Agent", c.options.UserAgent)
	// What a cache on the way kept is not what the agent says now; Pragma is for
	// those of HTTP/1.0.
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set("Pragma", "no-cache")
	req.Header.Set("Accept", "application/xml, text/xml")
	if c.options.JSON {
		// cppagent gives XML where the header says more than this.
		req.Header.Set("Accept", "application/json")
	}
	if compressed {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if c.authorization != "" {
		req.Header.Set("Authorization", c.authorization)
	}
	timer := time.AfterFunc(c.options.ResponseTimeout, func() {
		cancel(&LimitError{Limit: "time to wait for an answer (ResponseTimeout)", Max: c.options.ResponseTimeout.String()})
	})
	defer timer.Stop()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	return resp, nil
}

// transportError gives the cause of a failed request or read: why the context
// was cancelled, or the error without the URL that net/http puts before it.
func transportError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// document gives the body of an answer that is a single document, decompressed.
func (a *answer) document() (*bufio.Reader, error) {
	r, err := decode(a.body, a.encoding)
	if err != nil {
		return nil, err
	}
	return bufio.NewReader(r), nil
}

// unexpected makes the error of an answer that is not the document that was
// wanted.
func (a *answer) unexpected(body *bufio.Reader, want string, s secrets) error {
	begin, _ := body.Peek(body.Buffered())
	snippet := s.text(string(begin))
	return &HTTPError{Status: a.status, ContentType: s.text(a.contentType), Want: want, Snippet: snippet[:min(len(snippet), maxSnippet)]}
}

// drain reads the little that may stand behind a document, so that the
// connection can be used again. Where that fails the connection is closed.
func (a *answer) drain(body io.Reader) {
	_, _ = io.CopyN(io.Discard, body, maxDrain)
	_, _ = io.CopyN(io.Discard, a.body, maxDrain)
}

// close ends the request.
func (a *answer) close() {
	_ = a.body.src.Close() // nothing is lost that was not read
	a.cancel(nil)
}

// timedBody reads the body of an answer and bounds the time that it waits for
// bytes. Time that passes between two reads does not count, so a consumer may
// take as long as it likes.
type timedBody struct {
	src    io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	// left is the time that reads may still wait, late the error once it is
	// used up.
	left time.Duration
	late error
}

// allow begins a new allowance of time to wait; late is the error where it does
// not suffice.
func (t *timedBody) allow(d time.Duration, late error) {
	t.left, t.late = d, late
}

// Read waits for bytes no longer than what is left of the allowance.
func (t *timedBody) Read(b []byte) (int, error) {
	late := t.late
	timer := time.AfterFunc(max(0, t.left), func() { t.cancel(late) })
	begun := time.Now()
	n, err := t.src.Read(b)
	t.left -= time.Since(begun)
	timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("reading the answer: %w", transportError(t.ctx, err))
	}
	return n, err
}
