package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// ExecutionStep is what the execution of a path said from a moment on.
type ExecutionStep struct {
	Time time.Time `json:"time"`
	// Path is the id of the path; empty for a machine without paths.
	Path string `json:"path,omitempty"`
	// Value is null where it is not known.
	Value *string `json:"value"`
}

// Executions gives what the execution of each path of a machine said at from ≤ time <
// to, in order of time, and the last of each before that. NotFound where there is no
// machine with the slug, Invalid for more than MaxTracked steps.
func (s *Service) Executions(ctx context.Context, slug string, from, to time.Time) ([]ExecutionStep, error) {
	m, err := s.findMachine(slug)
	if err != nil {
		return nil, err
	}
	paths := make(map[plant.ItemID]string)
	var items []plant.ItemID
	for _, p := range newWorker(m.items).paths {
		if p.execution != nil {
			paths[p.execution.ID], items = p.id, append(items, p.execution.ID)
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	var steps []ExecutionStep
	for o, err := range s.reader.ItemObservations(ctx, items, from.UnixMicro(), to.UnixMicro(), true) {
		if err != nil {
			return nil, err
		}
		if len(steps) == MaxTracked {
			return nil, plant.Errorf(plant.Invalid, "from: execution changed more than %d times; ask for a shorter range", MaxTracked)
		}
		step := ExecutionStep{Time: timeOf(o.Time), Path: paths[o.Item]}
		if o.Value.Kind == plant.Text {
			step.Value = &o.Value.Text
		}
		steps = append(steps, step)
	}
	return steps, nil
}
