package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The tests of this file drive the pages in a real browser. There is one browser
// for the test binary, started when the first test needs it.

// patience is how long a test waits for something to come about on a page, or for
// the browser to answer. It is reached only where something hangs, on the slowest
// machine too.
const patience = 3 * time.Minute

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
		chromedp.WSURLReadTimeout(patience))
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
	// complaints are errors on the console and exceptions, forgiven the texts in
	// them that are to be.
	complaints, forgiven []string
}

// newTab opens a tab with its own storage. When the test ends it must have
// complained of nothing, and have asked nobody but the server.
func newTab(t *testing.T, origin string, width, height int64, emulation ...chromedp.EmulateViewportOption) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(startBrowser(t), chromedp.WithNewBrowserContext())
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
		stop()
		watching.Wait()
		for _, c := range b.complaints {
			if !slices.ContainsFunc(b.forgiven, func(text string) bool { return strings.Contains(c, text) }) {
				t.Errorf("the page complains: %s", c)
			}
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

// forgive makes nothing of complaints that hold a text, those to come too: they are
// heard some time after what they are about.
func (b *tab) forgive(text string) { b.note(&b.forgiven, text) }

// open opens a page and waits until it is loaded. The browser may say of the page
// before that it is, and so the page itself is asked too.
func (b *tab) open(address string) {
	b.t.Helper()
	eval[bool](b, "window.left = true")
	if _, err := run(b, chromedp.Navigate(address)); err != nil {
		b.t.Fatalf("%s: %v", address, err)
	}
	b.await(`!window.left && location.protocol !== "about:" && document.readyState === "complete"`)
}

// hurried makes the timers of a page go ten times as fast.
const hurried = `for (const name of ["setTimeout", "setInterval"]) {
	const real = window[name]
	window[name] = (f, ms, ...rest) => real(f, ms / 10, ...rest)
}`

// before has a script run in every page of the tab before those of the page.
func (b *tab) before(script string) {
	b.t.Helper()
	call(b, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// run runs an action of the tab.
func run[T any](b *tab, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// eval gives the value of an expression on the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := run(b, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await waits until an expression is true and gives how long that took. Where it
// cannot be evaluated, as while a page gives way to the next, it is not true yet.
func (b *tab) await(expression string) time.Duration {
	b.t.Helper()
	began := time.Now()
	for {
		is, err := run(b, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if is && err == nil {
			return time.Since(began)
		}
		if time.Since(began) > patience {
			b.t.Fatalf("after %s still not: %s (%v); the page says: %.2000s", patience, expression, err, eval[string](b, "document.body.innerText"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// text gives what an element says, as a reader sees it.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// focus puts the focus on an element. It is not looked up by the numbers that the
// browser's protocol gives to the nodes of a page: they change when a page is
// loaded, which is heard some time after it is.
func (b *tab) focus(selector string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf("document.querySelector(%q).focus() ?? true", selector))
}

// press presses keys where the focus is. A key and the text of it are one event, as
// they are where somebody presses it: a page that has dealt with the key has no text
// of it typed, wherever the focus is by then.
func (b *tab) press(keys string) {
	b.t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		if text := events[1]; text.Type == kb.KeyChar {
			events[0].Text, events[0].UnmodifiedText = text.Text, text.UnmodifiedText
			events = []*input.DispatchKeyEventParams{events[0], events[2]}
		}
		for _, e := range events {
			call(b, input.DispatchKeyEvent, *e)
		}
	}
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
