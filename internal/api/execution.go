package api

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
)

// ExecutionStep is what the execution of a path said from a moment on.
type ExecutionStep struct {
	Time time.Time `json:"time"`
	// Path is the id of the path; empty for a machine without paths.
	Path string `json:"path,omitempty"`
	// Value is null where it is not known, as behind a gap.
	Value *string `json:"value"`
}

// Executions gives what the execution of each path of a machine said at from ≤ time <
// to, in order of time, and what it said at from, with when it began to. NotFound where
// there is no machine with the slug, Invalid for more than MaxTracked changes.
func (s *Service) Executions(ctx context.Context, slug string, from, to time.Time) ([]ExecutionStep, error) {
	m, err := s.findMachine(slug)
	if err != nil {
		return nil, err
	}
	first, end := from.UnixMicro(), to.UnixMicro()
	paths := slices.DeleteFunc(newWorker(m.items).paths, func(p workPath) bool { return p.execution == nil })
	var items []*item
	for _, p := range paths {
		items = append(items, p.execution)
	}
	said, err := s.track(ctx, newLocator(s.reader, first), m.agent, items, first, end)
	if err != nil {
		return nil, err
	}
	var steps []ExecutionStep
	for _, p := range paths {
		for _, span := range insight.Spans(said.of(p.execution), said.holes, first, end, math.MaxInt64) {
			step := ExecutionStep{Time: timeOf(span.Since), Path: p.id}
			if span.Known {
				step.Value = &span.Value
			}
			steps = append(steps, step)
		}
	}
	slices.SortStableFunc(steps, func(a, b ExecutionStep) int { return a.Time.Compare(b.Time) })
	return steps, nil
}
