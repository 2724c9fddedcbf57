package api

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// SeriesQuery asks for the observations of a data item as a chart shows them.
type SeriesQuery struct {
	Item plant.ItemID
	// From and To bound the agent's timestamps: From ≤ time < To. Without From
	// it is the last DefaultRange before To; without To it ends now, or with
	// the newest observation where that is later.
	From, To time.Time
	// Points is how many points there may be where no value became unknown:
	// DefaultPoints where it is 0.
	Points int
}

// Series gives the observations of a data item, thinned where there are more
// than were asked for. What is missing in them, since the ledger has a gap
// there, is a gap in the series too. Invalid for a range or a number of points
// that cannot be, NotFound where there is no such data item.
func (s *Service) Series(ctx context.Context, q SeriesQuery) (Series, error) {
	var none Series
	points, err := checkCount("points", q.Points, DefaultPoints, MinPoints, MaxPoints)
	if err != nil {
		return none, err
	}
	it, err := s.findItem(q.Item)
	if err != nil {
		return none, err
	}
	to := q.To
	if to.IsZero() {
		to = s.now()
		if l, ok := s.hub.Latest(it.ID); ok && l.Time >= to.UnixMicro() {
			to = timeOf(l.Time + 1)
		}
	}
	first, end, err := s.microseconds(q.From, to)
	if err != nil {
		return none, err
	}
	breaks, err := s.breaks(ctx, it.machine.agent, first)
	if err != nil {
		return none, err
	}
	v := Series{Item: s.item(it), From: timeOf(first), To: timeOf(end), Points: []Point{}}
	counted := func(yield func(plant.Observation, error) bool) {
		for o, err := range s.reader.ItemObservations(ctx, it.ID, first, end, true) {
			if err == nil && o.Time >= first {
				v.Observations++
			}
			o.Value.Text = cutText(o.Value.Text)
			if !yield(o, err) {
				return
			}
		}
	}
	kept, err := insight.Downsample(broken(counted, breaks, end), first, end, max(1, points/insight.PointsPerColumn))
	if err != nil {
		return none, err
	}
	v.Before = len(kept) > 0 && kept[0].Time < first
	for _, o := range kept {
		v.Points = append(v.Points, newPoint(o))
	}
	return v, nil
}

// cutText gives a text no longer than MaxPointText, in memory of its own where it
// is cut.
func cutText(s string) string {
	const mark = "…"
	if len(s) <= MaxPointText {
		return s
	}
	return strings.ToValidUTF8(s[:MaxPointText-len(mark)], "") + mark
}

// newPoint gives an observation as a point; a condition by its level.
func newPoint(o plant.Observation) Point {
	p := Point{o.Time, nil}
	switch {
	case o.Alarm != nil && o.Alarm.Level > plant.LevelUnavailable:
		p[1] = o.Alarm.Level.String()
	case o.Value.Kind == plant.Number:
		p[1] = o.Value.Number
	case o.Value.Kind != plant.Unknown:
		p[1] = o.Value.Text
	}
	return p
}

// breaks gives, for each gap in the ledger of an agent, an unknown observation in
// its place, in order of run and sequence. It stands at the time of the last
// observation before the gap, after which nothing is known. Where that is of no
// account, because the gap was noticed before first, and behind the first
// MaxGapTimes of them, it stands at the time when the gap was noticed.
func (s *Service) breaks(ctx context.Context, a *agent, first int64) ([]plant.Observation, error) {
	var breaks []plant.Observation
	looks := 0
	for _, run := range s.inventory.Load().runs {
		if run.Agent != a.ID {
			continue
		}
		gaps, err := s.reader.Gaps(ctx, run.ID)
		if err != nil {
			return nil, err
		}
		for _, g := range gaps {
			b := plant.Observation{Run: run.ID, Sequence: g.From, Time: g.Noticed.UnixMicro()}
			if b.Time >= first && looks < MaxGapTimes {
				looks++
				if b.Time, err = s.timeBefore(ctx, g); err != nil {
					return nil, err
				}
			}
			breaks = append(breaks, b)
		}
	}
	slices.SortFunc(breaks, inSequence)
	return breaks, nil
}

// timeBefore is the time of the observation before a gap, or that of the gap's
// notice where it is not stored.
func (s *Service) timeBefore(ctx context.Context, g plant.Gap) (int64, error) {
	for o, err := range s.reader.Observations(ctx, g.Run, g.From-1) {
		if err != nil {
			return 0, err
		}
		if o.Sequence == g.From-1 {
			return o.Time, nil
		}
		break
	}
	return g.Noticed.UnixMicro(), nil
}

// inSequence orders observations as they were made: by run and sequence.
func inSequence(a, b plant.Observation) int {
	return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
}

// broken puts those breaks between observations, in order of time, that lie
// between them in sequence, and one behind the last of them where it lies before
// end.
func broken(observations iter.Seq2[plant.Observation, error], breaks []plant.Observation, end int64) iter.Seq2[plant.Observation, error] {
	// after gives the first break after an observation, not before its time.
	after := func(o plant.Observation) (plant.Observation, bool) {
		i, _ := slices.BinarySearchFunc(breaks, o, inSequence)
		if i == len(breaks) {
			return plant.Observation{}, false
		}
		b := breaks[i]
		b.Item, b.Time = o.Item, max(b.Time, o.Time)
		return b, true
	}
	return func(yield func(plant.Observation, error) bool) {
		var last plant.Observation
		begun := false
		for o, err := range observations {
			if err == nil && begun {
				if b, ok := after(last); ok && inSequence(b, o) < 0 {
					b.Time = min(b.Time, o.Time)
					if !yield(b, nil) {
						return
					}
				}
			}
			if !yield(o, err) {
				return
			}
			last, begun = o, true
		}
		if begun {
			if b, ok := after(last); ok && b.Time < end {
				yield(b, nil)
			}
		}
	}
}
