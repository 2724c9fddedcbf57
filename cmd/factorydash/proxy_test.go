package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

func TestTrustedProxies(t *testing.T) {
	for _, test := range []struct {
		name, trusted, peer, chain, proto string
		client                            string
		https                             bool
	}{
		{"nobody is trusted", "", "10.0.0.1:5", "1.2.3.4", "https", "10.0.0.1:5", false},
		{"another is trusted", "10.0.0.2", "10.0.0.1:5", "1.2.3.4", "https", "10.0.0.1:5", false},
		{"one proxy", "10.0.0.0/8", "10.0.0.1:5", "1.2.3.4", "https", "1.2.3.4:0", true},
		{"client writes a chain", "10.0.0.0/8", "10.0.0.1:5", "6.6.6.6, 1.2.3.4", "http", "1.2.3.4:0", false},
		{"two proxies", "10.0.0.0/8", "10.0.0.1:5", "6.6.6.6, 1.2.3.4, 10.0.0.9", "http,https", "1.2.3.4:0", true},
		{"client writes the protocol", "10.0.0.0/8", "10.0.0.1:5", "1.2.3.4", "https, http", "1.2.3.4:0", false},
		{"garbage", "10.0.0.0/8", "10.0.0.1:5", "<script>", "", "10.0.0.1:5", false},
		{"with a port", "10.0.0.0/8", "10.0.0.1:5", "1.2.3.4:999", "", "1.2.3.4:0", false},
		{"IPv6", "fd00::/8, 10.0.0.1", "[fd00::1]:5", "2001:db8::1", "", "[2001:db8::1]:0", false},
		{"mapped", "10.0.0.1", "[::ffff:10.0.0.1]:5", "1.2.3.4", "", "1.2.3.4:0", false},
		{"only X-Real-IP", "10.0.0.1", "10.0.0.1:5", "", "", "5.5.5.5:0", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := proxyFlags{TrustedProxies: test.trusted}.networks()
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			var seen *http.Request
			handler := p.unwrap(logged(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r })))
			r := httptest.NewRequest(http.MethodGet, "/floor", http.NoBody)
			r.RemoteAddr = test.peer
			r.Header.Set("X-Forwarded-For", test.chain)
			r.Header.Set("X-Real-Ip", "5.5.5.5")
			r.Header.Set("X-Forwarded-Proto", test.proto)
			r.Header.Set("X-Forwarded-Host", "attacker.example")
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if seen.RemoteAddr != test.client || overTLS(seen) != test.https || seen.Host != "example.com" {
				t.Errorf("client %s, over TLS %v, host %s", seen.RemoteAddr, overTLS(seen), seen.Host)
			}
			for _, header := range forwarded {
				if seen.Header.Get(header) != "" {
					t.Errorf("%s is passed on", header)
				}
			}
			if !strings.Contains(log.String(), test.client) {
				t.Errorf("the log does not name the client: %s", log.String())
			}
		})
	}
	for _, text := range []string{"10.0.0.0/33", "proxy.example", "10.0.0.1:80"} {
		if err := (proxyFlags{TrustedProxies: text}).Validate(); plant.ErrorCode(err) != plant.Invalid {
			t.Errorf("TRUSTED_PROXIES %q gives %v, want that it is invalid", text, err)
		}
	}
}
