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
	b := breaker{locator: newLocator(s.reader, first)}
	kept, err := insight.Downsample(b.broken(ctx, s.levels(ctx, it, first, counted), end), first, end, columns)
	if err != nil {
		return none, err
	}
	v.Before, v.Problem = len(kept) > 0 && kept[0].Time < first, b.problem()
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
	*locator
	// window are the gaps of run from a sequence number on, in order; more is true
	// where there are others behind them.
	window []plant.Gap
	run    plant.RunID
	from   int64
	more   bool
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
	at, err := b.locate(ctx, g)
	if err != nil {
		return plant.Observation{}, false, err
	}
	found := plant.Observation{Item: o.Item, Run: o.Run, Sequence: g.From, Time: min(max(at.Begin, o.Time), next.Time)}
	return found, true, nil
}

// after gives the first gap of a run after a sequence number, and whether there
// is one.
func (b *breaker) after(ctx context.Context, run plant.RunID, sequence int64) (g plant.Gap, ok bool, err error) {
	if run != b.run || sequence < b.from || b.more && sequence > b.window[len(b.window)-1].From {
		if err := b.load(ctx, run, sequence); err != nil {
			return g, false, err
		}
	}
	i, _ := slices.BinarySearchFunc(b.window, sequence, func(g plant.Gap, sequence int64) int { return cmp.Compare(g.From, sequence) })
	if i == len(b.window) {
		return plant.Gap{}, false, nil
	}
	return b.window[i], true, nil
}

// load reads the gaps of a run from a sequence number on. It stands apart from
// after, which is asked for every observation: what a loop over an iterator
// shares with the function around it is made anew with each call.
func (b *breaker) load(ctx context.Context, run plant.RunID, sequence int64) error {
	b.window, b.run, b.from, b.more = b.window[:0], run, sequence, false
	for g, err := range b.reader.Gaps(ctx, run, sequence) {
		if err != nil {
			return err
		}
		if b.more = len(b.window) == MaxGapWindow; b.more {
			break
		}
		b.window = append(b.window, g)
	}
	return nil
}
