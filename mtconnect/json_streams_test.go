package mtconnect_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
)

// inOrder sorts observations by sequence.
func inOrder(all []mtconnect.Observation) []mtconnect.Observation {
	slices.SortStableFunc(all, func(a, b mtconnect.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return all
}

// sameNumbers lets numbers be equal where only their spelling differs, as
// between the "0" of XML and the "0.0" of JSON, one by one within a value.
var sameNumbers = gocmp.FilterPath(
	func(p gocmp.Path) bool { return strings.HasSuffix(p.Last().String(), ".Value") },
	gocmp.Comparer(func(a, b []byte) bool {
		x, y := strings.Fields(string(a)), strings.Fields(string(b))
		return slices.EqualFunc(x, y, func(s, t string) bool {
			f, err1 := strconv.ParseFloat(s, 64)
			g, err2 := strconv.ParseFloat(t, 64)
			return s == t || err1 == nil && err2 == nil && f == g
		})
	}),
)

// byName lets attributes stand in any order.
func byName(all []mtconnect.Observation) []mtconnect.Observation {
	for _, o := range all {
		slices.SortFunc(o.Attributes, func(a, b mtconnect.Attribute) int { return strings.Compare(a.Name, b.Name) })
	}
	return all
}

// TestSamplesInBothForms compares the same observations as an agent gave them
// in XML and in JSON.
func TestSamplesInBothForms(t *testing.T) {
	read := map[string][]mtconnect.Observation{}
	keep := func(name string) bool { return !strings.HasSuffix(name, ".hdr") }
	nistDocuments(t, "agents/agent27.tgz", keep, func(name string, content []byte) {
		name = filepath.Base(name)
		if strings.HasPrefix(name, "sample-100") {
			all, err := readAll(bytes.NewReader(content))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			read[name] = byName(inOrder(all))
		}
	})
	for name, n := range map[string]int{"sample-100": 100, "sample-10000": 10_000} {
		x, j := read[name+".xml"], read[name+".json"]
		if len(x) != n || len(j) != n {
			t.Errorf("%s: %d observations in XML and %d in JSON, want %d", name, len(x), len(j), n)
		}
		if diff := gocmp.Diff(x, j, sameNumbers); diff != "" {
			t.Errorf("%s (-XML +JSON):\n%.4000s", name, diff)
		}
	}
}

// TestJSONOfAnAgent reads all Streams documents in JSON and counts what
// encoding/json finds in them.
func TestJSONOfAnAgent(t *testing.T) {
	documents := 0
	keep := func(name string) bool { return !strings.HasSuffix(name, ".hdr") && !strings.HasSuffix(name, ".raw") }
	nistDocuments(t, "agents/agent27.tgz", keep, func(name string, content []byte) {
		if !bytes.HasPrefix(content, []byte(`{"MTConnectStreams`)) {
			return
		}
		documents++
		var raw any
		if err := json.Unmarshal(content, &raw); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		countItems(raw, want)
		all, err := readAll(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := map[string]int{}
		for _, o := range all {
			got[o.DataItemID]++
			if o.Device.UUID == "" || o.Component.ID == "" || o.Category == 0 || (o.Category == mtconnect.Condition) != (o.Level != 0) {
				t.Errorf("%s: observation %+v", name, o)
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" || len(got) < 20 {
			t.Errorf("%s: %d items (-want +got):\n%s", name, len(got), diff)
		}
	})
	if documents < 5 {
		t.Errorf("only %d documents", documents)
	}
}

// countItems counts the objects of a JSON value that have a dataItemId.
func countItems(v any, counts map[string]int) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			countItems(item, counts)
		}
	case map[string]any:
		if id, ok := v["dataItemId"].(string); ok {
			counts[id]++
		}
		for _, member := range v {
			countItems(member, counts)
		}
	}
}

// streamsInThreeForms is one document with all that observations have.
var streamsInThreeForms = map[string]string{
	"XML": `<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:2.0" xmlns:x="x"><Header instanceId="18446744073709551615" nextSequence="9" testIndicator="true"/><Streams>
<DeviceStream name="Mill" uuid="u"><ComponentStream component="Path" componentId="p" name="path">
<Samples><PathPosition dataItemId="a" sequence="1" timestamp="2020-01-02T03:04:05.123456Z">1.50 -2 3e-05</PathPosition>
<x:Wobble dataItemId="b" sequence="2" timestamp="2020-01-02T03:04:05Z" name="wob" subType="x:S">UNAVAILABLE</x:Wobble>
<LoadTimeSeries dataItemId="c" sequence="3" timestamp="2020-01-02T03:04:05Z" sampleCount="3" sampleRate="100.0">1 2 3.0</LoadTimeSeries>
<Temperature dataItemId="c2" sequence="4" timestamp="2020-01-02T03:04:05Z">12345678901234567890.10</Temperature></Samples>
<Events><VariableDataSet dataItemId="d" sequence="5" timestamp="2020-01-02T03:04:05Z" resetTriggered="DAY" count="2"><Entry key="k">1.0</Entry><Entry key="l" removed="true"/><Entry key="m">a "b"</Entry></VariableDataSet>
<WorkTable dataItemId="e" sequence="6" timestamp="2020-01-02T03:04:05Z" compositionId="co"><Entry key="r1"><Cell key="x">1</Cell><Cell key="y">two</Cell></Entry><Entry key="r2" removed="true"/></WorkTable></Events>
<Condition><Fault dataItemId="f" sequence="7" timestamp="2020-01-02T03:04:05Z" type="LOAD" nativeCode="77" nativeSeverity="9" qualifier="HIGH" conditionId="c1">over</Fault><Normal dataItemId="g" sequence="8" timestamp="2020-01-02T03:04:05Z" type="SYSTEM"/></Condition>
</ComponentStream></DeviceStream><DeviceStream name="Empty" uuid="v"/></Streams></MTConnectStreams>`,

	"JSON 1": `{"MTConnectStreams":{"Header":{"instanceId":18446744073709551615,"nextSequence":9,"schemaVersion":"2.0","testIndicator":true},"Streams":[
{"DeviceStream":{"ComponentStreams":[{"ComponentStream":{
"Samples":[{"PathPosition":{"dataItemId":"a","sequence":1,"timestamp":"2020-01-02T03:04:05.123456Z","value":[1.50,-2,3e-05]}},
{"x:Wobble":{"dataItemId":"b","name":"wob","sequence":2,"subType":"x:S","timestamp":"2020-01-02T03:04:05Z","value":"UNAVAILABLE"}},
{"LoadTimeSeries":{"dataItemId":"c","sampleCount":3,"sampleRate":100.0,"sequence":3,"timestamp":"2020-01-02T03:04:05Z","value":[1,2,3.0]}},
{"Temperature":{"dataItemId":"c2","sequence":4,"timestamp":"2020-01-02T03:04:05Z","value":12345678901234567890.10}}],
"Events":[{"VariableDataSet":{"count":2,"dataItemId":"d","resetTriggered":"DAY","sequence":5,"timestamp":"2020-01-02T03:04:05Z","value":{"k":1.0,"l":{"removed":true},"m":"a \"b\""}}},
{"WorkTable":{"compositionId":"co","dataItemId":"e","sequence":6,"timestamp":"2020-01-02T03:04:05Z","value":{"r1":{"x":1,"y":"two"},"r2":{"removed":true}}}}],
"Condition":[{"Fault":{"conditionId":"c1","dataItemId":"f","nativeCode":"77","nativeSeverity":"9","qualifier":"HIGH","sequence":7,"timestamp":"2020-01-02T03:04:05Z","type":"LOAD","value":"over"}},
{"Normal":{"dataItemId":"g","sequence":8,"timestamp":"2020-01-02T03:04:05Z","type":"SYSTEM","value":""}}],
"component":"Path","componentId":"p","name":"path"}}],"name":"Mill","uuid":"u"}},
{"DeviceStream":{"ComponentStreams":[],"name":"Empty","uuid":"v"}}]}}`,

	"JSON 2": `{"MTConnectStreams":{"jsonVersion":2,"schemaVersion":"2.0","Header":{"instanceId":18446744073709551615,"nextSequence":9,"testIndicator":true},"Streams":{"DeviceStream":[
{"name":"Mill","uuid":"u","ComponentStream":[{"component":"Path","componentId":"p","name":"path",
"Samples":{"PathPosition":[{"value":[1.50,-2,3e-05],"dataItemId":"a","sequence":1,"timestamp":"2020-01-02T03:04:05.123456Z"}],
"x:Wobble":[{"value":"UNAVAILABLE","dataItemId":"b","name":"wob","sequence":2,"subType":"x:S","timestamp":"2020-01-02T03:04:05Z"}],
"LoadTimeSeries":[{"value":[1,2,3.0],"dataItemId":"c","sampleCount":3,"sampleRate":100.0,"sequence":3,"timestamp":"2020-01-02T03:04:05Z"}],
"Temperature":{"value":12345678901234567890.10,"dataItemId":"c2","sequence":4,"timestamp":"2020-01-02T03:04:05Z"}},
"Events":{"VariableDataSet":[{"value":{"k":1.0,"l":{"removed":true},"m":"a \u0022b\""},"count":2,"dataItemId":"d","resetTriggered":"DAY","sequence":5,"timestamp":"2020-01-02T03:04:05Z"}],
"WorkTable":[{"value":{"r1":{"x":1,"y":"two"},"r2":{"removed":true}},"compositionId":"co","dataItemId":"e","sequence":6,"timestamp":"2020-01-02T03:04:05Z"}]},
"Condition":{"Fault":[{"value":"over","conditionId":"c1","dataItemId":"f","nativeCode":"77","nativeSeverity":"9","qualifier":"HIGH","sequence":7,"timestamp":"2020-01-02T03:04:05Z","type":"LOAD"}],
"Normal":[{"dataItemId":"g","sequence":8,"timestamp":"2020-01-02T03:04:05Z","type":"SYSTEM"}]}}]},{"name":"Empty","uuid":"v"}]}}}`,
}

// TestStreamsInThreeForms wants the same observations, in document order, of
// each form.
func TestStreamsInThreeForms(t *testing.T) {
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	read := func(form string) (mtconnect.Header, []mtconnect.Observation) {
		r.Reset(strings.NewReader(streamsInThreeForms[form]))
		header, err := r.Header()
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		all, err := readOn(r)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		return *header, byName(all)
	}
	wantHeader, want := read("XML")
	if len(want) != 8 || wantHeader.InstanceID != 1<<64-1 || wantHeader.SchemaVersion != "2.0" {
		t.Fatalf("XML: %d observations, header %+v", len(want), wantHeader)
	}
	for _, form := range []string{"JSON 1", "JSON 2"} {
		gotHeader, got := read(form)
		if diff := gocmp.Diff(wantHeader, gotHeader); diff != "" {
			t.Errorf("header (-XML +%s):\n%s", form, diff)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("(-XML +%s):\n%s", form, diff)
		}
	}
}

func TestJSONHeartbeatAndError(t *testing.T) {
	for _, streams := range []string{"[]", "{}", "null", `{"DeviceStream":[]}`} {
		all, err := readAll(strings.NewReader(`{"MTConnectStreams":{"Header":{"nextSequence":4},"Streams":` + streams + `}}`))
		if err != nil || len(all) != 0 {
			t.Errorf("Streams %s: %d observations, error %v; want none", streams, len(all), err)
		}
	}
	_, err := readAll(strings.NewReader(`{"MTConnectError":{"Errors":[{"Error":{"errorCode":"OUT_OF_RANGE","value":"no"}}]}}`))
	if !errors.Is(err, mtconnect.CodeOutOfRange) {
		t.Errorf("error document: %v, want an AgentError with OUT_OF_RANGE", err)
	}
}

// TestJSONVendorElements passes over what stands among observations, has a
// prefix and is none, as in XML.
func TestJSONVendorElements(t *testing.T) {
	all, err := readAll(strings.NewReader(`{"MTConnectStreams":{"Header":{},"Streams":{"DeviceStream":[{"ComponentStream":[{"Events":{
		"x:Note":[{"value":{"a":{"b":1}},"by":"vendor"}],
		"x:Mode":[{"dataItemId":"m","sequence":1,"timestamp":"2020-01-02T03:04:05Z","value":"ON"}]}}]}]}}}`))
	if err != nil || len(all) != 1 || all[0].Prefix != "x" || all[0].Element != "Mode" {
		t.Errorf("observations %+v, error %v; want x:Mode alone", all, err)
	}
}

func TestDamagedJSONStreams(t *testing.T) {
	// within puts the object of an observation into a document.
	within := func(object string) string {
		return `{"MTConnectStreams":{"Header":{},"Streams":{"DeviceStream":[{"ComponentStream":[{"Events":{"Line":[` + object + `]}}]}]}}}`
	}
	tests := map[string]struct{ document, want string }{
		"no header":         {`{"MTConnectStreams":{}}`, "without a Header"},
		"header":            {`{"MTConnectStreams":{"Header":{"nextSequence":-1}}}`, "nextSequence"},
		"other root":        {`{"MTConnectDevices":{}}`, "not MTConnectStreams"},
		"cut off":           {`{"MTConnectStreams":{"Header":{}`, "unexpected end"},
		"no item":           {within(`{"sequence":1,"timestamp":"2020-01-02T03:04:05Z"}`), "no dataItemId"},
		"no sequence":       {within(`{"dataItemId":"a","timestamp":"2020-01-02T03:04:05Z"}`), "no sequence"},
		"no time":           {within(`{"dataItemId":"a","sequence":1}`), "no timestamp"},
		"sequence":          {within(`{"dataItemId":"a","sequence":1.5}`), "sequence is"},
		"time":              {within(`{"dataItemId":"a","timestamp":"yesterday"}`), "timestamp is"},
		"item twice":        {within(`{"dataItemId":"a","dataItemId":"b"}`), "comes twice"},
		"category twice":    {`{"MTConnectStreams":{"Header":{},"Streams":{"DeviceStream":[{"ComponentStream":[{"Events":{},"Events":{}}]}]}}}`, "comes twice"},
		"element twice":     {`{"MTConnectStreams":{"Header":{},"Streams":{"DeviceStream":[{"ComponentStream":[{"Events":{"Line":[],"Line":[]}}]}]}}}`, "comes twice"},
		"entry twice":       {within(`{"value":{"a":1,"a":2}}`), "comes twice"},
		"entry twice of 50": {within(`{"value":{` + manyEntries(50) + `,"k40":2}}`), `"k40" comes twice`},
		"many entries":      {within(`{"value":{` + manyEntries(66_000) + `}}`), "more than 65536 entries"},
		"many attributes":   {within(`{` + manyEntries(65) + `}`), "more than 64 attributes"},
		"many members":      {`{"MTConnectStreams":{` + manyEntries(140_000) + `}}`, "more than 131072 members"},
	}
	for name, test := range tests {
		_, err := readAll(strings.NewReader(test.document))
		var syntax *mtconnect.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want a SyntaxError with %q", name, err, test.want)
		}
	}
}

// TestJSONPositions wants the place of a fault to count from the first byte of
// the document, a byte order mark included.
func TestJSONPositions(t *testing.T) {
	const document = "{\"MTConnectStreams\":\n{\"Header\":{\"nextSequence\":?}}}"
	for name, put := range map[string]string{"syntax": "%", "value": "-1"} {
		for _, mark := range []string{"", "\ufeff"} {
			document := mark + strings.Replace(document, "?", put, 1)
			_, err := readAll(strings.NewReader(document))
			var syntax *mtconnect.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%s: error %v, want a SyntaxError", name, err)
			}
			if want := strings.Index(document, put); syntax.Offset != int64(want) || syntax.Line != 2 || syntax.Column != want-strings.Index(document, "\n") {
				t.Errorf("%s, mark %q: %v, want byte %d", name, mark, err, want)
			}
		}
	}
	if _, err := readAll(strings.NewReader("\ufeff" + `{"a":{}}`)); err == nil || !strings.Contains(err.Error(), "line 1, column 9 (byte 8)") {
		t.Errorf("error %v, want one at byte 8", err)
	}
}

// TestJSONCharacters wants no character that XML has not: the values are the
// same in both forms and can be written as XML.
func TestJSONCharacters(t *testing.T) {
	all, err := readAll(strings.NewReader(`{"MTConnectStreams":{"Header":{},"Streams":{"DeviceStream":[{"ComponentStream":[{"Events":{"Line":[
		{"dataItemId":"a\u0000b","sequence":1,"timestamp":"2020-01-02T03:04:05Z","value":"\u001b[1m\ud800\t\u00e9\ufffe"}]}}]}]}}}`))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d observations, error %v", len(all), err)
	}
	const want = "\ufffd[1m\ufffd\té\ufffd"
	if o := all[0]; o.DataItemID != "a\ufffdb" || string(o.Value) != want {
		t.Errorf("item %q, value %q; want %q and %q", o.DataItemID, o.Value, "a\ufffdb", want)
	}
}

// manyEntries gives n members k0 to k(n-1).
func manyEntries(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"k` + strconv.Itoa(i) + `":1`)
	}
	return b.String()
}

func FuzzJSONStreams(f *testing.F) {
	for _, document := range streamsInThreeForms {
		f.Add([]byte(document))
	}
	f.Add([]byte(`{"MTConnectError":{"Errors":[{"Error":{"errorCode":"A"}}]}}`))
	limits := mtconnect.Limits{Document: 1 << 16, Depth: 32}
	f.Fuzz(func(t *testing.T, document []byte) {
		r := mtconnect.NewStreamsReader(limits)
		r.Reset(bytes.NewReader(document))
		all, err := readOn(r)
		if err != nil {
			return
		}
		if bytes.HasPrefix(bytes.TrimSpace(document), []byte("{")) && !json.Valid(document) {
			t.Fatalf("read without an error, but encoding/json takes it for damaged")
		}
		for _, o := range all {
			if o.DataItemID == "" || o.Device == nil || o.Component == nil || o.Category == 0 {
				t.Fatalf("observation %+v", o)
			}
		}
	})
}
