package mtconnect_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
)

func TestNotStreaming(t *testing.T) {
	var body string
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	c := newClient(t, server.URL, mtconnect.Options{})
	tests := []struct {
		body string
		want bool
		code mtconnect.ErrorCode
	}{
		{streamsDocument(1, 2), true, ""},
		{fmt.Sprintf(errorDocument, "INVALID_REQUEST", "the interval argument to a sample request is not supported"), true, "INVALID_REQUEST"},
		{fmt.Sprintf(errorDocument, "QUERY_ERROR", "unknown parameter: Heartbeat"), true, "QUERY_ERROR"},
		{fmt.Sprintf(errorDocument, "UNSUPPORTED", "no"), true, "UNSUPPORTED"},
		{fmt.Sprintf(errorDocument, "INVALID_REQUEST", "no such path"), false, "INVALID_REQUEST"},
		{fmt.Sprintf(errorDocument, "OUT_OF_RANGE", "'interval' must be greater than -1"), false, "OUT_OF_RANGE"},
		{"<html/>", false, ""},
	}
	for _, test := range tests {
		body = test.body
		err := c.Stream(t.Context(), mtconnect.SampleQuery{}, mustNotBeCalled(t))
		if err == nil || errors.Is(err, mtconnect.ErrNotStreaming) != test.want || test.code != "" && !errors.Is(err, test.code) {
			t.Errorf("%.80q: error %v; want ErrNotStreaming: %t, and code %q", test.body, err, test.want, test.code)
		}
	}
}

// rawServer answers each connection with what answer writes, and closes it.
func rawServer(t *testing.T, answer func(conn net.Conn)) string {
	t.Helper()
	wantNoLeak(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				answer(conn)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return "http://" + listener.Addr().String()
}

func TestStreamsAsServersSendThem(t *testing.T) {
	three := multipartOf(streamsDocument(1, 1), streamsDocument(2, 1), streamsDocument(3, 1))
	noLength := strings.ReplaceAll(three, "Content-length", "X-length")
	chunked := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n", 700, three[:700], len(three)-700, three[700:])
	const kind = "Content-Type: multipart/mixed;boundary=B\r\n"
	tests := map[string]struct {
		answer string
		want   []uint64
		err    error
		text   string
	}{
		"HTTP/1.0":           {"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + three, []uint64{1, 2, 3}, mtconnect.ErrStreamEnded, ""},
		"chunked, ended":     {"HTTP/1.1 200 OK\r\n" + kind + "Transfer-Encoding: chunked\r\n\r\n" + chunked + "0\r\n\r\n", []uint64{1, 2, 3}, mtconnect.ErrStreamEnded, ""},
		"chunked, just gone": {"HTTP/1.1 200 OK\r\n" + kind + "Transfer-Encoding: chunked\r\n\r\n" + chunked, []uint64{1, 2, 3}, mtconnect.ErrStreamEnded, ""},
		"no lengths":         {"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + noLength, []uint64{1, 2, 3}, mtconnect.ErrStreamEnded, ""},
		"cut in a document":  {"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + three[:len(three)-50], []uint64{1, 2, 3}, io.ErrUnexpectedEOF, "bytes of a part"},
		"length too small":   {"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + strings.Replace(three, "Content-length: 3", "Content-length: 1", 1), nil, nil, "line 1, column"},
		"length too great":   {"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + strings.Replace(three, "Content-length: 3", "Content-length: 6", 1), []uint64{1}, nil, "next boundary stands"},
		"error in between": {
			"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + multipartOf(streamsDocument(1, 1), fmt.Sprintf(errorDocument, "OUT_OF_RANGE", "Client can't keep up")),
			[]uint64{1},
			mtconnect.CodeOutOfRange, "",
		},
		"page in between": {"HTTP/1.0 200 OK\r\n" + kind + "\r\n" + multipartOf(streamsDocument(1, 1), "<html>"), []uint64{1}, nil, "want MTConnectStreams, got"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, rawServer(t, func(conn net.Conn) { _, _ = io.WriteString(conn, test.answer) }), mtconnect.Options{})
			var got []uint64
			err := c.Stream(t.Context(), mtconnect.SampleQuery{}, collect(&got))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sequences (-want +got):\n%s", diff)
			}
			if err == nil || test.err != nil && !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want %v and %q", err, test.err, test.text)
			}
		})
	}
}

func TestHandlerDecides(t *testing.T) {
	documents := multipartOf(streamsDocument(1, 500), streamsDocument(501, 500), streamsDocument(1001, 500))
	agent := rawServer(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"+documents)
	})
	c := newClient(t, agent, mtconnect.Options{})
	enough := errors.New("enough")
	var first []uint64
	err := c.Stream(t.Context(), mtconnect.SampleQuery{}, func(r *mtconnect.StreamsReader) error {
		if len(first) == 3 {
			return enough
		}
		o, err := r.Next() // and leaves the rest of the document
		if err == nil {
			first = append(first, o.Sequence)
		}
		if len(first) == 3 {
			return enough
		}
		return err
	})
	if !errors.Is(err, enough) {
		t.Errorf("error %v, want the handler's own", err)
	}
	if diff := cmp.Diff([]uint64{1, 501, 1001}, first); diff != "" {
		t.Errorf("first of each document (-want +got):\n%s", diff)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	agent := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/mixed; boundary=B")
		_, _ = io.WriteString(w, multipartOf(streamsDocument(1, 1)))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := newClient(t, agent.URL, mtconnect.Options{})
	err := c.Stream(ctx, mtconnect.SampleQuery{}, func(*mtconnect.StreamsReader) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestJSONClient(t *testing.T) {
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept"); got != "application/json" {
			t.Errorf("Accept is %q", got)
		}
		document := streamsInThreeForms["JSON 1"]
		if !r.URL.Query().Has("interval") {
			_, _ = io.WriteString(w, document)
			return
		}
		w.Header().Set("Content-Type", "multipart/mixed; boundary=B")
		_, _ = io.WriteString(w, multipartOf(document, streamsInThreeForms["JSON 2"], `{"MTConnectError":{"Errors":[{"Error":{"errorCode":"INTERNAL_ERROR"}}]}}`))
	})
	c := newClient(t, server.URL, mtconnect.Options{JSON: true})
	var sequences []uint64
	if err := c.Sample(t.Context(), mtconnect.SampleQuery{}, collect(&sequences)); err != nil || len(sequences) != 8 {
		t.Errorf("sample: %d observations, error %v; want 8", len(sequences), err)
	}
	if err := c.Stream(t.Context(), mtconnect.SampleQuery{}, collect(&sequences)); !errors.Is(err, mtconnect.CodeInternalError) || len(sequences) != 24 {
		t.Errorf("stream: %d observations in all, error %v; want 24 and INTERNAL_ERROR", len(sequences), err)
	}
}
