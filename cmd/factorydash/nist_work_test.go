package main

import (
	"encoding/json"
	"math"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// workRange is when the machine of the recording worked. Some UNAVAILABLE of it are
// of months later, when it was recorded.
const workRange = "?from=2016-05-02T00:00:00Z&to=2016-05-24T00:00:00Z"

// ranCycle is one cycle as these tests count it; times in microseconds.
type ranCycle struct {
	Program              string
	From, To             int64
	Running, Interrupted int64
}

// cyclesByHand counts cycles from the definitions of docs/production.md, for
// observations in order of sequence.
type cyclesByHand struct {
	done          []ranCycle
	now           *ranCycle
	clock         int64
	doing         byte // r: executing, i: interrupted, otherwise neither
	program       string
	lastKnown     bool
	counts, bases int
	parts, shown  float64
}

func (c *cyclesByHand) finish() {
	if c.now != nil {
		c.now.To = c.clock
		c.done = append(c.done, *c.now)
		c.now = nil
	}
}

func (c *cyclesByHand) take(item, value string, at int64) {
	if c.now != nil && at > c.clock {
		if c.doing == 'i' {
			c.now.Interrupted += at - c.clock
		} else {
			c.now.Running += at - c.clock
		}
		c.clock = at
	}
	begin := func() { c.now, c.clock = &ranCycle{Program: c.program, From: at}, at }
	switch item {
	case "Mazak03-path_10":
		switch value {
		case "ACTIVE", "WAIT":
			if c.now == nil {
				begin()
			}
			c.doing = 'r'
		case "FEED_HOLD", "INTERRUPTED", "PROGRAM_STOPPED", "OPTIONAL_STOP":
			c.doing = 'i'
		default:
			c.finish()
			c.doing = '-'
		}
	case "program":
		before := c.program
		c.program = value
		switch {
		case c.now == nil || value == "" || value == before:
		case c.now.Program == "" || at <= c.now.From || c.now.Program == value:
			c.now.Program = value
		default:
			c.finish()
			if c.doing == 'r' {
				begin()
			}
		}
	}
}

// count takes a value of the part counter; not known where ok is false.
func (c *cyclesByHand) count(n float64, ok bool) {
	switch {
	case ok && !c.lastKnown:
		c.bases++
	case ok && n > c.shown:
		c.parts += n - c.shown
	case ok && n < c.shown:
		c.parts += n
	}
	c.lastKnown, c.shown = ok, n
	c.counts++
}

// TestNISTCyclesAndParts: the cycles and parts of the recording are those that are
// counted from its observations by hand, to the microsecond.
func TestNISTCyclesAndParts(t *testing.T) {
	t.Parallel()
	counts := readNISTCounts(t)
	url := startReplay(t, nist(t), filepath.Join(nist(t), "recorded", "mazak03.tgz"))
	data := t.TempDir()
	if out, code := output(t, "loaddata", "--data", data, "--agent", "mazak="+url); code != 0 {
		t.Fatalf("loaddata: exit code %d: %s", code, out)
	}
	var hand cyclesByHand
	from, to := time.Date(2016, 5, 2, 0, 0, 0, 0, time.UTC), time.Date(2016, 5, 24, 0, 0, 0, 0, time.UTC)
	partCounts := 0
	export(t, data, func(o exported) {
		at, err := time.Parse(time.RFC3339Nano, o.Time)
		if err != nil {
			t.Fatal(err)
		}
		value, _ := o.Value.(string)
		if o.Type == "PART_COUNT" {
			partCounts++
		}
		if at.Before(from) || !at.Before(to) {
			return
		}
		switch {
		case o.Type == "PART_COUNT":
			n, ok := 0.0, value != ""
			if ok {
				if err := json.Unmarshal([]byte(value), &n); err != nil {
					t.Fatal(err)
				}
			}
			hand.count(n, ok)
		case o.DataItem == "Mazak03-path_3":
			hand.take("program", value, at.UnixMicro())
		case o.Type == "EXECUTION" || o.Type == "CONTROLLER_MODE":
			hand.take(o.DataItem, value, at.UnixMicro())
		}
	})
	if want := counts.PerItem["Mazak03-path_96"]; partCounts != want {
		t.Errorf("%d observations of the part counter, want %d", partCounts, want)
	}
	if hand.now != nil {
		hand.take("end", "", to.UnixMicro())
		hand.finish()
	}

	p := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--retention-days", "0")
	address := "http://" + p.address()
	var cycles struct {
		Cycles []struct {
			Program                            *string
			From, To                           time.Time
			RunningSeconds, InterruptedSeconds float64
		}
	}
	getJSON(t, address+"/api/v1/machines/mazak03/cycles"+workRange, &cycles)
	var got []ranCycle
	for _, c := range cycles.Cycles {
		one := ranCycle{From: c.From.UnixMicro(), To: c.To.UnixMicro(), Running: int64(math.Round(c.RunningSeconds * 1e6)), Interrupted: int64(math.Round(c.InterruptedSeconds * 1e6))}
		if c.Program != nil {
			one.Program = *c.Program
		}
		if one.To > one.From {
			got = append(got, one)
		}
	}
	var want []ranCycle
	for _, c := range hand.done {
		if c.To > c.From {
			want = append(want, c)
		}
	}
	if len(want) < 100 {
		t.Errorf("only %d cycles were counted by hand", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cycles (-by hand +told):\n%.4000s", diff)
	}
	var parts struct {
		Parts float64
		Steps []struct{ Kind string }
	}
	getJSON(t, address+"/api/v1/machines/mazak03/parts"+workRange, &parts)
	bases := 0
	for _, s := range parts.Steps {
		if s.Kind == "base" {
			bases++
		}
	}
	if parts.Parts != hand.parts || bases != hand.bases {
		t.Errorf("%v parts, known anew %d times; by hand %v and %d", parts.Parts, bases, hand.parts, hand.bases)
	}
	t.Logf("%d cycles, %v parts, the counter known anew %d times", len(want), hand.parts, hand.bases)
}

func getJSON(t *testing.T, address string, v any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", address, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}
