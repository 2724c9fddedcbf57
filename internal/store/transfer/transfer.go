package transfer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Source is the store that is copied.
type Source = store.LatestReader

// Target is the store that takes the copy. Nobody else may write to it for the
// agents that are copied; what was copied before stays.
type Target interface {
	store.Writer
	store.Reader
	PutAgent(ctx context.Context, agent plant.Agent) (plant.Agent, error)
}

// Options are what Copy needs beside the stores.
type Options struct {
	// Devices reads the devices of an agent out of a probe document.
	Devices func(agent plant.AgentID, document []byte) ([]plant.ModelDevice, error)
	// Progress, where it is set, is called with how many observations have been
	// dealt with since the beginning, those of an earlier copy counted.
	Progress func(observations int64)
}

// Summary says what a copy holds.
type Summary struct {
	Agents, Runs int
	// Observations were copied now; Present were there from an earlier copy.
	Observations, Present int64
}

// Copy copies everything that from holds into to. Where it was ended before it
// was done, another call goes on. Conflict where to holds something else of one
// of the agents. The source may be written to meanwhile: what is committed after
// an agent's copy has begun is left to another call.
func Copy(ctx context.Context, from Source, to Target, o Options) (Summary, error) {
	if o.Progress == nil {
		o.Progress = func(int64) {}
	}
	c := &copier{from: from, to: to, opts: o}
	agents, err := from.Agents(ctx)
	if err != nil {
		return c.summary, err
	}
	for _, agent := range agents {
		if err := c.agent(ctx, agent); err != nil {
			return c.summary, fmt.Errorf("agent %s: %w", agent.Name, err)
		}
		c.summary.Agents++
	}
	return c.summary, nil
}

// copier is one copy under way.
type copier struct {
	from    Source
	to      Target
	opts    Options
	summary Summary
}

// agent copies all of one agent.
func (c *copier) agent(ctx context.Context, source plant.Agent) error {
	copied := source
	copied.ID = 0
	target, err := c.to.PutAgent(ctx, copied)
	if err != nil {
		return err
	}
	runs, names, known, err := c.read(ctx, source.ID, target.ID)
	if err != nil {
		return err
	}
	there, err := runsOf(ctx, c.to, target.ID)
	if err != nil {
		return err
	}
	if len(there) > len(runs) {
		return plant.Errorf(plant.Conflict, "the target has %d runs of the agent and the source %d: it is not a copy", len(there), len(runs))
	}
	before := pair{}
	for i, run := range runs {
		p := pair{source: run, agent: target.ID}
		if i < len(there) {
			p.target = there[i]
		}
		if err := c.run(ctx, &p, before, names, known[run.ID], i+1 < len(there)); err != nil {
			return fmt.Errorf("instance %d: %w", run.InstanceID, err)
		}
		before = p
		c.summary.Runs++
	}
	return nil
}

// read gives the runs of an agent as they are, and what is known behind them: in this
// order, so that it is known of all that the runs hold. Where a run has begun meanwhile
// it reads again: what is known may be of that one, and would be left out.
func (c *copier) read(ctx context.Context, source, target plant.AgentID) (runs []plant.Run, names *names, known map[plant.RunID]*knowledge, err error) {
	now, err := runsOf(ctx, c.from, source)
	for err == nil {
		runs = now
		if names, err = c.inventory(ctx, source, target); err != nil {
			break
		}
		if known, err = c.known(ctx, source, names); err != nil {
			break
		}
		if now, err = runsOf(ctx, c.from, source); len(now) == len(runs) {
			break
		}
	}
	return runs, names, known, err
}

// runsOf gives the runs of an agent in the order in which they began.
func runsOf(ctx context.Context, r store.Reader, agent plant.AgentID) ([]plant.Run, error) {
	all, err := r.Runs(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(run plant.Run) bool { return run.Agent != agent })
	slices.SortFunc(all, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// knowledge is what is known now that a run has said.
type knowledge struct {
	latest []plant.Latest
	states []plant.StateChange
}

// known gives what is known of an agent's items and machines, by the runs of the
// source that said it, in the numbers of the target.
func (c *copier) known(ctx context.Context, agent plant.AgentID, names *names) (map[plant.RunID]*knowledge, error) {
	byRun := make(map[plant.RunID]*knowledge)
	of := func(run plant.RunID) *knowledge {
		if byRun[run] == nil {
			byRun[run] = &knowledge{}
		}
		return byRun[run]
	}
	latest, err := c.from.Latest(ctx, agent)
	if err != nil {
		return nil, err
	}
	for _, l := range latest {
		item, ok := names.items[l.Item]
		if !ok { // It came since, as all that was observed of it.
			continue
		}
		k := of(l.Run)
		l.Item, l.Run = item, 0
		k.latest = append(k.latest, l)
	}
	for source, target := range names.devices {
		changes, err := c.from.StatesBetween(ctx, source, beginning, end)
		if err != nil {
			return nil, err
		}
		for _, s := range changes {
			k := of(s.Run)
			s.Device, s.Run = target, 0
			k.states = append(k.states, s)
		}
	}
	return byRun, nil
}
