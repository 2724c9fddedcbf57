package api

import (
	"context"

	"github.com/factorydash/factorydash/internal/plant"
)

// Agents gives the agents that are read by name.
func (s *Service) Agents(context.Context) ([]Agent, error) {
	agents := []Agent{}
	for _, a := range s.inventory.Load().agents {
		if s.isRead(a.Agent) {
			agents = append(agents, s.agent(a))
		}
	}
	return agents, nil
}

// isRead reports whether an agent is one of those that are to be read: one that
// was added, or that this process was started with. Others asked for attention
// for ever; what is stored of them is there all the same.
func (s *Service) isRead(a plant.Agent) bool {
	_, here := s.hub.Status(a.ID)
	return here || a.Configured
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
	status := s.status(a.Agent)
	v := Agent{
		Name: a.Name, URL: a.Redacted(),
		Link: status.ShownLink(), Since: status.Since.UTC(), Error: status.Error, Retry: status.Retry.UTC(),
		AgentVersion: status.AgentVersion, SchemaVersion: status.SchemaVersion,
		Sender: status.Sender, InstanceID: status.InstanceID,
		Next: status.Next, Last: status.Last,
		BufferSize: status.BufferSize, HorizonSeconds: seconds(status.Horizon),
		Rate: status.Rate, DelayP95Seconds: seconds(status.DelayP95), SkewSeconds: seconds(status.Skew),
		LastDocument: status.LastDocument.UTC(),
		Gaps:         status.Gaps, Lost: status.Lost, Reconnects: status.Reconnects,
		Faults: s.damage(a.ID),
	}
	if s.namedURL != nil {
		v.NamedURL = s.namedURL(a.Name)
	}
	if v.Next > 0 && v.Last > 0 {
		v.Lag = &status.Lag
	}
	for _, m := range a.machines {
		if m.onFloor() {
			v.Machines++
		}
	}
	return v
}

// seconds gives a duration in seconds; nil where it is not known.
func seconds(s plant.Span) *float64 {
	if !s.Known {
		return nil
	}
	n := s.Duration.Seconds()
	return &n
}
