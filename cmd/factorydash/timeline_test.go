package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// timelineShares is what the test reads of a timeline.
type timelineShares struct {
	From, To, Now time.Time
	Rows          []struct {
		Machine string
		Shares  struct {
			Total, Unknown int64
			States         map[string]int64
		}
		Segments []struct{ From, To int64 }
	}
}

// The timeline's page, its CSV and the API have the same numbers for one range, and
// the states with what is not known are the range to the microsecond.
func TestTimelineIsTheSameEverywhere(t *testing.T) {
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--simulate")
	get := func(path string) string { return body(t, "http://"+p.address()+path) }
	read := func(path string) (v timelineShares) {
		t.Helper()
		if err := json.Unmarshal([]byte(get(path)), &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return v
	}
	to := time.Now().Add(-time.Hour).Truncate(time.Second)
	q := url.Values{"from": {to.Add(-3 * time.Hour).Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}, "columns": {"300"}}.Encode()
	// All has been read when the hours up to an hour ago are known of every machine.
	var page timelineShares
	for until := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		page = read("/timeline.json?" + q)
		known := len(page.Rows) == 10
		for _, r := range page.Rows {
			known = known && r.Shares.Unknown == 0
		}
		if known {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("the history of the simulated shop is not there: %+v", page)
		}
	}
	api := read("/api/v1/timeline?" + q)
	lines, err := csv.NewReader(strings.NewReader(get("/timeline.csv?" + q))).ReadAll()
	if err != nil || len(lines) != 11 || len(api.Rows) != 10 {
		t.Fatalf("%d machines as CSV, %d by the API, %v", len(lines)-1, len(api.Rows), err)
	}
	html := get("/timeline?" + q)
	for i, r := range page.Rows {
		line := make(map[string]string)
		for c, name := range lines[0] {
			line[name] = lines[i+1][c]
		}
		sum := r.Shares.Unknown
		for state, micros := range r.Shares.States {
			sum += micros
			if api.Rows[i].Shares.States[state] != micros || line[state+"_us"] != strconv.FormatInt(micros, 10) {
				t.Errorf("%s %s: %d µs on the page, %d by the API, %s as CSV", r.Machine, state, micros, api.Rows[i].Shares.States[state], line[state+"_us"])
			}
		}
		if want := (3 * time.Hour).Microseconds(); sum != want || r.Shares.Total != want {
			t.Errorf("%s: the states sum to %d µs, the total is %d; the range has %d", r.Machine, sum, r.Shares.Total, want)
		}
		at := page.From.UnixMicro()
		for _, s := range r.Segments {
			if s.From != at {
				t.Errorf("%s: a segment begins at %d, the one before ends at %d", r.Machine, s.From, at)
			}
			at = s.To
		}
		running := float64(r.Shares.States["running"]) / float64(r.Shares.Total) * 100
		if text := fmt.Sprintf(">%.0f %%</td>", running); running >= 1 && running < 99 && !strings.Contains(html, text) {
			t.Errorf("%s: the page does not show %q", r.Machine, text)
		}
	}
}
