package agent_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// nistAnswers gives the recorded answers of a real agent by file name.
// FACTORYDASH_NIST names the folder they are in, beside the module by default.
func nistAnswers(tb testing.TB, archive string) map[string]string {
	tb.Helper()
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "nist")
	}
	f, err := os.Open(filepath.Join(dir, "agents", archive))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("the NIST set is missing (%v): name its folder in FACTORYDASH_NIST", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	answers := make(map[string]string)
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return answers
		}
		if err != nil {
			tb.Fatal(err)
		}
		content, err := io.ReadAll(files)
		if err != nil {
			tb.Fatal(err)
		}
		answers[path.Base(h.Name)] = string(content)
	}
}

// realAgents are the archives of recorded answers and what is particular to
// the agents that gave them.
var realAgents = []struct{ archive, version string }{
	{"agent13.tgz", "1.3"}, {"agent27.tgz", "2.7"},
}

// nistRing makes a ring of what a real agent served: its device models and the
// observations of its largest sample document.
func nistRing(tb testing.TB, answers map[string]string, version string) *agent.Ring {
	tb.Helper()
	devices, err := mtconnect.ParseDevices([]byte(answers["probe.xml"]), mtconnect.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	in := info(version)
	in.ModelChanged = devices.Header.DeviceModelChangeTime
	r, err := agent.NewRing(agent.RingConfig{Info: in, Devices: devices.Devices})
	if err != nil {
		tb.Fatal(err)
	}
	_, observations := read(tb, []byte(answers["sample-10000.xml"]))
	slices.SortFunc(observations, func(a, b agent.Observation) int { return int(a.Sequence) - int(b.Sequence) })
	add(tb, r, observations...)
	return r
}

func nistAgent(tb testing.TB, answers map[string]string, version string) *agent.Agent {
	tb.Helper()
	return agent.New(nistRing(tb, answers, version), agent.Options{
		Namespaces: []agent.Namespace{{"x", "urn:nist.gov:NistStreams:1.3"}},
	})
}

// fields reads every field of the observations of a document, by sequence.
func fields(t *testing.T, doc string) []string {
	t.Helper()
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	r.Reset(strings.NewReader(doc))
	var got []string
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(got)
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		attributes := slices.Clone(o.Attributes)
		slices.SortFunc(attributes, func(a, b mtconnect.Attribute) int { return strings.Compare(a.Name, b.Name) })
		c := *o
		c.Device, c.Component, c.Attributes = nil, nil, attributes
		got = append(got, fmt.Sprintf("%+v %+v %+v", c, *o.Device, *o.Component))
	}
}

func TestObservationsLikeRealAgents(t *testing.T) {
	for _, recorded := range realAgents {
		t.Run(recorded.version, func(t *testing.T) {
			answers := nistAnswers(t, recorded.archive)
			a := nistAgent(t, answers, recorded.version)
			for file, target := range map[string]string{
				"sample-10000.xml":   "/sample?count=10000",
				"sample-100.xml":     "/sample",
				"sample-default.xml": "/sample",
				"sample-path.xml":    "/sample?path=//Path&count=200",
			} {
				_, doc := get(t, a, target)
				if diff := cmp.Diff(fields(t, answers[file]), fields(t, string(doc))); diff != "" {
					t.Errorf("%s: %s", file, diff)
				}
				h, _ := read(t, doc)
				if want, _ := read(t, []byte(answers[file])); h.NextSequence != want.NextSequence {
					t.Errorf("%s: next sequence %d, want %d", file, h.NextSequence, want.NextSequence)
				}
			}
		})
	}
}

func TestProbeLikeRealAgents(t *testing.T) {
	for _, recorded := range realAgents {
		t.Run(recorded.version, func(t *testing.T) {
			answers := nistAnswers(t, recorded.archive)
			_, doc := get(t, nistAgent(t, answers, recorded.version), "/probe")
			got, err := mtconnect.ParseDevices(doc, mtconnect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want, err := mtconnect.ParseDevices([]byte(answers["probe.xml"]), mtconnect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Devices, got.Devices); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tree is an XML element for comparison: what varies from run to run masked.
type tree struct {
	Name     string
	Attrs    []string
	Text     string
	Children []tree
}

var digits = regexp.MustCompile(`\d+`)

// parseTree reads a document. Of attributes of the header it keeps the names
// only, of texts no digits.
func parseTree(t *testing.T, doc string) tree {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(doc))
	stack := []tree{{}}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return stack[0].Children[0]
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		top := &stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := tree{Name: token.Name.Space + " " + token.Name.Local}
			for _, a := range token.Attr {
				value := a.Value
				if token.Name.Local == "Header" || a.Name.Local == "schemaLocation" {
					value = "…"
				}
				if a.Name.Space != "xmlns" {
					e.Attrs = append(e.Attrs, a.Name.Local+"="+value)
				}
			}
			slices.Sort(e.Attrs)
			stack = append(stack, e)
		case xml.CharData:
			text := strings.TrimPrefix(strings.TrimSpace(string(token)), "127.0.0.1: ")
			top.Text += digits.ReplaceAllString(text, "0")
		case xml.EndElement:
			done := *top
			stack = stack[:len(stack)-1]
			parent := &stack[len(stack)-1]
			parent.Children = append(parent.Children, done)
		}
	}
}

func TestErrorsLikeRealAgents(t *testing.T) {
	requests := map[string]string{
		"error-asset.xml":         "/asset/NOPE",
		"error-at-high.xml":       "/current?at=999999999999",
		"error-count-huge.xml":    "/sample?count=99999999",
		"error-count-zero.xml":    "/sample?count=0",
		"error-device.xml":        "/NoSuchDevice/current",
		"error-from-high.xml":     "/sample?from=999999999999",
		"error-from-negative.xml": "/sample?from=-1",
		"error-from-text.xml":     "/sample?from=abc",
		"error-heartbeat.xml":     "/sample?count=10&interval=-5",
		"error-interval-text.xml": "/sample?interval=abc",
		"error-path-nomatch.xml":  "/current?path=//Nope",
		"error-path.xml":          "/current?path=//Nope[",
		"error-request-2.xml":     "/a/b/c",
		"error-request.xml":       "/nosuchrequest",
		"error-method.xml":        "/probe",
		"error-at-interval.xml":   "/current?at=1&interval=1000",
		"sample-negcount.xml":     "/sample?count=-100",
	}
	for _, recorded := range realAgents {
		answers := nistAnswers(t, recorded.archive)
		a := nistAgent(t, answers, recorded.version)
		for file, target := range requests {
			if !strings.Contains(answers[file], "<MTConnectError") {
				continue // This agent answers it with data.
			}
			method := http.MethodGet
			if file == "error-method.xml" {
				method = http.MethodDelete
			}
			w := httptest.NewRecorder()
			a.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, nil))
			if diff := cmp.Diff(parseTree(t, answers[file]), parseTree(t, w.Body.String())); diff != "" {
				t.Errorf("%s %s: %s", recorded.version, file, diff)
			}
			head := answers[file+".hdr"]
			if status := " " + http.StatusText(w.Code) + "\r\n"; !strings.Contains(head, status) {
				t.Errorf("%s %s: status %d, real: %.40s", recorded.version, file, w.Code, head)
			}
			if kind := w.Header().Get("Content-Type"); !strings.Contains(head, "Content-Type: "+kind) {
				t.Errorf("%s %s: content type %s", recorded.version, file, kind)
			}
		}
	}
}

func TestHeadersLikeRealAgents(t *testing.T) {
	for _, recorded := range realAgents {
		answers := nistAnswers(t, recorded.archive)
		a := nistAgent(t, answers, recorded.version)
		for file, target := range map[string]string{
			"probe.xml": "/probe", "sample-100.xml": "/sample", "current.xml": "/current", "assets.xml": "/assets",
		} {
			_, doc := get(t, a, target)
			got, want := parseTree(t, string(doc)), parseTree(t, answers[file])
			if got.Name != want.Name {
				t.Errorf("%s %s: root %s, want %s", recorded.version, file, got.Name, want.Name)
			}
			if diff := cmp.Diff(want.Children[0].Attrs, got.Children[0].Attrs); diff != "" {
				t.Errorf("%s %s: %s", recorded.version, file, diff)
			}
		}
	}
}
