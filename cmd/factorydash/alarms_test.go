package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// naiveAlarm is an alarm of the recording, found without this project's code.
type naiveAlarm struct {
	Item, Code, Level string
	Raised, Cleared   int64 // µs; 0 while active
	By                string
}

// naiveAlarms follows the definition: a Warning or Fault raises the alarm with its
// code where it is not raised already, a Normal with a code ends that one, and a
// Normal without one, or Unavailable, ends all of the data item.
func naiveAlarms(said []naiveObservation) []naiveAlarm {
	type key struct{ item, code string }
	open := map[key]*naiveAlarm{}
	var all []*naiveAlarm
	for _, c := range said {
		if !c.Condition {
			continue
		}
		k := key{c.Item, c.Code}
		switch c.Name {
		case "Warning", "Fault":
			if open[k] == nil {
				open[k] = &naiveAlarm{Item: c.Item, Code: c.Code, Level: c.Name, Raised: c.Time}
				all = append(all, open[k])
			}
			if c.Name == "Fault" {
				open[k].Level = "Fault"
			}
		default:
			for other, a := range open {
				by := "normal-all"
				if c.Name == "Unavailable" {
					by = "unavailable"
				} else if other.code == c.Code {
					by = "normal"
				}
				if other.item == c.Item && (c.Name == "Unavailable" || c.Code == "" || other.code == c.Code) {
					a.Cleared, a.By = c.Time, by
					delete(open, other)
				}
			}
		}
	}
	list := make([]naiveAlarm, len(all))
	for i, a := range all {
		list[i] = *a
	}
	return list
}

// TestAlarmsOfNIST compares the alarms of a whole recording, page by page from the
// API, with those that naive code finds in its documents: which they are, when they
// began and ended, and how long they lasted in all, to the microsecond.
func TestAlarmsOfNIST(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(nist(t), "recorded", "mazak03.tgz")
	want := naiveAlarms(readObservations(t, unpack(t, archive)))
	data := t.TempDir()
	if out, code := importInto(t, data, "--agent", "mazak", archive); code != 0 {
		t.Fatalf("import: exit code %d: %s", code, out)
	}
	p := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--retention-days", "0") // The recording is old.
	address := "http://" + p.address() + "/api/v1/alarms?"
	q := url.Values{"from": {"2016-01-01T00:00:00Z"}, "to": {"2017-01-01T00:00:00Z"}, "limit": {"300"}}
	var got []naiveAlarm
	for {
		var page struct {
			Items []struct {
				DataItemID, NativeCode, Level, ClearedBy string
				Raised                                   time.Time
				Cleared                                  *time.Time
			}
			Next  string
			Total int
		}
		readJSON(t, address+q.Encode(), &page)
		for _, e := range page.Items {
			a := naiveAlarm{Item: e.DataItemID, Code: e.NativeCode, Level: e.Level, Raised: e.Raised.UnixMicro(), By: e.ClearedBy}
			if e.Cleared != nil {
				a.Cleared = e.Cleared.UnixMicro()
			}
			got = append(got, a)
		}
		if page.Total != len(want) {
			t.Fatalf("the API tells of %d alarms, want %d", page.Total, len(want))
		}
		if page.Next == "" {
			break
		}
		q.Set("after", page.Next)
	}
	for _, list := range [][]naiveAlarm{want, got} {
		slices.SortFunc(list, func(a, b naiveAlarm) int {
			return slices.Compare([]string{strconv.FormatInt(a.Raised, 10), a.Item, a.Code}, []string{strconv.FormatInt(b.Raised, 10), b.Item, b.Code})
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alarms (-naive +API):\n%.4000s", diff)
	}
	total := func(list []naiveAlarm) (sum int64) {
		for _, a := range list {
			if a.By != "" {
				sum += a.Cleared - a.Raised
			}
		}
		return sum
	}
	if total(want) != total(got) || total(want) == 0 {
		t.Errorf("in all they lasted %d µs, want %d µs", total(got), total(want))
	}
	t.Logf("%d alarms that lasted %s in all", len(got), time.Duration(total(got))*time.Microsecond)
}

// readJSON reads an answer of the API.
func readJSON(t *testing.T, address string, v any) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		t.Fatalf("%s: status %d: %s", address, response.StatusCode, body)
	}
	if err := json.NewDecoder(response.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}

// alarmMill is the machine of the browser test with a condition.
func alarmMill() mtconnect.Device {
	d := testMill()
	d.Components[0].DataItems = []mtconnect.DataItem{{ID: "system", Category: mtconnect.Condition, Type: "SYSTEM"}}
	return d
}

// TestAlarmsReachThePage follows alarms from an agent to a browser: one that is older
// than the range of the page, one that comes and goes, and what is left when the agent
// is away. Their times are those of their observations.
func TestAlarmsReachThePage(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	ring, err := agent.NewRing(agent.RingConfig{
		Info:    agent.Info{Sender: "test", Version: "1.0", SchemaVersion: "2.2", InstanceID: uint64(time.Now().Unix()), BufferSize: 1 << 12},
		Devices: []mtconnect.Device{alarmMill()},
	})
	if err != nil {
		t.Fatal(err)
	}
	say := func(at time.Time, id, value string) {
		t.Helper()
		if _, err := ring.Add(agent.Observation{Time: at.UnixMicro(), DataItemID: id, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	raise := func(at time.Time, level mtconnect.Level, code, text string) {
		t.Helper()
		if _, err := ring.Add(agent.Observation{Time: at.UnixMicro(), DataItemID: "system", Value: text, Detail: &agent.Detail{Level: level, NativeCode: code}}); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-30 * time.Hour)
	say(old, "avail", "AVAILABLE")
	say(old, "mode", "AUTOMATIC")
	say(old, "prog", "O0001")
	say(old, "exec", "ACTIVE")
	raise(old, mtconnect.Warning, "207", "Lubricant level low")
	handler := agent.New(ring, agent.Options{})
	server := httptest.NewServer(handler)
	t.Cleanup(func() { handler.Close(); server.Close() })
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--agent", "test="+server.URL)
	site := "http://" + p.address()

	if err := chromedp.Do(ctx, chromedp.Navigate(site+"/alarms?range=1h")); err != nil {
		t.Fatal(err)
	}
	active := `[...document.querySelectorAll("#active [data-alarm]")].map(r => r.querySelector(".alarm-name").textContent.trim()).join("; ")`
	waitFor(ctx, t, active+` === "207 Lubricant level low"`)
	waitFor(ctx, t, `document.getElementById("live").dataset.link === "streaming"`)

	raise(time.Now(), mtconnect.Fault, "1010", "Spindle temperature high")
	waitFor(ctx, t, active+` === "1010 Spindle temperature high; 207 Lubricant level low"`)
	waitFor(ctx, t, `document.getElementById("bell-count").textContent === "2"`)
	raise(time.Now(), mtconnect.Normal, "1010", "")
	waitFor(ctx, t, active+` === "207 Lubricant level low"`)

	// Both are in the history, at the times of the observations.
	var said struct {
		Items []struct {
			Time              time.Time
			Level, NativeCode string
		}
	}
	readJSON(t, site+"/api/v1/machines/mill-1/observations?item=system&from="+url.QueryEscape(old.Add(-time.Hour).UTC().Format(time.RFC3339)), &said)
	var alarms struct {
		Items []struct {
			Raised     time.Time
			Cleared    *time.Time
			NativeCode string
		}
	}
	readJSON(t, site+"/api/v1/alarms", &alarms)
	var want, got []string
	for _, o := range said.Items {
		if o.NativeCode != "" {
			want = append(want, o.NativeCode+o.Time.Format(" "+time.RFC3339Nano))
		}
	}
	for _, a := range alarms.Items {
		got = append(got, a.NativeCode+a.Raised.Format(" "+time.RFC3339Nano))
		if a.Cleared != nil {
			got = append(got, a.NativeCode+a.Cleared.Format(" "+time.RFC3339Nano))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 3 {
		t.Errorf("times of alarms (-observations +alarms):\n%s", diff)
	}

	handler.Close()
	server.CloseClientConnections()
	server.Close()
	waitFor(ctx, t, `document.querySelector("#active .away")?.textContent.includes("test")`)
	waitFor(ctx, t, `document.querySelector("#active [data-doubt]")?.textContent.includes("Not known")`)
}
