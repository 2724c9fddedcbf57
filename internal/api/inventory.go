package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// inventory is what there is: agents, their machines and data items. It is
// built, published and never changed, so requests read it without a lock.
type inventory struct {
	agents   []*agent // by name
	machines []*machine
	byAgent  map[plant.AgentID]*agent
	byDevice map[plant.DeviceID]*machine
	bySlug   map[string]*machine
	byItem   map[plant.ItemID]*item
	byRun    map[plant.RunID]plant.Run
	runs     []plant.Run // by agent, instance and epoch
}

// agent is an agent with its newest run and its machines.
type agent struct {
	plant.Agent
	run      plant.Run
	machines []*machine // by name, with the device that the agent shows of itself
}

// machine is a device with its data items.
type machine struct {
	plant.Device
	agent *agent
	items []*item // in the order of the model
	card  card
	// words is what a search finds the machine by, in lower case, and itemWords what
	// it finds its data items by.
	words     string
	itemWords *wordList
	// early is the machine's first state change, or one before it came into its
	// state; zero where it has none.
	early plant.StateChange
}

// item is a data item with its machine.
type item struct {
	plant.DataItem
	machine *machine
}

// knows reports whether the inventory has the run and the data item of a value.
func (in *inventory) knows(l *plant.Latest) bool {
	_, ok := in.byRun[l.Run]
	return ok && in.byItem[l.Item] != nil
}

// misses reports whether an update names anything that the inventory does not
// have. Agents whose runs it has and whose data items it lacks are added to
// doubtful: nothing else would tell that they changed.
func (in *inventory) misses(u live.Update, doubtful map[plant.AgentID]bool) bool {
	misses := false
	for _, l := range u.Latest {
		if run, ok := in.byRun[l.Run]; !ok {
			misses = true
		} else if in.byItem[l.Item] == nil {
			misses, doubtful[run.Agent] = true, true
		}
	}
	for _, c := range u.States {
		m := in.byDevice[c.Device]
		misses = misses || m == nil || m.early == plant.StateChange{}
	}
	for _, a := range u.Links {
		misses = misses || in.byAgent[a] == nil
	}
	return misses
}

// refresh reads agents, devices and runs, and then the data items and present
// values of each agent that is doubtful or not as it was: of all where all is
// true.
func (s *Service) refresh(ctx context.Context, doubtful map[plant.AgentID]bool, all bool) error {
	old, asked := s.inventory.Load(), s.hub.Mark()
	next, err := outline(ctx, s.reader)
	if err != nil {
		return err
	}
	var changed []plant.AgentID
	for _, a := range next.agents {
		was := old.byAgent[a.ID]
		if !all && was != nil && !doubtful[a.ID] && !s.stale(was, a) {
			next.adopt(a, was)
			continue
		}
		if err := s.reload(ctx, next, a); err != nil {
			return err
		}
		// After a restart, what the agent has not said again is unknown.
		if was == nil || was.run.ID != a.run.ID || !a.sameModel(was) {
			changed = append(changed, a.ID)
		}
	}
	s.inventory.Store(next)
	if all {
		next.drop(s.hub, asked)
	}
	for _, id := range changed {
		s.hub.PublishModel(id)
	}
	return nil
}

// drop has the hub drop what was published up to a mark, before the inventory was
// read, and is not in it.
func (in *inventory) drop(hub *live.Hub, until live.Mark) {
	hub.Retain(until,
		func(id plant.ItemID) bool { return in.byItem[id] != nil },
		func(id plant.DeviceID) bool { return in.byDevice[id] != nil },
		func(id plant.AgentID) bool { return in.byAgent[id] != nil })
}

// outline reads what there is, without data items.
func outline(ctx context.Context, r store.Reader) (*inventory, error) {
	agents, err := r.Agents(ctx)
	if err != nil {
		return nil, err
	}
	devices, err := r.Devices(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := r.Runs(ctx)
	if err != nil {
		return nil, err
	}
	in := &inventory{
		runs:     runs,
		byAgent:  make(map[plant.AgentID]*agent),
		byDevice: make(map[plant.DeviceID]*machine),
		bySlug:   make(map[string]*machine),
		byItem:   make(map[plant.ItemID]*item),
		byRun:    make(map[plant.RunID]plant.Run),
	}
	for _, a := range agents {
		entry := &agent{Agent: a}
		in.agents = append(in.agents, entry)
		in.byAgent[a.ID] = entry
	}
	for _, run := range runs {
		in.byRun[run.ID] = run
		if a := in.byAgent[run.Agent]; a != nil && run.ID > a.run.ID {
			a.run = run
		}
	}
	for _, d := range devices {
		a := in.byAgent[d.Agent]
		if a == nil {
			continue // It was added after the agents were read.
		}
		m := &machine{Device: d, agent: a}
		m.words = strings.ToLower(strings.Join([]string{d.Slug, d.Name, d.UUID, a.Name}, "\n"))
		a.machines = append(a.machines, m)
		in.machines = append(in.machines, m)
		in.byDevice[d.ID], in.bySlug[d.Slug] = m, m
	}
	return in, nil
}

// loadInventory reads what there is, with the data items.
func loadInventory(ctx context.Context, r store.Reader) (*inventory, error) {
	in, err := outline(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, m := range in.machines {
		items, err := r.Items(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		in.furnish(m, items, newWordList(items))
	}
	return in, nil
}

// stale reports whether the data items or the present values of an agent may be
// others than before. While this process reads the agent, the hub has its values
// at once; otherwise another process may have moved the cursor.
func (s *Service) stale(was, is *agent) bool {
	if was.run.ID != is.run.ID || len(was.machines) != len(is.machines) {
		return true
	}
	for i, m := range is.machines {
		if m.Device != was.machines[i].Device || s.unsettled(was.machines[i]) {
			return true
		}
	}
	status, _ := s.hub.Status(is.ID)
	return !status.Link.Up() && was.run.Next != is.run.Next
}

// sameModel reports whether an agent has the machines and data items that it
// had.
func (a *agent) sameModel(was *agent) bool {
	return slices.EqualFunc(a.machines, was.machines, func(m, n *machine) bool {
		return m.Device == n.Device && slices.Equal(m.dataItems(), n.dataItems())
	})
}

// unsettled reports whether the hub knows of a machine what the inventory has
// not looked up yet: an early state.
func (s *Service) unsettled(m *machine) bool {
	_, ok := s.hub.State(m.ID)
	return ok && m.early == (plant.StateChange{})
}

// adopt takes the data items over from an older inventory.
func (in *inventory) adopt(a, was *agent) {
	for i, m := range a.machines {
		old := was.machines[i]
		m.early = old.early
		in.furnish(m, old.dataItems(), old.itemWords)
	}
}

// dataItems gives the data items as the store gave them.
func (m *machine) dataItems() []plant.DataItem {
	items := make([]plant.DataItem, len(m.items))
	for i, it := range m.items {
		items[i] = it.DataItem
	}
	return items
}

// furnish gives a machine its data items, with what a search finds them by.
func (in *inventory) furnish(m *machine, items []plant.DataItem, words *wordList) {
	m.items, m.itemWords = make([]*item, len(items)), words
	for i, d := range items {
		m.items[i] = &item{DataItem: d, machine: m}
		in.byItem[d.ID] = m.items[i]
	}
	m.card = newCard(m.items)
}

// reload reads the data items of an agent's machines from the store, and what is
// known of them now into the hub.
func (s *Service) reload(ctx context.Context, in *inventory, a *agent) error {
	change := plant.Change{Agent: a.ID}
	for _, m := range a.machines {
		items, err := s.reader.Items(ctx, m.ID)
		if err != nil {
			return err
		}
		in.furnish(m, items, newWordList(items))
		latest, err := s.reader.Current(ctx, m.ID)
		if err != nil {
			return err
		}
		change.Latest = append(change.Latest, latest...)
		newest, err := s.reader.StatesBetween(ctx, m.ID, math.MaxInt64, math.MaxInt64)
		if err != nil {
			return err
		}
		change.States = append(change.States, newest...)
		if m.early, err = s.earlyState(ctx, newest); err != nil {
			return err
		}
	}
	s.hub.Publish(change)
	return nil
}

// earlyState gives the last state change of a machine before those of the state that
// it is in after the newest one, or the first where there are no others; zero where
// there is none.
func (s *Service) earlyState(ctx context.Context, newest []plant.StateChange) (plant.StateChange, error) {
	if len(newest) == 0 {
		return plant.StateChange{}, nil
	}
	last := newest[len(newest)-1]
	began := cmp.Or(last.Since, last.Time)
	before, err := s.reader.StatesBetween(ctx, last.Device, began, began+1)
	if err != nil || len(before) == 0 {
		return last, err
	}
	return before[0], nil
}
