package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
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
		"get /api/v1/production",
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

func TestHTTPErrors(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	tests := []struct {
		path   string
		status int
		says   []string
	}{
		{"/machines/nil", 404, []string{"machine", `"nil"`}},
		{"/machines/nil/current", 404, []string{"machine"}},
		{"/agents/nil", 404, []string{"agent", "nil"}},
		{"/agents/nil/gaps", 404, []string{"agent"}},
		{"/items/999/series", 404, []string{"item", "999"}},
		{"/items/x/series", 422, []string{"path.id", "integer"}},
		{"/machines/mill/observations?item=x", 404, []string{"item", `"x"`}},
		{"/machines/mill/observations?from=yesterday", 422, []string{"query.from", "RFC 3339"}},
		{"/machines/mill/observations?from=2026-01-31T08:00:00Z&to=2026-01-31T08:00:00Z", 422, []string{"to:", "2026-01-31T08:00:00Z"}},
		{"/machines/mill/observations?limit=10001", 422, []string{"query.limit", "10000"}},
		{"/machines/mill/observations?after=1.2", 422, []string{"after", "next"}},
		{"/machines/mill/observations?form=x", 422, []string{"query.form", "unknown"}},
		{"/items/7/series?points=5001", 422, []string{"query.points", "5000"}},
		{"/items/7/series?points=3", 422, []string{"query.points", "4"}},
		{"/items/7/observations?limit=0", 422, []string{"query.limit", "1"}},
		{"/machines?limit=1001", 422, []string{"query.limit", "1000"}},
		{"/gaps?after=x", 422, []string{"after", "next"}},
		{"/stream?machine=nil", 404, []string{"machine", "nil"}},
		{"/nothing", 404, []string{"openapi.json"}},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			status, contentType, body := w.ask(t, http.MethodGet, "/api/v1"+test.path)
			checkProblem(t, status, contentType, body, test.status, test.says...)
		})
	}
	status, contentType, body := w.ask(t, http.MethodPost, "/api/v1/machines")
	checkProblem(t, status, contentType, body, 405, "GET")
}

// checkProblem checks that an answer is a problem that says certain things.
func checkProblem(t *testing.T, status int, contentType string, body []byte, want int, says ...string) {
	t.Helper()
	if status != want || contentType != "application/problem+json" {
		t.Errorf("%d, %s; want %d with a problem: %s", status, contentType, want, body)
	}
	var problem struct {
		Title  string
		Status int
		Detail string
		Errors []struct{ Message, Location string }
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Status != want || problem.Title == "" {
		t.Errorf("problem %s, %v", body, err)
	}
	text := problem.Detail
	for _, e := range problem.Errors {
		text += "\n" + e.Location + ": " + e.Message
	}
	for _, word := range says {
		if !strings.Contains(text, word) {
			t.Errorf("the problem does not say %q: %s", word, text)
		}
	}
}

// What goes wrong within is for the log, not for clients.
func TestHTTPFaults(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
	}{
		{errors.New("secret of the store"), 500},
		{&plant.Error{Code: plant.Unavailable, Msg: "secret of the store"}, 503},
	} {
		f := newFake()
		w := newWorld(t, f, live.Options{})
		f.mu.Lock()
		f.fails = test.err
		f.mu.Unlock()
		status, contentType, body := w.ask(t, http.MethodGet, "/api/v1/items/7/series")
		checkProblem(t, status, contentType, body, test.status)
		if strings.Contains(string(body), "secret") || !strings.Contains(w.log.String(), "secret of the store") {
			t.Errorf("answer %s\nlog %s", body, w.log)
		}
	}
}

// What is damaged is told to who asks for it, and is no fault of ours each time.
func TestHTTPDamage(t *testing.T) {
	f := newFake()
	w := newWorld(t, f, live.Options{})
	f.mu.Lock()
	f.fails = fmt.Errorf("read observations: %w", &plant.Error{Code: plant.Damaged, Msg: "block 12 of data item 7 does not match its checksum", Err: errors.New("secret")})
	f.mu.Unlock()
	for _, path := range []string{"/items/7/series", "/items/7/observations", "/machines/mill/current?at=2026-01-31T08:00:00Z"} {
		status, contentType, body := w.ask(t, http.MethodGet, "/api/v1"+path)
		checkProblem(t, status, contentType, body, 500, "block 12", "verify-store")
		var problem struct{ Type, Title string }
		if err := json.Unmarshal(body, &problem); err != nil || !strings.HasSuffix(problem.Type, "#damaged-data") || problem.Title != "Stored data is damaged" {
			t.Errorf("problem %s, %v", body, err)
		}
		if strings.Contains(string(body), "secret") {
			t.Errorf("answer %s", body)
		}
	}
	if lines := strings.Split(strings.TrimSpace(w.log.String()), "\n"); len(lines) != 1 || !strings.Contains(lines[0], "level=WARN") {
		t.Errorf("log %q, want it said once", lines)
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

func TestObservationsOfTwoRuns(t *testing.T) {
	f := newFake()
	// The second run says the same at the same times and numbers.
	f.commit(nil, number(load, 0, 1), text(program, time.Second, "O1"), alarm(system, 2*time.Second, plant.LevelFault, "F1"))
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, Epoch: 1, First: 1, Next: 1})
	f.commit(nil, number(load, 0, 1), unknown(program, time.Second))
	w := newWorld(t, f, live.Options{})

	path := "/api/v1/machines/mill/observations?from=2026-01-31T09:00:00%2B01:00&limit=1"
	var lines []string
	for after := ""; ; {
		page := get[api.Page[json.RawMessage]](t, w, path+after)
		for _, r := range page.Items {
			lines = append(lines, string(r))
		}
		if page.Next == "" {
			break
		}
		after = "&after=" + page.Next
	}
	want := []string{
		`{"agent":"hall-a","instance":18446744073709551615,"sequence":1,"time":"2026-01-31T08:00:00.000000Z","device":"Mill","dataItem":"load","category":"SAMPLE","type":"LOAD","subType":"ACTUAL","name":"Cload","value":1}`,
		`{"agent":"hall-a","instance":5,"epoch":1,"sequence":1,"time":"2026-01-31T08:00:00.000000Z","device":"Mill","dataItem":"load","category":"SAMPLE","type":"LOAD","subType":"ACTUAL","name":"Cload","value":1}`,
		`{"agent":"hall-a","instance":18446744073709551615,"sequence":2,"time":"2026-01-31T08:00:01.000000Z","device":"Mill","dataItem":"prog","category":"EVENT","type":"PROGRAM","subType":"","name":"","value":"O1"}`,
		`{"agent":"hall-a","instance":5,"epoch":1,"sequence":2,"time":"2026-01-31T08:00:01.000000Z","device":"Mill","dataItem":"prog","category":"EVENT","type":"PROGRAM","subType":"","name":"","value":null}`,
		`{"agent":"hall-a","instance":18446744073709551615,"sequence":3,"time":"2026-01-31T08:00:02.000000Z","device":"Mill","dataItem":"system","category":"CONDITION","type":"SYSTEM","subType":"","name":"","value":null,"level":"Fault","nativeCode":"F1","nativeSeverity":"","qualifier":"","conditionId":"","text":""}`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	page := get[api.Page[json.RawMessage]](t, w, "/api/v1/machines/mill/observations?item=prog&from=2026-01-31T08:00:00Z&to=2026-01-31T08:00:02Z")
	if diff := cmp.Diff(want[2:4], []string{string(page.Items[0]), string(page.Items[1])}); diff != "" || len(page.Items) != 2 {
		t.Errorf("observations of the program (-want +got):\n%s", diff)
	}
}

// A page that is written by hand is the page of records.
func TestObservationsAreRecords(t *testing.T) {
	w := newWorld(t, recorded(), live.Options{})
	for _, limit := range []int{5, 100} {
		_, _, got := w.ask(t, http.MethodGet, fmt.Sprintf("/api/v1/machines/mill/observations?from=2026-01-31T08:00:00Z&limit=%d", limit))
		page, err := w.service.Observations(t.Context(), api.ObservationQuery{Machine: "mill", From: start, Limit: limit})
		if err != nil || len(page.Items) != min(limit, 12) {
			t.Fatalf("%d observations, %v; want %d", len(page.Items), err, min(limit, 12))
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(page); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("page of %d (-records +written):\n%s", limit, diff)
		}
	}
}

// record names an observation.
type record struct {
	instance uint64
	sequence int64
}

// pages reads page after page, the last one again after settle, and gives how
// often each observation came.
func pages(t *testing.T, s *api.Service, q api.ObservationQuery, settle func()) map[record]int {
	t.Helper()
	seen := make(map[record]int)
	for settled := false; ; {
		page, err := s.Observations(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if page.Next == "" && !settled {
			settle()
			settled = true
			continue // This page again, with what came since.
		}
		for _, r := range page.Items {
			seen[record{r.Instance, r.Sequence}]++
		}
		if q.After = page.Next; q.After == "" {
			return seen
		}
	}
}

// What is committed while a page is read is on it of all data items or of none:
// the page behind begins after all that is on it.
func TestObservationsOfOneState(t *testing.T) {
	f := newFake()
	second := func(n int) plant.Observation {
		return number([]plant.ItemID{load, parts}[n%2], time.Duration(n)*time.Second, float64(n))
	}
	for n := range 4 {
		f.commit(nil, second(n))
	}
	reader := &busy{fake: f, commit: func() {
		f.commit(nil, second(4), second(5), second(6), second(7), second(8), second(9), second(10), second(11))
	}}
	s := api.NewService(api.Options{Reader: reader, Hub: live.NewHub(live.Options{}), Now: func() time.Time { return start.Add(time.Hour) }})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := pages(t, s, api.ObservationQuery{Machine: "mill", From: start, Limit: 6}, func() {})
	for i := int64(1); i <= 12; i++ {
		if n := seen[record{math.MaxUint64, i}]; n != 1 {
			t.Errorf("observation %d came %d times", i, n)
		}
	}
}

// Pages that are read while observations come in hold each of them once.
func TestObservationsDuringCommits(t *testing.T) {
	const n = 1500
	f := newFake()
	w := newWorld(t, f, live.Options{})
	items := []plant.ItemID{load, program, parts}
	commit := func(i int) { f.commit(nil, number(items[i%3], time.Duration(i)*time.Millisecond, float64(i))) }
	for i := range n / 3 {
		commit(i)
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := n / 3; i < n; i++ {
			commit(i)
		}
	})
	seen := pages(t, w.service, api.ObservationQuery{Machine: "mill", From: start, Limit: 7}, writer.Wait)
	for i := int64(1); i <= n; i++ {
		if n := seen[record{math.MaxUint64, i}]; n != 1 {
			t.Fatalf("observation %d came %d times", i, n)
		}
	}
}

func TestSeries(t *testing.T) {
	f := newFake()
	f.commit(nil, number(load, -time.Minute, 1), number(load, 0, 2), unknown(load, time.Minute), number(load, 2*time.Minute, 3))
	w := newWorld(t, f, live.Options{})
	s := get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series", load))
	want := api.Series{
		Item: s.Item, From: start, To: start.Add(time.Hour), Observations: 3, Before: true,
		Points: []api.Point{
			{float64(at(-time.Minute)), 1.0}, {float64(at(0)), 2.0}, {float64(at(time.Minute)), nil}, {float64(at(2 * time.Minute)), 3.0},
		},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	if s.Item.DataItemID != "load" || s.Item.Units != "PERCENT" {
		t.Errorf("item %+v", s.Item)
	}
	if s := get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z", program)); s.Points == nil || len(s.Points) != 0 {
		t.Errorf("points %v of nothing", s.Points)
	}
}

// What the ledger says is missing is a gap in the series.
func TestSeriesBreaksAtGaps(t *testing.T) {
	f := newFake()
	f.commit(nil, number(load, 0, 1), text(program, time.Minute, "O1")) // 1, 2
	f.runs[0].Next = 10
	f.gaps = []plant.Gap{{Run: 1, From: 3, To: 9, Reason: plant.GapOverrun, Noticed: start.Add(20 * time.Minute)}}
	f.commit(nil, number(load, 10*time.Minute, 2), text(program, 11*time.Minute, "O2")) // 10, 11
	f.gaps = append(f.gaps, plant.Gap{Run: 1, From: 12, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: start.Add(15 * time.Minute)})
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, First: 1, Next: 1})
	f.commit(nil, text(program, 20*time.Minute, "O3"))
	w := newWorld(t, f, live.Options{})
	points := func(item plant.ItemID) []api.Point {
		return get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series", item)).Points
	}
	minute := func(n int) float64 { return float64(at(time.Duration(n) * time.Minute)) }
	want := []api.Point{{minute(0), 1.0}, {minute(1), nil}, {minute(10), 2.0}, {minute(11), nil}}
	if diff := cmp.Diff(want, points(load)); diff != "" {
		t.Errorf("load (-want +got):\n%s", diff)
	}
	want = []api.Point{{minute(1), "O1"}, {minute(1), nil}, {minute(11), "O2"}, {minute(11), nil}, {minute(20), "O3"}}
	if diff := cmp.Diff(want, points(program)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
}

// An agent that leaves out every other number: each gap is one, however many
// there are.
func TestSeriesOfManyGaps(t *testing.T) {
	const n = api.MaxGapWindow + 500
	f := newFake()
	for i := range n {
		f.commit(nil, number(load, time.Duration(i)*time.Second, 1))
		f.gaps = append(f.gaps, plant.Gap{Run: 1, From: f.runs[0].Next, To: f.runs[0].Next, Reason: plant.GapMissing, Noticed: start})
		f.runs[0].Next++
	}
	w := newWorld(t, f, live.Options{})
	points := get[api.Series](t, w, fmt.Sprintf("/api/v1/items/%d/series?points=5000", load)).Points
	if len(points) != 2*n {
		t.Fatalf("%d points, want %d", len(points), 2*n)
	}
	for i, p := range points {
		if (p[1] == nil) != (i%2 == 1) || p[0] != float64(at(time.Duration(i/2)*time.Second)) {
			t.Fatalf("point %d is %v", i, p)
		}
	}
	page := get[api.Page[api.Gap]](t, w, fmt.Sprintf("/api/v1/gaps?limit=2&after=1.%d", f.gaps[10].From))
	if len(page.Items) != 2 || page.Items[0].From != f.gaps[9].From || page.Items[1].From != f.gaps[8].From {
		t.Errorf("gaps before the 11th: %+v, want the 10th and the 9th", page.Items)
	}
}

// Pages end where their texts grow too long, and charts cut them.
func TestLongTexts(t *testing.T) {
	f := newFake()
	long := strings.Repeat("x", api.MaxPageBytes*2/3)
	f.commit(nil, text(program, 0, long), text(program, time.Second, long), text(parts, 2*time.Second, long), text(mode, 2*time.Second, long))
	w := newWorld(t, f, live.Options{})
	q := api.ObservationQuery{Machine: "mill", From: start}
	for n := range 4 {
		page, err := w.service.Observations(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != 1 || page.Items[0].Sequence != int64(n+1) || (page.Next == "") != (n == 3) {
			t.Fatalf("page %d has %d observations and goes on at %q", n, len(page.Items), page.Next)
		}
		q.After = page.Next
	}
	f.commit(nil, alarm(system, time.Minute, plant.LevelFault, long), alarm(system, time.Minute, plant.LevelFault, long))
	page, err := w.service.Observations(t.Context(), api.ObservationQuery{Machine: "mill", DataItem: "system", From: start})
	if err != nil || len(page.Items) != 1 || page.Next == "" {
		t.Errorf("a page with %d conditions that have long codes, %v; want 1 and more", len(page.Items), err)
	}
	series, err := w.service.Series(t.Context(), api.SeriesQuery{Item: program})
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := series.Points[0][1].(string); !ok || len(s) != api.MaxPointText {
		t.Errorf("a point with a text of %d bytes, want %d", len(s), api.MaxPointText)
	}
}
