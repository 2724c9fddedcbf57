package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// FirstAfter gives when what is stored begins, by the agents' timestamps, where a
// moment lies before all of it; the zero time where it does not, or nothing is
// stored. Of an agent that has been read for longer, at most one observation is
// looked at.
func (s *Service) FirstAfter(ctx context.Context, at time.Time) (time.Time, error) {
	runs, err := s.reader.Runs(ctx)
	if err != nil {
		return time.Time{}, err
	}
	begun := make(map[plant.AgentID]bool)
	var first int64
	for _, run := range runs {
		if run.Stored == run.Freed || begun[run.Agent] {
			continue // Nothing is left of it, or an earlier one tells.
		}
		begun[run.Agent] = true
		for o, err := range s.reader.Observations(ctx, run.ID, run.First) {
			if err != nil {
				return time.Time{}, err
			}
			if o.Time <= at.UnixMicro() {
				return time.Time{}, nil
			}
			if first == 0 || o.Time < first {
				first = o.Time
			}
			break
		}
	}
	if first == 0 {
		return time.Time{}, nil
	}
	return timeOf(first), nil
}
