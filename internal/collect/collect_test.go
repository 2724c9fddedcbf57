package collect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type losses = map[plant.GapReason]int64

func TestCapture(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults faults
		want   plant.LinkState
	}{
		{"an agent that streams", faults{}, plant.LinkStreaming},
		{"an agent that cannot stream", faults{noStream: true}, plant.LinkPolling},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, m := newMemory(), newMachine(t, 1<<14)
			m.spoilBy(test.faults)
			m.say(2500)
			o := options(s)
			o.PageSize = 100
			sup, stop := supervise(t, o, m.agent(1, "mill"))
			m.caughtUp(t, s, 1)
			for range 20 {
				m.say(3)
			}
			m.caughtUp(t, s, 1)
			if status := sup.Status(); len(status) != 1 || status[0].Link != test.want {
				t.Errorf("status %+v: want one that is %s", status, test.want)
			}
			stop()
			if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

// What a commit changed is published after it: every observation is counted
// once, and the newest of each item and the states are as in the store.
func TestPublish(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1<<14)
	o := options(s)
	changes := make(chan plant.Change, 10_000)
	o.Publish = func(c plant.Change) { changes <- c }
	_, stop := supervise(t, o, m.agent(1, "mill"))
	for range 10 {
		m.say(50)
		m.caughtUp(t, s, 1)
		s.loseNextAck() // what was stored all the same is published too
	}
	stop()
	close(changes)
	total := 0
	latest := make(map[plant.ItemID]plant.Latest)
	states := make(map[plant.DeviceID]plant.StateChange)
	for c := range changes {
		total += c.Observations
		for _, l := range c.Latest {
			latest[l.Item] = l
		}
		for _, st := range c.States {
			states[st.Device] = st
		}
	}
	if total != 500 {
		t.Errorf("%d observations published, want 500", total)
	}
	if diff := cmp.Diff(s.latest, latest); diff != "" {
		t.Errorf("latest (-stored +published):\n%s", diff)
	}
	if diff := cmp.Diff(s.states, states); diff != "" || len(states) != 1 {
		t.Errorf("states (-stored +published):\n%s", diff)
	}
}

// While the store is away nothing is read on, and nothing is lost.
func TestStoreAway(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1<<14)
	o := options(s)
	o.AgentQueueBytes, o.PageSize = 20_000, 50
	waiting := make(chan struct{}, 1)
	o.Status = func(status plant.AgentStatus) {
		if status.Link == plant.LinkWaiting {
			select {
			case waiting <- struct{}{}:
			default:
			}
		}
	}
	sup, stop := supervise(t, o, m.agent(1, "mill"))
	m.say(100)
	m.caughtUp(t, s, 1)
	s.failWith(func(string) error { return plant.Errorf(plant.Unavailable, "the disk is full") })
	m.say(5000)
	<-waiting
	if status := sup.Status()[0]; !strings.Contains(status.Error, "the disk is full") {
		t.Errorf("error %q: want it to say what is wrong with the store", status.Error)
	}
	s.failWith(nil)
	m.caughtUp(t, s, 1)
	m.say(10)
	m.caughtUp(t, s, 1)
	if status := sup.Status()[0]; !status.Link.Up() || status.Error != "" {
		t.Errorf("status %+v: want the link up again", status)
	}
	stop()
	if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// What the store refuses stands in the status, is tried again and is not lost.
func TestStoreRefuses(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1<<14)
	s.failWith(func(op string) error {
		if op == "commit" {
			return plant.Errorf(plant.Invalid, "observation with sequence 1: no such value")
		}
		return nil
	})
	m.say(100)
	sup, stop := supervise(t, options(s), m.agent(1, "mill"))
	if status := waitDown(sup.Status, "mill"); !strings.Contains(status.Error, "the store refuses what the agent said: observation with sequence 1") {
		t.Errorf("error %q: want one that says what the store refuses", status.Error)
	}
	s.failWith(nil)
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// Where another store answers, as a standby that had not heard of all, devices and
// data items are put into it anew, and none is taken for another one with its number.
func TestStoreTakenOver(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1<<14)
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.say(100)
	m.caughtUp(t, s, 1)
	s.mu.Lock()
	standby := newMemory()
	s.runs, s.models, s.stored, s.gaps, s.baselines, s.latest, s.states = nil, nil, standby.stored, standby.gaps, standby.baselines, standby.latest, standby.states
	s.devices = []plant.Device{{ID: 1, Agent: 2, Name: "another"}}
	s.items = []plant.DataItem{{ID: 1, Device: 1, DataItemID: "another"}}
	failed := false
	s.fail = func(op string) error {
		if op == "commit" && !failed {
			failed = true
			return plant.Errorf(plant.Conflict, "there is no run 1")
		}
		return nil
	}
	s.mu.Unlock()
	m.say(10)
	m.caughtUp(t, s, 1)
	stop()
	for _, o := range s.stored[s.runs[0].ID] {
		if int(o.Item) > len(s.items) || s.devices[s.items[o.Item-1].Device-1].Agent != 1 {
			t.Fatalf("observation %d is stored as one of data item %d; those of the agent are in %+v", o.Sequence, o.Item, s.items)
		}
	}
	m.prove(t, s, 1)
}

// An agent whose model changes again and again cannot fill the memory.
func TestTooManyDataItems(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	o := options(s)
	o.DataItems = 10
	sup, stop := supervise(t, o, m.agent(1, "mill"))
	m.say(10)
	m.caughtUp(t, s, 1)
	for n := range 2 {
		devices := shop()
		for i := range 2 {
			id := fmt.Sprintf("new%d-%d", n, i)
			devices[0].DataItems = append(devices[0].DataItems, mtconnect.DataItem{ID: id, Category: mtconnect.Event, Type: "POWER_STATE"})
		}
		if err := m.life().ring.SetDevices(devices); err != nil {
			t.Fatal(err)
		}
		m.say(10)
		m.caughtUp(t, s, 1)
		for range 20 { // documents that say that the model changed
			m.say(1)
			m.caughtUp(t, s, 1)
			time.Sleep(time.Millisecond)
		}
	}
	if status := sup.Status()[0]; !status.Link.Up() {
		t.Errorf("status %+v: want reading to go on", status)
	}
	stop()
	if len(s.models) != 2 || len(s.items) != 10 {
		t.Errorf("%d models, %d data items: want 2 and 10", len(s.models), len(s.items))
	}
	m.prove(t, s, 1)
}

// Agents come, go and change their address while others are read on.
func TestSetAgents(t *testing.T) {
	s, one, two := newMemory(), newMachine(t, 1000), newMachine(t, 1000)
	sup, stop := supervise(t, options(s), one.agent(1, "one"))
	one.say(10)
	one.caughtUp(t, s, 1)
	sup.SetAgents([]plant.Agent{one.agent(1, "one"), two.agent(2, "two")})
	two.say(20)
	two.caughtUp(t, s, 2)
	names := func() (names []string) {
		for _, status := range sup.Status() {
			names = append(names, status.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"one", "two"}, names()); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	moved := httptest.NewServer(one)
	defer moved.Close()
	sup.SetAgents([]plant.Agent{{ID: 1, Name: "one", URL: moved.URL}})
	for !slices.Equal(names(), []string{"one"}) {
		time.Sleep(time.Millisecond)
	}
	one.say(10)
	one.caughtUp(t, s, 1)
	stop()
	one.prove(t, s, 1)
	two.prove(t, s, 2)
	if len(s.runs) != 2 {
		t.Errorf("runs %+v: want one per agent", s.runs)
	}
}

func TestFetch(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	m.say(700)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	sup, err := collect.New(options(s))
	if err != nil {
		t.Fatal(err)
	}
	agents := []plant.Agent{m.agent(1, "mill"), {ID: 2, Name: "gone", URL: gone.URL}}
	for round, want := range []int64{700, 0} {
		results, err := sup.Fetch(t.Context(), agents)
		if err != nil {
			t.Fatal(err)
		}
		if r := results[0]; r.Err != nil || r.Observations != want || len(r.Gaps) != 0 {
			t.Errorf("round %d: %+v, want %d observations", round, r, want)
		}
		if r := results[1]; r.Err == nil || r.Agent.Name != "gone" {
			t.Errorf("round %d: %+v, want an error of the agent that is gone", round, r)
		}
	}
	m.restart(5)
	m.say(1200)
	results, err := sup.Fetch(t.Context(), agents[:1])
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Err != nil || r.Observations != 1000 || len(r.Gaps) != 2 {
		t.Errorf("after a restart: %+v, want 1000 observations and the gaps of the restart and the overrun", r)
	}
	m.prove(t, s, 1)
}

// Items and devices that are in no model are stored all the same.
func TestUnmapped(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	m.spoilBy(faults{spoil: func(b []byte) []byte {
		return []byte(strings.ReplaceAll(string(b), `dataItemId="feed"`, `dataItemId="oven"`))
	}})
	m.say(100)
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	stop()
	i := slices.IndexFunc(s.items, func(i plant.DataItem) bool { return i.DataItemID == "oven" })
	if i < 0 {
		t.Fatalf("items %+v: want the unknown one among them", s.items)
	}
	want := plant.DataItem{
		ID: s.items[i].ID, Device: 1, DataItemID: "oven", Category: plant.Sample, Type: "PATH_FEEDRATE", SubType: "ACTUAL",
		Representation: "VALUE", ComponentID: "p", ComponentType: "Path", ComponentName: "Path", Unmapped: true,
	}
	if diff := cmp.Diff(want, s.items[i]); diff != "" {
		t.Errorf("unmapped item (-want +got):\n%s", diff)
	}
	if s.runs[0].Stored != 100 {
		t.Errorf("%d observations stored, want 100", s.runs[0].Stored)
	}
}

// A new device model is stored with its validity while the stream goes on.
func TestModelChange(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.say(10)
	m.caughtUp(t, s, 1)
	devices := shop()
	devices[0].DataItems = append(devices[0].DataItems, mtconnect.DataItem{ID: "power", Category: mtconnect.Event, Type: "POWER_STATE"})
	if err := m.life().ring.SetDevices(devices); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 5 {
		m.say(10)
	}
	if err := s.wait(ctx, func(s *memory) bool { return len(s.models) == 2 }); err != nil {
		t.Fatalf("%d models stored, want 2", len(s.models))
	}
	m.caughtUp(t, s, 1)
	stop()
	if s.models[0].Digest == s.models[1].Digest || s.models[0].From.After(s.models[1].From) {
		t.Errorf("models %v and %v: want two digests, one after the other", s.models[0].Digest, s.models[1].Digest)
	}
	m.prove(t, s, 1)
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]collect.Options{
		"Store": {Dial: options(newMemory()).Dial},
		"Dial":  {Store: newMemory()},
	} {
		if _, err := collect.New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: error %v, want one that names it", name, err)
		}
	}
}
