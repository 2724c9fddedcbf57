package api

import (
	"context"

	"github.com/factorydash/factorydash/internal/plant"
)

// Agents gives the agents by name.
func (s *Service) Agents(context.Context) ([]Agent, error) {
	agents := []Agent{}
	for _, a := range s.inventory.Load().agents {
		agents = append(agents, s.agent(a))
	}
	return agents, nil
}

// Agent gives one agent. NotFound where there is none with the name.
func (s *Service) Agent(_ context.Context, name string) (Agent, error) {
	a, err := s.findAgent(name)
	if err != nil {
		return Agent{}, err
	}
	return s.agent(a), nil
}

func (s *Service) findAgent(name string) (*agent, error) {
	for _, a := range s.inventory.Load().agents {
		if a.Name == name {
			return a, nil
		}
	}
	return nil, plant.Errorf(plant.NotFound, "agent: there is none called %s; /api/v1/agents lists them", quote(name))
}

// agent gives an agent with how its reading goes.
func (s *Service) agent(a *agent) Agent {
	v := Agent{AgentStatus: s.status(a.Agent), URL: a.Redacted()}
	v.Since, v.Retry, v.LastDocument = v.Since.UTC(), v.Retry.UTC(), v.LastDocument.UTC()
	for _, m := range a.machines {
		if m.onFloor() {
			v.Machines++
		}
	}
	return v
}
