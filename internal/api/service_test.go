package api_test

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

func ptr[T any](v T) *T { return &v }

// mill gives the machine mill of the floor, which has no other.
func mill(t *testing.T, s *api.Service) api.Machine {
	t.Helper()
	machines, err := s.Machines(t.Context())
	if err != nil || len(machines) != 1 {
		t.Fatalf("machines %v, %v; want one", machines, err)
	}
	return machines[0]
}

func TestMachineCard(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	w.publish(state(0, plant.Idle), text(execution, 0, "READY"))
	w.publish(state(time.Minute, plant.Running),
		text(execution, time.Minute, "ACTIVE"), text(mode, time.Minute, "AUTOMATIC"), text(program, time.Minute, "O1000"),
		text(partsWanted, time.Minute, "99"), text(parts, time.Minute, "7"),
		alarm(system, time.Minute, plant.LevelWarning, "W1"), alarm(system, 2*time.Minute, plant.LevelFault, "F1"),
		alarm(system, 3*time.Minute, plant.LevelWarning, "W2"))
	got := mill(t, w.service)
	condition := func(level, code string, d time.Duration) api.Condition {
		return api.Condition{Item: "system", Type: "SYSTEM", Component: "Controller[c]", Level: level, NativeCode: code, Since: start.Add(d)}
	}
	want := api.Machine{
		Slug: "mill", Name: "Mill", Agent: "hall-a", Manufacturer: "Maker",
		State: "running", Word: "Running", Rule: "a rule", Since: ptr(start.Add(time.Minute)),
		Program: ptr("O1000"), Mode: ptr("AUTOMATIC"), Execution: ptr("ACTIVE"), Parts: ptr(7.0),
		Conditions: []api.Condition{
			condition("Fault", "F1", 2*time.Minute),
			condition("Warning", "W1", time.Minute),
			condition("Warning", "W2", 3*time.Minute),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("machine (-want +got):\n%s", diff)
	}
}

func TestMachineOfTwoPaths(t *testing.T) {
	f := newFake()
	f.items = append(f.items, plant.DataItem{ID: 20, Device: 1, DataItemID: "prog2", Category: plant.Event, Type: "PROGRAM", Path: "Controller[c]/Path[p2]", PathID: "p2"})
	w := newWorld(t, f, live.Options{})
	w.publish(nil, text(program, 0, "O1"), text(20, 0, "O2"), text(mode, 0, "AUTOMATIC"))
	want := []api.Path{
		{Name: "p1", Program: ptr("O1"), Mode: ptr("AUTOMATIC")},
		{Name: "p2", Program: ptr("O2"), Mode: ptr("AUTOMATIC")},
	}
	if diff := cmp.Diff(want, mill(t, w.service).Paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestMachineState(t *testing.T) {
	down := plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Since: start.Add(time.Minute), Error: "refused", Retry: start.Add(2 * time.Minute)}
	tests := []struct {
		name   string
		states []plant.StateChange
		status *plant.AgentStatus
		want   api.Machine
	}{
		{"began before anything stored", state(0, plant.Idle), ptr(streaming(1)), api.Machine{
			State: "idle", Word: "Idle", Rule: "a rule", Since: ptr(start), SinceBefore: true,
		}},
		{"changed since", append(state(0, plant.Idle), state(time.Second, plant.Running)...), ptr(streaming(1)), api.Machine{
			State: "running", Word: "Running", Rule: "a rule", Since: ptr(start.Add(time.Second)),
		}},
		{"changed at the same moment", append(state(0, plant.Idle), state(0, plant.Running)...), ptr(streaming(1)), api.Machine{
			State: "running", Word: "Running", Rule: "a rule", Since: ptr(start),
		}},
		{"only the rule changed since", append(state(0, plant.Idle),
			plant.StateChange{Device: 1, Time: at(time.Second), Since: at(time.Second), State: plant.Running, Rule: "5 waiting"},
			plant.StateChange{Device: 1, Time: at(2 * time.Second), Since: at(time.Second), State: plant.Running, Rule: "a rule"}), ptr(streaming(1)), api.Machine{
			State: "running", Word: "Running", Rule: "a rule", Since: ptr(start.Add(time.Second)),
		}},
		{"link down", state(0, plant.Running), &down, api.Machine{
			State: "no-link", Word: "No link", Since: ptr(down.Since), LastState: "running", LastSeen: ptr(start.Add(5 * time.Second)),
			LinkError: "refused", Retry: ptr(down.Retry),
		}},
		{"agent not read", state(0, plant.Running), nil, api.Machine{
			State: "no-link", Word: "No link", Since: ptr(start.Add(time.Hour)), LastState: "running", LastSeen: ptr(start.Add(5 * time.Second)),
			LinkError: "this process does not read the agent",
		}},
		{"nothing observed", nil, ptr(streaming(1)), api.Machine{
			State: "no-link", Word: "No link", LastSeen: ptr(start.Add(time.Minute)),
			LinkError: "nothing has been observed of this machine yet",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake()
			for _, s := range test.states {
				f.commit([]plant.StateChange{s}, number(load, 5*time.Second, 1))
			}
			w := newWorld(t, f, live.Options{})
			if test.status != nil {
				w.hub.PublishStatus(*test.status)
			}
			got := mill(t, w.service)
			test.want.Slug, test.want.Name, test.want.Agent, test.want.Manufacturer = got.Slug, got.Name, got.Agent, got.Manufacturer
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("machine (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCurrentValues(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.publish(nil,
		number(load, 0, 12.5), text(program, 0, ""), unknown(parts, time.Second),
		alarm(system, time.Second, plant.LevelFault, "F1"),
		plant.Observation{Item: tools, Time: at(time.Second), Value: plant.Value{Kind: plant.Set, Text: `{"1":10,"2":20}`}},
		plant.Observation{Item: tools, Time: at(2 * time.Second), Value: plant.Value{Kind: plant.Set, Text: `{"1":null}`}})
	m, err := w.service.Machine(t.Context(), "mill")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, it := range m.Items {
		value, err := json.Marshal(it.Value)
		if err != nil {
			t.Fatal(err)
		}
		if it.Observed {
			got[it.DataItemID] = string(value)
		}
	}
	want := map[string]string{"load": "12.5", "prog": `""`, "count": "null", "system": `"Fault"`, "tools": `{"2":20}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if _, err := w.service.Machine(t.Context(), "nil"); plant.ErrorCode(err) != plant.NotFound {
		t.Errorf("an unknown slug gave %v", err)
	}
}

// What is heard of things that the store does not know is dropped when all is read
// anew; what it knows stays.
func TestUnknownThingsAreDropped(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.publish(nil, number(load, 0, 1))
	w.hub.PublishStatus(streaming(1))
	w.hub.PublishStatus(streaming(77))
	w.hub.Publish(plant.Change{
		Latest: []plant.Latest{{Observation: plant.Observation{Item: 7777, Run: 1, Sequence: 1}}},
		States: []plant.StateChange{{Device: 777, Run: 1, Sequence: 1, State: plant.Idle}},
	})
	if err := w.service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, item := w.hub.Latest(7777)
	_, device := w.hub.State(777)
	_, agent := w.hub.Status(77)
	if item || device || agent {
		t.Errorf("what is not known is still there: item %t, device %t, agent %t", item, device, agent)
	}
	_, item = w.hub.Latest(load)
	_, agent = w.hub.Status(1)
	if !item || !agent {
		t.Errorf("what is known is there: item %t, agent %t", item, agent)
	}
}

// What an agent does not say again after a restart is unknown.
func TestRestartForgets(t *testing.T) {
	f := newFake()
	f.commit(nil, text(program, 0, "O1"), number(load, 0, 1), alarm(system, 0, plant.LevelFault, "F1"))
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, First: 1, Next: 1})
	f.commit(nil, number(load, time.Minute, 2))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	if m := mill(t, w.service); m.Program != nil || m.Conditions != nil {
		t.Errorf("after a restart the machine still has program %v and conditions %v", m.Program, m.Conditions)
	}
}

func TestAgents(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	agents, err := w.service.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []api.Agent{
		{
			Name: "hall-a", URL: "http://user:xxxxx@hall-a:5000", Link: plant.LinkStreaming, Since: start,
			InstanceID: math.MaxUint64, LastDocument: start.Add(time.Minute), Machines: 1,
		},
		{
			Name: "hall-b", URL: "http://hall-b:5000", Link: plant.LinkDown, Since: start.Add(time.Hour),
			Error: "this process does not read the agent",
		},
	}
	if diff := cmp.Diff(want, agents); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	w.hub.Forget(1)
	if a, err := w.service.Agent(t.Context(), "hall-a"); err != nil || a.Link != plant.LinkDown {
		t.Errorf("an agent that is not read any more is %q, %v", a.Link, err)
	}
	w.mu.Lock()
	w.agents[0].Configured = false // as `agent remove` does
	w.mu.Unlock()
	if err := w.service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	agents, err = w.service.Agents(t.Context())
	if err != nil || len(agents) != 1 || agents[0].Name != "hall-b" {
		t.Errorf("agents that are read: %+v, %v; want hall-b alone", agents, err)
	}
	machines, err := w.service.Machines(t.Context())
	if err != nil || slices.ContainsFunc(machines, func(m api.Machine) bool { return m.Agent == "hall-a" }) {
		t.Errorf("machines of an agent that is not read any more are on the floor: %+v, %v", machines, err)
	}
}

// What other processes store, and what capture names first, becomes known.
func TestRunFindsWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		hub := live.NewHub(live.Options{})
		s := api.NewService(api.Options{Reader: f, Hub: hub})
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()

		// Another process commits: nobody publishes it here, where the agent
		// is only waited for.
		hub.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkConnecting})
		f.commit(nil, text(program, 0, "O7"))
		time.Sleep(api.RefreshInterval + api.RefreshPause)
		synctest.Wait()
		if m := mill(t, s); m.Program == nil || *m.Program != "O7" {
			t.Errorf("program %v, want O7 from the store", m.Program)
		}

		// Capture here finds a data item that is in no model.
		f.mu.Lock()
		f.items = append(f.items, plant.DataItem{ID: 30, Device: 1, DataItemID: "new", Category: plant.Event, Type: "X", Unmapped: true})
		f.mu.Unlock()
		hub.PublishStatus(streaming(1))
		hub.Publish(f.commit(nil, text(30, time.Second, "v")))
		time.Sleep(2 * api.RefreshPause)
		synctest.Wait()
		m, err := s.Machine(t.Context(), "mill")
		if err != nil {
			t.Fatal(err)
		}
		if last := m.Items[len(m.Items)-1]; last.DataItemID != "new" || last.Value != "v" {
			t.Errorf("the last data item is %+v, want the new one", last)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}
