package collect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// An agent that is left out has stopped when that is said: nothing more of it is
// stored or told, and all that was submitted is settled. Others go on.
func TestStopped(t *testing.T) {
	s, one, two := newMemory(), newMachine(t, 1<<14), newMachine(t, 1<<14)
	o := options(s)
	o.CommitDelay = 20 * time.Millisecond
	stopped := make(chan plant.Agent, 1)
	var mu sync.Mutex
	ended := make(map[plant.AgentID]bool)
	told := func(agent plant.AgentID) {
		mu.Lock()
		defer mu.Unlock()
		if ended[agent] {
			t.Errorf("agent %d is told of after it has stopped", agent)
		}
	}
	o.Publish = func(c plant.Change) { told(c.Agent) }
	o.Status = func(status plant.AgentStatus) { told(status.Agent) }
	o.Stopped = func(a plant.Agent) {
		mu.Lock()
		ended[a.ID] = true
		mu.Unlock()
		stopped <- a
	}
	first, second := one.agent(1, "mill"), two.agent(2, "lathe")
	sup, _ := supervise(t, o, first, second)
	for range 20 {
		one.say(50)
		two.say(50)
		one.caughtUp(t, s, 1)
		one.say(50) // Some of it is on its way now.
		sup.SetAgents([]plant.Agent{second})
		a := <-stopped
		if a != first || sup.Reads(first) || !sup.Reads(second) {
			t.Fatalf("stopped is %+v; read are %t and %t", a, sup.Reads(first), sup.Reads(second))
		}
		before, err := s.LastRun(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(sup.Status()); n != 1 {
			t.Errorf("%d statuses, want that of the other agent", n)
		}
		two.caughtUp(t, s, 2)
		if after, err := s.LastRun(t.Context(), 1); err != nil || after != before {
			t.Errorf("run %+v, %v after it had stopped at %+v", after, err, before)
		}
		mu.Lock()
		delete(ended, 1)
		mu.Unlock()
		sup.SetAgents([]plant.Agent{first, second})
		one.caughtUp(t, s, 1)
	}
	for _, m := range []struct {
		*machine
		id plant.AgentID
	}{{one, 1}, {two, 2}} {
		if diff := cmp.Diff(losses{}, m.prove(t, s, m.id)); diff != "" {
			t.Errorf("agent %d lost (-want +got):\n%s", m.id, diff)
		}
	}
}

// Without leases, two supervisors that read the same agent whenever they like lose
// nothing and store nothing twice.
func TestSupervisorsWithoutLeases(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1<<14)
	o := options(s)
	o.StandbyDelay = 2 * time.Millisecond
	agents := []plant.Agent{m.agent(1, "mill")}
	one, _ := supervise(t, o)
	other, _ := supervise(t, o)
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		for _, sup := range []*collect.Supervisor{one, other} {
			switch random.IntN(3) {
			case 0:
				sup.SetAgents(agents)
			case 1:
				sup.SetAgents(nil)
			}
		}
		m.say(random.IntN(40))
		time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
	}
	one.SetAgents(agents)
	other.SetAgents(agents)
	m.caughtUp(t, s, 1)
	if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// worker is a holder on a store of its own, as a process has them.
type worker struct {
	*collect.Holder
	store *sqlite.Store
	stop  func()
}

// startWorker starts a worker on the store in a file, for agents that machines
// are.
func startWorker(t *testing.T, path, name string, machines []*machine) *worker {
	t.Helper()
	w := new(worker)
	var err error
	if w.store, err = sqlite.Open(t.Context(), path, sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	var agents []plant.Agent
	for i, m := range machines {
		a, err := w.store.PutAgent(t.Context(), plant.Agent{Name: fmt.Sprint("m", i), URL: m.URL, Configured: true})
		if err != nil {
			t.Fatal(err)
		}
		agents = append(agents, a)
	}
	capture := options(w.store)
	capture.CommitDelay = 50 * time.Millisecond // Two processes take turns at the file.
	w.Holder, err = collect.NewHolder(collect.HolderOptions{
		Leases: w.store, Name: name, Version: "test", Started: time.Now(), Capture: capture,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.SetAgents(agents)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	w.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(w.stop)
	return w
}

// reads waits until the worker captures so many agents.
func (w *worker) reads(t *testing.T, n int) {
	t.Helper()
	for until := time.Now().Add(patience); len(w.Status()) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d agents are captured, want %d", len(w.Status()), n)
		}
	}
}

// Workers come and go while agents speak. No agent has a gap, and nothing is
// stored twice.
func TestHandover(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plant.db")
	machines := make([]*machine, 4)
	for i := range machines {
		machines[i] = newMachine(t, 1<<14)
	}
	ctx, hush := context.WithCancel(t.Context())
	var speaking sync.WaitGroup
	speaking.Go(func() {
		for ctx.Err() == nil {
			for _, m := range machines {
				m.say(5)
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	a := startWorker(t, path, "a", machines)
	a.reads(t, 4)
	b := startWorker(t, path, "b", machines)
	b.reads(t, 2)
	a.reads(t, 2)
	a.stop()
	b.reads(t, 4)
	crew, err := b.store.Crew(t.Context())
	if err != nil || len(crew.Workers) != 1 || crew.Workers[0].Name != "b" || len(crew.Leases) != 4 {
		t.Errorf("crew %+v, %v", crew, err)
	}
	hush()
	speaking.Wait()
	for i, m := range machines {
		want := int64(len(m.life().said))
		id := plant.AgentID(i + 1)
		run, err := b.store.LastRun(t.Context(), id)
		for until := time.Now().Add(patience); run.Next != want+1; run, err = b.store.LastRun(t.Context(), id) {
			if time.Now().After(until) {
				t.Fatalf("agent %d: run %+v, %v; want it at %d", id, run, err, want+1)
			}
			time.Sleep(time.Millisecond)
		}
		if run.Stored != want || run.First != 1 {
			t.Errorf("agent %d: run %+v, want %d stored", id, run, want)
		}
		for g, err := range b.store.Gaps(t.Context(), run.ID, 0) {
			t.Errorf("agent %d: gap %v, %v", id, g, err)
		}
	}
}
