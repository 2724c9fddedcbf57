package agent

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// params reads the parameters of a request and checks them against their
// ranges, in the words of the agents of the schema version.
type params struct {
	schema schema
	values url.Values
	// problem is the first one found; what is read after it means nothing.
	problem *problem
}

func (p *params) fail(pr *problem) {
	if p.problem == nil {
		p.problem = pr
	}
}

// unsigned reads a sequence number that must lie between low and high.
func (p *params) unsigned(name string, low, high uint64) (v uint64, given bool) {
	text := p.values.Get(name)
	if text == "" {
		return 0, false
	}
	v, err := strconv.ParseUint(text, 10, 64)
	// Numbers that are too large or negative are numbers still.
	tooLarge := errors.Is(err, strconv.ErrRange)
	if err != nil && p.schema.at(2, 0) {
		if _, negative := strconv.ParseInt(text, 10, 64); negative == nil {
			tooLarge = true
		}
	}
	switch {
	case tooLarge:
		v = math.MaxUint64
	case err != nil:
		p.fail(p.notANumber(name, text, "unsigned integer", "uint64"))
		return 0, true
	}
	if v < low || v > high || tooLarge {
		p.fail(p.schema.outOfRange(name, text, v < low, strconv.FormatUint(low, 10), strconv.FormatUint(high, 10),
			strconv.FormatUint(low-1, 10), strconv.FormatUint(high+1, 10)))
	}
	return v, true
}

// signed reads a number that must lie between low and high.
func (p *params) signed(name string, low, high int64) (v int64, given bool) {
	text := p.values.Get(name)
	if text == "" {
		return 0, false
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || v < 0 && !p.schema.at(2, 0) {
		p.fail(p.notANumber(name, text, "integer", "int32"))
		return 0, true
	}
	if v < low || v > high {
		p.fail(p.schema.outOfRange(name, text, v < low, strconv.FormatInt(low, 10), strconv.FormatInt(high, 10),
			strconv.FormatInt(low-1, 10), strconv.FormatInt(high+1, 10)))
	}
	return v, true
}

func (p *params) notANumber(name, text, kind, format string) *problem {
	if !p.schema.at(2, 0) {
		return newProblem(mtconnect.CodeOutOfRange, "'%s' must be a positive integer.", name)
	}
	pr := newProblem(codeInvalidParameterValue, "query parameter '%s': cannot convert string '%s' to %s", name, text, kind)
	pr.Parameter, pr.Value, pr.format, pr.kind = name, text, format, "integer"
	return pr
}

// outOfRange says that a parameter lies below low or above high; below and
// above are the next numbers, by which version 2 names the bounds.
func (s schema) outOfRange(name, text string, tooLow bool, low, high, below, above string) *problem {
	relation, bound := "less than "+above, "less than or equal to "+high
	if tooLow {
		relation, bound = "greater than "+below, "greater than or equal to "+low
	}
	if !s.at(2, 0) {
		return newProblem(mtconnect.CodeOutOfRange, "'%s' must be %s.", name, bound)
	}
	pr := newProblem(mtconnect.CodeOutOfRange, "'%s' must be %s", name, relation)
	pr.Parameter, pr.Value, pr.Minimum, pr.Maximum = name, text, low, high
	return pr
}

// maxNumber bounds interval and heartbeat, in milliseconds, and the count of
// assets, as in agents of version 2.
const maxNumber = math.MaxInt32 - 1

// query is a current or sample request.
type query struct {
	from, to  uint64 // zero where not given
	at        uint64
	count     int // negative: backwards
	streaming bool
	interval  time.Duration
	heartbeat time.Duration
	items     filter
	// device and path are what items was made of, to make it anew where the
	// model changes during a stream.
	device, path string
}

// currentQuery reads the parameters of a current request.
func (p *params) currentQuery(first, next uint64) query {
	var q query
	q.at, _ = p.unsigned("at", first, max(next, 1)-1)
	q.interval, q.streaming = p.interval(1)
	if q.at != 0 && q.streaming && !p.schema.at(2, 0) {
		p.fail(newProblem(mtconnect.CodeInvalidRequest,
			"You cannot specify both the at and frequency arguments to a current request"))
	}
	return q
}

// sampleQuery reads the parameters of a sample request.
func (p *params) sampleQuery(first, next, bufferSize uint64) query {
	q := query{count: defaultCount, heartbeat: defaultHeartbeat}
	size := int64(min(bufferSize, math.MaxInt32))
	var given bool
	if q.from, given = p.unsigned("from", first, next); !given && !p.schema.at(2, 0) {
		q.from, _ = p.unsigned("start", first, next)
	}
	q.interval, q.streaming = p.interval(0)
	if !p.schema.at(2, 0) {
		if n, given := p.signed("count", 1, size); given {
			q.count = int(n)
		}
		if n, given := p.signed("heartbeat", 10, 600_000); given {
			q.heartbeat = time.Duration(n) * time.Millisecond
		}
		return q
	}
	q.to, given = p.unsigned("to", max(q.from, first)+1, next)
	low := -size
	if given || q.streaming {
		low = 1
	}
	if n, ok := p.signed("count", low, size); ok {
		q.count = int(n)
		if n == 0 && p.problem == nil {
			p.fail(p.zeroCount(low, size))
		}
	}
	if n, ok := p.signed("heartbeat", 2, maxNumber); ok {
		q.heartbeat = time.Duration(n) * time.Millisecond
	}
	return q
}

func (p *params) zeroCount(low, high int64) *problem {
	pr := newProblem(mtconnect.CodeOutOfRange, "'count' must not be zero(0)")
	pr.Parameter, pr.Value = "count", "0"
	pr.Minimum, pr.Maximum = strconv.FormatInt(low, 10), strconv.FormatInt(high, 10)
	return pr
}

func (p *params) interval(low int64) (time.Duration, bool) {
	n, given := p.signed("interval", low, maxNumber)
	if !given && !p.schema.at(2, 0) {
		n, given = p.signed("frequency", low, maxNumber)
	}
	return time.Duration(n) * time.Millisecond, given
}

// route is what the path of a request asks for.
type route struct {
	request string // probe, current, sample or asset
	device  string // empty for all
	assets  []string
}

// route finds out what a request path asks for; known tells the devices.
func (s schema) route(path string, known func(string) bool) (route, *problem) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	request := func(i int) string {
		switch parts[i] {
		case "probe", "current", "sample", "asset":
			return parts[i]
		case "assets":
			return "asset"
		}
		return ""
	}
	switch first := parts[0]; {
	case len(parts) == 1 && first == "":
		return route{request: "probe"}, nil
	case len(parts) == 1 && request(0) != "":
		return route{request: request(0)}, nil
	case len(parts) == 1 && known(first):
		return route{request: "probe", device: first}, nil
	case len(parts) == 2 && request(0) == "asset":
		return route{request: "asset", assets: strings.Split(parts[1], ";")}, nil
	case len(parts) == 2 && first != "" && request(1) != "":
		return s.deviceRoute(request(1), first, known)
	case !s.at(2, 0):
		return route{}, newProblem(mtconnect.CodeUnsupported, "The following path is invalid: %s", path)
	default:
		return route{}, newProblem(mtconnect.CodeInvalidURI, "Cannot find handler for: GET %s", path)
	}
}

func (s schema) deviceRoute(request, device string, known func(string) bool) (route, *problem) {
	switch {
	case known(device):
		return route{request: request, device: device}, nil
	case !s.at(2, 0) && (request == "current" || request == "sample"):
		return route{}, newProblem(mtconnect.CodeInvalidXPath,
			"The path could not be parsed. Invalid syntax: //Devices/Device[@name=\"%s\"]", device)
	default:
		pr := newProblem(mtconnect.CodeNoDevice, "Could not find the device '%s'", device)
		pr.Request = requestNames[request]
		return route{}, pr
	}
}

// requestNames are what errors call a request: the document it is answered
// with.
var requestNames = map[string]string{
	"probe": "MTConnectDevices", "current": "MTConnectStreams",
	"sample": "MTConnectStreams", "asset": "MTConnectAssets",
}

// badPath says that a path cannot be followed.
func badPath(path string, reason error) *problem {
	if errors.Is(reason, errPathCost) {
		return newProblem(mtconnect.CodeInvalidXPath, "%v: %s", reason, path)
	}
	return newProblem(mtconnect.CodeInvalidXPath, "The path could not be parsed. Invalid syntax: %s", path)
}
