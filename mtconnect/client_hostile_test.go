package mtconnect_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// memoryBound is the most that one request to a hostile agent may allocate in
// all, at the limits of the tests below.
const memoryBound = 32 << 20

// pour writes the same bytes until the client hangs up.
func pour(w io.Writer, what string) {
	block := []byte(strings.Repeat(what, 64<<10/len(what)+1))
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// TestHostileAgents gives a client what would fill its memory. Each answer has
// to end in the error of a limit, without much memory.
func TestHostileAgents(t *testing.T) {
	const (
		plain   = "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n"
		stream  = "HTTP/1.0 200 OK\r\nContent-Type: multipart/mixed;boundary=B\r\n\r\n"
		inPart  = stream + "--B\r\n\r\n"
		streams = "<MTConnectStreams><Header/><Streams>"
	)
	// The beginning of the answer to sample, what follows without end, and what
	// the error says.
	tests := map[string]struct {
		begin, pour string
		want        string
	}{
		"endless document":        {plain + "<MTConnectStreams><Header/>", "<Streams/>", "longer than 1048576 bytes"},
		"endless space":           {plain + "<MTConnectStreams>", " ", "longer than"},
		"endless attribute":       {plain + streams + `<DeviceStream name="`, "a", "longer than 65536 bytes"},
		"endless text":            {plain + streams + `<DeviceStream>`, "a", "longer than 65536 bytes"},
		"endless name":            {plain + streams + `<`, "a", "longer than 1024 bytes"},
		"endless comment":         {plain + streams + `<!--`, "a", "longer than"},
		"endless depth":           {plain + streams, "<a>", "deeper than 64"},
		"repeated attribute":      {plain + streams + "<DeviceStream", " a='1'", `attribute "a" is there twice`},
		"endless root":            {plain + "<", "a", "want MTConnectStreams"},
		"endless prologue":        {plain, "<?a?>", "want MTConnectStreams"},
		"billion laughs":          {plain + `<!DOCTYPE MTConnectStreams [<!ENTITY l "` + strings.Repeat("ha", 500) + `">]><MTConnectStreams>`, "&l;", "line 1, column 1"},
		"endless JSON":            {plain + `{"MTConnectStreams":{"Streams":[`, "{},", "longer than 1048576 bytes"},
		"endless JSON depth":      {plain + `{"MTConnectStreams":`, "[", "longer than 1048576 bytes"},
		"endless page":            {plain, "<html>", "want MTConnectStreams"},
		"endless header":          {"HTTP/1.1 200 OK\r\n", "X-Header: flood\r\n", "response headers exceeded"},
		"endless header line":     {"HTTP/1.1 200 OK\r\nX-Header: ", "flood", "response headers exceeded"},
		"endless early hints":     {"", "HTTP/1.1 103 Early Hints\r\n\r\n", "response headers exceeded"},
		"endless chunk header":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1", "header line too long"},
		"endless part":            {inPart + streams, "<DeviceStream/>", "bytes of a part: at most 1048576"},
		"endless part unread":     {inPart + streams + "</Streams></MTConnectStreams>", " \n", "bytes of a part: at most 1048576"},
		"endless part header":     {stream + "--B\r\n", "X-Header: flood\r\n", "bytes of a part's header: at most 8192"},
		"endless blanks in parts": {stream, "\r\n", "bytes of a part's header: at most 8192"},
		"endless part error":      {inPart + "<MTConnectError>", "<a/>", "bytes of a part: at most 1048576"},
		"part of 2^62 bytes":      {stream + "--B\r\nContent-length: 4611686018427387904\r\n\r\n", "a", "bytes of a part: at most 1048576"},
	}
	o := mtconnect.Options{Limits: mtconnect.Limits{Document: 1 << 20, Token: 64 << 10}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			agent := rawServer(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, test.begin)
				pour(conn, test.pour)
			})
			c := newClient(t, agent, o)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			handle := collect(new([]uint64))
			if strings.HasSuffix(name, "unread") {
				handle = ignore
			}
			ask := c.Sample
			if strings.HasPrefix(test.begin, stream) {
				ask = c.Stream
			}
			err := ask(t.Context(), mtconnect.SampleQuery{}, handle)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > memoryBound {
				t.Errorf("%d MiB allocated, want at most %d", got>>20, memoryBound>>20)
			}
		})
	}
}

// TestHostileProbe is the same for what is read whole.
func TestHostileProbe(t *testing.T) {
	for begin, want := range map[string]string{
		"<MTConnectDevices>":   "longer than 1048576 bytes",
		"<MTConnectAssets>":    "want MTConnectDevices",
		`{"MTConnectDevices":`: "longer than 1048576 bytes",
	} {
		agent := rawServer(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n"+begin)
			pour(conn, "<a/>")
		})
		c := newClient(t, agent, mtconnect.Options{Limits: mtconnect.Limits{Document: 1 << 20}})
		_, _, err := c.Probe(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", begin, err, want)
		}
	}
}

// inTime runs a test with a client and an agent whose clock is the bubble's.
// The agent has one connection, which is closed when serve returns.
func inTime(t *testing.T, o mtconnect.Options, serve func(conn net.Conn), test func(t *testing.T, c *mtconnect.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var agents sync.WaitGroup
		defer agents.Wait()
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, agent := net.Pipe()
			agents.Go(func() {
				defer agent.Close()
				if _, err := http.ReadRequest(bufio.NewReader(agent)); err == nil {
					serve(agent)
				}
			})
			return client, nil
		}}
		o.HTTP = &http.Client{Transport: transport}
		c, err := mtconnect.NewClient("http://agent", o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, c)
	})
}

// drip writes a byte a second until the client hangs up.
func drip(w io.Writer, text string) {
	for i := 0; ; i++ {
		time.Sleep(time.Second)
		if _, err := w.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
	}
}

// TestSlowAgents gives a client nothing, or a byte a second, at every stage.
func TestSlowAgents(t *testing.T) {
	const (
		plain  = "HTTP/1.0 200 OK\r\n\r\n"
		stream = "HTTP/1.0 200 OK\r\nContent-Type: multipart/mixed;boundary=B\r\n\r\n"
	)
	document := streamsDocument(1, 1)
	begun := fmt.Sprintf("--B\r\nContent-length: %d\r\n\r\n", 100_000) + "<MTConnectStreams><Header/>"
	o := mtconnect.Options{ResponseTimeout: 7 * time.Second, DocumentTimeout: 50 * time.Second}
	tests := map[string]struct {
		begin, drip string // after begin, drip byte by byte, or nothing at all
		after       time.Duration
		heartbeat   bool // ErrHeartbeat, else a LimitError
		want        string
	}{
		"no answer":              {"", "", 7 * time.Second, false, "ResponseTimeout): at most 7s"},
		"slow header":            {"HTTP/1.0 200 OK\r\n", "X: y\r\n", 7 * time.Second, false, "ResponseTimeout): at most 7s"},
		"silent stream":          {stream, "", 30 * time.Second, true, ""},
		"silence after some":     {stream + multipartOf(document, document), "", 30 * time.Second, true, ""},
		"slow blank lines":       {stream + multipartOf(document), "\r\n", 30 * time.Second, true, ""},
		"slow part header":       {stream + "--B\r\n", "X: y\r\n", 30 * time.Second, true, ""},
		"silence in a document":  {stream + begun, "", 50 * time.Second, false, "DocumentTimeout): at most 50s"},
		"slow document":          {stream + begun, "<Streams/>", 50 * time.Second, false, "DocumentTimeout): at most 50s"},
		"slow without length":    {stream + "--B\r\n\r\n<MTConnectStreams><Header/>", "<Streams/>", 50 * time.Second, false, "DocumentTimeout"},
		"slow single document":   {plain + "<MTConnectStreams><Header/>", "<Streams/>", 50 * time.Second, false, "DocumentTimeout"},
		"silent single document": {plain, "", 50 * time.Second, false, "DocumentTimeout"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			serve := func(conn net.Conn) {
				_, _ = io.WriteString(conn, test.begin)
				if test.drip != "" {
					drip(conn, test.drip)
				}
				_, _ = conn.Read(make([]byte, 1)) // until the client hangs up
			}
			inTime(t, o, serve, func(t *testing.T, c *mtconnect.Client) {
				begun := time.Now()
				ask := c.Stream
				if strings.HasPrefix(test.begin, plain) {
					ask = c.Sample
				}
				err := ask(t.Context(), mtconnect.SampleQuery{}, collect(new([]uint64)))
				var limit *mtconnect.LimitError
				if errors.Is(err, mtconnect.ErrHeartbeat) != test.heartbeat || errors.As(err, &limit) == test.heartbeat || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v; want ErrHeartbeat: %t, else a LimitError with %q", err, test.heartbeat, test.want)
				}
				if took := time.Since(begun).Round(2 * time.Second); took != test.after.Round(2*time.Second) {
					t.Errorf("it took %v, want about %v", took, test.after)
				}
			})
		})
	}
}

// TestSlowHandler works for an hour on each document: the agent is not to
// blame, and no clock runs.
func TestSlowHandler(t *testing.T) {
	serve := func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Type: multipart/mixed;boundary=B\r\n\r\n"+multipartOf(streamsDocument(1, 1), streamsDocument(2, 1)))
	}
	inTime(t, mtconnect.Options{}, serve, func(t *testing.T, c *mtconnect.Client) {
		var sequences []uint64
		err := c.Stream(t.Context(), mtconnect.SampleQuery{}, func(r *mtconnect.StreamsReader) error {
			time.Sleep(time.Hour)
			return collect(&sequences)(r)
		})
		if !errors.Is(err, mtconnect.ErrStreamEnded) || len(sequences) != 2 {
			t.Errorf("%d observations, error %v; want 2 and ErrStreamEnded", len(sequences), err)
		}
	})
}

// TestHeartbeatsKeepAStreamAlive sends a heartbeat every 20 seconds, where 10
// were asked for, for an hour.
func TestHeartbeatsKeepAStreamAlive(t *testing.T) {
	serve := func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Type: multipart/mixed;boundary=B\r\n\r\n")
		for range 180 {
			time.Sleep(20 * time.Second)
			_, _ = io.WriteString(conn, multipartOf(streamsDocument(1, 0)))
		}
	}
	inTime(t, mtconnect.Options{}, serve, func(t *testing.T, c *mtconnect.Client) {
		documents := 0
		err := c.Stream(t.Context(), mtconnect.SampleQuery{Heartbeat: 10 * time.Second}, func(*mtconnect.StreamsReader) error {
			documents++
			return nil
		})
		if !errors.Is(err, mtconnect.ErrStreamEnded) || documents != 180 {
			t.Errorf("%d heartbeats, error %v; want 180 and ErrStreamEnded", documents, err)
		}
	})
}

// A document that is held whole has a limit of its own, below that of documents
// that are read as they come.
func TestWholeDocumentLimit(t *testing.T) {
	device := `<Device id="d" name="d"><DataItems>` +
		strings.Repeat(`<DataItem id="x" category="EVENT" type="PROGRAM"/>`, 1000) + `</DataItems></Device>`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<MTConnectDevices><Header/><Devices>`, device, `</Devices></MTConnectDevices>`)
	}))
	defer server.Close()
	for whole, accepted := range map[int64]bool{int64(len(device)) + 1024: true, int64(len(device)): false} {
		c := newClient(t, server.URL, mtconnect.Options{Limits: mtconnect.Limits{Whole: whole}})
		_, _, err := c.Probe(t.Context())
		if (err == nil) != accepted {
			t.Errorf("limit %d for a document of a little more than %d bytes: %v", whole, len(device), err)
		}
	}
}
