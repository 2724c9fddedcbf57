package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// AgentThen is what is stored of how an agent was read up to a moment of the past.
// How the link stood, its lag, its delay and its skew are not stored.
type AgentThen struct {
	Name string `json:"name"`
	// URL is that of now, without its password.
	URL string `json:"url"`
	// InstanceID is the instance that was read, and Since when it was first seen; 0
	// and nil where the agent had not been read yet.
	InstanceID uint64     `json:"instanceId,string,omitempty"`
	Since      *time.Time `json:"since,omitempty"`
	// Instances counts the instances that had been read.
	Instances int `json:"instances"`
	// Gaps and Lost count the entries of the gap ledger that had been noticed, and the
	// sequence numbers in those of known length.
	Gaps int64 `json:"gaps"`
	Lost int64 `json:"lost"`
}

// AgentsAt gives the agents as Agents does, each with what is stored of how it was
// read up to a moment of the past, by our clock. Invalid for a moment that is still
// to come. All gaps of the ledger are read.
func (s *Service) AgentsAt(ctx context.Context, at time.Time) ([]AgentThen, error) {
	if err := s.checkPast(at); err != nil {
		return nil, err
	}
	runs, err := s.reader.Runs(ctx)
	if err != nil {
		return nil, err
	}
	agents, place := []AgentThen{}, make(map[plant.AgentID]int)
	for _, a := range s.inventory.Load().agents {
		if s.isRead(a.Agent) {
			place[a.ID] = len(agents)
			agents = append(agents, AgentThen{Name: a.Name, URL: a.Redacted()})
		}
	}
	newest := make(map[plant.AgentID]plant.RunID)
	for _, run := range runs {
		i, ok := place[run.Agent]
		if !ok || run.Began.After(at) {
			continue
		}
		v := &agents[i]
		v.Instances++
		if run.ID > newest[run.Agent] {
			began := run.Began.UTC()
			newest[run.Agent], v.InstanceID, v.Since = run.ID, run.InstanceID, &began
		}
		for g, err := range s.reader.Gaps(ctx, run.ID, 0) {
			if err != nil {
				return nil, err
			}
			if g.Noticed.After(at) {
				continue
			}
			lost, _ := g.Lost()
			v.Gaps, v.Lost = v.Gaps+1, v.Lost+lost
		}
	}
	return agents, nil
}
