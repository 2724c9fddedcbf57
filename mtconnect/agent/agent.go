package agent

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// Defaults of requests and of [Options].
const (
	defaultCount     = 100
	defaultHeartbeat = 10 * time.Second

	// DefaultMaxStreams is how many streams an agent serves at a time.
	DefaultMaxStreams = 256
	// DefaultMaxPath is the length that a path parameter may have, in bytes.
	DefaultMaxPath = 2048
	// DefaultPathSteps is how many steps through the device models following a
	// path may take; some tenths of a second.
	DefaultPathSteps = 10_000_000
	// DefaultMaxCount is how many observations a document may hold.
	DefaultMaxCount = 100_000
	// DefaultWriteTimeout is how long writing one document may take.
	DefaultWriteTimeout = 30 * time.Second

	// maxKeptBuffer is the largest document whose memory is kept for the next.
	maxKeptBuffer = 16 << 20
	// maxAssetIDs is how many assets a request may name.
	maxAssetIDs = 1000
)

// Options are the settings of an [Agent]. A zero field means the default.
type Options struct {
	// Namespaces declares the prefixes that vendors' types and components
	// have. An element whose prefix is not among them is served without it.
	Namespaces []Namespace
	// MaxStreams is how many streams are served at a time. A client beyond it
	// is answered with TOO_MANY.
	MaxStreams int
	// MaxPath is the length that the parameter path may have, in bytes.
	MaxPath int
	// PathSteps is how many steps through the device models following a path
	// may take.
	PathSteps int
	// MaxCount is how many observations a document may hold. A client that asks
	// for more gets as many, and goes on from nextSequence.
	MaxCount int
	// WriteTimeout is how long writing one document may take, after which the
	// connection is closed.
	WriteTimeout time.Duration
	// Logger is told of errors of the source, which a client does not get to
	// see (default none).
	Logger *slog.Logger
	// Now is the clock of headers (default [time.Now]).
	Now func() time.Time
}

// Namespace is an XML namespace beside the standard's, such as
// {"x", "urn:example.com:Shop:1.3"}.
type Namespace struct{ Prefix, URI string }

// Agent answers the requests of the MTConnect REST protocol from a [Source].
// It is an [http.Handler] and safe for concurrent use.
//
// Streams end when the context of their request is done or the agent is
// closed: hand [Agent.Close] to [http.Server.RegisterOnShutdown].
type Agent struct {
	source  Source
	options Options
	cached  atomic.Pointer[model]
	pool    sync.Pool // of *buffers
	streams chan struct{}
	closed  chan struct{}
	close   sync.Once
}

// buffers is the memory that making a document needs.
type buffers struct {
	doc   []byte
	batch batch
}

// New makes an agent over a source. Namespaces whose prefix is not a name, is
// taken by the protocol or stands twice are left out.
func New(source Source, o Options) *Agent {
	o.MaxStreams = cmp.Or(max(o.MaxStreams, 0), DefaultMaxStreams)
	o.MaxPath = cmp.Or(max(o.MaxPath, 0), DefaultMaxPath)
	o.PathSteps = cmp.Or(max(o.PathSteps, 0), DefaultPathSteps)
	o.MaxCount = cmp.Or(max(o.MaxCount, 0), DefaultMaxCount)
	o.WriteTimeout = cmp.Or(max(o.WriteTimeout, 0), DefaultWriteTimeout)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var namespaces []Namespace
	for _, n := range o.Namespaces {
		reserved := n.Prefix == "m" || n.Prefix == "xsi" || strings.HasPrefix(strings.ToLower(n.Prefix), "xml")
		twice := slices.ContainsFunc(namespaces, func(b Namespace) bool { return b.Prefix == n.Prefix })
		if isName(n.Prefix) && n.URI != "" && !reserved && !twice {
			namespaces = append(namespaces, n)
		}
	}
	o.Namespaces = namespaces
	return &Agent{
		source: source, options: o,
		pool:    sync.Pool{New: func() any { return new(buffers) }},
		streams: make(chan struct{}, o.MaxStreams),
		closed:  make(chan struct{}),
	}
}

// Close ends all streams. Requests that are no streams go on being answered.
func (a *Agent) Close() { a.close.Do(func() { close(a.closed) }) }

// model gives what is made of the device models, anew where they changed.
func (a *Agent) model() (*model, error) {
	info := a.source.Info()
	m := a.cached.Load()
	if m != nil && m.changed.Equal(info.ModelChanged) && m.schema.String() == info.SchemaVersion {
		return m, nil
	}
	s, err := parseSchema(info.SchemaVersion)
	if err != nil {
		return nil, err
	}
	m = newModel(s, info.ModelChanged, a.source.Devices(), a.options.Namespaces)
	a.cached.Store(m)
	return m, nil
}

// header gives the header of a document made now.
func (a *Agent) header() header {
	h := header{Info: a.source.Info()}
	h.created = a.options.Now().Add(h.ClockSkew)
	h.first, h.next = a.source.Bounds()
	h.last = max(h.next, 1) - 1
	h.assets = a.source.Assets()
	return h
}

// exchange is one request and its answer.
type exchange struct {
	agent *Agent
	w     http.ResponseWriter
	r     *http.Request
	model *model
	route route
	buf   *buffers
}

// ServeHTTP answers a request.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, err := a.model()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	buf := a.pool.Get().(*buffers)
	defer func() {
		if cap(buf.doc) <= maxKeptBuffer {
			buf.batch.reset()
			a.pool.Put(buf)
		}
	}()
	x := &exchange{agent: a, w: w, r: r, model: m, buf: buf}
	if err := x.answer(); err != nil {
		x.refuse(err)
	}
}

// answer answers the request, or says why it cannot. Once writing has begun it
// returns nil.
func (x *exchange) answer() error {
	s := x.model.schema
	if x.r.Method != http.MethodGet {
		if !s.at(2, 0) {
			return newProblem(mtconnect.CodeUnsupported, "Only the HTTP GET and PUT requests are supported")
		}
		return newProblem(mtconnect.CodeInvalidURI, "Cannot find handler for: %s %s", x.r.Method, x.r.URL.Path)
	}
	rt, pr := s.route(x.r.URL.Path, func(name string) bool { return x.model.device(name) != nil })
	if pr != nil {
		return pr
	}
	x.route = rt
	switch rt.request {
	case "probe":
		return x.probe()
	case "asset":
		return x.assets()
	default:
		return x.observations()
	}
}

func (x *exchange) probe() error {
	h := x.agent.header()
	var d *deviceModel
	if x.route.device != "" {
		d = x.model.device(x.route.device)
	}
	x.buf.doc = x.agent.appendProbe(x.buf.doc[:0], x.model, &h, d)
	x.write(http.StatusOK)
	return nil
}

// observations answers a current or sample request.
func (x *exchange) observations() error {
	a := x.agent
	p := params{schema: x.model.schema, values: x.r.URL.Query()}
	first, next := a.source.Bounds()
	var q query
	if x.route.request == "current" {
		q = p.currentQuery(first, next)
	} else {
		q = p.sampleQuery(first, next, a.source.Info().BufferSize)
	}
	if p.problem != nil {
		return p.problem
	}
	q.device, q.path = x.route.device, p.values.Get("path")
	var err error
	if q.items, err = a.selectItems(x.model, &q); err != nil {
		return err
	}
	if q.streaming {
		return x.stream(&q)
	}
	var h header
	if x.route.request == "current" {
		h, err = a.current(x.r.Context(), x.model, &q, &x.buf.batch)
	} else {
		h, err = a.page(x.r.Context(), x.model, &q, &x.buf.batch)
	}
	if err != nil {
		return err
	}
	x.buf.doc = a.appendStreams(x.buf.doc[:0], x.model, &h, &x.buf.batch)
	x.write(http.StatusOK)
	return nil
}

// selectItems gives the data items that a request is about.
func (a *Agent) selectItems(m *model, q *query) (filter, error) {
	if len(q.path) > a.options.MaxPath {
		return nil, newProblem(mtconnect.CodeInvalidXPath, "The path is longer than %d bytes", a.options.MaxPath)
	}
	var d *deviceModel
	if q.device != "" {
		if d = m.device(q.device); d == nil {
			return nil, newProblem(mtconnect.CodeNoDevice, "Could not find the device '%s'", q.device)
		}
	}
	f, err := m.selectItems(d, q.path, a.options.PathSteps)
	if err != nil {
		return nil, badPath(q.path, err)
	}
	return f, nil
}

// assets answers an asset request.
func (x *exchange) assets() error {
	p := params{schema: x.model.schema, values: x.r.URL.Query()}
	count := int64(len(x.agent.source.Assets()))
	if n, given := p.signed("count", 1, maxNumber); given {
		count = n
	}
	if p.problem != nil {
		return p.problem
	}
	var uuid string
	if name := cmp.Or(x.route.device, p.values.Get("device")); name != "" {
		d := x.model.device(name)
		if d == nil {
			return newProblem(mtconnect.CodeNoDevice, "Could not find the device '%s'", name)
		}
		uuid = d.uuid
	}
	ids := x.route.assets
	if list := p.values.Get("assetIds"); len(ids) == 0 && list != "" {
		ids = strings.Split(list, ";")
	}
	var found []mtconnect.Asset
	if len(ids) > 0 {
		var err error
		if found, err = x.assetsByID(ids); err != nil {
			return err
		}
	} else {
		found = selectAssets(x.agent.source.Assets(), uuid, p.values.Get("type"), p.values.Get("removed") == "true", int(count))
	}
	h := x.agent.header()
	x.buf.doc = x.agent.appendAssets(x.buf.doc[:0], x.model, &h, found)
	x.write(http.StatusOK)
	return nil
}

func selectAssets(all []mtconnect.Asset, uuid, kind string, removed bool, count int) []mtconnect.Asset {
	var found []mtconnect.Asset
	for _, a := range all {
		if len(found) < count && (removed || !a.Removed) && (kind == "" || a.Type == kind) &&
			(uuid == "" || a.DeviceUUID == uuid) {
			found = append(found, a)
		}
	}
	return found
}

func (x *exchange) assetsByID(ids []string) ([]mtconnect.Asset, error) {
	if len(ids) > maxAssetIDs {
		return nil, newProblem(mtconnect.CodeTooMany, "More than %d assets were asked for", maxAssetIDs)
	}
	all := x.agent.source.Assets()
	var found []mtconnect.Asset
	for n, id := range ids {
		if slices.Contains(ids[:n], id) {
			continue // once is enough: a short request makes no long answer
		}
		i := slices.IndexFunc(all, func(a mtconnect.Asset) bool { return a.ID == id })
		if i < 0 {
			verb := "Cannot"
			if !x.model.schema.at(2, 0) {
				verb = "Could not"
			}
			pr := newProblem(mtconnect.CodeAssetNotFound, "%s find asset: %s", verb, id)
			pr.assetID = id
			return nil, pr
		}
		found = append(found, all[i])
	}
	return found, nil
}

// problem makes a problem of an error, with what the request was.
func (x *exchange) problem(err error) *problem {
	var pr *problem
	switch {
	case errors.As(err, &pr):
	case errors.Is(err, mtconnect.CodeOutOfRange):
		pr = newProblem(mtconnect.CodeOutOfRange, "%v", err)
	case x.r.Context().Err() != nil:
		pr = newProblem(mtconnect.CodeInternalError, "The request was given up")
	default:
		x.agent.options.Logger.ErrorContext(x.r.Context(), "source failed", "request", x.r.URL.Path, "error", err)
		pr = newProblem(mtconnect.CodeInternalError, "The agent cannot read its data")
	}
	pr.URI = x.r.URL.RequestURI()
	if pr.Code != codeInvalidParameterValue && pr.Request == "" {
		pr.Request = requestNames[x.route.request]
	}
	return pr
}

// refuse answers with an error document.
func (x *exchange) refuse(err error) {
	pr := x.problem(err)
	h := x.agent.header()
	x.buf.doc = x.agent.appendProblem(x.buf.doc[:0], x.model, &h, pr)
	x.write(pr.status(x.model.schema))
}

// contentType gives the type of an XML document.
func (s schema) contentType() string {
	if s.at(2, 0) {
		return "application/xml"
	}
	return "text/xml"
}

// write sends the document in the buffer. An error of the connection is the
// client's loss and goes nowhere.
func (x *exchange) write(status int) {
	x.limitWrite()
	head := x.w.Header()
	head.Set("Content-Type", x.model.schema.contentType())
	head.Set("Content-Length", strconv.Itoa(len(x.buf.doc)))
	head.Set("Cache-Control", "no-store, max-age=0")
	head.Set("Expires", "-1")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(x.buf.doc)
}

// limitWrite gives the writes that follow the time that a document has. Not
// every connection has deadlines: those that have none do without.
func (x *exchange) limitWrite() {
	deadline := time.Now().Add(x.agent.options.WriteTimeout)
	_ = http.NewResponseController(x.w).SetWriteDeadline(deadline)
}
