package collect

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// rebuildObservations is how many observations are applied at once.
const rebuildObservations = 10_000

// RebuildStore is what Rebuild needs of a store.
type RebuildStore interface {
	store.Reader
	ReplaceStates(ctx context.Context, device plant.DeviceID, from int64, changes []plant.StateChange, runs []plant.Run) error
}

// Rebuilt says what a rebuild did.
type Rebuilt struct {
	// Observations were read; States are the state changes that they made.
	Observations, States int64
	// Changed is how many machines have other states than before.
	Changed int
}

// Rebuild derives the states of an agent's machines anew from the observations,
// baselines and gaps that are stored, by the rules and the device model of today,
// and puts them in the place of those that are stored. With the same rules and
// model nothing changes.
//
// Where the agent is captured meanwhile, or retention has deleted a part of the
// observations so that what they made cannot be derived any more, the error is a
// Conflict, and no states are lost: those of each machine stay as they are, or are
// the derived ones. rules gives those of a machine, and may
// be nil as in Options; progress is called now and then with
// the number of observations.
func Rebuild(ctx context.Context, s RebuildStore, agent plant.AgentID, rules func(slug string) insight.Rules, progress func(int64)) (Rebuilt, error) {
	r := rebuild{store: s, progress: progress, states: make(map[plant.DeviceID][]plant.StateChange), stored: make(map[plant.DeviceID][]plant.StateChange)}
	inventory, err := inventoryOf(ctx, s, agent)
	if err != nil {
		return r.done, err
	}
	r.catalog = newCatalog(inventory, nil, rules)
	runs, err := s.Runs(ctx)
	if err != nil {
		return r.done, err
	}
	runs = slices.DeleteFunc(runs, func(run plant.Run) bool { return run.Agent != agent })
	slices.SortFunc(runs, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
	for _, run := range runs {
		if run.Freed > 0 {
			return r.done, plant.Errorf(plant.Conflict, "retention has deleted %d observations of instance %d: what they made cannot be derived again", run.Freed, run.InstanceID)
		}
	}
	for _, d := range inventory.Devices {
		if r.stored[d.ID], err = s.StatesBetween(ctx, d.ID, math.MinInt64, math.MaxInt64); err != nil {
			return r.done, err
		}
	}
	for _, run := range runs {
		if err := r.run(ctx, run); err != nil {
			return r.done, fmt.Errorf("instance %d: %w", run.InstanceID, err)
		}
	}
	return r.done, r.replace(ctx, inventory.Devices, runs)
}

// inventoryOf gives the devices of an agent with their data items.
func inventoryOf(ctx context.Context, r store.Reader, agent plant.AgentID) (store.Inventory, error) {
	var inventory store.Inventory
	devices, err := r.Devices(ctx)
	if err != nil {
		return inventory, err
	}
	for _, d := range devices {
		if d.Agent != agent {
			continue
		}
		items, err := r.Items(ctx, d.ID)
		if err != nil {
			return inventory, err
		}
		inventory.Devices = append(inventory.Devices, d)
		inventory.Items = append(inventory.Items, items...)
	}
	return inventory, nil
}

// rebuild is one rebuild under way.
type rebuild struct {
	store    RebuildStore
	progress func(int64)
	catalog  *catalog
	states   map[plant.DeviceID][]plant.StateChange
	// stored are the state changes of today.
	stored map[plant.DeviceID][]plant.StateChange
	done   Rebuilt
}

// run applies a run.
func (r *rebuild) run(ctx context.Context, run plant.Run) error {
	var baselines []plant.Baseline
	for b, err := range r.store.Baselines(ctx, run.ID) {
		if err != nil {
			return err
		}
		baselines = append(baselines, b)
	}
	batch := make([]plant.Observation, 0, rebuildObservations)
	apply := func() {
		r.note(r.catalog.applyAll(run.ID, batch))
		r.catalog.take()
		r.done.Observations += int64(len(batch))
		r.progress(r.done.Observations)
		batch = batch[:0]
	}
	// before applies the baselines up to a number.
	before := func(sequence int64) error {
		for len(baselines) > 0 && baselines[0].At <= sequence {
			apply()
			from, err := r.lostFrom(ctx, run, &baselines[0])
			if err != nil {
				return err
			}
			_, changes := r.catalog.rebase(run.ID, from, baselines[0].At, survey{base: baselines[0].Observations, time: r.timeBefore(run.ID, &baselines[0])})
			r.note(changes)
			r.catalog.take()
			baselines = baselines[1:]
		}
		return nil
	}
	for o, err := range r.store.Observations(ctx, run.ID, 0) {
		if err != nil {
			return err
		}
		if r.catalog.items[o.Item] == nil {
			return fmt.Errorf("observation %d is of data item %d, which its agent does not have", o.Sequence, o.Item)
		}
		if err := before(o.Sequence); err != nil {
			return err
		}
		if batch = append(batch, o); len(batch) == rebuildObservations {
			apply()
		}
	}
	apply()
	return before(math.MaxInt64)
}

// lostFrom gives the number from which on all was lost before a baseline: that of
// the gap that it was taken behind. It is the baseline's own where it was taken
// to make sure of something else.
func (r *rebuild) lostFrom(ctx context.Context, run plant.Run, b *plant.Baseline) (int64, error) {
	from, lost := b.At, b.At
	for g, err := range r.store.GapsBefore(ctx, run.ID, b.At) {
		if err != nil {
			return 0, err
		}
		if g.To != from-1 {
			break
		}
		from = g.From
		// What is unknown since the gap stands in the baseline with its number.
		unknown := slices.ContainsFunc(b.Observations, func(o plant.Observation) bool {
			return o.Sequence == g.From && (o.Alarm == nil && o.Value.Kind == plant.Unknown || o.Alarm != nil && o.Alarm.Level == plant.LevelUnavailable)
		})
		if unknown || g.Reason == plant.GapOverrun && g.From > run.First {
			lost = from
		}
	}
	return lost, nil
}

// timeBefore gives the time of what came just before a baseline. What the agent
// said of it when the baseline was taken stands nowhere but in the state changes
// that it made; where it made none, it is that of the newest observation there.
func (r *rebuild) timeBefore(run plant.RunID, b *plant.Baseline) int64 {
	for _, changes := range r.stored {
		at, ok := slices.BinarySearchFunc(changes, plant.StateChange{Run: run, Sequence: b.At - 1}, byPlace)
		if ok {
			return changes[at].Time
		}
	}
	if n := len(b.Observations); n > 0 {
		return b.Observations[n-1].Time
	}
	return 0
}

// byPlace is the order of state changes.
func byPlace(a, b plant.StateChange) int {
	return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
}

// note takes in state changes.
func (r *rebuild) note(changes []plant.StateChange) {
	for _, change := range changes {
		r.states[change.Device] = append(r.states[change.Device], change)
	}
}

// settled gives the changes of a machine in their order. Of several at one number
// the last holds, as in the store.
func settled(changes []plant.StateChange) []plant.StateChange {
	slices.SortStableFunc(changes, byPlace)
	kept := changes[:0]
	for i, c := range changes {
		if i+1 == len(changes) || byPlace(c, changes[i+1]) != 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// replace stores the states of the machines that have others than before. The store
// refuses them where the agent's runs are not what they were before all else was read.
func (r *rebuild) replace(ctx context.Context, devices []plant.Device, runs []plant.Run) error {
	for _, d := range devices {
		states := settled(r.states[d.ID])
		r.done.States += int64(len(states))
		if slices.Equal(r.stored[d.ID], states) {
			continue
		}
		r.done.Changed++
		if err := r.store.ReplaceStates(ctx, d.ID, math.MinInt64, states, runs); err != nil {
			return err
		}
	}
	return nil
}
