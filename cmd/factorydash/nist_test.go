package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
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

// nistCounts are the independent counts of the recording.
type nistCounts struct {
	Observations int            `json:"observations"`
	Kinds        map[string]int `json:"kinds"`
	Conditions   map[string]int `json:"conditions"`
	Execution    map[string]int `json:"execution"`
	Unavailable  int            `json:"unavailable_samples_and_events"`
	FirstTime    time.Time      `json:"first_time"`
	LastTime     time.Time      `json:"last_time"`
	Instances    map[string]struct {
		First, Last int64
	} `json:"instances"`
	PerItem map[string]int `json:"per_item"`
}

const nistInstance = 1475084811

func readNISTCounts(t *testing.T) nistCounts {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(nist(t), "recorded", "mazak03.counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want nistCounts
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

// startReplay serves recorded documents and gives the agent's URL.
func startReplay(tb testing.TB, nist string, docs ...string) string {
	tb.Helper()
	args := []string{"replay", "--listen", "127.0.0.1:0", "--devices", filepath.Join(nist, "documents", "Devices.xml")}
	p := start(tb, append(args, docs...)...)
	return fmt.Sprint(p.waitLog("agent is up")["url"])
}

// TestNISTRecordingIsCapturedExactly captures the whole recording and compares
// ledger and export with counts that were made without this project's code.
func TestNISTRecordingIsCapturedExactly(t *testing.T) {
	t.Parallel()
	want := readNISTCounts(t)
	url := startReplay(t, nist(t), filepath.Join(nist(t), "recorded", "mazak03.tgz"))
	data := t.TempDir()
	if out, code := output(t, "loaddata", "--data", data, "--agent", "mazak="+url); code != 0 {
		t.Fatalf("loaddata: exit code %d: %s", code, out)
	}
	checkNIST(t, data, want)
}

// checkNIST compares ledger and export of a store that has the whole recording
// with the counts.
func checkNIST(t *testing.T, data string, want nistCounts) {
	t.Helper()
	entries := ledger(t, data)
	if len(entries) != 1 {
		t.Fatalf("ledger has %d entries, want 1: %+v", len(entries), entries)
	}
	run := want.Instances[fmt.Sprint(nistInstance)]
	e := entries[0]
	if e.Agent != "mazak" || e.Instance != nistInstance || e.First != run.First || e.Next != run.Last+1 ||
		e.Stored != int64(want.Observations) || len(e.Gaps) != 0 {
		t.Errorf("ledger: %+v", e)
	}

	got := nistCounts{
		Kinds: map[string]int{}, Conditions: map[string]int{}, Execution: map[string]int{},
		PerItem: map[string]int{}, Instances: want.Instances,
	}
	kinds := map[string]string{"SAMPLE": "Samples", "EVENT": "Events", "CONDITION": "Condition"}
	next := run.First
	export(t, data, func(o exported) {
		if o.Agent != "mazak" || o.Instance != nistInstance || o.Device != "Mazak03" || o.Sequence != next {
			t.Fatalf("export gave %+v, want sequence %d", o, next)
		}
		next++
		got.Observations++
		got.Kinds[kinds[o.Category]]++
		got.PerItem[o.DataItem]++
		if o.Category == "CONDITION" {
			got.Conditions[o.Level]++
		} else if o.Value == nil {
			got.Unavailable++
		}
		if o.Type == "EXECUTION" {
			value, _ := o.Value.(string)
			if o.Value == nil {
				value = "UNAVAILABLE"
			}
			got.Execution[value]++
		}
		at, err := time.Parse(time.RFC3339Nano, o.Time)
		if err != nil {
			t.Fatalf("export: time: %v", err)
		}
		if got.FirstTime.IsZero() || at.Before(got.FirstTime) {
			got.FirstTime = at
		}
		if at.After(got.LastTime) {
			got.LastTime = at
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts of the export (-want +got):\n%s", diff)
	}
}

// TestNISTRecordingWithHoles leaves documents of the recording out: the ledger
// has exactly their ranges as gaps.
func TestNISTRecordingWithHoles(t *testing.T) {
	t.Parallel()
	r := withHoles(t)
	url := startReplay(t, nist(t), r.kept...)
	data := t.TempDir()
	if out, code := output(t, "loaddata", "--data", data, "--agent", "mazak="+url); code != 0 {
		t.Fatalf("loaddata: exit code %d: %s", code, out)
	}
	r.check(t, data)
}

// holes is the recording without some of its documents.
type holes struct {
	// kept are the documents that are there, all of them all documents.
	kept, all []string
	// gaps are the ranges of the others, and lost how many numbers those have.
	gaps []numbers
	lost int64
}

// numbers is a range of sequence numbers, both ends in it.
type numbers struct{ From, To int64 }

func withHoles(t *testing.T) holes {
	t.Helper()
	docs := unpack(t, filepath.Join(nist(t), "recorded", "mazak03.tgz"))
	left := []int{7, 8, 30, len(docs) / 2, len(docs) - 2}
	r := holes{kept: slices.Clone(docs), all: docs}
	for _, i := range left {
		from, to := sequences(t, docs[i])
		if n := len(r.gaps); n > 0 && r.gaps[n-1].To+1 == from {
			r.gaps[n-1].To = to
		} else {
			r.gaps = append(r.gaps, numbers{from, to})
		}
		r.lost += to - from + 1
		r.kept = slices.DeleteFunc(r.kept, func(name string) bool { return name == docs[i] })
	}
	return r
}

// check compares what a store has with the recording.
func (r holes) check(t *testing.T, data string) {
	t.Helper()
	entries := ledger(t, data)
	if len(entries) != 1 {
		t.Fatalf("ledger has %d entries, want 1: %+v", len(entries), entries)
	}
	var got []numbers
	for _, g := range entries[0].Gaps {
		if n := len(got); n > 0 && got[n-1].To+1 == g.From {
			got[n-1].To = *g.To
			continue
		}
		got = append(got, numbers{g.From, *g.To})
	}
	if diff := cmp.Diff(r.gaps, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	all := int64(readNISTCounts(t).Observations)
	if entries[0].Stored != all-r.lost {
		t.Errorf("stored %d, want %d", entries[0].Stored, all-r.lost)
	}
	var exportedCount int64
	export(t, data, func(exported) { exportedCount++ })
	if exportedCount != all-r.lost {
		t.Errorf("exported %d, want %d", exportedCount, all-r.lost)
	}
}

// unpack writes the documents of an archive into a folder and gives their
// paths in the order of the recording.
func unpack(t *testing.T, archive string) []string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var docs []string
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg || !strings.HasSuffix(header.Name, ".xml") {
			continue
		}
		path := filepath.Join(dir, filepath.Base(header.Name))
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(out, files); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, path)
	}
	slices.Sort(docs)
	return docs
}

// sequences gives the lowest and the highest sequence number in a document.
func sequences(t *testing.T, path string) (lowest, highest int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader := mtconnect.NewStreamsReader(mtconnect.Limits{})
	reader.Reset(f)
	for {
		o, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return lowest, highest
		}
		if err != nil {
			t.Fatal(err)
		}
		s := int64(o.Sequence)
		if lowest == 0 || s < lowest {
			lowest = s
		}
		highest = max(highest, s)
	}
}
