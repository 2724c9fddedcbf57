package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// proxyFlags says whom to believe that a request comes from somebody else.
type proxyFlags struct {
	TrustedProxies string `help:"Addresses of the proxies in front, as 10.0.0.5 or 10.0.0.0/8, separated by commas or spaces: what they say in X-Forwarded-For (or X-Real-IP) and X-Forwarded-Proto is believed, and nobody else's." placeholder:"NETWORKS" env:"TRUSTED_PROXIES"`
}

// Validate is called by the command line's parser.
func (f proxyFlags) Validate() error {
	_, err := f.networks()
	return err
}

// networks gives the networks of the trusted proxies.
func (f proxyFlags) networks() (proxies, error) {
	var p proxies
	for _, word := range strings.FieldsFunc(f.TrustedProxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		network, err := netip.ParsePrefix(word)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(word); err == nil {
				network = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
			}
		}
		if err != nil {
			return nil, plant.Errorf(plant.Invalid, "TRUSTED_PROXIES %.50q: use addresses and networks such as 10.0.0.5 or 10.0.0.0/8", word)
		}
		p = append(p, network.Masked())
	}
	return p, nil
}

// proxies are the networks of the proxies that are believed.
type proxies []netip.Prefix

func (p proxies) trust(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(address) })
}

// forwarded are the headers by which a proxy tells of the request that it passes on.
var forwarded = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-Ip"}

// unwrap gives next each request as the client made it: behind a trusted proxy,
// RemoteAddr is the client's address, and overTLS tells whether it came over TLS. The
// headers that said so are removed, so that nothing behind believes those of anybody
// else. X-Forwarded-Host is never believed: proxies pass on what a client says in it,
// which would open the way around ALLOWED_HOSTS.
func (p proxies) unwrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		ctx, headers := r.Context(), r.Header.Clone()
		client := r.RemoteAddr
		if err == nil && p.trust(peer.Addr().Unmap()) {
			client = p.client(headers, peer)
			proto := strings.TrimSpace(lastOf(strings.Join(headers.Values("X-Forwarded-Proto"), ",")))
			ctx = context.WithValue(ctx, tlsKey{}, strings.EqualFold(proto, "https"))
		}
		r = r.WithContext(ctx) // a copy
		r.Header, r.RemoteAddr = headers, client
		for _, header := range forwarded {
			r.Header.Del(header)
		}
		next.ServeHTTP(w, r)
	})
}

// tlsKey is the key of a request's context for overTLS.
type tlsKey struct{}

// overTLS reports whether a trusted proxy says that the client came over TLS. By
// itself the server speaks none.
func overTLS(r *http.Request) bool {
	tls, _ := r.Context().Value(tlsKey{}).(bool)
	return tls
}

// client gives the address of the client out of what a trusted proxy says. Each proxy
// appends to X-Forwarded-For by whom it was asked: the client is the last one that is
// no trusted proxy, and what stands before it, anybody may have written.
func (p proxies) client(h http.Header, peer netip.AddrPort) string {
	client := peer.Addr().Unmap()
	chain := strings.TrimSpace(strings.Join(h.Values("X-Forwarded-For"), ","))
	if chain == "" { // Some say it in this header alone.
		chain = h.Get("X-Real-Ip")
	}
	for _, hop := range slices.Backward(strings.Split(chain, ",")) {
		address, err := hopAddress(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		client = address
		if !p.trust(address) {
			break
		}
	}
	if client == peer.Addr().Unmap() {
		return peer.String()
	}
	return netip.AddrPortFrom(client, 0).String()
}

// hopAddress reads an entry of X-Forwarded-For, which some proxies write with a
// port.
func hopAddress(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap(), nil
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return address.Unmap(), err
}

// lastOf gives the last entry of a list with commas: that of the nearest proxy.
func lastOf(list string) string { return list[strings.LastIndexByte(list, ',')+1:] }

// hstsAge is for how long a browser that came over TLS is to come over nothing
// else: a year, as preload lists ask.
const hstsAge = "max-age=31536000"

// secure sets the headers that every answer has. Pages have a policy of their own
// in place of this one, which lets nothing be loaded.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if overTLS(r) { // Over plain HTTP, browsers heed neither and complain of them.
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Strict-Transport-Security", hstsAge)
		}
		next.ServeHTTP(w, r)
	})
}

// robots keeps search engines out: a shop floor is nobody else's business.
func robots(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "User-agent: *\nDisallow: /")
}

// logged logs each request at debug level, with the client's address.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		began := time.Now()
		recorded := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorded, r)
		log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelDebug, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", recorded.status),
			slog.Duration("took", time.Since(began)), slog.String("client", r.RemoteAddr))
	})
}

// statusRecorder remembers the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what the server offers.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
