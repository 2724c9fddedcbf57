package collect_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

// hostileHeap is how much more memory may be in use while the hostile agents are
// read than before, and keptHeap how much may be kept of it, in bytes. A document
// of theirs is read up to its limits, which are many MiB.
const (
	hostileHeap = 100 << 20
	keptHeap    = 20 << 20
)

// nonsense are the ways in which an agent can answer every request wrongly.
var nonsense = map[string]http.HandlerFunc{
	"errors":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "storm", http.StatusServiceUnavailable) },
	"a redirect":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	"a web page":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>\x1b[31mlogin\n</html>") },
	"deep":        forever("<MTConnectDevices>", "<a>"),
	"endless":     forever("<MTConnectDevices><Header/><Devices>", `<Device name="d" id="d"/>`),
	"many names":  forever("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
	"no document": forever("", " "),
}

// lies are the ways in which an agent that is probed well can answer sample.
var lies = map[string]http.HandlerFunc{
	"an endless document":  forever(streamsHead, `<E dataItemId="feed" sequence="1" timestamp="2020-01-01T00:00:00Z">1</E>`),
	"an endless attribute": forever(streamsHead+`<E dataItemId="`, "aaaaaaaaaaaaaaaa"),
	"an endless text":      forever(streamsHead+`<E dataItemId="exec" sequence="1" timestamp="2020-01-01T00:00:00Z">`, "aaaaaaaaaaaaaaaa"),
	"deep elements":        forever(streamsHead, "<a>"),
	"a bomb of entities": func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>`+streamsHead+"&b;")
	},
	"a part without an end": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=b")
		fmt.Fprint(w, "--b\r\nContent-type: text/xml\r\nContent-length: 999999999999\r\n\r\n")
		forever(streamsHead, "<!-- -->")(w, r)
	},
	"a byte now and then": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, " ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	},
}

const streamsHead = `<MTConnectStreams><Header instanceId="1000" firstSequence="1" lastSequence="1" nextSequence="2" bufferSize="100"/>` +
	`<Streams><DeviceStream name="Mill" uuid="mill-1"><ComponentStream component="Path" componentId="p"><Events>`

// forever answers with head and then with more, until nobody listens.
func forever(head, more string) http.HandlerFunc {
	block := bytes.Repeat([]byte(more), 64<<10/len(more))
	return func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, head); err != nil {
			return
		}
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// Agents that talk nonsense are told of by their status and cost no tight loop.
// They take nothing from the one that is read beside them: neither time nor
// memory.
func TestHostileAgents(t *testing.T) {
	s, good := newMemory(), newMachine(t, 1<<14)
	asked := make(chan struct{}, 1<<20)
	agents := []plant.Agent{good.agent(1, "good")}
	hostile := func(name string, answer http.HandlerFunc) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			answer(w, r)
		}))
		t.Cleanup(func() {
			server.CloseClientConnections()
			server.Close()
		})
		u := strings.Replace(server.URL, "http://", "http://user:secret@", 1)
		agents = append(agents, plant.Agent{ID: plant.AgentID(len(agents) + 1), Name: name, URL: u})
	}
	for name, answer := range nonsense {
		hostile("nonsense: "+name, answer)
	}
	for name, answer := range lies {
		honest := newMachine(t, 100)
		honest.say(1)
		hostile("lies: "+name, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/sample") {
				answer(w, r)
				return
			}
			honest.ServeHTTP(w, r)
		})
	}
	before, most := heapInUse(), uint64(0)
	o := options(s)
	o.ShortestRetry, o.LongestRetry = 20*time.Millisecond, 10*time.Second
	o.Dial = func(a plant.Agent) (*mtconnect.Client, error) {
		return mtconnect.NewClient(a.URL, mtconnect.Options{
			ResponseTimeout: time.Second, DocumentTimeout: time.Second, Limits: mtconnect.Limits{Document: 4 << 20},
		})
	}
	sup, stop := supervise(t, o, agents...)
	for range 50 {
		good.say(100)
		good.caughtUp(t, s, 1)
		most = max(most, heapInUse())
	}
	for _, a := range agents[1:] {
		status := waitDown(sup.Status, a.Name)
		if status.Error == "" || status.Retry.IsZero() || strings.ContainsAny(status.Error, "\x1b\n") || strings.Contains(status.Error, "secret") {
			t.Errorf("%s: error %q, retry %v: want why, when it is tried again, one line and no secret", a.Name, status.Error, status.Retry)
		}
		most = max(most, heapInUse())
	}
	stop()
	good.prove(t, s, 1)
	// One attempt may take some tens of requests, where it looks for the place
	// that cannot be read.
	if n := len(asked); n > 200*len(agents) {
		t.Errorf("the bad agents were asked %d times: want pauses that grow", n)
	}
	if most > before+hostileHeap {
		t.Errorf("%d MiB in use, %d MiB before: want at most %d more", most>>20, before>>20, hostileHeap>>20)
	}
	if after := heapInUse(); after > before+keptHeap {
		t.Errorf("%d MiB are kept, %d MiB before: want at most %d more", after>>20, before>>20, keptHeap>>20)
	}
	t.Logf("%d requests to bad agents; %d MiB in use at most", len(asked), most>>20)
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// waitDown waits until an agent's link is down.
func waitDown(status func() []plant.AgentStatus, name string) plant.AgentStatus {
	for {
		list := status()
		i := slices.IndexFunc(list, func(s plant.AgentStatus) bool { return s.Name == name })
		if i >= 0 && list[i].Link == plant.LinkDown {
			return list[i]
		}
		time.Sleep(time.Millisecond)
	}
}
