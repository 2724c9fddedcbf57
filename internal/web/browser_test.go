package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The tests of this file drive the pages in a real browser. There is one browser
// for the test binary, started when the first test needs it.

// patience is how long a test waits for something to come about on a page.
const patience = 30 * time.Second

// browser is the context of the browser's first tab, from which others are made.
var browser = struct {
	sync.Mutex
	ctx  context.Context
	stop func()
}{}

func TestMain(m *testing.M) {
	code := m.Run()
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(code)
}

// startBrowser starts the browser where it does not run yet. Without one the
// test is left out, or fails where browsers are required.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	browser.Lock()
	defer browser.Unlock()
	if browser.ctx != nil {
		return browser.ctx
	}
	if testing.Short() {
		t.Skip("a browser is not started in short mode")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" || os.Getenv("FACTORYDASH_TEST_REQUIRE") != "" {
			t.Fatal("no chromium: install it, or unset CI and FACTORYDASH_TEST_REQUIRE to leave the browser tests out")
		}
		t.Skip("no chromium: the browser tests are left out")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-component-update", true), chromedp.Flag("no-pings", true),
		chromedp.WSURLReadTimeout(time.Minute))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		stop()
		stopAllocator()
		t.Fatalf("the browser does not start: %v", err)
	}
	browser.ctx, browser.stop = ctx, func() {
		stop()
		stopAllocator()
	}
	return ctx
}

// tab is a tab of the browser that is watched.
type tab struct {
	t    *testing.T
	ctx  context.Context
	mu   sync.Mutex
	seen []string // The addresses that were asked for.
	// complaints are errors on the console and exceptions.
	complaints []string
}

// newTab opens a tab with its own storage. When the test ends it must have
// complained of nothing, and have asked nobody but the server.
func newTab(t *testing.T, origin string, width, height int64, emulation ...chromedp.EmulateViewportOption) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(startBrowser(t), chromedp.WithNewBrowserContext())
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height, emulation...)); err != nil {
		t.Fatal(err)
	}
	requests := chromedp.Events(ctx, network.RequestWillBeSent)
	entries := chromedp.Events(ctx, log.EntryAdded)
	exceptions := chromedp.Events(ctx, runtime.ExceptionThrown)
	var watching sync.WaitGroup
	watching.Go(func() {
		for e, err := range requests {
			if err != nil {
				return
			}
			b.note(&b.seen, e.Request.URL)
		}
	})
	watching.Go(func() {
		for e, err := range entries {
			if err != nil {
				return
			}
			if e.Entry.Level == log.EntryLevelError {
				b.note(&b.complaints, e.Entry.Text+" "+e.Entry.URL)
			}
		}
	})
	watching.Go(func() {
		for e, err := range exceptions {
			if err != nil {
				return
			}
			b.note(&b.complaints, fmt.Sprint(e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
		}
	})
	t.Cleanup(func() {
		cancel()
		stop()
		watching.Wait()
		for _, c := range b.complaints {
			t.Errorf("the page complains: %s", c)
		}
		for _, address := range b.seen {
			if !strings.HasPrefix(address, origin+"/") && !strings.HasPrefix(address, "data:") {
				t.Errorf("the page asked for %s", address)
			}
		}
	})
	return b
}

func (b *tab) note(list *[]string, s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*list = append(*list, s)
}

// forgive drops the complaints that hold a text.
func (b *tab) forgive(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rest []string
	for _, c := range b.complaints {
		if !strings.Contains(c, text) {
			rest = append(rest, c)
		}
	}
	b.complaints = rest
}

func (b *tab) open(address string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		b.t.Fatalf("%s: %v", address, err)
	}
}

// eval gives the value of an expression on the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await waits until an expression is true and gives how long that took.
func (b *tab) await(expression string) time.Duration {
	b.t.Helper()
	began := time.Now()
	for !eval[bool](b, "Boolean("+expression+")") {
		if time.Since(began) > patience {
			b.t.Fatalf("after %s still not: %s; the page says: %.2000s", patience, expression, eval[string](b, "document.body.innerText"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}

// live waits until the page follows the stream and has read the current values.
func (b *tab) live() {
	b.t.Helper()
	b.await(`document.querySelector("#live").dataset.link === "streaming"`)
}

// picture keeps a picture of the page in the folder that
// FACTORYDASH_TEST_PICTURES names, for people to look at.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("FACTORYDASH_TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// call sends a command of the browser's protocol to the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	answer, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}
