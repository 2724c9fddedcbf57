package agent_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

func TestPaths(t *testing.T) {
	r := newRing(t, "2.7", 100)
	add(t, r, event("avail", "x"), cond(mtconnect.Normal, "", ""), event("xpos", "1"), event("xwave", "1"),
		event("exec", "x"), event("msg", "x"), event("vars", "x"), event("offsets", "x"), event("motion", "x"))
	a := agent.New(r, agent.Options{Namespaces: []agent.Namespace{{"x", "urn:x"}}})
	for path, want := range map[string][]string{
		`//DataItem[@type="EXECUTION"]`:                                      {"exec"},
		`//Axes//DataItem[@category='SAMPLE']`:                               {"xpos", "xwave"},
		`//Device[@name="Mill"]/DataItems`:                                   {"avail", "system"},
		`//Axes|//DataItem[@id="msg"]`:                                       {"msg", "xpos", "xwave"},
		`//Linear[@name="X"]`:                                                {"xpos", "xwave"},
		`//DataItem[@category="CONDITION" or @type="EXECUTION"]`:             {"exec", "system"},
		`//DataItem[contains(@type, 'ITION') and @units]`:                    {"xpos"},
		`/MTConnectDevices/Devices/Device[@uuid="mill-uuid"]//*[@id="vars"]`: {"vars"},
	} {
		_, doc := get(t, a, "/Mill/current?path="+url.QueryEscape(path))
		_, got, err := tryRead(bytes.NewReader(doc))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		ids := make(map[string]bool)
		for _, o := range got {
			ids[o.DataItemID] = true
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(ids))); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestHostilePathIsStopped(t *testing.T) {
	d := mill()
	for i := range 300 {
		d.DataItems = append(d.DataItems, mtconnect.DataItem{ID: fmt.Sprint("d", i), Category: mtconnect.Event, Type: "BLOCK"})
	}
	r, err := agent.NewRing(agent.RingConfig{Info: info("2.7"), Devices: []mtconnect.Device{d}})
	if err != nil {
		t.Fatal(err)
	}
	path := "//*" + strings.Repeat("[count(//*", 8) + strings.Repeat(")>0]", 8)
	resp, doc := get(t, agent.New(r, agent.Options{PathSteps: 100_000}), "/current?path="+url.QueryEscape(path))
	if resp.StatusCode != http.StatusBadRequest || !bytes.Contains(doc, []byte("too many steps")) {
		t.Errorf("status %d: %s", resp.StatusCode, doc)
	}
}
