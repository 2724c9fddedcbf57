package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// Timeline is what machines were doing over a range.
type Timeline struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Now is the moment up to which there is anything to tell, where that is before
	// To.
	Now time.Time `json:"now"`
	// RulesVersion is that of the rules that decide the states.
	RulesVersion int           `json:"rulesVersion"`
	Rows         []TimelineRow `json:"rows"`
}

// TimelineRow is one machine of a timeline.
type TimelineRow struct {
	Machine string `json:"machine"`
	Name    string `json:"name"`
	Agent   string `json:"agent"`
	// Segments stand in order of time and leave nothing out: from the beginning of
	// the range to its end, or to now.
	Segments []Segment `json:"segments"`
	// Shares are for how long it was in each state: of the intervals themselves,
	// whatever was put together in Segments.
	Shares Shares `json:"shares"`
	// Problem says for people what could not be told.
	Problem string `json:"problem,omitempty"`
}

// Segment is a stretch of time in one state. Times are microseconds since 1970 UTC.
type Segment struct {
	// From and To bound it within the range.
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// State is the slug of the state, or "unknown": Reason says why it is.
	State  string         `json:"state" enum:"no-link,offline,alarm,setup,running,stopped,idle,unknown"`
	Reason insight.Reason `json:"reason,omitempty" enum:"gap,no-data,restart"`
	// Rule is the rule by which the state began.
	Rule   string `json:"rule,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Since is when it began and Until when it ended, in the range or out of it.
	// Since is left out where that is before all that is stored, Until while it
	// lasts: then Open is true.
	Since int64 `json:"since,omitempty"`
	Until int64 `json:"until,omitempty"`
	Open  bool  `json:"open,omitempty"`
	// Count is how many intervals were put together, since each is narrower than a
	// column: then State is the gravest of them, and Mix has the time in each. It is
	// left out for one.
	Count int              `json:"count,omitempty"`
	Mix   map[string]int64 `json:"mix,omitempty"`
}

// Shares is for how long a machine was in each state, in microseconds.
type Shares struct {
	// Total is the time of the range that has passed: that of States and Unknown
	// together.
	Total int64 `json:"total"`
	// States is the time in each state by its slug.
	States  map[string]int64 `json:"states"`
	Unknown int64            `json:"unknown"`
	// Coverage is the part of the time of which it is known what the machine was
	// doing, from 0 to 1.
	Coverage float64 `json:"coverage"`
}

// unknownSlug stands where a state is not known.
const unknownSlug = "unknown"

// stateSlug is the state as it stands in JSON.
func stateSlug(s plant.State) string {
	if s == 0 {
		return unknownSlug
	}
	return s.Slug()
}

func newShares(s insight.Shares) Shares {
	v := Shares{Total: s.Total, States: make(map[string]int64, len(s.States)-1), Unknown: s.States[0], Coverage: s.Coverage()}
	for state := plant.NoLink; state <= plant.Idle; state++ {
		v.States[state.Slug()] = s.States[state]
	}
	return v
}

// TimelineQuery asks for what machines were doing.
type TimelineQuery struct {
	// Machines are slugs: all machines on the floor where there are none.
	Machines []string
	// From and To bound the agent's timestamps: From ≤ time < To. Without From it is
	// the last DefaultRange before To; without To it ends now.
	From, To time.Time
	// At is the moment of the past as of which it is told: what lasted then has no end,
	// whenever it ended later. It is now where it is zero.
	At time.Time
	// Columns is how many pixels wide it is shown: what is narrower is put together.
	// Every interval stands for itself where it is 0.
	Columns int
}

// Timeline gives what machines were doing over a range, by agent and name, or in
// the order in which they were asked for. Invalid for a range or a number of columns
// that cannot be, a moment that is still to come, and for one longer than MaxTimelineRange or with more than
// MaxTimelineIntervals; NotFound where there is no machine with a slug.
func (s *Service) Timeline(ctx context.Context, q TimelineQuery) (Timeline, error) {
	now := s.now()
	if !q.At.IsZero() {
		if err := s.checkPast(q.At); err != nil {
			return Timeline{}, err
		}
		now = q.At
	}
	if q.To.IsZero() {
		q.To = now
	}
	from, to, err := s.microseconds(q.From, q.To)
	if err == nil && (q.Columns < 0 || q.Columns > MaxTimelineColumns) {
		err = plant.Errorf(plant.Invalid, "columns: use a number from 0, for every interval, to %d, not %d", MaxTimelineColumns, q.Columns)
	}
	if err == nil {
		err = checkLength(from, to, MaxTimelineRange)
	}
	if err == nil && len(q.Machines) > MaxTimelineMachines {
		err = plant.Errorf(plant.Invalid, "machine: use at most %d, not %d", MaxTimelineMachines, len(q.Machines))
	}
	if err != nil {
		return Timeline{}, err
	}
	machines, err := s.machinesOf(q.Machines)
	if err != nil {
		return Timeline{}, err
	}
	v := Timeline{From: timeOf(from), To: timeOf(to), Now: now.UTC(), RulesVersion: insight.RulesVersion, Rows: make([]TimelineRow, len(machines))}
	breaks := newBreaks(s)
	var whole atomic.Int64 // the intervals that are given one by one
	err = ofEach(ctx, machines, func(ctx context.Context, i int, m *machine) error {
		intervals, err := s.history(ctx, breaks, m, from, to, now.UnixMicro())
		if q.Columns == 0 && whole.Add(int64(len(intervals))) > MaxTimelineIntervals {
			return plant.Errorf(plant.Invalid, "columns: the range has more than %d intervals; use columns from 1 to %d, fewer machines or a shorter range", MaxTimelineIntervals, MaxTimelineColumns)
		}
		shares := insight.Share(intervals, []insight.Window{{From: from, To: to}})
		v.Rows[i] = TimelineRow{
			Machine: m.Slug, Name: m.title(), Agent: m.agent.Name,
			Segments: segments(intervals, from, to, q.Columns), Shares: newShares(shares),
		}
		return err
	})
	if err != nil {
		return Timeline{}, err
	}
	for i, m := range machines { // After all, since those of an agent share what is looked up.
		v.Rows[i].Problem = breaks.problem(m.agent)
	}
	return v, nil
}

// machinesOf gives the machines with the slugs, each once; all on the floor where
// there are no slugs.
func (s *Service) machinesOf(slugs []string) ([]*machine, error) {
	var machines []*machine
	if len(slugs) == 0 {
		for _, m := range s.inventory.Load().machines {
			if m.onFloor() && s.isRead(m.agent.Agent) {
				machines = append(machines, m)
			}
		}
	}
	for _, slug := range slugs {
		m, err := s.findMachine(slug)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(machines, m) {
			machines = append(machines, m)
		}
	}
	return machines, nil
}

// ofEach asks of each machine, of MaxMachineReads at once.
func ofEach(ctx context.Context, machines []*machine, ask func(ctx context.Context, i int, m *machine) error) error {
	readers, ctx := errgroup.WithContext(ctx)
	readers.SetLimit(MaxMachineReads)
	for i, m := range machines {
		readers.Go(func() error { return ask(ctx, i, m) })
	}
	return readers.Wait()
}

// history gives what a machine was doing over a range that ends at to or now.
func (s *Service) history(ctx context.Context, breaks *breaks, m *machine, from, to, now int64) ([]insight.Interval, error) {
	changes, err := s.changes(ctx, m, from, min(to, now), now)
	if err != nil {
		return nil, err
	}
	r := insight.Record{Changes: changes}
	if r.Breaks, err = breaks.between(ctx, m.agent, changes, from, to); err != nil {
		return nil, err
	}
	r.Heard, r.Behind = s.heardUntil(m)
	return insight.Intervals(r, s.shop().Machine(m.Slug).Rules, from, to, now), nil
}

// histories gives what each of the machines was doing.
func (s *Service) histories(ctx context.Context, breaks *breaks, machines []*machine, from, to, now int64) ([][]insight.Interval, error) {
	list := make([][]insight.Interval, len(machines))
	return list, ofEach(ctx, machines, func(ctx context.Context, i int, m *machine) (err error) {
		list[i], err = s.history(ctx, breaks, m, from, to, now)
		return err
	})
}

// changes reads the changes of a machine's state over a range that ends at end, with
// the last before it and, as far as any has come by now, those behind it up to the
// first of another state: so that it is known when what holds at the end of the range
// ended.
func (s *Service) changes(ctx context.Context, m *machine, from, end, now int64) ([]plant.StateChange, error) {
	var changes []plant.StateChange
	for length := timelineAfter; ; length = longer(length) {
		to := now
		if length < now-end {
			to = end + length
		}
		more, err := s.reader.StatesBetween(ctx, m.ID, from, to)
		if err != nil {
			return nil, err
		}
		if changes == nil {
			changes = more
		} else { // The last before comes again.
			changes = append(changes, more...)
			slices.SortFunc(changes, func(a, b plant.StateChange) int {
				return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
			})
			changes = slices.Compact(changes)
		}
		if to >= now || endsBefore(changes, end) {
			return changes, nil
		}
		from = to
	}
}

// timelineAfter is how far behind a range the end of what holds at its end is looked
// for at first, in microseconds. Most often it ends within that.
const timelineAfter = int64(24 * time.Hour / time.Microsecond)

// endsBefore reports whether what held at the end of a range ended within the
// changes.
func endsBefore(changes []plant.StateChange, end int64) bool {
	var held plant.State
	for _, c := range changes {
		if c.Time >= end && c.State != held {
			return true
		}
		if c.Time < end {
			held = c.State
		}
	}
	return false
}

// heardUntil is up to when it is known what a machine was doing, in microseconds: to
// the end of time while its agent is heard, and otherwise to the last that was heard.
// It is behind where the agent is heard and much of what it has said is still to be
// read.
func (s *Service) heardUntil(m *machine) (until int64, behind bool) {
	status := s.status(m.agent.Agent)
	newest := int64(math.MinInt64)
	of := m.agent.machines
	if !m.Present {
		of = []*machine{m}
	}
	for _, other := range of {
		for _, it := range other.items {
			if l, ok := s.hub.Latest(it.ID); ok {
				newest = max(newest, l.Time)
			}
		}
	}
	switch {
	case !m.Present:
		return newest, false
	case status.ShownLink() == plant.LinkCatchingUp:
		return newest, true
	case status.Link.Up():
		return math.MaxInt64, false
	case !status.LastDocument.IsZero():
		return status.LastDocument.UnixMicro(), false
	default:
		return newest, false
	}
}
