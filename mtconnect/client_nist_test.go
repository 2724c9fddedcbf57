package mtconnect_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// deliveryPatience is how long the test waits for a document whose last byte
// has been sent before it takes it for held back.
const deliveryPatience = 10 * time.Second

// recording is a raw stream as an agent sent it, HTTP header and chunk framing
// included.
type recording struct {
	name string
	raw  []byte
	// sends are the ends of what arrived at once.
	sends []int
	// documents are what is in it.
	documents []recordedDocument
}

// recordedDocument is a document of a recording: where its last byte is and how
// many observations it has.
type recordedDocument struct{ end, observations int }

var (
	recordedLength   = regexp.MustCompile(`(?i)\r\nContent-length: (\d+)\r\n\r\n`)
	recordedSequence = regexp.MustCompile(`[" ]sequence"?[=:]`)
)

// newRecording finds the documents of a raw stream by its part headers alone.
func newRecording(t *testing.T, name string, raw []byte, times string) recording {
	t.Helper()
	r := recording{name: name, raw: raw}
	for _, m := range recordedLength.FindAllSubmatchIndex(raw, -1) {
		n, err := strconv.Atoi(string(raw[m[2]:m[3]]))
		if err != nil {
			t.Fatal(err)
		}
		if m[1]+n > len(raw) {
			t.Fatalf("%s: recorded only in part", name)
		}
		document := raw[m[1] : m[1]+n]
		r.documents = append(r.documents, recordedDocument{m[1] + n, len(recordedSequence.FindAll(document, -1))})
	}
	for line := range strings.Lines(times) {
		fields := strings.Fields(line) // seconds, offset, +length
		offset, err1 := strconv.Atoi(fields[1])
		length, err2 := strconv.Atoi(strings.TrimPrefix(fields[2], "+"))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		r.sends = append(r.sends, offset+length)
	}
	return r
}

// TestRawStreams sends the recorded streams again as they arrived, and goes on
// only when every document whose last byte was sent has been read to its end.
func TestRawStreams(t *testing.T) {
	total := 0
	for _, archive := range []string{"agents/agent13.tgz", "agents/agent27.tgz"} {
		raws, times := map[string][]byte{}, map[string]string{}
		keep := func(name string) bool { return strings.Contains(filepath.Base(name), ".raw") }
		nistDocuments(t, archive, keep, func(name string, content []byte) {
			if raw, ok := strings.CutSuffix(name, ".times"); ok {
				times[raw] = string(content)
			} else {
				raws[name] = content
			}
		})
		if len(raws) < 4 {
			t.Errorf("%s: only %d raw streams", archive, len(raws))
		}
		for name, raw := range raws {
			r := newRecording(t, name, raw, times[name])
			t.Run(name, func(t *testing.T) { replay(t, r) })
			total += len(r.documents)
		}
	}
	t.Logf("%d documents", total)
}

// replay sends a recording and checks what comes out of the client and when.
func replay(t *testing.T, r recording) {
	// What was read of each document once it was read to its end.
	read := make(chan int, len(r.documents))
	agent := rawServer(t, func(conn net.Conn) {
		next, sent := 0, 0
		for _, end := range r.sends {
			if _, err := conn.Write(r.raw[sent:end]); err != nil {
				t.Errorf("after %d bytes: %v", sent, err)
				return
			}
			sent = end
			for ; next < len(r.documents) && r.documents[next].end <= sent; next++ {
				select {
				case got := <-read:
					if got != r.documents[next].observations {
						t.Errorf("document %d: %d observations, want %d", next, got, r.documents[next].observations)
					}
				case <-time.After(deliveryPatience):
					t.Errorf("document %d of %d was all sent and is not there", next, len(r.documents))
					return
				}
			}
		}
		if sent != len(r.raw) || next != len(r.documents) || next == 0 {
			t.Errorf("%d of %d bytes and %d of %d documents", sent, len(r.raw), next, len(r.documents))
		}
	})
	c := newClient(t, agent, mtconnect.Options{})
	var instance uint64
	err := c.Stream(t.Context(), mtconnect.SampleQuery{}, func(sr *mtconnect.StreamsReader) error {
		h, err := sr.Header()
		if err != nil {
			return err
		}
		instance = h.InstanceID
		n := 0
		for {
			_, err := sr.Next()
			if errors.Is(err, io.EOF) {
				read <- n
				return nil
			}
			if err != nil {
				return err
			}
			n++
		}
	})
	if !errors.Is(err, mtconnect.ErrStreamEnded) || instance != 1795435695 {
		t.Errorf("instance %d, error %v; want 1795435695 and ErrStreamEnded", instance, err)
	}
}

// TestStreamInsteadOfError serves what agent 2.7 answers to current with at and
// interval: a stream, which the archive has without its framing by chunks.
func TestStreamInsteadOfError(t *testing.T) {
	var header, body []byte
	keep := func(name string) bool { return strings.Contains(name, "error-at-interval.xml") }
	nistDocuments(t, "agents/agent27.tgz", keep, func(name string, content []byte) {
		if strings.HasSuffix(name, ".hdr") {
			header = bytes.ReplaceAll(content, []byte("Transfer-Encoding: chunked\r\n"), nil)
		} else {
			body = content
		}
	})
	want := len(recordedLength.FindAll(body, -1))
	c := newClient(t, rawServer(t, func(conn net.Conn) {
		_, _ = conn.Write(append(header, body...))
	}), mtconnect.Options{})
	documents := 0
	err := c.Stream(t.Context(), mtconnect.SampleQuery{}, func(r *mtconnect.StreamsReader) error {
		all, err := readOn(r)
		if err == nil && len(all) > 300 {
			documents++
		}
		return err
	})
	if !errors.Is(err, mtconnect.ErrStreamEnded) || documents != want || want < 3 {
		t.Errorf("%d documents, error %v; want %d and ErrStreamEnded", documents, err, want)
	}
}

// BenchmarkStream reads the recorded documents through the client from an agent
// that sends them as one stream as fast as it can.
func BenchmarkStream(b *testing.B) {
	var stream bytes.Buffer
	nistDocuments(b, "recorded/mazak03.tgz", isXML, func(_ string, content []byte) {
		stream.WriteString(multipartOf(string(content)))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "multipart/mixed;boundary=B")
		_, _ = w.Write(stream.Bytes())
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	defer func() {
		_ = server.Close()
		<-done
	}()
	c, err := mtconnect.NewClient("http://"+listener.Addr().String(), mtconnect.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.SetBytes(int64(stream.Len()))
	observations := 0
	for b.Loop() {
		err := c.Stream(b.Context(), mtconnect.SampleQuery{}, func(r *mtconnect.StreamsReader) error {
			for {
				_, err := r.Next()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				observations++
			}
		})
		if !errors.Is(err, mtconnect.ErrStreamEnded) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(observations)/b.Elapsed().Seconds(), "observations/s")
}
