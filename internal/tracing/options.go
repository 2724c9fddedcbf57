package tracing

import (
	"cmp"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Options are what a Tracer needs.
type Options struct {
	// Endpoint is the URL that spans are sent to, Headers what goes with them.
	Endpoint string
	Headers  map[string]string
	// Service and Version name this program, Attributes say more of the process.
	Service, Version string
	Attributes       []slog.Attr
	// Ratio is the part of the traces that is kept, from 0 to 1: of those that begin
	// here, where who began one elsewhere has decided, or of All.
	Ratio float64
	All   bool
	// Client sends; http.DefaultClient where it is nil. Now is the clock, time.Now
	// where it is nil. Log takes what goes wrong.
	Client *http.Client
	Now    func() time.Time
	Log    *slog.Logger
}

// tracesPath is where a collector takes spans, below its address.
const tracesPath = "/v1/traces"

// FromEnvironment reads the variables that OpenTelemetry defines, as far as they mean
// something here. ok is false where no endpoint is set: then there are no traces.
// Invalid where one of them cannot be followed.
func FromEnvironment(getenv func(string) string) (o Options, ok bool, err error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return o, false, nil
	}
	switch {
	case getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "":
		o.Endpoint = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	case getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "":
		o.Endpoint = strings.TrimSuffix(getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), "/") + tracesPath
	default:
		return o, false, nil
	}
	if u, err := url.Parse(o.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return o, false, plant.Errorf(plant.Invalid, "OTEL_EXPORTER_OTLP_ENDPOINT: use the address of a collector such as http://127.0.0.1:4318")
	}
	if protocol := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), getenv("OTEL_EXPORTER_OTLP_PROTOCOL")); protocol == "grpc" {
		return o, false, plant.Errorf(plant.Invalid, "OTEL_EXPORTER_OTLP_PROTOCOL grpc: use http/json, and the collector's port for HTTP (4318)")
	}
	if o.Headers, err = pairs("OTEL_EXPORTER_OTLP_HEADERS", cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS"), getenv("OTEL_EXPORTER_OTLP_HEADERS"))); err != nil {
		return o, false, err
	}
	attributes, err := pairs("OTEL_RESOURCE_ATTRIBUTES", getenv("OTEL_RESOURCE_ATTRIBUTES"))
	if err != nil {
		return o, false, err
	}
	o.Service = cmp.Or(getenv("OTEL_SERVICE_NAME"), attributes["service.name"], "factorydash")
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		value := attributes[name]
		if name != "service.name" && name != "service.version" {
			o.Attributes = append(o.Attributes, slog.String(name, value))
		}
	}
	o.Ratio, err = ratio(getenv)
	sampler := getenv("OTEL_TRACES_SAMPLER")
	o.All = sampler != "" && !strings.HasPrefix(sampler, "parentbased_")
	return o, err == nil, err
}

// ratio reads which part of the traces is kept.
func ratio(getenv func(string) string) (float64, error) {
	switch sampler := getenv("OTEL_TRACES_SAMPLER"); sampler {
	case "", "always_on", "parentbased_always_on":
		return 1, nil
	case "always_off", "parentbased_always_off":
		return 0, nil
	case "traceidratio", "parentbased_traceidratio":
		text := cmp.Or(getenv("OTEL_TRACES_SAMPLER_ARG"), "1")
		r, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(r) || r < 0 || r > 1 {
			return 0, plant.Errorf(plant.Invalid, "OTEL_TRACES_SAMPLER_ARG %.50q: use a number from 0 to 1", text)
		}
		return r, nil
	default:
		return 0, plant.Errorf(plant.Invalid, "OTEL_TRACES_SAMPLER %.50q: use always_on, always_off or traceidratio", sampler)
	}
}

// pairs reads a list such as "a=1,b=2", whose values are escaped as in URLs. Its
// errors do not show the values, which may be secrets.
func pairs(variable, text string) (map[string]string, error) {
	all := make(map[string]string)
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		name, value, ok := strings.Cut(word, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || name == "" || err != nil {
			return nil, plant.Errorf(plant.Invalid, "%s: use name=value, separated by commas (the value is not shown, since it may be a secret)", variable)
		}
		all[name] = decoded
	}
	return all, nil
}
