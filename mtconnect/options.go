package mtconnect

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strconv"
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
			Proxy:                  http.ProxyFromEnvironment,
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

// checkRedirect follows few redirects, none from https to http, and leaves the
// credentials behind where the host or port changes.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first, last := via[0].URL, via[len(via)-1].URL
	switch {
	case len(via) > maxRedirects:
		return &LimitError{Limit: "redirects of a request", Max: strconv.Itoa(maxRedirects)}
	case next.URL.Scheme != "http" && next.URL.Scheme != "https":
		return errors.New("redirect to a URL that is neither http nor https")
	case last.Scheme == "https" && next.URL.Scheme == "http":
		return errors.New("redirect from https to http refused")
	}
	if next.URL.Host != first.Host {
		next.Header.Del("Authorization")
	}
	return nil
}
