package mtconnect_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/mtconnect"
)

// Small documents of an agent.
const (
	devicesDocument = `<?xml version="1.0"?><MTConnectDevices><Header instanceId="1"/><Devices><Device id="d" uuid="u" name="Mill"/></Devices></MTConnectDevices>`
	assetsDocument  = `<MTConnectAssets><Header instanceId="1"/><Assets><File assetId="1"/></Assets></MTConnectAssets>`
	errorDocument   = `<MTConnectError><Header instanceId="1"/><Errors><Error errorCode="%s">%s</Error></Errors></MTConnectError>`
)

// streamsDocument gives a document of n observations from the given sequence
// on.
func streamsDocument(from, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<MTConnectStreams><Header instanceId="1" nextSequence="%d"/><Streams><DeviceStream name="Mill" uuid="u"><ComponentStream component="Path" componentId="p"><Events>`, from+n)
	for i := range n {
		fmt.Fprintf(&b, `<Line dataItemId="l" sequence="%d" timestamp="2020-01-02T03:04:05Z">%d</Line>`, from+i, i)
	}
	b.WriteString(`</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`)
	return b.String()
}

// multipartOf frames documents as an agent of schema 2.x does.
func multipartOf(documents ...string) string {
	var b strings.Builder
	for _, d := range documents {
		fmt.Fprintf(&b, "--B\r\nContent-type: text/xml\r\nContent-length: %d\r\n\r\n%s\r\n", len(d), d)
	}
	return b.String()
}

// wantNoLeak fails the test where it leaves goroutines behind. It comes before
// what ends them in its own cleanup.
func wantNoLeak(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// newServer starts an agent and gives its URL.
func newServer(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	wantNoLeak(t)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// newClient makes a client that is closed at the end of the test.
func newClient(t *testing.T, agentURL string, o mtconnect.Options) *mtconnect.Client {
	t.Helper()
	c, err := mtconnect.NewClient(agentURL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// collect gives a handler that appends the sequences of all observations.
func collect(into *[]uint64) func(*mtconnect.StreamsReader) error {
	return func(r *mtconnect.StreamsReader) error {
		for {
			o, err := r.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			*into = append(*into, o.Sequence)
		}
	}
}

func ignore(*mtconnect.StreamsReader) error { return nil }

func TestRequests(t *testing.T) {
	var got []string
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		got = append(got, r.Method+" "+r.URL.EscapedPath()+" "+query+" "+r.Header.Get("Accept")+" "+r.UserAgent())
		if r.Header.Get("Cache-Control") != "no-cache" || r.Header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: a cache may answer", r.URL.Path)
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/probe"):
			_, _ = io.WriteString(w, devicesDocument)
		case strings.Contains(r.URL.Path, "/assets"):
			_, _ = io.WriteString(w, assetsDocument)
		case r.URL.Query().Has("interval"):
			w.Header().Set("Content-Type", `multipart/x-mixed-replace; boundary="B"`)
			_, _ = io.WriteString(w, multipartOf(streamsDocument(5, 2), streamsDocument(7, 0), streamsDocument(7, 1)))
		default:
			_, _ = io.WriteString(w, streamsDocument(1, 3))
		}
	})
	ctx := t.Context()
	c := newClient(t, server.URL+"/vds/Mill%201/", mtconnect.Options{UserAgent: "ua"})

	devices, raw, err := c.Probe(ctx)
	if err != nil || len(devices.Devices) != 1 || string(raw) != devicesDocument {
		t.Errorf("probe: %+v, %q, error %v", devices, raw, err)
	}
	var sequences []uint64
	if err := c.Current(ctx, mtconnect.CurrentQuery{Path: "//DataItem[@a='b c']", At: 1<<64 - 1}, collect(&sequences)); err != nil {
		t.Errorf("current: %v", err)
	}
	if err := c.Sample(ctx, mtconnect.SampleQuery{From: 9, To: 12, Count: -5}, collect(&sequences)); err != nil {
		t.Errorf("sample: %v", err)
	}
	q := mtconnect.SampleQuery{From: 5, Count: 100, Interval: 1500 * time.Millisecond, Heartbeat: 2 * time.Second}
	if err := c.Stream(ctx, q, collect(&sequences)); !errors.Is(err, mtconnect.ErrStreamEnded) {
		t.Errorf("stream: error %v, want ErrStreamEnded", err)
	}
	if err := c.Stream(ctx, mtconnect.SampleQuery{}, ignore); !errors.Is(err, mtconnect.ErrStreamEnded) {
		t.Errorf("stream: error %v, want ErrStreamEnded", err)
	}
	assets, err := c.Assets(ctx, mtconnect.AssetsQuery{IDs: []string{"a/1", "b"}, Type: "File", Removed: true, Count: 3})
	if err != nil || len(assets.Assets) != 1 {
		t.Errorf("assets: %+v, error %v", assets, err)
	}

	const accept = " application/xml, text/xml ua"
	want := []string{
		"GET /vds/Mill%201/probe " + accept,
		"GET /vds/Mill%201/current at=18446744073709551615&path=//DataItem[@a='b c']" + accept,
		"GET /vds/Mill%201/sample count=-5&from=9&to=12" + accept,
		"GET /vds/Mill%201/sample count=100&from=5&heartbeat=2000&interval=1500" + accept,
		"GET /vds/Mill%201/sample heartbeat=10000&interval=0" + accept,
		"GET /vds/Mill%201/assets/a%2F1;b count=3&removed=true&type=File" + accept,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint64{1, 2, 3, 1, 2, 3, 5, 6, 7}, sequences); diff != "" {
		t.Errorf("sequences (-want +got):\n%s", diff)
	}
}

func TestNewClientRefuses(t *testing.T) {
	tests := map[string]struct {
		url  string
		o    mtconnect.Options
		want string
	}{
		"no scheme":   {"agent:5000", mtconnect.Options{}, "http:// or https://"},
		"other":       {"ftp://agent", mtconnect.Options{}, "http:// or https://"},
		"no host":     {"http:///x", mtconnect.Options{}, "host name"},
		"query":       {"http://agent/?a=secret", mtconnect.Options{}, "no ?"},
		"fragment":    {"http://agent/#secret", mtconnect.Options{}, "no #"},
		"damaged":     {"http://u:secret@agent:port", mtconnect.Options{}, "cannot be parsed"},
		"two ways in": {"http://u:secret@agent", mtconnect.Options{Bearer: "secret"}, "both"},
		"colon":       {"http://a%3Ab:secret@agent", mtconnect.Options{}, "without a colon"},
		"token":       {"http://agent", mtconnect.Options{Bearer: "secret\r\nX: y"}, "one word"},
	}
	for name, test := range tests {
		_, err := mtconnect.NewClient(test.url, test.o)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v, want %q and no secret", name, err, test.want)
		}
	}
}

// Credentials are sent, and in no error, not even where a page repeats them.
func TestCredentials(t *testing.T) {
	var got []string
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		http.Error(w, strings.Repeat("who are you? ", 14)+r.Header.Get("Authorization"), http.StatusUnauthorized)
	})
	withUser := strings.Replace(server.URL, "http://", "http://eve:s%20cret@", 1)
	clients := []*mtconnect.Client{
		newClient(t, withUser, mtconnect.Options{}),
		newClient(t, withUser, mtconnect.Options{Username: "adam", Password: "s cret"}),
		newClient(t, server.URL, mtconnect.Options{Bearer: "s-cret"}),
		newClient(t, server.URL, mtconnect.Options{}),
	}
	for _, c := range clients {
		_, _, err := c.Probe(t.Context())
		var status *mtconnect.HTTPError
		if !errors.As(err, &status) || status.Status != http.StatusUnauthorized {
			t.Errorf("error %v, want an HTTPError with 401", err)
		}
		if text := fmt.Sprint(err, c.URL()); strings.Contains(text, "cret") || strings.Contains(text, "eve") || strings.Contains(text, "Basic Z") || strings.Contains(text, "Bearer s") {
			t.Errorf("credentials in %q", text)
		}
	}
	want := []string{"Basic ZXZlOnMgY3JldA==", "Basic YWRhbTpzIGNyZXQ=", "Bearer s-cret", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Authorization (-want +got):\n%s", diff)
	}
}

// Whatever an agent repeats of the credentials, in whatever form and place, no error
// shows it.
func TestRepeatedCredentials(t *testing.T) {
	const secret = "s&c\"rét/7"
	basic := base64.StdEncoding.EncodeToString([]byte("eve:" + secret))
	key := base64.StdEncoding.EncodeToString([]byte(secret + ":"))
	text := "" // what is repeated
	places := map[string]http.HandlerFunc{
		"/page/sample": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>", text) },
		"/type/sample": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/"+url.PathEscape(text))
		},
		"/error/sample": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, errorDocument, "UNAUTHORIZED", html.EscapeString(text))
		},
		"/document/sample": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Replace(streamsDocument(1, 1), `<Streams>`, `<Streams><?`+text, 1))
		},
	}
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) { places[r.URL.Path](w, r) })
	for place := range places {
		at := server.URL + strings.TrimSuffix(place, "/sample")
		withUser := strings.Replace(at, "http://", "http://"+url.UserPassword("eve", secret).String()+"@", 1)
		for sent, c := range map[string]*mtconnect.Client{
			basic:  newClient(t, withUser, mtconnect.Options{}),
			secret: newClient(t, at, mtconnect.Options{Bearer: secret}),
			key:    newClient(t, at, mtconnect.Options{Username: secret}),
		} {
			for _, text = range []string{sent, secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), strconv.Quote(secret)} {
				var sequences []uint64
				err := c.Sample(t.Context(), mtconnect.SampleQuery{}, collect(&sequences))
				if err == nil || strings.Contains(err.Error(), text) || strings.Contains(err.Error(), secret) {
					t.Errorf("%s: error %v; want one, without %s", place, err, text)
				}
			}
		}
	}
}

func TestUnreachableAgentShowsNoCredentials(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close() // nobody listens there now
	c := newClient(t, "http://eve:secret@"+address, mtconnect.Options{})
	_, _, err = c.Probe(t.Context())
	var op *net.OpError
	if !errors.As(err, &op) || !strings.Contains(err.Error(), "http://"+address+"/probe") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want the URL and a net.OpError, and no secret", err)
	}
}

func TestRedirects(t *testing.T) {
	other := newServer(t, func(http.ResponseWriter, *http.Request) { t.Error("another host is asked") })
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop/probe":
			http.Redirect(w, r, "/loop/probe", http.StatusFound)
		case "/moved/probe":
			http.Redirect(w, r, "/3", http.StatusMovedPermanently)
		case "/3":
			http.Redirect(w, r, "/2", http.StatusFound)
		case "/2":
			http.Redirect(w, r, "/1", http.StatusFound)
		case "/elsewhere/probe":
			http.Redirect(w, r, other.URL, http.StatusFound)
		default:
			if r.Header.Get("Authorization") == "" {
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(w, devicesDocument)
		}
	})
	o := mtconnect.Options{Bearer: "secret"}
	if _, _, err := newClient(t, server.URL+"/moved", o).Probe(t.Context()); err != nil {
		t.Errorf("three redirects: %v", err)
	}
	_, _, err := newClient(t, server.URL+"/loop", o).Probe(t.Context())
	var limit *mtconnect.LimitError
	if !errors.As(err, &limit) || !strings.Contains(err.Error(), "redirects of a request: at most 3") {
		t.Errorf("loop: error %v, want a LimitError", err)
	}
	if _, _, err := newClient(t, server.URL+"/elsewhere", o).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "another host") || !strings.Contains(err.Error(), other.URL) {
		t.Errorf("another host: error %v, want a refusal that says where to", err)
	}
}

func TestTLS(t *testing.T) {
	plain := newServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, devicesDocument) })
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down/probe" {
			http.Redirect(w, r, plain.URL, http.StatusFound)
			return
		}
		if r.URL.Path != "/probe" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s is asked for, with authorization %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		_, _ = io.WriteString(w, devicesDocument)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, _, err := newClient(t, server.URL, mtconnect.Options{RootCAs: roots}).Probe(t.Context()); err != nil {
		t.Errorf("with its authority: %v", err)
	}
	if _, _, err := newClient(t, server.URL, mtconnect.Options{}).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without its authority: error %v, want one about the certificate", err)
	}
	if _, _, err := newClient(t, server.URL+"/down", mtconnect.Options{RootCAs: roots}).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("redirect to http: error %v, want a refusal", err)
	}
	up := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, server.URL+r.URL.Path, http.StatusMovedPermanently)
	})
	if _, _, err := newClient(t, up.URL, mtconnect.Options{RootCAs: roots, Bearer: "secret"}).Probe(t.Context()); err != nil {
		t.Errorf("redirect from http to https of the host: %v", err)
	}
}

func TestGzip(t *testing.T) {
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("%s: Accept-Encoding is %q", r.URL.Path, r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer func() { _ = z.Close() }()
		switch r.URL.Path {
		case "/bomb/probe", "/bomb/sample":
			_, _ = io.WriteString(z, "<MTConnectStreams><Header/>")
			_, _ = z.Write(bytes.Repeat([]byte("<Streams/>"), 4<<20))
		case "/sample":
			_, _ = io.WriteString(z, streamsDocument(1, 3))
		default:
			_, _ = io.WriteString(z, devicesDocument)
		}
	})
	c := newClient(t, server.URL, mtconnect.Options{})
	_, raw, err := c.Probe(t.Context())
	if err != nil || string(raw) != devicesDocument {
		t.Errorf("probe: %q, error %v", raw, err)
	}
	var sequences []uint64
	if err := c.Sample(t.Context(), mtconnect.SampleQuery{}, collect(&sequences)); err != nil || len(sequences) != 3 {
		t.Errorf("sample: %d observations, error %v; want 3", len(sequences), err)
	}
	bomb := newClient(t, server.URL+"/bomb", mtconnect.Options{Limits: mtconnect.Limits{Document: 1 << 20}})
	err = bomb.Sample(t.Context(), mtconnect.SampleQuery{}, collect(&sequences))
	if err == nil || !strings.Contains(err.Error(), "longer than 1048576 bytes") {
		t.Errorf("40 MB of text in 40 kB: error %v, want one about 1 MiB", err)
	}
}

func TestPollingUsesOneConnection(t *testing.T) {
	var opened atomic.Int32
	wantNoLeak(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/current" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer func() { _ = z.Close() }()
			_, _ = io.WriteString(z, streamsDocument(1, 2000))
			return
		}
		_, _ = io.WriteString(w, streamsDocument(1, 2000))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, mtconnect.Options{})
	for range 5 {
		var sequences []uint64
		if err := c.Sample(t.Context(), mtconnect.SampleQuery{}, collect(&sequences)); err != nil {
			t.Fatal(err)
		}
		if err := c.Current(t.Context(), mtconnect.CurrentQuery{}, collect(&sequences)); err != nil {
			t.Fatal(err)
		}
		if len(sequences) != 4000 {
			t.Fatalf("%d observations, want 4000", len(sequences))
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestRootDecides checks that the root element and not the status says what an
// answer is.
func TestRootDecides(t *testing.T) {
	var status int
	var kind, body string
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	c := newClient(t, server.URL, mtconnect.Options{})
	outOfRange := fmt.Sprintf(errorDocument, "OUT_OF_RANGE", "no")
	for _, status = range []int{200, 400, 404, 500} {
		body, kind = outOfRange, "text/xml"
		for name, ask := range map[string]func() error{
			"probe":   func() error { _, _, err := c.Probe(t.Context()); return err },
			"assets":  func() error { _, err := c.Assets(t.Context(), mtconnect.AssetsQuery{}); return err },
			"current": func() error { return c.Current(t.Context(), mtconnect.CurrentQuery{}, mustNotBeCalled(t)) },
			"sample":  func() error { return c.Sample(t.Context(), mtconnect.SampleQuery{}, mustNotBeCalled(t)) },
			"stream":  func() error { return c.Stream(t.Context(), mtconnect.SampleQuery{}, mustNotBeCalled(t)) },
		} {
			err := ask()
			if !errors.Is(err, mtconnect.CodeOutOfRange) || errors.Is(err, mtconnect.ErrNotStreaming) {
				t.Errorf("%s, status %d: error %v, want OUT_OF_RANGE", name, status, err)
			}
		}

		body = streamsDocument(1, 2)
		var sequences []uint64
		if err := c.Sample(t.Context(), mtconnect.SampleQuery{}, collect(&sequences)); err != nil || len(sequences) != 2 {
			t.Errorf("observations with status %d: %d of 2, error %v", status, len(sequences), err)
		}

		kind = "text/html"
		for _, page := range []string{
			"<!DOCTYPE html>\n<html><body>Bad\x1b[31m Gateway" + strings.Repeat("x", 5000),
			"<html>", "<!-- MTConnectStreams --><p/>", "just text", "", "[1]", `{"message":"no"}`, devicesDocument,
		} {
			body = page
			err := c.Sample(t.Context(), mtconnect.SampleQuery{}, mustNotBeCalled(t))
			var e *mtconnect.HTTPError
			if !errors.As(err, &e) || e.Status != status || e.Want != "MTConnectStreams" || len(e.Snippet) > 200 || !strings.HasPrefix(page, e.Snippet) {
				t.Errorf("status %d, %.30q: error %v, want an HTTPError with the beginning of the page", status, page, err)
			} else if strings.ContainsAny(err.Error(), "\x1b\n") || len(err.Error()) > 600 {
				t.Errorf("error %q is not escaped or too long", err)
			}
		}
	}
}

func mustNotBeCalled(t *testing.T) func(*mtconnect.StreamsReader) error {
	return func(*mtconnect.StreamsReader) error {
		t.Error("handle called for what is no Streams document")
		return nil
	}
}
