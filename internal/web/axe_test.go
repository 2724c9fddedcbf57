package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// allPages are the pages that there are, by a name for pictures.
var allPages = map[string]string{
	"floor": "/floor", "floor-table": "/floor?view=table", "floor-areas": "/floor?view=areas", "floor-then": "/floor?at=2026-01-31T08:00:00Z",
	"andon": "/andon/all", "machine": "/m/vmc-01", "alarm": "/m/vmc-04", "agents": "/agents", "agent": "/agents/hall-b",
	"timeline": "/timeline", "alarms": "/alarms", "alarms-active": "/alarms/active", "alarms-health": "/alarms/health", "explore": "/explore", "explore-signals": "/explore?items=108,112,111&range=1h",
	"handover": "/handover", "handover-machine": "/handover?machine=vmc-01",
	"system": "/system", "settings": "/settings", "settings-shifts": "/settings/shifts", "settings-machines": "/settings/machines",
	"about": "/about", "missing": "/nowhere",
}

// readAxe gives axe-core, as its list of sums has it.
func readAxe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("testdata/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/axe-core/axe.min.js.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(script); !strings.HasPrefix(string(want), hex.EncodeToString(sum[:])) {
		t.Fatal("testdata/axe-core/axe.min.js is not the file that its sum is of")
	}
	return string(script)
}

// TestPagesAreAccessible has axe-core look for what WCAG 2.2 forbids, at levels A
// and AA, on every page in each theme.
func TestPagesAreAccessible(t *testing.T) {
	axe := readAxe(t)
	server := newPlant(t, time.Now).serve(t)
	b := newTab(t, server.URL, 1280, 900)
	for name, path := range allPages {
		b.open(server.URL + path)
		b.await(`!document.querySelector("#live") || ["streaming", "polling"].includes(document.querySelector("#live").dataset.link)`)
		eval[bool](b, axe+"; true")
		for _, theme := range []string{"light", "dark", "contrast"} {
			if eval[bool](b, `Boolean(document.querySelector("#theme"))`) {
				b.theme(theme)
			}
			found, err := run(b, chromedp.Evaluate[[]string](`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }).then(r => r.violations
				.filter(v => v.impact === "serious" || v.impact === "critical")
				.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ": " + n.html.slice(0, 160) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 200))))`, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(found) > 0 {
				t.Errorf("%s, %s:\n%s", path, theme, fmt.Sprint(strings.Join(found, "\n")))
			}
		}
	}
	b.forgive("404")
}
