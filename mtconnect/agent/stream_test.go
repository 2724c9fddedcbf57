package agent_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves an agent on a local port and gives a client for it.
func serve(t *testing.T, a *agent.Agent) *mtconnect.Client {
	t.Helper()
	server := httptest.NewServer(a)
	c, err := mtconnect.NewClient(server.URL, mtconnect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.Close()
		c.Close()
		server.Close()
	})
	return c
}

// errEnough ends a stream from the client's side.
var errEnough = errors.New("enough")

// readAll reads what is left of a document.
func readAll(r *mtconnect.StreamsReader) (mtconnect.Header, []uint64, error) {
	h, err := r.Header()
	if err != nil {
		return mtconnect.Header{}, nil, err
	}
	header := *h
	var got []agent.Observation
	for {
		o, err := r.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return header, sequences(got), nil
			}
			return header, nil, err
		}
		got = append(got, agent.Observation{Sequence: o.Sequence})
	}
}

func TestStreamDeliversEachOnce(t *testing.T) {
	for _, version := range []string{"1.3", "2.7"} {
		t.Run(version, func(t *testing.T) {
			const writers, each = 4, 500
			r := newRing(t, version, writers*each)
			c := serve(t, agent.New(r, agent.Options{}))
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range each {
						if _, err := r.Add(event("exec", fmt.Sprint(i))); err != nil {
							t.Error(err)
						}
					}
				})
			}
			var got []uint64
			err := c.Stream(t.Context(), mtconnect.SampleQuery{Count: 50, Heartbeat: 10 * time.Second}, func(r *mtconnect.StreamsReader) error {
				h, page, err := readAll(r)
				got = append(got, page...)
				if err == nil && h.NextSequence > writers*each {
					err = errEnough
				}
				return err
			})
			wg.Wait()
			if !errors.Is(err, errEnough) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(seq(1, writers*each), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// stream runs a stream until handle returns an error, which it gives back.
func stream(t *testing.T, c *mtconnect.Client, q mtconnect.SampleQuery, handle func(mtconnect.Header, []uint64) error) error {
	t.Helper()
	return c.Stream(t.Context(), q, func(r *mtconnect.StreamsReader) error {
		h, page, err := readAll(r)
		if err != nil {
			return err
		}
		return handle(h, page)
	})
}

func TestStreamHeartbeatMovesOn(t *testing.T) {
	r := newRing(t, "2.7", 100)
	c := serve(t, agent.New(r, agent.Options{}))
	documents := 0
	q := mtconnect.SampleQuery{Path: "//Axes", Heartbeat: 20 * time.Millisecond}
	err := stream(t, c, q, func(h mtconnect.Header, page []uint64) error {
		if len(page) > 0 {
			t.Errorf("observations %v of data items that were not asked for", page)
		}
		if want := uint64(documents) + 1; h.NextSequence != want {
			t.Errorf("document %d: next is %d, want %d", documents, h.NextSequence, want)
		}
		if documents++; documents == 4 {
			return errEnough
		}
		add(t, r, event("exec", "x"))
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
}

func TestStreamKeepsItsInterval(t *testing.T) {
	const interval = 100 * time.Millisecond // thirty documents come in a few milliseconds
	r := newRing(t, "2.7", 1000)
	for range 300 {
		add(t, r, event("exec", "x"))
	}
	c := serve(t, agent.New(r, agent.Options{}))
	documents := 0
	began := time.Now()
	err := stream(t, c, mtconnect.SampleQuery{Interval: interval, Count: 10, Heartbeat: time.Minute}, func(_ mtconnect.Header, page []uint64) error {
		documents++
		if documents <= 30 {
			if len(page) != 10 {
				t.Errorf("document %d of the backlog has %d observations", documents, len(page))
			}
		}
		if documents == 33 {
			return errEnough
		}
		if documents >= 30 {
			add(t, r, event("exec", "y"), event("exec", "z"))
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 3*interval {
		t.Errorf("three documents after the backlog came within %v, want an interval of %v between them", took, interval)
	}
}

func TestStreamThatFallsBehindEndsWithAnError(t *testing.T) {
	for version, code := range map[string]mtconnect.ErrorCode{
		"1.3": mtconnect.CodeOutOfRange, "2.7": mtconnect.CodeInternalError,
	} {
		r := newRing(t, version, 10)
		add(t, r, event("exec", "x"))
		c := serve(t, agent.New(r, agent.Options{}))
		err := stream(t, c, mtconnect.SampleQuery{Heartbeat: time.Minute}, func(mtconnect.Header, []uint64) error {
			var many []agent.Observation
			for range 20 {
				many = append(many, event("exec", "y"))
			}
			add(t, r, many...)
			return nil
		})
		if !errors.Is(err, code) {
			t.Errorf("%s: %v, want %s", version, err, code)
		}
	}
}

func TestStreamEndsWithTheAgent(t *testing.T) {
	r := newRing(t, "2.7", 10)
	a := agent.New(r, agent.Options{})
	c := serve(t, a)
	err := stream(t, c, mtconnect.SampleQuery{Heartbeat: time.Minute}, func(mtconnect.Header, []uint64) error {
		a.Close()
		return nil
	})
	if !errors.Is(err, mtconnect.ErrStreamEnded) {
		t.Errorf("stream of a closed agent: %v", err)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	r := newRing(t, "2.7", 10)
	a := agent.New(r, agent.Options{MaxStreams: 1})
	c := serve(t, a)
	err := stream(t, c, mtconnect.SampleQuery{Heartbeat: time.Minute}, func(mtconnect.Header, []uint64) error {
		return stream(t, c, mtconnect.SampleQuery{}, func(mtconnect.Header, []uint64) error { return errEnough })
	})
	if !errors.Is(err, mtconnect.CodeTooMany) {
		t.Errorf("second stream: %v", err)
	}
}

// The frames are those of the real agents: before version 2 the length counts
// the line break after the document.
func TestCurrentStreamFrames(t *testing.T) {
	for _, tt := range []struct {
		version, kind, typeLine, length string
		breakCounts                     int
	}{
		{"1.3", "multipart/x-mixed-replace", "Content-type: text/xml", "Content-length: ", 2},
		{"2.7", "multipart/mixed", "Content-Type: application/xml", "Content-Length: ", 0},
	} {
		r := newRing(t, tt.version, 10)
		add(t, r, event("exec", "READY"))
		server := httptest.NewServer(agent.New(r, agent.Options{}))
		body, kind := open(t, server.URL+"/current?interval=1")
		boundary, ok := strings.CutPrefix(kind, tt.kind+";boundary=")
		if !ok {
			t.Errorf("%s: content type %q", tt.version, kind)
		}
		for part := range 3 {
			want := []string{"--" + boundary, tt.typeLine, tt.length, ""}
			size := 0
			for i, w := range want {
				line, err := body.ReadString('\n')
				if line = strings.TrimSuffix(line, "\r\n"); err != nil || !strings.HasPrefix(line, w) {
					t.Fatalf("%s: part %d, line %d: %q, %v; want %q", tt.version, part, i, line, err, w)
				}
				if i == 2 {
					size, _ = strconv.Atoi(strings.TrimPrefix(line, w))
				}
			}
			doc := make([]byte, size+2-tt.breakCounts)
			if _, err := io.ReadFull(body, doc); err != nil {
				t.Fatal(err)
			}
			if _, got := read(t, doc[:len(doc)-2]); len(got) != 1 || !bytes.HasSuffix(doc, []byte(">\n\r\n")) {
				t.Fatalf("%s: part %d: %v from %q", tt.version, part, got, doc)
			}
		}
		server.CloseClientConnections()
		server.Close()
	}
}

// open begins to read an answer and gives its content type.
func open(t *testing.T, url string) (*bufio.Reader, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return bufio.NewReader(resp.Body), resp.Header.Get("Content-Type")
}
