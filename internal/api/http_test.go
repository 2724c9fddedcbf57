package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// ask gives the status, the content type and the body of an answer.
func (w *world) ask(t *testing.T, method, path string) (status int, contentType string, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), body
}

// get reads an answer that must be good.
func get[T any](t *testing.T, w *world, path string) T {
	t.Helper()
	status, contentType, body := w.ask(t, http.MethodGet, path)
	if status != http.StatusOK || contentType != "application/json" {
		t.Fatalf("GET %s: %d, %s: %s", path, status, contentType, body)
	}
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, body)
	}
	return v
}

// samples counts the samples of a metric.
func (w *world) samples(t *testing.T, name string) int {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return len(f.GetMetric())
		}
	}
	return 0
}

func TestOpenAPI(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	status, contentType, body := w.ask(t, http.MethodGet, "/api/v1/openapi.json")
	if status != http.StatusOK || contentType != "application/openapi+json" {
		t.Fatalf("%d, %s", status, contentType)
	}
	var document struct {
		OpenAPI string                    `json:"openapi"`
		Info    struct{ Version string }  `json:"info"`
		Paths   map[string]map[string]any `json:"paths"`

		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Type any }
				Required   []string
			}
		}
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1.") || document.Info.Version != "1.2.3" {
		t.Errorf("OpenAPI %s of version %s", document.OpenAPI, document.Info.Version)
	}
	var got []string
	for path, methods := range document.Paths {
		for method := range methods {
			got = append(got, method+" "+path)
		}
	}
	slices.Sort(got)
	want := []string{
		"get /api/v1/agents",
		"get /api/v1/agents/{name}",
		"get /api/v1/agents/{name}/gaps",
		"get /api/v1/agents/{name}/health", "get /api/v1/agents/{name}/models",
		"get /api/v1/alarms",
		"get /api/v1/alarms/health",
		"get /api/v1/alarms/{id}",
		"get /api/v1/gaps",
		"get /api/v1/items",
		"get /api/v1/items/{id}",
		"get /api/v1/items/{id}/observations",
		"get /api/v1/items/{id}/observations.csv",
		"get /api/v1/items/{id}/series",
		"get /api/v1/items/{id}/statistics",
		"get /api/v1/machines",
		"get /api/v1/machines/{slug}",
		"get /api/v1/machines/{slug}/current",
		"get /api/v1/machines/{slug}/cycles",
		"get /api/v1/machines/{slug}/lane",
		"get /api/v1/machines/{slug}/observations",
		"get /api/v1/machines/{slug}/parts", "get /api/v1/machines/{slug}/paths", "get /api/v1/machines/{slug}/usual", "get /api/v1/machines/{slug}/why",
		"get /api/v1/production", "get /api/v1/shift/parts", "get /api/v1/shift/usual",
		"get /api/v1/store",
		"get /api/v1/stream",
		"get /api/v1/system", "get /api/v1/timeline",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	schemas := document.Components.Schemas
	if kind := schemas["Item"].Properties["sequence"].Type; kind != "string" {
		t.Errorf("a sequence is a %v, want a string, which JavaScript can hold", kind)
	}
	for name, schema := range schemas {
		for property, p := range schema.Properties {
			if kinds, ok := p.Type.([]any); ok && slices.Contains(kinds, any("array")) {
				t.Errorf("the list %s.%s is one of %v", name, property, kinds)
			}
		}
	}
	if items := schemas["PageMachine"].Properties["items"]; items.Type != "array" {
		t.Errorf("the machines are a %v, want an array", items.Type)
	}
	want = []string{"agent", "instance", "sequence", "time", "device", "dataItem", "category", "type", "subType", "name", "value"}
	if diff := cmp.Diff(want, schemas["Record"].Required); diff != "" {
		t.Errorf("required of a record (-want +got):\n%s", diff)
	}
}

func TestHTTPLists(t *testing.T) {
	f := newFake()
	f.devices = append(f.devices, plant.Device{ID: 3, Agent: 2, Slug: "lathe", Name: "A lathe", Present: true},
		plant.Device{ID: 4, Agent: 2, Slug: "gone", Name: "Gone"})
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	w.publish(state(0, plant.Idle), number(load, 0, 3))

	page := get[api.Page[api.Machine]](t, w, "/api/v1/machines?limit=1")
	if len(page.Items) != 1 || page.Items[0].Slug != "lathe" || page.Next == "" {
		t.Errorf("first page of machines: %+v", page)
	}
	page = get[api.Page[api.Machine]](t, w, "/api/v1/machines?limit=1&after="+page.Next)
	if len(page.Items) != 1 || page.Items[0].Slug != "mill" || page.Next != "" {
		t.Errorf("second page of machines: %+v", page)
	}
	if page := get[api.Page[api.Machine]](t, w, "/api/v1/machines?after=zzz"); page.Items == nil || len(page.Items) != 0 {
		t.Errorf("page behind the last: %+v", page)
	}
	if m := get[api.MachineDetail](t, w, "/api/v1/machines/mill"); m.State != "idle" || len(m.Items) != 9 {
		t.Errorf("machine: %+v", m)
	}
	if v := get[api.Values](t, w, "/api/v1/machines/mill/current"); v.Machine != "mill" || v.Items[6].Value != 3.0 {
		t.Errorf("current: %+v", v)
	}
	if a := get[api.Page[api.Agent]](t, w, "/api/v1/agents"); len(a.Items) != 2 || a.Items[0].Name != "hall-a" {
		t.Errorf("agents: %+v", a)
	}
	if a := get[api.Agent](t, w, "/api/v1/agents/hall-a"); a.Link != plant.LinkStreaming || strings.Contains(a.URL, "secret") {
		t.Errorf("agent: %+v", a)
	}
	if routes := w.samples(t, "factorydash_api_request_seconds"); routes != 5 {
		t.Errorf("%d routes were measured, want 5", routes)
	}
}

// Durations are seconds; what is not known is left out, and zero is not that.
func TestHTTPAgent(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	span := func(d time.Duration) plant.Span { return plant.Span{Duration: d, Known: true} }
	for _, test := range []struct {
		status plant.AgentStatus
		want   string
	}{
		{
			plant.AgentStatus{
				Agent: 1, Link: plant.LinkStreaming, Since: start, AgentVersion: "2.0", SchemaVersion: "2.1", Sender: "s", InstanceID: math.MaxUint64,
				Next: 7, Last: 9, Lag: 3, BufferSize: 8, Horizon: span(90 * time.Second), Rate: 2.5,
				DelayP95: span(250 * time.Millisecond), Skew: span(-1500 * time.Millisecond),
				LastDocument: start.Add(time.Second), Gaps: 1, Lost: 2, Reconnects: 3,
			},
			`"link":"streaming","since":"2026-01-31T08:00:00Z","agentVersion":"2.0","schemaVersion":"2.1","sender":"s","instanceId":"18446744073709551615",` +
				`"next":7,"last":9,"lag":3,"bufferSize":8,"horizonSeconds":90,"rate":2.5,"delayP95Seconds":0.25,"skewSeconds":-1.5,` +
				`"lastDocument":"2026-01-31T08:00:01Z","gaps":1,"lost":2,"reconnects":3`,
		},
		{
			plant.AgentStatus{Agent: 1, Link: plant.LinkPolling, Since: start, Next: 10, Last: 9, Horizon: span(0), DelayP95: span(0), Skew: span(0)},
			`"link":"polling","since":"2026-01-31T08:00:00Z","next":10,"last":9,"lag":0,` +
				`"horizonSeconds":0,"rate":0,"delayP95Seconds":0,"skewSeconds":0,"gaps":0,"lost":0,"reconnects":0`,
		},
		{
			plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Since: start, Error: "refused", Retry: start.Add(time.Minute), Next: 10},
			`"link":"down","since":"2026-01-31T08:00:00Z","error":"refused","retry":"2026-01-31T08:01:00Z","next":10,` +
				`"rate":0,"gaps":0,"lost":0,"reconnects":0`,
		},
	} {
		w.hub.PublishStatus(test.status)
		want := `{"name":"hall-a",` + test.want + `,"url":"http://user:xxxxx@hall-a:5000","machines":1}`
		if diff := cmp.Diff(want, string(get[json.RawMessage](t, w, "/api/v1/agents/hall-a"))); diff != "" {
			t.Errorf("agent (-want +got):\n%s", diff)
		}
	}
}

func TestHTTPGaps(t *testing.T) {
	f := newFake()
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 2, InstanceID: 7, First: 1, Next: 100})
	for _, run := range []plant.RunID{1, 2} {
		f.gaps = append(f.gaps,
			plant.Gap{Run: run, From: 3, To: 5, Reason: plant.GapOverrun, Detail: "late", Noticed: start},
			plant.Gap{Run: run, From: 9, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: start})
	}
	w := newWorld(t, f, live.Options{})
	open := api.Gap{Agent: "hall-b", Instance: 7, From: 9, Reason: plant.GapRestart, Noticed: start}
	closed := api.Gap{Agent: "hall-b", Instance: 7, From: 3, To: ptr[int64](5), Lost: ptr[int64](3), Reason: plant.GapOverrun, Detail: "late", Noticed: start}
	if diff := cmp.Diff([]api.Gap{open, closed}, get[api.Page[api.Gap]](t, w, "/api/v1/agents/hall-b/gaps").Items); diff != "" {
		t.Errorf("gaps of an agent (-want +got):\n%s", diff)
	}
	var all []api.Gap
	for next := ""; ; {
		page := get[api.Page[api.Gap]](t, w, "/api/v1/gaps?limit=1&after="+next)
		all = append(all, page.Items...)
		if next = page.Next; next == "" {
			break
		}
	}
	var got []string
	for _, g := range all {
		got = append(got, fmt.Sprint(g.Agent, " ", g.From))
	}
	if diff := cmp.Diff([]string{"hall-b 9", "hall-b 3", "hall-a 9", "hall-a 3"}, got); diff != "" {
		t.Errorf("all gaps, page by page (-want +got):\n%s", diff)
	}
}

func TestHTTPStore(t *testing.T) {
	f := newFake()
	f.faults = []store.Fault{
		{What: "block 12", Agent: 1, Item: load, Detail: "the checksum is wrong", Noticed: start},
		{What: "partition 2026-01-31T08", Detail: "it is missing", Noticed: start},
	}
	f.size = store.Size{Rows: 1, Blocked: 2, Blocks: 3, RowBytes: 4, BlockBytes: 5, TotalBytes: 6, FreeBytes: 7, Oldest: at(0)}
	w := newWorld(t, f, live.Options{})
	want := `{"size":{"rows":1,"blocked":2,"blocks":3,"rowBytes":4,"blockBytes":5,"totalBytes":6,"freeBytes":7,"oldest":"2026-01-31T08:00:00Z"},"retentionDays":30,` +
		`"faults":[{"what":"block 12","agent":"hall-a","machine":"mill","dataItem":"load","detail":"the checksum is wrong","noticed":"2026-01-31T08:00:00Z"},` +
		`{"what":"partition 2026-01-31T08","detail":"it is missing","noticed":"2026-01-31T08:00:00Z"}]}`
	if diff := cmp.Diff(want, string(get[json.RawMessage](t, w, "/api/v1/store"))); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
	agents := get[api.Page[api.Agent]](t, w, "/api/v1/agents").Items
	if agents[0].Faults != 1 || agents[1].Faults != 0 {
		t.Errorf("agents with %d and %d faults, want 1 and 0", agents[0].Faults, agents[1].Faults)
	}
	silent := api.NewService(api.Options{Reader: f, Hub: w.hub})
	if v, err := silent.Store(t.Context()); err != nil || v.Size != nil || len(v.Faults) > 0 {
		t.Errorf("a store that tells nothing: %+v, %v", v, err)
	}
}
