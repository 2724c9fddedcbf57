package api

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
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
	v := Series{Item: s.item(it), From: timeOf(first), To: timeOf(end), Points: []Point{}}
	columns := insight.Columns(points)
	counted := func(yield func(plant.Summary, error) bool) {
		for sum, err := range s.reader.ItemSummaries(ctx, it.ID, first, end, columns, insight.Room(columns)) {
			if err == nil && sum.First.Time >= first {
				v.Observations += sum.Count
			}
			if sum.Count == 1 && len(sum.First.Value.Text) > MaxPointText { // texts are never put together
				sum.First.Value.Text = cutText(sum.First.Value.Text)
				sum.Last = sum.First
			}
			if !yield(sum, err) {
				return
			}
		}
	}
	b := breaker{reader: s.reader, first: first}
	kept, err := insight.Downsample(b.broken(ctx, s.levels(ctx, it, first, counted), end), first, end, columns)
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

// newPoint gives an observation as a point; a condition by the level that it has
// from there on.
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

// breaker finds what the gap ledger says is missing between observations.
type breaker struct {
	reader store.Reader
	// first is where the range of the series begins.
	first int64
	// gaps are those of run from a sequence number on, in order; more is true
	// where there are others behind them.
	gaps []plant.Gap
	run  plant.RunID
	from int64
	more bool
	// looks counts the gaps whose time was looked up.
	looks int
}

// broken puts an unknown observation into each place between summaries, in order
// of time, where the ledger has a gap between them in sequence, and one behind
// the last of them where it lies before end. Within a summary there is no gap.
func (b *breaker) broken(ctx context.Context, summaries iter.Seq2[plant.Summary, error], end int64) iter.Seq2[plant.Summary, error] {
	return func(yield func(plant.Summary, error) bool) {
		var last plant.Observation
		begun := false
		for s, err := range summaries {
			if err == nil && begun {
				found, ok, err := b.between(ctx, last, s.First)
				if (ok || err != nil) && !yield(plant.Single(found), err) {
					return
				}
			}
			if !yield(s, err) {
				return
			}
			last, begun = s.Last, true
		}
		if !begun {
			return
		}
		never := plant.Observation{Run: math.MaxInt32, Time: math.MaxInt64}
		if found, ok, err := b.between(ctx, last, never); err != nil || ok && found.Time < end {
			yield(plant.Single(found), err)
		}
	}
}

// between gives an unknown observation for the first gap after one observation
// of an item where that lies before the next one of it, and reports whether it
// does. It stands at the time of the last observation before the gap, after
// which nothing is known, but not out of the order of time.
func (b *breaker) between(ctx context.Context, o, next plant.Observation) (plant.Observation, bool, error) {
	g, ok, err := b.after(ctx, o.Run, o.Sequence)
	if err != nil || !ok || o.Run > next.Run || o.Run == next.Run && g.From > next.Sequence {
		return plant.Observation{}, false, err
	}
	at, err := b.timeBefore(ctx, g)
	if err != nil {
		return plant.Observation{}, false, err
	}
	found := plant.Observation{Item: o.Item, Run: o.Run, Sequence: g.From, Time: min(max(at, o.Time), next.Time)}
	return found, true, nil
}

// after gives the first gap of a run after a sequence number, and whether there
// is one.
func (b *breaker) after(ctx context.Context, run plant.RunID, sequence int64) (g plant.Gap, ok bool, err error) {
	if run != b.run || sequence < b.from || b.more && sequence > b.gaps[len(b.gaps)-1].From {
		if err := b.load(ctx, run, sequence); err != nil {
			return g, false, err
		}
	}
	i, _ := slices.BinarySearchFunc(b.gaps, sequence, func(g plant.Gap, sequence int64) int { return cmp.Compare(g.From, sequence) })
	if i == len(b.gaps) {
		return plant.Gap{}, false, nil
	}
	return b.gaps[i], true, nil
}

// load reads the gaps of a run from a sequence number on. It stands apart from
// after, which is asked for every observation: what a loop over an iterator
// shares with the function around it is made anew with each call.
func (b *breaker) load(ctx context.Context, run plant.RunID, sequence int64) error {
	b.gaps, b.run, b.from, b.more = b.gaps[:0], run, sequence, false
	for g, err := range b.reader.Gaps(ctx, run, sequence) {
		if err != nil {
			return err
		}
		if b.more = len(b.gaps) == MaxGapWindow; b.more {
			break
		}
		b.gaps = append(b.gaps, g)
	}
	return nil
}

// timeBefore is the time of the observation before a gap. It is that of the
// gap's notice where the observation is not stored, where its time is of no
// account because the gap was noticed before the range, and behind the first
// MaxGapTimes gaps.
func (b *breaker) timeBefore(ctx context.Context, g plant.Gap) (int64, error) {
	noticed := g.Noticed.UnixMicro()
	if noticed < b.first || b.looks == MaxGapTimes {
		return noticed, nil
	}
	b.looks++
	o, ok, err := observationAt(ctx, b.reader, g.Run, g.From-1)
	if err != nil || !ok {
		return noticed, err
	}
	return o.Time, nil
}

// observationAt gives the observation of a run with a number, and whether it is
// stored.
func observationAt(ctx context.Context, r store.Reader, run plant.RunID, number int64) (o plant.Observation, ok bool, err error) {
	o, ok, err = firstObservation(ctx, r, run, number)
	return o, ok && o.Sequence == number, err
}

// firstObservation gives the first observation of a run from a number on, and
// whether there is one.
func firstObservation(ctx context.Context, r store.Reader, run plant.RunID, from int64) (o plant.Observation, ok bool, err error) {
	for o, err := range r.Observations(ctx, run, from) {
		return o, err == nil, err
	}
	return o, false, nil
}

// firstGap gives the first gap of a run from a number on, and whether there is
// one.
func firstGap(ctx context.Context, r store.Reader, run plant.RunID, from int64) (g plant.Gap, ok bool, err error) {
	for g, err := range r.Gaps(ctx, run, from) {
		return g, err == nil, err
	}
	return g, false, nil
}
