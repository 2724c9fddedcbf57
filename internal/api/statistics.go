package api

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// StatisticsQuery asks for the statistics of a data item.
type StatisticsQuery struct {
	Item plant.ItemID
	// From and To bound the agent's timestamps as those of a SeriesQuery do. What
	// is still to come does not count.
	From, To time.Time
}

// Statistics gives the statistics of a data item over a range, from all of its
// stored observations. What the ledger says is missing is unknown, and so is what
// came after the agent was heard last. Errors are those of Series.
func (s *Service) Statistics(ctx context.Context, q StatisticsQuery) (Statistics, error) {
	v, _, err := s.survey(ctx, q)
	return v, err
}

// survey gives the statistics of a data item with the runs that its observations
// are of, by agent, instance and epoch.
func (s *Service) survey(ctx context.Context, q StatisticsQuery) (Statistics, []plant.Run, error) {
	it, err := s.findItem(q.Item)
	if err != nil {
		return Statistics{}, nil, err
	}
	to := s.endOf(it, q.To)
	first, end, err := s.microseconds(q.From, to)
	if err != nil {
		return Statistics{}, nil, err
	}
	v := Statistics{Item: s.entry(it), From: timeOf(first), To: timeOf(end)}
	heard := min(max(s.heard(it), first), end)
	runs := make(map[plant.RunID]bool)
	said := func(yield func(plant.Summary, error) bool) {
		for o, err := range s.reader.ItemObservations(ctx, []plant.ItemID{it.ID}, first, end, true) {
			if err == nil && o.Time >= first {
				v.Observations++
				runs[o.Run] = true
			}
			o.Value.Text = cutText(o.Value.Text)
			if !yield(plant.Single(o), err) {
				return
			}
		}
	}
	tally := insight.NewTally(first, heard)
	b := breaker{locator: newLocator(s.reader, first)}
	for sum, err := range b.broken(ctx, s.levels(ctx, it, first, said), heard) {
		if err != nil {
			return v, nil, err
		}
		tally.Add(sum.First)
	}
	v.fill(tally.Statistics(), end-heard)
	if it.Category == plant.Sample {
		v.Values, v.OtherSeconds, v.Changes = nil, 0, nil
	}
	v.Problem = b.problem()
	found, err := s.runsBy(ctx, slices.Collect(maps.Keys(runs)))
	return v, found, err
}

// endOf is where a range ends that was asked for: not in the future, but with what
// is newest where the agent's clock is ahead.
func (s *Service) endOf(it *item, to time.Time) time.Time {
	now := s.now()
	if l, ok := s.hub.Latest(it.ID); ok && l.Time >= now.UnixMicro() {
		now = timeOf(l.Time + 1)
	}
	if to.IsZero() || to.After(now) {
		return now
	}
	return to
}

// heard is until when the machine of a data item is known to have been as it was
// observed: to the end of time while its agent is read.
func (s *Service) heard(it *item) int64 {
	status := s.status(it.machine.agent.Agent)
	if status.Link.Up() && it.machine.Present {
		return latest
	}
	if seen := s.lastSeen(it.machine, status); seen != nil {
		return seen.UnixMicro() + 1
	}
	return earliest
}

// runsBy gives the runs with the numbers.
func (s *Service) runsBy(ctx context.Context, ids []plant.RunID) ([]plant.Run, error) {
	observations := make([]plant.Observation, len(ids))
	for i, id := range ids {
		observations[i].Run = id
	}
	byID, err := s.runsOf(ctx, observations)
	var runs []plant.Run
	for _, run := range byID {
		runs = append(runs, *run)
	}
	slices.SortFunc(runs, func(a, b plant.Run) int {
		return cmp.Or(cmp.Compare(a.InstanceID, b.InstanceID), cmp.Compare(a.Epoch, b.Epoch))
	})
	return runs, err
}

// fill puts in what came together; of the range, so many microseconds more are
// not known.
func (v *Statistics) fill(s insight.Statistics, unheard int64) {
	v.KnownSeconds, v.UnknownSeconds = secondsOf(s.Known), secondsOf(s.Unknown+unheard)
	if total := s.Known + s.Unknown + unheard; total > 0 {
		v.Coverage = float64(s.Known) / float64(total)
	}
	v.Changes = &s.Changes
	v.OtherSeconds = secondsOf(s.Others)
	for i, value := range s.Values {
		if i >= MaxStatisticValues {
			v.OtherSeconds += secondsOf(value.Time)
			continue
		}
		v.Values = append(v.Values, ValueStatistics{Value: value.Value, Seconds: secondsOf(value.Time), Observations: value.Count})
	}
	n := s.Numbers
	if n == nil {
		return
	}
	v.Numbers = &NumberStatistics{Count: n.Count, MeanOverTime: n.MeanOverTime}
	if n.Count > 0 {
		v.Numbers.Min, v.Numbers.Max, v.Numbers.Mean, v.Numbers.StandardDeviation = &n.Min, &n.Max, &n.MeanOfObservations, &n.StandardDeviation
		v.Numbers.P5, v.Numbers.P50, v.Numbers.P95, v.Numbers.ExactPercentiles = &n.P5, &n.P50, &n.P95, n.ExactPercentiles
	}
}

func secondsOf(micros int64) float64 { return float64(micros) / 1e6 }
