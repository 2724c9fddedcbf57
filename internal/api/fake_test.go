package api_test

import (
	"cmp"
	"context"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// fake is a store in memory that a test commits to. Its observations stand in
// the order of their commits.
type fake struct {
	mu           sync.Mutex
	agents       []plant.Agent
	devices      []plant.Device
	items        []plant.DataItem
	runs         []plant.Run
	gaps         []plant.Gap
	baselines    map[plant.RunID][]plant.Baseline
	observations []plant.Observation
	latest       map[plant.ItemID]plant.Latest
	states       []plant.StateChange
	faults       []store.Fault
	size         store.Size
	crew         store.Crew
	queue        jobs.Snapshot
	// fails is the error of everything but the queue, queueFails that of the queue.
	fails, queueFails error
}

// commit stores observations of the newest run and gives the change to publish.
func (f *fake) commit(states []plant.StateChange, observations ...plant.Observation) plant.Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	run := &f.runs[len(f.runs)-1]
	c := plant.Change{Agent: run.Agent, Observations: len(observations)}
	for _, o := range observations {
		o.Run, o.Sequence = run.ID, run.Next
		run.Next++
		run.Stored++
		f.observations = append(f.observations, o)
		l := f.latest[o.Item]
		l.Apply(run.ID, o)
		f.latest[o.Item] = l
		c.Latest = append(c.Latest, l)
	}
	for _, s := range states {
		s.Run, s.Sequence = run.ID, run.Next-1
		f.states = append(f.states, s)
		c.States = append(c.States, s)
	}
	return c
}

// free takes the first n observations away, as retention does.
func (f *fake) free(n int) {
	for _, o := range f.observations[:n] {
		f.runs[o.Run-1].Freed++
	}
	f.observations = f.observations[n:]
}

// read gives what of a list is wanted, or the error that the store shall have.
func read[T any](f *fake, list func() []T, wanted func(T) bool) ([]T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []T
	for _, e := range list() {
		if wanted(e) {
			found = append(found, e)
		}
	}
	return found, f.fails
}

func every[T any](T) bool { return true }

func (f *fake) Agents(context.Context) ([]plant.Agent, error) {
	return read(f, func() []plant.Agent { return f.agents }, every)
}

func (f *fake) Devices(context.Context) ([]plant.Device, error) {
	return read(f, func() []plant.Device { return f.devices }, every)
}

func (f *fake) Runs(context.Context) ([]plant.Run, error) {
	return read(f, func() []plant.Run { return f.runs }, every)
}

func (f *fake) Items(_ context.Context, device plant.DeviceID) ([]plant.DataItem, error) {
	return read(f, func() []plant.DataItem { return f.items }, func(d plant.DataItem) bool { return d.Device == device })
}

func (f *fake) Gaps(_ context.Context, run plant.RunID, from int64) iter.Seq2[plant.Gap, error] {
	return sequence(read(f, func() []plant.Gap { return f.gaps }, func(g plant.Gap) bool { return g.Run == run && g.From >= from }))
}

func (f *fake) GapsBefore(_ context.Context, run plant.RunID, before int64) iter.Seq2[plant.Gap, error] {
	gaps, err := read(f, func() []plant.Gap { return f.gaps }, func(g plant.Gap) bool { return g.Run == run && g.From < before })
	slices.Reverse(gaps)
	return sequence(gaps, err)
}

func (f *fake) Baselines(_ context.Context, run plant.RunID) iter.Seq2[plant.Baseline, error] {
	return sequence(read(f, func() []plant.Baseline { return f.baselines[run] }, every))
}

func (f *fake) Faults() []store.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.faults)
}

func (f *fake) Size(context.Context) (store.Size, error) { return f.size, f.fails }

func (f *fake) Crew(context.Context) (store.Crew, error) { return f.crew, f.fails }

func (f *fake) Queue(context.Context) (jobs.Snapshot, error) { return f.queue, f.queueFails }

func (f *fake) Models(context.Context, plant.AgentID) ([]plant.Model, error) { return nil, nil }

func (f *fake) Current(ctx context.Context, device plant.DeviceID) ([]plant.Latest, error) {
	items, err := f.Items(ctx, device)
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []plant.Latest
	for _, it := range items {
		if l, ok := f.latest[it.ID]; ok {
			all = append(all, l)
		}
	}
	return all, err
}

func (f *fake) StatesBetween(_ context.Context, device plant.DeviceID, from, to int64) ([]plant.StateChange, error) {
	all, err := read(f, func() []plant.StateChange { return f.states }, func(s plant.StateChange) bool { return s.Device == device })
	var before, within []plant.StateChange
	for _, s := range all {
		if s.Time < from {
			before = []plant.StateChange{s}
		} else if s.Time < to {
			within = append(within, s)
		}
	}
	return append(before, within...), err
}

func (f *fake) ItemSummaries(ctx context.Context, item plant.ItemID, from, to int64, _, _ int) iter.Seq2[plant.Summary, error] {
	return func(yield func(plant.Summary, error) bool) {
		for o, err := range f.ItemObservations(ctx, []plant.ItemID{item}, from, to, true) {
			if !yield(plant.Single(o), err) {
				return
			}
		}
	}
}

func (f *fake) ItemObservations(_ context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	all, err := read(f, func() []plant.Observation { return f.observations }, func(o plant.Observation) bool {
		return slices.Contains(items, o.Item) && o.Time < to
	})
	slices.SortFunc(all, func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
	})
	first, _ := slices.BinarySearchFunc(all, from, func(o plant.Observation, t int64) int { return cmp.Compare(o.Time, t) })
	var wanted []plant.Observation
	if before {
		for i, o := range all[:first] {
			later := func(p plant.Observation) bool { return p.Item == o.Item }
			if !slices.ContainsFunc(all[i+1:first], later) {
				wanted = append(wanted, o)
			}
		}
	}
	return sequence(append(wanted, all[first:]...), err)
}

func (f *fake) Observations(_ context.Context, run plant.RunID, from int64) iter.Seq2[plant.Observation, error] {
	return sequence(read(f, func() []plant.Observation { return f.observations }, func(o plant.Observation) bool {
		return o.Run == run && o.Sequence >= from
	}))
}

func sequence[T any](all []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// The data items of the machine "mill" of the plant in newFake.
const (
	available plant.ItemID = iota + 1
	execution
	mode
	program
	parts
	partsWanted
	load
	system
	tools
	offsets
)

// start is when everything in the tests begins.
var start = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)

// at gives the microseconds of a moment after start.
func at(d time.Duration) int64 { return start.Add(d).UnixMicro() }

// newFake makes a store with the agents hall-a, which has the machine mill, and
// hall-b, which has none.
func newFake() *fake {
	item := func(id plant.ItemID, c plant.Category, name, typ, subType, path, pathID string) plant.DataItem {
		return plant.DataItem{
			ID: id, Device: 1, DataItemID: name, Category: c, Type: typ, SubType: subType,
			Representation: "VALUE", Path: path, PathID: pathID,
		}
	}
	f := &fake{
		agents: []plant.Agent{
			{ID: 1, Name: "hall-a", URL: "http://user:secret@hall-a:5000", Configured: true},
			{ID: 2, Name: "hall-b", URL: "http://hall-b:5000", Configured: true},
		},
		devices: []plant.Device{
			{ID: 2, Agent: 1, Slug: "agent", Name: "Agent", IsAgent: true, Present: true},
			{ID: 1, Agent: 1, Slug: "mill", Name: "Mill", UUID: "m-1", Manufacturer: "Maker", Present: true},
		},
		items: []plant.DataItem{
			item(available, plant.Event, "avail", "AVAILABILITY", "", "", ""),
			item(execution, plant.Event, "exec", "EXECUTION", "", "Controller[c]/Path[p1]", "p1"),
			item(mode, plant.Event, "mode", "CONTROLLER_MODE", "", "Controller[c]", ""),
			item(program, plant.Event, "prog", "PROGRAM", "", "Controller[c]/Path[p1]", "p1"),
			item(partsWanted, plant.Event, "wanted", "PART_COUNT", "TARGET", "Controller[c]/Path[p1]", "p1"),
			item(parts, plant.Event, "count", "PART_COUNT", "ALL", "Controller[c]/Path[p1]", "p1"),
			item(load, plant.Sample, "load", "LOAD", "ACTUAL", "Axes[a]/Rotary[C]", ""),
			item(system, plant.Condition, "system", "SYSTEM", "", "Controller[c]", ""),
			item(tools, plant.Event, "tools", "TOOL_OFFSET", "", "Controller[c]", ""),
		},
		runs:   []plant.Run{{ID: 1, Agent: 1, InstanceID: math.MaxUint64, First: 1, Next: 1, Began: start}},
		latest: make(map[plant.ItemID]plant.Latest),
	}
	f.items[6].Name, f.items[6].Units = "Cload", "PERCENT"
	f.items[8].Representation = "DATA_SET"
	return f
}

func text(item plant.ItemID, d time.Duration, s string) plant.Observation {
	return plant.Observation{Item: item, Time: at(d), Value: plant.Value{Kind: plant.Text, Text: s}}
}

func number(item plant.ItemID, d time.Duration, n float64) plant.Observation {
	return plant.Observation{Item: item, Time: at(d), Value: plant.Value{Kind: plant.Number, Number: n}}
}

func unknown(item plant.ItemID, d time.Duration) plant.Observation {
	return plant.Observation{Item: item, Time: at(d)}
}

func alarm(item plant.ItemID, d time.Duration, level plant.Level, code string) plant.Observation {
	return plant.Observation{Item: item, Time: at(d), Alarm: &plant.Alarm{Level: level, NativeCode: code}}
}

func state(d time.Duration, s plant.State) []plant.StateChange {
	return []plant.StateChange{{Device: 1, Time: at(d), State: s, Rule: "a rule"}}
}

// streaming is the status of an agent whose link is up.
func streaming(agent plant.AgentID) plant.AgentStatus {
	return plant.AgentStatus{Agent: agent, Link: plant.LinkStreaming, Since: start, LastDocument: start.Add(time.Minute), InstanceID: math.MaxUint64}
}

// world is a service over a fake store, with its server.
type world struct {
	*fake
	hub      *live.Hub
	service  *api.Service
	server   *httptest.Server
	registry *prometheus.Registry
	log      *syncBuffer
}

// newWorld makes a service and its server; the clock stands an hour after start.
func newWorld(t *testing.T, f *fake, limits live.Options) *world {
	t.Helper()
	w := newQuietWorld(t, f, limits)
	w.server = httptest.NewServer(w.service.Handler())
	t.Cleanup(func() {
		w.service.CloseStreams()
		w.server.Close()
	})
	return w
}

// newQuietWorld makes a service without a server.
func newQuietWorld(t *testing.T, f *fake, limits live.Options) *world {
	t.Helper()
	w := &world{fake: f, hub: live.NewHub(limits), registry: prometheus.NewRegistry(), log: new(syncBuffer)}
	w.service = api.NewService(api.Options{
		Reader: f, Hub: w.hub, Version: "1.2.3", Registerer: w.registry,
		Faults: f.Faults, Size: f.Size, RetentionDays: 30, Crew: f.Crew, Queue: f.Queue, Redis: true,
		Now: func() time.Time { return start.Add(time.Hour) },
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err := w.service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// publish commits and publishes.
func (w *world) publish(states []plant.StateChange, observations ...plant.Observation) {
	w.hub.Publish(w.commit(states, observations...))
}

// syncBuffer is a log that tests may read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  []byte
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, p...)
	return len(p), nil
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.b)
}

var _ io.Writer = (*syncBuffer)(nil)

// busy is a store to which something is committed while its observations are
// read for the first time.
type busy struct {
	*fake
	once   sync.Once
	commit func()
}

func (b *busy) ItemObservations(ctx context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	return func(yield func(plant.Observation, error) bool) {
		for o, err := range b.fake.ItemObservations(ctx, items, from, to, before) {
			b.once.Do(b.commit)
			if !yield(o, err) {
				return
			}
		}
	}
}

// growing is a store that gets something new whenever its items are read.
type growing struct {
	*fake
	grow func()
}

func (g *growing) Items(ctx context.Context, device plant.DeviceID) ([]plant.DataItem, error) {
	items, err := g.fake.Items(ctx, device)
	g.grow()
	return items, err
}
