package collect_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// Two supervisors on one store and agent neither lose nor double anything, and
// the one left over goes on when the other ends.
func TestTwoSupervisors(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1<<14)
	o := options(s)
	stoodBy := make(chan struct{})
	var once sync.Once
	o.Status = func(status plant.AgentStatus) {
		if strings.Contains(status.Error, "standing by") {
			once.Do(func() { close(stoodBy) })
		}
	}
	_, stopFirst := supervise(t, o, m.agent(1, "mill"))
	_, stopSecond := supervise(t, o, m.agent(1, "mill"))
	for rounds := 0; ; rounds++ {
		m.say(11)
		time.Sleep(time.Millisecond)
		select {
		case <-stoodBy:
		default:
			if rounds == 1000 {
				t.Fatal("after 1000 rounds neither has found that the other captures the agent as well")
			}
			continue
		}
		break
	}
	m.caughtUp(t, s, 1)
	stopFirst()
	m.say(100)
	m.caughtUp(t, s, 1)
	stopSecond()
	if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// The same with the embedded store, which each of two processes has opened.
func TestTwoSupervisorsOnOneFile(t *testing.T) {
	m := newMachine(t, 1<<14)
	path := filepath.Join(t.TempDir(), "test.db")
	var stops []func()
	var stores []*sqlite.Store
	for range 2 {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		a, err := s.PutAgent(t.Context(), plant.Agent{Name: "mill", URL: m.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, stop := supervise(t, options(s), a)
		stops, stores = append(stops, stop), append(stores, s)
	}
	said := 0
	for n, stop := range stops {
		for range 50 {
			m.say(20)
			time.Sleep(time.Millisecond)
		}
		said += 1000
		until := time.Now().Add(patience)
		for {
			run, err := stores[n].LastRun(t.Context(), 1)
			if err == nil && run.Next == int64(said+1) {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("run %+v, %v: want it at %d", run, err, said+1)
			}
			time.Sleep(time.Millisecond)
		}
		stop()
	}
	next := int64(1)
	for o, err := range stores[0].Observations(t.Context(), 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Sequence != next {
			t.Fatalf("sequence %d stands where %d is due", o.Sequence, next)
		}
		next++
	}
	runs, err := stores[1].Runs(t.Context())
	if err != nil || len(runs) != 1 || runs[0].Stored != int64(said) || next != int64(said+1) {
		t.Errorf("runs %+v, %v, read up to %d: want one with %d stored", runs, err, next, said)
	}
	for g, err := range stores[0].Gaps(t.Context(), 1, 0) {
		t.Errorf("gap %v, %v: want none", g, err)
	}
}
