package api

import (
	"context"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// System gives how the installation stands: who captures, how the jobs go, what is
// stored. It takes no longer than SourceTimeout, whatever is away.
func (s *Service) System(ctx context.Context) (System, error) {
	ctx, cancel := context.WithTimeout(ctx, SourceTimeout)
	defer cancel()
	crew, queue, size := s.crew.ask(ctx), s.queue.ask(ctx), s.size.ask(ctx)
	v := System{
		Now: s.now().UTC(), Version: s.version, Started: s.started.UTC(),
		Store: s.storeUnsized(), Refused: s.hub.Refused(), Missing: make(map[string]string),
	}
	if c, ok := s.crew.wait(ctx, crew, v.Missing); ok {
		v.Crew = s.newCrew(c)
	}
	snapshot, ok := s.queue.wait(ctx, queue, v.Missing)
	if ok {
		v.Queue, v.RedisUnfit = newQueue(snapshot), snapshot.Unfit
	}
	switch {
	case queue == nil:
	case !s.redis:
		v.Redis = RedisNone
	case ok:
		v.Redis = RedisReachable
	default:
		v.Redis = RedisAway
	}
	if size, ok := s.size.wait(ctx, size, v.Missing); ok {
		v.Store.Size = newStoreSize(size)
	}
	return v, nil
}

// newCrew gives the workers with the names of their agents, and the agents that
// none of them has.
func (s *Service) newCrew(c store.Crew) *Crew {
	in := s.inventory.Load()
	held := make(map[string][]plant.AgentID)
	holds := make(map[plant.AgentID]bool)
	for _, l := range c.Leases {
		held[l.Worker] = append(held[l.Worker], l.Agent)
		holds[l.Agent] = true
	}
	v := &Crew{Workers: []Worker{}, Unheld: []string{}}
	for _, w := range c.Workers {
		v.Workers = append(v.Workers, Worker{
			Name: w.Name, Version: w.Version, Started: w.Started.UTC(), Seen: w.Seen.UTC(), Alive: w.Left > 0,
			Agents: in.agentNames(held[w.ID]), Rate: s.load(held[w.ID]),
		})
	}
	for _, a := range in.agents {
		if !holds[a.ID] && s.isRead(a.Agent) {
			v.Unheld = append(v.Unheld, a.Name)
		}
	}
	return v
}

// agentNames gives the names of agents in their order. One that was added a moment
// ago has none yet.
func (in *inventory) agentNames(ids []plant.AgentID) []string {
	names := []string{}
	for _, id := range ids {
		if a := in.byAgent[id]; a != nil {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}

// load gives the observations a second of those of the agents whose link is up; nil
// where there are agents and none of them is.
func (s *Service) load(ids []plant.AgentID) *float64 {
	rate, heard := 0.0, len(ids) == 0
	for _, id := range ids {
		if status, ok := s.hub.Status(id); ok && status.Link.Up() {
			rate, heard = rate+status.Rate, true
		}
	}
	if !heard {
		return nil
	}
	return &rate
}

// newQueue gives how the jobs go.
func newQueue(s jobs.Snapshot) *Queue {
	v := &Queue{
		Depth: Depth{
			Waiting: s.Depth.Waiting, Running: s.Depth.Running,
			Retrying: s.Depth.Retrying, Failed: s.Depth.Failed,
		},
		Jobs: []Job{}, Running: []RunningTask{}, Failed: []FailedTask{},
	}
	if s.Leader.Name != "" {
		v.Leader = &Leader{Name: s.Leader.Name, Since: s.Leader.Since.UTC()}
	}
	for _, j := range s.Jobs {
		v.Jobs = append(v.Jobs, newJob(j, s.Taken))
	}
	for _, r := range s.Running {
		v.Running = append(v.Running, RunningTask{ID: r.ID, Job: r.Job, By: r.By, Since: known(r.Since)})
	}
	for _, f := range s.Failed {
		v.Failed = append(v.Failed, FailedTask{ID: f.ID, Job: f.Job, At: f.At.UTC(), Attempts: f.Attempts, Reason: f.Reason})
	}
	return v
}

// newJob gives how a job goes at a moment.
func newJob(j jobs.Status, now time.Time) Job {
	v := Job{Name: j.Name, Period: j.Period.String(), Next: known(j.Next)}
	if !j.Enqueued.IsZero() && !j.Period.IsZero() {
		v.Overdue = !now.Before(j.Period.Next(j.Enqueued).Add(OverdueAfter))
	}
	if r := j.Last; r.ID != "" {
		v.Last = &JobRun{ID: r.ID, By: r.By, Started: r.Started.UTC(), TookSeconds: r.Took.Seconds(), Error: r.Error}
	}
	return v
}

// known gives a time in UTC; nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
