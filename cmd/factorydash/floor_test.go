//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// The floor of 100 machines, as a browser takes it.
const (
	floorMachines = 100
	// floorBytes is how much may go over the wire until the floor stands, lanes and
	// all; floorView how long it may take until there is something to see, and
	// floorScript how long scripts may run for each event of the stream. floorGrowth
	// is by which part the heap, and what scripts hold in it, may be larger or smaller
	// at the end than at the beginning, which is floorWarm after the page stands: for
	// so long the browser makes machine code of one function after the other, as each
	// has run often enough, and this code lies in the heap too.
	floorBytes  = 200_000
	floorView   = time.Second
	floorScript = 50 * time.Millisecond
	floorGrowth = 0.10
	floorWarm   = 10 * time.Minute
	floorShort  = 30 * time.Second
	floorLong   = 30 * time.Minute
)

// TestFloorOfHundredMachines opens the floor of a simulated shop of 100 machines in
// a browser and measures what comes over the wire, how long it takes to stand, what
// each event of the stream costs and whether the heap stays as it is: for half a
// minute, when it is what scripts hold in it that counts, and for 30 minutes where
// FACTORYDASH_SCALE is "long", when all of it counts. Times count where
// FACTORYDASH_SCALE is set, which is on a machine of its own.
func TestFloorOfHundredMachines(t *testing.T) {
	ctx := browser(t)
	long, counts := os.Getenv("FACTORYDASH_SCALE") == "long", os.Getenv("FACTORYDASH_SCALE") != ""
	// The shop has worked for as long as the lanes go back, so that they are full from
	// the beginning. How often it is measured makes no difference to the floor.
	shop := start(t, "simulate", "--listen", "127.0.0.1:0", "--machines", fmt.Sprint(floorMachines), "--history", "8h", "--rate", "0.1")
	base := strings.TrimSuffix(fmt.Sprint(shop.waitLog("agent is up")["url"]), "hall-a")
	args := []string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}
	for _, hall := range []string{"hall-a", "hall-b", "hall-c"} {
		args = append(args, "--agent", hall+"="+base+hall)
	}
	page := "http://" + start(t, args...).address() + "/floor"
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		t.Fatal(err)
	}
	w := watchFloor(ctx, t)
	// Once, so that the machines are there; then as somebody who comes for the first
	// time.
	open := func() {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
			t.Fatal(err)
		}
		waitFor(ctx, t, fmt.Sprintf(`document.querySelectorAll(".machine:not([data-state=no-link])").length === %d && document.querySelectorAll(".group .link:not([data-link=streaming])").length === 0 && document.getElementById("live").dataset.link === "streaming"`, floorMachines))
	}
	open()
	if _, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	w.restart()
	open()
	waitFor(ctx, t, fmt.Sprintf(`[...document.querySelectorAll(".machine .lane")].filter(l => l.children.length > 0).length === %d`, floorMachines))
	bytes := w.wire()
	view, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`))
	if err != nil {
		t.Fatal(err)
	}

	if long {
		time.Sleep(floorWarm)
	}
	before, held, began := w.metrics(), w.held(), time.Now()
	told, length := w.told(), floorShort
	if long {
		length = floorLong
	}
	for until := began.Add(length); time.Now().Before(until); {
		time.Sleep(min(time.Minute, time.Until(until)))
		m := w.metrics()
		t.Logf("after %v: heap %.3f MB, %.0f nodes, %.0f listeners", time.Since(began).Round(time.Second), m["JSHeapUsedSize"]/1e6, m["Nodes"], m["JSEventListeners"])
	}
	after, events := w.metrics(), w.told()-told
	script := time.Duration((after["ScriptDuration"] - before["ScriptDuration"]) / float64(max(1, events)) * float64(time.Second))
	growth, heldGrowth := after["JSHeapUsedSize"]/before["JSHeapUsedSize"]-1, w.held()/held-1
	then, took := getTimed(t, page+"?at="+time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	t.Logf("floor of %d machines: %d bytes over the wire, first view after %.0f ms; %d events in %v, %v of scripting each; heap %.2f MB, %+.1f %% at the end, of which scripts hold %.3f MB, %+.1f %% at the end; %.0f nodes (%+.0f); the floor a minute ago: %d bytes in %v",
		floorMachines, bytes, view, events, length, script.Round(100*time.Microsecond), before["JSHeapUsedSize"]/1e6, 100*growth, held/1e6, 100*heldGrowth,
		after["Nodes"], after["Nodes"]-before["Nodes"], then, took.Round(time.Millisecond))
	if events == 0 {
		t.Error("nothing was told while the page was watched")
	}
	if bytes > floorBytes {
		t.Errorf("%d bytes went over the wire, more than %d", bytes, floorBytes)
	}
	if long && math.Abs(growth) > floorGrowth {
		t.Errorf("the heap changed by %+.0f %%, more than %.0f %%", 100*growth, 100*floorGrowth)
	}
	if math.Abs(heldGrowth) > floorGrowth {
		t.Errorf("what scripts hold changed by %+.0f %%, more than %.0f %%", 100*heldGrowth, 100*floorGrowth)
	}
	if counts && time.Duration(view*float64(time.Millisecond)) > floorView {
		t.Errorf("the first view took %.0f ms, more than %v", view, floorView)
	}
	if counts && script > floorScript {
		t.Errorf("an event took %v of scripting, more than %v", script, floorScript)
	}
}

// floorWatch counts what a tab is sent.
type floorWatch struct {
	t     *testing.T
	ctx   context.Context
	mu    sync.Mutex
	bytes float64
	said  int
}

func watchFloor(ctx context.Context, t *testing.T) *floorWatch {
	t.Helper()
	w := &floorWatch{t: t, ctx: ctx}
	finished, messages := chromedp.Events(ctx, network.LoadingFinished), chromedp.Events(ctx, network.EventSourceMessageReceived)
	go func() {
		for e, err := range finished {
			if err != nil {
				return
			}
			w.mu.Lock()
			w.bytes += e.EncodedDataLength
			w.mu.Unlock()
		}
	}()
	go func() {
		for e, err := range messages {
			if err != nil {
				return
			}
			if e.EventName == "machines" {
				w.mu.Lock()
				w.said++
				w.mu.Unlock()
			}
		}
	}()
	if _, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// restart counts the bytes anew.
func (w *floorWatch) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes = 0
}

// wire gives the bytes of all requests that have been answered.
func (w *floorWatch) wire() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return int(w.bytes)
}

// told gives how many events with machines have come.
func (w *floorWatch) told() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said
}

// metrics gives what the browser measures of the tab, with the heap as small as it
// gets.
func (w *floorWatch) metrics() map[string]float64 {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		w.t.Fatal(err)
	}
	answer, err := chromedp.Call(w.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		w.t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, m := range answer.Metrics {
		all[m.Name] = m.Value
	}
	return all
}

// held gives how many bytes the objects, texts and functions of the tab's scripts take
// in the heap: not the code that the browser makes of them, nor what the page itself
// takes.
func (w *floorWatch) held() float64 {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	chunks := chromedp.Events(ctx, heapprofiler.AddHeapSnapshotChunk)
	if _, err := chromedp.Call(ctx, heapprofiler.TakeHeapSnapshot, heapprofiler.TakeHeapSnapshotParams{}); err != nil {
		w.t.Fatal(err)
	}
	text, write := io.Pipe()
	defer func() { _ = text.Close() }()
	go func() {
		for e, err := range chunks {
			if err == nil {
				_, err = io.WriteString(write, e.Chunk)
			}
			if err != nil {
				_ = write.CloseWithError(err)
				return
			}
		}
	}()
	// A node is a row of numbers, one for each of its fields; its type is the number of
	// a word.
	var heap struct {
		Snapshot struct {
			Meta struct {
				Fields []string          `json:"node_fields"`
				Types  []json.RawMessage `json:"node_types"`
			} `json:"meta"`
		} `json:"snapshot"`
		Nodes []int64 `json:"nodes"`
	}
	if err := json.NewDecoder(text).Decode(&heap); err != nil {
		w.t.Fatal(err)
	}
	meta := heap.Snapshot.Meta
	kind, size := slices.Index(meta.Fields, "type"), slices.Index(meta.Fields, "self_size")
	if kind < 0 || size < 0 {
		w.t.Fatalf("the nodes of the heap have the fields %v", meta.Fields)
	}
	var kinds []string
	if err := json.Unmarshal(meta.Types[kind], &kinds); err != nil {
		w.t.Fatal(err)
	}
	var sum int64
	for node := range slices.Chunk(heap.Nodes, len(meta.Fields)) {
		switch kinds[node[kind]] {
		case "array", "bigint", "closure", "concatenated string", "number", "object", "regexp", "sliced string", "string", "symbol":
			sum += node[size]
		}
	}
	return float64(sum)
}

// getTimed gives how long an answer is, uncompressed, and how long it took.
func getTimed(t *testing.T, url string) (int, time.Duration) {
	t.Helper()
	began := time.Now()
	text := get(t, url)
	if !strings.Contains(text, "As of ") {
		t.Errorf("%s is not of the past", url)
	}
	return len(text), time.Since(began)
}
