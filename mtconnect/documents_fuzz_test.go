package mtconnect_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
)

// fuzzLimits keep the documents of a fuzzer small.
var fuzzLimits = mtconnect.Limits{Document: 1 << 16, Token: 1 << 12, Depth: 32}

// checkRefusal wants every error to be one of the two kinds that a document can
// give, with a position within the document.
func checkRefusal(t *testing.T, document []byte, err error) {
	t.Helper()
	var syntax *mtconnect.SyntaxError
	var agent *mtconnect.AgentError
	switch {
	case errors.As(err, &agent):
		if len(agent.Errors) == 0 {
			t.Fatalf("AgentError without an entry")
		}
	case !errors.As(err, &syntax):
		t.Fatalf("error %T %v, want a SyntaxError or an AgentError", err, err)
	case syntax.Offset < 0 || syntax.Offset > int64(len(document)) || syntax.Column < 1 ||
		syntax.Line < 1 || syntax.Line > 1+bytes.Count(document, []byte("\n")):
		t.Fatalf("position of %+v is not in the document of %d bytes", syntax, len(document))
	}
}

func FuzzDevices(f *testing.F) {
	f.Add([]byte(devicesDocument))
	f.Add([]byte(`<m:MTConnectDevices xmlns:m="urn:mtconnect.com:MTConnectDevices:1.0"><m:Header/><m:Devices><m:Device><m:Configuration><a b="&lt;"/></m:Configuration><m:DataItems><m:DataItem id="a" category="SAMPLE"><m:Constraints><m:Minimum>1</m:Minimum></m:Constraints></m:DataItem></m:DataItems></m:Device></m:Devices></m:MTConnectDevices>`))
	for _, document := range jsonDevices {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		devices, err := mtconnect.ParseDevices(document, fuzzLimits)
		if err != nil {
			checkRefusal(t, document, err)
			return
		}
		for i := range devices.Devices {
			walk(&devices.Devices[i].Component, func(c *mtconnect.Component) {
				if len(c.Configuration) > 0 && !bytes.Contains(document, c.Configuration) {
					t.Fatalf("configuration %q is not as written", c.Configuration)
				}
			})
		}
		// White space behind a document means nothing.
		again, err := mtconnect.ParseDevices(append(bytes.Clone(document), '\n'), fuzzLimits)
		if diff := cmp.Diff(devices, again); (diff != "" || err != nil) && len(document) < 1<<16 {
			t.Fatalf("with a line end: error %v (-without +with):\n%s", err, diff)
		}
	})
}

func FuzzAssets(f *testing.F) {
	f.Add([]byte(assetsDocument))
	f.Add([]byte(`{"MTConnectAssets":{"Assets":[{"File":{"assetId":"1","value":{"a":[]}}}]}}`))
	f.Add([]byte(`{"MTConnectAssets":{"Assets":{"x:File":[{"assetId":"1","removed":true}]}}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		assets, err := mtconnect.ParseAssets(document, fuzzLimits)
		if err != nil {
			checkRefusal(t, document, err)
			return
		}
		for _, a := range assets.Assets {
			if len(a.Content) == 0 || !bytes.Contains(document, a.Content) {
				t.Fatalf("content %q of asset %q is not as written", a.Content, a.ID)
			}
		}
	})
}

func FuzzErrorDocument(f *testing.F) {
	f.Add([]byte(`<MTConnectError><Header/><Error errorCode="NO_DEVICE"> where? </Error></MTConnectError>`))
	f.Add([]byte(`<MTConnectError><Errors><OutOfRange errorCode="OUT_OF_RANGE"><URI>/</URI><QueryParameter name="from"><Value>9</Value></QueryParameter></OutOfRange></Errors></MTConnectError>`))
	f.Add([]byte(`{"MTConnectError":{"Errors":[{"Error":{"errorCode":"A","value":"x"}}]}}`))
	f.Add([]byte(`{"MTConnectError":{"Errors":{"OutOfRange":[{"errorCode":"OUT_OF_RANGE","QueryParameter":{"name":"from","Value":9}}]}}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		e, err := mtconnect.ParseError(document, fuzzLimits)
		if err != nil {
			checkRefusal(t, document, err)
			return
		}
		if len(e.Errors) == 0 || e.Errors[0].Code == "" || !errors.Is(e, e.Errors[0].Code) {
			t.Fatalf("error %+v has no code", e)
		}
		// Read as anything else it is the same error.
		var other *mtconnect.AgentError
		if _, err := mtconnect.ParseDevices(document, fuzzLimits); !errors.As(err, &other) || !cmp.Equal(e, other) {
			t.Fatalf("as devices: %v, want %v", err, e)
		}
	})
}
