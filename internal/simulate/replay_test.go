package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// document makes a Streams document of one device with events of two items.
// An observation is "sequence item value"; the item power is a vendor's.
func document(instance int, observations ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3" `+
		`xmlns:v="urn:example.com:Vendor:1"><Header creationTime="2026-01-01T00:00:00Z" sender="s" instanceId="%d" `+
		`version="1.3.0.17" bufferSize="131072" nextSequence="1" firstSequence="1" lastSequence="1"/>`+
		`<Streams><DeviceStream name="d" uuid="u"><ComponentStream component="Path" name="p" componentId="p1"><Events>`, instance)
	for _, o := range observations {
		f := strings.Fields(o)
		element := "Execution"
		if f[1] == "power" {
			element = "v:PowerLevelAC"
		}
		fmt.Fprintf(&b, `<%s dataItemId="%s" timestamp="2026-01-01T00:00:%sZ" sequence="%s">%s</%s>`,
			element, f[1], fmt.Sprintf("%02s", f[0]), f[0], f[2], element)
	}
	b.WriteString(`</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`)
	return b.String()
}

// recordings gives documents as if they had been read from files.
func recordings(bodies ...string) iter.Seq2[recording.Document, error] {
	return func(yield func(recording.Document, error) bool) {
		for i, body := range bodies {
			if !yield(recording.Document{Name: fmt.Sprint("document ", i+1), Body: strings.NewReader(body)}, nil) {
				return
			}
		}
	}
}

// held lists what a source holds as "sequence item value".
func held(t *testing.T, source agent.Source) []string {
	t.Helper()
	var list []string
	first, next := source.Bounds()
	err := source.Scan(context.Background(), first, next, false, func(o *agent.Observation) bool {
		list = append(list, fmt.Sprint(o.Sequence, " ", o.DataItemID, " ", o.Value))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReplayMergesDocuments(t *testing.T) {
	want := []string{"3 e READY", "4 power 7", "5 e ACTIVE", "9 e READY", "10 e STOPPED"}
	for name, docs := range map[string][]string{
		"in order":     {document(7, "3 e READY", "4 power 7", "5 e ACTIVE"), document(7, "9 e READY", "10 e STOPPED")},
		"out of order": {document(7, "9 e READY", "10 e STOPPED"), document(7, "5 e ACTIVE", "4 power 7", "3 e READY")},
		"overlapping":  {document(7, "4 power 7", "5 e ACTIVE", "9 e READY"), document(7, "3 e READY", "4 power 7", "5 e ACTIVE"), document(7, "9 e READY", "10 e STOPPED")},
		"interleaved":  {document(7, "3 e READY", "5 e ACTIVE", "9 e READY", "10 e STOPPED"), document(7, "4 power 7"), document(7)},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := simulate.NewReplay(recordings(docs...), simulate.ReplayConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, held(t, r.Source())); diff != "" {
				t.Error(diff)
			}
			if first, next := r.Source().Bounds(); first != 3 || next != 11 || r.Count() != 5 {
				t.Errorf("holds %d observations from %d up to %d", r.Count(), first, next)
			}
			if info := r.Source().Info(); info.InstanceID != 7 || info.SchemaVersion != "1.3" || info.Version != "1.3.0.17" {
				t.Errorf("header: %+v", info)
			}
		})
	}
}

func TestReplayRefuses(t *testing.T) {
	good := document(7, "3 e READY")
	broken := errors.New("broken disk")
	for want, docs := range map[string]iter.Seq2[recording.Document, error]{
		"sequence 3":     recordings(good, document(7, "3 e ACTIVE")),
		"instanceId 8":   recordings(good, document(8, "4 e READY")),
		"document 2":     recordings(good, good[:len(good)-20]),
		"no observation": recordings(document(7)),
		"broken disk":    func(yield func(recording.Document, error) bool) { yield(recording.Document{}, broken) },
	} {
		if _, err := simulate.NewReplay(docs, simulate.ReplayConfig{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	for want, c := range map[string]simulate.ReplayConfig{
		"Speed":         {Speed: -1},
		"Speed 1e-300":  {Speed: 1e-300},
		"device models": {Devices: []byte("<nonsense/>")},
	} {
		if _, err := simulate.NewReplay(recordings(good), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestReplayKeepsVendorElements(t *testing.T) {
	r, err := simulate.NewReplay(recordings(document(7, "3 e READY", "4 power 7")), simulate.ReplayConfig{})
	if err != nil {
		t.Fatal(err)
	}
	client := serve(t, r.Source(), agent.Options{Namespaces: r.Namespaces()})
	var got []string
	sampleAll(t, client, r.Source(), func(o *mtconnect.Observation) {
		got = append(got, fmt.Sprintf("%s/%s %s:%s %s", o.Device.Name, o.Component.ID, o.Prefix, o.Element, o.Value))
	})
	slices.Sort(got)
	if diff := cmp.Diff([]string{"d/p1 :Execution READY", "d/p1 v:PowerLevelAC 7"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestReplayAtItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := recordings(document(7, "10 e READY", "20 e ACTIVE", "40 e READY"))
		r, err := simulate.NewReplay(docs, simulate.ReplayConfig{Speed: 2})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		done := make(chan error)
		go func() { done <- r.Run(t.Context()) }()
		synctest.Wait()
		var got []time.Duration
		for want := range 3 {
			for len(held(t, r.Source())) <= want {
				<-r.Source().Changed()
			}
			got = append(got, time.Since(began).Round(100*time.Millisecond))
		}
		if diff := cmp.Diff([]time.Duration{0, 5 * time.Second, 15 * time.Second}, got); diff != "" {
			t.Error(diff)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestReplayStopsWhenTold(t *testing.T) {
	r, err := simulate.NewReplay(recordings(document(7, "10 e READY", "50 e ACTIVE")), simulate.ReplayConfig{Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Error(err)
	}
	if got := held(t, r.Source()); len(got) != 1 {
		t.Errorf("served %v, want the first only", got)
	}
}

// nist gives the folder of real recordings, and skips the test where it is
// missing. FACTORYDASH_NIST names it, beside the module by default.
func nist(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "nist")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the NIST set is missing (%v): name its folder in FACTORYDASH_NIST", err)
	}
	return dir
}

func openNIST(t testing.TB, models bool, keep func(name string) bool) *simulate.Replay {
	t.Helper()
	dir := nist(t)
	var c simulate.ReplayConfig
	if models {
		var err error
		if c.Devices, err = os.ReadFile(filepath.Join(dir, "documents", "Devices.xml")); err != nil {
			t.Fatal(err)
		}
	}
	all := recording.Documents(filepath.Join(dir, "recorded", "mazak03.tgz"))
	r, err := simulate.NewReplay(func(yield func(recording.Document, error) bool) {
		for d, err := range all {
			if (err != nil || keep(d.Name)) && !yield(d, err) {
				return
			}
		}
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// nistCounts is what the recording holds, counted by another program.
type nistCounts struct {
	Observations uint64
	Kinds        map[string]int
	Conditions   map[string]int
	Execution    map[string]int
	PerItem      map[string]int `json:"per_item"`
}

func TestReplayOfNISTHasItsCounts(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(nist(t), "recorded", "mazak03.counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want nistCounts
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	r := openNIST(t, true, func(string) bool { return true })
	client := serve(t, r.Source(), agent.Options{Namespaces: r.Namespaces()})
	got := nistCounts{Kinds: map[string]int{}, Conditions: map[string]int{}, Execution: map[string]int{}, PerItem: map[string]int{}}
	kinds := map[mtconnect.Category]string{mtconnect.Sample: "Samples", mtconnect.Event: "Events", mtconnect.Condition: "Condition"}
	got.Observations = sampleAll(t, client, r.Source(), func(o *mtconnect.Observation) {
		got.Kinds[kinds[o.Category]]++
		got.PerItem[o.DataItemID]++
		switch {
		case o.Category == mtconnect.Condition:
			got.Conditions[o.Level.String()]++
		case o.Element == "Execution":
			got.Execution[string(o.Value)]++
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if info := r.Source().Info(); info.InstanceID != 1475084811 || info.SchemaVersion != "1.3" || info.Version != "1.3.0.17" {
		t.Errorf("header: %+v", info)
	}
}

// TestReplayOfNISTGivesWhatWasRecorded serves the recording with device models
// made from it, and compares all that each observation says.
func TestReplayOfNISTGivesWhatWasRecorded(t *testing.T) {
	r := openNIST(t, false, func(string) bool { return true })
	recorded := make(map[uint64]uint64)
	for d, err := range recording.Documents(filepath.Join(nist(t), "recorded", "mazak03.tgz")) {
		if err != nil {
			t.Fatal(err)
		}
		observations(t, d, func(o *mtconnect.Observation) { recorded[o.Sequence] = sum(o) })
	}
	client := serve(t, r.Source(), agent.Options{Namespaces: r.Namespaces()})
	different := 0
	read := sampleAll(t, client, r.Source(), func(o *mtconnect.Observation) {
		if sum(o) != recorded[o.Sequence] {
			if different++; different < 10 {
				t.Errorf("served otherwise than recorded: %s", everything(o))
			}
		}
	})
	if different > 0 || read != uint64(len(recorded)) {
		t.Errorf("%d of %d observations differ, %d were recorded", different, read, len(recorded))
	}
}

// observations calls f with each observation of a document.
func observations(t *testing.T, d recording.Document, f func(*mtconnect.Observation)) {
	t.Helper()
	reader := mtconnect.NewStreamsReader(mtconnect.Limits{})
	reader.Reset(d.Body)
	for {
		o, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(o)
	}
}

var sumSeed = maphash.MakeSeed()

// sum sums up all that an observation says.
func sum(o *mtconnect.Observation) uint64 {
	return maphash.String(sumSeed, everything(o))
}

// everything is what an observation says, as a text.
func everything(o *mtconnect.Observation) string {
	return fmt.Sprint(o.Category, o.Level, " ", o.Prefix, ":", o.Element, " ", o.DataItemID, o.Sequence, " ", o.Time, " ", o.Name, o.Type, o.SubType,
		" ", o.NativeCode, o.NativeSeverity, o.Qualifier, " ", string(o.Value), o.Attributes, *o.Device, *o.Component)
}

func TestReplayOfNISTWithDocumentsLeftOut(t *testing.T) {
	out := []string{"qdr_input380.xml", "qdr_input381.xml", "qdr_input400.xml"}
	missing := make(map[uint64]bool)
	r := openNIST(t, true, func(name string) bool {
		return !slices.ContainsFunc(out, func(o string) bool { return strings.HasSuffix(name, o) })
	})
	for d, err := range recording.Documents(filepath.Join(nist(t), "recorded", "mazak03.tgz")) {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(out, func(o string) bool { return strings.HasSuffix(d.Name, o) }) {
			continue
		}
		observations(t, d, func(o *mtconnect.Observation) { missing[o.Sequence] = true })
	}
	if len(missing) == 0 {
		t.Fatal("nothing was left out")
	}
	client := serve(t, r.Source(), agent.Options{Namespaces: r.Namespaces()})
	served := make(map[uint64]bool)
	sampleAll(t, client, r.Source(), func(o *mtconnect.Observation) { served[o.Sequence] = true })
	for sequence := uint64(1); sequence <= 677_878; sequence++ {
		if served[sequence] == missing[sequence] {
			t.Fatalf("sequence %d: served %v, left out %v", sequence, served[sequence], missing[sequence])
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	for b.Loop() {
		openNIST(b, true, func(string) bool { return true })
	}
}
