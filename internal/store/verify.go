package store

import (
	"context"
	"fmt"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
)

// LatestReader reads what Reader does and what is known now.
type LatestReader interface {
	Reader
	// Latest is that of Writer.
	Latest(ctx context.Context, agent plant.AgentID) ([]plant.Latest, error)
}

// VerifyKnowledge is the part of Upkeep.Verify that every store has in common: it
// reads what there is beside the observations (device models, devices, data items,
// what is known now, state changes, baselines, gaps) and calls found with a fault
// for what cannot be read. It ends with the first error of found, or where the store
// is away.
func VerifyKnowledge(ctx context.Context, r LatestReader, found func(Fault) error) error {
	v := &knowledgeCheck{LatestReader: r, found: found}
	agents, err := r.Agents(ctx)
	if err != nil {
		return v.fault(ctx, 0, "agents", err)
	}
	devices, err := r.Devices(ctx)
	if err := v.fault(ctx, 0, "devices", err); err != nil {
		return err
	}
	runs, err := r.Runs(ctx)
	if err := v.fault(ctx, 0, "runs", err); err != nil {
		return err
	}
	for _, a := range agents {
		if err := v.agent(ctx, a); err != nil {
			return err
		}
	}
	for _, d := range devices {
		if err := v.device(ctx, d); err != nil {
			return err
		}
	}
	for _, run := range runs {
		if err := v.run(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// knowledgeCheck is a VerifyKnowledge that is under way.
type knowledgeCheck struct {
	LatestReader
	found func(Fault) error
}

// fault tells of what could not be read, and gives the error that ends the check.
func (v *knowledgeCheck) fault(ctx context.Context, agent plant.AgentID, what string, err error) error {
	if err == nil || ctx.Err() != nil || plant.ErrorCode(err) == plant.Unavailable {
		return err
	}
	return v.found(Fault{What: what, Agent: agent, Detail: err.Error()})
}

func (v *knowledgeCheck) agent(ctx context.Context, a plant.Agent) error {
	_, err := v.Models(ctx, a.ID)
	if err := v.fault(ctx, a.ID, "device models of agent "+a.Name, err); err != nil {
		return err
	}
	_, err = v.Latest(ctx, a.ID)
	return v.fault(ctx, a.ID, "what is known now of agent "+a.Name, err)
}

func (v *knowledgeCheck) device(ctx context.Context, d plant.Device) error {
	_, err := v.Items(ctx, d.ID)
	if err := v.fault(ctx, d.Agent, "data items of machine "+d.Slug, err); err != nil {
		return err
	}
	_, err = v.StatesBetween(ctx, d.ID, math.MinInt64, math.MaxInt64)
	return v.fault(ctx, d.Agent, "states of machine "+d.Slug, err)
}

func (v *knowledgeCheck) run(ctx context.Context, run plant.Run) error {
	for _, err := range v.Baselines(ctx, run.ID) {
		if err := v.fault(ctx, run.Agent, fmt.Sprintf("baselines of run %d", run.ID), err); err != nil {
			return err
		}
	}
	for _, err := range v.Gaps(ctx, run.ID, 0) {
		if err := v.fault(ctx, run.Agent, fmt.Sprintf("gaps of run %d", run.ID), err); err != nil {
			return err
		}
	}
	return nil
}
