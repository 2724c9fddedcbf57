package agent_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// get asks the agent and gives status, header and body.
func get(tb tester, h http.Handler, target string) (*http.Response, []byte) {
	tb.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(tb.Context(), http.MethodGet, target, nil))
	return w.Result(), w.Body.Bytes()
}

// read reads a Streams document into the observations that a source would have
// made it from, in the order of the document.
func read(tb tester, doc []byte) (mtconnect.Header, []agent.Observation) {
	tb.Helper()
	h, got, err := tryRead(bytes.NewReader(doc))
	if err != nil {
		tb.Fatalf("%v in:\n%.2000s", err, doc)
	}
	return h, got
}

func tryRead(doc io.Reader) (mtconnect.Header, []agent.Observation, error) {
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	r.Reset(doc)
	h, err := r.Header()
	if err != nil {
		return mtconnect.Header{}, nil, err
	}
	var got []agent.Observation
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			return *h, got, nil
		}
		if err != nil {
			return *h, got, err
		}
		got = append(got, observation(o))
	}
}

// observation turns what was read back into what a source holds.
func observation(o *mtconnect.Observation) agent.Observation {
	d := agent.Detail{
		Level: o.Level, NativeCode: o.NativeCode, NativeSeverity: o.NativeSeverity, Qualifier: o.Qualifier,
		ConditionID: o.ConditionID, ResetTriggered: o.ResetTriggered,
	}
	for _, e := range o.Entries {
		entry := agent.Entry{Key: string(e.Key), Value: string(e.Value), Removed: e.Removed}
		for _, c := range e.Cells {
			entry.Cells = append(entry.Cells, agent.Cell{Key: string(c.Key), Value: string(c.Value)})
		}
		d.Entries = append(d.Entries, entry)
	}
	for _, a := range o.Attributes {
		if a.Name != "count" && a.Name != "statistic" {
			d.Attributes = append(d.Attributes, agent.Attribute{Name: a.Name, Value: string(a.Value)})
		}
	}
	got := agent.Observation{Sequence: o.Sequence, Time: o.Time, DataItemID: o.DataItemID, Value: string(o.Value)}
	if !cmp.Equal(d, agent.Detail{}) {
		got.Detail = &d
	}
	return got
}

func sequences(observations []agent.Observation) []uint64 {
	var got []uint64
	for _, o := range observations {
		got = append(got, o.Sequence)
	}
	slices.Sort(got)
	return got
}

// seq gives the numbers from first to last.
func seq(first, last uint64) []uint64 {
	var s []uint64
	for ; first <= last; first++ {
		s = append(s, first)
	}
	return s
}

func TestDocumentOfEachKindOfObservation(t *testing.T) {
	r := newRing(t, "2.7", 100)
	add(t, r,
		event("avail", "AVAILABLE"),
		agent.Observation{DataItemID: "xpos", Value: "1.5", Time: 1_700_000_000_120_000},
		event("exec", `<a & "b">`),
		agent.Observation{DataItemID: "system", Value: "Coolant low", Detail: &agent.Detail{
			Level: mtconnect.Warning, NativeCode: "7", NativeSeverity: "2", Qualifier: "LOW", ConditionID: "c1",
		}},
		agent.Observation{DataItemID: "xwave", Value: "1 2 3", Detail: &agent.Detail{
			Attributes: []agent.Attribute{{"sampleCount", "3"}, {"sampleRate", "100"}},
		}},
		agent.Observation{DataItemID: "vars", Detail: &agent.Detail{
			ResetTriggered: "DAY",
			Entries:        []agent.Entry{{Key: "a", Value: "1"}, {Key: "b", Removed: true}},
		}},
		agent.Observation{DataItemID: "offsets", Detail: &agent.Detail{
			Entries: []agent.Entry{{Key: "G54", Cells: []agent.Cell{{"X", "1"}, {"Y", "2"}}}},
		}},
		event("motion", "NORMAL"),
		event("avail", ""),
	)
	a := agent.New(r, agent.Options{Namespaces: []agent.Namespace{{"x", "urn:example.com:Shop"}}})
	resp, doc := get(t, a, "/sample")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", resp.StatusCode, doc)
	}
	_, content, _ := strings.Cut(string(doc), "<Streams>")
	content, _, _ = strings.Cut(content, "</Streams>")
	got := strings.ReplaceAll(content, "><", ">\n<")
	want := `<DeviceStream name="Mill" uuid="mill-uuid">
<ComponentStream component="Device" name="Mill" componentId="mill">
<Events>
<Availability dataItemId="avail" name="avail" sequence="1" timestamp="1970-01-01T00:00:00Z">AVAILABLE</Availability>
<Availability dataItemId="avail" name="avail" sequence="9" timestamp="1970-01-01T00:00:00Z"/>
</Events>
<Condition>
<Warning dataItemId="system" type="SYSTEM" sequence="4" timestamp="1970-01-01T00:00:00Z" nativeCode="7" nativeSeverity="2" qualifier="LOW" conditionId="c1">Coolant low</Warning>
</Condition>
</ComponentStream>
<ComponentStream component="Linear" name="X" componentId="x">
<Samples>
<Position dataItemId="xpos" name="Xpos" subType="ACTUAL" sequence="2" timestamp="2023-11-14T22:13:20.12Z">1.5</Position>
<VoltageACTimeSeries dataItemId="xwave" sequence="5" timestamp="1970-01-01T00:00:00Z" sampleCount="3" sampleRate="100">1 2 3</VoltageACTimeSeries>
</Samples>
</ComponentStream>
<ComponentStream component="Path" name="path" componentId="path">
<Events>
<Execution dataItemId="exec" sequence="3" timestamp="1970-01-01T00:00:00Z">&lt;a &amp; &quot;b&quot;&gt;</Execution>
<VariableDataSet dataItemId="vars" sequence="6" timestamp="1970-01-01T00:00:00Z" count="2" resetTriggered="DAY">
<Entry key="a">1</Entry>
<Entry key="b" removed="true"/>
</VariableDataSet>
<WorkOffsetTable dataItemId="offsets" sequence="7" timestamp="1970-01-01T00:00:00Z" count="1">
<Entry key="G54">
<Cell key="X">1</Cell>
<Cell key="Y">2</Cell>
</Entry>
</WorkOffsetTable>
<x:Motion dataItemId="motion" sequence="8" timestamp="1970-01-01T00:00:00Z">NORMAL</x:Motion>
</Events>
</ComponentStream>
</DeviceStream>`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestUndeclaredPrefixIsLeftOut(t *testing.T) {
	r := newRing(t, "1.3", 10)
	add(t, r, event("motion", "NORMAL"))
	_, doc := get(t, agent.New(r, agent.Options{}), "/current")
	if !bytes.Contains(doc, []byte("<Motion ")) {
		t.Errorf("no <Motion> in %s", doc)
	}
}

func TestProbeGivesTheModelsBack(t *testing.T) {
	low, high := -1.5, 20.0
	d := mill()
	d.Description = mtconnect.Description{Manufacturer: "ACME & Co", Text: "a <mill>"}
	d.DataItems[0].Constraints = mtconnect.Constraints{Minimum: &low, Maximum: &high, Values: []string{"A", "B"}}
	d.DataItems[0].Filters = []mtconnect.Filter{{Type: "MINIMUM_DELTA", Value: 0.5}}
	d.DataItems[0].Source = mtconnect.Source{ComponentID: "x", Text: "src"}
	d.Compositions = []mtconnect.Composition{{ID: "motor", Type: "MOTOR"}}
	for _, version := range []string{"1.0", "1.3", "2.0", "2.7"} {
		r, err := agent.NewRing(agent.RingConfig{Info: info(version), Devices: []mtconnect.Device{d}})
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"/", "/probe", "/Mill", "/mill-uuid/probe"} {
			_, doc := get(t, agent.New(r, agent.Options{}), target)
			got, err := mtconnect.ParseDevices(doc, mtconnect.Limits{})
			if err != nil {
				t.Fatalf("%s %s: %v", version, target, err)
			}
			if diff := cmp.Diff([]mtconnect.Device{d}, got.Devices); diff != "" {
				t.Errorf("%s %s: %s", version, target, diff)
			}
			if got.Header.SchemaVersion != version {
				t.Errorf("schema version %q, want %q", got.Header.SchemaVersion, version)
			}
		}
	}
}

func TestCurrentAt(t *testing.T) {
	r := newRing(t, "1.3", 100)
	add(t, r, event("exec", "READY"), event("avail", "AVAILABLE"), event("exec", "ACTIVE"))
	a := agent.New(r, agent.Options{})
	for target, want := range map[string][]uint64{
		"/current":                  {2, 3},
		"/current?at=3":             {2, 3},
		"/current?at=2":             {1, 2},
		"/current?at=1":             {1},
		"/current?at=2&path=//Path": {1},
	} {
		_, doc := get(t, a, target)
		h, got := read(t, doc)
		if diff := cmp.Diff(want, sequences(got)); diff != "" || h.NextSequence != 4 {
			t.Errorf("%s: next %d, %s", target, h.NextSequence, diff)
		}
	}
}

func TestPagesCoverEachObservationOnce(t *testing.T) {
	r := newRing(t, "2.7", 1000)
	for i := range 250 {
		add(t, r, event("exec", fmt.Sprint(i)), event("avail", "x"))
	}
	a := agent.New(r, agent.Options{})
	for _, tt := range []struct {
		path  string
		count int
		want  []uint64
	}{
		{"", 7, seq(1, 500)},
		{"", 500, seq(1, 500)},
		{`//DataItem[@type="EXECUTION"]`, 13, odd(1, 500)},
		{`//Axes`, 13, nil},
	} {
		var got []uint64
		from := uint64(1)
		for pages := 0; ; pages++ {
			_, doc := get(t, a, fmt.Sprintf("/sample?from=%d&count=%d&path=%s", from, tt.count, url.QueryEscape(tt.path)))
			h, page := read(t, doc)
			if len(page) > tt.count || pages > 100 {
				t.Fatalf("%d observations on page %d", len(page), pages)
			}
			got = append(got, sequences(page)...)
			if from = h.NextSequence; from > h.LastSequence {
				break
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("path %q count %d: %s", tt.path, tt.count, diff)
		}
	}
}

func odd(first, last uint64) []uint64 {
	return slices.DeleteFunc(seq(first, last), func(n uint64) bool { return n%2 == 0 })
}

func TestSampleRanges(t *testing.T) {
	r := newRing(t, "2.7", 100)
	for range 150 {
		add(t, r, event("exec", "x"))
	}
	a := agent.New(r, agent.Options{MaxCount: 60})
	for target, want := range map[string]struct {
		seqs []uint64
		next uint64
	}{
		"/sample":                         {seq(51, 110), 111}, // MaxCount
		"/sample?from=151":                {nil, 151},
		"/sample?from=149&count=1":        {seq(149, 149), 150},
		"/sample?count=-3":                {seq(148, 150), 147},
		"/sample?from=60&count=-3":        {seq(58, 60), 57},
		"/sample?from=52&count=-30":       {seq(51, 52), 50},
		"/sample?from=60&to=70":           {seq(60, 70), 71},
		"/sample?from=60&to=70&count=3":   {seq(68, 70), 71},
		"/sample?from=60&to=140&count=60": {seq(81, 140), 141},
		"/sample?from=60&to=140&count=61": {seq(60, 119), 120}, // MaxCount
		"/sample?from=140&to=151":         {seq(140, 150), 151},
		"/mill-uuid/sample?from=150":      {seq(150, 150), 151},
		"/sample?from=149&path=//Path":    {seq(149, 150), 151},
		"/sample?from=149&path=//Linear":  {nil, 151},
	} {
		resp, doc := get(t, a, target)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d: %s", target, resp.StatusCode, doc)
			continue
		}
		h, got := read(t, doc)
		if diff := cmp.Diff(want.seqs, sequences(got)); diff != "" || h.NextSequence != want.next {
			t.Errorf("%s: next %d, want %d; %s", target, h.NextSequence, want.next, diff)
		}
		if h.FirstSequence != 51 || h.LastSequence != 150 {
			t.Errorf("%s: first %d, last %d", target, h.FirstSequence, h.LastSequence)
		}
	}
}

func TestBadRequests(t *testing.T) {
	tests := []struct {
		version, target string
		status          int
		code            mtconnect.ErrorCode
	}{
		{"1.3", "/sample?from=10", 200, mtconnect.CodeOutOfRange},
		{"1.3", "/sample?from=200", 200, mtconnect.CodeOutOfRange},
		{"1.3", "/sample?count=-1", 200, mtconnect.CodeOutOfRange},
		{"1.3", "/sample?interval=100&heartbeat=5", 200, mtconnect.CodeOutOfRange},
		{"1.3", "/current?at=10", 200, mtconnect.CodeOutOfRange},
		{"1.3", "/current?at=60&interval=100", 200, mtconnect.CodeInvalidRequest},
		{"1.3", "/nope/probe", 200, mtconnect.CodeNoDevice},
		{"1.3", "/nope/sample", 200, mtconnect.CodeInvalidXPath},
		{"1.0", "/nope", 200, mtconnect.CodeUnsupported},
		{"2.7", "/nope", 404, mtconnect.CodeInvalidURI},
		{"2.5", "/nope/sample", 404, mtconnect.CodeNoDevice},
		{"2.7", "/sample?from=18446744073709551616", 400, mtconnect.CodeOutOfRange},
		{"2.7", "/sample?from=60&to=60", 400, mtconnect.CodeOutOfRange},
		{"2.7", "/sample?to=90&count=-3", 400, mtconnect.CodeOutOfRange},
		{"2.7", "/sample?interval=0&count=-3", 400, mtconnect.CodeOutOfRange},
		{"2.7", "/sample?heartbeat=1", 400, mtconnect.CodeOutOfRange},
		{"2.7", "/current?interval=0", 400, mtconnect.CodeOutOfRange},
		{"2.7", "/current?path=" + strings.Repeat("/", 3000), 400, mtconnect.CodeInvalidXPath},
		{"2.7", "/current?path=count(//DataItem)", 400, mtconnect.CodeInvalidXPath},
		{"2.7", "/current?path=" + url.QueryEscape(`//DataItem[matches(@id,"a")]`), 400, mtconnect.CodeInvalidXPath},
		{"2.7", "/current?path=" + url.QueryEscape(`//DataItem[sum(1 div 0 = '')]`), 400, mtconnect.CodeInvalidXPath},
		{"2.7", "/assets/nope", 404, mtconnect.CodeAssetNotFound},
		{"2.7", "/nope/assets", 404, mtconnect.CodeNoDevice},
	}
	for _, tt := range tests {
		r := newRing(t, tt.version, 100)
		for range 150 {
			add(t, r, event("exec", "x"))
		}
		resp, doc := get(t, agent.New(r, agent.Options{}), tt.target)
		e, err := mtconnect.ParseError(doc, mtconnect.Limits{})
		if err != nil {
			t.Errorf("%s %.60s: %v in %s", tt.version, tt.target, err, doc)
			continue
		}
		if resp.StatusCode != tt.status || !errors.Is(e, tt.code) {
			t.Errorf("%s %.60s: %d %v; want %d %s", tt.version, tt.target, resp.StatusCode, e, tt.status, tt.code)
		}
	}
}

func TestRequestOfOneDevice(t *testing.T) {
	lathe := mtconnect.Device{UUID: "lathe-uuid", Component: mtconnect.Component{
		Type: "Device", ID: "lathe", Name: "Lathe",
		DataItems: []mtconnect.DataItem{{ID: "lathe-exec", Category: mtconnect.Event, Type: "EXECUTION"}},
	}}
	r, err := agent.NewRing(agent.RingConfig{Info: info("2.7"), Devices: []mtconnect.Device{mill(), lathe}})
	if err != nil {
		t.Fatal(err)
	}
	add(t, r, event("exec", "READY"), event("lathe-exec", "ACTIVE"))
	a := agent.New(r, agent.Options{})
	for target, want := range map[string][]uint64{
		"/current":                       {1, 2},
		"/Lathe/current":                 {2},
		"/mill-uuid/sample":              {1},
		"/Lathe/current?path=//DataItem": {2},
		"/Mill/sample?path=//*[@id='exec']|//DataItem": {1},
	} {
		_, doc := get(t, a, target)
		if _, got := read(t, doc); !cmp.Equal(want, sequences(got)) {
			t.Errorf("%s: %v, want %v", target, sequences(got), want)
		}
	}
	_, doc := get(t, a, "/Lathe")
	if got, err := mtconnect.ParseDevices(doc, mtconnect.Limits{}); err != nil || len(got.Devices) != 1 || got.Devices[0].Name != "Lathe" {
		t.Errorf("probe of one device: %v %s", err, doc)
	}
	resp, doc := get(t, a, "/Lathe/current?path=//Axes")
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("path into another device: status %d: %s", resp.StatusCode, doc)
	}
}

func TestAssetRequests(t *testing.T) {
	r := newRing(t, "2.7", 10)
	for _, a := range []mtconnect.Asset{
		{ID: "t1", Type: "CuttingTool", DeviceUUID: "mill-uuid", Content: []byte(`<CuttingTool assetId="t1"><A/></CuttingTool>`)},
		{ID: "t2", Type: "CuttingTool", DeviceUUID: "other", Content: []byte(`<!-- 1 > 0 --><CuttingTool assetId="t2" note="a>b"/>`)},
		{ID: "f1", Type: "File", DeviceUUID: "mill-uuid", Content: []byte("\n <File assetId=\"f1\"/>\n")},
	} {
		if err := r.PutAsset(a); err != nil {
			t.Fatal(err)
		}
	}
	r.RemoveAsset("t2")
	a := agent.New(r, agent.Options{})
	for target, want := range map[string][]string{
		"/assets":                               {"f1", "t1"},
		"/asset?removed=true":                   {"t2", "f1", "t1"},
		"/assets?count=1":                       {"f1"},
		"/assets?type=CuttingTool":              {"t1"},
		"/Mill/assets?type=File":                {"f1"},
		"/assets?device=mill-uuid&removed=true": {"f1", "t1"},
		"/assets/t1;t2":                         {"t1", "t2"},
		"/assets/t1;t2;t1":                      {"t1", "t2"},
	} {
		_, doc := get(t, a, target)
		got, err := mtconnect.ParseAssets(doc, mtconnect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		var ids []string
		for _, asset := range got.Assets {
			ids = append(ids, asset.ID)
			if asset.Removed != (asset.ID == "t2") {
				t.Errorf("%s: %s: removed is %v", target, asset.ID, asset.Removed)
			}
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
		if got.Header.AssetCount != 2 {
			t.Errorf("%s: asset count %d", target, got.Header.AssetCount)
		}
	}
}

func TestModelChangeIsFollowed(t *testing.T) {
	now := start
	r, err := agent.NewRing(agent.RingConfig{Info: info("2.7"), Devices: []mtconnect.Device{mill()}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	a := agent.New(r, agent.Options{})
	get(t, a, "/probe")
	d := mill()
	d.Name = "Renamed"
	now = now.Add(time.Second)
	if err := r.SetDevices([]mtconnect.Device{d}); err != nil {
		t.Fatal(err)
	}
	_, doc := get(t, a, "/probe")
	got, err := mtconnect.ParseDevices(doc, mtconnect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Devices[0].Name != "Renamed" || !got.Header.DeviceModelChangeTime.Equal(now) {
		t.Errorf("name %q, changed %v", got.Devices[0].Name, got.Header.DeviceModelChangeTime)
	}
}
