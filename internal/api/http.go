package api

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/factorydash/factorydash/internal/plant"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

// Handler gives the API with the event stream, for requests below Prefix. It
// answers with JSON, and with problems after RFC 9457.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	api := humago.New(mux, config(s.version))
	api.UseMiddleware(s.measure, checkParams(api))
	s.routes(api)
	describe(api.OpenAPI())
	document, err := json.Marshal(api.OpenAPI())
	if err != nil {
		panic("api: the OpenAPI document cannot be written: " + err.Error()) // Its types are fixed.
	}
	mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(document) // An error means that the client has gone.
	})
	mux.HandleFunc("GET "+Prefix+"/stream", s.stream)
	mux.HandleFunc("GET "+Prefix+"/items/{id}/observations.csv", s.observationsCSV)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeProblem(w, http.StatusMethodNotAllowed, "The API is for reading: use GET.")
			return
		}
		writeProblem(w, http.StatusNotFound, "There is nothing at "+quote(r.URL.Path)+"; "+Prefix+"/openapi.json says what there is.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // Nothing is to be kept, and no error either.
		mux.ServeHTTP(w, r)
	})
}

// config makes the API JSON alone, without pages that load things from
// elsewhere.
func config(version string) huma.Config {
	c := huma.DefaultConfig("factorydash", cmp.Or(version, "dev"))
	c.Info.Description = "Machines, what is known of them now, and every observation that is stored."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	format := huma.Format{Marshal: writeJSON, Unmarshal: json.Unmarshal}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	c.AllowAdditionalPropertiesByDefault = true // Clients shall bear new fields.
	return c
}

// writeJSON writes an answer: by hand where it can be, since encoding/json takes
// longer for a page of observations than all else.
func writeJSON(w io.Writer, v any) error {
	if v, ok := v.(interface{ writeJSON(w io.Writer) error }); ok {
		return v.writeJSON(w)
	}
	return huma.DefaultJSONFormat.Marshal(w, v)
}

// describe puts into the OpenAPI document what huma does not see.
func describe(document *huma.OpenAPI) {
	document.AddOperation(streamOperation())
	document.AddOperation(csvOperation())
	schemas := document.Components.Schemas.Map()
	// Numbers that JavaScript cannot hold are written as strings.
	for _, p := range [][2]string{
		{"Item", "sequence"},
		{"Gap", "instance"},
		{"Agent", "instanceId"},
		{"Cycle", "sequence"},
		{"PartStep", "sequence"},
		{"WhyInput", "sequence"},
		{"WhyInput", "instance"},
	} {
		*schemas[p[0]].Properties[p[1]] = huma.Schema{Type: huma.TypeString, Pattern: "^[0-9]+$"}
	}
	// Lists may be empty and are never null.
	for _, path := range document.Paths {
		for _, p := range path.Get.Parameters {
			p.Schema.Nullable = false
		}
	}
	for _, schema := range schemas {
		for _, p := range schema.Properties {
			for ; p != nil && p.Type == huma.TypeArray; p = p.Items {
				p.Nullable = false
			}
		}
	}
	// Only conditions have what an alarm has.
	record := schemas["Record"]
	record.Required = slices.DeleteFunc(record.Required, func(property string) bool {
		_, ok := reflect.TypeFor[Alarm]().FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, property) })
		return ok
	})
}

// measure counts requests by route.
func (s *Service) measure(ctx huma.Context, next func(huma.Context)) {
	began := s.now()
	next(ctx)
	status := strconv.Itoa(ctx.Status()/100) + "xx"
	s.metrics.requests.WithLabelValues(ctx.Operation().Path, status).Observe(s.now().Sub(began).Seconds())
}

// The parameters of requests, with their bounds from limits.go. They are
// exported because huma leaves out what it finds embedded and unexported.
type (
	// SlugParam names a machine.
	SlugParam struct {
		Slug string `path:"slug" maxLength:"200" doc:"The machine's slug, as the list of machines gives it"`
	}
	// NameParam names an agent.
	NameParam struct {
		Name string `path:"name" maxLength:"64" doc:"The agent's name"`
	}
	// IDParam names a data item.
	IDParam struct {
		ID int32 `path:"id" minimum:"1" doc:"The data item's number, as the machine's data items give it"`
	}
	// PageParams ask for a page of a list.
	PageParams struct {
		After string `query:"after" maxLength:"200" doc:"The next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many entries the page has at most"`
	}
	// ItemParams ask for data items.
	ItemParams struct {
		Q        string `query:"q" maxLength:"200" doc:"Words, at most 10" example:"mill spindle load"`
		Machine  string `query:"machine" maxLength:"200" doc:"The slug of a machine, for its data items alone"`
		Category string `query:"category" enum:"SAMPLE,EVENT,CONDITION" doc:"For data items of one category"`
		PageParams
	}
	// AtParam asks for a moment of the past.
	AtParam struct {
		At string `query:"at" format:"date-time" maxLength:"64" doc:"A moment of the past by the agent's timestamps, as RFC 3339" example:"2026-01-31T08:00:00Z"`
	}
	// RangeParams ask for a range of time.
	RangeParams struct {
		From string `query:"from" format:"date-time" maxLength:"64" doc:"The first time of the agent's timestamps, as RFC 3339; one hour before the end where it is left out" example:"2026-01-31T08:00:00Z"`
		To   string `query:"to" format:"date-time" maxLength:"64" doc:"The time behind the last one, as RFC 3339" example:"2026-01-31T09:00:00Z"`
	}
	// ObservationParams ask for a page of observations.
	ObservationParams struct {
		RangeParams
		After string `query:"after" maxLength:"200" doc:"The next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"How many observations the page has at most"`
	}
)

// answer is an answer with a body.
type answer[T any] struct{ Body T }

// routes registers what can be asked.
func (s *Service) routes(api huma.API) {
	get(s, api, "/agents", "agents", "List the agents", "Agents by name, with how their reading goes.",
		func(ctx context.Context, p *PageParams) (Page[Agent], error) {
			agents, err := s.Agents(ctx)
			return cut(agents, p, func(a Agent) string { return a.Name }), err
		})
	get(s, api, "/agents/{name}", "agents", "One agent", "An agent with how its reading goes.",
		func(ctx context.Context, p *NameParam) (Agent, error) { return s.Agent(ctx, p.Name) })
	get(s, api, "/agents/{name}/health", "agents", "How an agent tells",
		"Data items never observed, stale, flapping to UNAVAILABLE, running backwards in time; found among the newest observations of the agent, whose range is given.",
		func(ctx context.Context, p *NameParam) (AgentHealth, error) { return s.AgentHealth(ctx, p.Name) })
	get(s, api, "/agents/{name}/models", "agents", "Versions of an agent's device models", "The newest versions, each with what it changed in the one before.",
		func(ctx context.Context, p *NameParam) (modelVersions, error) {
			versions, err := s.AgentModels(ctx, p.Name)
			return modelVersions{versions}, err
		})
	get(s, api, "/agents/{name}/gaps", "agents", "Gaps of an agent", "What is missing of an agent's observations and why, the newest first.",
		func(ctx context.Context, p *struct {
			NameParam
			PageParams
		},
		) (Page[Gap], error) {
			return s.Gaps(ctx, GapQuery{Agent: p.Name, After: p.After, Limit: p.Limit})
		})
	get(s, api, "/gaps", "agents", "All gaps", "What is missing of all agents' observations and why, the newest first.",
		func(ctx context.Context, p *PageParams) (Page[Gap], error) {
			return s.Gaps(ctx, GapQuery{After: p.After, Limit: p.Limit})
		})
	s.alarmRoutes(api)
	get(s, api, "/store", "store", "The store", "How much is stored, for how long it is kept, and what of it was found damaged.",
		func(ctx context.Context, _ *struct{}) (Store, error) { return s.Store(ctx) })
	get(s, api, "/system", "system", "The installation", "Who captures, how the jobs go, what is stored. What could not be had is left out, and missing says why.",
		func(ctx context.Context, _ *struct{}) (System, error) { return s.System(ctx) })
	get(s, api, "/machines", "machines", "List the machines",
		"Machines by slug, with what they are doing; with at, with what they were doing at that moment: then the state is empty where it is not known.",
		func(ctx context.Context, p *struct {
			PageParams
			AtParam
		},
		) (Page[Machine], error) {
			machines, err := s.machinesAt(ctx, parseTime(p.At))
			return cut(machines, &p.PageParams, func(m Machine) string { return m.Slug }), err
		})
	get(s, api, "/machines/{slug}", "machines", "One machine", "A machine with what it is doing and all its data items.",
		func(ctx context.Context, p *SlugParam) (MachineDetail, error) { return s.Machine(ctx, p.Slug) })
	get(s, api, "/machines/{slug}/current", "machines", "Current values",
		"What is known now of each of a machine's data items; with at, what was known at that moment: the last observation of each data item up to it, "+
			"and what the machine was doing. What was said before a gap of the ledger is not known behind it.",
		func(ctx context.Context, p *struct {
			SlugParam
			AtParam
		},
		) (Current, error) {
			return s.Current(ctx, p.Slug, parseTime(p.At))
		})
	get(s, api, "/machines/{slug}/observations", "observations", "Observations of a machine", "A machine's observations as they were received, in order of time.",
		func(ctx context.Context, p *struct {
			SlugParam
			ObservationParams
			Item string `query:"item" maxLength:"1000" doc:"The agent's id of a data item, for the observations of that one"`
		},
		) (observationPage, error) {
			return s.observations(ctx, p.ObservationParams, ObservationQuery{Machine: p.Slug, DataItem: p.Item})
		})
	s.workRoutes(api)
	s.stateRoutes(api)
	get(s, api, "/items", "items", "Find data items", "Data items of all machines that have every word of q in their id, name, type, subtype, component or units, or in the name of their machine: "+
		"those with that id or name first, then those in which the words stand whole or at the beginning of a word.",
		func(ctx context.Context, p *ItemParams) (Page[ItemEntry], error) {
			return s.Items(ctx, ItemQuery{Text: p.Q, Machine: p.Machine, Category: p.Category, After: p.After, Limit: p.Limit})
		})
	get(s, api, "/items/{id}", "items", "One data item", "A data item with its machine.",
		func(ctx context.Context, p *IDParam) (ItemEntry, error) { return s.Item(ctx, plant.ItemID(p.ID)) })
	get(s, api, "/items/{id}/statistics", "items", "Statistics of a data item",
		"What is to be said of all observations of a data item over a range: of numbers their extremes, means and percentiles, of events and conditions for how long each value held, and which share of the range is known.",
		func(ctx context.Context, p *struct {
			IDParam
			RangeParams
		},
		) (Statistics, error) {
			return s.Statistics(ctx, StatisticsQuery{Item: plant.ItemID(p.ID), From: p.from(), To: p.to()})
		})
	get(s, api, "/items/{id}/observations", "observations", "Observations of a data item", "A data item's observations as they were received, in order of time.",
		func(ctx context.Context, p *struct {
			IDParam
			ObservationParams
		},
		) (observationPage, error) {
			return s.observations(ctx, p.ObservationParams, ObservationQuery{Item: plant.ItemID(p.ID)})
		})
	get(s, api, "/items/{id}/series", "observations", "Series of a data item", "A data item's observations thinned to what a chart can show, without losing peaks and gaps.",
		func(ctx context.Context, p *struct {
			IDParam
			RangeParams
			Points int `query:"points" minimum:"4" maximum:"5000" default:"1000" doc:"How many points there may be where no value became unknown"`
		},
		) (Series, error) {
			return s.Series(ctx, SeriesQuery{Item: plant.ItemID(p.ID), From: p.from(), To: p.to(), Points: p.Points})
		})
}

// machinesAt gives the machines now, where at is zero, and otherwise as they were.
func (s *Service) machinesAt(ctx context.Context, at time.Time) ([]Machine, error) {
	if at.IsZero() {
		return s.Machines(ctx)
	}
	return s.MachinesAt(ctx, at)
}

func (s *Service) observations(ctx context.Context, p ObservationParams, q ObservationQuery) (observationPage, error) {
	q.From, q.To, q.After, q.Limit = p.from(), p.to(), p.After, p.Limit
	return s.observationPage(ctx, q)
}

// from and to give the times, which have been checked; zero where they are left
// out.
func (p RangeParams) from() time.Time { return parseTime(p.From) }
func (p RangeParams) to() time.Time   { return parseTime(p.To) }

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// get registers a question with what answers it.
func get[I, O any](s *Service, api huma.API, path, tag, summary, description string, ask func(context.Context, *I) (O, error)) {
	huma.Register(api, huma.Operation{
		OperationID: operationID(path), Method: http.MethodGet, Path: Prefix + path,
		Summary: summary, Description: description, Tags: []string{tag},
		Errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *I) (*answer[O], error) {
		ctx, cancel := context.WithTimeout(ctx, QueryTimeout)
		defer cancel()
		out, err := ask(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, path, err)
		}
		return &answer[O]{out}, nil
	})
}

// operationID names an operation in generated clients: machines-slug-current.
func operationID(path string) string {
	return strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path[1:])
}

// cut gives the page of a list, by a name that each entry has to itself.
func cut[T any](all []T, p *PageParams, name func(T) string) Page[T] {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	start, found := slices.BinarySearchFunc(all, p.After, func(e T, after string) int { return cmp.Compare(name(e), after) })
	if found {
		start++
	}
	page := Page[T]{Items: all[start:]}
	if len(page.Items) > p.Limit {
		page.Items = page.Items[:p.Limit]
		page.Next = name(page.Items[p.Limit-1])
	}
	return page
}
