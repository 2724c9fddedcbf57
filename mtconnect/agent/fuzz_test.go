package agent_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// Whatever a client asks for, the answer is a document: the one asked for or an
// error.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`/current?path=//DataItem[@type="EXECUTION"]`, `/Mill/sample?from=1&count=-5&to=3`, `/sample?path=//Axes|//Path[position()<last()]`,
		`/current?path=//*[count(//*[count(//*)>0])>0]`, `/assets/a;b?type=x&count=1`, `/current?at=2`, `/probe`, `/a/b`,
		`/current?path=//Linear/ancestor::*/following-sibling::node()/@id`,
	} {
		f.Add("1.3", seed)
		f.Add("2.7", seed)
	}
	f.Fuzz(func(t *testing.T, version, target string) {
		if version != "1.3" {
			version = "2.7"
		}
		u, err := url.Parse(target)
		if err != nil || len(u.Path) == 0 || u.Path[0] != '/' {
			return
		}
		q := u.Query()
		q.Del("interval")
		q.Del("frequency")
		u = &url.URL{Path: u.Path, RawQuery: q.Encode()}
		r := newRing(t, version, 10)
		add(t, r, event("exec", "READY"), event("xpos", "1"))
		resp, doc := get(t, agent.New(r, agent.Options{PathSteps: 100_000}), u.String())
		_, errDevices := mtconnect.ParseDevices(doc, mtconnect.Limits{})
		_, errAssets := mtconnect.ParseAssets(doc, mtconnect.Limits{})
		_, errError := mtconnect.ParseError(doc, mtconnect.Limits{})
		_, _, errStreams := tryRead(resp.Body)
		good := errDevices == nil || errAssets == nil || errStreams == nil
		if good == (errError == nil) {
			t.Fatalf("%s: %d, no document (%v) in %s", u, resp.StatusCode, errStreams, doc)
		}
		if version == "2.7" && good != (resp.StatusCode == http.StatusOK) {
			t.Fatalf("%s: status %d with %s", u, resp.StatusCode, doc)
		}
	})
}
