package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	shopfile "github.com/factorydash/factorydash/internal/shop"
)

// shop is a made-up shop: the views of the pages, the API that the pages'
// modules read, and the stream. Its fields may be changed under its lock.
type shop struct {
	sync.Mutex
	now      func() time.Time
	machines []api.MachineDetail
	agents   []api.Agent
	gaps     []api.Gap
	system   api.System
	book     alarmBook
	// history gives what a machine did, up to now; madeUp where it is nil. asked are
	// the questions for timelines.
	history func(machine int) []stretch
	asked   []api.TimelineQuery
	// said is what the shop file says; nothing where it is nil.
	said *shopfile.Shop
	// Errors that the views give in the place of an answer.
	machinesErr, agentsErr, gapsErr, systemErr, productionErr error
	// cycles are those of vmc-01, work the question for some that was asked last.
	cycles     api.Cycles
	work       api.CycleQuery
	production api.Production
	// points gives the series of a data item.
	points func(id plant.ItemID, from, to time.Time) []api.Point
	// reading, where it is not nil, is told of each reading of a machine, which waits
	// until the channel that it sends is closed.
	reading chan chan struct{}
	// blocked makes the stream answer with an error.
	blocked bool
	// at is the moment of the past that was asked for last, first when what is stored
	// begins.
	at, first time.Time
	// compared are the moments of which it was asked whether a shift was as usual.
	compared []time.Time
	// polls counts the readings of the list of machines.
	polls   int
	streams map[chan api.Event]struct{}
	// dropped ends the streams that are open, ended all of them for good.
	dropped, ended chan struct{}
}

func (s *shop) Machines(context.Context) ([]api.Machine, error) {
	s.Lock()
	defer s.Unlock()
	list := []api.Machine{}
	for _, m := range s.machines {
		list = append(list, m.Machine)
	}
	return list, s.machinesErr
}

// FirstAfter gives the begin of what is stored to who asks for a moment before it.
func (s *shop) FirstAfter(_ context.Context, at time.Time) (time.Time, error) {
	s.Lock()
	defer s.Unlock()
	if at.Before(s.first) {
		return s.first, nil
	}
	return time.Time{}, nil
}

// MachinesAt gives the machines as they are, but for one of which nothing was known
// then; at keeps the moment that was asked for.
func (s *shop) MachinesAt(ctx context.Context, at time.Time) ([]api.Machine, error) {
	list, err := s.Machines(ctx)
	for i := range list {
		if m := &list[i]; m.Slug == "edm-1" {
			*m = api.Machine{Slug: m.Slug, Name: m.Name, Agent: m.Agent, Area: m.Area}
		}
	}
	s.set(func() { s.at = at })
	return list, err
}

func (s *shop) Machine(_ context.Context, slug string) (api.MachineDetail, error) {
	s.Lock()
	defer s.Unlock()
	for _, m := range s.machines {
		if m.Slug == slug {
			return m, s.machinesErr
		}
	}
	return api.MachineDetail{}, plant.Errorf(plant.NotFound, "There is no machine called %q.", slug)
}

// plan is what people say of the shop.
func (s *shop) plan() *shopfile.Shop {
	s.Lock()
	defer s.Unlock()
	if s.said == nil {
		return shopfile.None(time.UTC)
	}
	return s.said
}

// edit changes a machine and gives what it has become.
func (s *shop) edit(slug string, change func(*api.MachineDetail)) api.MachineDetail {
	s.Lock()
	defer s.Unlock()
	for i := range s.machines {
		if s.machines[i].Slug == slug {
			change(&s.machines[i])
			return s.machines[i]
		}
	}
	panic("no machine " + slug)
}

// set changes the shop under its lock.
func (s *shop) set(change func()) {
	s.Lock()
	defer s.Unlock()
	change()
}

// found gives the data items of the machines whose names hold the first word.
func (s *shop) found(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	page := api.Page[api.ItemEntry]{Items: []api.ItemEntry{}}
	for _, m := range s.machines {
		for _, it := range m.Items {
			if strings.Contains(strings.ToLower(m.Name), r.FormValue("q")) && len(page.Items) < 8 {
				page.Items = append(page.Items, api.ItemEntry{Machine: m.Slug, MachineName: m.Name, Agent: m.Agent, Item: it})
			}
		}
	}
	answer(w, page, nil)
}

// timeline says that each machine did for the last half of the range what it does
// now, ran before that, and that the first tenth is not known.
func (s *shop) timeline(w http.ResponseWriter, r *http.Request) {
	from, err := time.Parse(time.RFC3339, r.FormValue("from"))
	to, toErr := time.Parse(time.RFC3339, r.FormValue("to"))
	if err != nil || toErr != nil || !from.Before(to) {
		http.Error(w, "from, to: times, the first before the second", http.StatusUnprocessableEntity)
		return
	}
	type segment struct {
		From  int64  `json:"from"`
		To    int64  `json:"to"`
		State string `json:"state"`
	}
	total := to.Sub(from).Microseconds()
	known, half := from.UnixMicro()+total/10, from.UnixMicro()+total/2
	var rows []map[string]any
	machines, _ := s.Machines(r.Context())
	for _, m := range machines {
		states := map[string]int64{"running": half - known}
		states[m.State] += to.UnixMicro() - half
		rows = append(rows, map[string]any{
			"machine": m.Slug, "name": m.Name, "agent": m.Agent,
			"segments": []segment{{from.UnixMicro(), known, "unknown"}, {known, half, "running"}, {half, to.UnixMicro(), m.State}},
			"shares":   map[string]any{"total": total, "states": states, "unknown": total / 10, "coverage": 0.9},
		})
	}
	answer(w, map[string]any{"from": from, "to": to, "now": s.now(), "rows": rows}, nil)
}

func ptr[T any](v T) *T { return &v }

// newShop makes a shop with a machine in every state.
func newShop(now func() time.Time) *shop {
	ago := func(d time.Duration) *time.Time { return ptr(now().Add(-d).UTC()) }
	s := &shop{now: now}
	add := func(m api.Machine) {
		s.machines = append(s.machines, api.MachineDetail{Machine: m, Serial: "SN-" + m.Slug, Items: shopItems(len(s.machines), now())})
	}
	mode := ptr("AUTOMATIC")
	add(api.Machine{Slug: "vmc-01", Name: "VMC-01", Agent: "hall-a", Manufacturer: "Haas", Model: "VF-4", State: "running", Word: "Running", Since: ago(64*time.Minute + 20*time.Second), Rule: "5 execution ACTIVE, mode AUTOMATIC", Program: ptr("O2201 BRACKET"), Mode: mode, Execution: ptr("ACTIVE"), Parts: ptr(38.0)})
	add(api.Machine{
		Slug: "vmc-02", Name: "VMC-02", Agent: "hall-a", Manufacturer: "Haas", Model: "VF-4", State: "running", Word: "Running", Since: ago(12 * time.Minute), Rule: "5 execution ACTIVE, mode AUTOMATIC", Program: ptr("O2207 FLANGE"), Mode: mode, Execution: ptr("ACTIVE"), Parts: ptr(112.0),
		Conditions: []api.Condition{{Item: "c1", Type: "LUBRICATION", Component: "Systems[systems]/Lubrication[lube]", Level: "Warning", NativeCode: "207", Text: "Lubricant level low", Since: *ago(42 * time.Minute)}},
	})
	add(api.Machine{
		Slug: "vmc-04", Name: "VMC-04", Agent: "hall-a", Manufacturer: "DMG MORI", Model: "CMX 1100", State: "alarm", Word: "Alarm", Since: ago(27 * time.Minute), Rule: "3 fault on the controller", Program: ptr("O1180"), Mode: mode, Execution: ptr("INTERRUPTED"), Parts: ptr(21.0),
		Conditions: []api.Condition{
			{Item: "c2", Type: "TEMPERATURE", Component: "Axes[base]/Rotary[C]", Level: "Fault", NativeCode: "1010", Text: "Spindle temperature high", Since: *ago(27 * time.Minute)},
			{Item: "c3", Type: "SYSTEM", Component: "Controller[controller]", Level: "Warning", NativeCode: "52", Text: "Coolant concentration out of range", Since: *ago(3 * time.Hour)},
		},
	})
	add(api.Machine{Slug: "lathe-2", Name: "LATHE-2", Agent: "hall-a", Manufacturer: "Mazak", Model: "QTN-200", State: "stopped", Word: "Stopped", Since: ago(12 * time.Minute), Rule: "6 execution OPTIONAL_STOP", Program: ptr("O1234"), Mode: mode, Execution: ptr("OPTIONAL_STOP"), Parts: ptr(55.0)})
	add(api.Machine{
		Slug: "mill-turn-1", Name: "MILL-TURN-1", Agent: "hall-a", Manufacturer: "Mazak", Model: "Integrex i-200", State: "running", Word: "Running", Since: ago(8 * time.Minute), Rule: "5 execution ACTIVE, mode AUTOMATIC", Program: ptr("O7001 SHAFT"), Mode: mode, Execution: ptr("ACTIVE"), Parts: ptr(9.0),
		Paths: []api.Path{{Name: "P1", Program: ptr("O7001 SHAFT"), Execution: ptr("ACTIVE")}, {Name: "P2", Program: ptr("O7002 SUB"), Execution: ptr("READY")}},
	})
	add(api.Machine{Slug: "grinder-1", Name: "GRINDER-1", Agent: "hall-b", Manufacturer: "Studer", Model: "S33", State: "setup", Word: "Setup", Since: ago(35 * time.Minute), Rule: "4 mode MANUAL", Program: ptr(""), Mode: ptr("MANUAL"), Execution: ptr("READY"), Parts: ptr(0.0)})
	add(api.Machine{Slug: "robot-cell", Name: "ROBOT-CELL", Agent: "hall-b", Manufacturer: "KUKA", Model: "KR 60", State: "idle", Word: "Idle", Since: ago(9 * time.Hour), SinceBefore: true, Rule: "7 execution READY", Mode: mode, Execution: ptr("READY"), Parts: ptr(1204.0)})
	add(api.Machine{Slug: "saw-1", Name: "SAW-1", Agent: "hall-b", State: "offline", Word: "Offline", Since: ago(2*time.Hour + 4*time.Minute), Rule: "2 availability UNAVAILABLE"})
	add(api.Machine{Slug: "edm-1", Name: "EDM-1", Agent: "hall-c", Manufacturer: "Sodick", Model: "AQ35L", State: "no-link", Word: "No link", Since: ago(4 * time.Minute), LastState: "running", LastSeen: ago(4*time.Minute + 7*time.Second), LinkError: "connection refused", Retry: ptr(now().Add(26 * time.Second))})
	s.agents = []api.Agent{
		{Name: "hall-a", Link: plant.LinkStreaming, Since: *ago(26 * time.Hour), AgentVersion: "2.7.0.9", SchemaVersion: "2.7", Sender: "hall-a", InstanceID: 1763888000, Next: 12677878, Last: 12677877, Lag: ptr(int64(0)), BufferSize: 131072, HorizonSeconds: ptr(660.0), Rate: 212.4, DelayP95Seconds: ptr(0.4), SkewSeconds: ptr(0.12), LastDocument: *ago(time.Second), Reconnects: 2, URL: "http://10.0.4.11:5000/", Machines: 5},
		{Name: "hall-b", Link: plant.LinkPolling, Since: *ago(3 * time.Hour), AgentVersion: "1.3.0.17", SchemaVersion: "1.3", Sender: "hall-b", InstanceID: 1763112233, Next: 88123, Last: 88440, Lag: ptr(int64(318)), BufferSize: 4096, HorizonSeconds: ptr(2400.0), Rate: 3.2, DelayP95Seconds: ptr(2.6), SkewSeconds: ptr(-95.0), LastDocument: *ago(2 * time.Second), Gaps: 3, Lost: 1412, Reconnects: 7, URL: "http://user:xxxxx@10.0.4.12:5000/", Machines: 3},
		{Name: "hall-c", Link: plant.LinkDown, Since: *ago(4 * time.Minute), Error: "dial tcp 10.0.4.13:5000: connection refused", Retry: now().Add(26 * time.Second), AgentVersion: "2.3.0.1", SchemaVersion: "2.3", InstanceID: 1763001122, Next: 4411, Last: 4410, Lag: ptr(int64(0)), BufferSize: 4096, SkewSeconds: ptr(0.0), LastDocument: *ago(4*time.Minute + 7*time.Second), Faults: 2, URL: "http://10.0.4.13:5000/", Machines: 1},
	}
	s.gaps = []api.Gap{
		{Agent: "hall-b", Instance: 1763112233, From: 80101, To: ptr(int64(81512)), Lost: ptr(int64(1412)), Reason: plant.GapOverrun, Detail: "the buffer began at 81513", Noticed: *ago(50 * time.Minute)},
		{Agent: "hall-b", Instance: 1763000001, From: 4411, Reason: plant.GapRestart, Noticed: *ago(3 * time.Hour)},
		{Agent: "hall-b", Instance: 1763000001, From: 12, To: ptr(int64(12)), Lost: ptr(int64(1)), Reason: plant.GapRejected, Detail: "sequence number beyond 2^63-1", Noticed: *ago(26 * time.Hour)},
	}
	s.system = shopSystem(now())
	s.points = shopPoints
	return s
}

// shopItems makes the data items of the machine with the number: ids begin at
// 100 times the number and one.
func shopItems(number int, now time.Time) []api.Item {
	base := plant.ItemID(100 * (number + 1))
	var items []api.Item
	add := func(component, category, typ, subType, name, units string, value any, ago time.Duration) *api.Item {
		id := base + plant.ItemID(len(items)) + 1
		items = append(items, api.Item{
			ID: id, DataItemID: fmt.Sprintf("d%d", id), Name: name, Category: category, Type: typ, SubType: subType,
			Units: units, Component: component, Observed: true, Value: value, Time: ptr(now.Add(-ago).UTC()), Sequence: int64(id),
		})
		return &items[len(items)-1]
	}
	add("", "EVENT", "AVAILABILITY", "", "avail", "", "AVAILABLE", 9*time.Hour)
	add("", "EVENT", "ASSET_CHANGED", "", "", "", nil, 9*time.Hour)
	add("Axes[base]/Linear[X]", "SAMPLE", "POSITION", "ACTUAL", "Xabs", "MILLIMETER", 123.4567, time.Second)
	add("Axes[base]/Linear[X]", "SAMPLE", "LOAD", "", "Xload", "PERCENT", 12.0, time.Second)
	add("Axes[base]/Linear[X]", "SAMPLE", "TEMPERATURE", "", "Xtemp", "CELSIUS", nil, 3*time.Minute)
	add("Axes[base]/Linear[X]", "CONDITION", "POSITION", "", "Xtravel", "", "Normal", 5*time.Hour)
	add("Axes[base]/Rotary[C]", "SAMPLE", "ROTARY_VELOCITY", "ACTUAL", "Srpm", "REVOLUTION/MINUTE", 8000.0, 2*time.Second)
	add("Axes[base]/Rotary[C]", "SAMPLE", "LOAD", "", "Sload", "PERCENT", 71.25, time.Second)
	add("Axes[base]/Rotary[C]", "CONDITION", "TEMPERATURE", "", "Stemp_cond", "", "Fault", 27*time.Minute)
	add("Controller[controller]", "EVENT", "EMERGENCY_STOP", "", "estop", "", "ARMED", 9*time.Hour)
	add("Controller[controller]", "CONDITION", "SYSTEM", "", "system", "", "Warning", 3*time.Hour)
	add("Controller[controller]/Path[path1]", "EVENT", "EXECUTION", "", "execution", "", "ACTIVE", 8*time.Minute)
	add("Controller[controller]/Path[path1]", "EVENT", "PROGRAM", "", "program", "", "O2201 BRACKET", 64*time.Minute)
	add("Controller[controller]/Path[path1]", "EVENT", "PART_COUNT", "ALL", "PartCountAct", "", "38", 4*time.Minute)
	add("Controller[controller]/Path[path1]", "SAMPLE", "PATH_FEEDRATE", "ACTUAL", "Fact", "MILLIMETER/SECOND", 42.5, time.Second)
	add("Controller[controller]/Path[path1]", "EVENT", "PATH_FEEDRATE_OVERRIDE", "PROGRAMMED", "Fovr", "PERCENT", 0.0, time.Hour)
	add("Controller[controller]/Path[path1]", "SAMPLE", "PATH_POSITION", "ACTUAL", "path_pos", "MILLIMETER_3D", "10.5 -20.25 300", time.Second)
	add("Controller[controller]/Path[path1]", "EVENT", "VARIABLE", "", "vars", "", json.RawMessage(`{"#100":1.5,"#101":"ON","#102":null}`), 20*time.Minute).Representation = "DATA_SET"
	add("Controller[controller]/Path[path1]", "EVENT", "WORK_OFFSET", "", "offsets", "", json.RawMessage(`{"G54":{"X":10.1,"Y":20.2,"Z":-3},"G55":{"X":0,"Y":0}}`), time.Hour).Representation = "TABLE"
	add("Controller[controller]/Path[path1]", "SAMPLE", "ACCELERATION", "", "vib", "MILLIMETER/SECOND^2", "0.1 0.2 0.35", time.Minute).Representation = "TIME_SERIES"
	never := add("Systems[systems]/Coolant[coolant]", "SAMPLE", "CONCENTRATION", "", "conc", "PERCENT", nil, 0)
	never.Observed, never.Time = false, nil
	return items
}
