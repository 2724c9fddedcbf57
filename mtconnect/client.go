package mtconnect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultHeartbeat is the heartbeat that an agent uses where a request names
// none (MTConnect Part 1, sample request).
const DefaultHeartbeat = 10 * time.Second

// heartbeatPatience is how many heartbeats may pass without the next document
// before a stream counts as dead.
const heartbeatPatience = 3

// Client asks one agent. It is safe for concurrent use; connections are kept
// and used again.
type Client struct {
	// base is the agent's URL without user info, query and trailing slash.
	base          *url.URL
	options       Options
	http          *http.Client
	authorization string
	secrets       secrets
	// readers holds idle readers, each with its buffer and the strings that it
	// remembers.
	readers sync.Pool
}

// NewClient makes a client of the agent at baseURL, such as
// "http://agent:5000". The path of the URL comes before that of every request,
// so it can be that of a proxy ("/vds"), end with a device's name or uuid to
// ask for that device only, or both. User info in the URL is used as user name
// and password, and shown in no error. A proxy is taken from the environment as
// [http.ProxyFromEnvironment] has it. NewClient does not connect.
func NewClient(baseURL string, o Options) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	if base.User != nil && o.Username == "" {
		o.Username = base.User.Username()
		o.Password, _ = base.User.Password()
	}
	base.User = nil
	if strings.Contains(o.Username, ":") {
		return nil, errors.New("agent: user name: want one without a colon, which basic authentication cannot carry")
	}
	if o.Username != "" && o.Bearer != "" {
		return nil, errors.New("agent: both a user name and a bearer token: want one of them")
	}
	if strings.ContainsAny(o.Bearer, " \r\n\t") {
		return nil, errors.New("agent: bearer token: want one word without white space")
	}
	o = o.withDefaults()
	c := &Client{base: base, options: o, http: newHTTPClient(o), authorization: o.authorization(), secrets: newSecrets(o)}
	c.readers.New = func() any { return NewStreamsReader(o.Limits) }
	return c, nil
}

// parseBase checks the URL of an agent. Its errors do not repeat the URL, which
// may hold a password.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("agent URL: cannot be parsed: want something like http://agent:5000")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("agent URL: want http:// or https:// at its start")
	case u.Hostname() == "":
		return nil, errors.New("agent URL: want a host name behind the //")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("agent URL: want no ? and no # in it")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// Close closes the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// URL gives the agent's URL without user name and password.
func (c *Client) URL() string { return c.base.String() }

// Probe asks for the device models. It gives the document and its bytes as the
// agent sent them, decompressed; the bytes also where they cannot be read as a
// document.
//
// Like all requests it returns an [*AgentError] where the agent answers with an
// error document, an [*HTTPError] where the answer is no document of MTConnect,
// a [*SyntaxError] where the document is damaged and a [*LimitError] where a
// limit of [Options] was passed.
func (c *Client) Probe(ctx context.Context) (*Devices, []byte, error) {
	data, err := c.fetch(ctx, rootDevices, "/probe", nil)
	if err != nil {
		return nil, nil, err
	}
	devices, err := ParseDevices(data, c.options.Limits.whole())
	if err != nil {
		return nil, data, c.failed("/probe", err)
	}
	return devices, data, nil
}

// CurrentQuery says which values to ask for.
type CurrentQuery struct {
	// Path is an XPath that chooses data items; empty for all.
	Path string
	// At asks for the values as they were at this sequence number; 0 for now.
	At uint64
}

func (q CurrentQuery) values() url.Values {
	v := url.Values{}
	setText(v, "path", q.Path)
	setNumber(v, "at", q.At)
	return v
}

// Current asks for the newest value of every data item. It calls handle once;
// the reader is valid until handle returns, and what handle leaves of the
// document is passed over. An error of handle is returned as it is.
func (c *Client) Current(ctx context.Context, q CurrentQuery, handle func(*StreamsReader) error) error {
	return c.single(ctx, "/current", q.values(), handle)
}

// SampleQuery says which observations to ask for.
type SampleQuery struct {
	// Path is an XPath that chooses data items; empty for all.
	Path string
	// From is the sequence number to begin with; 0 for the oldest that the
	// agent holds.
	From uint64
	// To is the sequence number to end before (schema 2.0 and later); 0 for no
	// end.
	To uint64
	// Count is the most observations of one document; 0 for the agent's
	// default of 100. It may not be greater than the agent's buffer. A negative
	// count goes backwards (schema 2.0 and later).
	Count int
	// Interval is the least time between two documents of a stream, in whole
	// milliseconds; 0 for as soon as there is something. Only [Client.Stream]
	// uses it.
	Interval time.Duration
	// Heartbeat is the most time between two documents of a stream, in whole
	// milliseconds; 0 for [DefaultHeartbeat]. Only [Client.Stream] uses it.
	Heartbeat time.Duration
}

func (q SampleQuery) values() url.Values {
	v := url.Values{}
	setText(v, "path", q.Path)
	setNumber(v, "from", q.From)
	setNumber(v, "to", q.To)
	if q.Count != 0 {
		v.Set("count", strconv.Itoa(q.Count))
	}
	return v
}

// Sample asks for one document of observations. It treats handle as
// [Client.Current] does.
func (c *Client) Sample(ctx context.Context, q SampleQuery, handle func(*StreamsReader) error) error {
	return c.single(ctx, "/sample", q.values(), handle)
}

// Stream asks for observations as a stream and calls handle for each document
// when its first bytes are there, heartbeats included, until an error or the
// end of ctx. It never returns nil. While handle works nothing is read, and no
// clock of the client runs.
//
// It returns [ErrStreamEnded] where the agent ended the stream between two
// documents, [ErrHeartbeat] where no document came for three heartbeats, an
// [*AgentError] where the agent sent an error document, and an error that is
// [ErrNotStreaming] where the agent cannot stream: then poll with
// [Client.Sample].
func (c *Client) Stream(ctx context.Context, q SampleQuery, handle func(*StreamsReader) error) error {
	heartbeat := q.Heartbeat
	if heartbeat <= 0 {
		heartbeat = DefaultHeartbeat
	}
	v := q.values()
	v.Set("interval", strconv.FormatInt(max(0, q.Interval.Milliseconds()), 10))
	v.Set("heartbeat", strconv.FormatInt(max(1, heartbeat.Milliseconds()), 10))

	a, err := c.ask(ctx, "/sample", v, false)
	if err != nil {
		return c.failed("/sample", err)
	}
	defer a.close()
	boundary, ok := multipartBoundary(a.contentType)
	if !ok {
		return c.failed("/sample", c.notStreaming(a))
	}
	body, err := decode(a.body, a.encoding)
	if err != nil {
		return c.failed("/sample", err)
	}
	parts := newMultipartReader(body, boundary, c.options.Limits.Document)
	reader := c.readers.Get().(*StreamsReader)
	defer c.release(reader)
	for {
		document, err := c.nextDocument(a, parts, heartbeatPatience*heartbeat)
		if err != nil {
			return c.failed("/sample", err)
		}
		reader.Reset(document)
		if err := handle(reader); err != nil {
			return c.secrets.error(err)
		}
	}
}

// nextDocument waits for the next Streams document of a stream.
func (c *Client) nextDocument(a *answer, parts *multipartReader, patience time.Duration) (*bufio.Reader, error) {
	// What was left of the document before still has that one's time.
	if err := parts.skip(); err != nil {
		return nil, err
	}
	a.body.allow(patience, ErrHeartbeat)
	p, err := parts.next()
	if errors.Is(err, io.EOF) {
		return nil, ErrStreamEnded
	}
	if err != nil {
		return nil, err
	}
	a.body.allow(c.options.DocumentTimeout, c.options.slowDocument())
	decoded, err := p.decoded()
	if err != nil {
		return nil, err
	}
	document := bufio.NewReader(decoded)
	return document, c.checkRoot(document, a, rootStreams)
}

// notStreaming reads the single document that a request for a stream was
// answered with.
func (c *Client) notStreaming(a *answer) error {
	body, err := a.document()
	if err != nil {
		return err
	}
	err = c.checkRoot(body, a, rootStreams)
	var agent *AgentError
	switch {
	case err == nil:
		return fmt.Errorf("%w: it answered with a single document", ErrNotStreaming)
	case errors.As(err, &agent) && agent.refusesStreaming():
		return fmt.Errorf("%w: %w", ErrNotStreaming, err)
	default:
		return err
	}
}

// AssetsQuery says which assets to ask for.
type AssetsQuery struct {
	// IDs are the assets to ask for; empty for all.
	IDs []string
	// Type is the only type of asset to give, such as "CuttingTool".
	Type string
	// Removed asks for removed assets also.
	Removed bool
	// Count is the most assets to give; 0 for the agent's default of 100.
	Count int
}

// Assets asks for assets. Many agents have none and answer with an error.
func (c *Client) Assets(ctx context.Context, q AssetsQuery) (*Assets, error) {
	path := "/assets"
	if len(q.IDs) > 0 {
		escaped := make([]string, len(q.IDs))
		for i, id := range q.IDs {
			escaped[i] = url.PathEscape(id)
		}
		path += "/" + strings.Join(escaped, ";")
	}
	v := url.Values{}
	setText(v, "type", q.Type)
	if q.Removed {
		v.Set("removed", "true")
	}
	if q.Count != 0 {
		v.Set("count", strconv.Itoa(q.Count))
	}
	data, err := c.fetch(ctx, rootAssets, path, v)
	if err != nil {
		return nil, err
	}
	assets, err := ParseAssets(data, c.options.Limits.whole())
	if err != nil {
		return nil, c.failed(path, err)
	}
	return assets, nil
}

// single asks for one Streams document.
func (c *Client) single(ctx context.Context, path string, v url.Values, handle func(*StreamsReader) error) error {
	a, err := c.ask(ctx, path, v, true)
	if err != nil {
		return c.failed(path, err)
	}
	defer a.close()
	body, err := a.document()
	if err != nil {
		return c.failed(path, err)
	}
	if err := c.checkRoot(body, a, rootStreams); err != nil {
		return c.failed(path, err)
	}
	reader := c.readers.Get().(*StreamsReader)
	defer c.release(reader)
	reader.Reset(body)
	if err := handle(reader); err != nil {
		return c.secrets.error(err)
	}
	a.drain(body)
	return nil
}

// release makes a reader an idle one, which keeps nothing of its document.
func (c *Client) release(reader *StreamsReader) {
	reader.Reset(bytes.NewReader(nil))
	c.readers.Put(reader)
}

// fetch asks for a document and gives its bytes, once its root is the one that
// is wanted.
func (c *Client) fetch(ctx context.Context, root, path string, v url.Values) ([]byte, error) {
	a, err := c.ask(ctx, path, v, true)
	if err != nil {
		return nil, c.failed(path, err)
	}
	defer a.close()
	body, err := a.document()
	if err != nil {
		return nil, c.failed(path, err)
	}
	if err := c.checkRoot(body, a, root); err != nil {
		return nil, c.failed(path, err)
	}
	data, err := c.readWhole(body)
	if err != nil {
		return nil, c.failed(path, err)
	}
	a.drain(body)
	return data, nil
}

// readWhole gives the bytes of a document. What is wrong with XML is found as it
// comes, so that no more than that much is ever held of a document that is
// refused.
func (c *Client) readWhole(body *bufio.Reader) ([]byte, error) {
	limits := c.options.Limits.whole()
	if start, _ := body.Peek(1); len(start) == 1 && start[0] != '<' {
		return readAll(body, limits.Document)
	}
	var data bytes.Buffer
	var s scanner
	s.reset(io.TeeReader(body, &data), limits)
	for {
		switch _, err := s.next(); {
		case errors.Is(err, io.EOF):
			return data.Bytes(), nil
		case err != nil:
			return nil, err
		}
	}
}

// checkRoot looks at the root of a document, which decides what the document is
// (the HTTP status does not: agents of schema 1.x send errors with status 200).
// It returns nil for the root that is wanted, the error that an MTConnectError
// document holds, and an HTTPError for anything else.
func (c *Client) checkRoot(body *bufio.Reader, a *answer, want string) error {
	root, err := peekRoot(body)
	if err != nil {
		return err
	}
	switch root {
	case want, rootDeclared:
		return nil
	case rootError:
		data, err := readAll(body, c.options.Limits.whole().Document)
		if err != nil {
			return err
		}
		agent, err := ParseError(data, c.options.Limits.whole())
		if err != nil {
			return err
		}
		c.secrets.agent(agent)
		return agent
	default:
		return a.unexpected(body, want, c.secrets)
	}
}

// failed says which request an error belongs to.
func (c *Client) failed(path string, err error) error {
	return c.secrets.error(fmt.Errorf("%s%s: %w", c.base, path, err))
}

// readAll reads a document and one byte beyond the limit at most: whoever reads
// the bytes says where the limit was passed.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	var data bytes.Buffer
	_, err := data.ReadFrom(io.LimitReader(r, limit+1))
	return data.Bytes(), err
}

func setText(v url.Values, name, text string) {
	if text != "" {
		v.Set(name, text)
	}
}

func setNumber(v url.Values, name string, n uint64) {
	if n != 0 {
		v.Set(name, strconv.FormatUint(n, 10))
	}
}
