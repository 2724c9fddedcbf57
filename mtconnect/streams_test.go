package mtconnect_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
)

// streams makes a document with this inside one component.
func streams(inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:2.0" xmlns:x="urn:example.com:ExampleStreams:1.0">
 <Header creationTime="2026-11-23T12:08:46Z" sender="vm" instanceId="7" version="2.0.0.1" bufferSize="131072" nextSequence="18446744073709551615" firstSequence="1" lastSequence="18446744073709551614"/>
 <Streams>
  <DeviceStream name="Mill" uuid="mill-1">
   <ComponentStream component="Linear" name="X" componentId="x1">` + inside + `</ComponentStream>
  </DeviceStream>
 </Streams>
</MTConnectStreams>
`
}

var (
	mill = &mtconnect.DeviceStream{Name: "Mill", UUID: "mill-1"}
	axis = &mtconnect.ComponentStream{Component: "Linear", ID: "x1", Name: "X"}
)

// at gives the microseconds of a time.
func at(t testing.TB, s string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixMicro()
}

func TestStreamsObservations(t *testing.T) {
	const id = ` dataItemId="i" timestamp="2026-11-23T12:00:00.25Z" sequence="5"`
	when := at(t, "2026-11-23T12:00:00.25Z")
	tests := map[string]struct {
		inside string
		want   mtconnect.Observation
	}{
		"sample": {
			`<Samples><Position` + id + ` name="Xabs" subType="ACTUAL" compositionId="c" statistic="AVERAGE" duration="2.5" x:mark="&lt;"> 1.5
			</Position></Samples>`,
			mtconnect.Observation{
				Category: mtconnect.Sample, Element: "Position", Name: "Xabs", SubType: "ACTUAL", CompositionID: "c", Value: []byte("1.5"),
				Attributes: []mtconnect.Attribute{
					{Name: "statistic", Value: []byte("AVERAGE")},
					{Name: "duration", Value: []byte("2.5")},
					{Name: "x:mark", Value: []byte("<")},
				},
			},
		},
		"three dimensions": {
			`<Samples><PathPosition` + id + `>1 -2 3e-4</PathPosition></Samples>`,
			mtconnect.Observation{Category: mtconnect.Sample, Element: "PathPosition", Value: []byte("1 -2 3e-4")},
		},
		"time series": {
			`<Samples><PositionTimeSeries` + id + ` sampleCount="3" sampleRate="100">1 2 3</PositionTimeSeries></Samples>`,
			mtconnect.Observation{
				Category: mtconnect.Sample, Element: "PositionTimeSeries", Representation: mtconnect.TimeSeries, Value: []byte("1 2 3"),
				Attributes: []mtconnect.Attribute{{Name: "sampleCount", Value: []byte("3")}, {Name: "sampleRate", Value: []byte("100")}},
			},
		},
		"data set": {
			`<Events><VariableDataSet` + id + ` count="3" resetTriggered="DAY"><Entry key="a">1</Entry> <Entry key="b" removed="true"/><Entry key="c"></Entry><!-- --></VariableDataSet></Events>`,
			mtconnect.Observation{
				Category: mtconnect.Event, Element: "VariableDataSet", Representation: mtconnect.DataSet, ResetTriggered: "DAY",
				Entries: []mtconnect.Entry{
					{Key: []byte("a"), Value: []byte("1")},
					{Key: []byte("b"), Removed: true},
					{Key: []byte("c")},
				},
				Attributes: []mtconnect.Attribute{{Name: "count", Value: []byte("3")}},
			},
		},
		"data set that is unavailable": {
			`<Events><AssetCountDataSet` + id + ` count="0">UNAVAILABLE</AssetCountDataSet></Events>`,
			mtconnect.Observation{
				Category: mtconnect.Event, Element: "AssetCountDataSet", Representation: mtconnect.DataSet, Value: []byte("UNAVAILABLE"),
				Attributes: []mtconnect.Attribute{{Name: "count", Value: []byte("0")}},
			},
		},
		"table": {
			`<Events><WorkOffsetTable` + id + `><Entry key="G54"><Cell key="X">1</Cell><Cell key="Y"> 2 </Cell></Entry><Entry key="G55" removed="1"/></WorkOffsetTable></Events>`,
			mtconnect.Observation{
				Category: mtconnect.Event, Element: "WorkOffsetTable", Representation: mtconnect.Table,
				Entries: []mtconnect.Entry{
					{Key: []byte("G54"), Cells: []mtconnect.Cell{
						{Key: []byte("X"), Value: []byte("1")},
						{Key: []byte("Y"), Value: []byte("2")},
					}},
					{Key: []byte("G55"), Removed: true},
				},
			},
		},
		"condition": {
			`<Condition><Fault` + id + ` type="SYSTEM" nativeCode="E1" nativeSeverity="9" qualifier="HIGH" conditionId="k">Oil &amp; water</Fault></Condition>`,
			mtconnect.Observation{
				Category: mtconnect.Condition, Level: mtconnect.Fault, Element: "Fault", Type: "SYSTEM",
				NativeCode: "E1", NativeSeverity: "9", Qualifier: "HIGH", ConditionID: "k", Value: []byte("Oil & water"),
			},
		},
		"condition without text": {
			`<Condition><Unavailable` + id + ` type="SYSTEM"/></Condition>`,
			mtconnect.Observation{Category: mtconnect.Condition, Level: mtconnect.Unavailable, Element: "Unavailable", Type: "SYSTEM"},
		},
		"message": {
			`<Events><Message` + id + ` nativeCode="5">Door<![CDATA[ <open>]]></Message></Events>`,
			mtconnect.Observation{Category: mtconnect.Event, Element: "Message", NativeCode: "5", Value: []byte("Door <open>")},
		},
		"asset": {
			`<Events><AssetChanged` + id + ` assetType="CuttingTool" hash="h">A1</AssetChanged></Events>`,
			mtconnect.Observation{
				Category: mtconnect.Event, Element: "AssetChanged", Value: []byte("A1"),
				Attributes: []mtconnect.Attribute{{Name: "assetType", Value: []byte("CuttingTool")}, {Name: "hash", Value: []byte("h")}},
			},
		},
		"vendor": {
			`<Events><x:Mode` + id + `>A</x:Mode></Events>`,
			mtconnect.Observation{Category: mtconnect.Event, Element: "Mode", Prefix: "x", Value: []byte("A")},
		},
		"what is no observation is passed over": {
			`<x:Extra><x:Deep a="1">text</x:Deep></x:Extra><Events><x:Note>no <b>observation</b></x:Note><Block` + id + `>G0<x:Inner>0</x:Inner>X1</Block></Events><Others><Block/></Others>`,
			mtconnect.Observation{Category: mtconnect.Event, Element: "Block", Value: []byte("G0")},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.want.Device, tt.want.Component = mill, axis
			tt.want.DataItemID, tt.want.Sequence, tt.want.Time = "i", 5, when
			got, err := readAll(strings.NewReader(streams(tt.inside)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]mtconnect.Observation{tt.want}, got); diff != "" {
				t.Errorf("observations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStreamsHeader(t *testing.T) {
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	r.Reset(strings.NewReader(streams("")))
	got, err := r.Header()
	if err != nil {
		t.Fatal(err)
	}
	want := &mtconnect.Header{
		Sender: "vm", Version: "2.0.0.1", SchemaVersion: "2.0", InstanceID: 7, BufferSize: 131072,
		FirstSequence: 1, LastSequence: 1<<64 - 2, NextSequence: 1<<64 - 1,
		CreationTime: time.Date(2026, 11, 23, 12, 8, 46, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if again, err := r.Header(); again != got || err != nil {
		t.Errorf("the second call of Header gives %v, %v", again, err)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("Next gives %v, want io.EOF", err)
	}
}

func TestStreamsSchemaVersion(t *testing.T) {
	for namespaces, want := range map[string]string{
		`<MTConnectStreams xmlns="urn:mtconnect.com:MTConnectStreams:1.0">`:                                                  "1.0",
		`<MTConnectStreams xmlns:m="urn:mtconnect.org:MTConnectStreams:1.8" xmlns="urn:mtconnect.org:MTConnectStreams:1.3">`: "1.3",
		`<m:MTConnectStreams xmlns="urn:other:1.8" xmlns:m="urn:mtconnect.org:MTConnectStreams:2.7">`:                        "2.7",
		`<MTConnectStreams>`: "",
	} {
		end := "</" + strings.TrimPrefix(strings.Fields(strings.TrimRight(namespaces, ">"))[0], "<") + ">"
		r := mtconnect.NewStreamsReader(mtconnect.Limits{})
		r.Reset(strings.NewReader(namespaces + "<Header/>" + end))
		h, err := r.Header()
		if err != nil {
			t.Errorf("%s: %v", namespaces, err)
		} else if h.SchemaVersion != want {
			t.Errorf("%s: schema version %q, want %q", namespaces, h.SchemaVersion, want)
		}
	}
}

func TestStreamsTimestamps(t *testing.T) {
	for written, want := range map[string]string{
		"2016-05-05T18:07:54Z":                "2016-05-05T18:07:54Z",
		"2016-05-05T18:07:54.8Z":              "2016-05-05T18:07:54.8Z",
		"2016-05-05T18:07:54.842556Z":         "2016-05-05T18:07:54.842556Z",
		"2016-05-05T18:07:54.842556999Z":      "2016-05-05T18:07:54.842556Z",
		"2016-05-05T18:07:54.842556999999999": "2016-05-05T18:07:54.842556Z",
		"2016-05-05T18:07:54":                 "2016-05-05T18:07:54Z",
		"2016-05-05T18:07":                    "2016-05-05T18:07:00Z",
		"2016-05-05T18:07Z":                   "2016-05-05T18:07:00Z",
		"2016-05-05T18:07:60Z":                "2016-05-05T18:08:00Z",
		"2016-05-05T18:07:54+00:00":           "2016-05-05T18:07:54Z",
		"2016-05-05T18:07:54.5-05:30":         "2016-05-05T23:37:54.5Z",
		"2016-05-05T00:07:54+0100":            "2016-05-04T23:07:54Z",
		"2016-02-29T23:59:59.999999-14":       "2016-03-01T13:59:59.999999Z",
		"1969-12-31T23:59:59.999999Z":         "1969-12-31T23:59:59.999999Z",
		"0001-01-01T00:00:00Z":                "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999Z":         "9999-12-31T23:59:59.999999Z",
		" 2016-05-05T18:07:54Z ":              "2016-05-05T18:07:54Z",
		"":                                    "", "2016": "", "2016-05-05": "", "2016-05-05T18:07:": "", "2016-05-05T18:07:5": "", "2016-05-05T18:07:54.": "",
		"2016-05-05T18:07:54.Z": "", "2016-05-05T18:07:61Z": "", "2016-05-05T18:60:00Z": "", "2016-05-05T24:00:00Z": "",
		"2015-02-29T00:00:00Z": "", "2016-13-01T00:00:00Z": "", "2016-00-01T00:00:00Z": "", "2016-01-00T00:00:00Z": "",
		"0000-01-01T00:00:00Z": "", "12016-05-05T18:07:54Z": "", "-2016-05-05T18:07:54Z": "", "2016-05-05T18:07:54X": "",
		"2016-05-05T18:07:54+": "", "2016-05-05T18:07:54+1": "", "2016-05-05T18:07:54+15:00": "", "2016-05-05T18:07:54+01:60": "",
		"2016-05-05T18:07:54ZZ": "", "2016-05-05T18:07:54+01:0": "", "2O16-05-05T18:07:54Z": "",
	} {
		got, err := readAll(strings.NewReader(streams(`<Samples><Load dataItemId="l" sequence="1" timestamp="` + written + `">1</Load></Samples>`)))
		switch {
		case want == "" && err == nil:
			t.Errorf("timestamp %q is read as %v, want an error", written, time.UnixMicro(got[0].Time).UTC())
		case want != "" && err != nil:
			t.Errorf("timestamp %q: %v", written, err)
		case want != "" && got[0].Time != at(t, want):
			t.Errorf("timestamp %q is read as %v, want %s", written, time.UnixMicro(got[0].Time).UTC(), want)
		}
	}
}

// TestStreamsRuns reads observations that differ from the one before in one
// thing each: none of it may be carried over.
func TestStreamsRuns(t *testing.T) {
	rows := []string{
		`<Load dataItemId="l" timestamp="2026-01-01T00:00:00Z" sequence="1">1</Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:00:01Z" sequence="2">2</Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:00:01.5Z" sequence="3"></Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:01:01.5Z" sequence="4"> </Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:01:01.5Z" sequence="5">&lt;</Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:01:01.5Z" sequence="6">6</Load >`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:01:01.5+01:00" sequence="18446744073709551615">7</Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:01:01.5Z" sequence="0">8</Load>`,
		`<Load dataItemId="l" timestamp="2026-01-01T00:01:01.5Z" sequence="9"/>`,
		`<Load dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="10">9</Load>`,
		`<Load dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="11">10</Load>`,
		`<Load dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="12" duration="1">11</Load>`,
		`<Load dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="13" duration="1">12</Load>`,
		`<Load dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="14" duration="1">13</Load>`,
		`<LoadDataSet dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="15"><Entry key="a">1</Entry></LoadDataSet>`,
		`<LoadDataSet dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="16"><Entry key="a">1</Entry></LoadDataSet>`,
		`<LoadDataSet dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="17">UNAVAILABLE</LoadDataSet>`,
		`<LoadDataSet dataItemId="m" timestamp="2026-01-01T00:01:01.5Z" sequence="18"><Entry key="b">2</Entry></LoadDataSet>`,
		`<Load sequence="19" dataItemId="m" timestamp='2026-01-01T00:01:01.5Z'>14</Load>`,
		`<Load sequence="20" dataItemId="m" timestamp='2026-01-01T00:01:02.5Z'>15</Load>`,
		`<Load sequence="21" dataItemId="m" timestamp='2026-01-01T00:01:02.5Z'>1<!-- -->6</Load>`,
	}
	for _, indent := range []string{"", "\n   "} {
		document := streams("<Samples>" + indent + strings.Join(rows, indent) + "</Samples>" +
			"<Events>" + indent + rows[1] + "</Events>")
		got, err := readAll(strings.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(referenceObservations(t, []byte(document)), got); diff != "" {
			t.Errorf("observations (-encoding/xml +ours):\n%s", diff)
		}
	}
}

func TestStreamsRefuses(t *testing.T) {
	const id = ` dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="5"`
	// The fault is at the last place where at stands in the document.
	tests := []struct {
		document, at, want string
	}{
		{"<html></html>", "<html", `root element is <html>, not MTConnectStreams or MTConnectError`},
		{"<MTConnectStreams/>", "", `MTConnectStreams begins without a Header`},
		{"<MTConnectStreams><Streams/></MTConnectStreams>", "</MT", `MTConnectStreams begins without a Header`},
		{`<MTConnectStreams><Header nextSequence="-1"/></MTConnectStreams>`, "<Header", `Header: nextSequence is "-1", not a number from 0 to 2^64-1`},
		{streams(`<Samples><Load/></Samples>`), "<Load", `<Load>: no dataItemId`},
		{streams(`<Samples><Load dataItemId="i" timestamp="2026-11-23T12:00:00Z"/></Samples>`), "<Load", `<Load>: no sequence at data item "i"`},
		{streams(`<Samples><Load dataItemId="i" sequence="1"/></Samples>`), "<Load", `<Load>: no timestamp at data item "i"`},
		{streams(`<Samples><Load dataItemId="i" sequence="18446744073709551616"/></Samples>`), "<Load", `<Load>: sequence is "18446744073709551616", not a number from 0 to 2^64-1`},
		{streams(`<Samples><Load dataItemId="i" sequence="1" timestamp="now"/></Samples>`), "<Load", `<Load>: timestamp is "now", not a time such as 2006-01-02T15:04:05Z`},
		{streams(`<Samples><Load` + id + `>1</Lead></Samples>`), "</Lead", `element <Load> has another element's end tag`},
		{streams("<Samples>\n<Load" + id + ">1</Load>\n<Load" + id + ">2</Load>\n<Load" + id + ">3</Load >\n<Load" + id + ">]]></Load>\n</Samples>"), "]]>", `"]]>" is not allowed in text`},
		{streams("<Samples><Load" + id + "/><Load" + id + ">1</Load><Load" + id + ">2</Load>" + `<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="">3</Load></Samples>`), "<Load", `<Load>: sequence is "", not a number from 0 to 2^64-1`},
		{streams("<Samples>\n<Load" + id + ">1</Load>\n<Load" + id + ">2</Load>\n<Load" + id + ">3\x01</Load></Samples>"), "\x01", `control character U+0001 is not allowed`},
	}
	for _, tt := range tests {
		offset := strings.LastIndex(tt.document, tt.at)
		before := tt.document[:offset]
		want := &mtconnect.SyntaxError{
			Offset: int64(offset),
			Line:   strings.Count(before, "\n") + 1,
			Column: offset - strings.LastIndex(before, "\n"),
			Msg:    tt.want,
		}
		for how, src := range map[string]io.Reader{
			"whole":       strings.NewReader(tt.document),
			"by the byte": iotest.OneByteReader(strings.NewReader(tt.document)),
		} {
			_, err := readAll(src)
			var got *mtconnect.SyntaxError
			if !errors.As(err, &got) {
				t.Errorf("%s: error %v, want a SyntaxError %v", how, err, want)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", how, diff)
			}
		}
	}
}

// TestStreamsAsTheyCome gives a document byte by byte: an observation is there
// with the last byte of its element, and no byte later.
func TestStreamsAsTheyCome(t *testing.T) {
	rows := []string{
		`<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1" a='">'>1</Load>`,
		`<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="2" a='">'>2</Load>`,
		`<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="3" a='">'>3</Load>`,
		`<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="4"/>`,
		`<VariableDataSet dataItemId="d" timestamp="2026-11-23T12:00:00Z" sequence="5"><Entry key="a">1</Entry></VariableDataSet>`,
	}
	document := streams("<Samples>" + strings.Join(rows, "\n") + "</Samples>")
	left := strings.NewReader(document)
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	r.Reset(iotest.OneByteReader(left))
	if _, err := r.Header(); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		o, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Index(document, row) + len(row)
		if given := len(document) - left.Len(); given != want {
			t.Errorf("observation %d is there after %d bytes, want %d", o.Sequence, given, want)
		}
	}
}

// TestStreamsTruncated cuts a document at every byte. What is left is an error
// except where only white space is gone, and the observations before the cut
// are right.
func TestStreamsTruncated(t *testing.T) {
	document := streams(`<Samples>
<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1">1</Load>
<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="2">2</Load>
<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="3">é<![CDATA[3]]></Load>
<VariableDataSet dataItemId="d" timestamp="2026-11-23T12:00:00Z" sequence="4"><Entry key="a">1</Entry></VariableDataSet><!-- -->
</Samples>`)
	want, err := readAll(strings.NewReader(document))
	if err != nil || len(want) != 4 {
		t.Fatalf("%d observations, error %v", len(want), err)
	}
	for cut := range len(strings.TrimSpace(document)) {
		got, err := readAll(strings.NewReader(document[:cut]))
		var syntax *mtconnect.SyntaxError
		if !errors.As(err, &syntax) {
			t.Fatalf("cut at byte %d: error %v, want a SyntaxError", cut, err)
		}
		if diff := cmp.Diff(want[:len(got)], got); diff != "" && len(got) > 0 {
			t.Fatalf("cut at byte %d (-want +got):\n%s", cut, diff)
		}
		if _, again := readAll(iotest.OneByteReader(strings.NewReader(document[:cut]))); again == nil || again.Error() != err.Error() {
			t.Fatalf("cut at byte %d: %v, and by the byte %v", cut, err, again)
		}
	}
}

func TestStreamsErrorDocuments(t *testing.T) {
	tests := map[string]struct {
		document string
		want     mtconnect.AgentError
	}{
		"1.0": {
			`<MTConnectError xmlns="urn:mtconnect.com:MTConnectError:1.0"><Header instanceId="7"/><Error errorCode="NO_DEVICE">Which?</Error></MTConnectError>`,
			mtconnect.AgentError{
				Header: mtconnect.Header{InstanceID: 7, SchemaVersion: "1.0"},
				Errors: []mtconnect.ErrorEntry{{Code: mtconnect.CodeNoDevice, Message: "Which?"}},
			},
		},
		"1.3": {
			`<MTConnectError xmlns="urn:mtconnect.org:MTConnectError:1.3"><Header instanceId="7"/><Errors><Error errorCode="OUT_OF_RANGE">Too &lt; small</Error><Error errorCode="OWN">b</Error></Errors></MTConnectError>`,
			mtconnect.AgentError{
				Header: mtconnect.Header{InstanceID: 7, SchemaVersion: "1.3"},
				Errors: []mtconnect.ErrorEntry{{Code: mtconnect.CodeOutOfRange, Message: "Too < small"}, {Code: "OWN", Message: "b"}},
			},
		},
		"2.6": {
			`<MTConnectError xmlns="urn:mtconnect.org:MTConnectError:2.6"><Header instanceId="7"/><Errors><OutOfRange errorCode="OUT_OF_RANGE"><URI>/sample</URI><Request>MTConnectStreams</Request><ErrorMessage>no</ErrorMessage><QueryParameter name="from"><Value>9</Value><Minimum>1</Minimum><Maximum>8</Maximum></QueryParameter></OutOfRange></Errors></MTConnectError>`,
			mtconnect.AgentError{
				Header: mtconnect.Header{InstanceID: 7, SchemaVersion: "2.6"},
				Errors: []mtconnect.ErrorEntry{{
					Code: mtconnect.CodeOutOfRange, Message: "no", URI: "/sample", Request: "MTConnectStreams",
					Parameter: "from", Value: "9", Minimum: "1", Maximum: "8",
				}},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readAll(strings.NewReader(tt.document))
			var got *mtconnect.AgentError
			if !errors.As(err, &got) {
				t.Fatalf("error %v, want an AgentError", err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStreamsSourceFails asks for the error of the source behind that of the
// reader, after the observations that came before it.
func TestStreamsSourceFails(t *testing.T) {
	document := streams(`<Samples><Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1">1</Load>`)
	cut := strings.Index(document, "</ComponentStream")
	broken := fmt.Errorf("the line is down")
	got, err := readAll(io.MultiReader(strings.NewReader(document[:cut]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("%d observations and error %v, want 1 and %v", len(got), err, broken)
	}
	if _, err := readAll(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	// Behind a whole document too, and where it has the end of a file in it.
	cutShort := fmt.Errorf("the line is down: %w", io.EOF)
	_, err = readAll(io.MultiReader(strings.NewReader(streams("")), iotest.ErrReader(cutShort)))
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		t.Errorf("error %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

// TestStreamsReset leaves a document in its middle and after an error: the next
// one is not affected.
func TestStreamsReset(t *testing.T) {
	row := `<Load dataItemId="i" timestamp="2026-11-23T12:00:00Z" sequence="1">1</Load>`
	document := streams("<Samples>" + row + row + row + "</Samples>")
	want, err := readAll(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	for _, before := range []string{document, document[:len(document)/2], "<a", "", `{"x`} {
		r.Reset(strings.NewReader(before))
		for range 3 {
			if _, err := r.Next(); err != nil {
				break
			}
		}
		r.Reset(strings.NewReader(document))
		got, err := readOn(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %.20q (-want +got):\n%s", before, diff)
		}
	}
}
