package collect_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// memory is a store that keeps everything in maps and is strict about its
// contract: what a caller must not do ends up in violations.
type memory struct {
	mu         sync.Mutex
	runs       []plant.Run
	devices    []plant.Device
	items      []plant.DataItem
	models     []plant.Model
	stored     map[plant.RunID]map[int64]plant.Observation
	gaps       map[plant.RunID][]plant.Gap
	baselines  map[plant.RunID][]plant.Baseline
	latest     map[plant.ItemID]plant.Latest
	states     map[plant.DeviceID]plant.StateChange
	commits    int
	violations []string
	// fail, where it is set, is asked before each call and may refuse it.
	fail func(op string) error
	// loseAck makes the next commit fail after it was done.
	loseAck bool
	// changed is closed, and made anew, with every change.
	changed chan struct{}
}

var _ store.Writer = (*memory)(nil)

func newMemory() *memory {
	return &memory{
		stored: make(map[plant.RunID]map[int64]plant.Observation),
		gaps:   make(map[plant.RunID][]plant.Gap),

		baselines: make(map[plant.RunID][]plant.Baseline),
		latest:    make(map[plant.ItemID]plant.Latest),
		states:    make(map[plant.DeviceID]plant.StateChange),
		changed:   make(chan struct{}),
	}
}

// begin locks the store for a call.
func (m *memory) begin(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.fail != nil {
		if err := m.fail(op); err != nil {
			m.mu.Unlock()
			return err
		}
	}
	return nil
}

func (m *memory) end() {
	close(m.changed)
	m.changed = make(chan struct{})
	m.mu.Unlock()
}

func (m *memory) failWith(fail func(op string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

// loseNextAck makes the next commit fail after it was done.
func (m *memory) loseNextAck() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loseAck = true
}

// wait waits until the condition holds of what is stored.
func (m *memory) wait(ctx context.Context, condition func(*memory) bool) error {
	for {
		m.mu.Lock()
		ok, changed := condition(m), m.changed
		m.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *memory) SaveModel(ctx context.Context, model plant.Model) (store.Inventory, error) {
	if err := m.begin(ctx, "model"); err != nil {
		return store.Inventory{}, err
	}
	defer m.end()
	m.models = append(m.models, model)
	for _, d := range model.Devices {
		d.Device.Agent = model.Agent
		device := m.addDevice(d.Device)
		for _, i := range d.Items {
			i.Device = device.ID
			m.addItem(i)
		}
	}
	var inv store.Inventory
	for _, d := range m.devices {
		if d.Agent == model.Agent {
			inv.Devices = append(inv.Devices, d)
		}
	}
	for _, i := range m.items {
		if m.devices[i.Device-1].Agent == model.Agent {
			inv.Items = append(inv.Items, i)
		}
	}
	return inv, nil
}

func (m *memory) addDevice(d plant.Device) plant.Device {
	for _, known := range m.devices {
		if known.Agent == d.Agent && known.UUID == d.UUID && known.Name == d.Name {
			return known
		}
	}
	d.ID = plant.DeviceID(len(m.devices) + 1)
	m.devices = append(m.devices, d)
	return d
}

func (m *memory) addItem(i plant.DataItem) plant.DataItem {
	for n, known := range m.items {
		if known.Device == i.Device && known.DataItemID == i.DataItemID {
			i.ID = known.ID
			m.items[n] = i
			return i
		}
	}
	i.ID = plant.ItemID(len(m.items) + 1)
	m.items = append(m.items, i)
	return i
}

func (m *memory) AddItem(ctx context.Context, i plant.DataItem) (plant.DataItem, error) {
	if err := m.begin(ctx, "item"); err != nil {
		return i, err
	}
	defer m.end()
	return m.addItem(i), nil
}

func (m *memory) AddDevice(ctx context.Context, d plant.Device) (plant.Device, error) {
	if err := m.begin(ctx, "device"); err != nil {
		return d, err
	}
	defer m.end()
	return m.addDevice(d), nil
}

func (m *memory) LastRun(ctx context.Context, agent plant.AgentID) (plant.Run, error) {
	if err := m.begin(ctx, "last"); err != nil {
		return plant.Run{}, err
	}
	defer m.end()
	for _, r := range slices.Backward(m.runs) {
		if r.Agent == agent {
			return r, nil
		}
	}
	return plant.Run{}, plant.Errorf(plant.NotFound, "no run")
}

func (m *memory) StartRun(ctx context.Context, after plant.RunID, run plant.Run, gaps []plant.Gap) (plant.Run, error) {
	if err := m.begin(ctx, "start"); err != nil {
		return plant.Run{}, err
	}
	defer m.end()
	var newest plant.RunID
	for _, r := range m.runs {
		if r.Agent != run.Agent {
			continue
		}
		newest = r.ID
		if r.InstanceID == run.InstanceID {
			run.Epoch++
		}
	}
	if newest != after {
		return plant.Run{}, plant.Errorf(plant.Conflict, "another run was started")
	}
	for _, g := range gaps {
		if g.To == plant.OpenEnd && g.From != m.runs[g.Run-1].Next {
			return plant.Run{}, plant.Errorf(plant.Conflict, "the run before it has gone on")
		}
	}
	run.ID = plant.RunID(len(m.runs) + 1)
	run.Next = run.First
	m.runs = append(m.runs, run)
	m.stored[run.ID] = make(map[int64]plant.Observation)
	for _, g := range gaps {
		m.gaps[g.Run] = append(m.gaps[g.Run], g)
	}
	return run, nil
}

func (m *memory) Latest(ctx context.Context, agent plant.AgentID) ([]plant.Latest, error) {
	if err := m.begin(ctx, "latest"); err != nil {
		return nil, err
	}
	defer m.end()
	var list []plant.Latest
	for _, l := range m.latest {
		if m.devices[m.items[l.Item-1].Device-1].Agent == agent {
			list = append(list, l)
		}
	}
	return list, nil
}

func (m *memory) States(ctx context.Context, agent plant.AgentID) ([]plant.StateChange, error) {
	if err := m.begin(ctx, "states"); err != nil {
		return nil, err
	}
	defer m.end()
	var list []plant.StateChange
	for _, s := range m.states {
		if m.devices[s.Device-1].Agent == agent {
			list = append(list, s)
		}
	}
	return list, nil
}

func (m *memory) Commit(ctx context.Context, batches []*store.Batch) error {
	if err := m.begin(ctx, "commit"); err != nil {
		return err
	}
	defer m.end()
	m.commits++
	for _, b := range batches {
		b.Err = m.commit(b)
	}
	if m.loseAck {
		m.loseAck = false
		return plant.Errorf(plant.Unavailable, "the connection broke after the commit")
	}
	return nil
}

func (m *memory) commit(b *store.Batch) error {
	run := &m.runs[b.Run-1]
	if run.Next != b.Expect || m.superseded(run) {
		return plant.Errorf(plant.Conflict, "the cursor is %d and not %d", run.Next, b.Expect)
	}
	for _, o := range b.Baseline {
		if o.Sequence < 1 || o.Sequence >= b.Next || len(b.Observations) > 0 {
			m.violate("run %d: baseline at %d has number %d, and %d observations beside it", b.Run, b.Next, o.Sequence, len(b.Observations))
		}
	}
	if len(b.Baseline) > 0 {
		m.baselines[b.Run] = append(m.baselines[b.Run], plant.Baseline{At: b.Next, Observations: b.Baseline})
	}
	seen := make(map[int64]bool)
	last := int64(0)
	for _, o := range b.Observations {
		if o.Sequence <= last || seen[o.Sequence] {
			m.violate("run %d: observation %d is out of order or double", b.Run, o.Sequence)
		}
		seen[o.Sequence], last = true, o.Sequence
		if _, ok := m.stored[b.Run][o.Sequence]; ok {
			m.violate("run %d: observation %d stored twice", b.Run, o.Sequence)
		}
		m.stored[b.Run][o.Sequence] = o
	}
	for _, g := range b.Gaps {
		for s := g.From; s <= g.To; s++ {
			if seen[s] {
				m.violate("run %d: %d is in %v and elsewhere", b.Run, s, g)
			}
			seen[s] = true
		}
		m.gaps[b.Run] = append(m.gaps[b.Run], g)
	}
	for s := b.Expect; s < b.Next; s++ {
		if !seen[s] {
			m.violate("run %d: %d is not accounted for", b.Run, s)
		}
		delete(seen, s)
	}
	for s := range maps.Keys(seen) {
		m.violate("run %d: %d lies outside of its batch", b.Run, s)
	}
	for _, l := range b.Latest {
		// Two readers at the same cursor may both find the same out.
		if was := m.latest[l.Item]; was.Run == l.Run && l.Sequence < was.Sequence && !cmp.Equal(l.Value, was.Value) {
			m.violate("run %d: what is known of item %d goes back from %d to %d", b.Run, l.Item, was.Sequence, l.Sequence)
		}
		m.latest[l.Item] = l
	}
	for _, s := range b.States {
		if was := m.states[s.Device]; was.Run == s.Run && (s.Sequence < was.Sequence || s.Time < was.Time) {
			m.violate("run %d: state %+v follows %+v", b.Run, s, was)
		}
		m.states[s.Device] = s
	}
	run.Next = b.Next
	run.Stored += int64(len(b.Observations))
	return nil
}

func (m *memory) superseded(run *plant.Run) bool {
	return slices.ContainsFunc(m.runs, func(r plant.Run) bool { return r.Agent == run.Agent && r.ID > run.ID })
}

func (m *memory) violate(format string, args ...any) {
	m.violations = append(m.violations, fmt.Sprintf(format, args...))
}
