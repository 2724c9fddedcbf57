package mtconnect_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/factorydash/factorydash/mtconnect"
)

// elementCounts counts the elements of an XML document by local name, and of
// the children of Components as "component".
func elementCounts(t *testing.T, document []byte) map[string]int {
	t.Helper()
	counts := map[string]int{}
	var open []string
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			counts[e.Name.Local]++
			if len(open) > 0 && open[len(open)-1] == "Components" {
				counts["component"]++
			}
			for _, a := range e.Attr {
				counts[e.Name.Local+"@"+a.Name.Local+"="+a.Value]++
			}
			open = append(open, e.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// walk calls each for a component and all below it.
func walk(c *mtconnect.Component, each func(*mtconnect.Component)) {
	each(c)
	for i := range c.Components {
		walk(&c.Components[i], each)
	}
}

func TestProbesOfTwoAgents(t *testing.T) {
	for _, archive := range []string{"agents/agent13.tgz", "agents/agent27.tgz"} {
		probes := 0
		nistDocuments(t, archive, isXML, func(name string, content []byte) {
			if !bytes.Contains(content, []byte("<MTConnectDevices")) {
				return
			}
			probes++
			devices, err := mtconnect.ParseDevices(content, mtconnect.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if h := devices.Header; h.InstanceID == 0 || h.BufferSize != 131072 || h.AssetBufferSize != 1024 ||
				h.AssetCount != 3 || h.CreationTime.IsZero() || h.Sender != "vm" || !strings.HasPrefix(h.Version, h.SchemaVersion) {
				t.Errorf("%s: header %+v", name, h)
			}
			want := elementCounts(t, content)
			got := map[string]int{}
			for i := range devices.Devices {
				d := &devices.Devices[i]
				if d.IsAgent {
					got["Agent"]++
				} else {
					got["Device"]++
				}
				if d.UUID == "" || d.Name == "" {
					t.Errorf("%s: device without uuid or name: %+v", name, d)
				}
				got["component"]--
				walk(&d.Component, func(c *mtconnect.Component) {
					got["component"]++
					if c.Description != (mtconnect.Description{}) {
						got["Description"]++
					}
					for _, item := range c.DataItems {
						got["DataItem"]++
						got["DataItem@category="+item.Category.String()]++
						if item.Source != (mtconnect.Source{}) {
							got["Source"]++
						}
						got["Value"] += len(item.Constraints.Values)
						if item.SubType != "" {
							got["DataItem@subType="+item.SubType]++
						}
						if item.Units != "" {
							got["DataItem@units="+item.Units]++
						}
						if item.Representation == mtconnect.DataSet {
							got["DataItem@representation=DATA_SET"]++
						}
						if item.Discrete {
							got["DataItem@discrete=true"]++
						}
					}
				})
			}
			for key, n := range got {
				if want[key] != n {
					t.Errorf("%s: %d of %s, encoding/xml finds %d", name, n, key, want[key])
				}
			}
			if got["DataItem"] < 10 {
				t.Errorf("%s: only %d data items", name, got["DataItem"])
			}
		})
		if probes < 3 {
			t.Errorf("%s: only %d probes", archive, probes)
		}
	}
}

// TestNISTDevices reads the configuration of the test bed's agent, which has
// what agents leave out: filters, constraints and vendors' types.
func TestNISTDevices(t *testing.T) {
	content, err := io.ReadAll(nistFile(t, "documents/Devices.xml"))
	if err != nil {
		t.Fatal(err)
	}
	devices, err := mtconnect.ParseDevices(content, mtconnect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want, items := elementCounts(t, content), 0
	for i := range devices.Devices {
		walk(&devices.Devices[i].Component, func(c *mtconnect.Component) { items += len(c.DataItems) })
	}
	if len(devices.Devices) != 8 || items != want["DataItem"] || items == 0 {
		t.Errorf("%d devices and %d data items, want 8 and %d", len(devices.Devices), items, want["DataItem"])
	}
}

func TestParseDevices(t *testing.T) {
	const document = `<?xml version="1.0"?>
<m:MTConnectDevices xmlns:m="urn:mtconnect.com:MTConnectDevices:1.0">
 <m:Header sender="shop" instanceId="18446744073709551615" version="1.0.3" testIndicator="true" creationTime="2010-05-06T07:08:09"/>
 <m:Devices>
  <m:Device id="d" name="Mill" uuid="u-1" sampleInterval="10.5">
   <m:Description manufacturer="Acme" model="M&amp;M" serialNumber="7" station="A"> The <![CDATA[big]]> mill </m:Description>
   <m:Configuration><SensorConfiguration a='1'><x/></SensorConfiguration></m:Configuration>
   <m:DataItems>
    <m:DataItem id="a" type="x:FOO" category="sample" nativeScale="2" units="MILLIMETER" significantDigits="4" representation="TIME_SERIES" sampleRate="1e3">
     <m:Source componentId="c">S.load</m:Source>
     <m:Constraints><m:Minimum>-1</m:Minimum><m:Maximum> 2.5 </m:Maximum><m:Nominal>0</m:Nominal><m:Filter type="MINIMUM_DELTA">0.5</m:Filter></m:Constraints>
     <m:ResetTrigger>DAY</m:ResetTrigger>
    </m:DataItem>
    <m:DataItem id="b" type="EXECUTION" category="EVENT" representation="DISCRETE">
     <m:Constraints><m:Value>READY</m:Value><m:Value>ACTIVE</m:Value></m:Constraints>
     <m:Filters><m:Filter type="PERIOD">10</m:Filter></m:Filters>
     <m:InitialValue>1</m:InitialValue>
    </m:DataItem>
    <m:DataItem/>
   </m:DataItems>
   <m:Compositions><m:Composition id="m" type="MOTOR" name="main" uuid="u-2"><m:Description station="B"/></m:Composition></m:Compositions>
   <m:References><m:Reference id="zz"/></m:References>
   <m:Components><m:Axes id="x" uuid="u-3"><m:Components><v:Wobble id="w" nativeName="W"/></m:Components></m:Axes></m:Components>
  </m:Device>
  <v:Gadget id="ignored"/>
  <m:Agent id="ag" uuid="u-9" mtconnectVersion="1.7" hash="h="/>
 </m:Devices>
</m:MTConnectDevices>`
	number := func(f float64) *float64 { return &f }
	want := &mtconnect.Devices{
		Header: mtconnect.Header{
			Sender: "shop", InstanceID: 1<<64 - 1, Version: "1.0.3", SchemaVersion: "1.0", TestIndicator: true,
			CreationTime: time.Date(2010, 5, 6, 7, 8, 9, 0, time.UTC),
		},
		Devices: []mtconnect.Device{
			{
				UUID: "u-1",
				Component: mtconnect.Component{
					Type: "Device", Prefix: "m", ID: "d", Name: "Mill", SampleInterval: 10.5,
					Description: mtconnect.Description{
						Manufacturer: "Acme", Model: "M&M", SerialNumber: "7", Station: "A", Text: "The big mill",
					},
					Configuration: []byte(`<m:Configuration><SensorConfiguration a='1'><x/></SensorConfiguration></m:Configuration>`),
					DataItems: []mtconnect.DataItem{
						{
							ID: "a", Type: "x:FOO", Category: mtconnect.Sample, NativeScale: 2, Units: "MILLIMETER",
							SignificantDigits: 4, Representation: mtconnect.TimeSeries, SampleRate: 1000,
							Source:       mtconnect.Source{ComponentID: "c", Text: "S.load"},
							Constraints:  mtconnect.Constraints{Minimum: number(-1), Maximum: number(2.5), Nominal: number(0)},
							Filters:      []mtconnect.Filter{{Type: "MINIMUM_DELTA", Value: 0.5}},
							ResetTrigger: "DAY",
						},
						{
							ID: "b", Type: "EXECUTION", Category: mtconnect.Event, Discrete: true,
							Constraints:  mtconnect.Constraints{Values: []string{"READY", "ACTIVE"}},
							Filters:      []mtconnect.Filter{{Type: "PERIOD", Value: 10}},
							InitialValue: "1",
						},
						{},
					},
					Compositions: []mtconnect.Composition{{
						ID: "m", Type: "MOTOR", Name: "main", UUID: "u-2",
						Description: mtconnect.Description{Station: "B"},
					}},
					Components: []mtconnect.Component{{
						Type: "Axes", Prefix: "m", ID: "x", UUIDRef: "u-3",
						Components: []mtconnect.Component{{Type: "Wobble", Prefix: "v", ID: "w", NativeName: "W"}},
					}},
				},
			},
			{
				UUID: "u-9", IsAgent: true, MTConnectVersion: "1.7", Hash: "h=",
				Component: mtconnect.Component{Type: "Agent", Prefix: "m", ID: "ag"},
			},
		},
	}
	got, err := mtconnect.ParseDevices([]byte(document), mtconnect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

// jsonDevices are one device model in both versions of the JSON form.
var jsonDevices = map[string]string{
	"version 1": `{"MTConnectDevices":{"Devices":[{"Device":{"Components":[{"Axes":{"Components":[{"Linear":{"id":"x","name":"X"}}],"id":"ax"}},{"Controller":{"id":"co"}}],
		"Configuration":{"CoordinateSystems":[]},
		"DataItems":[{"DataItem":{"Constraints":[{"Maximum":{"value":5}},{"Value":{"value":"a"}}],"category":"SAMPLE","id":"p","type":"LOAD"}},{"DataItem":{"id":"q","category":"EVENT","discrete":true,"Filters":[{"Filter":{"type":"PERIOD","value":3}}]}}],
		"Description":{"value":"mill \u0026 more","manufacturer":"Acme"},"id":"d","name":"Mill","uuid":"u"}}],
		"Header":{"instanceId":7,"schemaVersion":"1.6","sender":"s"}}}`,
	"version 2": "\ufeff" + ` {"MTConnectDevices":{"jsonVersion":2,"schemaVersion":"1.6","Header":{"instanceId":7,"sender":"s"},"Devices":{"Device":[{
		"Components":{"Axes":[{"Components":{"Linear":[{"id":"x","name":"X"}]},"id":"ax"}],"Controller":[{"id":"co"}]},
		"Configuration":{"CoordinateSystems":[]},
		"DataItems":{"DataItem":[{"Constraints":{"Maximum":5,"Value":["a"]},"category":"SAMPLE","id":"p","type":"LOAD"},{"id":"q","category":"EVENT","discrete":true,"Filters":{"Filter":[{"type":"PERIOD","value":3}]}}]},
		"Description":{"value":"mill & more","manufacturer":"Acme"},"id":"d","name":"Mill","uuid":"u"}]}}} `,
}

// TestNumbersThatAreNone wants numbers that bound and scale nothing to count as
// missing.
func TestNumbersThatAreNone(t *testing.T) {
	for _, none := range []string{"", "INF", "-inf", "nan", "1e999", "0x10", "1_0", "one"} {
		document := strings.ReplaceAll(`<MTConnectDevices><Devices><Device sampleInterval="?"><DataItems><DataItem nativeScale="?" sampleRate="?" significantDigits="?">
			<Constraints><Minimum>?</Minimum><Maximum>?</Maximum><Nominal>?</Nominal></Constraints><Filters><Filter type="PERIOD">?</Filter></Filters>
			</DataItem></DataItems></Device></Devices></MTConnectDevices>`, "?", none)
		got, err := mtconnect.ParseDevices([]byte(document), mtconnect.Limits{})
		if err != nil {
			t.Fatalf("%q: %v", none, err)
		}
		want := []mtconnect.Device{{Component: mtconnect.Component{Type: "Device", DataItems: []mtconnect.DataItem{{}}}}}
		if diff := cmp.Diff(want, got.Devices); diff != "" {
			t.Errorf("%q (-want +got):\n%s", none, diff)
		}
	}
}

func TestParseDevicesJSON(t *testing.T) {
	const same = `<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.6"><Header instanceId="7" sender="s"/><Devices><Device id="d" name="Mill" uuid="u">
		<Description manufacturer="Acme">mill &amp; more</Description><DataItems><DataItem id="p" category="SAMPLE" type="LOAD"><Constraints><Maximum>5</Maximum><Value>a</Value></Constraints></DataItem>
		<DataItem id="q" category="EVENT" discrete="true"><Filters><Filter type="PERIOD">3</Filter></Filters></DataItem></DataItems>
		<Components><Axes id="ax"><Components><Linear id="x" name="X"/></Components></Axes><Controller id="co"/></Components></Device></Devices></MTConnectDevices>`
	want, err := mtconnect.ParseDevices([]byte(same), mtconnect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want.Devices[0].Configuration = []byte(`{"CoordinateSystems":[]}`)
	for version, document := range jsonDevices {
		got, err := mtconnect.ParseDevices([]byte(document), mtconnect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-XML +JSON):\n%s", version, diff)
		}
	}
}

// TestProbeJSON compares the probe of one agent in both forms. JSON groups
// components by type, so their order is put aside.
func TestProbeJSON(t *testing.T) {
	var parsed []*mtconnect.Devices
	keep := func(name string) bool {
		return strings.HasPrefix(filepath.Base(name), "probe.") && !strings.HasSuffix(name, ".hdr")
	}
	nistDocuments(t, "agents/agent27.tgz", keep, func(name string, content []byte) {
		devices, err := mtconnect.ParseDevices(content, mtconnect.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range devices.Devices {
			walk(&devices.Devices[i].Component, func(c *mtconnect.Component) {
				slices.SortStableFunc(c.Components, func(a, b mtconnect.Component) int { return strings.Compare(a.Type, b.Type) })
			})
		}
		slices.SortStableFunc(devices.Devices, func(a, b mtconnect.Device) int { return strings.Compare(a.Type, b.Type) })
		parsed = append(parsed, devices)
	})
	if len(parsed) != 2 {
		t.Fatalf("%d probes, want one in XML and one in JSON", len(parsed))
	}
	ignore := cmpopts.IgnoreFields(mtconnect.Header{}, "CreationTime", "DeviceModelChangeTime")
	if diff := cmp.Diff(parsed[0], parsed[1], ignore); diff != "" {
		t.Errorf("one form and the other:\n%s", diff)
	}
}

func TestAssetsOfTwoAgents(t *testing.T) {
	contents := map[string]int{}
	for _, archive := range []string{"agents/agent13.tgz", "agents/agent27.tgz"} {
		keep := func(name string) bool {
			return strings.HasPrefix(filepath.Base(name), "asset") && !strings.HasSuffix(name, ".hdr")
		}
		nistDocuments(t, archive, keep, func(name string, content []byte) {
			assets, err := mtconnect.ParseAssets(content, mtconnect.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(assets.Assets) != 3 || assets.Header.AssetCount != 3 || assets.Header.InstanceID == 0 {
				t.Fatalf("%s: %d assets, header %+v: want 3", name, len(assets.Assets), assets.Header)
			}
			for _, a := range assets.Assets {
				if a.Type != "CuttingTool" || !strings.HasPrefix(a.ID, "KSSP300R4SD43L240.") ||
					!strings.HasPrefix(a.DeviceUUID, "mtc_adapter") || a.Timestamp.IsZero() || a.Removed {
					t.Errorf("%s: asset %+v", name, a)
				}
				if !bytes.Contains(content, a.Content) {
					t.Errorf("%s: content of %s is not as written", name, a.ID)
				}
				if !json.Valid(a.Content) && xml.Unmarshal(a.Content, new(node)) != nil {
					t.Errorf("%s: content of %s is no element of its own", name, a.ID)
				}
				contents[a.ID]++
			}
		})
	}
	want := map[string]int{"KSSP300R4SD43L240.1": 5, "KSSP300R4SD43L240.2": 5, "KSSP300R4SD43L240.3": 5}
	if diff := cmp.Diff(want, contents); diff != "" {
		t.Errorf("assets (-want +got):\n%s", diff)
	}
}

func TestParseAssets(t *testing.T) {
	want := []mtconnect.Asset{
		{Type: "File", ID: "1", DeviceUUID: "u", Timestamp: time.Date(2020, 1, 2, 3, 4, 5, 600_000_000, time.UTC), Removed: true, Hash: "h", Content: []byte(`1`)},
		{Type: "Blob", Prefix: "x", ID: "2", Content: []byte(`2`)},
	}
	documents := map[string][3]string{
		"XML": {
			`<x:Blob assetId="2"><File assetId="inner"/>text</x:Blob>`,
			`<File removed="true" hash="h" assetId='1' deviceUuid="u" timestamp="2020-01-02T04:04:05.6+01:00"/>`,
			`<MTConnectAssets><Header/><Assets>@1 @2</Assets></MTConnectAssets>`,
		},
		"JSON 1": {
			`{"File":{"assetId":"inner"},"assetId":"2"}`,
			`{"removed":true,"hash":"h","assetId":"1","deviceUuid":"u","timestamp":"2020-01-02T03:04:05.6Z"}`,
			`{"MTConnectAssets":{"Assets":[{"File":@1},{"x:Blob":@2}]}}`,
		},
		"JSON 2": {
			`{"assetId":"2","value":{}}`,
			`{"removed":true,"hash":"h","assetId":"1","deviceUuid":"u","timestamp":"2020-01-02T03:04:05.6Z"}`,
			`{"MTConnectAssets":{"Assets":{"File":[@1],"x:Blob":[@2]}}}`,
		},
	}
	for form, d := range documents {
		got, err := mtconnect.ParseAssets([]byte(strings.NewReplacer("@1", d[1], "@2", d[0]).Replace(d[2])), mtconnect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		want[0].Content, want[1].Content = []byte(d[1]), []byte(d[0])
		if diff := cmp.Diff(want, got.Assets); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
}

// TestErrorDocuments reads every error of two agents. The codes are those that
// the agents were asked to show, put down by hand.
func TestErrorDocuments(t *testing.T) {
	want := map[string]mtconnect.ErrorCode{
		"13/error-asset.xml": "ASSET_NOT_FOUND", "27/error-asset.xml": "ASSET_NOT_FOUND",
		"13/error-at-high.xml": "OUT_OF_RANGE", "27/error-at-high.xml": "OUT_OF_RANGE",
		"13/error-at-interval.xml": "INVALID_REQUEST", // streams on 2.7
		"13/error-count-huge.xml":  "OUT_OF_RANGE", "27/error-count-huge.xml": "OUT_OF_RANGE",
		"13/error-count-zero.xml": "OUT_OF_RANGE", "27/error-count-zero.xml": "OUT_OF_RANGE",
		"13/error-device.xml": "INVALID_XPATH", "27/error-device.xml": "NO_DEVICE", "27/error-device.json": "NO_DEVICE",
		"13/error-from-high.xml": "OUT_OF_RANGE", "27/error-from-high.xml": "OUT_OF_RANGE", "27/error-from-high.json": "OUT_OF_RANGE",
		"13/error-from-negative.xml": "OUT_OF_RANGE", "27/error-from-negative.xml": "OUT_OF_RANGE",
		"13/error-from-text.xml": "OUT_OF_RANGE", "27/error-from-text.xml": "INVALID_PARAMETER_VALUE",
		"13/error-heartbeat.xml": "OUT_OF_RANGE", "27/error-heartbeat.xml": "OUT_OF_RANGE",
		"13/error-interval-text.xml": "OUT_OF_RANGE", "27/error-interval-text.xml": "INVALID_PARAMETER_VALUE",
		"13/error-method.xml": "UNSUPPORTED", "27/error-method.xml": "INVALID_URI",
		"13/error-path-nomatch.xml": "INVALID_XPATH", "27/error-path-nomatch.xml": "INVALID_XPATH",
		"13/error-path.xml": "INVALID_XPATH", "27/error-path.xml": "INVALID_XPATH",
		"13/error-request-2.xml": "UNSUPPORTED", "27/error-request-2.xml": "INVALID_URI",
		"13/error-request.xml": "UNSUPPORTED", "27/error-request.xml": "INVALID_URI",
		"13/sample-negcount.xml": "OUT_OF_RANGE",
	}
	got := map[string]mtconnect.ErrorCode{}
	for _, agent := range []string{"13", "27"} {
		keep := func(name string) bool { return !strings.HasSuffix(name, ".hdr") }
		nistDocuments(t, "agents/agent"+agent+".tgz", keep, func(name string, content []byte) {
			e, err := mtconnect.ParseError(content, mtconnect.Limits{})
			if err != nil {
				return // no error document
			}
			key := agent + "/" + filepath.Base(name)
			if len(e.Errors) != 1 || e.Errors[0].Message == "" || e.Header.InstanceID == 0 {
				t.Errorf("%s: %+v: want one error with a message", key, e)
			}
			got[key] = e.Errors[0].Code
			if _, err := mtconnect.ParseDevices(content, mtconnect.Limits{}); !errors.Is(err, e.Errors[0].Code) {
				t.Errorf("%s as devices: error %v, want %s", key, err, e.Errors[0].Code)
			}
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

func TestParseError(t *testing.T) {
	full := mtconnect.ErrorEntry{
		Code: "OUT_OF_RANGE", Message: "too high", URI: "/sample?from=9", Request: "MTConnectStreams",
		Parameter: "from", Value: "9", Minimum: "1", Maximum: "8",
	}
	tests := map[string]struct {
		document string
		want     []mtconnect.ErrorEntry
	}{
		"1.0": {
			`<MTConnectError><Header/><Error errorCode="NO_DEVICE"> where? </Error></MTConnectError>`,
			[]mtconnect.ErrorEntry{{Code: "NO_DEVICE", Message: "where?"}},
		},
		"1.3": {
			`<MTConnectError><Errors><Error errorCode="A">x</Error><Error errorCode="B"/></Errors></MTConnectError>`,
			[]mtconnect.ErrorEntry{{Code: "A", Message: "x"}, {Code: "B"}},
		},
		"2.6": {
			`<MTConnectError><Errors><OutOfRange errorCode="OUT_OF_RANGE"><URI>/sample?from=9</URI><Request>MTConnectStreams</Request><ErrorMessage>too high</ErrorMessage>
			<QueryParameter name="from"><Value>9</Value><Minimum>1</Minimum><Maximum>8</Maximum></QueryParameter></OutOfRange></Errors></MTConnectError>`,
			[]mtconnect.ErrorEntry{full},
		},
		"JSON 1": {
			`{"MTConnectError":{"Errors":[{"Error":{"errorCode":"A","value":"x"}}]}}`,
			[]mtconnect.ErrorEntry{{Code: "A", Message: "x"}},
		},
		"JSON 2": {
			`{"MTConnectError":{"Errors":{"OutOfRange":[{"errorCode":"OUT_OF_RANGE","ErrorMessage":"too high","URI":"/sample?from=9","Request":"MTConnectStreams","QueryParameter":{"name":"from","Value":9,"Minimum":1,"Maximum":8}}]}}}`,
			[]mtconnect.ErrorEntry{full},
		},
	}
	for name, test := range tests {
		got, err := mtconnect.ParseError([]byte(test.document), mtconnect.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got.Errors); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDamagedDocuments(t *testing.T) {
	small := mtconnect.Limits{Document: 1 << 10, Token: 64, Depth: 5, Attributes: 2}
	tests := map[string]struct {
		document string
		limits   mtconnect.Limits
		want     string
	}{
		"nothing":                {document: "", want: "line 1, column 1"},
		"other root":             {document: `<html/>`, want: `root element is "html": want MTConnectDevices`},
		"streams":                {document: `<MTConnectStreams/>`, want: `want MTConnectDevices`},
		"error without code":     {document: `<MTConnectError/>`, want: "errorCode"},
		"cut off":                {document: "<MTConnectDevices>\n<Devices>", want: "line 2"},
		"two roots":              {document: `<MTConnectDevices/><a/>`, want: "second root"},
		"laughs":                 {document: `<!DOCTYPE l [<!ENTITY l "ha">]><MTConnectDevices>&l;</MTConnectDevices>`, want: "column 1"},
		"long":                   {document: `<MTConnectDevices>` + strings.Repeat("<a/>", 500), limits: small, want: "longer than 1024 bytes"},
		"deep":                   {document: `<MTConnectDevices><a><a><a><a><a>`, limits: small, want: "deeper than 5"},
		"JSON cut off":           {document: `{"MTConnectDevices":{`, want: "column 21 (byte 20): unexpected end"},
		"JSON and more":          {document: `{"MTConnectDevices":{}} x`, want: "column 25 (byte 24): invalid character 'x' after top-level"},
		"JSON in line 3":         {document: "{\n\"MTConnectDevices\":{\n \"a\":nope}}", want: "line 3, column 7"},
		"JSON twice":             {document: `{"MTConnectDevices":{"Header":{"a":1,"b":2,"\u0061":3}}}`, want: `byte 43): key "a" comes twice`},
		"JSON two roots":         {document: `{"MTConnectDevices":{},"a":{}}`, want: "more than one root"},
		"JSON without root":      {document: `{}`, want: "want an object with one member"},
		"JSON other root":        {document: `{"MTConnectStreams":{}}`, want: "want MTConnectDevices"},
		"JSON not UTF-8":         {document: "{\"MTConnectDevices\":{\"a\":\"\xff\"}}", want: "byte 26): not UTF-8"},
		"JSON deep":              {document: `{"MTConnectDevices":[[[[[[`, limits: small, want: "nested deeper than 5"},
		"JSON long string":       {document: `{"MTConnectDevices":{"a":"` + strings.Repeat(`\"`, 50) + `"}}`, limits: small, want: "string is longer than 64"},
		"JSON long number":       {document: `{"MTConnectDevices":{"a":` + strings.Repeat(`1`, 100) + `}}`, limits: small, want: "number is longer than 64"},
		"JSON long":              {document: `{"MTConnectDevices":{}}` + strings.Repeat(" ", 2000), limits: small, want: "longer than 1024 bytes"},
		"JSON many attributes":   {document: `{"MTConnectDevices":{"a":1,"b":1,"c":1}}`, limits: small, want: "more than 2 attributes"},
		"JSON object for a text": {document: `{"MTConnectDevices":{"value":{}}}`, want: "want a text"},
		"JSON list in a list":    {document: `{"MTConnectDevices":{"value":[1,[2]]}}`, want: "in a list of values"},
	}
	for name, test := range tests {
		_, err := mtconnect.ParseDevices([]byte(test.document), test.limits)
		var syntax *mtconnect.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want a SyntaxError with %q", name, err, test.want)
		}
	}
}

// TestManyElements bounds what a small document may cost in memory.
func TestManyElements(t *testing.T) {
	var attributes, members []string
	for i := range 64 {
		attributes = append(attributes, fmt.Sprintf("a%d=''", i))
		members = append(members, fmt.Sprintf(`"a%d":1`, i))
	}
	const deep, ended = `<MTConnectDevices><Devices><Device>`, `</Device></Devices></MTConnectDevices>`
	for name, test := range map[string]struct{ document, want string }{
		"elements":           {`<MTConnectDevices>` + strings.Repeat("<a/>", 300_000) + `</MTConnectDevices>`, "more than 262144 elements"},
		"elements in JSON":   {`{"MTConnectDevices":{"A":[` + strings.Repeat("{},", 300_000) + `{}]}}`, "more than 262144 elements"},
		"attributes":         {`<MTConnectDevices>` + strings.Repeat("<a "+strings.Join(attributes, " ")+"/>", 20_000) + `</MTConnectDevices>`, "more than 1048576 attributes"},
		"attributes in JSON": {`{"MTConnectDevices":{"A":[` + strings.Repeat("{"+strings.Join(members, ",")+"},", 20_000) + `{}]}}`, "more than 1048576 attributes"},
		"data items":         {deep + `<DataItems>` + strings.Repeat("<DataItem/>", 260_000) + `</DataItems>` + ended, ""},
		"components":         {deep + `<Components>` + strings.Repeat("<a/>", 260_000) + `</Components>` + ended, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			total := allocated(func() { _, err = mtconnect.ParseDevices([]byte(test.document), mtconnect.Limits{}) })
			if got := fmt.Sprint(err); !strings.Contains(got, test.want) || test.want == "" && err != nil {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if most := uint64(384 << 20); total > most {
				t.Errorf("%d MiB were allocated for a document of %d, want at most %d", total>>20, len(test.document)>>20, most>>20)
			}
		})
	}
}

// TestManyErrors keeps few of the errors of a document, and of what an agent
// writes into them shows little, escaped.
func TestManyErrors(t *testing.T) {
	const entry = "<Error errorCode=\"\u009b2J&#10;\">\u009b&#10;</Error>"
	long := `<Error errorCode="` + strings.Repeat("A", 1000) + `">` + strings.Repeat("b", 1000) + `</Error>`
	e, err := mtconnect.ParseError([]byte(`<MTConnectError><Errors>`+strings.Repeat(entry+long, 1000)+`</Errors></MTConnectError>`), mtconnect.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	text := e.Error() + e.Errors[0].Code.Error() + e.Errors[1].Code.Error()
	if len(e.Errors) != 16 || len(text) > 8<<10 || strings.ContainsAny(text, "\u009b\n") {
		t.Errorf("%d errors, %d bytes: %q", len(e.Errors), len(text), text)
	}
}
