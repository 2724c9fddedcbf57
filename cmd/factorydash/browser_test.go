package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// browser starts a browser for the test. Where none is installed, the test is
// skipped, or fails where the set-up was asked for.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("FACTORYDASH_TEST_REQUIRE") != "" {
			t.Fatal("no Chromium found: run scripts/install-browser")
		}
		t.Skip("no Chromium found: run scripts/install-browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-gpu", true),
	)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// testMill is a machine with the data items that its card shows.
func testMill() mtconnect.Device {
	item := func(id, kind string) mtconnect.DataItem {
		return mtconnect.DataItem{ID: id, Category: mtconnect.Event, Type: kind}
	}
	return mtconnect.Device{
		UUID: "mill-1-uuid",
		Component: mtconnect.Component{
			Type: "Device", ID: "mill", Name: "Mill-1",
			DataItems: []mtconnect.DataItem{item("avail", "AVAILABILITY")},
			Components: []mtconnect.Component{{
				Type: "Controller", ID: "cont",
				Components: []mtconnect.Component{{
					Type: "Path", ID: "path", Name: "path",
					DataItems: []mtconnect.DataItem{
						item("exec", "EXECUTION"), item("mode", "CONTROLLER_MODE"), item("prog", "PROGRAM"),
					},
				}},
			}},
		},
	}
}

// TestChangeReachesThePage measures the time from a change at the agent until
// the page in a browser shows it, at the default settings.
func TestChangeReachesThePage(t *testing.T) {
	ctx := browser(t)
	ring, err := agent.NewRing(agent.RingConfig{
		Info: agent.Info{
			Sender: "test", Version: "1.0", SchemaVersion: "2.2",
			InstanceID: uint64(time.Now().Unix()), BufferSize: 1 << 12,
		},
		Devices: []mtconnect.Device{testMill()},
	})
	if err != nil {
		t.Fatal(err)
	}
	say := func(id, value string) {
		t.Helper()
		if _, err := ring.Add(agent.Observation{Time: time.Now().UnixMicro(), DataItemID: id, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	say("avail", "AVAILABLE")
	say("mode", "AUTOMATIC")
	say("prog", "O0001")
	say("exec", "READY")
	handler := agent.New(ring, agent.Options{})
	server := httptest.NewServer(handler)
	t.Cleanup(func() { handler.Close(); server.Close() })

	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--agent", "test="+server.URL)
	page := "http://" + p.address() + "/"
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	word := `document.querySelector('article.machine[data-slug="mill-1"] [data-slot="word"]')?.textContent.trim()`
	waitFor(ctx, t, word+` === "Idle"`)
	waitFor(ctx, t, `document.getElementById("live").dataset.link === "streaming"`)

	var delays []time.Duration
	for i := range 20 {
		value, want := "ACTIVE", "Running"
		if i%2 == 1 {
			value, want = "READY", "Idle"
		}
		// The page notes itself when it shows the change: both use the clock of
		// this machine.
		watch := fmt.Sprintf(`new Promise(done => {
			const check = () => { if (%s === %q) { observer.disconnect(); done(Date.now()) } }
			const observer = new MutationObserver(check)
			observer.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true})
			check()
		})`, word, want)
		shown := make(chan int64, 1)
		go func() {
			at, err := chromedp.Run(ctx, chromedp.Evaluate[int64](watch, chromedp.EvalAwaitPromise))
			if err != nil {
				at = 0
			}
			shown <- at
		}()
		// Changes come at any moment of the intervals in between.
		time.Sleep(time.Duration(137*i%500) * time.Millisecond)
		before := time.Now()
		say("exec", value)
		select {
		case at := <-shown:
			if at == 0 {
				t.Fatalf("change %d: the page could not be watched", i)
			}
			delays = append(delays, time.UnixMilli(at).Sub(before))
		case <-time.After(20 * time.Second):
			t.Fatalf("change %d to %s did not reach the page", i, want)
		}
	}
	slices.Sort(delays)
	median, worst := delays[len(delays)/2], delays[len(delays)-1]
	t.Logf("from the agent to the page: median %s, worst of %d %s", median.Round(time.Millisecond), len(delays), worst.Round(time.Millisecond))
	if median > time.Second {
		t.Errorf("a change takes %s to the page in the median; it shall be there in under a second", median)
	}
	if p95 := delays[len(delays)*95/100-1]; p95 > 2*time.Second {
		t.Errorf("19 of 20 changes take %s to the page; they shall be there within 2 s", p95)
	}

	// The agent is gone: its machines say so, and nothing is made up.
	handler.Close()
	server.CloseClientConnections()
	server.Close()
	gone := time.Now()
	waitFor(ctx, t, word+` === "No link"`)
	const heartbeat = 10 * time.Second
	if took := time.Since(gone); took > heartbeat+5*time.Second {
		t.Errorf("that the agent is gone is on the page after %s", took)
	}
	waitFor(ctx, t, `document.querySelector("#attention-list").innerText.includes("Agent test")`)
}

// waitFor waits until an expression holds in the page.
func waitFor(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}
