//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/jobs/redistest"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// hall is a number of agents that count: each observation of an agent is a value
// one higher than the one before.
type hall struct {
	rings []*agent.Ring
	urls  []string
}

// openHall serves n agents, each of which says so many observations a second
// until quiet is called.
func openHall(t *testing.T, n, rate int) (h *hall, quiet func()) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	h = &hall{}
	var handlers []*agent.Agent
	for i := range n {
		name := hallAgent(i)
		ring, err := agent.NewRing(agent.RingConfig{
			Info: agent.Info{Sender: name, Version: "1.0", SchemaVersion: "2.2", InstanceID: 1_700_000_000, BufferSize: 1 << 17},
			Devices: []mtconnect.Device{{UUID: name, Component: mtconnect.Component{
				Type: "Device", ID: "d", Name: name,
				DataItems: []mtconnect.DataItem{{ID: "avail", Category: mtconnect.Event, Type: "AVAILABILITY"}, {ID: "n", Category: mtconnect.Sample, Type: "POSITION"}},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		handler := agent.New(ring, agent.Options{})
		handlers = append(handlers, handler)
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, handler))
		h.rings = append(h.rings, ring)
		h.urls = append(h.urls, server.URL+"/"+name)
	}
	stop := make(chan struct{})
	var saying sync.WaitGroup
	saying.Go(func() { h.say(t, rate, stop) })
	quiet = sync.OnceFunc(func() {
		close(stop)
		saying.Wait()
	})
	t.Cleanup(func() {
		quiet()
		for _, handler := range handlers {
			handler.Close()
		}
		server.CloseClientConnections()
		server.Close()
	})
	return h, quiet
}

func hallAgent(i int) string { return fmt.Sprintf("a%03d", i) }

// say lets all agents count.
func (h *hall) say(t *testing.T, rate int, stop <-chan struct{}) {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for n := 1; ; n++ {
		for _, ring := range h.rings {
			if _, err := ring.Add(agent.Observation{Time: time.Now().UnixMicro(), DataItemID: "n", Value: strconv.Itoa(n)}); err != nil {
				t.Error(err)
				return
			}
		}
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// said is how many observations an agent has made.
func (h *hall) said(i int) int64 {
	_, next := h.rings[i].Bounds()
	return int64(next) - 1
}

// installation is factorydash as several processes on a database and a broker of
// their own, which its commands are told of and other tests are not.
type installation struct {
	t        *testing.T
	env      []string
	database *pgtest.Server
	redis    *redistest.Server
	hall     *hall
	store    *postgres.Store
	running  map[string]*program // by name: "worker 1"
}

func install(t *testing.T, h *hall) *installation {
	t.Helper()
	in := &installation{t: t, database: pgtest.New(t, "max_connections=200"), redis: redistest.Start(t), hall: h, running: make(map[string]*program)}
	url := in.database.Database(t)
	in.env = []string{"DATABASE_URL=" + url, "REDIS_URL=" + in.redis.URL()}
	if out, code := outputOf(t, in.command("migrate", "up")); code != 0 {
		t.Fatalf("migrate up: exit code %d: %s", code, out)
	}
	var err error
	if in.store, err = postgres.Open(t.Context(), url, postgres.Options{NoMigrate: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.store.Close(); err != nil {
			t.Error(err)
		}
	})
	for i, agentURL := range h.urls {
		if _, err := in.store.PutAgent(t.Context(), plant.Agent{Name: hallAgent(i), URL: agentURL, Configured: true}); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// command makes a process of the installation that is not started yet.
func (in *installation) command(args ...string) *exec.Cmd {
	cmd := command(in.t.Context(), args...)
	cmd.Env = append(cmd.Env, in.env...)
	return cmd
}

// begin starts a process by its name.
func (in *installation) begin(name string) {
	var role string
	var number int
	if _, err := fmt.Sscanf(name, "%s %d", &role, &number); err != nil {
		in.t.Fatal(err)
	}
	in.running[name] = launch(in.t, in.command("--log-format", "json", "--log-level", "debug", role, "--listen", "127.0.0.1:0"))
}

// captured gives how many observations of each agent are committed; ok is false
// while the database does not answer.
func (in *installation) captured() (next map[string]int64, ok bool) {
	agents, err := in.store.Agents(in.t.Context())
	if err != nil {
		return nil, false
	}
	runs, err := in.store.Runs(in.t.Context())
	if err != nil {
		return nil, false
	}
	next = make(map[string]int64)
	for _, a := range agents {
		next[a.Name] = 0
		for _, r := range runs {
			if r.Agent == a.ID {
				next[a.Name] = max(next[a.Name], r.Next-1)
			}
		}
	}
	return next, true
}

// settle waits until all that the agents have said by now is stored.
func (in *installation) settle(within time.Duration) {
	in.t.Helper()
	said := make(map[string]int64)
	for i := range in.hall.rings {
		said[hallAgent(i)] = in.hall.said(i)
	}
	deadline := time.Now().Add(within)
	for {
		next, ok := in.captured()
		behind := 0
		for name, n := range said {
			if !ok || next[name] < n {
				behind++
			}
		}
		if behind == 0 {
			return
		}
		if time.Now().After(deadline) {
			in.t.Fatalf("%d agents are not stored to the end after %v: %v", behind, within, next)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// checkCounting compares ledger and export with what the agents said: every
// number once, in order, and nothing in the ledger.
func (in *installation) checkCounting() {
	in.t.Helper()
	for _, e := range ledgerOf(in.t, in.command("ledger", "--json")) {
		if len(e.Gaps) != 0 || e.First != 1 || e.Stored != e.Next-1 {
			in.t.Errorf("ledger: %+v", e)
		}
	}
	next := make(map[string]int64)
	total := 0
	exportOf(in.t, in.command("export", "--format", "jsonl"), func(o exported) {
		next[o.Agent]++
		total++
		if value, _ := o.Value.(float64); o.Sequence != next[o.Agent] || o.DataItem == "n" && int64(value) < 1 {
			in.t.Fatalf("export gave %+v, want sequence %d", o, next[o.Agent])
		}
	})
	for i := range in.hall.rings {
		if next[hallAgent(i)] != in.hall.said(i) {
			in.t.Errorf("%s: %d observations exported, %d said", hallAgent(i), next[hallAgent(i)], in.hall.said(i))
		}
	}
	in.t.Logf("%d agents, %d observations, each once", len(in.hall.rings), total)
}

// watch measures for how long no observation of an agent was committed although
// it said some, while the database answered, until stop is closed.
type watch struct {
	worst map[string]time.Duration
	// since is when an agent got on last, by the time that the database answered.
	since map[string]time.Duration
}

func (in *installation) watch(stop <-chan struct{}) *watch {
	w := &watch{worst: make(map[string]time.Duration), since: make(map[string]time.Duration)}
	last := make(map[string]int64)
	var answering time.Duration
	before := time.Now()
	for {
		select {
		case <-stop:
			return w
		case <-time.After(250 * time.Millisecond):
		}
		next, ok := in.captured()
		now := time.Now()
		if ok {
			answering += now.Sub(before)
			for name, n := range next {
				if n > last[name] || w.since[name] == 0 {
					w.since[name], last[name] = answering, n
				}
				w.worst[name] = max(w.worst[name], answering-w.since[name])
			}
		}
		before = now
	}
}

// longest is the longest of all.
func (w *watch) longest() (name string, d time.Duration) {
	for n, worst := range w.worst {
		if worst > d {
			name, d = n, worst
		}
	}
	return name, d
}

// pick gives one of the running processes whose name begins with a role.
func (in *installation) pick(role string) string {
	var names []string
	for name := range in.running {
		if len(name) > len(role) && name[:len(role)] == role {
			names = append(names, name)
		}
	}
	return names[rand.IntN(len(names))]
}

// freeze stops a process without its notice, and lets it go on after a while.
func (in *installation) freeze(name string, d time.Duration) {
	p := in.running[name]
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		in.t.Fatal(err)
	}
	time.Sleep(d)
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		in.t.Fatal(err)
	}
}
