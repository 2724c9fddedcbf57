package mtconnect

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of the transport that are not in Options.
const (
	// maxRedirects is how many redirects a request follows.
	maxRedirects = 3
	// maxResponseHeader is the most bytes that the header of an answer may have.
	maxResponseHeader = 64 << 10
	// maxIdleConnections is how many unused connections are kept.
	maxIdleConnections = 2
	// idleConnection is how long an unused connection is kept.
	idleConnection = 90 * time.Second
)

// Defaults of Options.
const (
	DefaultConnectTimeout  = 10 * time.Second
	DefaultResponseTimeout = 30 * time.Second
	DefaultDocumentTimeout = 2 * time.Minute
	DefaultUserAgent       = "factorydash"
)

// Options are the settings of a [Client]. A zero field means the default.
type Options struct {
	// HTTP replaces the client's own transport. RootCAs, ConnectTimeout and the
	// limit on the header of an answer do not apply to it; those on redirects
	// do. Its Timeout has to be zero, since streams last.
	HTTP *http.Client
	// Limits bound every document.
	Limits Limits
	// UserAgent is sent with each request (default [DefaultUserAgent]).
	UserAgent string

	// Username and Password are sent as basic authentication. User info in the
	// URL stands for them where they are empty.
	Username, Password string
	// Bearer is sent as a bearer token.
	Bearer string
	// RootCAs are the authorities that may sign the agent's certificate (default
	// those of the system).
	RootCAs *x509.CertPool

	// JSON asks for JSON instead of XML. An agent may answer with either; both
	// are understood.
	JSON bool

	// ConnectTimeout is the most time to connect, and again to agree on TLS
	// (default [DefaultConnectTimeout]).
	ConnectTimeout time.Duration
	// ResponseTimeout is the most time from the request to the header of the
	// answer, connecting and redirects included (default
	// [DefaultResponseTimeout]).
	ResponseTimeout time.Duration
	// DocumentTimeout is the most time to wait for bytes within one document,
	// all waits of the document together (default [DefaultDocumentTimeout]). An
	// agent that sends a byte a second fails by it.
	DocumentTimeout time.Duration
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	o.ConnectTimeout = positive(o.ConnectTimeout, DefaultConnectTimeout)
	o.ResponseTimeout = positive(o.ResponseTimeout, DefaultResponseTimeout)
	o.DocumentTimeout = positive(o.DocumentTimeout, DefaultDocumentTimeout)
	return o
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// authorization gives the value of the header of that name, empty for none.
func (o Options) authorization() string {
	switch {
	case o.Bearer != "":
		return "Bearer " + o.Bearer
	case o.Username != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(o.Username+":"+o.Password))
	default:
		return ""
	}
}

// slowDocument is the error of a document that takes too long.
func (o Options) slowDocument() error {
	return &LimitError{Limit: "time to wait for a document (DocumentTimeout)", Max: o.DocumentTimeout.String()}
}

// newHTTPClient makes the client that carries the requests.
func newHTTPClient(o Options) *http.Client {
	if o.HTTP != nil {
		h := *o.HTTP
		h.CheckRedirect = checkRedirect
		return &h
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			Proxy:                  proxy,
			DialContext:            (&net.Dialer{Timeout: o.ConnectTimeout}).DialContext,
			TLSHandshakeTimeout:    o.ConnectTimeout,
			TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: maxResponseHeader,
			MaxIdleConnsPerHost:    maxIdleConnections,
			IdleConnTimeout:        idleConnection,
			// Decompression is ours, where the limits are.
			DisableCompression: true,
			Protocols:          &protocols,
		},
	}
}

// proxy gives the proxy of the environment. Its error does not repeat the address,
// which may hold a password.
func proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("HTTP_PROXY or HTTPS_PROXY cannot be parsed: want something like http://proxy:3128")
	}
	return u, nil
}

// checkRedirect follows few redirects, and only where they stay with the host: an
// agent is not to have others asked, as those of our network, whose answer an error
// may repeat. The port may change with http to https alone, and the credentials
// stay behind where it does. There is no way from https to http.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first, last := via[0].URL, via[len(via)-1].URL
	switch {
	case len(via) > maxRedirects:
		return &LimitError{Limit: "redirects of a request", Max: strconv.Itoa(maxRedirects)}
	case next.URL.Scheme != "http" && next.URL.Scheme != "https":
		return errors.New("redirect to a URL that is neither http nor https")
	case last.Scheme == "https" && next.URL.Scheme == "http":
		return errors.New("redirect from https to http refused")
	case !sameHost(next.URL, last):
		return fmt.Errorf("redirect to another host or port refused: where %.200q is the agent, let its URL name that", next.URL.Scheme+"://"+next.URL.Host)
	}
	if next.URL.Host != first.Host {
		next.Header.Del("Authorization")
	}
	return nil
}

// sameHost reports whether a redirect stays with the host that it comes from, and,
// unless it is from http to https, with the port.
func sameHost(next, last *url.URL) bool {
	return strings.EqualFold(next.Hostname(), last.Hostname()) && (next.Scheme != last.Scheme || port(next) == port(last))
}

// port gives the port of a URL, where none is written that of the scheme.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
