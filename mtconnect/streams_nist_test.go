package mtconnect_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
)

// nistFile opens a file of the NIST set, which is not part of the project:
// FACTORYDASH_NIST names its folder, beside the module by default.
func nistFile(tb testing.TB, name string) *os.File {
	tb.Helper()
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "nist")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("the NIST set is missing (%v): name its folder in FACTORYDASH_NIST", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f
}

// nistDocuments calls each with the name and content of every file of an
// archive of the NIST set that keep says yes to.
func nistDocuments(tb testing.TB, archive string, keep func(name string) bool, each func(name string, content []byte)) {
	tb.Helper()
	unzipped, err := gzip.NewReader(nistFile(tb, archive))
	if err != nil {
		tb.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !keep(h.Name) {
			continue
		}
		content, err := io.ReadAll(files)
		if err != nil {
			tb.Fatal(err)
		}
		each(h.Name, content)
	}
}

func isXML(name string) bool { return strings.HasSuffix(name, ".xml") }

// counts is what mazak03.counts.json says of the recorded documents.
type counts struct {
	Observations int            `json:"observations"`
	Kinds        map[string]int `json:"kinds"`
	Conditions   map[string]int `json:"conditions"`
	Execution    map[string]int `json:"execution"`
	Unavailable  int            `json:"unavailable_samples_and_events"`
	DataItems    int            `json:"data_items"`
	FirstTime    string         `json:"first_time"`
	LastTime     string         `json:"last_time"`
	PerItem      map[string]int `json:"per_item"`
}

func TestRecordedDocuments(t *testing.T) {
	var want counts
	if err := json.NewDecoder(nistFile(t, "recorded/mazak03.counts.json")).Decode(&want); err != nil {
		t.Fatal(err)
	}
	got := counts{
		Kinds:      map[string]int{},
		Conditions: map[string]int{},
		Execution:  map[string]int{},
		PerItem:    map[string]int{},
	}
	kinds := map[mtconnect.Category]string{
		mtconnect.Sample: "Samples", mtconnect.Event: "Events", mtconnect.Condition: "Condition",
	}
	var first, last int64
	sequences := make([]bool, want.Observations+1)
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	nistDocuments(t, "recorded/mazak03.tgz", isXML, func(name string, content []byte) {
		r.Reset(bytes.NewReader(content))
		h, err := r.Header()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if h.InstanceID != 1475084811 || h.SchemaVersion != "1.3" || h.Version != "1.3.0.17" || h.CreationTime.IsZero() {
			t.Errorf("%s: header is %+v", name, h)
		}
		for {
			o, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got.Observations++
			got.Kinds[kinds[o.Category]]++
			got.PerItem[o.DataItemID]++
			switch {
			case o.Category == mtconnect.Condition:
				got.Conditions[o.Level.String()]++
			case o.IsUnavailable():
				got.Unavailable++
			}
			if o.Element == "Execution" {
				got.Execution[string(o.Value)]++
			}
			if first == 0 || o.Time < first {
				first = o.Time
			}
			last = max(last, o.Time)
			if o.Sequence >= uint64(len(sequences)) || sequences[o.Sequence] {
				t.Fatalf("%s: sequence %d is beyond the last or there twice", name, o.Sequence)
			}
			sequences[o.Sequence] = true
			if o.Device.Name != "Mazak03" || o.Device.UUID != "mtc_adapter004" || o.Component.ID == "" {
				t.Fatalf("%s: observation %d is of device %+v, component %+v", name, o.Sequence, o.Device, o.Component)
			}
		}
	})
	got.DataItems = len(got.PerItem)
	const layout = "2006-01-02T15:04:05.000000Z"
	got.FirstTime = time.UnixMicro(first).UTC().Format(layout)
	got.LastTime = time.UnixMicro(last).UTC().Format(layout)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestAgentsDocuments reads every XML document of two agents as Streams: those
// that are give what encoding/xml finds in them, the others the right error.
func TestAgentsDocuments(t *testing.T) {
	for _, archive := range []string{"agents/agent13.tgz", "agents/agent27.tgz"} {
		t.Run(archive, func(t *testing.T) {
			read := map[string]int{}
			nistDocuments(t, archive, isXML, func(name string, content []byte) {
				name = filepath.Base(name)
				got, err := readAll(bytes.NewReader(content))
				var agent *mtconnect.AgentError
				var syntax *mtconnect.SyntaxError
				switch {
				case bytes.Contains(content, []byte("<MTConnectError")):
					if !errors.As(err, &agent) || agent.Header.InstanceID == 0 || agent.Errors[0].Code == "" || agent.Errors[0].Message == "" {
						t.Errorf("%s: error %v, want an AgentError with header, code and message", name, err)
					}
					read["errors"]++
				case bytes.HasPrefix(content, []byte("<?xml")) && bytes.Contains(content, []byte("<MTConnectStreams")):
					if err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
					if diff := cmp.Diff(referenceObservations(t, content), got); diff != "" {
						t.Errorf("%s (-encoding/xml +ours):\n%s", name, diff)
					}
					read["streams"]++
				default:
					if !errors.As(err, &syntax) {
						t.Errorf("%s: error %v, want a SyntaxError", name, err)
					}
					read["others"]++
				}
			})
			t.Logf("%s: %v", archive, read)
			if read["streams"] < 10 || read["errors"] < 10 || read["others"] < 2 {
				t.Errorf("only %v were read", read)
			}
		})
	}
}

// readAll reads a document to its end and keeps a copy of each observation.
func readAll(src io.Reader) ([]mtconnect.Observation, error) {
	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
	r.Reset(src)
	return readOn(r)
}

// readOn reads the document at hand to its end.
func readOn(r *mtconnect.StreamsReader) ([]mtconnect.Observation, error) {
	var all []mtconnect.Observation
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, clone(o))
	}
}

// clone copies an observation so that it outlives the reader's next call. Bytes
// that are not there are nil.
func clone(o *mtconnect.Observation) mtconnect.Observation {
	c := *o
	c.Value = slices.Clip(append([]byte(nil), o.Value...))
	c.Attributes = slices.Clone(o.Attributes)
	for i, a := range c.Attributes {
		c.Attributes[i].Value = append([]byte(nil), a.Value...)
	}
	c.Entries = slices.Clone(o.Entries)
	for i, e := range c.Entries {
		e.Key = append([]byte(nil), e.Key...)
		e.Value = append([]byte(nil), e.Value...)
		e.Cells = slices.Clone(e.Cells)
		for j, cell := range e.Cells {
			e.Cells[j] = mtconnect.Cell{Key: append([]byte(nil), cell.Key...), Value: append([]byte(nil), cell.Value...)}
		}
		c.Entries[i] = e
	}
	return c
}
