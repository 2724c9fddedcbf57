package web_test

import (
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

func (s *shop) Agents(context.Context) ([]api.Agent, error) {
	s.Lock()
	defer s.Unlock()
	return s.agents, s.agentsErr
}

// AgentsAt gives the agents with the gaps that had been noticed.
func (s *shop) AgentsAt(_ context.Context, at time.Time) ([]api.AgentThen, error) {
	s.Lock()
	defer s.Unlock()
	var list []api.AgentThen
	for _, a := range s.agents {
		v := api.AgentThen{Name: a.Name, URL: a.URL, InstanceID: a.InstanceID, Since: ptr(at.Add(-time.Hour)), Instances: 1}
		for _, g := range s.gaps {
			if g.Agent == a.Name && !g.Noticed.After(at) {
				v.Gaps++
			}
		}
		list = append(list, v)
	}
	return list, s.agentsErr
}

func (s *shop) Gaps(_ context.Context, q api.GapQuery) (api.Page[api.Gap], error) {
	s.Lock()
	defer s.Unlock()
	page := api.Page[api.Gap]{Items: s.gaps}
	if !q.Until.IsZero() {
		page.Items = slices.DeleteFunc(slices.Clone(s.gaps), func(g api.Gap) bool { return g.Noticed.After(q.Until) })
		return page, s.gapsErr
	}
	if q.After == "" && len(s.gaps) > 2 {
		page.Items, page.Next = s.gaps[:2], "1.2"
	}
	return page, s.gapsErr
}

// AgentHealth finds something of everything.
func (s *shop) AgentHealth(_ context.Context, name string) (api.AgentHealth, error) {
	s.Lock()
	defer s.Unlock()
	now := s.now().UTC()
	list := func(id string, times int, worst float64) api.HealthItems {
		return api.HealthItems{Count: 1, Items: []api.HealthItem{{
			Machine: "vmc-01", MachineName: "VMC-01", DataItemID: id, Category: "SAMPLE", Type: "LOAD", Component: "Axes[base]/Linear[X]",
			Last: &now, Times: times, WorstSeconds: worst,
		}}}
	}
	h := api.AgentHealth{
		Agent: name, Observations: 20000, From: ptr(now.Add(-37 * time.Minute)), To: &now, Items: 412, Unavailable: 9, UnavailableShare: ptr(0.022),
		Never: list("conc", 0, 0), Stale: list("Xtemp", 0, 0), Flapping: list("Xload", 14, 0), Backwards: list("Xabs", 3, 12.5), Repeated: list("Sload", 7, 0), Unmapped: list("mystery", 0, 0),
	}
	h.Never.Count = 31
	if name == "hall-c" {
		h.LossSeconds = ptr(38 * 60.0)
	}
	return h, s.gapsErr
}

func (s *shop) AgentModels(context.Context, string) ([]api.ModelVersion, error) {
	s.Lock()
	defer s.Unlock()
	load := api.ModelItem{Device: "VMC-01", DataItemID: "Xload", Type: "LOAD", Component: "Axes[base]/Linear[X]"}
	return []api.ModelVersion{
		{
			From: s.now().Add(-time.Hour), Digest: "b", Devices: 3, Items: 412, Total: 3,
			Added: []api.ModelItem{{Device: "SAW-1"}}, Removed: []api.ModelItem{{Device: "VMC-01", DataItemID: "Yload", Type: "LOAD"}},
			Changed: []api.ModelChange{{ModelItem: load, Fields: []api.FieldChange{{Field: "units", Before: "PERCENT", After: "NEWTON"}}}},
		},
		{From: s.now().Add(-26 * time.Hour), Digest: "a", Devices: 2, Items: 390, First: true},
	}, s.gapsErr
}
