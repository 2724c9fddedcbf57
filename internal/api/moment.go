package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Current gives what is known of a machine: now, where at is zero, and otherwise
// what was known at that moment by the agent's timestamps, as far as what is
// stored tells it. What was known then is the last that had been observed of each
// data item, or what a baseline says of it; it is unknown behind a gap of the
// ledger, until something tells it again. NotFound where there is no machine with
// the slug, Invalid for a moment that is still to come.
func (s *Service) Current(ctx context.Context, slug string, at time.Time) (Current, error) {
	m, err := s.findMachine(slug)
	if err != nil {
		return Current{}, err
	}
	if at.IsZero() {
		now := s.machine(m)
		v := Current{
			Machine: m.Slug, State: now.State, Word: now.Word, Since: now.Since, SinceBefore: now.SinceBefore, Rule: now.Rule,
			Items: make([]Item, len(m.items)),
		}
		for i, it := range m.items {
			v.Items[i] = s.item(it)
		}
		return v, nil
	}
	if err := s.checkPast(at); err != nil {
		return Current{}, err
	}
	return s.then(ctx, m, at.UnixMicro())
}

// checkPast refuses a moment that is still to come.
func (s *Service) checkPast(at time.Time) error {
	if now := s.now(); at.After(now) {
		return plant.Errorf(plant.Invalid, "at: use a time that has passed; it is %s now", now.UTC().Format(time.RFC3339))
	}
	return nil
}

// then gives what was known of a machine at a moment of the past.
func (s *Service) then(ctx context.Context, of *machine, at int64) (Current, error) {
	m := s.newMoment(at, of.items)
	if err := m.find(ctx, of.Agent); err != nil {
		return Current{}, err
	}
	then := timeOf(at)
	v := Current{Machine: of.Slug, At: &then, Items: make([]Item, len(of.items))}
	for i, it := range of.items {
		l, observed, whole := m.latest(m.items[it.ID])
		v.Items[i] = newItem(it, l, observed)
		if !whole {
			v.Items[i].Value, v.Items[i].Incomplete = nil, true
		}
	}
	was, err := s.stateThen(ctx, of, m)
	v.State, v.Word, v.Since, v.SinceBefore, v.Rule = was.State, was.Word, was.Since, was.SinceBefore, was.Rule
	return v, err
}

// newMoment begins to find out about a moment for some data items.
func (s *Service) newMoment(at int64, items []*item) *moment {
	m := &moment{reader: s.reader, locator: newLocator(s.reader, math.MinInt64), at: at, items: make(map[plant.ItemID]*past)}
	for _, it := range items {
		p := new(past)
		if l, ok := s.hub.Latest(it.ID); ok && heldAt(l, m.at) {
			p.now = &l
		}
		m.items[it.ID] = p
	}
	return m
}

// heldAt reports whether all that is known of a data item is from a moment or before
// it: where the agent's clock was put back, an alarm may be newer than what was said
// last.
func heldAt(l plant.Latest, at int64) bool {
	return l.Time <= at && !slices.ContainsFunc(l.Active, func(a plant.Activation) bool { return a.Changed > at })
}

// stateThen gives what the machine was doing; nothing where that is not known.
func (s *Service) stateThen(ctx context.Context, of *machine, m *moment) (was doing, err error) {
	changes, err := s.reader.StatesBetween(ctx, of.ID, m.at+1, m.at+1)
	if err != nil || len(changes) == 0 {
		return was, err
	}
	change := changes[len(changes)-1]
	if newest, _ := s.hub.State(of.ID); change != newest && m.doubts(change) {
		return was, nil
	}
	early, err := s.earlyState(ctx, changes)
	return s.doing(of, change, early, m.at), err
}

// doing gives what a machine is doing at a moment after a change; early is what
// earlyState gives.
func (s *Service) doing(m *machine, change, early plant.StateChange, at int64) doing {
	state, rule, began := s.shop().Machine(m.Slug).Rules.Standing(change, at)
	since := timeOf(began)
	return doing{
		State: state.Slug(), Word: state.String(), Rule: rule, Since: &since,
		SinceBefore: early.State == state && early.Time >= began,
	}
}

// doing is what a machine was doing at a moment; its fields are those of a
// Machine.
type doing struct {
	State, Word, Rule string
	Since             *time.Time
	SinceBefore       bool
}

// moment is what is found out about one moment in the life of a machine.
type moment struct {
	reader  store.Reader
	locator *locator
	// at is the moment, in microseconds of the agent's timestamps.
	at    int64
	items map[plant.ItemID]*past

	// run is the run that the agent was in; its ID is 0 where it was in none.
	run plant.Run
	// passed is the number to which the run is known to have come by then, and reach
	// the one before which what is told of the moment lies: it is more where the
	// moment lies in a gap and a baseline behind that tells of it.
	passed, reach int64
	// gap is the first number of the last gap that had begun by then, 0 where there
	// is none: what was known before it is not carried over it. ended is set where
	// the gap has no end.
	gap   int64
	ended bool
	// untold is set where the baselines say more than is read.
	untold bool
}

// past is what is found of one data item.
type past struct {
	// now is what is known now, where nothing has changed it since the moment; nil
	// otherwise.
	now *plant.Latest
	// last is the last observation up to the moment; nil where none is known of.
	last *plant.Observation
	// base is what a baseline of the run says; nil where none does.
	base *base
	// history is the observations of the run up to the moment, the newest of them
	// where there are many; without it, last is all there is. begun is set where no
	// others of the run are stored, older where one is that is of no account, since
	// a baseline or a gap came after it.
	history      []plant.Observation
	begun, older bool
}

// base is what a baseline says of one data item that was so at the moment.
type base struct {
	// at is the place of the baseline; passed is set where the agent had come there
	// by the moment.
	at           int64
	passed       bool
	observations []plant.Observation
}

// latest gives what was known of a data item, whether it had been observed, and
// whether that is the whole of it: of a condition, more than what is told may have
// been active, and of a set there may have been more.
func (m *moment) latest(p *past) (l plant.Latest, observed, whole bool) {
	if p.now != nil {
		return *p.now, true, true
	}
	floor, freed := m.floor(p), m.run.Freed > 0
	whole = p.begun && !freed && m.gap == 0 && m.run.First == 1
	// What followed a baseline is all stored where what came before it is.
	if b := p.base; b != nil && b.at > m.gap && (p.older || !freed) {
		for _, o := range b.observations {
			l.Apply(m.run.ID, o)
		}
		whole = b.passed || len(l.Active) == 0
	}
	history := p.history
	if history == nil && p.last != nil {
		history = []plant.Observation{*p.last}
	}
	slices.SortFunc(history, bySequence)
	for _, o := range history {
		if o.Run != m.run.ID || o.Sequence < floor {
			continue
		}
		if o.Settles() {
			l, whole = plant.Latest{}, true
		}
		l.Apply(m.run.ID, o)
	}
	switch {
	case l.Run != 0:
		return l, true, whole && !m.untold
	case p.last != nil:
		l.Apply(p.last.Run, *p.last)
		return forgotten(l), true, !m.untold
	case p.base != nil:
		l.Apply(m.run.ID, p.base.observations[len(p.base.observations)-1])
		return forgotten(l), true, !m.untold
	default:
		return l, false, !m.untold
	}
}

// doubts reports whether the state of the machine may have become another one by
// then than the last change made it: where the moment lies in a gap and the change
// before it.
func (m *moment) doubts(change plant.StateChange) bool {
	return m.gap >= m.passed && m.gap > 0 && (change.Run != m.run.ID || change.Sequence < m.gap)
}

func bySequence(a, b plant.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) }
