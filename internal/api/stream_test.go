package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// browser is a client of the event stream without a network, so that tests run
// in the time of a bubble. It is the ResponseWriter of its own request.
type browser struct {
	header http.Header
	ended  chan struct{}
	leave  context.CancelFunc

	mu       sync.Mutex
	status   int
	received strings.Builder
	deadline time.Time
	// pause is how long it takes for each reading; stuck is true where it has stopped.
	pause time.Duration
	stuck bool
}

// browse opens a stream.
func (w *world) browse(t *testing.T, path, lastID string) *browser {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	b := &browser{header: make(http.Header), ended: make(chan struct{}), leave: leave, status: http.StatusOK}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, api.Prefix+path, nil)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	handler := w.service.Handler()
	go func() {
		defer close(b.ended)
		handler.ServeHTTP(b, r)
	}()
	t.Cleanup(b.close)
	synctest.Wait()
	return b
}

// close leaves and waits for the end of the stream.
func (b *browser) close() {
	b.leave()
	<-b.ended
}

func (b *browser) Header() http.Header { return b.header }

func (b *browser) WriteHeader(status int) { b.status = status }

func (b *browser) Write(p []byte) (int, error) {
	b.mu.Lock()
	pause := b.pause
	b.mu.Unlock()
	time.Sleep(pause)
	b.mu.Lock()
	stuck, deadline := b.stuck, b.deadline
	if !stuck {
		b.received.Write(p)
	}
	b.mu.Unlock()
	if stuck {
		time.Sleep(time.Until(deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return len(p), nil
}

func (b *browser) FlushError() error { return nil }

func (b *browser) SetReadDeadline(time.Time) error { return nil }

func (b *browser) SetWriteDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = t
	return nil
}

// event is an event as it came.
type event struct{ id, name, data string }

// take gives the events since the last call, once nothing more comes by itself.
func (b *browser) take(t *testing.T) []event {
	t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	events := parseEvents(t, b.received.String())
	b.received.Reset()
	return events
}

func parseEvents(t *testing.T, s string) []event {
	t.Helper()
	var events []event
	var e event
	lines := bufio.NewScanner(strings.NewReader(s))
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e != (event{}) {
				events = append(events, e)
			}
			e = event{}
		}
	}
	return events
}

// inOrder gives events of several feeds in the order of a stream's feeds; in which
// order they come is open.
func inOrder(events []event) []event {
	order := []string{"hello", "machines", "agents", "values"}
	return slices.SortedStableFunc(slices.Values(events), func(a, b event) int {
		return slices.Index(order, a.name) - slices.Index(order, b.name)
	})
}

// names gives the names of events.
func names(events []event) []string {
	var s []string
	for _, e := range events {
		s = append(s, e.name)
	}
	return s
}

func decode[T any](t *testing.T, e event) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(e.data), &v); err != nil {
		t.Fatalf("%s event: %v in %s", e.name, err, e.data)
	}
	return v
}

// values gives the values of a values event by data item.
func values(t *testing.T, e event) map[string]any {
	t.Helper()
	m := make(map[string]any)
	for _, it := range decode[api.Values](t, e).Items {
		m[it.DataItemID] = it.Value
	}
	return m
}

func checkNames(t *testing.T, what string, events []event, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, names(events)); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		w.hub.PublishStatus(streaming(1))
		b := w.browse(t, "/stream?machine=mill", "")
		events := b.take(t)
		checkNames(t, "at first", events, "hello")
		if diff := cmp.Diff(api.Hello{Now: start.Add(time.Hour), Version: "1.2.3"}, decode[api.Hello](t, events[0])); diff != "" {
			t.Errorf("hello (-want +got):\n%s", diff)
		}
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
			if got := b.header.Get(name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}

		w.publish(nil, number(load, 0, 5))
		events = b.take(t)
		checkNames(t, "a value that no card shows", events, "values")
		if diff := cmp.Diff(map[string]any{"load": 5.0}, values(t, events[0])); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}

		time.Sleep(time.Second)
		w.publish(state(0, plant.Running), text(program, 0, "O1"))
		events = inOrder(b.take(t))
		checkNames(t, "a program begins", events, "machines", "values")
		if m := decode[[]api.Machine](t, events[0]); len(m) != 1 || m[0].State != "running" || *m[0].Program != "O1" {
			t.Errorf("machines %+v", m)
		}

		time.Sleep(time.Second)
		w.hub.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Error: "refused"})
		events = inOrder(b.take(t))
		checkNames(t, "the link goes down", events, "machines", "agents")
		if m := decode[[]api.Machine](t, events[0]); m[0].State != "no-link" || m[0].LinkError != "refused" {
			t.Errorf("machines %+v", m)
		}
		if a := decode[[]api.Agent](t, events[1]); a[0].Link != plant.LinkDown || a[0].Name != "hall-a" {
			t.Errorf("agents %+v", a)
		}

		time.Sleep(api.PingInterval)
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		if !strings.Contains(b.received.String(), ": ping\n\n") {
			t.Error("no ping on a quiet stream")
		}
	})
}

// The first change goes out at once; those in the pause after it together.
func TestStreamPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		b := w.browse(t, "/stream?machine=mill", "")
		b.take(t)
		w.publish(nil, number(load, 0, 1))
		checkNames(t, "at once", b.take(t), "values")
		for n := range 10 {
			w.publish(nil, number(load, 0, float64(n+2)))
			checkNames(t, "in the pause", b.take(t))
			time.Sleep(api.ValueInterval / 20)
		}
		time.Sleep(api.ValueInterval / 2)
		events := b.take(t)
		checkNames(t, "after the pause", events, "values")
		if diff := cmp.Diff(map[string]any{"load": 11.0}, values(t, events[0])); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		time.Sleep(time.Minute)
		checkNames(t, "nothing happens", b.take(t))
	})
}

func TestStreamResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		b := w.browse(t, "/stream?machine=mill", "")
		w.publish(nil, number(load, 0, 1), text(program, 0, "O1"))
		events := b.take(t)
		checkNames(t, "at first", inOrder(events), "hello", "machines", "values")
		b.close()

		w.publish(nil, number(load, 0, 2))
		w.publish(nil, number(load, 0, 3))
		// The connection broke after the first of the two, whichever that was.
		wantNames, want := []string{"hello", "machines", "values"}, map[string]any{"load": 3.0}
		if events[1].name == "machines" {
			wantNames, want = []string{"hello", "values"}, map[string]any{"load": 3.0, "prog": "O1"}
		}
		again := w.browse(t, "/stream?machine=mill", events[1].id)
		got := again.take(t)
		checkNames(t, "after the first", got, wantNames...)
		if !decode[api.Hello](t, got[0]).Resumed {
			t.Error("not resumed")
		}
		if diff := cmp.Diff(want, values(t, got[len(got)-1])); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		// It broke after the second; the id comes in the address.
		got = w.browse(t, "/stream?machine=mill&lastEventId="+events[2].id, "").take(t)
		checkNames(t, "after the second", got, "hello", "values")
		if diff := cmp.Diff(map[string]any{"load": 3.0}, values(t, got[1])); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		// Nothing has happened since.
		checkNames(t, "after all", w.browse(t, "/stream?machine=mill", got[1].id).take(t), "hello")
	})
}

func TestStreamCannotResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		w.publish(nil, number(load, 0, 1), text(program, 0, "O1"))
		epoch := w.hub.Epoch()
		for _, id := range []string{"x", "1", "other.1.1.1", epoch, epoch + ".1", epoch + ".1.1.x", epoch + ".1.1.99", epoch + ".-1.0.0", epoch + ".1.1.1.1"} {
			events := w.browse(t, "/stream?machine=mill", id).take(t)
			checkNames(t, id, events, "hello")
			if decode[api.Hello](t, events[0]).Resumed {
				t.Errorf("resumed from %q", id)
			}
		}
	})
}

// A browser that does not read is disconnected and holds up nobody.
func TestStreamSlowBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		slow, quick := w.browse(t, "/stream?machine=mill", ""), w.browse(t, "/stream?machine=mill", "")
		quick.take(t)
		slow.mu.Lock()
		slow.stuck = true
		slow.mu.Unlock()
		begun := time.Now()
		for n := range 5 {
			w.publish(nil, number(load, 0, float64(n)))
			checkNames(t, "the quick one", quick.take(t), "values")
			time.Sleep(api.ValueInterval)
		}
		<-slow.ended
		if took := time.Since(begun); took != api.WriteTimeout {
			t.Errorf("disconnected after %s, want %s", took, api.WriteTimeout)
		}
	})
}

// Streams of any speed that listen to the same, and such as come in between, are told
// of everything, of nothing twice, and end with the newest.
func TestStreamsOfAnySpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		random := rand.New(rand.NewPCG(1, 2))
		var streams []*browser
		for n := range 400 {
			if n%50 == 0 {
				b := w.browse(t, "/stream?machine=mill", "")
				b.mu.Lock()
				b.pause = time.Duration(len(streams)) * 70 * time.Millisecond
				b.mu.Unlock()
				streams = append(streams, b)
			}
			// Now and then one of them changes, and does not again for long.
			time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
			if random.IntN(4) == 0 {
				w.publish(nil, text(program, 0, strconv.Itoa(n)))
			} else {
				w.publish(nil, number(load, 0, float64(n)))
			}
		}
		w.publish(nil, text(program, 0, "last"))
		for n := range 100 {
			time.Sleep(20 * time.Millisecond)
			w.publish(nil, number(load, 0, float64(901+n)))
		}
		time.Sleep(time.Minute)
		for i, b := range streams {
			told := make(map[string]api.Item)
			for _, e := range b.take(t) {
				if e.name != "values" {
					continue
				}
				for _, it := range decode[api.Values](t, e).Items {
					if it.Sequence <= told[it.DataItemID].Sequence {
						t.Errorf("stream %d: %s %v was told after %v", i, it.DataItemID, it.Value, told[it.DataItemID].Value)
					}
					told[it.DataItemID] = it
				}
			}
			if told["prog"].Value != "last" || told["load"].Value != 1000.0 {
				t.Errorf("stream %d ends with %v and %v", i, told["prog"].Value, told["load"].Value)
			}
		}
	})
}

// There is a limit for streams, and one for what they listen to; what was taken is
// given back.
func TestStreamsAreLimited(t *testing.T) {
	for name, limits := range map[string]struct{ streams, feeds int }{"streams": {1, 0}, "feeds": {0, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{fake: newFake(), hub: live.NewHub(live.Options{Subscribers: limits.feeds})}
				w.service = api.NewService(api.Options{Reader: w.fake, Hub: w.hub, Streams: limits.streams})
				if err := w.service.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				first := w.browse(t, "/stream", "")
				second := w.browse(t, "/stream?machine=mill", "")
				<-second.ended
				checkProblem(t, second.status, second.header.Get("Content-Type"), []byte(second.received.String()), 503, "streams")
				if got := second.header.Get("Retry-After"); got != "10" {
					t.Errorf("Retry-After: %s, want 10", got)
				}
				first.close()
				checkNames(t, "after the first has left", w.browse(t, "/stream", "").take(t), "hello")
			})
		})
	}
}

func TestStreamsEndOnShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		b := w.browse(t, "/stream", "")
		w.service.CloseStreams()
		<-b.ended
		late := w.browse(t, "/stream", "")
		<-late.ended
		if late.status != http.StatusServiceUnavailable || late.header.Get("Retry-After") == "" {
			t.Errorf("a stream after the end of all: %d, want it refused for now", late.status)
		}
	})
}

// A machine that comes while a stream is open is sent when the service has
// found it.
func TestStreamOfNewMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := w.service.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		b := w.browse(t, "/stream", "")
		b.take(t)
		w.mu.Lock()
		w.devices = append(w.devices, plant.Device{ID: 9, Agent: 1, Slug: "lathe", Name: "Lathe", Present: true})
		w.items = append(w.items, plant.DataItem{ID: 90, Device: 9, DataItemID: "p", Category: plant.Event, Type: "PROGRAM"})
		w.mu.Unlock()
		w.publish(nil, text(90, 0, "O9"))
		time.Sleep(api.CardInterval)
		events := inOrder(b.take(t))
		checkNames(t, "events", events, "machines", "agents")
		machines := decode[[]api.Machine](t, events[0])
		if last := machines[len(machines)-1]; last.Slug != "lathe" || *last.Program != "O9" {
			t.Errorf("machines %+v", machines)
		}
		stop()
		running.Wait()
	})
}

// After a restart, open pages learn that what the agent does not say again is
// unknown.
func TestStreamOfRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newQuietWorld(t, newFake(), live.Options{})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := w.service.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		w.hub.PublishStatus(streaming(1))
		w.publish(nil, text(program, 0, "O1"), number(load, 0, 1))
		b := w.browse(t, "/stream?machine=mill", "")
		b.take(t)
		w.mu.Lock()
		w.runs = append(w.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, First: 1, Next: 1})
		w.mu.Unlock()
		w.publish(nil, number(load, time.Minute, 2))
		time.Sleep(api.RefreshPause + api.CardInterval)
		shown := map[string]any{"prog": "O1"}
		onCard := "O1"
		for _, e := range b.take(t) {
			switch e.name {
			case "values":
				maps.Copy(shown, values(t, e))
			case "machines":
				onCard = ""
				if p := decode[[]api.Machine](t, e)[0].Program; p != nil {
					onCard = *p
				}
			}
		}
		if shown["prog"] != nil || shown["load"] != 2.0 || onCard != "" {
			t.Errorf("shown after the restart: program %v, on the card %q, load %v; want the load alone", shown["prog"], onCard, shown["load"])
		}
		stop()
		running.Wait()
	})
}

// Over a real connection: what is published reaches the client.
func TestStreamOverHTTP(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/api/v1/stream?machine=mill", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	expect := func(line string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == line {
				return
			}
		}
		t.Fatalf("the stream ended without %q: %v", line, lines.Err())
	}
	expect("event: hello")
	w.publish(nil, number(load, 0, 5))
	expect("event: values")
	w.service.CloseStreams()
	for lines.Scan() { // Up to its end.
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
}
