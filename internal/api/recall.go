package api

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// find fills the moment in from what is stored of an agent, which all data items of
// the moment belong to.
func (m *moment) find(ctx context.Context, agent plant.AgentID) error {
	runs, err := m.reader.Runs(ctx)
	if err != nil {
		return err
	}
	return m.findAmong(ctx, agent, runs)
}

// findAmong does the same where the runs have been read.
func (m *moment) findAmong(ctx context.Context, agent plant.AgentID, runs []plant.Run) error {
	items := slices.Collect(maps.Keys(m.items))
	for o, err := range m.reader.ItemObservations(ctx, items, m.at+1, m.at+1, true) {
		if err != nil {
			return err
		}
		m.items[o.Item].last = &o
	}
	runs = slices.DeleteFunc(slices.Clone(runs), func(r plant.Run) bool { return r.Agent != agent })
	slices.SortFunc(runs, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
	if err := m.findRun(ctx, runs); err != nil {
		return err
	}
	m.untold = m.locator.untold()
	if err := m.findGap(ctx); err != nil {
		return err
	}
	for _, p := range m.items {
		m.review(p)
	}
	return m.findHistories(ctx)
}

// findRun finds which of the agent's runs, the oldest first, it was in, with its
// baselines: the newest of which anything had been said. What only a baseline tells
// had been said too, and what retention has deleted may have been, so the runs
// behind that of the newest observation are looked at as long as there is such.
func (m *moment) findRun(ctx context.Context, runs []plant.Run) error {
	newest := plant.RunID(0)
	for _, p := range m.items {
		if p.now != nil {
			newest = max(newest, p.now.Run)
		}
		if p.last != nil {
			newest = max(newest, p.last.Run)
		}
	}
	for _, run := range runs {
		if run.ID < newest || newest == 0 && run.Freed > 0 && run.Freed == run.Stored {
			continue // There is nothing of it.
		}
		g, err := m.ground(ctx, run)
		if err != nil {
			return err
		}
		if len(g.bases) == 0 && run.ID != newest && run.Freed == 0 {
			return nil
		}
		m.run, m.reach, m.passed = run, g.reach, g.passed
		for id, p := range m.items {
			p.base = g.bases[id]
		}
	}
	return nil
}

// reached gives the number behind the last that is known to have been said in a
// run. What is known now of a condition does not tell it: the end of an alarm in a
// gap leaves a number and no time.
func (m *moment) reached(run plant.RunID) int64 {
	reach := int64(0)
	for _, p := range m.items {
		if p.last != nil && p.last.Run == run {
			reach = max(reach, p.last.Sequence+1)
		}
		if p.now != nil && p.now.Run == run && p.now.Alarm == nil {
			reach = max(reach, p.now.Sequence+1)
		}
	}
	return reach
}

// ground is what the baselines of a run say of a moment.
type ground struct {
	// bases is what they say of each data item.
	bases map[plant.ItemID]*base
	// reach is the number before which they, and what was observed, tell; the run is
	// known to have come to passed, which is less where the moment lies in the gap
	// that the last of them ends.
	reach, passed int64
}

// ground reads the baselines of a run. One tells of the moment where it lies
// before it, and where the moment lies in the gap that it ends, or before the
// first number that could be read: what an agent knew there, and was older than
// the moment, was so at the moment.
func (m *moment) ground(ctx context.Context, run plant.Run) (ground, error) {
	reach := m.reached(run.ID)
	g := ground{bases: make(map[plant.ItemID]*base), reach: reach, passed: reach}
	for b, err := range m.locator.baselines(ctx, run.ID) {
		if err != nil {
			return g, err
		}
		passed, told, err := m.tells(ctx, run, g.reach, b.At)
		if err != nil {
			return g, err
		}
		if !told {
			break
		}
		said := make(map[plant.ItemID]*base)
		for _, o := range b.Observations {
			if m.items[o.Item] == nil || o.Time > m.at {
				continue
			}
			if said[o.Item] == nil {
				said[o.Item] = &base{at: b.At, passed: passed}
			}
			said[o.Item].observations = append(said[o.Item].observations, o)
		}
		maps.Copy(g.bases, said)
		if passed {
			g.passed = max(g.passed, b.At)
		}
		if passed || len(said) > 0 {
			g.reach = max(g.reach, b.At)
		}
	}
	return g, nil
}

// tells reports whether the agent had passed a place of a run, and whether a
// baseline there tells of the moment.
func (m *moment) tells(ctx context.Context, run plant.Run, reach, place int64) (passed, told bool, err error) {
	if place <= reach {
		return true, true, nil
	}
	o, ok, err := firstObservation(ctx, m.reader, run.ID, place)
	if err != nil || ok && o.Time <= m.at {
		return true, true, err
	}
	gap, ok, err := firstGap(ctx, m.reader, run.ID, reach)
	if err != nil || !ok || gap.From >= place {
		return false, true, err
	}
	told, err = m.begun(ctx, run, gap)
	return false, told, err
}

// begun reports whether a gap of a run had begun. It had at the time of the last
// observation before it, since what is lost may be of the same time; where
// retention has deleted that one, it is taken to be long ago.
func (m *moment) begun(ctx context.Context, run plant.Run, g plant.Gap) (bool, error) {
	at, err := m.locator.locate(ctx, g)
	if err == nil && !at.stored && run.Freed > 0 {
		return true, nil
	}
	return at.Begin <= m.at, err
}

// findGap finds the last gap of the run that had begun.
func (m *moment) findGap(ctx context.Context) error {
	g, ok, err := firstGap(ctx, m.reader, m.run.ID, m.reach)
	if err != nil {
		return err
	}
	if ok {
		if ok, err = m.begun(ctx, m.run, g); err != nil {
			return err
		}
	}
	if ok {
		m.gap, m.ended = g.From, g.To == plant.OpenEnd
		return nil
	}
	for g, err := range m.reader.GapsBefore(ctx, m.run.ID, m.reach) {
		m.gap = g.From
		return err
	}
	return nil
}

// review decides whether what is known now was known then: it has to be of the
// run, and no older than what is stored. What was said in a gap without an end was
// said to nobody. A condition that an end in a gap made what it is has the last
// number of the gap and an older time, so its number counts too.
func (m *moment) review(p *past) {
	now := p.now
	switch {
	case now == nil:
		return
	case now.Run != m.run.ID || m.ended:
		if p.last == nil {
			p.last = &now.Observation
		}
	case p.last != nil && p.last.Run == now.Run && p.last.Sequence > now.Sequence:
	case now.Alarm != nil && now.Sequence >= m.passed:
	default:
		return
	}
	p.now = nil
}
